"""One line per product for a person at a terminal: where a VM runs, where it does not, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import console, safe_text, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

_ID_WIDTH, _ANSWER_WIDTH = 24, 18
_CONVERSIONS = frozenset({"export-disks", "import-disks", "convert-disks", "converter", "import-wizard"})
_OWN = frozenset({"downgrade-hardware", "upgrade-hardware", "ide-to-scsi", "move-disks", "change-devices", "rewrite"})
_MARKS = {Answer.READY: "✔", Answer.NEEDS_STEPS: "→", Answer.DEPENDS: "?", Answer.NOT_SUPPORTED: "✖"}


class _Row(NamedTuple):
    answer: Answer
    words: str
    reason: str


def print_overview(vm: Machine, results: Iterable[Verdict], stream: IO[str] | None = None) -> None:
    """Print the products family by family; neighbours with the same answer for the same reason share a line."""
    out = console(stream)
    hardware = f"hardware version {vm.hardware.version}" if vm.hardware.version is not None else "no hardware version"
    out.print(safe_text(shortened(vm.name, 50), "bold") + safe_text(f"  {hardware}", "dim"))
    for family, members in groupby(results, key=lambda result: result.target.family):
        out.print()
        out.print(Text(family, "dim"))
        for row, same in groupby(members, key=_row):
            group = list(same)
            line = Text(f"  {_ids(group):{_ID_WIDTH}}")
            line.append(f"{_MARKS[row.answer]} {row.words:{_ANSWER_WIDTH}}", style_of(row.answer.value))
            room = out.width - line.cell_len
            line.append_text(safe_text(shortened(row.reason, room)) if row.reason else Text())
            line.rstrip()
            out.print(line, soft_wrap=True)


def _ids(group: Sequence[Verdict]) -> str:
    first, last = group[0].target.id, group[-1].target.id
    return first if first == last else f"{first} … {last}"


def _row(result: Verdict) -> _Row:
    return _Row(result.answer, _words(result), _reason(result))


def _words(result: Verdict) -> str:
    match result.answer:
        case Answer.READY:
            return "ready"
        case Answer.DEPENDS:
            return "depends"
        case Answer.NOT_SUPPORTED:
            return "not supported"
    kinds = {step.do for step in result.steps}
    if kinds & _CONVERSIONS:
        return "after conversion"
    return "after a rewrite" if kinds and kinds <= _OWN | {"copy", "run-legacy"} else "after steps"


def _reason(result: Verdict) -> str:
    heavy = [item for item in result.findings if item.severity in {Severity.BLOCKER, Severity.UNKNOWN}]
    if heavy:
        worst = next((item for item in heavy if item.fix is None), heavy[0])
        return worst.name.replace("-", " ") + (f" (+{len(heavy) - 1})" if len(heavy) > 1 else "")
    if result.guide is not None and result.answer is not Answer.READY:
        return f"guide: {result.guide.verdict} ({result.guide.cell})"
    return ""
