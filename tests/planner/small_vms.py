"""Small VMs for tests: a config of a few lines, with the disks that it names made beside it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

_DISK_LINE = re.compile(r'^(ide|scsi|sata|nvme)\d:\d+\.(?:fileName|name) = "([^"]+\.vmdk)"', re.MULTILINE)


def descriptor(adapter: str = "ide", version: int = 4, extent: str = "disk-flat.vmdk", head: str = "") -> str:
    """The descriptor of a flat disk of one megabyte."""
    return _text(f'RW 2048 FLAT "{extent}" 0', "monolithicFlat", adapter, version, head)


def sparse_descriptor(sectors: int = 8192, adapter: str = "ide", version: int = 4, file: str = "disk.vmdk") -> str:
    """The descriptor inside a growing disk."""
    return _text(f'RW {sectors} SPARSE "{file}"', "monolithicSparse", adapter, version, "")


def _text(extent: str, create_type: str, adapter: str, version: int, head: str) -> str:
    return (
        f"# Disk DescriptorFile\nversion=1\nCID=1234abcd\nparentCID=ffffffff\n"
        f'createType="{create_type}"\n{head}\n# Extent description\n{extent}\n\n'
        f'# The Disk Data Base \n#DDB\n\nddb.virtualHWVersion = "{version}"\nddb.geometry.cylinders = "2"\n'
        f'ddb.geometry.heads = "16"\nddb.geometry.sectors = "63"\nddb.adapterType = "{adapter}"\n'
    )


def make_disk(path: Path, adapter: str = "ide", version: int = 4, head: str = "") -> None:
    """Make a flat disk: its descriptor at `path`, its data beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = path.with_name(f"{path.stem}-flat.vmdk")
    data.write_bytes(bytes(2048 * 512))
    path.write_text(descriptor(adapter, version, data.name, head), encoding="utf-8")


def make_vm(folder: Path, lines: str, hw: int = 6, guest: str = "winxppro", *, disks: bool = True) -> Machine:
    """Write a VM's config into a folder and read it; `lines` are its settings beyond version and guest.

    Disks that it names get the adapter of their bus, unless a file of that name is there already.
    """
    config = folder / "vm.vmx"
    head = f'config.version = "8"\nvirtualHW.version = "{hw}"\nguestOS = "{guest}"\n'
    text = head + "".join(f"{line.strip()}\n" for line in lines.strip().splitlines() if line.strip())
    config.write_text(text, encoding="utf-8")
    if disks:
        for bus, name in _DISK_LINE.findall(text):
            if not (folder / name).exists():
                make_disk(folder / name, "lsilogic" if bus in {"scsi", "nvme"} else "ide", hw)
    return read_machine(config)
