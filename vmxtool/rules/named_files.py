"""Files and folders other than disks that a config names: firmware, its memory, images, ports, where a VM works."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmxtool._files import is_absolute
from vmxtool.findings import LEAVING, Do, Severity
from vmxtool.machine.named_files import FIRMWARE, named_files, option_roms
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.rules.case import name_evidence
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.machine.named_files import NamedFile

# Folders of its own that a config names; the product does not make them.
_FOLDERS = ("workingDir", "redoLogDir", "suspend.directory", "sched.swap.dir")
_STATE = "checkpoint.vmState"
_BIOS = "bios440.filename"


@rule(
    "VMX015",
    "firmware-file-missing",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("bios-file-article",),
    short="a missing firmware file",
    messages=(("[msg.loader.biosfd] Could not open <bios.440.rom> (No such file or directory).", "bios-file-article"),),
)
def firmware_file_missing(vm: Machine) -> Iterator[Hit]:
    """The config names a firmware of its own, and its file is not beside the config.

    `bios440.filename` gives a VM another BIOS than the product's, and `efi64.filename` another EFI firmware. Without
    the file an ESXi host does not power the VM on; what is told of EFI firmware is unverified. Programs that copy a VM
    often leave the file behind (lamw/ghettoVCB issue 175, 2019-09-02). Copy it too, or take the line out: the VM then
    starts with the product's own firmware.
    """
    document = vm.config.document
    used = "efi" if vm.firmware == "efi" else "bios"
    for file in named_files(vm):
        key = (file.named_by or "").lower()
        if file.role != "firmware" or key not in FIRMWARE or not key.startswith(used) or (file.exists and file.inside):
            continue
        place = document.evidence(key)
        cure = manual(f"copy {file.name} to the VM's folder and name it without a folder, or take {place.key} out")
        if is_absolute(document.get(key, "")):
            message = (
                f"{place.key} is a full path, {document.get(key)}: is that file where the VM goes? If it is, the VM "
                "starts with it; if not, it is not powered on"
            )
            yield Hit(message, (place,), cure, Severity.UNKNOWN)
        else:
            message = f"{place.key} names {file.name}, which is not there; the VM is not powered on without it"
            sure = key == _BIOS
            yield Hit(message, (place,), cure, stops=LEAVING if sure else None, unverified=not sure)


@rule(
    "VMX016",
    "option-rom-missing",
    Severity.WARNING,
    about=About.FILES,
    sources=("gpxe-on-vmware",),
)
def option_rom_missing(vm: Machine) -> Iterator[Hit]:
    """The config names a file from which a network adapter starts, and it is not beside the config.

    Such files, as of iPXE, replace what the product has for starting over the network. What a product does without the
    file is unverified: it may start the VM with its own, or not at all.
    """
    document = vm.config.document
    roms = {key: document.evidence(key) for key in option_roms(document)}
    for file in named_files(vm) if roms else ():
        place = roms.get((file.named_by or "").lower())
        if place is not None and not (file.exists and file.inside):
            yield Hit(
                f"{place.key} names {file.name}, which is not in the VM's folder, so that the network adapter does not "
                "start from it",
                (place,),
                manual(f"copy {file.name} to the VM's folder, or take {place.key} out"),
                unverified=True,
            )


@rule(
    "VMX017",
    "nvram-missing",
    Severity.WARNING,
    about=About.FILES,
    sources=("kb:320015", "nvram-reports"),
)
def nvram_missing(vm: Machine) -> Iterator[Hit]:
    """The file in which EFI firmware keeps its variables is not beside the config.

    The product makes a new one that is empty. With it go the boot entries: a guest whose loader lies at the place for
    removable media starts all the same, as Windows and most Linux systems do, and others, such as Debian, do not. What
    a virtual TPM holds is gone too, so that a disk that is locked to it asks for its recovery key. A BIOS loses its
    settings alone, which is not told.

    Reported as "Unable to boot Debian 11 with secure boot EFI" (vmware/packer-examples-for-vsphere issue 964,
    2024-09-16) and "nvram is not backed up" (lamw/ghettoVCB issue 214, 2020-12-27).
    """
    if vm.firmware != "efi" or not _is_here(vm):
        return
    for file in named_files(vm):
        if file.role == "nvram" and not file.exists:
            also = ", and what the virtual TPM holds" if vm.tpm else ""
            yield Hit(
                f"{file.name} is not there: the boot entries of the EFI firmware are lost{also}",
                (vm.config.document.evidence("nvram"),),
                manual(f"copy {file.name} from where the VM was, or set the boot entry anew in the firmware's menu"),
            )


@rule(
    "VMX018",
    "suspended-state-missing",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("sanbarrow:vmx-syntax",),
    short="the state of the suspended VM",
)
def suspended_state_missing(vm: Machine) -> Iterator[Hit]:
    """The config says that the VM is suspended, and the file with its state is not there.

    Nothing resumes it then, its own product neither. With `checkpoint.vmState = ""` in the config the VM starts as
    after a loss of power; what was in its memory alone is lost. With the file it can be resumed where it was suspended.
    """
    file = missing_state(vm)
    if file is None:
        return
    place = vm.config.document.evidence(_STATE)
    message = f"{file.name}, the state of the suspended VM, is not there, so that it cannot be resumed"
    bring = f"copy {file.name} from where the VM was"
    if file.inside:
        give_up = f'set {place.key} = "" in {vm.config.file}: what was in its memory is lost, as after a power cut'
        yield Hit(message, (place,), manual(f"{bring}, and ask again; or {give_up}"))
    else:
        cure = manual(f"{bring}, or take {place.key} out and lose what was in its memory")
        yield Hit(message, (place,), cure, Severity.WARNING, stops=frozenset())


def missing_state(vm: Machine) -> NamedFile | None:
    """Return the file of a suspended VM's state where it is not there, though a disk of the VM is; else None."""
    if vm.power.state != "suspended" or not _is_here(vm):
        return None
    states = (it for it in named_files(vm) if it.role == "memory" and (it.named_by or "").lower() == _STATE.lower())
    return next((it for it in states if not it.exists), None)


