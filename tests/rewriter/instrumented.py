"""What the rewriter's tests share: a small VM with patches, and an operating system that stops, fails or records."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from build import make_disk, sparse_descriptor

from vmxtool.errors import WriteError
from vmxtool.rewriter.journal import file_ops, locks, paths, store
from vmxtool.rewriter.journal.patch import InPlacePatch, Patch, Range, ReplacePatch
from vmxtool.rewriter.journal.undo import undo

SECTOR = 512
NOBODY = 65534
DESCRIPTOR_AT = SECTOR
DESCRIPTOR_BYTES = 20 * SECTOR
NOTES = "".join(f'ddb.note{number} = "{"n" * 24}"\n' for number in range(24))

# What changes a file system, and what only looks at it.
CHANGING = frozenset(
    {"write", "fsync", "replace", "unlink", "mkdir", "rmdir", "fchmod", "fchown", "utime", "setxattr", "removexattr"}
)
LOOKING = frozenset({"read", "lseek", "fstat", "lstat", "listdir", "close", "listxattr", "getxattr", "access"})

Call = Callable[..., Any]
Hook = Callable[[str, Call, tuple[Any, ...], dict[str, Any]], Any]


class Instrumented:
    """Stands where the rewriter's modules have `os`; each call of the file system goes through `hook`."""

    def __init__(self, real: Any, hook: Hook) -> None:
        self._real = real
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        real = self._fchown if name == "fchown" else getattr(self._real, name)
        if name != "open" and name not in CHANGING | LOOKING:
            return real
        return lambda *args, **kwargs: self._hook(name, real, args, kwargs)

    def _fchown(self, descriptor: int, uid: int, gid: int) -> None:
        # A fake os has no fchown of its own, and the real one must not see a fake's descriptor.
        self._real.chown(descriptor, uid, gid)


@contextmanager
def instrumented(hook: Hook) -> Iterator[None]:
    """Let the rewriter run over `hook` for a while."""
    with pytest.MonkeyPatch.context() as patch:
        proxy = Instrumented(file_ops.os, hook)  # type: ignore[attr-defined]
        for module in (file_ops, locks, store, paths):
            patch.setattr(module, "os", proxy)
        yield


def is_change(name: str, args: tuple[Any, ...]) -> bool:
    """Whether a call changes the file system."""
    return name in CHANGING or (name == "open" and bool(args[1] & os.O_CREAT))


