"""Which product ran a VM last, as the log in its folder says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.errors import InputError, UsageError
from vmxtool.evidence import Evidence
from vmxtool.machine.folder import CONFIG_ENDINGS

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.folder import Folder

_LOG = "vmware.log"
# The first line of a log: "... Log for VMware Workstation pid=6528 version=12.5.2 build=build-4638234 option=Release".
_HEAD_BYTES = 1024
_HEAD = rb"Log for VMware ([A-Za-z][A-Za-z ]{1,30}?) pid=[0-9]+ version=([0-9][0-9A-Za-z.]{0,15})\b"


class LastRun(Record):
    """The product that wrote the log, and the place in it."""

    product: Product
    evidence: Evidence


def read_last_run(folder: Folder) -> LastRun | None:
    """Return the product that the head of `vmware.log` names; None without one, or where it may be of another VM."""
    if _LOG not in folder.names or sum(name.lower().endswith(CONFIG_ENDINGS) for name in folder.names) > 1:
        return None
    path = _files.resolve(folder.path, _LOG).path
    if path is None:
        return None
    try:
        hit = re.search(_HEAD, _files.read_range(path, 0, _HEAD_BYTES))
    except InputError:
        return None
    if hit is None:
        return None
    from vmxtool.knowledge.product_names import find_target

    name, version = hit[1].decode("ascii"), hit[2].decode("ascii")
    try:
        product = find_target(f"{name} {version}")
    except UsageError:
        return None
    return LastRun(product, Evidence(_LOG, 1, None, hit[0].decode("ascii")))
