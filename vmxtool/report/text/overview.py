"""All products for a person at a terminal: in classes with their reasons, or each on a line of its own."""

from __future__ import annotations

import re
from itertools import groupby, zip_longest
from textwrap import wrap
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.overview import Standing, overview_of
from vmxtool.report.ranges import FAMILIES, alike, family_name, product_ranges
from vmxtool.report.text.terminal import (
    console,
    is_wide,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    style_of,
    title_of,
    vm_title,
)
from vmxtool.report.words import some
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict
    from vmxtool.report.overview import Line, Overview, Row
    from vmxtool.rules.commands import Argv

_MARKS = {
    Standing.READY: ("✔", "ready"),
    Standing.UPGRADED: ("→", "needs-steps"),
    Standing.REWRITTEN: ("→", "needs-steps"),
    Standing.WORK: ("→", "needs-steps"),
    Standing.DEPENDS: ("?", "depends"),
    Standing.NO: ("✖", "not-supported"),
}
_HEADINGS = {
    Standing.READY: "runs as it is",
    Standing.UPGRADED: "runs once the product has upgraded it, which it does when it opens it",
    Standing.REWRITTEN: "runs after a rewrite by vmxtool",
    Standing.WORK: "runs after work outside vmxtool",
    Standing.DEPENDS: "depends",
    Standing.NO: "cannot run",
}
_ANSWERS = {
    Standing.READY: "as it is",
    Standing.UPGRADED: "after its upgrade",
    Standing.REWRITTEN: "after a rewrite",
    Standing.WORK: "after work",
    Standing.DEPENDS: "depends",
    Standing.NO: "cannot run",
}
_FINDING_MARKS = {"blocker": "✖", "unknown": "?"}
_COUNTED = re.compile(r"(\d{1,9}) more ")
_INDENT = 4
_GAP = 2
_NAMES_WIDTH = 32
_ANSWER_WIDTH = max(map(len, _ANSWERS.values()))
_SUMMED = 8  # of more products that cannot run, the left column has their number


def print_overview(
    vm: Machine | None, verdicts: Iterable[Verdict], stream: IO[str] | None = None, *, each: bool = False
) -> None:
    """Print what is wrong everywhere, then the classes of products.

    Args:
        vm: the VM, or None where nobody has seen it.
        verdicts: one for each product, in the order of the products.
        stream: where to; standard output if left out.
        each: whether to print each product on a line of its own instead.
    """
    out = console(stream)
    answers = list(verdicts)
    found = overview_of(vm, answers)
    print_title(out, _title(vm, answers))
    _print_settled(out, found, vm)
    if each:
        _print_each(out, found.lines)
        return
    if answers:
        out.print()
    for standing, rows in found.rows.items():
        mark, style = _MARKS[standing]
        print_hanging(out, Text(mark, style_of(style)), Text(_heading(found, standing), "bold"))
        for row in rows:
            _print_row(out, row, standing)
    if answers:
        _print_next(out, found, vm, answers)


def _heading(found: Overview, standing: Standing) -> str:
    settled = standing is Standing.READY and bool(found.settled or found.unseen)
    return _HEADINGS[standing] + (", once that is settled" if settled else "")


def _title(vm: Machine | None, verdicts: Sequence[Verdict]) -> Text:
    which = "every product" if verdicts else "no product"
    families = {it.target.family for it in verdicts}
    if len(families) == 1:
        which = f"{'every ' * (len(verdicts) > 1)}{family_name(families.pop())}"
    if vm is None:
        title = vm_title(verdicts[0].name if verdicts else "a VM, not seen", None)
        return title.append(f", on {which}", "not bold")
    version = vm.hardware.version
    hardware = f"hardware version {version}" if version is not None else "hardware version unknown"
    return title_of(vm).append(f", {hardware}, on {which}", "not bold")


def _print_settled(out: Console, found: Overview, vm: Machine | None) -> None:
    """Print what has to be settled whatever the product, things of one kind once."""
    if vm is None and found.unseen:
        words = f"not seen: {some(found.unseen)}; what follows holds for the plainest one"
        out.print()
        print_hanging(out, Text("?", style_of("unknown")), safe_text(words))
        return
    if not (found.settled or found.unseen):
        return
    print_heading(out, "first, for every product; what follows holds after that")
    for _, group in groupby(found.settled, key=lambda it: it.code):
        _print_alike(out, list(group))
    if found.unseen:
        print_hanging(out, Text("  ?", style_of("unknown")), safe_text(f"not seen: {some(found.unseen)}"))


