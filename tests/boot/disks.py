"""Raw images of guests, and VMs with a disk of any kind that holds one."""

from __future__ import annotations

import struct
from hashlib import sha256
from typing import TYPE_CHECKING

from boot.programs import run
from build import adapter_for, disk_lines, write_config

if TYPE_CHECKING:
    from pathlib import Path

SECTOR = 512


def partitioned(boot_code: bytes, *parts: tuple[int, bytes]) -> bytes:
    """A disk with a boot sector and partitions, each given by its type and content; the first one is active."""
    table, content = b"", b""
    start = 2048
    for number, (kind, data) in enumerate(parts):
        sectors = -(-len(data) // SECTOR)
        # Loaders go by the sector numbers; cylinders, heads and sectors beyond any disk say so.
        table += struct.pack("<B3sB3sII", 0 if number else 0x80, b"\xfe\xff\xff", kind, b"\xfe\xff\xff", start, sectors)
        content += data.ljust(-(-sectors // 2048) * 2048 * SECTOR, b"\0")
        start += -(-sectors // 2048) * 2048
    sector = boot_code[:446].ljust(446, b"\0") + table.ljust(64, b"\0") + b"\x55\xaa"
    return sector.ljust(2048 * SECTOR, b"\0") + content


def make_disk(
    raw: Path, disk: Path, *, subformat: str = "monolithicSparse", place: str = "ide0:0", hw: int = 7
) -> Path:
    """Make a VMDK that holds a raw image, and return it.

    Args:
        raw: the image.
        disk: the file that a config is to name.
        subformat: one that qemu-img makes, or "vmfs", as ESX keeps its disks.
        place: where it is to be; its descriptor says the adapter.
        hw: the hardware version that its descriptor says.
    """
    made = "monolithicFlat" if subformat == "vmfs" else subformat
    options = f"subformat={made},adapter_type={adapter_for(place)},hwversion={hw}"
    run("qemu-img", "convert", "-f", "raw", "-O", "vmdk", "-o", options, raw, disk)
    if subformat == "vmfs":
        text = disk.read_text(encoding="ascii")
        flat = text.replace('createType="monolithicFlat"', 'createType="vmfs"').replace(" FLAT ", " VMFS ")
        disk.write_text(flat.replace('-flat.vmdk" 0', '-flat.vmdk"'), encoding="ascii")
    return disk


def make_vm(
    folder: Path,
    raw: Path,
    *lines: str,
    place: str = "ide0:0",
    hw: int = 7,
    guest: str = "other",
    subformat: str = "monolithicSparse",
    memory: int = 64,
) -> Path:
    """Write a VM whose first disk holds a guest, and return its config.

    Args:
        folder: where; it is made.
        raw: the guest's image.
        lines: further settings, such as the model of the disk's controller.
        place: where the disk is.
        hw: the hardware version.
        guest: `guestOS`.
        subformat: the kind of disk.
        memory: `memsize`.
    """
    config = write_config(folder, f'memsize = "{memory}"', disk_lines(place), *lines, hw=hw, guest=guest)
    make_disk(raw, folder / "disk.vmdk", subformat=subformat, place=place, hw=hw)
    return config


def digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file in a VM's folder, by name; of the journals of rewrites none."""
    return {it.name: sha256(it.read_bytes()).hexdigest() for it in sorted(folder.iterdir()) if it.is_file()}