@rule(
    "VMX019",
    "working-folder-missing",
    Severity.WARNING,
    about=About.FILES,
    sources=("libvirt:src/vmx/vmx.c", "general"),
)
def working_folder_missing(vm: Machine) -> Iterator[Hit]:
    """The config names a folder in which the VM works, and that is not there.

    The product puts swap files, redo logs or the state of the suspended VM there; that it makes no such folder, and
    does not start the VM, is unverified. What a full path leads to is told by another rule. Where the swap file was
    last, which ESX notes in `sched.swap.derivedName`, does not matter: it is worked out anew.
    """
    document = vm.config.document
    for key in _FOLDERS:
        name = document.get(key, "")
        if not name or is_absolute(name) or "\x00" in name or not _is_here(vm):
            continue
        # A name that is too long, or a folder that may not be entered, is no folder either.
        if not os.path.isdir(vm.config.folder / name.replace("\\", "/")):  # noqa: PTH112
            place = document.evidence(key)
            yield Hit(
                f"{place.key} names the folder {name}, which is not there",
                (place,),
                manual(f"make the folder, or take {place.key} out"),
                unverified=True,
            )


@rule(
    "DEV726",
    "drive-image-missing",
    Severity.INFO,
    about=About.FILES,
    sources=("floppy-on-fusion-1",),
    messages=(
        ('Could not connect to floppy "<floppy.flp>".', "floppy-on-fusion-1"),
        ("Virtual device <floppy0> will start disconnected.", "floppy-on-fusion-1"),
    ),
)
def drive_image_missing(vm: Machine) -> Iterator[Hit]:
    """A CD-ROM or floppy drive is connected at the start to an image that is not there.

    The VM starts, with the drive disconnected; some products ask at every start. What a full path of another host leads
    to is told by another rule. Reported as "Virtual floppy not implemented" in the VMware Communities on 2007-10-22.
    """
    if not _is_here(vm):
        return
    images = {it.named_by: it for it in named_files(vm) if it.role == "image"}
    for drive in vm.drives:
        if drive.kind not in {"cdrom", "floppy"} or not drive.connected or is_absolute(drive.file or "/"):
            continue
        file = images.get(next((it.key for it in drive.file_evidence), None))
        if file is not None and not file.exists:
            yield Hit(
                f"{drive.id}: {drive.file} is not there, and the drive starts disconnected",
                name_evidence(drive),
                manual("choose another image, or disconnect the drive"),
                subject=drive.id,
            )


@rule(
    "DEV727",
    "port-file-of-another-host",
    Severity.INFO,
    about=About.FILES,
    sources=("vsphere-4-docs",),
    messages=(("Virtual device <serial0> will start disconnected.", "floppy-on-fusion-1"),),
)
def port_file_of_another_host(vm: Machine) -> Iterator[Hit]:
    r"""A serial or parallel port ends in a file or a pipe by a full path of its host.

    A port writes to a file or talks through a pipe of the host. The new host need not have the folder, and names of
    pipes differ: `\\.\pipe\com_1` on Windows, a socket such as `/tmp/com_1` elsewhere. The VM starts, with the port
    disconnected.
    """
    document = vm.config.document
    for port in peripherals_of(vm).ports:
        if port.backing in {"file", "pipe"} and port.connected and port.path and is_absolute(port.path):
            yield Hit(
                f"{port.id}: the {port.backing} {port.path} is one of its host",
                (document.evidence(f"{port.id}.fileName"),),
                manual(f"choose a {port.backing} of the new host, or disconnect the port"),
                subject=port.id,
            )


def _is_here(vm: Machine) -> bool:
    """Return whether a disk of the VM is here: beside a config by itself a missing file says nothing."""
    return any(drive.chain is not None and drive.chain.links for drive in vm.disks)
