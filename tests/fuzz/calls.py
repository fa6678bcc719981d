"""Calls of vmxtool, as values that can be drawn, kept and repeated: of the library and of the command line."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass, field
from functools import cache
from typing import IO, TYPE_CHECKING, Any

from fuzz.names import any_name
from fuzz.trees import Picture, differences, picture, without_folder_times
from fuzz.watch import Watched, memory_held, watching

import vmxtool
from vmxtool.cli.app import build
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from random import Random

STORE = ".vmxtool"
MEMORY = 150 * 2**20
"""Bytes that a call may take beyond what the process has before it."""

# Encoding of standard output, columns, colours.
_TERMINALS = {"cli": ("utf-8", 80, False), "cli-narrow": ("ascii", 40, False), "cli-colour": ("utf-8", 200, True)}
_CHANGING = ("apply", "undo")
_NO_PRODUCTS = ("hw4", "hw99", "esx", "nothing", "", "\x1b[31m", "ESXi 6.7 Update 2", "-", "esx3\n", "x" * 300)
_VERSIONS = (3, 4, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 5, 99, 2**40)
_ADAPTERS = ("lsilogic", "buslogic", "pvscsi", "lsisas1068", "ide", "x", "")


@dataclass(frozen=True)
class Call:
    """One call: of a function of the library, or of the command line in a kind of terminal.

    Attributes:
        kind: what is called.
        where: the path that names the VM, from the case's folder.
        words: the arguments, as options of the command line have them.
        inside: whether the VM's folder is the current one, and not the folder around it.
    """

    kind: str
    where: str
    words: tuple[str, ...] = ()
    inside: bool = False

    def __str__(self) -> str:
        return " ".join(
            map(repr, (*((self.kind,) if not self.inside else (self.kind, "inside")), *self.words, self.where))
        )


@dataclass
class Step:
    """What one step of a call came to.

    Attributes:
        call: the call.
        what: the function, or the command.
        heard: what was opened and changed.
        may_write: whether it may change the VM's folder.
        seconds: of processor time.
        error: what came out of it.
        code: exit code, of a command.
        out: standard output, of a command.
        err: standard error, of a command.
        changed: what is not as it was and should be.
    """

    call: Call
    what: str
    heard: Watched
    may_write: bool = False
    seconds: float = 0.0
    error: BaseException | None = None
    code: int | None = None
    out: str = ""
    err: str = ""
    changed: list[str] = field(default_factory=list)

    @property
    def is_json(self) -> bool:
        """Whether JSON was asked for."""
        return "--format" in self.call.words and "json" in self.call.words


def draw_calls(rng: Random, configs: list[str]) -> list[Call]:
    """Some calls about one VM: the cheap ones nearly always, each other one now and then."""
    where = rng.choice(configs) if configs and rng.random() < 0.5 else "vm"
    where = "vm/" + any_name(rng).replace("\0", "") if rng.random() < 0.01 else where
    calls = [Call("inspect", where), Call("judge", where)]
    for _ in range(rng.choice((2, 3, 4))):
        kind = rng.choice(
            ("check", "check", "check_all", "route", "plan", "apply", "apply", "cli", "cli", "cli", "cli", "undo")
        )
        calls.append(_draw_command(rng, where) if kind == "cli" else Call(kind, where, _options(kind, rng)))
    inside = rng.random() < 0.1 and where.startswith("vm")
    return [Call(call.kind, call.where, call.words, inside) for call in calls]


def _draw_command(rng: Random, where: str) -> Call:
    command = rng.choice(("inspect", "check", "check", "check-all", "route", "rewrite", "rewrite", "undo", "undo-list"))
    kind = {"rewrite": "apply", "check-all": "check_all"}.get(command, command)
    words = [command.partition("-")[0], *_options(kind, rng)]
    words += ["--list"] if command == "undo-list" else []
    words += ["--dry-run"] if command == "rewrite" and rng.random() < 0.5 else []
    words += ["--format", "json"] if rng.random() < 0.5 else []
    terminal = rng.choice(("cli", "cli", "cli-narrow", "cli-colour"))
    return Call(terminal, where, tuple(words))


def _options(kind: str, rng: Random) -> tuple[str, ...]:
    words: list[str] = []
    if kind in {"plan", "apply"}:
        words += _goal(rng)
    elif kind in {"check", "route"}:
        words += ["--target", _product(rng)]
    if kind in {"check", "route", "check_all", "plan", "apply"} and rng.random() < 0.15:
        words += ["--from", _product(rng)]
    return tuple(words)


def _goal(rng: Random) -> list[str]:
    """What a rewrite is to reach: mostly what can be asked for, sometimes what contradicts itself."""
    if rng.random() < 0.1:
        flags = ("--legacy", "--adapter", "--hwversion", "--target", "--move-disks")
        values = {
            "--adapter": rng.choice(_ADAPTERS),
            "--hwversion": str(rng.choice(_VERSIONS)),
            "--target": _product(rng),
        }
        return [
            word for flag in flags if rng.random() < 0.4 for word in (flag, *([values[flag]] if flag in values else []))
        ]
    words = rng.choice((["--hwversion", str(rng.choice(_VERSIONS))], ["--target", _product(rng)], ["--ide-to-scsi"]))
    words += ["--ide-to-scsi"] if rng.random() < 0.4 and "--ide-to-scsi" not in words else []
    words += ["--move-disks"] if rng.random() < 0.5 else []
    words += ["--legacy"] if rng.random() < 0.3 and "--target" in words else []
    words += (
        ["--adapter", rng.choice(_ADAPTERS[:4])]
        if rng.random() < 0.6 and len(words) > 2 and "-disks" in words[-1]
        else []
    )
    return words + (["--unsafe"] if rng.random() < 0.8 else [])


def _product(rng: Random) -> str:
    return rng.choice(_product_ids()) if rng.random() < 0.95 else rng.choice(_NO_PRODUCTS)


@cache
def _product_ids() -> tuple[str, ...]:
    return tuple(products())


# --- making calls


def make_call(call: Call, root: Path) -> list[Step]:
    """Make a call on the tree that lies in a folder, and say what each step of it came to."""
    where = call.where
    folder = root / "vm" if call.inside and (root / "vm").is_dir() else root
    if call.inside:
        where = where.removeprefix("vm").lstrip("/") or "."
    with contextlib.chdir(folder):
        return list(_commands(call, where, root) if call.kind in _TERMINALS else _functions(call, where, root))


def _functions(call: Call, where: str, root: Path) -> Iterator[Step]:
    if call.kind == "apply":
        yield from _apply(call, where, root)
        return
    if call.kind == "undo":
        yield _step(call, "undo", root, lambda: vmxtool.undo(where), may_write=True)[0]
        yield _step(call, "rewrites", root, lambda: vmxtool.rewrites(where))[0]
        return
    options = arguments(call.words)
    target, origin = options.pop("target", ""), options.get("origin")
    functions: dict[str, Callable[[], Any]] = {
        "inspect": lambda: repr(vmxtool.inspect(where)),
        "judge": lambda: repr(vmxtool.judge(where)),
        "check": lambda: repr(vmxtool.check(where, target, origin)),
        "check_all": lambda: repr(list(vmxtool.check_all(where, origin))),
        "route": lambda: repr(vmxtool.route(where, target, origin)),
        "plan": lambda: vmxtool.plan_rewrite(where, **(options | ({"target": target} if target else {}))).diff,
    }
    yield _unchanged(root, lambda: _step(call, call.kind, root, functions[call.kind])[0])


def _apply(call: Call, where: str, root: Path) -> Iterator[Step]:
    """Plan a rewrite, apply it, look at the VM as it is then, undo it, and compare the whole folder."""
    before = picture(root)
    planned, rewrite = _step(call, "plan_rewrite", root, lambda: vmxtool.plan_rewrite(where, **arguments(call.words)))
    planned.changed = differences(before, picture(root))
    yield planned
    if rewrite is None:
        return
    applied, journal = _step(call, "apply", root, rewrite.apply, may_write=True)
    if applied.error is not None or journal is None:
        # Refused by the plan: nothing was touched. Refused while writing: a lock may have come and gone.
        after = picture(root) if rewrite.refused else picture(root, leave_out=STORE)
        applied.changed = _compare(before if rewrite.refused else _without(before), after, strict=bool(rewrite.refused))
        yield applied
        return
    yield applied
    target = arguments(call.words).get("target", "esx3")
    checked = _step(call, "check behind apply", root, lambda: repr(vmxtool.check(where, target)))[0]
    checked.changed = (
        [] if not isinstance(checked.error, vmxtool.VmxtoolError) else [f"check raises behind apply: {checked.error}"]
    )
    yield checked
    undone = _step(call, "undo", root, lambda: vmxtool.undo(where), may_write=True)[0]
    undone.changed = _compare(_without(before), picture(root, leave_out=STORE))
    if undone.error is not None:
        undone.changed.append(f"what was applied cannot be undone: {undone.error}")
    yield undone


def _commands(call: Call, where: str, root: Path) -> Iterator[Step]:
    words = [*call.words, *(() if where == "." else ("--", where))]
    command = call.words[0]
    writes = (command == "rewrite" and "--dry-run" not in words) or (command == "undo" and "--list" not in words)
    if not writes:
        yield _unchanged(root, lambda: run_command(call, words, root))
        return
    before = picture(root, leave_out=STORE)
    step = run_command(call, words, root, may_write=True)
    if command == "rewrite" and step.code != 0:
        step.changed = _compare(before, picture(root, leave_out=STORE))
    yield step
    if command == "rewrite" and step.code == 0 and _has_rewritten(step):
        back = run_command(call, ["undo", *(() if where == "." else ("--", where))], root, may_write=True)
        back.changed = _compare(before, picture(root, leave_out=STORE))
        yield back


def _has_rewritten(step: Step) -> bool:
    return any(STORE in path for event, path in step.heard.written if event == "os.rename")


def run_command(call: Call, words: list[str], root: Path, *, may_write: bool = False) -> Step:
    """Run the command line in this process, as in a terminal of the call's kind."""
    encoding, columns, colour = _TERMINALS[call.kind]
    environment = {"COLUMNS": str(columns), "TERM": "xterm"} | ({"FORCE_COLOR": "1"} if colour else {"NO_COLOR": "1"})
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with _terminal(out, err, encoding), _environment(environment):
            step, _ = _step(call, words[0], root, lambda: build(words)(words, prog_name="vmxtool"), may_write=may_write)
        step.out, step.err = (_read(it).decode(encoding) for it in (out, err))
    if isinstance(step.error, SystemExit):
        step.code = int(step.error.code or 0)
        step.error = None
    return step


