"""Drives and ports that are connected to something of the old host: left disconnected where no new host can have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import replace
from vmxtool.changes.model import OLD_DEVICE, SettingChange, Topic
from vmxtool.knowledge.features import features
from vmxtool.knowledge.product import HARDWARE
from vmxtool.machine.folder import folder_of
from vmxtool.rules.backings import backings_of, image_beside, is_lost_on
from vmxtool.rules.case import sections_of
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.rules.backings import Backing
    from vmxtool.rules.case import Files

_SOURCE, _OFF = "general", "FALSE"
# What a drive or port is set to instead: on ESX Server 1 and 2 the device files of its console, elsewhere what products
# write for one that is found by itself.
_ON_ESX2 = {"cdrom": "/dev/cdrom", "floppy": "/dev/fd", "serial": "/dev/ttyS", "parallel": "/dev/parport"}
_ELSEWHERE = {"cdrom": "auto detect", "floppy": "", "serial": "auto detect", "parallel": "auto detect"}


def disconnected(
    files: Files, wanted: Wanted, moved: Mapping[str, str], made: Sequence[SettingChange]
) -> tuple[SettingChange, ...]:
    """Return changes to a config, with its drives and ports off what no host of the product has.

    A drive or port is given what is found by itself, and starts disconnected, as it would anyway; a port's file comes
    to lie beside the config.

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
    lost = [it for it in files.once(backings_of) if is_lost_on(files, it, product, wanted.holder)]
    taken = _names_taken(files) if lost else set()
    for backing in lost:
        if _goes(backing, changes):
            continue
        place = moved.get(backing.id, backing.id)
        for name, after in _settings(files, backing, taken, to_esx2=_is_esx2(wanted)):
            key = f"{backing.id}.{name}"
            old = changes.get(fold(key))
            if old is not None:
                changes[fold(key)] = replace(old, after=after)
            elif document.get(key) != after and not (
                after == _OFF and key in document and not document.flag(key, True)
            ):
                why = f"it was connected to what {product.name} does not have (unverified)"
                is_there = key in document
                changes[fold(key)] = SettingChange(
                    document.spelling(key) if is_there else f"{place}.{name}",
                    after,
                    why,
                    _SOURCE,
                    beside=None if is_there else f"{place}.present",
                    topic=Topic(OLD_DEVICE),
                )
    return tuple(changes.values())


def _is_esx2(wanted: Wanted) -> bool:
    return wanted.product is not None and features()["reads-disk-names-in-name"].holds(wanted.product)


def _goes(backing: Backing, changes: Mapping[str, SettingChange]) -> bool:
    """Return whether another change takes a device out."""
    for name in ("present", "fileName"):
        change = changes.get(fold(f"{backing.id}.{name}"))
        if change is not None and change.name is None and (change.after or "false").lower() == "false":
            return True
    return False


def _names_taken(files: Files) -> set[str]:
    """Return the names beside the config that a port's file may not get, in lower case."""
    disks = {last_part(drive.file or "").lower() for drive in files.vm.disks}
    ports = {it.name.lower() for it in files.once(backings_of) if it.kind in {"file", "pipe"}}
    document = files.vm.config.document
    own = {last_part(document.get(key, "")).lower() for key in ("nvram", "extendedConfigFile", "log.fileName")}
    return {
        *disks,
        *ports,
        *own,
        "vmware.log",
        *(name.lower() for name in folder_of(files.vm).names),
        files.vm.config.path.name.lower(),
    }


def _settings(files: Files, backing: Backing, taken: set[str], *, to_esx2: bool) -> Iterator[tuple[str, str]]:
    """Yield the settings of a drive or port, by the end of their names, that take it off its backing."""
    section = sections_of(files)[backing.id]
    device = "cdrom" if ":" in backing.id else backing.id.rstrip("0123456789")
    if backing.kind == "scsi":
        yield "present", _OFF
        return
    beside = image_beside(files, backing)
    if beside is not None:
        yield "fileName", beside
        return
    if backing.kind in {"file", "pipe"}:
        name = last_part(backing.name) or backing.id
        while name.lower() in taken:
            name = f"{backing.id}-{name}"
        taken.add(name.lower())
        yield "fileName", name
        if backing.kind == "file":
            return
    elif to_esx2:
        number = backing.id.removeprefix(device) if device != "cdrom" else ""
        yield "fileName", f"{_ON_ESX2[device]}{number}"
    else:
        yield "fileName", _ELSEWHERE[device]
    if device == "cdrom" and section.word("devicetype") not in {"cdrom-raw", "atapi-cdrom"}:
        yield "deviceType", "atapi-cdrom" if to_esx2 else "cdrom-raw"
    if device == "floppy" and section.word("filetype") == "file":
        yield "fileType", "device"
    if backing.kind == "client":
        yield "clientDevice", _OFF
    yield "startConnected", _OFF
