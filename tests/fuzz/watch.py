"""What a block opens, lists and changes, heard by an audit hook, which nothing can bypass; and how much it may hold."""

from __future__ import annotations

import os
import resource
import sys
import sysconfig
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vmxtool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_READS = frozenset({"os.listdir", "os.scandir", "os.getxattr", "os.listxattr", "os.chdir"})
# Events that change something, and how many of their arguments are paths.
_CHANGES = {
    "os.rename": 2, "os.remove": 1, "os.mkdir": 1, "os.rmdir": 1, "os.link": 2, "os.chmod": 1, "os.chown": 1,
    "os.truncate": 1, "os.utime": 1, "os.setxattr": 1, "os.removexattr": 1, "os.symlink": 2,
}  # fmt: skip
# Nothing here has a reason to start a program or to speak to anyone.
_NEVER = (
    "subprocess.",
    "os.system",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "socket.",
    "os.startfile",
    "os.kill",
)
_CALLERS = 3
_ROOT = Path(vmxtool.__file__).parents[1]
_PACKAGE = f"{_ROOT / 'vmxtool'}{os.sep}"


class RefusedError(PermissionError):
    """The watch refuses a change outside the case's own folder: a find must not cost its finder a file."""


@dataclass
class Watched:
    """What was heard, as real paths.

    Attributes:
        fence: the folder outside of which every change is refused.
        read: what was opened or listed to be read, each with the function of vmxtool that did it first.
        written: what was opened to be written, or changed otherwise, with the event.
        started: events that have nothing to do in vmxtool.
    """

    fence: str
    read: dict[str, str] = field(default_factory=dict)
    written: set[tuple[str, str]] = field(default_factory=set)
    started: set[str] = field(default_factory=set)


_LISTENERS: list[Watched] = []


@contextmanager
def watching(fence: Path) -> Iterator[Watched]:
    """Hear everything within the block, and refuse changes outside a folder."""
    _hear()
    heard = Watched(os.path.realpath(fence))
    _LISTENERS.append(heard)
    try:
        yield heard
    finally:
        _LISTENERS.remove(heard)


@contextmanager
def memory_held(more: int) -> Iterator[None]:
    """Let the process have so many bytes more than it has now; what wants more gets a `MemoryError`."""
    pages = Path("/proc/self/statm")
    if not pages.exists():  # no Linux: the limit would have to be guessed
        yield
        return
    held = int(pages.read_text().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (held + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def is_in(path: str, folder: str) -> bool:
    """Whether a real path is a folder or lies in it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


@cache
def own_folders() -> tuple[str, ...]:
    """Where vmxtool's own data and the interpreter's library lie."""
    libraries = (sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    folders = (_ROOT / "vmxtool", _ROOT / "grammars", *map(Path, libraries))
    always = "/proc/self", f"/proc/{os.getpid()}", "/dev/null"
    return (*(os.path.realpath(folder) for folder in folders), *always)


@cache
def _hear() -> None:
    # A hook stays for the life of the process, so it is set once.
    sys.addaudithook(_listen)


def _listen(event: str, arguments: tuple[Any, ...]) -> None:
    if not _LISTENERS:
        return
    if event == "open":
        path, _, flags = arguments
        # A descriptor that is already open comes as its number.
        if not isinstance(path, int):
            if flags & _WRITING:
                _note_change(event, path, follow=not flags & getattr(os, "O_NOFOLLOW", 0))
            elif not (flags & getattr(os, "O_NOFOLLOW", 0) and Path(os.fsdecode(path)).is_symlink()):
                _note_read(path)
    elif event in _READS:
        if not isinstance(arguments[0], int):
            _note_read(arguments[0] if arguments[0] is not None else ".")
    elif event in _CHANGES:
        paths = arguments[1:2] if event == "os.symlink" else arguments[: _CHANGES[event]]
        for path in paths:
            if not isinstance(path, int):
                _note_change(event, path, follow=event not in {"os.rename", "os.remove", "os.link", "os.symlink"})
    elif event.startswith(_NEVER):
        for heard in _LISTENERS:
            heard.started.add(event)


def _note_read(path: Any) -> None:
    real = os.path.realpath(os.fsdecode(path))
    for heard in _LISTENERS:
        if real not in heard.read:
            heard.read[real] = _who()


def _who() -> str:
    """The innermost functions of vmxtool that are running: who opened, and for whom."""
    frame: FrameType | None = sys._getframe(1)
    names: list[str] = []
    while frame is not None and len(names) < _CALLERS:
        file = frame.f_code.co_filename
        if file.startswith(_PACKAGE):
            names.append(f"{file.removeprefix(_PACKAGE)}:{frame.f_code.co_name}")
        frame = frame.f_back
    return " for ".join(names) or "no function of vmxtool"


def _note_change(event: str, path: Any, *, follow: bool) -> None:
    name = os.fsdecode(path)
    folder, last = os.path.split(os.path.abspath(name))
    real = os.path.realpath(name) if follow else os.path.join(os.path.realpath(folder), last)
    for heard in _LISTENERS:
        heard.written.add((event, real))
        if not is_in(real, heard.fence) and real != "/dev/null":
            raise RefusedError(1, "refused by the fuzzer's watch", name)
