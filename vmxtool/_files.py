"""Reach the files of a VM safely: regular files only, bounded in bytes, never outside the VM's folder."""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

# /vmfs/volumes/X/a.vmdk, vmhba0:0:0:1:a.vmdk, [store] a/a.vmdk
_ESX_PATH = r"(?i)/vmfs/|vmhba[0-9]|\[[^\]]+\] "
_DRIVE_LETTER = r"[A-Za-z]:"
# What no name has that lies in the folder where it is written.
_NOT_PLAIN = r"[/\\:\x00]|^\["
_NO_NAMES = frozenset({"", ".", ".."})
# A FIFO or device named like a disk must not make an open() wait; Windows has neither flag.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class OpenFile:
    """A regular file that is open for reading, as `open_file` gives it; `size` is its size in bytes when opened."""

    __slots__ = ("_at", "_descriptor", "_path", "size")

    def __init__(self, path: Path, descriptor: int, size: int) -> None:
        """Take the descriptor of an open file; `path` is for messages."""
        self._path = path
        self._descriptor = descriptor
        self._at = 0
        self.size = size

    def read(self, start: int, length: int) -> bytes:
        """Return up to `length` bytes from byte `start`; fewer where the file ends.

        Raises:
            InputError: the system does not let us read it.
        """
        # A read allocates what it asks for, so it asks for no more than the file has, and a byte to see it grow.
        there = max(self.size - start, 0)
        wanted = min(length, there + 1)
        try:
            # No pread, which Windows does not have.
            if start != self._at:
                os.lseek(self._descriptor, start, os.SEEK_SET)
            data = more = os.read(self._descriptor, wanted)
            # One call is enough unless it gives less than is there, as those of file servers may do.
            while more and len(data) < min(wanted, there):
                more = os.read(self._descriptor, wanted - len(data))
                data += more
        except OSError as error:
            raise InputError(self._path, _reason(error), "check the disk it lies on") from None
        self._at = start + len(data)
        return data


@contextmanager
def open_file(path: Path) -> Iterator[OpenFile]:
    """Open a regular file for reading.

    Raises:
        InputError: the file is missing, not a regular file, or the system does not let us read it.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise InputError(path, _reason(error), "check the name and your rights to it") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(path, "not a regular file", "name the file itself")
        yield OpenFile(path, descriptor, status.st_size)
    finally:
        os.close(descriptor)


def read_range(path: Path, start: int, length: int) -> bytes:
    """Return up to `length` bytes of a regular file from byte `start`; fewer where the file ends.

    Raises:
        InputError: the file is missing, not a regular file, or the system does not let us read it.
    """
    with open_file(path) as file:
        return file.read(start, length)


def size_of(path: Path) -> int | None:
    """Return the size in bytes of a regular file, or None where there is none that we may stat."""
    status = status_of(path)
    return status.st_size if status is not None and stat.S_ISREG(status.st_mode) else None


def status_of(path: Path) -> os.stat_result | None:
    """Return what the system says of what a path leads to, or None where there is nothing that we may stat."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


class Named(Record):
    """What a file name inside a VM's file leads to.

    Attributes:
        name: the name as the VM's file has it.
        path: where the file lies, if it lies inside the VM's folder and exists; only this may be opened.
        outside: the name leads out of the VM's folder.
        exists: whether a file is there (found by stat alone where it is outside).
        moved: the name is a path of another host, and the file was found by its last part beside the config.
    """

    name: str
    path: Path | None
    outside: bool
    exists: bool
    moved: bool = False


