"""The verdict for one target, for a person at a terminal: the answer, the questions, the reasons, then what to do."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.errors import UsageError
from vmxtool.findings import Do, Safety, Severity
from vmxtool.knowledge import tables
from vmxtool.knowledge.hardware import generation_of
from vmxtool.planner.verdict import Answer
from vmxtool.report.releases import oldest_release, releases_words
from vmxtool.report.text.findings import EVIDENCE_SHOWN, merged, show_finding
from vmxtool.report.text.route import no_way_back, stops_words
from vmxtool.report.text.steps import print_steps
from vmxtool.report.text.terminal import (
    console,
    print_command,
    print_hanging,
    print_heading,
    print_title,
    safe_text,
    style_of,
    title_of,
    vm_title,
)
from vmxtool.report.verdict_words import answer_words, verdict_words, way_summary
from vmxtool.report.words import CONDITIONS, GUIDE_VERDICTS, count, place_in_guide, short_name
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.findings import Finding
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import Machine
    from vmxtool.planner.chain import Route
    from vmxtool.planner.plan import Step
    from vmxtool.planner.verdict import Verdict
    from vmxtool.rules.commands import Argv

_HEAVY = frozenset({Severity.BLOCKER, Severity.UNKNOWN})
_TOLD = _HEAVY | {Severity.WARNING}
_UNVERIFIED = "(unverified)"
_REASONS = 2
_TODAY = "first of all"


def print_verdict(
    verdict: Verdict,
    vm: Machine | None = None,
    stream: IO[str] | None = None,
    *,
    why: bool = False,
    way: int | None = None,
) -> None:
    """Print the answer, what is open, what stands in the way, what will be different, and the steps.

    Args:
        verdict: the answer.
        vm: the VM it is about, for the words of steps that name its guest or its folder.
        stream: where to; standard output if left out.
        why: whether to show all findings with their evidence and sources.
        way: number of the way to show in full; the best if left out.

    Raises:
        UsageError: there is no such way.
    """
    ways = len(verdict.ways) or min(len(verdict.steps), 1)
    if way is not None and way > ways:
        told = "no way there" if not ways else f"{count(ways, 'way')} to {verdict.target.name}"
        hint = f"--way takes 1 to {ways}" if ways > 1 else "leave --way out"
        raise UsageError(f"there {'are' if ways > 1 else 'is'} {told}", hint=hint)
    out = console(stream)
    link = "" if verdict.path is not None else ","
    title = title_of(vm) if vm is not None and verdict.path is not None else vm_title(verdict.name, verdict.path)
    title.append_text(Text(f"{link} on {verdict.target.name}: ", "not bold"))
    shown = way or 1
    answer = releases_words(verdict) or verdict_words(verdict, shown)
    print_title(out, title.append_text(safe_text(answer, style_of(verdict.verdict.value))))
    _print_findings(verdict, out, shown, why=why)
    if verdict.steps:
        _print_ways(verdict, vm, out, shown, why=why)
    else:
        _print_nearest(verdict, vm, out)
        _print_routes(() if verdict.unseen else verdict.routes, out)
    _print_last(verdict, out, shown, why=why)


# --- findings ---


def _print_findings(verdict: Verdict, out: Console, way: int, *, why: bool) -> None:
    steps = _steps_of(verdict, way)
    said = {step.remedy for step in steps}
    printed = {argv for step in steps for argv in step.commands}
    # Steps are numbered over all ways; each way is shown from 1 on.
    shown = {step.n: number for number, step in enumerate(steps, 1)}
    told = [it._replace(after=shown.get(it.after or 0)) for it in (_all_told if why else _told)(verdict, way)]
    told = [it for it in told if why or not _is_done(it, printed)]
    told.sort(key=partial(_rank, verdict))
    for heading, group in groupby(told, key=partial(_heading, verdict)):
        if heading:
            print_heading(out, heading)
        for finding in merged(group):
            remedy = finding.fix.text if finding.fix is not None and _needs_remedy(finding, verdict, steps) else None
            # Of what is only different the heading says after which step it is so.
            told_once = finding if finding.severity in _HEAVY else finding._replace(after=None)
            if told_once.fix is not None and not printed.isdisjoint(told_once.fix.commands):
                told_once = told_once._replace(fix=told_once.fix._replace(commands=()))
            show_finding(
                out,
                told_once,
                places=EVIDENCE_SHOWN if why else 0,
                cure=remedy is not None and remedy not in said,
                indent=2,
                why=why,
            )
            said.add(remedy)


def _all_told(verdict: Verdict, way: int) -> list[Finding]:
    return [
        it
        for it in _found(verdict, way)
        if it.severity in _TOLD or it.after is not None or not it.of_files or it.at_home
    ]


def _found(verdict: Verdict, way: int) -> Sequence[Finding]:
    return verdict.findings if way == 1 else verdict.findings_on(way)


def _told(verdict: Verdict, way: int) -> list[Finding]:
    """Return the findings that belong on this screen: `inspect` has what is only worth knowing of the files."""
    if verdict.verdict is Answer.NOT_SUPPORTED:
        return _reasons(verdict)[:_REASONS]
    return [it for it in _all_told(verdict, way) if not _is_doubtful(it) and not _is_idle(it)]


def _reasons(verdict: Verdict) -> list[Finding]:
    """Return why a target is not supported: what nothing cures first."""
    blockers = [it for it in verdict.findings if it.blocks and not it.of_files]
    return merged([it for it in blockers if it.cure is None] or blockers)


def _is_doubtful(finding: Finding) -> bool:
    """Return whether it is only worth knowing, and not even sure."""
    by_us = finding.fix is not None and finding.fix.safety is not Safety.MANUAL
    return finding.severity is Severity.INFO and _UNVERIFIED in finding.message and not by_us


def _is_idle(finding: Finding) -> bool:
    """Return whether it is about moves of which none is made.

    It then stops nothing, and nothing has to be done about it.
    """
    return finding.of_files and bool(finding.stops) and finding.severity in {Severity.WARNING, Severity.INFO}


def _heading(verdict: Verdict, finding: Finding) -> str:
    if finding.severity is Severity.UNKNOWN:
        return ""  # right under the first line
    if _is_today(finding):
        return _TODAY
    if finding.blocks:
        return "why" if verdict.verdict is Answer.NOT_SUPPORTED else "why not as it is"
    if finding.after is not None:
        return f"what will be different after step {finding.after}"
    return "what may go wrong" if finding.severity is Severity.WARNING else "what will be different"


def _is_today(finding: Finding) -> bool:
    # A config that is read otherwise than it was meant comes first too: what follows may be said of another VM.
    return finding.of_files and (finding.blocks or finding.cure is Do.REPAIR_CONFIG)


def _rank(verdict: Verdict, finding: Finding) -> tuple[object, ...]:
    """Rank questions first, then what stops the VM today, then what the target asks for, then other differences."""
    if finding.severity is Severity.UNKNOWN:
        return (0,)
    if _is_today(finding):
        return (1, not finding.blocks, _heading(verdict, finding))
    if finding.blocks:
        return (2, finding.after or 0)
    return (3, finding.after or 0, finding.severity is not Severity.WARNING)


def _is_done(finding: Finding, printed: Collection[Argv]) -> bool:
    """Return whether it is only worth knowing, and the steps do all that its owner would have to do about it."""
    fix = finding.fix
    by_owner = fix is not None and fix.safety is Safety.MANUAL and bool(fix.commands)
    return finding.severity is Severity.INFO and by_owner and fix is not None and set(fix.commands) <= set(printed)


def _needs_remedy(finding: Finding, verdict: Verdict, steps: Sequence[Step]) -> bool:
    """Return whether what cures a finding is said with it: not where a step does it, and not where nothing helps."""
    if finding.fix is None or verdict.verdict is Answer.NOT_SUPPORTED:
        return False
    if not steps:
        return True
    # The steps deal with all that blocks, and one of them is our own wherever a rewrite is needed.
    if finding.fix.safety is Safety.UNSAFE and not finding.blocks:
        return True  # the plan does without it
    by_us = finding.fix.safety is Safety.SAFE and finding.cure is Do.REWRITE
    if by_us and finding.severity in {Severity.WARNING, Severity.UNKNOWN} and not any(it.is_ours for it in steps):
        return bool(finding.fix.commands)
    if finding.blocks or finding.fix.safety is not Safety.MANUAL or finding.cure in {Do.REMOVE_SNAPSHOTS, Do.DECRYPT}:
        return False
    return not any(
        finding.code in step.cures or not set(finding.fix.commands).isdisjoint(step.commands) for step in steps
    )


# --- steps ---


def _print_ways(verdict: Verdict, vm: Machine | None, out: Console, shown: int, *, why: bool) -> None:
    holder = verdict.origin[0].product if verdict.origin else None
    label = next((it for it in verdict.ways if it.way == shown), None)
    heading = "steps"
    if label is not None and shown > 1:
        heading += f" of way {shown}"
    when = label.when if label is not None else verdict.plans[0].when if verdict.plans else ()
    if when:
        heading += ", " + " and ".join(CONDITIONS[word] for word in when)
    oldest = oldest_release(verdict)
    print_heading(out, heading if oldest is None else f"{heading} for {oldest}; they serve the later releases, too")
    # Of a VM that nobody has seen the names in the commands would be made up.
    seen = verdict.path is not None
    print_steps(_steps_of(verdict, shown), vm, holder, out, commands=seen, why=why)


def _steps_of(verdict: Verdict, way: int) -> list[Step]:
    return [step for step in verdict.steps if step.way in {None, way}]


# --- other products, the guide ---


def _print_nearest(verdict: Verdict, vm: Machine | None, out: Console) -> None:
    nearest = verdict.nearest if vm is not None else ()
    if not nearest or vm is None:
        return
    print_heading(out, "nearest products that run it")
    for found in nearest:
        line = Text(found.target.name).append(f"  {answer_words(found)}", style_of(found.verdict.value))
        print_hanging(out, "  ·", line)
    out.print()
    named = verdict.hop.hop.named  # what the user has said of the VM holds for the next question too
    made_by = ("--from", named) if named is not None else ()
    command = vmxtool_command(vm, "check", "--target", nearest[0].target.id, *made_by)
    print_command(out, command, indent=6, mark=Text("next  ", "bold"))


def _print_routes(routes: Sequence[Route], out: Console) -> None:
    if routes:
        print_heading(out, "over other products")
    for route in routes:
        line = Text(stops_words(route))
        if route.one_way_count:
            line.append(f"  {no_way_back(route)}", "yellow")
        print_hanging(out, "  ·", line)


def _print_last(verdict: Verdict, out: Console, shown: int, *, why: bool) -> None:
    """Print what else could be asked: other ways, the reasons, the rules, and what the guide says."""
    lines = [
        Text("other way: ", "bold")
        .append(way_summary(verdict, it), "not bold")
        .append(f"  --way {it.way}", "not bold dim")
        for it in verdict.ways
        if it.way != shown and verdict.steps
    ]
    explain: tuple[str, ...] = ()
    codes = list(dict.fromkeys(it.code for it in _told(verdict, shown)))
    hidden = len(merged(_all_told(verdict, shown))) - len(merged(_told(verdict, shown)))
    if codes and not why:
        more = f" and {count(hidden, 'more note')}" if hidden > 0 else ""
        rules = f"vmxtool explain {' '.join(codes)}"
        fits = len(f"why{more}: --why    rules: {rules}") <= out.width
        lines.append(Text(f"why{more}: --why" + (f"    rules: {rules}" if fits else ""), "dim"))
        explain = () if fits else ("vmxtool", "explain", *codes)
    line, remarks = _guide_line(verdict), verdict.remarks
    lines += [line] if line is not None else []
    if not why:
        remarks = tuple(it for it in remarks if it.from_ids and not (it.on or it.acts))
    lines += [_fact_line(it) for it in remarks]
    for number, line in enumerate(lines):
        if number == 0:
            out.print()
        print_hanging(out, "", line)
    if explain:
        print_command(out, explain, 7, Text("rules  ", "dim"))


def _guide_line(verdict: Verdict) -> Text | None:
    """Return what the guide says of the move.

    That is a cell, or the text where that speaks of ACE and Player and no table does.
    """
    entry, fact = verdict.guide, verdict.hop.hop.guide.fact
    if entry is None:
        return _fact_line(fact) if fact is not None else None
    pair = f"{short_name(entry.from_id)}{_stands_for(verdict, entry)} to {short_name(entry.to_id)}"
    return Text(f"guide: {place_in_guide(entry)}, {pair}: {GUIDE_VERDICTS[entry.verdict]}", "dim")


def _stands_for(verdict: Verdict, entry: GuideEntry) -> str:
    """Return the product that has the VM, where the row is that of another that makes such VMs: " (for ACE 2)"."""
    origins = [name for name in verdict.hop.hop.guide.origins if tables.generation_of(name) is not None]
    if not origins or entry.from_id == origins[0] or (entry.from_id in origins and tables.has_rows_for(origins[0])):
        return ""
    version = verdict.hop.hop.start.version
    own = tables.generation_of(origins[0]) == generation_of(version)
    return f" (for {short_name(origins[0])}{'' if own else f' with hardware version {version}'})"


def _fact_line(fact: Fact) -> Text:
    return Text(f"guide, page {fact.page}: {fact.says}", "dim")
