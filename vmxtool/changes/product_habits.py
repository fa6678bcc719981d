"""What products write beside devices: the kind of product that a config is for, and where a disk's name stands."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.changes.model import SettingChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.machine.model import Machine

_KIND = "virtualHW.productCompatibility"
_ESX2_NAME = re.compile(r"(scsi\d:\d{1,2})\.name", re.IGNORECASE)
_LAST_OF_ESX2 = 3  # configs of ESX Server 1 and 2, whose disks have `name` and not `fileName`, go up to this version


def name_changes(vm: Machine, wanted: Wanted) -> Iterator[SettingChange]:
    """Give a config the names that the product it goes to reads."""
    document, product = vm.config.document, wanted.product
    if product is not None and product.esx is False and document.get(_KIND, "").lower() == "esx":
        why = f"{product.name} is a hosted product (unverified)"
        yield SettingChange(document.spelling(_KIND), "hosted", why, "general")
    if wanted.version <= _LAST_OF_ESX2 and wanted.esx is not False:
        return
    for key in document:
        hit = _ESX2_NAME.fullmatch(key)
        if hit is not None and f"{hit[1]}.fileName" not in document:
            why = "products other than ESX Server 1 and 2 read the disk's name here"
            yield SettingChange(key, None, why, "libvirt:src/vmx/vmx.c", name=f"{hit[1]}.fileName")
