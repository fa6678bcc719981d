"""What the old host of a VM left in its config, and a host of another kind does not have: folders, files, networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import Record
from vmxtool.changes.model import OLD_HOST, SettingChange, Topic
from vmxtool.knowledge.product import HARDWARE
from vmxtool.rules.old_host import HARMFUL, is_of_another_kind, is_of_esx2, networks_of_host, paths_of_host
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.rules.case import Files

_NVRAM = "nvram"


class Leftover(Record):
    """A setting of the old host.

    Attributes:
        change: what takes it out, or names its file beside the config.
        harms: whether the VM may not start with it, or lose something, so that it is a reason to write by itself.
    """

    change: SettingChange
    harms: bool


def leftovers(files: Files, wanted: Wanted) -> Iterator[Leftover]:
    """Yield the settings that a product of another kind finds nothing by.

    ESX and hosted products are of two kinds, and so are ESX Server 1 and 2 and all others: each has folders where the
    others have none.
    """
    product = wanted.product
    if product is None or product.family == HARDWARE:
        return
    document = files.vm.config.document
    for key in files.once(paths_of_host):
        if is_of_another_kind(files, document[key], product):
            beside = last_part(document[key]) if fold(key) == _NVRAM else ""
            why = f"a full path of the old host, of a kind that {product.name} does not have (unverified)"
            change = SettingChange(key, beside or None, why, "general", topic=Topic(OLD_HOST))
            yield Leftover(change, harms=fold(key) in HARMFUL)
    if product.esx is False and files.once(is_of_esx2):
        for key in files.once(networks_of_host):
            why = f"a network of the old host, which {product.name} does not have (unverified)"
            yield Leftover(SettingChange(key, None, why, "general", topic=Topic(OLD_HOST)), harms=False)
