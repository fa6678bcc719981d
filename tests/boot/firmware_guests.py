"""Guests that reach their disk by the BIOS or by one small driver of their own: a boot sector, and GRUB.

They stand for systems without a kernel's drivers. Each tells on the serial port what it read from its disk.
"""

from __future__ import annotations

from pathlib import Path

from boot.disks import SECTOR
from boot.programs import run

_SCRIPTS = Path(__file__).parent / "guests"
_GRUB = Path("/usr/lib/grub/i386-pc")
_CYLINDER = 16 * 63
# Cylinder 3, head 5, sector 7 of a disk of 16 heads and 63 sectors, which guests/chs.asm reads by these numbers.
_CHS_SECTOR = (3 * 16 + 5) * 63 + 6
_GRUB_SECTOR = 4000
_COMMANDS = ("serial --unit=0", "terminal_output serial", "echo GUEST loader=grub")


def make_sector_guest(folder: Path) -> Path:
    """A boot sector that reads and writes a sector by cylinder, head and sector, as DOS does; its raw image."""
    folder.mkdir(parents=True, exist_ok=True)
    code = folder / "chs.bin"
    run("nasm", "-f", "bin", "-o", code, _SCRIPTS / "chs.asm")
    disk = bytearray(40 * _CYLINDER * SECTOR)
    disk[:SECTOR] = code.read_bytes()
    disk[_CHS_SECTOR * SECTOR : _CHS_SECTOR * SECTOR + 8] = b"CHS 3/5/"
    image = folder / "chs.raw"
    image.write_bytes(disk)
    return image


def make_grub_guest(folder: Path, driver: str) -> Path:
    """GRUB with one way to its disk: "biosdisk", or a driver of its own, "pata" or "ahci"; its raw image."""
    folder.mkdir(parents=True, exist_ok=True)
    name = {"biosdisk": "hd0", "pata": "ata0", "ahci": "ahci0"}[driver]
    script = folder / "grub.cfg"
    last = (f"cat ({name}){_GRUB_SECTOR}+1", "echo GUEST end=off", "halt")
    script.write_text("".join(f"{line}\n" for line in (*_COMMANDS, *last)), encoding="ascii")
    core = folder / "core.img"
    modules = (driver, "serial", "terminal", "echo", "cat", "halt")
    run("grub-mkimage", "-O", "i386-pc", "-p", "/", "-c", script, "-o", core, *modules)
    disk = bytearray(40 * _CYLINDER * SECTOR)
    # The first 440 bytes start what lies from sector 1 on.
    disk[:440] = (_GRUB / "boot.img").read_bytes()[:440]
    disk[SECTOR - 2 : SECTOR] = b"\x55\xaa"
    content = core.read_bytes()
    disk[SECTOR : SECTOR + len(content)] = content
    disk[_GRUB_SECTOR * SECTOR : (_GRUB_SECTOR + 1) * SECTOR] = b"GUEST disk=ok\n".ljust(SECTOR)
    image = folder / "grub.raw"
    image.write_bytes(disk)
    return image
