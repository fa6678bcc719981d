"""One line per product for a person at a terminal: where a VM runs, where it does not, and why."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import console, print_title, safe_text, style_of, vm_title
from vmxtool.report.words import ANSWERS, EFFORTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

_ID_WIDTH = 24
_MARKS = {Answer.READY: "✔", Answer.NEEDS_STEPS: "→", Answer.DEPENDS: "?", Answer.NOT_SUPPORTED: "✖"}
_ANSWER_WIDTH = max(map(len, [*EFFORTS.values(), *ANSWERS.values()])) + 1


class _Row(NamedTuple):
    answer: Answer
    words: str
    reason: str


def print_overview(vm: Machine | None, verdicts: Iterable[Verdict], stream: IO[str] | None = None) -> None:
    """Print the products family by family; neighbours with the same answer for the same reason share a line."""
    out = console(stream)
    if vm is not None:
        version = vm.hardware.version
        hardware = f"hardware version {version}" if version is not None else "no hardware version"
        print_title(out, vm_title(vm.name, vm.path).append(f", {hardware}", "not bold dim"))
    else:
        verdicts = list(verdicts)
        print_title(out, vm_title(verdicts[0].name, None) if verdicts else Text())
    for family, members in groupby(verdicts, key=lambda verdict: verdict.target.family):
        out.print()
        out.print(Text(family, "bold"))
        for row, same in groupby(members, key=_row):
            line = Text(f"  {_ids(list(same)):{_ID_WIDTH}}")
            line.append(f"{_MARKS[row.answer]} {row.words:{_ANSWER_WIDTH}}", style_of(row.answer.value))
            room = out.width - line.cell_len
            line.append_text(safe_text(shortened(row.reason, room)) if row.reason else Text())
            line.rstrip()
            out.print(line, soft_wrap=True)


def _ids(group: Sequence[Verdict]) -> str:
    first, last = group[0].target.id, group[-1].target.id
    return first if first == last else f"{first} … {last}"


def _row(verdict: Verdict) -> _Row:
    words = ANSWERS[verdict.verdict]
    if verdict.verdict is Answer.NEEDS_STEPS and verdict.effort is not None:
        words = EFFORTS[verdict.effort]
    return _Row(verdict.verdict, words, _reason(verdict))


def _reason(verdict: Verdict) -> str:
    """What weighs most against a product: a question, or what nothing cures, or what the guide says."""
    heavy = [it for it in verdict.findings if it.severity in {Severity.BLOCKER, Severity.UNKNOWN}]
    if heavy:
        worst = next((it for it in heavy if it.fix is None), heavy[0])
        return worst.name.replace("-", " ") + (f" +{len(heavy) - 1}" if len(heavy) > 1 else "")
    if verdict.guide is not None and verdict.verdict is not Answer.READY:
        return f"guide: {verdict.guide.verdict} ({verdict.guide.cell})"
    return ""
