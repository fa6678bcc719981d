"""Routes for a person at a terminal: every move with its steps, and which of them cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.padding import Padding
from rich.text import Text

from vmxtool.knowledge.products import products
from vmxtool.report.text.guide import CONDITION_WORDS, VERDICT_WORDS, short_name, step_sentence, way_words
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.terminal import console, print_hanging, safe_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.knowledge.cells import Step
    from vmxtool.planner.legs import Leg
    from vmxtool.planner.routes import Route, Routes

_SOURCES_SHOWN = 2
_TOOLS = {"import-disks": " (vmkfstools -i)", "export-disks": " (vmkfstools -i, with -d 2gbsparse)"}


def print_routes(found: Routes, vm_name: str | None = None, have: bool = False, stream: IO[str] | None = None) -> None:
    """Print the routes, best first.

    Args:
        found: what the search gave.
        vm_name: the VM's name, where one was read.
        have: the search was limited to products at hand.
        stream: where to; standard output if left out.
    """
    out = console(stream)
    line = safe_text(f"{shortened(vm_name, 40)}: " if vm_name else "", "bold")
    line.append(f"{products()[found.start].name} to {products()[found.target].name}", "bold")
    line.append(f"  hardware version {found.version}", "dim")
    out.print(line)
    if found.guide is not None:
        said = VERDICT_WORDS[found.guide.verdict] if found.guide.verdict != "not-supported" else "not directly"
        out.print(Text(f"  guide {found.guide.cell}: {said}", "dim"))
    for number, route in enumerate(found.routes, 1):
        out.print()
        _print_route(number, route, out)
    if not found.routes:
        _print_none(found, have, out)
    if vm_name is not None and found.routes:
        out.print()
        first = found.routes[0].legs[0].to_id
        print_hanging(out, "→", safe_text(f"vmxtool check --target {first} says what this VM needs before its first move"))


def _print_route(number: int, route: Route, out: Console) -> None:
    counts = [_count(route.moves, "move"), _count(route.conversions, "conversion")]
    line = Text(f"route {number}  ", "bold")
    line.append(" → ".join(map(short_name, [route.legs[0].from_id, *(leg.to_id for leg in route.legs)])), "bold")
    out.print(line)
    summary = Text(f"  {', '.join(counts)}", "dim")
    if route.one_way_count:
        summary.append(f", {_count(route.one_way_count, 'one-way step')}", "not dim bold yellow")
    else:
        summary.append(", no one-way step")
    out.print(summary)
    for place, leg in enumerate(route.legs, 1):
        _print_leg(place, leg, out, last=place == len(route.legs))


def _print_leg(place: int, leg: Leg, out: Console, *, last: bool) -> None:
    head = Text(f"{short_name(leg.from_id)} → {short_name(leg.to_id)}")
    if leg.way.when:
        head.append(f"  {' and '.join(CONDITION_WORDS[word] for word in leg.way.when)}", "magenta")
    print_hanging(out, Text(f"{place:3}.", "bold"), head.append(f"  {_sources(leg)}", "dim"))
    for step in leg.way.steps:
        line = Text(_sentence(step, leg))
        if leg.one_way and step is _final_step(leg):
            line.append("  one-way", "bold yellow")
        print_hanging(out, "·", line, indent=5)
        if step.do == "downgrade-hardware" and leg.cell is None:
            print_hanging(
                out, "or" if step.products else " ", Text(f"vmxtool rewrite --hwversion {leg.after}", "bold"), indent=7
            )
    for way in leg.others if last else ():
        print_hanging(out, "or:", Text(way_words(way), "dim"), indent=5)
    if leg.one_way:
        print_hanging(out, "!", Text(f"no way back to {short_name(leg.from_id)} from here; keep a copy", "yellow"), indent=5)
    elif leg.can_go_back and any(step.do == "run-legacy" for step in leg.way.steps):
        print_hanging(out, "!", Text(f"it can go back to {short_name(leg.from_id)}", "dim"), indent=5)
    if leg.unverified:
        words = f"no source confirms that {short_name(leg.to_id)} runs version {leg.after}"
        print_hanging(out, "?", Text(words, "magenta"), indent=5)
    for note in leg.notes:
        print_hanging(out, "!", Text(note, "dim"), indent=5)


def _final_step(leg: Leg) -> Step:
    """The step after which there is no way back: the upgrade, or the last one where none is printed."""
    upgrades = [step for step in leg.way.steps if step.do == "upgrade-hardware"]
    return (upgrades or list(leg.way.steps))[-1]


def _sentence(step: Step, leg: Leg) -> str:
    said = step_sentence(step, leg.from_id, leg.to_id)
    if step.do == "downgrade-hardware" and not step.products:
        said = "lower the virtual hardware"
    if step.do in {"upgrade-hardware", "downgrade-hardware"} and leg.before != leg.after:
        said += f" to version {leg.after}"
    # The guide leaves the tool to the manuals of its time; on the hosts since it is vmkfstools.
    host = {"export-disks": leg.from_id, "import-disks": leg.to_id}.get(step.do)
    return said + _TOOLS[step.do] if host is not None and products()[host].generation is None else said


def _sources(leg: Leg) -> str:
    shown = [source for source in leg.sources if source != "general"][:_SOURCES_SHOWN] or list(leg.sources)
    return ", ".join(shown)


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'s' if number != 1 else ''}"


def _print_none(found: Routes, have: bool, out: Console) -> None:
    pair = f"{short_name(found.start)} to {short_name(found.target)}"
    rest = "over the products at hand" if have else "whatever products are at hand"
    lines = [Text(f"No route leads from {pair} {rest}.", "red")]
    single = [names[0] for names in found.missing if len(names) == 1]
    pairs = [names for names in found.missing if len(names) == 2]
    if single:
        lines.append(Text(f"What is missing: {_listed(single)}.", "bold"))
    for first, seconds in _grouped(pairs):
        lead = "Or two together" if single else "What is missing, two together"
        lines.append(Text(f"{lead}: {_listed(first)}, with {_listed(seconds)}."))
    if have and not found.missing:
        lines.append(Text("No two further products would open one."))
    lines += [Text(note, "dim") for note in (found.guide.notes if found.guide is not None else ())]
    out.print()
    for line in lines:
        out.print(Padding(line, (0, 0, 0, 2)))


def _listed(ids: Iterable[str]) -> str:
    names = [short_name(product_id) for product_id in ids]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _grouped(pairs: Sequence[tuple[str, ...]]) -> list[tuple[list[str], list[str]]]:
    """Pairs that differ in one product only as one line: those that go with the same partners stand together."""
    partners: dict[str, list[str]] = {}
    for one, other in pairs:
        older, newer = sorted((one, other), key=lambda name: products()[name].released_order)
        partners.setdefault(older, []).append(newer)
    lines: dict[tuple[str, ...], list[str]] = {}
    for first, seconds in partners.items():
        lines.setdefault(tuple(sorted(seconds, key=list(products()).index)), []).append(first)
    return [(firsts, list(seconds)) for seconds, firsts in lines.items()]