def resolve(folder: Path, name: str, root: Path | None = None) -> Named:
    """Follow a file name written in a VM's file, from the folder of the file that has it.

    `root` is the VM's folder, out of which no name may lead; without it `folder` itself is. Understands POSIX and
    Windows paths, VMFS paths (`vmhba0:0:0:1:x.vmdk`, `label:x.vmdk`, `/vmfs/volumes/...`) and datastore paths
    (`[store] dir/x.vmdk`), as the administration guides of ESX Server 2 and 3 have them. A full path of another host
    that leads nowhere here is looked for by its last part, because a VM that was copied has its files side by side.
    """
    root = folder if root is None else root
    if not name or "\x00" in name:
        return Named(name, None, outside=False, exists=False)
    plain = look_beside(folder, name)
    if plain is not None:
        return Named(name, Path(plain.path) if plain.exists else None, outside=False, exists=plain.exists)
    if not _is_foreign(name):
        for spelling in (name, name.replace("\\", "/")):
            path = os.path.join(folder, spelling)
            if os.path.exists(path):
                inside = is_inside(root, path)
                return Named(name, Path(path) if inside else None, outside=not inside, exists=True)
        if not name.startswith("/"):
            leads_out = not os.path.normpath(os.path.join(folder, name.replace("\\", "/"))).startswith(
                os.path.join(os.path.normpath(root), "")
            )
            return Named(name, None, outside=leads_out, exists=False)
    last = last_part(name)
    beside = os.path.join(folder, last)
    if last and os.path.exists(beside) and is_inside(root, beside):
        return Named(name, Path(beside), outside=False, exists=True, moved=True)
    return Named(name, None, outside=True, exists=False)


class Beside(Record):
    """What a plain name leads to: the path, whether a file is there, and its size in bytes."""

    path: str
    exists: bool
    size: int | None


def look_beside(folder: Path, name: str) -> Beside | None:
    """Look at a name without folders in a folder that lies in the VM's, with one call to the system.

    Most files of a VM, up to thousands of pieces of a disk, are named so. None where the name has a folder, a drive or
    a store in it, or what is there is no regular file: a link, which may lead anywhere, a folder, a device.
    """
    if re.search(_NOT_PLAIN, name) or name in _NO_NAMES:
        return None
    path = os.path.join(folder, name)
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return Beside(path, exists=False, size=None)
    return Beside(path, exists=True, size=status.st_size) if stat.S_ISREG(status.st_mode) else None


def real_path(path: Path, root: Path) -> Path:
    """Follow all symbolic links of a path; `root` is a folder in whose own path there are none."""
    return path if _is_directly_in(root, path) else Path(os.path.realpath(path))


def _is_directly_in(root: Path, path: str | Path) -> bool:
    # What is no link lies where its name says, and needs no look at any folder above it.
    folder, name = os.path.split(path)
    plain = folder == str(root) and name not in _NO_NAMES and "\x00" not in name
    return plain and not os.path.islink(path)


def is_absolute(name: str) -> bool:
    """Return whether a name is a full path of some host: POSIX, Windows, UNC, VMFS or datastore."""
    return name.startswith("/") or _is_foreign(name)


def is_on_esx(name: str) -> bool:
    """Return whether only an ESX host has such a path: in a datastore, or on a VMFS volume, by its label too."""
    if re.match(_ESX_PATH, name) is not None:
        return True
    return ":" in name.partition("/")[0] and re.match(_DRIVE_LETTER, name) is None


def last_part(name: str) -> str:
    """Return the file name at the end of a path of any of those forms."""
    tail = name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    if _is_foreign(name) and ":" in tail:
        tail = tail.rsplit(":", 1)[-1]
    if name.startswith("[") and "]" in tail:
        tail = tail.rsplit("]", 1)[-1].lstrip()
    return "" if tail in {"", ".", ".."} else tail


def _is_foreign(name: str) -> bool:
    # A colon before the first slash is a drive letter, a VMFS label or a vmhba address; on a VM's own disk no product
    # writes one.
    return name.startswith(("[", "\\")) or ":" in name.partition("/")[0]


def is_inside(root: Path, path: str | Path) -> bool:
    """Return whether a path lies inside a folder, the symbolic links of both followed."""
    if _is_directly_in(root, path):
        return True
    try:
        real, real_root = os.path.realpath(path), os.path.realpath(root)
    except (OSError, ValueError):
        return False
    return real.startswith(os.path.join(real_root, ""))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
