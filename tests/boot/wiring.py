"""What a VM is made of for a product that starts it: read from the config's own lines, and once more by vmxtool.

The first reader knows nothing of vmxtool. So a key that a rewrite loses is lost to a guest too, and where the two
readers differ no guest is started at all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

_LINE = re.compile(r'^[ \t]*([\w.:]+)[ \t]*=[ \t]*"(.*)"', re.MULTILINE)
_DRIVE = re.compile(r"((?:ide|scsi|sata|nvme)\d+):(\d+)\.present")
_CONTROLLER = re.compile(r"((?:scsi|sata|nvme)\d+)\.present")
_NIC = re.compile(r"(ethernet\d+)\.present")
_GEOMETRY = re.compile(rb'^ddb\.geometry\.(cylinders|heads|sectors) = "(\d+)"', re.MULTILINE)
# The descriptor inside a sparse disk ends long before this byte.
_DESCRIPTOR_ENDS = 64 * 1024


class Drive(NamedTuple):
    """A drive by its place, such as "scsi0:0"; a CD-ROM drive has no file, since none of these has a medium."""

    place: str
    kind: str
    file: str | None


class Nic(NamedTuple):
    """A network adapter: its section, model and address."""

    id: str
    model: str | None
    mac: str | None


@dataclass(frozen=True)
class Wiring:
    """What a VM is made of, as far as a guest sees it start.

    Attributes:
        firmware: "bios" or "efi".
        memory: memory in MiB.
        cpus: number of processors.
        controllers: the model of each controller that is present, by its section; "" where the config has none.
        drives: hard disks and CD-ROM drives that are present, by their places.
        nics: the network adapters that are present.
    """

    firmware: str
    memory: int
    cpus: int
    controllers: tuple[tuple[str, str], ...]
    drives: tuple[Drive, ...]
    nics: tuple[Nic, ...]


def settings_of(config: Path) -> dict[str, str]:
    """The settings of a config by their keys in lower case."""
    return {key.lower(): value for key, value in _LINE.findall(config.read_text(encoding="utf-8"))}


def read_wiring(config: Path) -> Wiring:
    """Read what a VM is made of without any help of vmxtool's."""
    have = settings_of(config)
    on = {key for key, value in have.items() if key.endswith(".present") and value.upper() == "TRUE"}
    controllers = {
        found[1]: have.get(f"{found[1]}.virtualdev", "") for key in on if (found := _CONTROLLER.fullmatch(key))
    }
    drives = []
    for key in on:
        found = _DRIVE.fullmatch(key)
        if found is not None and (found[1].startswith("ide") or found[1] in controllers):
            place = f"{found[1]}:{found[2]}"
            is_cd = "cdrom" in have.get(f"{place}.devicetype", "")
            drives.append(Drive(place, "cdrom" if is_cd else "disk", None if is_cd else have[f"{place}.filename"]))
    nics = [found[1] for key in on if (found := _NIC.fullmatch(key))]
    return Wiring(
        have.get("firmware", "bios"),
        int(have["memsize"]),
        int(have.get("numvcpus", "1")),
        tuple(sorted(controllers.items())),
        tuple(sorted(drives)),
        tuple(Nic(it, have.get(f"{it}.virtualdev"), have.get(f"{it}.address")) for it in sorted(nics)),
    )


def wiring_of(machine: Machine) -> Wiring:
    """What a VM is made of by vmxtool's own reading."""
    drives = [
        Drive(it.id, it.kind, it.file if it.kind == "disk" else None) for it in machine.drives if it.bus != "floppy"
    ]
    return Wiring(
        machine.firmware,
        machine.memory_mib or 0,
        machine.cpu.count or 0,
        tuple(sorted((it.id, it.model or "") for it in machine.controllers if it.bus != "ide")),
        tuple(sorted(drives)),
        tuple(sorted(Nic(it.id, it.model, it.mac) for it in machine.nics)),
    )


def geometry_of(disk: Path) -> tuple[int, int, int] | None:
    """Cylinders, heads and sectors that a disk's descriptor gives, or None where it gives none."""
    with disk.open("rb") as file:
        found = {key: int(number) for key, number in _GEOMETRY.findall(file.read(_DESCRIPTOR_ENDS))}
    return (found[b"cylinders"], found[b"heads"], found[b"sectors"]) if len(found) == 3 else None
