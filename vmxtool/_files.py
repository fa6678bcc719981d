"""Reach the files of a VM safely: regular files only, bounded in bytes, never outside the VM's folder."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from vmxtool._record import Record
from vmxtool.errors import InputError

# /vmfs/volumes/X/a.vmdk, vmhba0:0:0:1:a.vmdk, [store] a/a.vmdk
_ESX_PATH = r"(?i)/vmfs/|vmhba[0-9]|\[[^\]]+\] "
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
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise InputError(path, "not a regular file", "name the file itself")
        with os.fdopen(descriptor, "rb", closefd=False) as stream:
            stream.seek(start)
            # A read allocates what it asks for, so it asks for no more than the file has, and a byte to see it grow.
            return stream.read(min(length, max(status.st_size - start, 0) + 1))
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
    foreign = _is_foreign(name)
    if not foreign:
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


def is_absolute(name: str) -> bool:
    """Whether a name is a full path of some host: POSIX, Windows, UNC, VMFS or datastore."""
    return name.startswith("/") or _is_foreign(name)


def is_on_esx(name: str) -> bool:
    """Whether a name is a path that only an ESX host has: on a VMFS volume or in a datastore."""
    return re.match(_ESX_PATH, name) is not None


def last_part(name: str) -> str:
    """The file name at the end of a path of any of those forms."""
    tail = name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    if _is_foreign(name) and ":" in tail:
        tail = tail.rsplit(":", 1)[-1]
    if name.startswith("[") and "]" in tail:
        tail = tail.rsplit("]", 1)[-1].lstrip()
    return "" if tail in {"", ".", ".."} else tail


def _is_foreign(name: str) -> bool:
    # A colon before the first slash is a drive letter, a VMFS label or a vmhba address; on a VM's own disk no product
    # writes one.
    return name.startswith(("[", "\\\\")) or ":" in name.partition("/")[0]


def is_inside(root: Path, path: str | Path) -> bool:
    """Whether a path lies inside a folder, the symbolic links of both followed."""
    try:
        real, real_root = os.path.realpath(path), os.path.realpath(root)
    except (OSError, ValueError):
        return False
    return real.startswith(os.path.join(real_root, ""))


def _reason(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
