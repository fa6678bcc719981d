"""Where a file name inside a disk's files leads: into the VM's folder, out of it, or nowhere."""

from __future__ import annotations

import os
import re
from pathlib import Path

from vmxtool import _files
from vmxtool._record import Record

DATA_ENDINGS = ("-flat", "-delta", "-sesparse")
"""What the name of the data of a disk ends in, beside the descriptor that a config has to name."""

# Physical disks of Windows, Linux and ESX, and objects of a store that has no files (vSAN, virtual volumes). Four
# or five numbers without a file are a raw device of ESX Server 1 and 2.
_DEVICE = r"(?i)\\\\\.\\|//\./|/dev/|/vmfs/devices/|[a-z]{3,5}://|vmhba[0-9]+(?::[0-9]+){3,4}$"


class FoundFile(Record):
    """Where a name leads.

    Attributes:
        path: the file, if it exists inside the VM's folder; only this may be opened.
        size: its size in bytes, or None where it is no regular file.
        exists: whether something is there; known by stat alone where it is outside.
        outside: the name leads out of the VM's folder.
        device: the name is that of a device or of an object that is no file.
    """

    path: Path | None
    size: int | None
    exists: bool
    outside: bool
    device: bool = False


def locate(name: str, here: Path, folder: Path) -> FoundFile:
    """Follow a name written in a file of the folder `here`, out of `folder` never."""
    if is_device(name):
        # Asking Windows whether a device is there would open it.
        exists = name.startswith("/") and identity_of(Path(name)) is not None
        return FoundFile(None, None, exists=exists, outside=True, device=True)
    plain = _files.look_beside(here, name)
    if plain is not None:
        return FoundFile(Path(plain.path) if plain.exists else None, plain.size, exists=plain.exists, outside=False)
    named = _files.resolve(here, name, folder)
    if named.path is None and here != folder and _files.is_absolute(name):
        # A copied VM may have its base in the top folder although the delta lies below it.
        named = _files.resolve(folder, name)
    size = None if named.path is None else _files.size_of(named.path)
    return FoundFile(named.path, size, exists=named.exists, outside=named.outside)


def is_device(name: str) -> bool:
    """Return whether a name in a VM's file is that of a device, or of an object that is no file."""
    return re.match(_DEVICE, name) is not None


def identity_of(path: Path) -> tuple[int, int] | None:
    """Return device and inode of what a path leads to, alike for every spelling of it; None where nothing is there."""
    status = _files.status_of(path)
    return None if status is None else (status.st_dev, status.st_ino)


def shown(path: Path, folder: Path) -> str:
    """Return the name of a file for the reader: relative to the VM's folder where it lies inside, with slashes."""
    try:
        relative = Path(os.path.relpath(path, folder))
    except ValueError:  # on another drive of a Windows host
        return path.name
    return path.name if relative.parts[:1] == ("..",) else relative.as_posix()


def descriptor_of(name: str) -> str | None:
    """Return the name of the descriptor of a file that has the data of a disk; None for one not named so."""
    path = Path(name)
    ending = next((it for it in DATA_ENDINGS if path.stem.lower().endswith(it)), None)
    return None if ending is None else f"{name[: len(name) - len(path.suffix) - len(ending)]}{path.suffix}"
