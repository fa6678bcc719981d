"""Each call of the file system failing in turn; a full disk and one where case does not matter, which are fakes."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pyfakefs.fake_os import FakeOsModule
from rewriter.instrumented import (
    CHANGING,
    LOOKING,
    Call,
    Hook,
    failure,
    in_place,
    instrumented,
    listed,
    patched_vm,
    replacing,
    settle,
    sparse_disk,
    states,
    tree,
)

from vmxtool.errors import Interrupted, WriteError
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.store import unfinished
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.journal.write import write

if TYPE_CHECKING:
    from collections.abc import Callable

    from pyfakefs.fake_filesystem import FakeFilesystem

    from vmxtool.rewriter.journal.patch import Patch


@pytest.fixture
def disk(fs: FakeFilesystem, monkeypatch: pytest.MonkeyPatch) -> FakeFilesystem:
    """A fake file system, mended: its own os.open() gives a file that is there already other permission bits."""
    opening = FakeOsModule.open

    def open_and_keep_mode(self: FakeOsModule, path: Any, flags: int, mode: int = 0o777) -> int:
        before = fs.get_object(path).st_mode if fs.exists(path) and not flags & os.O_EXCL else None
        descriptor: int = opening(self, path, flags, mode)
        if before is not None:
            fs.get_object(path).st_mode = before
        return descriptor

    monkeypatch.setattr(FakeOsModule, "open", open_and_keep_mode)
    return fs


ERRORS = {code: os.strerror(getattr(errno, code)) for code in ("ENOSPC", "EIO", "EROFS", "EACCES")}

# How a call can fail: it does nothing; it does its work and says that it did not; half of it; and from then on always.
WAYS = ("at once", "after the fact", "half-way", "for good")


class Faulty:
    """Lets call number `turn` fail."""

    def __init__(self, turn: int, code: str, way: str) -> None:
        self.turn, self.code, self.way = turn, code, way
        self.seen = -1
        self.failed: list[str] = []

    def hook(self, name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        self.seen += 1
        due = self.seen == self.turn or (self.way == "for good" and self.seen > self.turn)
        # A disk that is full or read-only can be looked at, and gets closed.
        if not due or (self.way == "for good" and self.code != "EIO" and name in LOOKING):
            return real(*args, **kwargs)
        self.failed.append(name)
        if name == "close" or (self.way == "after the fact" and name not in {"open", "mkdir", "read", "lseek"}):
            real(*args, **kwargs)
        elif self.way == "half-way" and name == "write":
            real(args[0], bytes(args[1])[: len(args[1]) // 2])
        raise OSError(getattr(errno, self.code), ERRORS[self.code])


def count_calls(action: Callable[[], object]) -> list[str]:
    """The names of all calls that an action makes."""
    names: list[str] = []

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        names.append(name)
        return real(*args, **kwargs)

    with instrumented(hook):
        action()
    return names


def small_vm(folder: Path) -> tuple[Patch, ...]:
    """A config, a separate descriptor and a disk with its own, and their patches."""
    patched_vm(folder)
    for name in ("b.vmdk", "b-flat.vmdk", "d.vmdk"):
        (folder / name).unlink()
    return replacing(folder / "vm.vmx", b"new\r\n"), replacing(folder / "a.vmdk"), in_place(folder / "c.vmdk")


def faults(calls: list[str]) -> list[tuple[int, str, str]]:
    """Every call with every way to fail that makes a difference for it."""
    found = []
    for turn, name in enumerate(calls):
        codes = ERRORS if name in CHANGING or name == "open" else ("EIO",)
        found += [(turn, code, "at once") for code in codes]
        if name in CHANGING:
            found.append((turn, "EIO", "after the fact"))
        if name == "write":
            found.append((turn, "ENOSPC", "half-way"))
    return found


def test_each_call_of_a_rewrite_fails_in_turn(tmp_path: Path) -> None:
    """All files are as before and nothing is left over, or all are new and an undo takes them back."""
    calls = count_calls(lambda: write(tmp_path / "count", small_vm(tmp_path / "count"), {}))
    results = {"old": 0, "new": 0}
    for turn, code, way in faults(calls):
        folder = tmp_path / f"{turn}-{code}-{way}"
        patches = small_vm(folder)
        old = tree(folder)
        fault = Faulty(turn, code, way)
        with instrumented(fault.hook):
            error = failure(lambda: write(folder, patches, {}))  # noqa: B023
        assert fault.failed == [calls[turn]]
        # One fault is always made good at once.
        assert not isinstance(error, Interrupted), (turn, code, way, calls[turn], error)
        if error:
            assert "\n" not in str(error)
            assert tree(folder) == old, (turn, code, way, calls[turn], error)
            assert unfinished(folder) is None, (turn, code, way, calls[turn], error)
            results["old"] += 1
        else:
            assert tree(folder) != old
            results["new"] += 1
            undo(folder)
        assert tree(folder) == old, (turn, code, way, calls[turn])
        shutil.rmtree(folder)
    assert results["old"] > 100
    assert results["new"] > 0


@pytest.mark.parametrize("code", ERRORS)
def test_from_some_call_on_everything_fails(tmp_path: Path, code: str) -> None:
    """A disk that dies, or stays full: nothing can be taken back now, and all of it once the disk is well again."""
    calls = count_calls(lambda: write(tmp_path / "count", small_vm(tmp_path / "count"), {}))
    interrupted = 0
    for turn in range(len(calls)):
        folder = tmp_path / f"{turn}"
        patches = small_vm(folder)
        old = tree(folder)
        fault = Faulty(turn, code, "for good")
        with instrumented(fault.hook):
            error = failure(lambda: write(folder, patches, {}))  # noqa: B023
        if isinstance(error, Interrupted):
            interrupted += 1
            assert str(error).endswith(("; undo it first", "; after that undo the rewrite"))
            assert unfinished(folder) or states(folder) == ["0001.done"]
        elif error:
            assert tree(folder) == old, (turn, calls[turn], error)
        settle(folder)
        assert tree(folder) == old, (turn, calls[turn])
        shutil.rmtree(folder)
    assert interrupted > 0


@pytest.mark.parametrize("cut_short", [False, True], ids=["of a rewrite", "of a rewrite cut short"])
def test_each_call_of_an_undo_fails_in_turn(tmp_path: Path, cut_short: bool) -> None:
    """Undoing again finishes it."""

    ready = tmp_path / "ready"
    patches = small_vm(ready)
    old = tree(ready)
    path = write(ready, patches, {})
    assert path is not None
    if cut_short:
        path.rename(path.with_suffix(".journal"))
    shutil.copytree(ready, tmp_path / "count")
    calls = count_calls(lambda: undo(tmp_path / "count"))
    for turn, code, way in faults(calls):
        folder = tmp_path / f"{turn}-{code}-{way}"
        shutil.copytree(ready, folder)
        new = tree(folder)
        fault = Faulty(turn, code, way)
        with instrumented(fault.hook):
            error = failure(lambda: undo(folder))  # noqa: B023
        if isinstance(error, Interrupted):
            assert str(error).endswith("; rewrite 0001 is not undone yet; after that go on with the undo")
            assert unfinished(folder), (turn, code, way, calls[turn], error)
        elif error:
            assert tree(folder) == new, (turn, code, way, calls[turn], error)
        assert fault.failed == [calls[turn]]
        if states(folder) != ["0001.undone"]:
            undo(folder)
        assert tree(folder) == old, (turn, code, way, calls[turn])
        shutil.rmtree(folder)


@pytest.mark.parametrize("room", [0, 100, 3000, 30_000, 50_000, 60_000])
def test_full_disk(disk: FakeFilesystem, room: int) -> None:
    folder = Path("/vm")
    patches = small_vm(folder)
    old = tree(folder)
    disk.set_disk_usage(disk.get_disk_usage()[1] + room)
    with pytest.raises(WriteError, match="no space left on device; make room on it; nothing was changed") as caught:
        write(folder, patches, {})
    assert not isinstance(caught.value, Interrupted)
    assert tree(folder) == old
    assert states(folder) == []


def test_disk_with_just_enough_room(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    disk.set_disk_usage(disk.get_disk_usage()[1] + 200_000)
    assert write(Path("/vm"), patches, {}) is not None


def test_file_system_without_sync_of_folders(disk: FakeFilesystem) -> None:
    """Some network file systems refuse it; they have nothing to sync then."""
    folders: set[int] = set()

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = None
        if name == "fsync" and args[0] in folders:
            raise OSError(errno.EINVAL, "Invalid argument")
        result = real(*args, **kwargs)
        if name == "open":
            (folders.add if args[1] & os.O_DIRECTORY else folders.discard)(result)
        return result

    patches = small_vm(Path("/vm"))
    with instrumented(hook):
        assert write(Path("/vm"), patches, {}) is not None
    assert folders
    assert undo(Path("/vm")).files


def test_disk_that_reads_back_other_than_was_written(disk: FakeFilesystem) -> None:
    """The last sector written is lost on its way, without an error."""
    patches = small_vm(Path("/vm"))
    old = tree(Path("/vm"))
    lost = 0

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal lost
        if name == "write" and len(args[1]) == 512 and not lost:
            lost += 1
            return len(args[1])
        return real(*args, **kwargs)

    with instrumented(hook), pytest.raises(WriteError, match=r"c\.vmdk: reads back other than it was written"):
        write(Path("/vm"), patches, {})
    assert lost
    assert tree(Path("/vm")) == old


def test_short_writes_are_gone_on_with(disk: FakeFilesystem) -> None:
    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return real(args[0], bytes(args[1])[:100]) if name == "write" else real(*args, **kwargs)

    patches = small_vm(Path("/vm"))
    with instrumented(hook):
        write(Path("/vm"), patches, {})
    assert Path("/vm/c.vmdk").read_bytes() == sparse_disk("lsilogic")
    undo(Path("/vm"))


def test_interrupt_key_takes_everything_back(tmp_path: Path) -> None:
    def press(turn: int) -> Hook:
        seen = -1

        def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal seen
            seen += 1
            if seen == turn:
                raise KeyboardInterrupt
            return real(*args, **kwargs)

        return hook

    calls = count_calls(lambda: write(tmp_path / "count", small_vm(tmp_path / "count"), {}))
    for turn, name in enumerate(calls):
        if name == "close":
            continue
        folder = tmp_path / f"{turn}"
        patches = small_vm(folder)
        old = tree(folder)
        with instrumented(press(turn)), pytest.raises(KeyboardInterrupt):
            write(folder, patches, {})
        settle(folder)
        assert tree(folder) == old, (turn, name)


@pytest.mark.parametrize("asked", ["vm.vmx", "VM.VMX", "Vm.vMx"])
def test_file_system_where_case_does_not_matter(disk: FakeFilesystem, asked: str) -> None:
    disk.is_case_sensitive = False
    folder = Path("/vm")
    folder.mkdir()
    (folder / "Vm.vmx").write_bytes(b"old")

    write(folder, (ReplacePatch(folder / asked, b"old", b"new"),), {})

    assert listed(folder) == [".vmxtool", "Vm.vmx"]
    assert (folder / "vm.vmx").read_bytes() == b"new"
    assert undo(folder).files == ("Vm.vmx",)
    assert listed(folder) == [".vmxtool", "Vm.vmx"]
    assert (folder / "vm.vmx").read_bytes() == b"old"


def test_one_file_by_two_spellings_is_one_file(disk: FakeFilesystem) -> None:
    disk.is_case_sensitive = False
    folder = Path("/vm")
    folder.mkdir()
    (folder / "vm.vmx").write_bytes(b"old")
    patches = [ReplacePatch(folder / name, b"old", b"new") for name in ("vm.vmx", "VM.vmx")]
    with pytest.raises(WriteError, match="two patches"):
        write(folder, patches, {})
    assert (folder / "vm.vmx").read_bytes() == b"old"


def test_two_files_that_differ_in_case_are_two_files(disk: FakeFilesystem) -> None:
    disk.is_case_sensitive = True
    folder = Path("/vm")
    folder.mkdir()
    patches = []
    for name in ("vm.vmx", "VM.vmx"):
        (folder / name).write_bytes(name.encode())
        patches.append(ReplacePatch(folder / name, name.encode(), b"new"))
    write(folder, patches, {})
    undo(folder)
    assert (folder / "VM.vmx").read_bytes() == b"VM.vmx"
    assert (folder / "vm.vmx").read_bytes() == b"vm.vmx"


# What rarely fails, and matters when it does


def failing(name: str, code: int, when: Callable[[tuple[Any, ...]], bool] = lambda _: True) -> Hook:
    """Lets calls of one name fail."""

    def hook(called: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if called == name and when(args):
            raise OSError(code, os.strerror(code))
        return real(*args, **kwargs)

    return hook


@pytest.mark.parametrize(
    ("attribute", "kept"), [("user.note", True), ("system.posix_acl_access", True), ("security.selinux", False)]
)
def test_extended_attribute_that_cannot_be_set(disk: FakeFilesystem, attribute: str, kept: bool) -> None:
    """What the user or an access list says must not be lost; a label of the system's policy is set by the policy."""
    patches = small_vm(Path("/vm"))
    old = tree(Path("/vm"))
    disk.get_object("/vm/vm.vmx").xattr[attribute] = b"value"
    with instrumented(failing("setxattr", errno.EPERM)):
        error = failure(lambda: write(Path("/vm"), patches, {}))
    assert (error is not None) == kept
    assert (tree(Path("/vm")) == old) == kept
    if error:
        assert "operation not permitted" in str(error)


