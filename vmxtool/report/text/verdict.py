"""The verdict for one target, for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import Answer
from vmxtool.report.text.vm import print_findings
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import command_line, console, print_hanging, safe_text, style_of

if TYPE_CHECKING:
    from typing import IO

    from rich.console import Console

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict, WayLabel

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
    line = safe_text(shortened(vm.name, 40), "bold")
    line.append_text(safe_text(f" on {result.target.name}: "))
    line.append(_SENTENCES[result.answer], style_of(result.answer.value))
    out.print(line)
    if result.guide is not None:
        guide = result.guide
        print_hanging(out, " ", safe_text(f"guide {guide.cell}, {guide.from_id} to {guide.to_id}: {guide.verdict}", "dim"))
        for note in guide.notes:
            print_hanging(out, " ", safe_text(note, "dim"))
    if result.findings:
        out.print()
        print_findings(result.findings, out, cures=not result.steps)
    if result.steps:
        out.print()
        _print_steps(result, out)
    elif result.routes:
        out.print()
        _print_routes(result, out)


def _print_routes(result: Verdict, out: Console) -> None:
    known = products()
    out.print(Text("by way of other products", "dim"))
    for route in result.routes:
        stops = [known[product].name for product in (route.legs[0].from_id, *(leg.to_id for leg in route.legs))]
        line = safe_text(" → ".join(stops))
        if route.one_way_count:
            line.append(f"  {route.one_way_count} one-way step{'s' if route.one_way_count > 1 else ''}", "yellow")
        print_hanging(out, "  ·", line)
    print_hanging(out, " ", Text(f"vmxtool route --target {result.target.id} tells each step", "dim"))


def _print_steps(result: Verdict, out: Console) -> None:
    labels = {way.number: way for way in result.ways}
    way: int | None = None
    number = before = 0
    out.print(Text("steps", "dim"))
    for step in result.steps:
        if step.way != way:
            if way is None:
                before = number
            way, number = step.way, before
            if way is not None:
                out.print(_way_line(labels[way]))
        number += 1
        line = safe_text(step.text)
        line.append(f"  {step.source}", "dim")
        print_hanging(out, Text(f"{number:3}.", "bold"), line)
        if step.command is not None:
            command_line(out, step.command, step.product, indent=5)


def _way_line(way: WayLabel) -> Text:
    text = Text(f"  way {way.number}", "bold")
    if way.when:
        text.append(", " + " and ".join(_CONDITIONS.get(word, word) for word in way.when), "magenta")
    if way.one_way:
        text.append(", one-way", "yellow")
    return text
