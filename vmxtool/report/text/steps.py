"""The steps of a plan for a person at a terminal: where each is done, what to do, and the commands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.step_words import place_words, step_text
from vmxtool.report.text.terminal import is_wide, print_command, print_hanging, safe_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step

_WIDEST_PLACE = 18
_NUMBER = 3
_NARROWEST = 20
# Where a command is typed in a shell of this system; everything else is typed on an ESX host.
_HERE = "here"


def print_steps(
    steps: Sequence[Step],
    vm: Machine | None,
    holder: str | None,
    out: Console,
    *,
    commands: bool = True,
    why: bool = False,
) -> None:
    """Print steps, numbered from 1, each behind the place where it is done.

    Args:
        steps: the steps.
        vm: the VM, for the words that name its guest or its folder; None where nobody has seen it.
        holder: id of the product that has the VM before them, or None.
        out: where to.
        commands: whether to print their commands.
        why: whether to say what they are based on.
    """
    places = [place_words(step, holder) for step in steps]
    column = max((len(it) for it in places if len(it) <= _WIDEST_PLACE), default=0) if is_wide(out) else 0
    for number, (step, place) in enumerate(zip(steps, places, strict=True), 1):
        mark = Text().append(f"{number:{_NUMBER}}", "bold").append(" ")
        text = safe_text(step_text(step, vm))
        indent = _NUMBER + 2 + column if column else _NUMBER + 1
        if len(place) <= column:
            mark.append(f"{place:{column}} ", "cyan")
        else:
            text = safe_text(f"{place}: ", "cyan").append_text(safe_text(step_text(step, vm), "default"))
        _print_step(out, mark, text, indent)
        for argv in step.commands if commands else ():
            print_command(out, argv, indent=indent, here=step.where == _HERE or step.is_ours)
        if why:
            print_hanging(out, " " * (indent - 1), Text(f"based on {step.source}", "dim"))


def _print_step(out: Console, mark: Text, text: Text, indent: int) -> None:
    """Print a paragraph behind a number and a place; a place too long for its column begins the paragraph."""
    lines = text.wrap(out, max(out.width - mark.cell_len, _NARROWEST))
    head, rest = lines[0] if lines else Text(), Text()
    if len(lines) > 1:
        rest = text[len(lines[0]) :]
        while rest.plain[:1] == " ":
            rest = rest[1:]
    head.rstrip()
    out.print(mark + head, soft_wrap=True)
    for line in rest.wrap(out, max(out.width - indent, _NARROWEST)) if rest else ():
        line.rstrip()
        out.print(Text(" " * indent) + line, soft_wrap=True)
