"""The verdict for one target, for a person at a terminal: the answer, the reasons, then what to do."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.findings import Do, Safety, Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.releases import oldest_release, releases_words
from vmxtool.report.text.findings import show_finding
from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    style_of,
    vm_title,
)
from vmxtool.report.words import CONDITIONS, GUIDE_VERDICTS, count, place_words, short_name, step_text, verdict_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.findings import Finding
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step, WayLabel
    from vmxtool.planner.routes import Route
    from vmxtool.planner.verdict import Verdict

_HEAVY = frozenset({Severity.BLOCKER, Severity.UNKNOWN})
_TOLD = _HEAVY | {Severity.WARNING}


def print_verdict(verdict: Verdict, vm: Machine | None = None, stream: IO[str] | None = None) -> None:
    """Print the answer, what is open, what stands in the way, what will be different, and the steps.

    Args:
        verdict: the answer.
        vm: the VM it is about, for the words of steps that name its guest or its folder.
        stream: where to; standard output if left out.
    """
    out = console(stream)
    link = "" if verdict.path is not None else ","
    title = vm_title(verdict.name, verdict.path).append_text(Text(f"{link} on {verdict.target.name}: ", "not bold"))
    answer = releases_words(verdict) or verdict_words(verdict)
    print_title(out, title.append_text(safe_text(answer, style_of(verdict.verdict.value))))
    _print_findings(verdict, out)
    if verdict.steps:
        _print_steps(verdict, vm, out)
    elif not verdict.unseen:
        _print_routes(verdict.routes, out)
    if verdict.guide is not None:
        out.print()
        print_hanging(out, Text("guide:", "dim"), _guide_line(verdict.guide))


# --- findings ---


def _print_findings(verdict: Verdict, out: Console) -> None:
    said = {step.remedy for step in verdict.steps}
    for heading, findings in groupby(sorted(_told(verdict), key=_rank), key=partial(_heading, verdict)):
        if heading:
            print_heading(out, heading)
        for finding in findings:
            remedy = finding.fix.text if finding.fix is not None and _needs_remedy(finding, verdict) else None
            # Of what is only different the heading says after which step it is so.
            shown = finding if finding.severity in _HEAVY else finding._replace(after=None)
            show_finding(out, shown, places=0, cure=remedy is not None and remedy not in said, indent=2 * bool(heading))
            said.add(remedy)


def _told(verdict: Verdict) -> Iterable[Finding]:
    """The findings that belong on this screen: `inspect` has what is only worth knowing of the files."""
    if verdict.verdict is Answer.NOT_SUPPORTED:
        blockers = [it for it in verdict.findings if it.blocks and not it.of_files]
        return [it for it in blockers if it.cure is None] or blockers
    return [it for it in verdict.findings if it.severity in _TOLD or it.after is not None or not it.of_files]


def _heading(verdict: Verdict, finding: Finding) -> str:
    if finding.severity is Severity.UNKNOWN:
        return ""  # right under the first line
    if finding.blocks:
        return "why" if verdict.verdict is Answer.NOT_SUPPORTED else "why not as it is"
    if finding.after is not None:
        return f"what will be different after step {finding.after}"
    return "what may go wrong" if finding.severity is Severity.WARNING else "what will be different"


def _rank(finding: Finding) -> tuple[object, ...]:
    """Questions first, then what stops the VM today, then what the target asks for, then what is only different."""
    if finding.severity in _HEAVY:
        return (finding.blocks, not finding.of_files, finding.after or 0)
    return (2, finding.after or 0, finding.severity is not Severity.WARNING)


def _needs_remedy(finding: Finding, verdict: Verdict) -> bool:
    """Whether what cures a finding is said with it: not where a step does it, and not where nothing helps."""
    if finding.fix is None or verdict.verdict is Answer.NOT_SUPPORTED:
        return False
    if not verdict.steps:
        return True
    # The steps deal with all that blocks, and one of them is our own wherever a rewrite is needed.
    if finding.blocks or finding.fix.safety is not Safety.MANUAL or finding.cure in {Do.REMOVE_SNAPSHOTS, Do.DECRYPT}:
        return False
    return not any(
        finding.code in step.cures or not set(finding.fix.commands).isdisjoint(step.commands) for step in verdict.steps
    )


# --- steps ---


def _print_steps(verdict: Verdict, vm: Machine | None, out: Console) -> None:
    holder = verdict.origin[0].product if verdict.origin else None
    labels = {label.way: label for label in verdict.ways}
    oldest = oldest_release(verdict)
    print_heading(out, "steps" if oldest is None else f"steps for {oldest}, which serve the later ones, too")
    for way, steps in groupby(verdict.steps, key=lambda step: step.way):
        if way is not None:
            out.print(_way_line(labels[way]))
        for step in steps:
            _print_step(step, vm, holder, out)
            # Of a VM that nobody has seen the names in the commands would be made up.
            for argv in step.commands if verdict.path is not None else ():
                print_command(out, argv, indent=6)


def _way_line(label: WayLabel) -> Text:
    text = Text(f"  way {label.way}" + (", the best" if label.way == 1 else ""), "bold")
    if label.when:
        text.append(", " + " and ".join(CONDITIONS[word] for word in label.when), "not bold magenta")
    return text.append(", one-way", "not bold yellow") if label.one_way else text


def _print_step(step: Step, vm: Machine | None, holder: str | None, out: Console) -> None:
    text = safe_text(f"{place_words(step, holder)}: ", "cyan").append_text(safe_text(step_text(step, vm), "default"))
    print_hanging(out, Text(f"{step.n:3}", "bold"), text)


# --- the guide and routes ---


def _print_routes(routes: Sequence[Route], out: Console) -> None:
    if routes:
        print_heading(out, "over other products")
    for route in routes:
        stops = [route.hops[0].from_id, *(hop.to_id for hop in route.hops)]
        line = Text(" → ".join(map(short_name, stops)))
        if route.one_way_count:
            line.append(f"  {count(route.one_way_count, 'one-way move')}", "yellow")
        print_hanging(out, "  ·", line)


def _guide_line(guide: GuideEntry) -> Text:
    pair = f"{short_name(guide.from_id)} to {short_name(guide.to_id)}"
    return Text(f"Table {guide.table}, {pair}: {GUIDE_VERDICTS[guide.verdict]}", "dim")