def killer(turn: int, *, torn: bool) -> Hook:
    """Kills this process before its change number `turn`, or `torn`, half-way through it where it is a write."""
    seen = -1

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal seen
        if is_change(name, args):
            seen += 1
            if seen == turn:
                if torn and name == "write":
                    real(args[0], bytes(args[1])[: len(args[1]) // 2])
                os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **kwargs)

    return hook


def instants(changes: list[str]) -> list[tuple[int, bool]]:
    """Before each change, and half-way through each write."""
    return [
        (turn, torn) for turn, name in enumerate(changes) for torn in ((False, True) if name == "write" else (False,))
    ]


def count_changes(action: Callable[[], object]) -> list[str]:
    """The names of the changing calls that an action makes, in order."""
    seen: list[str] = []

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if is_change(name, args):
            seen.append(name)
        return real(*args, **kwargs)

    with instrumented(hook):
        action()
    return seen


def start(action: Callable[[], object]) -> int:
    """Run an action in a process of its own; exit code 0, or 3 where it raises."""
    with warnings.catch_warnings():
        # Threads of a test runner are no matter to a child that only writes files.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child:
        return child
    code = 3
    try:
        action()
        code = 0
    finally:
        os._exit(code)


def finish(child: int) -> int:
    """The exit code of a process, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(action: Callable[[], object]) -> int:
    """`start` and `finish`."""
    return finish(start(action))


def killed(action: Callable[[], object], turn: int, *, torn: bool) -> None:
    """Run an action in a process that ends itself by SIGKILL at a turn."""

    def doomed() -> None:
        with instrumented(killer(turn, torn=torn)):
            action()

    assert run(doomed) == -signal.SIGKILL


def failure(action: Callable[[], object]) -> WriteError | None:
    """The error that an action ends with, or None."""
    try:
        action()
    except WriteError as error:
        return error
    return None


def settle(folder: Path) -> None:
    """What a user does after a crash; that there was nothing to undo is an answer too."""
    error = failure(lambda: undo(folder))
    if error is not None and "no rewrite to undo" not in str(error):
        raise error


def tree(folder: Path) -> dict[str, tuple[str, int]]:
    """SHA-256 and permission bits of every file but the journals, temporary files too."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and ".vmxtool" not in path.relative_to(folder).parts:
            found[path.relative_to(folder).as_posix()] = (sha256(path.read_bytes()).hexdigest(), path.stat().st_mode)
    return found


def listed(folder: Path) -> list[str]:
    """The names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def states(folder: Path) -> list[str]:
    """The names of the journals."""
    store = folder / ".vmxtool"
    return sorted(path.name for path in store.iterdir() if path.name != "lock") if store.exists() else []


def text_of(adapter: str) -> bytes:
    """The text inside a sparse disk; with another adapter, all behind it moves, over the end of a sector."""
    return sparse_descriptor(8192, adapter=adapter, hw=6, head=NOTES)


def sparse_disk(adapter: str) -> bytes:
    """A small disk with its descriptor inside: header, descriptor, data."""
    header = b"KDMV" + bytes(range(256)) + bytes(SECTOR - 260)
    return header + text_of(adapter).ljust(DESCRIPTOR_BYTES, b"\0") + b"grain" * 3000


def in_place(path: Path, before: str = "ide", after: str = "lsilogic") -> InPlacePatch:
    """The patch that gives a sparse disk another adapter: one range, the whole place of the descriptor."""
    old, new = (text_of(adapter).ljust(DESCRIPTOR_BYTES, b"\0") for adapter in (before, after))
    return InPlacePatch(path, (Range(DESCRIPTOR_AT, old, new),))


def replacing(path: Path, after: bytes | None = None) -> ReplacePatch:
    """The patch that gives a text file other content; from what it has now."""
    before = path.read_bytes()
    return ReplacePatch(path, before, before.replace(b"ide", b"lsilogic") if after is None else after)


def patched_vm(folder: Path) -> tuple[Patch, ...]:
    """Make a config and four disks, two with separate descriptors and two with them inside; patches of them all."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vm.vmx").write_bytes(b'virtualHW.version = "6"\r\nide0:0.present = "TRUE"\r\n' + b"# a comment\r\n" * 40)
    (folder / "vm.vmx").chmod(0o640)
    for name in ("a", "b"):
        make_disk(folder / f"{name}.vmdk", sectors=1, head=NOTES)
    for name in ("c", "d"):
        (folder / f"{name}.vmdk").write_bytes(sparse_disk("ide"))
    texts = [replacing(folder / name) for name in ("vm.vmx", "a.vmdk", "b.vmdk")]
    return (*texts, in_place(folder / "c.vmdk"), in_place(folder / "d.vmdk"))


@contextmanager
def ordinary_user() -> Iterator[tuple[Path, Callable[[Callable[[], object]], str]]]:
    """A folder of an ordinary user, and a way to do things as that user: gives what came of it as text.

    Root has every right, so for root the user is "nobody", in a process of its own; for anybody else it is oneself.
    """
    folder = Path(tempfile.mkdtemp())
    try:
        if os.geteuid() == 0:
            folder.chmod(0o755)
            os.chown(folder, NOBODY, NOBODY)
        yield folder, _as_nobody if os.geteuid() == 0 else _told
    finally:
        for path in folder.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o755)
        folder.chmod(0o755)
        shutil.rmtree(folder)


def _told(action: Callable[[], object]) -> str:
    try:
        return repr(action())
    except WriteError as error:
        return f"{type(error).__name__}: {error}"


def _as_nobody(action: Callable[[], object]) -> str:
    reading, writing = os.pipe()

    def act() -> None:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.write(writing, _told(action).encode()[:4096])

    code = run(act)
    os.close(writing)
    with os.fdopen(reading, encoding="utf-8") as stream:
        told = stream.read()
    assert code == 0, told
    return told