def _print_alike(out: Console, findings: Sequence[Finding]) -> None:
    first, last = findings[0], findings[-1]
    line = safe_text(first.message)
    if len(findings) > 1:
        # A rule with many cases counts the last of them itself.
        counted = _COUNTED.match(last.message)
        line.append(f", and {len(findings) - 2 + (int(counted[1]) if counted is not None else 1)} more of the kind")
    mark = _FINDING_MARKS[first.severity]
    print_hanging(out, Text(f"  {mark}", style_of(first.severity)), line.append(f"  {first.code}", "dim"))


# --- classes


def _print_row(out: Console, row: Row, standing: Standing) -> None:
    """Print products with their reason beside them, or behind a colon where there is no room for columns."""
    no = standing is Standing.NO
    names, reason = list(product_ranges(row.products, and_older=no).values()), row.reason
    summed = no and len(row.products) > _SUMMED and bool(reason)
    if summed:
        year = max(it.released_order for it in row.products) // 10_000
        names, reason = [f"{len(row.products)} products up to {year}"], f"{reason}: {', '.join(names)}"
    columns = out.is_terminal and is_wide(out)
    if not reason and columns:
        for line in _packed(names, out.width - _INDENT):
            out.print(Text(" " * _INDENT + line), soft_wrap=True)
        return
    if not columns:
        line = ", ".join([*names, reason]) if summed else ": ".join(filter(None, (", ".join(names), reason)))
        print_hanging(out, " " * (_INDENT - 1), Text(line))
        return
    left = _packed(names, _NAMES_WIDTH)
    room = out.width - _INDENT - _NAMES_WIDTH - _GAP
    right = [str(line).rstrip() for line in Text(reason).wrap(out, room)]
    for name, words in zip_longest(left, right, fillvalue=""):
        line = f"{' ' * _INDENT}{name:{_NAMES_WIDTH}}{' ' * _GAP}{words}"
        out.print(Text(line.rstrip()), soft_wrap=True)


def _packed(phrases: Sequence[str], width: int) -> list[str]:
    """Return phrases in lines of a width, with commas between them; only one that is longer than a line is broken."""
    lines: list[str] = []
    for number, phrase in enumerate(phrases):
        piece = phrase + ("," if number < len(phrases) - 1 else "")
        if lines and len(lines[-1]) + 1 + len(piece) <= width:
            lines[-1] += f" {piece}"
        else:
            lines += wrap(piece, width, subsequent_indent="  ")
    return lines


def _print_next(out: Console, found: Overview, vm: Machine | None, verdicts: Sequence[Verdict]) -> None:
    families = {it.target.family for it in verdicts}
    only = ("--family", families.pop()) if len(families) == 1 else ()
    head = Text("each product: ", "bold")
    print_command(out, _command(vm, verdicts, "--all", *only), head.cell_len, head)
    for number, product in enumerate(found.suggested):
        head = Text("next  " if number == 0 else "      ", "bold")
        print_command(out, _command(vm, verdicts, "--target", product.id), head.cell_len, head)


def _command(vm: Machine | None, verdicts: Sequence[Verdict], *words: str) -> Argv:
    named = verdicts[0].hop.hop.named
    made_by = ("--from", named) if named is not None else ()
    if vm is None:
        return ("vmxtool", "check", *words, *made_by)
    return vmxtool_command(vm, "check", *words, *made_by)


# --- each product


def _print_each(out: Console, lines: Sequence[Line]) -> None:
    order = list(FAMILIES)
    known = sorted(lines, key=lambda it: order.index(it.product.family) if it.product.family in order else len(order))
    columns = out.is_terminal and is_wide(out)
    width = max((len(release.id) for it in lines for release in alike(it.product)), default=0) if columns else 0
    for family, members in groupby(known, key=lambda it: it.product.family):
        print_heading(out, family_name(family))
        for line in reversed(list(members)):
            for release in reversed(alike(line.product)):
                _print_one(out, release, line, width)


def _print_one(out: Console, release: Product, line: Line, width: int) -> None:
    mark, style = _MARKS[line.standing]
    head = Text(f"  {release.id:{width}} ").append(mark, style_of(style))
    answer, reason = _ANSWERS[line.standing], "; ".join(line.reasons)
    if width and reason:
        head.append(f" {answer:{_ANSWER_WIDTH}} ")
        print_hanging(out, head, Text(reason))
    else:
        print_hanging(out, head, Text(answer + (f": {reason}" if reason else "")))
