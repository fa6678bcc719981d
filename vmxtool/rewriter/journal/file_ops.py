"""File operations for all writing: synced to the disk when they return, and naming the file when they fail."""

# Paths go straight to the calls of the operating system, so that a test can make each one of them fail or stop.
# ruff: noqa: PTH102, PTH105, PTH106, PTH108, PTH208

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

# No link is followed at the last step and no FIFO waited for: what is opened here was found to be a regular file, and
# if it is another one by now, that has to show. Windows has none of these flags but O_BINARY.
_COMMON = (
    getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_REMEDIES = {
    errno.ENOSPC: "make room on it",
    errno.EDQUOT: "make room in your quota",
    errno.EROFS: "mount it for writing or copy the VM elsewhere",
    errno.EACCES: "get the right to write there",
    errno.EPERM: "get the right to write there",
    errno.EIO: "check the disk it lies on",
    errno.ELOOP: "name the file itself and no link",
}
# What a file system answers that has no such thing as a sync of a folder.
_NO_FOLDER_SYNC = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_XATTRS = frozenset({errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
# Read this much at once, since the system's call takes the memory before it knows that the file is shorter.
_PIECE = 2**20
# Set by the system's policy, which also knows what a new file in this place gets.
_SYSTEM_XATTRS = ("security.", "trusted.")


class Attributes(Record):
    """What a file has beside its content: permission bits, owner and group by number, time of change in nanoseconds."""

    mode: int
    uid: int
    gid: int
    mtime_ns: int


def explain(error: OSError) -> str:
    """Return one line about a failed operation: the file, what the system said, what to do."""
    reason = (error.strerror or type(error).__name__).lower()
    remedy = _REMEDIES.get(error.errno or 0, "")
    place = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes | os.PathLike) else ""
    return (f"{place}: " if place else "") + reason + (f"; {remedy}" if remedy else "")


def status(path: Path) -> os.stat_result | None:
    """Return what lies at a path, links not followed; None where nothing does."""
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def attributes(path: Path) -> Attributes:
    """Return the attributes of a file."""
    found = os.lstat(path)
    return Attributes(stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, found.st_mtime_ns)


def names(folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(os.listdir(folder))


def check_writable(path: Path) -> None:
    """Open a file for writing and close it again: the only test that no kind of right or lock escapes."""
    with opened(path, os.O_RDWR):
        pass


def read(path: Path, limit: int) -> bytes:
    """Return a regular file's content, up to `limit` bytes."""
    with opened(path, os.O_RDONLY) as descriptor:
        return _read_at(descriptor, 0, limit)


def read_ranges(path: Path, spans: Sequence[tuple[int, int]]) -> list[bytes]:
    """Return the bytes at each (offset, length) of a file; fewer where the file ends."""
    with opened(path, os.O_RDONLY) as descriptor:
        return [_read_at(descriptor, offset, length) for offset, length in spans]


def stage(path: Path, data: bytes, like: Attributes, target: Path, *, keep_time: bool, lost: bool = False) -> None:
    """Make a file ready to take the place of `target`: content, owner, extended attributes, permission bits, synced.

    Args:
        path: where to make it; what was left there is removed.
        data: the content.
        like: owner, group and permission bits, and with `keep_time` the time of change.
        target: the file whose extended attributes it takes over.
        keep_time: give it the time of change that `like` has.
        lost: `target` is gone, so nothing is taken from it. It comes to belong to us or to the owner of its folder,
            whatever `like` says, and where that cannot be, it is no reason to refuse.

    Raises:
        WriteError: the file would come to belong to somebody else.
    """
    remove(path)
    with opened(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as descriptor:
        _write(descriptor, data)
        _take_owner(descriptor, like, target, lost)
        if not lost:
            _take_xattrs(descriptor, target)
        if hasattr(os, "fchmod"):
            # Last of the rights: a change of owner clears bits, and an access list rewrites those of the group.
            os.fchmod(descriptor, like.mode)
        if keep_time:
            _set_time(descriptor, path, like.mtime_ns)
        sync(descriptor)


def create(path: Path, data: bytes) -> None:
    """Make a new file that only its owner reads, synced and read again; its folder is not synced."""
    with opened(path, os.O_RDWR | os.O_CREAT | os.O_EXCL) as descriptor:
        _write(descriptor, data)
        sync(descriptor)
        _compare(descriptor, 0, data, path)


def replace(source: Path, target: Path) -> None:
    """Put `source` in the place of `target` in one step, and sync the folder (both lie in the same one)."""
    os.replace(source, target)
    sync_folder(target.parent)


def overwrite(path: Path, pieces: Sequence[tuple[int, bytes]], mtime_ns: int | None) -> None:
    """Write the pieces at their offsets, set the time of change unless it is None, sync, read again and compare.

    Without pieces the file is synced alone: an earlier process may have died before it came to that.
    """
    with opened(path, os.O_RDWR) as descriptor:
        for offset, data in pieces:
            os.lseek(descriptor, offset, os.SEEK_SET)
            _write(descriptor, data)
        if mtime_ns is not None:
            _set_time(descriptor, path, mtime_ns)
        sync(descriptor)
        for offset, data in pieces:
            _compare(descriptor, offset, data, path)


def sync_file(path: Path) -> None:
    """Sync a file that needs no change, and its folder: an earlier process may have died before it synced them."""
    # Windows syncs only what is open for writing; elsewhere no right to write is needed.
    with opened(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY) as descriptor:
        sync(descriptor)
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file; one that is not there is removed already."""
    with suppress(FileNotFoundError):
        os.unlink(path)


def make_folder(path: Path) -> None:
    """Make a folder for its owner alone, if nothing lies there."""
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)


def remove_folder(path: Path) -> None:
    """Remove an empty folder."""
    os.rmdir(path)


def sync(descriptor: int) -> None:
    """Wait until a file's bytes are on the disk itself."""
    if sys.platform == "darwin":
        # There fsync() leaves them in the drive's own memory.
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    os.fsync(descriptor)


def sync_folder(path: Path) -> None:
    """Wait until the names in a folder are on the disk itself; Windows offers no such thing."""
    if os.name == "nt":
        return
    with opened(path, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)) as descriptor:
        try:
            sync(descriptor)
        except OSError as error:
            if error.errno not in _NO_FOLDER_SYNC:
                raise


@contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """Open a file and yield its descriptor; errors that know no file name get this one."""
    try:
        descriptor = os.open(path, flags | _COMMON, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def open_for_lock(path: Path) -> int:
    """Return a descriptor of a file that is there to be locked, made if need be; the caller closes it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | _COMMON, 0o600)


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        written = os.write(descriptor, rest)
        if written <= 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rest = rest[written:]


def _read_at(descriptor: int, offset: int, length: int) -> bytes:
    os.lseek(descriptor, offset, os.SEEK_SET)
    parts: list[bytes] = []
    while length > 0 and (part := os.read(descriptor, min(length, _PIECE))):
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _compare(descriptor: int, offset: int, data: bytes, path: Path) -> None:
    if _read_at(descriptor, offset, len(data)) != data:
        raise OSError(errno.EIO, "reads back other than it was written", str(path))


def _set_time(descriptor: int, path: Path, mtime_ns: int) -> None:
    # A courtesy to programs that copy by time of change: only a file's owner has the right to it.
    with suppress(OSError):
        os.utime(descriptor if os.utime in os.supports_fd else path, ns=(os.fstat(descriptor).st_atime_ns, mtime_ns))


def _take_owner(descriptor: int, like: Attributes, target: Path, lost: bool) -> None:
    made = os.fstat(descriptor)
    wanted_uid, wanted_gid = like.uid, like.gid
    if lost:
        # Nothing but the journal tells of this owner, and a journal can be made up.
        near = os.lstat(target.parent)
        wanted_uid = like.uid if like.uid == made.st_uid else near.st_uid
        wanted_gid = like.gid if like.gid == made.st_gid else near.st_gid
    uid, gid = (-1 if made.st_uid == wanted_uid else wanted_uid), (-1 if made.st_gid == wanted_gid else wanted_gid)
    if (uid, gid) == (-1, -1) or not hasattr(os, "fchown"):
        return
    try:
        os.fchown(descriptor, uid, gid)
    except PermissionError:
        if not lost:
            problem = f"it belongs to user {like.uid}, group {like.gid}, and the rewritten file would not"
            raise WriteError(f"{target}: {problem}; run vmxtool as that user or as root") from None


def _take_xattrs(descriptor: int, target: Path) -> None:
    if not hasattr(os, "listxattr"):
        return
    try:
        wanted = os.listxattr(target, follow_symlinks=False)
    except OSError as error:
        if error.errno in _NO_XATTRS:
            return
        raise
    given = os.listxattr(descriptor)
    for name in wanted:
        value = os.getxattr(target, name, follow_symlinks=False)
        if name in given and os.getxattr(descriptor, name) == value:
            continue
        try:
            os.setxattr(descriptor, name, value)
        except OSError:
            if not name.startswith(_SYSTEM_XATTRS):
                raise
    for name in given:
        # An access list that the folder hands down to new files, which this file did not have.
        if name not in wanted and not name.startswith(_SYSTEM_XATTRS):
            os.removexattr(descriptor, name)