def test_file_system_without_extended_attributes(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    with instrumented(failing("listxattr", errno.ENOTSUP)):
        assert write(Path("/vm"), patches, {}) is not None


def test_attributes_that_cannot_be_listed_are_not_taken_for_none(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    with instrumented(failing("listxattr", errno.EIO)):
        assert "input/output error" in str(failure(lambda: write(Path("/vm"), patches, {})))


def test_owner_that_cannot_be_given(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    Path("/vm/a.vmdk").chmod(0o666)
    disk.get_object("/vm/a.vmdk").st_uid = 4711
    old = tree(Path("/vm"))
    with instrumented(failing("fchown", errno.EPERM)):
        error = failure(lambda: write(Path("/vm"), patches, {}))
    assert "a.vmdk: it belongs to user 4711" in str(error)
    assert tree(Path("/vm")) == old


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to other users")
def test_lost_file_is_made_again_even_if_its_owner_cannot_be_given(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    Path("/vm/vm.vmx").chmod(0o666)
    disk.get_object("/vm/vm.vmx").st_uid = 4711
    old = tree(Path("/vm"))
    path = write(Path("/vm"), patches, {})
    assert path is not None
    path.rename(path.with_suffix(".journal"))
    Path("/vm/vm.vmx").unlink()
    with instrumented(failing("fchown", errno.EPERM)):
        undo(Path("/vm"))
    assert tree(Path("/vm")) == old


def test_write_that_takes_nothing_is_an_error_and_no_endless_loop(disk: FakeFilesystem) -> None:
    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return 0 if name == "write" else real(*args, **kwargs)

    patches = small_vm(Path("/vm"))
    with instrumented(hook):
        assert "input/output error" in str(failure(lambda: write(Path("/vm"), patches, {})))


def test_folder_of_journals_that_cannot_be_looked_at(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    write(Path("/vm"), patches, {})
    for name in ("lstat", "listdir"):
        with instrumented(failing(name, errno.EACCES, lambda args: str(args[0]).endswith(".vmxtool"))):
            error = failure(lambda: write(Path("/vm"), patches, {}))
        assert "permission denied" in str(error)


def test_the_lock_goes_away_under_our_hands(disk: FakeFilesystem) -> None:
    """Another process ends its work between our making the folder and opening the lock in it, and tidies up."""
    turns = 3

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal turns
        if name == "open" and str(args[0]).endswith("lock") and turns:
            turns -= 1
            Path(args[0]).parent.rmdir()
        return real(*args, **kwargs)

    patches = small_vm(Path("/vm"))
    with instrumented(hook):
        assert write(Path("/vm"), patches, {}) is not None
    assert turns == 0


def test_the_lock_that_always_goes_away_is_given_up(disk: FakeFilesystem) -> None:
    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name == "open" and str(args[0]).endswith("lock"):
            Path(args[0]).parent.rmdir()
        return real(*args, **kwargs)

    patches = small_vm(Path("/vm"))
    with instrumented(hook):
        assert "another vmxtool" in str(failure(lambda: write(Path("/vm"), patches, {})))
    assert not Path("/vm/.vmxtool").exists()


def test_a_journal_that_would_not_read_back_is_not_relied_on(disk: FakeFilesystem) -> None:
    patches = small_vm(Path("/vm"))
    old = tree(Path("/vm"))
    about: Any = {"changes": 5}
    assert "would not read back" in str(failure(lambda: write(Path("/vm"), patches, about)))
    assert tree(Path("/vm")) == old
