"""Routes for a person at a terminal: every move with its steps, and which of them cannot be taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.findings import Do
from vmxtool.knowledge.products import products
from vmxtool.report.step_words import place_words, step_text
from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    vm_title,
)
from vmxtool.report.words import CONDITIONS, GUIDE_VERDICTS, count, place_in_guide, short_name, way_words
from vmxtool.rules.commands import as_argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.planner.chain import Hop, Route, Routes

_SOURCES_SHOWN = 2


def print_routes(routes: Routes, have: bool = False, stream: IO[str] | None = None, *, why: bool = False) -> None:
    """Print the routes, best first.

    Args:
        routes: what the search gave.
        have: the search was limited to products at hand.
        stream: where to; standard output if left out.
        why: whether to say what each move is based on.
    """
    out = console(stream)
    title = vm_title(routes.name, routes.path)
    pair = f"{products()[routes.start].name} to {products()[routes.target].name}"
    title.append(f": {pair}, {count(len(routes.routes), 'route')}", "not bold")
    if routes.version is not None:
        title.append(f"  hardware version {routes.version}", "not bold dim")
    print_title(out, title)
    if routes.guide is not None:
        said = GUIDE_VERDICTS[routes.guide.verdict] if routes.guide.verdict != "not-supported" else "not directly"
        cell = f" ({routes.guide.cell})" if why else ""
        out.print(Text(f"  guide: {place_in_guide(routes.guide)}: {said}{cell}", "dim"))
    for number, route in enumerate(routes.routes, 1):
        _print_route(number, route, routes.path is not None, out, why=why)
    if not routes.routes:
        _print_none(routes, have, out)
    elif routes.path is not None and not routes.routes[0].hops[0].in_place:
        print_heading(out, "the first move with all its commands")
        words: tuple[str, ...] = ("vmxtool", "check", "--target", routes.routes[0].hops[0].to_id)
        words += ("--from", routes.start) if routes.named else ()
        print_command(out, words if routes.path == "." else (*words, as_argument(routes.path)), indent=2)


def stops_words(route: Route) -> str:
    """Return the products that a route goes over: "Workstation 3 → Workstation 4 → Fusion 1"."""
    first = short_name(route.hops[0].from_id) + " (upgraded there)" * route.hops[0].in_place
    return " → ".join([first, *(short_name(hop.to_id) for hop in route.hops if not hop.in_place)])


def no_way_back(route: Route) -> str:
    """Say how many moves of a route the VM cannot go back from."""
    return f"{count(route.one_way_count, 'move')} without a way back"


def _print_route(number: int, route: Route, seen: bool, out: Console, *, why: bool) -> None:
    print_heading(out, f"route {number}  {stops_words(route)}")
    counts = [count(len(route.hops), "move")]
    counts += [count(route.conversions, "conversion")] if route.conversions else ["nothing is converted"]
    summary = Text(f"  {', '.join(counts)}", "dim")
    if route.one_way_count:
        summary.append(", ").append(no_way_back(route), "not dim bold yellow")
    out.print(summary)
    for place, hop in enumerate(route.hops, 1):
        _print_hop(place, hop, out, last=place == len(route.hops), commands=seen and place == 1, why=why)


def _print_hop(place: int, hop: Hop, out: Console, *, last: bool, commands: bool, why: bool) -> None:
    """Print one move; commands only of the first, since nobody knows where the VM's files lie after it."""
    start, end = short_name(hop.from_id), short_name(hop.to_id)
    head = Text(f"{start}, which has the VM" if hop.in_place else f"{start} → {end}")
    if hop.plan.when:
        head.append(f"  {' and '.join(CONDITIONS[word] for word in hop.plan.when)}", "magenta")
    print_hanging(out, Text(f"{place:3}.", "bold"), head.append(f"  {_sources(hop)}" * why, "dim"))
    for step in hop.plan.steps:
        line = safe_text(f"{place_words(step, hop.from_id)}: ", "cyan")
        line.append_text(safe_text(step_text(step), "default"))
        if step.is_ours and not commands:
            line.append(", with vmxtool rewrite")
        print_hanging(out, "·", line, indent=5)
        for argv in step.commands if step.is_ours and commands else ():
            print_command(out, argv, indent=7)
    for way in hop.others if last else ():
        print_hanging(out, "or:", Text(way_words(way), "dim"), indent=5)
    for mark, note in _notes(hop):
        print_hanging(out, mark, note, indent=5)


def _notes(hop: Hop) -> Iterable[tuple[str, Text]]:
    start, end = short_name(hop.from_id), short_name(hop.to_id)
    if hop.one_way:
        # A product that ran the VM in legacy mode still has it; those that make such VMs do not.
        has_it = hop.after is not None and products()[hop.from_id].runs(hop.after)
        back = f"hardware version {hop.before}" if has_it else start
        yield "!", Text(f"no way back to {back} from here; keep a copy", "yellow")
    elif hop.can_go_back and any(step.do is Do.RUN_LEGACY for step in hop.plan.steps):
        yield "!", Text(f"it can go back to {start}", "dim")
    if hop.unverified:
        yield "?", Text(f"no source confirms that {end} runs version {hop.after}", "magenta")
    for note in hop.notes:
        yield "!", Text(note, "dim")


def _sources(hop: Hop) -> str:
    shown = [source for source in hop.sources if source != "general"][:_SOURCES_SHOWN] or list(hop.sources)
    return ", ".join(shown)


def _print_none(routes: Routes, have: bool, out: Console) -> None:
    pair = f"{short_name(routes.start)} to {short_name(routes.target)}"
    rest = "over the products at hand" if have else "whatever products are at hand"
    lines = [Text(f"No route leads from {pair} {rest}.", "red")]
    single = [names[0] for names in routes.missing if len(names) == 1]
    pairs = [names for names in routes.missing if len(names) == 2]
    if single:
        lines.append(Text(f"What is missing: {_listed(single)}.", "bold"))
    for first, seconds in _grouped(pairs):
        lead = "Or two together" if single else "What is missing, two together"
        lines.append(Text(f"{lead}: {_listed(first)}, with {_listed(seconds)}."))
    if have and not routes.missing:
        lines.append(Text("No two further products would open one."))
    lines += [Text(note, "dim") for note in (routes.guide.notes if routes.guide is not None else ())]
    out.print()
    for line in lines:
        print_hanging(out, " ", line)


def _listed(ids: Iterable[str]) -> str:
    names = [short_name(product_id) for product_id in ids]
    return " or ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _grouped(pairs: Sequence[tuple[str, ...]]) -> list[tuple[list[str], list[str]]]:
    """Return pairs that differ in one product only as one line: those that go with the same partners stand together."""
    partners: dict[str, list[str]] = {}
    for one, other in pairs:
        older, newer = sorted((one, other), key=lambda name: products()[name].released_order)
        partners.setdefault(older, []).append(newer)
    lines: dict[tuple[str, ...], list[str]] = {}
    for first, seconds in partners.items():
        lines.setdefault(tuple(sorted(seconds, key=list(products()).index)), []).append(first)
    return [(firsts, list(seconds)) for seconds, firsts in lines.items()]
