"""Lines that nothing reads: disks on buses and under numbers that no product has, or on controllers that are off."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from vmxtool._files import last_part
from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.findings import LEAVING, Do, Severity
from vmxtool.knowledge.known_keys import form_of, is_known_word, meant_by
from vmxtool.machine.loose_disks import loose_disks
from vmxtool.machine.sections import SCSI_CONTROLLER_UNIT, Sections
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.machine.model import Machine

_Why = Literal["spelling", "not-present", "unknown-device"]

_DRIVE = re.compile(r"(?:ide|scsi|sata|nvme)(?:0|[1-9][0-9]{0,2}):(?:0|[1-9][0-9]{0,2})")
_NIC = "ethernet"
_DISK_ENDINGS = (".vmdk", ".dsk")
_OTHER_ENDINGS = (".raw", ".img", ".vhd", ".vhdx", ".vdi", ".qcow2")  # of disks that another program wrote
_BUSES = ("ide", "scsi", "sata", "nvme")
_UNITS = SCSI_CONTROLLER_UNIT  # of a controller, below that one: more than any misnamed disk needs
_NO_SYSTEM = ("Operating system not found", "bios-without-system")
_TOLD = 20


class _Lost(Record):
    """A line that names a hard disk and that no product reads, and why."""

    key: str
    word: str
    file: str
    why: _Why


@rule(
    "VMX011",
    "disk-line-not-read",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("libvirt:src/vmx/vmx.c", "sanbarrow:vmx-syntax"),
    short="a disk on a line that is not read",
    messages=(_NO_SYSTEM,),
)
def disk_line_not_read(vm: Machine) -> Iterator[Hit]:
    """A line names a hard disk, and no product reads it.

    Products make up the names of drives from the buses that they have and from numbers, and look at nothing else:
    `sda0:0.fileName`, `hda0:0`, `scsi00:1` and `ide0.fileName` are passed over without a word, and so is `filname`. A
    drive without `present` is not there. The VM then starts without the disk, and says that it finds no operating
    system. Give the line its right name. Where another line has the same disk, or the file is not here and the VM has
    other disks, it only warns: somebody may have left the line behind.

    Reported as "Location of Grub? (vmplayer boot problem)" in the Ubuntu Forums on 2008-05-03.
    """
    document = vm.config.document
    lines = lost_lines(vm)
    for lost in lines[:_TOLD]:
        key = document.spelling(lost.key)
        where = _right_place(vm, lost)
        said = {
            "spelling": f"no product reads a setting of that name; {lost.word}.fileName is what they read",
            "not-present": f"{lost.word}.present is not there, and without it products leave the drive out",
            "unknown-device": f"no product has a drive {lost.word}, so the disk is not attached",
        }[lost.why]
        yield Hit(
            f"{key} names {lost.file}; {said}",
            (document.evidence(lost.key),),
            _fix(vm, lost, where),
            _weight(vm, lost.file),
            stops=None if _weight(vm, lost.file) is None else frozenset(),
        )
    if len(lines) > _TOLD:
        yield Hit(
            f"{len(lines) - _TOLD} more lines name hard disks and are not read",
            (document.evidence(lines[_TOLD].key),),
            manual("give each the name of a drive, or take it out"),
        )


@rule(
    "DSK210",
    "device-without-controller",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("sanbarrow:vmx-syntax",),
    short="a disk without its controller",
    messages=(_NO_SYSTEM,),
)
def device_without_controller(vm: Machine) -> Iterator[Hit]:
    """A drive is present on a controller that is not.

    VMware leaves out everything on a controller whose own `present` is not true; the drive does not exist for it.
    Where the drive is a hard disk of the VM that nothing else attaches, it blocks.
    """
    for item in vm.idle_devices:
        identity = (item.key or "").rpartition(".")[0]
        controller = identity.partition(":")[0]
        named, place = _disk_of(vm, identity)
        yield Hit(
            f"{identity} is present, but {controller} is not, so the drive does not exist",
            (item, *place),
            manual(f'set {controller}.present = "TRUE" if the drive is wanted'),
            _heavier(vm, named),
            stops=LEAVING if _heavier(vm, named) is not None else None,
        )


@rule(
    "DEV703",
    "device-number-not-offered",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("libvirt:src/vmx/vmx.c", "vm-operator-answers"),
    short="a disk under a number that is not there",
)
def device_number_not_offered(vm: Machine) -> Iterator[Hit]:
    """A device says that it is present under a number that the hardware version does not have.

    No product looks at it: before hardware version 6 a VM has four network adapters, and always four SCSI controllers.
    A SCSI controller has the units 0 to 15, and the paravirtual one 0 to 64 from version 14 on; an NVMe controller has
    the units 0 to 14, and 0 to 63 from version 21 on.
    Give the device a free number, or take its lines out. Where it is a hard disk of the VM that nothing else attaches,
    it blocks.
    """
    for item in vm.devices_beyond_version:
        device = (item.key or "").rpartition(".")[0]
        named, place = _disk_of(vm, device)
        free = _free_place(vm, device.lower(), None)
        lacking = f"{'its controller does not have in ' * (':' in device)}hardware version {vm.hardware.version}"
        yield Hit(
            f"{device} has a number that {lacking}{' does not have' * (':' not in device)}, so it is passed over",
            (item, *place),
            manual(f"give {device} a number that is free{f', such as {free}' if free else ''}, or take its lines out"),
            _heavier(vm, named),
            stops=LEAVING if _heavier(vm, named) is not None else None,
        )


@rule(
    "VMX012",
    "no-disk-attached",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("libvirt:src/vmx/vmx.c",),
    short="whether a disk beside it is its own",
    messages=(_NO_SYSTEM,),
)
def no_disk_attached(vm: Machine) -> Iterator[Hit]:
    """The VM has no hard disk, and the file of one lies beside its config.

    A VM may start from a CD or the network alone. One that has lost the line of its disk says that it finds no
    operating system, and shows no error of its own.
    """
    if vm.disks or vm.encryption == "full" or any(True for _ in _lost_disks(vm)):
        return
    loose = loose_disks(vm)
    if loose:
        more = f" and {len(loose) - 1} more" if len(loose) > 1 else ""
        place = _free_place(vm, "", loose[0].adapter) or "ide0:0"
        yield Hit(
            f"is {loose[0].file}{more}, beside the config, a disk of this VM? If it is, no line attaches it and the VM "
            "finds nothing to start from; if not, the VM has no hard disk and stays without one",
            (Evidence(loose[0].file),),
            manual(f'if it is, attach it: {place}.present = "TRUE" and {place}.fileName = "{loose[0].file}"'),
        )


def lost_lines(vm: Machine) -> tuple[_Lost, ...]:
    """Return the lines that name a hard disk and are not read, unless their controller or number is not there."""
    found: tuple[_Lost, ...] | None = vm.memo.get("lost_lines")
    if found is None:
        found = vm.memo["lost_lines"] = tuple(_find_lost(vm))
    return found


def _find_lost(vm: Machine) -> Iterator[_Lost]:
    document = vm.config.document
    named = [key for key in document.folded() if document[key].lower().endswith(_DISK_ENDINGS)]
    if not named:
        return
    read = {drive.id for drive in vm.drives}
    elsewhere = {(it.key or "").rpartition(".")[0].lower() for it in (*vm.idle_devices, *vm.devices_beyond_version)}
    for key in named:
        word, _, name = key.partition(".")
        if not _may_be_a_drive(word) or word in elsewhere or _is_off(vm, word):
            continue
        right = meant_by(key, document.folded()) if _DRIVE.fullmatch(word) else None
        if right is not None and right.endswith(".fileName"):
            yield _Lost(key, word, document[key], "spelling")
        elif name == "filename" and _DRIVE.fullmatch(word):
            if word not in read and f"{word}.present" not in document and not _is_adapter(word):
                yield _Lost(key, word, document[key], "not-present")
        elif name.endswith("filename") and (not is_known_word(form_of(word)) or word.startswith(_BUSES)):
            yield _Lost(key, word, document[key], "unknown-device")


def _may_be_a_drive(word: str) -> bool:
    """Return whether somebody may have meant a drive.

    A line that begins with an underscore was put aside on purpose.
    """
    return not word.startswith("_") and (word.startswith(_BUSES) or any(letter.isdecimal() for letter in word))


def _is_off(vm: Machine, word: str) -> bool:
    return f"{word}.present" in vm.config.document and not vm.config.document.flag(f"{word}.present", False)


def _is_adapter(word: str) -> bool:
    return word.startswith("scsi") and word.endswith(f":{SCSI_CONTROLLER_UNIT}")


def _lost_disks(vm: Machine) -> Iterator[str]:
    """Yield the files of hard disks that stand on lines which are not read, whatever the reason."""
    yield from (lost.file for lost in lost_lines(vm))
    for item in (*vm.idle_devices, *vm.devices_beyond_version):
        named, _ = _disk_of(vm, (item.key or "").rpartition(".")[0])
        if named is not None:
            yield named


def _disk_of(vm: Machine, device: str) -> tuple[str | None, tuple[Evidence, ...]]:
    """Return the hard disk that a device names, with the place of its name; None for any other device."""
    document = vm.config.document
    key = next((it for it in (f"{device}.fileName", f"{device}.name") if document.get(it)), f"{device}.fileName")
    name = document.get(key, "")
    return (name, (vm.config.document.evidence(key),)) if _is_disk(name) else (None, ())


def _is_disk(name: str) -> bool:
    return name.lower().endswith((*_DISK_ENDINGS, *_OTHER_ENDINGS))


def _weight(vm: Machine, file: str) -> Severity | None:
    """Return how much a disk on a line that is not read weighs, where that is less than to block."""
    if _is_attached(vm, file):
        return Severity.WARNING
    last = last_part(file).lower()
    here = any(last == disk.file.lower() for disk in loose_disks(vm))
    return None if here or not vm.disks else Severity.WARNING


def _is_attached(vm: Machine, file: str) -> bool:
    names: set[str] | None = vm.memo.get("attached")
    if names is None:
        names = vm.memo["attached"] = {last_part(drive.file).lower() for drive in vm.disks if drive.file}
    return last_part(file).lower() in names


def _heavier(vm: Machine, file: str | None) -> Severity | None:
    """Return the same for rules that warn of other devices: to block, or None."""
    return Severity.BLOCKER if file is not None and _weight(vm, file) is None else None


def _right_place(vm: Machine, lost: _Lost) -> str | None:
    if lost.why != "unknown-device":
        return lost.word
    last = last_part(lost.file).lower()
    return _free_place(vm, lost.word, next((it.adapter for it in loose_disks(vm) if it.file.lower() == last), None))


def _free_place(vm: Machine, word: str, adapter: str | None) -> str | None:
    """Return a free place for a device: that which its name is nearest to, of the bus that its disk was made for."""
    letters = word.rstrip("0123456789:")
    if letters == _NIC:
        taken = {nic.id for nic in vm.nics}
        return next((it for it in (f"{_NIC}{number}" for number in range(4)) if it not in taken), None)
    if letters not in {"", *_BUSES} and ":" not in word and adapter is None:
        return None
    near = get_close_matches(letters, _BUSES, 1) if letters else []
    made_for = "ide" if (adapter or "").lower() == "ide" else "scsi" if adapter is not None else None
    bus = near[0] if near else made_for or "ide"
    taken = {drive.id for drive in vm.drives}
    own = f"{bus}{word[len(letters) :]}"
    # A channel of IDE has two drives, and a VM two channels.
    places = ("0:0", "0:1", "1:0", "1:1") if bus == "ide" else tuple(f"0:{unit}" for unit in range(_UNITS))
    free = [it for it in (f"{bus}{place}" for place in places) if it not in taken]
    return own if own in free else next(iter(free), None)


def _fix(vm: Machine, lost: _Lost, place: str | None) -> Fix:
    if _is_attached(vm, lost.file):
        return manual("take the line out, since another attaches the disk")
    if lost.why == "spelling":
        return manual(f"write {lost.word}.fileName there, then check again")
    if lost.why == "not-present":
        return manual(
            f'add {lost.word}.present = "TRUE" if the VM is to have the disk, then check again; else take the line out'
        )
    if place is None:
        return manual(f"attach {lost.file} under the name of a drive that is free, or take the line out")
    bus = place.partition(":")[0]
    switched = not bus.startswith("ide") and not Sections(vm.config.document)[bus].flag("present", default=False)
    also = f' and add {bus}.present = "TRUE"' if switched else ""
    document = vm.config.document
    keys = [key for key in document.folded() if key.partition(".")[0] == lost.word]
    lines = [number for key in keys if (number := document.where(key)) is not None]
    where = f"line {lines[0]}" if len(lines) == 1 else f"{len(lines)} lines, from line {min(lines, default=1)} on"
    return manual(f"in {document.name}, write {place} for {lost.word} ({where}){also}; then check again")
