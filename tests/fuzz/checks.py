"""What has to hold behind every call: each check looks at one step and says what is wrong with it."""

from __future__ import annotations

import json
import os
import re
import shlex
import traceback
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
from fuzz.watch import is_in, own_folders

from vmxtool._text import safe
from vmxtool.errors import VmxtoolError
from vmxtool.rules.commands import can_be_pasted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzz.calls import Step

SECONDS = 2.0
"""Processor time of one call of one VM."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_FAULT = "a fault of vmxtool itself"
_VALIDATED_BYTES = 2**16  # a larger document is held against its schema one time in eight
_SCHEMAS = Path(__file__).parents[2] / "vmxtool" / "report" / "documents" / "schema"


@dataclass(frozen=True)
class Find:
    """What a check found.

    Attributes:
        check: its name.
        what: what is the same in all cases of the same fault, as well as a program can tell.
        detail: the rest, for the reader.
    """

    check: str
    what: str
    detail: str = ""

    @property
    def kind(self) -> tuple[str, str]:
        """Two finds of a kind are told once."""
        return self.check, self.what


def check_step(step: Step, root: Path, vm: Path) -> Iterator[Find]:
    """Everything that is wrong with a step of a call on a VM in the tree below `root`.

    Args:
        step: the step.
        root: the folder of the case.
        vm: the path that named the VM.
    """
    for name, check in _CHECKS.items():
        for what, detail in check(step, root, vm):
            yield Find(name, what, f"{step.what} of {step.call}: {detail}")


def _crash(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    error = step.error
    if error is not None and not isinstance(error, VmxtoolError | MemoryError):
        yield f"{type(error).__name__} {_place(error)}", "".join(traceback.format_exception(error))[-3000:]
    if step.code is not None and not 0 <= step.code <= 4:
        yield f"exit {step.code} of {step.what}", step.err[:2000]
    for text in (step.err, step.out):
        if _FAULT in text or "Traceback (most recent call last)" in text:
            told = text[max(text.find(_FAULT), 0) :][:2000]
            yield f"fault told by {step.what}: {_general(told.splitlines()[0])}", told
            break  # JSON says it again


def _memory(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    if isinstance(step.error, MemoryError):
        yield f"{step.what} {_place(step.error)}", "".join(traceback.format_exception(step.error))[-3000:]
    elif "MemoryError" in step.err:
        yield step.what, step.err[:2000]


def _time(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    if step.seconds > SECONDS:
        yield step.what, f"{step.seconds:.1f} s of processor time"


def _opened(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    inside = _folders(vm)
    for path, who in sorted(step.heard.read.items()):
        if not any(is_in(path, folder) for folder in (*inside, *own_folders())):
            yield f"{who} opens what lies outside", path
    for event in step.heard.started:
        yield f"{step.what} does {event}", ""


def _written(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    inside = _folders(vm)
    for event, path in sorted(step.heard.written):
        if not any(is_in(path, folder) for folder in own_folders()):
            if not any(is_in(path, folder) for folder in inside):
                yield f"{step.what} writes outside ({event})", path
            elif not step.may_write:
                yield f"{step.what} writes ({event})", path


def _controls(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    for text in (step.out, step.err):
        plain = _COLOUR.sub("", text) if step.call.kind == "cli-colour" else text
        for line in plain.split("\n"):
            if safe(line) != line:
                yield f"{step.what} prints a control character", repr(line[:500])
                break


def _json(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    if step.code is None or not step.is_json or step.what != step.call.words[0]:
        return
    if not step.out.isascii():
        yield f"{step.what} prints JSON that is not ASCII", step.out[:500]
    try:
        value = json.loads(step.out, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        yield f"{step.what} prints no JSON, or more than that, at exit {step.code}", f"{error}: {step.out[:500]!r}"
        return
    if len(step.out) > _VALIDATED_BYTES and len(step.out) % 8:
        return
    name = _schema_of(step, value)
    for wrong in islice(_validator(name).iter_errors(value), 1):
        yield f"{step.what} breaks its schema at {_general(wrong.json_path)}", f"{name}: {wrong.message[:500]}"


def _size(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    if step.code is None:
        return
    read = sum(_size_of(path) for path in step.heard.read if is_in(path, step.heard.fence))
    written = len(step.out.encode("utf-8", "replace")) + len(step.err.encode("utf-8", "replace"))
    if written > 4 * read + 2**20:
        yield f"{step.what} prints too much", f"{written} bytes of {read} that were read"


def _commands(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    if step.code not in {0, 1} or not step.is_json:
        return
    try:
        value = json.loads(step.out)
    except (ValueError, RecursionError):
        return
    for node in _nodes(value):
        command, vectors = node.get("command"), node.get("commands")
        if isinstance(command, str) and vectors and not _is_typed(command, vectors[0]):
            yield f"{step.what} prints a command that a shell reads otherwise", f"{command!r} for {vectors[0]!r}"
        if isinstance(command, str) and vectors and not can_be_pasted(vectors[0]):
            yield f"{step.what} has a command that is another one once it is pasted", repr(command)


def _undo(step: Step, root: Path, vm: Path) -> Iterator[tuple[str, str]]:
    for change in step.changed:
        yield f"{step.what} leaves {_general(change)}", change


_CHECKS: dict[str, Callable[[Step, Path, Path], Iterator[tuple[str, str]]]] = {
    "crash": _crash,
    "memory": _memory,
    "time": _time,
    "opened": _opened,
    "written": _written,
    "controls": _controls,
    "json": _json,
    "size": _size,
    "commands": _commands,
    "undo": _undo,
}


# --- parts


def _folders(vm: Path) -> tuple[str, ...]:
    """The folders that a path that names a VM stands for; a link is followed where the path itself is one."""
    real, beside = Path(os.path.realpath(vm)), os.path.realpath(vm.parent)
    try:
        return (str(real),) if real.is_dir() else (str(real.parent), beside)
    except OSError:  # longer than any name
        return (beside,)


def _place(error: BaseException) -> str:
    """The innermost line of vmxtool that an error came through."""
    frames = [
        it
        for it in traceback.extract_tb(error.__traceback__)
        if "/vmxtool/" in it.filename and "/tests/" not in it.filename
    ]
    return f"in {frames[-1].filename.rpartition('/vmxtool/')[2]}:{frames[-1].name}" if frames else "outside vmxtool"


def _general(text: str) -> str:
    """A message without what differs from case to case."""
    return re.sub(r"\d+", "N", re.sub(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", "…", text))[:160]


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError(f"a key stands twice among {[key for key, _ in pairs]}")
    return found


def _schema_of(step: Step, value: Any) -> str:
    if isinstance(value, dict) and value.get("schema") == "vmxtool.error/1":
        return "error"
    words = step.call.words
    if words[0] == "check" and "--target" not in words:
        return "check-all"
    return "rewrites" if words[0] == "undo" and "--list" in words else words[0]


@cache
def _validator(name: str) -> Any:
    return jsonschema.Draft202012Validator(json.loads((_SCHEMAS / f"{name}.json").read_text(encoding="utf-8")))


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _nodes(inner)


def _is_typed(line: str, vector: list[str]) -> bool:
    try:
        return shlex.split(line) == vector
    except ValueError:
        return False


def _size_of(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0
