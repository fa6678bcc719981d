"""A rewrite and an undo killed, or without power, at every instant: not one byte is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rewriter.instrumented import (
    Call,
    count_changes,
    finish,
    instants,
    instrumented,
    is_change,
    killed,
    killer,
    patched_vm,
    run,
    settle,
    start,
    states,
    tree,
)

from vmxtool.rewriter.journal.store import unfinished
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.journal.write import write

if TYPE_CHECKING:
    from collections.abc import Callable

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="kills processes made with fork")

VM = Path("vm")


@needs_fork
def test_killed_before_every_change_and_within_every_write(tmp_path: Path) -> None:
    patched_vm(tmp_path / "count")
    changes = count_changes(lambda: write(tmp_path / "count", patched_vm(tmp_path / "count"), {}))
    assert {"open", "write", "fsync", "replace", "mkdir"} <= set(changes)
    outcomes = set()
    for turn, torn in instants(changes):
        folder = tmp_path / f"{turn}-{torn}"
        patches = patched_vm(folder)
        old = tree(folder)

        killed(lambda folder=folder, patches=patches: write(folder, patches, {}), turn, torn=torn)  # type: ignore[misc]

        left = tree(folder)
        assert left == old or unfinished(folder) or states(folder) == ["0001.done"], (turn, torn, changes[turn])
        outcomes.add((left == old, tuple(states(folder))))
        assert run(lambda folder=folder: settle(folder)) == 0  # type: ignore[misc]
        assert tree(folder) == old, (turn, torn, changes[turn])
    # The instants did fall before, into and behind the changes.
    assert (True, ()) in outcomes
    assert (False, ("0001.journal",)) in outcomes
    assert (False, ("0001.done",)) in outcomes


@needs_fork
@pytest.mark.parametrize("cut_short", [False, True], ids=["undo of a rewrite", "undo of a rewrite cut short"])
def test_undo_killed_at_every_instant_is_done_by_undoing_again(tmp_path: Path, cut_short: bool) -> None:
    def prepare(folder: Path) -> dict[str, tuple[str, int]]:
        patches = patched_vm(folder)
        old = tree(folder)
        if cut_short:
            killed(lambda: write(folder, patches, {}), middle, torn=True)
            assert unfinished(folder)
            assert tree(folder) != old
        else:
            write(folder, patches, {})
        return old

    changes = count_changes(lambda: write(tmp_path / "count", patched_vm(tmp_path / "count"), {}))
    middle = len(changes) - 6
    prepare(tmp_path / "undo")
    changes = count_changes(lambda: undo(tmp_path / "undo"))
    for turn, torn in instants(changes):
        folder = tmp_path / f"{turn}-{torn}"
        old = prepare(folder)

        killed(lambda folder=folder: undo(folder), turn, torn=torn)  # type: ignore[misc]

        assert run(lambda folder=folder: settle(folder)) == 0  # type: ignore[misc]
        assert tree(folder) == old, (turn, torn, changes[turn])


@needs_fork
def test_killed_while_a_failed_rewrite_is_taken_back(tmp_path: Path) -> None:
    """The last rename fails, and the process dies at any instant of taking everything back."""

    def fails_last(turn: int) -> Callable[[], object]:
        kill = killer(turn, torn=False)

        def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            if name == "replace" and str(args[1]).endswith(".done"):
                raise OSError(5, "Input/output error")
            return kill(name, real, args, kwargs)

        def action() -> None:
            with instrumented(hook):
                write(folder, patches, {})

        return action

    turn, killed_at = 0, 0
    while True:
        folder = tmp_path / str(turn)
        patches = patched_vm(folder)
        old = tree(folder)
        code = run(fails_last(turn))
        killed_at += code == -signal.SIGKILL
        assert run(lambda folder=folder: settle(folder)) == 0  # type: ignore[misc]
        assert tree(folder) == old, turn
        if code == 3:
            break
        turn += 1
    assert killed_at > 60


@needs_fork
def test_killed_at_200_random_times(tmp_path: Path) -> None:
    """The clock decides where, as it does in life."""
    usual = 0.0
    for turn in range(5):
        patches = patched_vm(tmp_path / f"t{turn}")
        began = time.perf_counter()
        run(lambda turn=turn, patches=patches: write(tmp_path / f"t{turn}", patches, {}))  # type: ignore[misc]
        usual += (time.perf_counter() - began) / 5
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    folder = tmp_path / VM
    left_behind = set()
    for turn in range(200):
        shutil.rmtree(folder, ignore_errors=True)
        patches = patched_vm(folder)
        old = tree(folder)
        child = start(lambda patches=patches: write(folder, patches, {}))  # type: ignore[misc]
        time.sleep(chance.uniform(0, 1.2 * usual))
        os.kill(child, signal.SIGKILL)
        finish(child)
        left_behind.add(tuple(states(folder)))
        assert run(lambda: settle(folder)) == 0, (seed, turn)
        assert tree(folder) == old, (seed, turn)
    assert len(left_behind) > 1, "all were killed in the same state, so the times were not random"


@needs_fork
def test_undo_in_a_new_interpreter(tmp_path: Path) -> None:
    patches = patched_vm(tmp_path)
    old = tree(tmp_path)
    changes = count_changes(lambda: write(tmp_path / "count", patched_vm(tmp_path / "count"), {}))
    shutil.rmtree(tmp_path / "count")
    killed(lambda: write(tmp_path, patches, {}), len(changes) - 4, torn=False)
    assert tree(tmp_path) != old

    program = (
        "import pathlib, sys; from vmxtool.rewriter.journal.undo import undo; print(undo(pathlib.Path(sys.argv[1])))"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", program, str(tmp_path)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert "was_unfinished=True" in told
    assert tree(tmp_path) == old


class PowerCut:
    """Records what is written and synced, and tells what a disk may hold when the power goes.

    What was synced is there. Of the rest, any part may be: single sectors of what was written to a file, any of the
    changes to a folder's names. A sync of a file says nothing about its name in the folder: POSIX promises no more.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.contents: dict[int, bytes] = {}
        self.names: dict[str, int] = {str(folder): 0}
        self.folders = {0}
        self.events: list[tuple[Any, ...]] = []
        self._open: dict[int, list[int]] = {}
        self._next = 1
        for path in sorted(folder.rglob("*")):
            self.names[str(path)] = self._new()
            if path.is_dir():
                self.folders.add(self.names[str(path)])
            else:
                self.contents[self.names[str(path)]] = path.read_bytes()
        self._first_names, self._first_folders = dict(self.names), set(self.folders)

    def _new(self) -> int:
        self._next += 1
        return self._next

    def hook(self, name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = real(*args, **kwargs)
        if name == "open":
            path = str(args[0])
            if path not in self.names:
                self.names[path] = self._new()
                self.events.append(("link", path, self.names[path]))
            self._open[result] = [self.names[path], 0]
        elif name == "lseek":
            self._open[args[0]][1] = args[1]
        elif name == "read":
            self._open[args[0]][1] += len(result)
        elif name == "write":
            node, offset = self._open[args[0]]
            self.events.append(("data", node, offset, bytes(args[1])[:result]))
            self._open[args[0]][1] += result
        elif name == "fsync":
            self.events.append(("sync", self._open[args[0]][0]))
        elif name == "replace":
            source, target = map(str, args)
            node = self.names[target] = self.names.pop(source)
            self.events.append(("rename", target, node, source))
        elif name in {"unlink", "rmdir"}:
            del self.names[str(args[0])]
            self.events.append(("remove", str(args[0])))
        elif name == "mkdir":
            self.names[str(args[0])] = self._new()
            self.folders.add(self.names[str(args[0])])
            self.events.append(("link", str(args[0]), self.names[str(args[0])]))
        return result

    def is_durable(self, number: int, end: int, known: dict[str, int]) -> bool:
        event = self.events[number]
        node = event[1] if event[0] == "data" else known[str(Path(event[1]).parent)]
        return ("sync", node) in self.events[number + 1 : end]

    def rebuild(self, end: int, chance: random.Random, folder: Path) -> None:
        """Make a folder as the disk may hold it after the first `end` events."""
        known = self._first_names | {event[1]: event[2] for event in self.events if event[0] in {"link", "rename"}}
        names, contents = dict(self._first_names), {node: bytearray(data) for node, data in self.contents.items()}
        share = chance.choice((0.0, 0.3, 0.7, 1.0))
        for number, event in enumerate(self.events[:end]):
            durable = self.is_durable(number, end, known) if event[0] != "sync" else False
            if event[0] == "data":
                _, node, offset, data = event
                for start_at in range(0, len(data), 512):
                    if durable or chance.random() < share:
                        held = contents.setdefault(node, bytearray())
                        piece = data[start_at : start_at + 512]
                        held.extend(bytes(max(0, offset + start_at + len(piece) - len(held))))
                        held[offset + start_at : offset + start_at + len(piece)] = piece
            elif event[0] != "sync" and (durable or chance.random() < share):
                if event[0] in {"link", "rename"}:
                    names[event[1]] = event[2]
                if event[0] == "rename" and names.get(event[3]) == event[2]:
                    del names[event[3]]
                if event[0] == "remove":
                    names.pop(event[1], None)
        self._materialise(names, contents, folder)

    def _materialise(self, names: dict[str, int], contents: dict[int, bytearray], folder: Path) -> None:
        for name, node in sorted(names.items()):
            path = folder / Path(name).relative_to(self.folder)
            if node in self.folders:
                path.mkdir()
            elif path.parent.is_dir():
                path.write_bytes(contents.get(node, b""))


@pytest.mark.parametrize("action", ["write", "undo", "undo in two parts", "undo of a rewrite cut short"])
def test_power_goes_at_any_instant_and_unsynced_bytes_are_lost_at_random(tmp_path: Path, action: str) -> None:
    patches = patched_vm(tmp_path / VM)
    old = {name: digest for name, (digest, _) in tree(tmp_path / VM).items()}
    if action != "write":
        write(tmp_path / VM, patches, {})
    if action == "undo of a rewrite cut short":
        (tmp_path / VM / ".vmxtool" / "0001.done").rename(tmp_path / VM / ".vmxtool" / "0001.journal")
    cut = PowerCut(tmp_path / VM)
    with instrumented(cut.hook):
        if action == "write":
            write(tmp_path / VM, patches, {})
        else:
            if action == "undo in two parts":
                undo(tmp_path / VM, only=["a.vmdk", "c.vmdk"])
            undo(tmp_path / VM)
    chance = random.Random(2007)
    results = set()
    for end in range(len(cut.events) + 1):
        for turn in range(6):
            folder = tmp_path / f"{end}-{turn}"
            cut.rebuild(end, chance, folder)
            results.add(tuple(states(folder)))
            settle(folder)
            if action == "undo in two parts":
                settle(folder)  # where the first part was under way, the first time was for that alone
            assert {name: digest for name, (digest, _) in tree(folder).items()} == old, (end, turn, cut.events[:end])
            shutil.rmtree(folder)
    assert len(results) > 1


class Dead(BaseException):
    """The process has been killed: nothing that it still does reaches the disk."""


def test_power_goes_after_an_undo_that_had_to_be_called_twice(tmp_path: Path) -> None:
    """What a killed undo wrote without a sync is on the disk for good when the second one says that it is done."""
    patches = patched_vm(tmp_path / "pattern")
    old = {name: digest for name, (digest, _) in tree(tmp_path / "pattern").items()}
    write(tmp_path / "pattern", patches, {})
    shutil.copytree(tmp_path / "pattern", tmp_path / "count")
    changes = count_changes(lambda: undo(tmp_path / "count"))
    chance = random.Random(2007)
    for turn in range(len(changes)):
        folder = tmp_path / str(turn)
        shutil.copytree(tmp_path / "pattern", folder)
        cut = PowerCut(folder)
        seen = -1

        def dying(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
            nonlocal seen
            seen += is_change(name, args)
            if seen >= turn:  # noqa: B023
                if name == "close":
                    real(*args)
                raise Dead
            return cut.hook(name, real, args, kwargs)  # noqa: B023

        with instrumented(dying), pytest.raises(Dead):
            undo(folder)
        first = len(cut.events)
        with instrumented(cut.hook):
            settle(folder)
        for again in range(12):
            held = tmp_path / f"{turn}-{again}"
            end = chance.randint(first, len(cut.events)) if again else len(cut.events)
            cut.rebuild(end, chance, held)
            if end == len(cut.events):
                assert {name: digest for name, (digest, _) in tree(held).items()} == old, (turn, changes[turn])
            settle(held)
            assert {name: digest for name, (digest, _) in tree(held).items()} == old, (turn, changes[turn], end)
            shutil.rmtree(held)


def test_power_cut_notices_a_missing_sync(tmp_path: Path) -> None:
    """The test above can fail: without the sync of the journal's folder it does."""
    patches = patched_vm(tmp_path / VM)
    old = {name: digest for name, (digest, _) in tree(tmp_path / VM).items()}
    cut = PowerCut(tmp_path / VM)

    def forgetful(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = cut.hook(name, real, args, kwargs)
        store = cut.names.get(str(tmp_path / VM / ".vmxtool"))
        if cut.events and cut.events[-1] == ("sync", store):
            cut.events.pop()
        return result

    with instrumented(forgetful):
        write(tmp_path / VM, patches, {})
    chance = random.Random(2007)
    lost = 0
    for end in range(len(cut.events) + 1):
        folder = tmp_path / str(end)
        cut.rebuild(end, chance, folder)
        settle(folder)
        lost += {name: digest for name, (digest, _) in tree(folder).items()} != old
    assert lost > 0


def test_every_change_goes_through_the_instrumented_calls(tmp_path: Path) -> None:
    """Were a change to pass by them, the tests above would not stop at it. Python's audit hooks see every one."""
    seen: list[str] = []
    watching = True

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if watching and event in {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.utime", "os.chmod"}:
            writes = event != "open" or bool(args[2] & (os.O_WRONLY | os.O_RDWR))
            if writes and any(str(tmp_path) in str(argument) for argument in args):
                seen.append(event)

    through: list[str] = []

    def hook(name: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if (name == "open" and args[1] & (os.O_WRONLY | os.O_RDWR)) or (name != "open" and is_change(name, args)):
            through.append(name)
        return real(*args, **kwargs)

    patches = patched_vm(tmp_path)
    sys.addaudithook(audit)
    with instrumented(hook):
        write(tmp_path, patches, {})
        undo(tmp_path)
    watching = False
    assert seen.count("open") == through.count("open") > 0
    assert seen.count("os.rename") == through.count("replace") > 0
    assert seen.count("os.remove") == through.count("unlink") > 0
    assert seen.count("os.mkdir") == through.count("mkdir") > 0
