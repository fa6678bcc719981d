"""Verdicts for a person at a terminal: one target in full, or every product on a line of its own."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.as_text import print_findings
from vmxtool.report.printable import shortened
from vmxtool.report.terminal import console, plain, style_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from rich.console import Console

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import PlanStep, Verdict, WayLabel

_SENTENCES = {
    Answer.READY: "ready as it is",
    Answer.NEEDS_STEPS: "runs after the steps below",
    Answer.DEPENDS: "depends on what no file shows",
    Answer.NOT_SUPPORTED: "not supported",
}
_CONDITIONS = {
    "esx2.5-managed-by-vc2": "if the ESX Server is 2.5.x and managed by VirtualCenter 2",
    "guest-os-supports-it": "if the guest supports it",
}


def print_verdict(vm: Machine, result: Verdict, stream: IO[str] | None = None) -> None:
    """Print the answer, the guide's cell it rests on, the findings, and the steps with their commands."""
    out = console(stream)
    line = plain(shortened(vm.name, 40), "bold")
    line.append_text(plain(f" on {result.target.name}: "))
    line.append(_SENTENCES[result.answer], style_of(result.answer.value))
    out.print(line)
    if result.guide is not None:
        guide = result.guide
        out.print(plain(f"  guide {guide.cell}, {guide.from_id} to {guide.to_id}: {guide.verdict}", "dim"))
        for note in guide.notes:
            for row in textwrap.wrap(note, out.width - 4):
                out.print(plain(f"  {row}", "dim"))
    if result.findings:
        out.print()
        print_findings(result.findings, out)
    if result.steps:
        out.print()
        _print_steps(result, out)


def _print_steps(result: Verdict, out: Console) -> None:
    labels = {way.number: way for way in result.ways}
    shown: int | None = None
    out.print(Text("steps", "dim"))
    for step in result.steps:
        if step.way is not None and step.way != shown:
            out.print(_way_line(labels[step.way]))
            shown = step.way
        out.print(_step_row(step))


def _way_line(way: WayLabel) -> Text:
    text = Text(f"  way {way.number}", "bold")
    if way.when:
        text.append(", " + " and ".join(_CONDITIONS.get(word, word) for word in way.when), "magenta")
    if way.one_way:
        text.append(", one-way", "yellow")
    return text


def _step_row(step: PlanStep) -> Table:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, justify="right", min_width=4)
    grid.add_column()
    line = plain(step.text)
    line.append(f"  {step.source}", "dim")
    grid.add_row(Text(f"{step.n}.", "bold"), line)
    if step.command is not None:
        command = plain(step.command, "bold")
        if step.product is not None:
            command.append(f"  ({step.product})", "dim")
        grid.add_row("", command)
    return grid


def print_overview(vm: Machine, results: Iterable[Verdict], stream: IO[str] | None = None) -> None:
    """Print one line per product: the answer, and the weightiest reason."""
    out = console(stream)
    out.print(plain(shortened(vm.name, 60), "bold"))
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True, overflow="ellipsis")
    for result in results:
        word = result.answer.value
        grid.add_row(plain(f"  {result.target.id}"), Text(word, style_of(word)), plain(_reason(result)))
    out.print(grid)


def _reason(result: Verdict) -> str:
    heavy = [item for item in result.findings if item.severity in {Severity.BLOCKER, Severity.UNKNOWN}]
    if heavy:
        hopeless = [item for item in heavy if item.fix is None]
        more = f" (and {len(heavy) - 1} more)" if len(heavy) > 1 else ""
        return (hopeless or heavy)[0].message + more
    if result.guide is not None and result.answer is not Answer.READY:
        return f"the guide says {result.guide.verdict} ({result.guide.cell})"
    return ""
