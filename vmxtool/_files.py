"""Reach the files of a VM safely: regular files only, never more bytes than asked for, never outside the VM's folder."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

from vmxtool.errors import InputError

# A FIFO or device named like a disk must not make an open() wait; Windows has neither flag.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def read_range(path: Path, start: int, length: int) -> bytes:
    """Up to `length` bytes of a regular file from byte `start`; fewer where the file ends.

    Raises:
        InputError: the file is missing, not a regular file, or the system does not let us read it.
    """
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except OSError as error:
        raise InputError(path, _reason(error), "check the name and your rights to it") from None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise InputError(path, "not a regular file", "name the file itself")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            stream.seek(start)
            return stream.read(length)
    except OSError as error:
        raise InputError(path, _reason(error), "check the disk it lies on") from None
    finally:
        os.close(descriptor)


def size_of(path: Path) -> int | None:
    """Size in bytes of a regular file, or None where there is none that we may stat."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


@dataclass(frozen=True, slots=True)
class Named:
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


def resolve(folder: Path, name: str) -> Named:
    """Follow a file name written in a VM's file, from the folder of the file that has it.

    Understands POSIX and Windows paths, VMFS paths (`vmhba0:0:0:1:x.vmdk`, `label:x.vmdk`,
    `/vmfs/volumes/...`) and datastore paths (`[store] dir/x.vmdk`): facts in VMware's ESX Server 2 and 3 guides.
    """
    if not name or "\x00" in name:
        return Named(name, None, outside=False, exists=False)
    last = last_part(name)
    candidate = folder / name if not _is_foreign(name) else None
    if candidate is None and "\\" in name and not is_absolute(name):
        candidate = folder.joinpath(*PureWindowsPath(name).parts)
    if candidate is not None:
        size_known = _exists(candidate)
        if size_known and _inside(folder, candidate):
            return Named(name, candidate, outside=False, exists=True)
        if not _inside(folder, candidate) and not is_absolute(name):
            return Named(name, None, outside=True, exists=size_known)
        if not is_absolute(name):
            return Named(name, None, outside=False, exists=False)
        if size_known:
            return Named(name, None, outside=True, exists=True)
    beside = folder / last
    if last and _exists(beside) and _inside(folder, beside):
        return Named(name, beside, outside=False, exists=True, moved=True)
    return Named(name, None, outside=True, exists=False)


def is_absolute(name: str) -> bool:
    """Whether a name is a full path of some host: POSIX, Windows, UNC, VMFS or datastore."""
    return name.startswith("/") or _is_foreign(name)


def last_part(name: str) -> str:
    """The file name at the end of a path of any of those forms."""
    tail = name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    if _is_foreign(name) and ":" in tail:
        tail = tail.rsplit(":", 1)[-1]
    if name.startswith("[") and "]" in tail:
        tail = tail.rsplit("]", 1)[-1].lstrip()
    return "" if tail in {"", ".", ".."} else tail


def _is_foreign(name: str) -> bool:
    return (
        name.startswith(("[", "\\\\"))
        or bool(PureWindowsPath(name).drive)
        or (":" in name and not name.startswith("/") and PurePosixPath(name).name.lower().endswith((".vmdk", ".dsk")))
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _inside(folder: Path, path: Path) -> bool:
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        return False


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