@contextlib.contextmanager
def _terminal(out: IO[bytes], err: IO[bytes], encoding: str) -> Iterator[None]:
    """Standard output and error go to files; the command may do to their descriptors what it does to real ones."""
    old = sys.stdout, sys.stderr
    streams = [
        os.fdopen(os.dup(it.fileno()), "w", encoding=encoding, errors="backslashreplace", newline="")
        for it in (out, err)
    ]
    sys.stdout, sys.stderr = streams
    try:
        yield
    finally:
        sys.stdout, sys.stderr = old
        for stream in streams:
            stream.close()


@contextlib.contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    old = dict(os.environ)
    for name in ("FORCE_COLOR", "NO_COLOR", "VMXTOOL_TRACEBACK"):
        os.environ.pop(name, None)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


def _read(stream: IO[bytes]) -> bytes:
    stream.seek(0)
    return stream.read()


def arguments(words: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of `plan_rewrite` that options of the command line mean."""
    found: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0).removeprefix("--").replace("-", "_")
        if word in {"target", "from", "adapter", "hwversion"}:
            value = rest.pop(0)
            found[{"from": "origin"}.get(word, word)] = int(value) if word == "hwversion" else value
        else:
            found[word] = True
    return found


def _step(
    call: Call, what: str, root: Path, function: Callable[[], Any], *, may_write: bool = False
) -> tuple[Step, Any]:
    result = None
    with watching(root) as heard, memory_held(MEMORY):
        step = Step(call, what, heard, may_write)
        begun = time.process_time()
        try:
            result = function()
        except (Exception, SystemExit) as error:  # noqa: BLE001 whatever comes out is what is looked at
            step.error = error
        step.seconds = time.process_time() - begun
    # Of what a call held when it failed nothing is kept: the next one begins with as much memory.
    failed = step.error
    while failed is not None:
        traceback.clear_frames(failed.__traceback__)
        failed = failed.__context__
    return step, result


def _unchanged(root: Path, run: Callable[[], Step]) -> Step:
    before = picture(root)
    step = run()
    step.changed = differences(before, picture(root))
    return step


def _without(looks: Picture) -> Picture:
    return {place: look for place, look in looks.items() if STORE not in place.split("/")}


def _compare(before: Picture, after: Picture, *, strict: bool = False) -> list[str]:
    if strict:
        return differences(before, after)
    return differences(without_folder_times(before), without_folder_times(after))
