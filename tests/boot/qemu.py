"""QEMU in a product's place: the arguments that a VM's wiring comes to, a start, and what the guest said.

Always with TCG: where a machine offers KVM to a container, a guest may hang on it without a word.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from boot.wiring import geometry_of, read_wiring, settings_of, wiring_of

from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from boot.wiring import Drive, Nic, Wiring

STAND_INS = {"lsilogic": "mptsas1068", "buslogic": "am53c974"}
"""Controllers that QEMU does not have, and another that the BIOS drives in their place; no guest has their driver."""

_CONTROLLERS = {"lsisas1068": "mptsas1068", "pvscsi": "pvscsi", **STAND_INS}
# The models with the PCI ids of VMware's own.
_NICS = {"vlance": "pcnet", "e1000": "e1000-82545em", "e1000e": "e1000e", "vmxnet3": "vmxnet3"}
_FIRMWARE = "/usr/share/OVMF/OVMF_CODE_4M.fd"
_VARIABLES = "/usr/share/OVMF/OVMF_VARS_4M.fd"
_SAID = re.compile(r"GUEST ([^=\r\n]+)=([^\r\n]*)")
# A guest that hangs is one that does not start; the slowest takes an eighth of it where the machine has nothing else.
_SECONDS = 120


class NoStartError(AssertionError):
    """A VM did not come to its guest's end: QEMU refuses a file or a device, or the guest hangs."""


@dataclass(frozen=True)
class Console:
    """What a guest wrote to its serial port, and what the machine's firmware told beside it.

    `said` holds the last value of each `GUEST key=value`.
    """

    text: str
    firmware: str = ""

    @property
    def said(self) -> dict[str, str]:
        return {key: value.strip() for key, value in _SAID.findall(self.text)}

    @property
    def end(self) -> str:
        """How it ended by its own word, or "no guest" where none came to have one."""
        return self.said.get("end", "no guest")


def start(config: Path, *, keep: bool = False) -> Console:
    """Start a VM as its config and its disks' descriptors have it, and wait for its end.

    Args:
        config: the config.
        keep: let the guest write to its disks; else what it writes is thrown away, and no byte of a file changes.
    """
    wiring = read_wiring(config)
    read = wiring_of(read_machine(config))
    if read != wiring:
        raise NoStartError(f"vmxtool reads another VM than the config's lines say:\n{read}\n{wiring}")
    command = ["qemu-system-x86_64", *arguments(config, wiring, keep=keep)]
    try:
        done = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, cwd=config.parent
        )
    except subprocess.TimeoutExpired as late:
        said, told = ((part or b"").decode(errors="replace") for part in (late.stdout, late.stderr))
        raise NoStartError(f"no end after {_SECONDS} s:\n{told}\n{said}") from None
    console = Console(done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"))
    if done.returncode != 0 or "terminating on signal" in console.firmware:
        raise NoStartError(f"QEMU refuses the VM, or was ended: {console.firmware}")
    print(f"--- {wiring}\n{console.firmware}\n{console.text}")  # pytest shows it of a test that fails
    return console


def arguments(config: Path, wiring: Wiring, *, keep: bool = False) -> list[str]:
    """QEMU's arguments for a VM."""
    # A BIOS that finds nothing to start ends the run at once; what it says goes to a port that QEMU passes on.
    words = ["-accel", "tcg", "-M", "pc", "-no-reboot", "-boot", "reboot-timeout=1"]
    words += ["-chardev", "file,id=told,path=/dev/stderr", "-device", "isa-debugcon,iobase=0x402,chardev=told"]
    words += ["-nodefaults", "-vga", "none", "-display", "none", "-serial", "stdio", "-monitor", "none"]
    words += ["-m", str(wiring.memory), "-smp", str(wiring.cpus)]
    if wiring.firmware == "efi":
        # As in a product's .nvram file, but outside the VM's folder: it is QEMU's own.
        variables = config.parent.with_name(f"{config.parent.name}-variables.fd")
        shutil.copyfile(_VARIABLES, variables)
        words += ["-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={_FIRMWARE}"]
        words += ["-drive", f"if=pflash,unit=1,format=raw,file={variables}"]
    for name, model in wiring.controllers:
        words += ["-device", _controller(name, model)]
    order = _boot_order(config)
    for number, drive in enumerate(wiring.drives):
        words += list(_drive(config, drive, number, order, keep=keep))
    for nic in wiring.nics:
        words += list(_nic(nic))
    return words


def _boot_order(config: Path) -> list[str]:
    listed = settings_of(config).get("bios.hddorder", "")
    return [place.strip().lower() for place in listed.split(",") if place.strip()]


def _controller(name: str, model: str) -> str:
    if name.startswith("sata"):
        return f"ahci,id={name}"
    if name.startswith("nvme"):
        return f"nvme,id={name},serial={name}"
    # A config may name a model that no product has, or none; then there is no such device.
    if model not in _CONTROLLERS:
        raise NoStartError(f"{name} is a {model or 'nameless'} controller")
    return f"{_CONTROLLERS[model]},id={name}"


def _drive(config: Path, drive: Drive, number: int, order: list[str], *, keep: bool) -> Iterator[str]:
    controller, _, unit = drive.place.partition(":")
    index = f",bootindex={order.index(drive.place)}" if drive.place in order else ""
    if drive.file is None:
        bus = f"ide.{controller[3:]},unit={unit}" if controller.startswith("ide") else f"{controller}.{unit}"
        yield from ("-device", f"ide-cd,bus={bus}{index}")
        return
    throw_away = "" if keep else ",snapshot=on"
    yield from ("-drive", f"file={drive.file},format=vmdk,if=none,id=disk{number}{throw_away}")
    geometry = geometry_of(config.parent / drive.file)
    # QEMU does not look at the descriptor's geometry by itself; products hand it to the BIOS.
    shape = "" if geometry is None else ",lcyls={},lheads={},lsecs={}".format(*geometry)
    match controller.rstrip("0123456789"):
        case "ide":
            device = f"ide-hd,bus=ide.{controller[3:]},unit={unit}{shape}"
        case "sata":
            device = f"ide-hd,bus={controller}.{unit}{shape}"
        case "nvme":
            device = f"nvme-ns,bus={controller},nsid={int(unit) + 1}"
        case _:
            # The SAS address of a disk is its wwn; without one Linux sees the controller and no disk.
            name = f"0x5000c2900000000{int(unit):x}"
            device = f"scsi-hd,bus={controller}.0,scsi-id={unit}{shape},wwn={name}"
    yield from ("-device", f"{device},drive=disk{number}{index}")


def _nic(nic: Nic) -> Iterator[str]:
    if nic.model not in _NICS:
        raise NoStartError(f"{nic.id} is a {nic.model} adapter")
    address = "" if nic.mac is None else f",mac={nic.mac}"
    yield from ("-device", f"{_NICS[nic.model]},romfile={address}")
