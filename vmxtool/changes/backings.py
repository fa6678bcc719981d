"""Drives and ports that are connected to something of the old host: left disconnected where no new host can have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import replace
from vmxtool.changes.model import OLD_HOST, SettingChange, Topic
from vmxtool.knowledge.features import features
from vmxtool.knowledge.product import HARDWARE
from vmxtool.rules.backings import backings_of, is_lost_on
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.rules.backings import Backing
    from vmxtool.rules.case import Files

_SOURCE = "general"
# What a drive or port is set to instead: on ESX Server 1 and 2 the device files of its console, elsewhere what products
# write for one that is found by itself.
_ON_ESX2 = {"cdrom": "/dev/cdrom", "floppy": "/dev/fd0", "serial": "/dev/ttyS0", "parallel": "/dev/parport0"}
_ELSEWHERE = {"cdrom": "auto detect", "floppy": "", "serial": "auto detect", "parallel": "auto detect"}


def disconnected(
    files: Files, wanted: Wanted, moved: Mapping[str, str], made: Sequence[SettingChange]
) -> tuple[SettingChange, ...]:
    """Changes to a config, with its drives and ports off what no host of the product has.

    A drive or port is given what is found by itself, and starts disconnected, as it would anyway; a port's file comes
    to lie beside the config. None of it is a reason to write.

    Args:
        files: the VM's files.
        wanted: where the VM is taken.
        moved: the new place of every drive that moves, by its old one.
        made: all other changes to the config.
    """
    product = wanted.product
    if product is None or product.family == HARDWARE or not wanted.fit:
        return tuple(made)
    document, changes = files.vm.config.document, {fold(change.key): change for change in made}
    for backing in files.once(backings_of):
        if not is_lost_on(files, backing, product) or _goes(changes.get(fold(f"{backing.id}.present"))):
            continue
        place = moved.get(backing.id, backing.id)
        for name, after in _settings(backing, features()["names-controllers-as-vmx"].holds(product)):
            key = f"{backing.id}.{name}"
            old = changes.get(fold(key))
            if old is not None:
                changes[fold(key)] = replace(old, after=after)
            elif document.get(key) != after:
                why = f"a name of the old host, which {product.name} does not have (unverified)"
                is_there = key in document
                changes[fold(key)] = SettingChange(
                    document.spelling(key) if is_there else f"{place}.{name}",
                    after,
                    why,
                    _SOURCE,
                    beside=None if is_there else f"{place}.present",
                    topic=Topic(OLD_HOST),
                )
    return tuple(changes.values())


def _goes(present: SettingChange | None) -> bool:
    """Whether a change takes a device out."""
    return present is not None and (present.after or "").lower() == "false"


def _settings(backing: Backing, to_esx2: bool) -> Iterator[tuple[str, str]]:
    """The settings of a drive or port, by the end of their names, that take it off its backing."""
    device = "cdrom" if ":" in backing.id else backing.id.rstrip("0123456789")
    if backing.kind == "file":
        yield "fileName", last_part(backing.name) or f"{backing.id}.log"
        return
    if backing.kind == "pipe":
        yield "fileName", last_part(backing.name) or backing.id
    else:
        yield "fileName", (_ON_ESX2 if to_esx2 else _ELSEWHERE)[device]
    if backing.kind == "image":
        yield ("deviceType", "atapi-cdrom" if to_esx2 else "cdrom-raw") if device == "cdrom" else ("fileType", "device")
    if backing.kind == "client":
        yield "clientDevice", "FALSE"
    yield "startConnected", "FALSE"
