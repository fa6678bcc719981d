"""VMX0xx and GST5xx: what a VM starts from: boot order, firmware, and what firmware its files were made with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.machine.nvram import nvram_name, written_by
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmdk.first_sectors import started_by

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

_ORDER, _DISKS = "bios.bootOrder", "bios.hddOrder"
_SHOWN = 4
_CARD = r"ethernet[0-9]{1,3}"
_NAMES = {"bios": "BIOS", "efi": "EFI"}


def _entries(vm: Machine, key: str) -> list[str]:
    return [word for it in vm.config.document.get(key, "").lower().split(",") if (word := it.strip())]


@rule(
    "VMX020",
    "boot-order-names-nothing",
    Severity.WARNING,
    about=About.FILES,
    sources=("kb:326326",),
)
def boot_order_names_nothing(vm: Machine) -> Iterator[Hit]:
    """The boot order names a disk or a network adapter that the VM does not have.

    `bios.bootOrder` and `bios.hddOrder` stand before what was chosen in the BIOS. The firmware goes on to the next
    entry, and with a list of disks none of which is there the VM may start from another disk, or from none. It happens
    where a disk has moved to another controller.
    """
    if vm.firmware == "efi":
        return
    document = vm.config.document
    disks = {drive.id for drive in vm.disks}
    cards = {nic.id for nic in vm.nics}
    wanted = _entries(vm, _DISKS)
    absent = [it for it in wanted if it not in disks]
    if absent:
        none_left = len(absent) == len(wanted)
        yield Hit(
            f"{_DISKS} names {', '.join(absent[:_SHOWN])}, which {'is' if len(absent) == 1 else 'are'} no hard disk of "
            f"the VM{'; no disk that it names is there' if none_left else ''}",
            (document.evidence(_DISKS),),
            manual(f"let {document.spelling(_DISKS)} name the disk that the VM starts from, or take it out"),
            None if none_left else Severity.INFO,
        )
    absent = [it for it in _entries(vm, _ORDER) if re.fullmatch(_CARD, it) and it not in cards]
    if absent:
        yield Hit(
            f"{_ORDER} names {', '.join(absent[:_SHOWN])}, which the VM does not have",
            (document.evidence(_ORDER),),
            manual(f"take {', '.join(absent[:_SHOWN])} out of {document.spelling(_ORDER)}"),
            Severity.INFO,
        )


@rule(
    "VMX021",
    "boot-order-of-other-firmware",
    Severity.INFO,
    about=About.FILES,
    sources=("kb:326326",),
)
def boot_order_of_other_firmware(vm: Machine) -> Iterator[Hit]:
    """The boot order is one of BIOS, and the firmware is EFI.

    EFI keeps its own boot entries in the nvram file, and `bios.bootOrder` and `bios.hddOrder` are for BIOS. It shows
    that the firmware was changed in the config, or that the config was written by a program.
    """
    document = vm.config.document
    keys = [key for key in (_ORDER, _DISKS) if key in document]
    if vm.firmware == "efi" and keys:
        yield Hit(
            f"{' and '.join(keys)}: for BIOS alone, and the firmware is EFI",
            tuple(document.evidence(key) for key in keys),
            manual("choose what the VM starts from in the EFI setup (Boot Manager) at its next start"),
        )


def _firmware_of_disk(vm: Machine) -> str | None:
    """Return the firmware that the first disk was made for; None where its partitions do not tell."""
    chain = vm.disks[0].chain if vm.disks else None
    return None if chain is None else started_by(chain)


@rule(
    "VMX023",
    "nvram-of-other-firmware",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("nvram-readers", "kb:384912"),
    short="which firmware the guest was installed with",
    messages=(
        ("No compatible bootloader found.", "packer-linux-21"),
        ("Operating system not found", "nixos-generators-433"),
    ),
)
def nvram_of_other_firmware(vm: Machine) -> Iterator[Hit]:
    """The file with the settings of the firmware was written by another firmware than the config names.

    A guest that was installed with EFI does not start from a BIOS, nor the reverse. A config without its line
    `firmware` means BIOS; one that was written anew for a disk often lacks it. EFI says "No compatible bootloader
    found", BIOS "Operating system not found". Where the disk's partitions tell the firmware, they are believed.
    """
    if vm.encryption != "none" or vm.firmware not in _NAMES:
        return
    found = written_by(vm)
    if found is None or found == vm.firmware or _firmware_of_disk(vm) is not None:
        return
    document = vm.config.document
    line = (document.evidence("firmware"),) if "firmware" in document else ()
    named = (document.evidence("nvram"),) if "nvram" in document else ()
    yield Hit(
        f"was the guest installed with {_NAMES[found]}? {nvram_name(vm)} was written by it, and the config has "
        f'{_NAMES[vm.firmware]}; if it was, set firmware = "{found}"; if not, the VM starts as it is',
        (*named, *line),
        manual("look at the disk's partitions: GPT with an EFI system partition is of EFI"),
    )


@rule(
    "GST522",
    "disk-of-other-firmware",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("kb:384912", "kb:432371"),
    short="which firmware the guest was installed with",
    messages=(
        ("Operating System not found", "kb:432371"),
        ("No compatible bootloader found.", "packer-linux-21"),
    ),
)
def disk_of_other_firmware(vm: Machine) -> Iterator[Hit]:
    """The first disk has the partitions of one firmware, and the config names the other.

    EFI starts a guest from a disk with an EFI system partition, BIOS from one with a boot record and an active
    partition. A firmware that was changed in the settings, or left out where a VM was made for a finished disk, does
    not change the disk: the VM starts, and its guest does not. A disk that either firmware starts from says nothing.
    """
    if vm.encryption != "none" or vm.firmware not in _NAMES:
        return
    made_for = _firmware_of_disk(vm)
    if made_for is None or made_for == vm.firmware:
        return
    document, drive = vm.config.document, vm.disks[0]
    line = (document.evidence("firmware"),) if "firmware" in document else ()
    has = "a boot record (MBR)" if made_for == "bios" else "a GPT with an EFI system partition"
    yield Hit(
        f"was the guest installed with {_NAMES[made_for]}? {drive.id} has {has}, and the config has "
        f'{_NAMES[vm.firmware]}; if it was, set firmware = "{made_for}"; if not, the VM starts from something else',
        (*line, *drive.file_evidence),
        manual(
            "change the firmware, not the disk: a guest that is converted to the other firmware needs its own tools"
        ),
    )
