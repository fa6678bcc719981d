"""A VM and its findings for a person at a terminal: what it is, what it has, what is wrong, what to ask next."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.findings import Severity
from vmxtool.knowledge.products import products
from vmxtool.machine.locate import as_named
from vmxtool.report.text.findings import show_fix
from vmxtool.report.text.printable import shortened
from vmxtool.report.text.rows import print_rows, print_tree
from vmxtool.report.text.terminal import (
    console,
    is_wide,
    print_command,
    print_hanging,
    print_title,
    safe_text,
    style_of,
    vm_title,
)
from vmxtool.report.text.vm_facts import facts
from vmxtool.report.text.vm_parts import (
    device_rows,
    disk_rows,
    network_rows,
    other_drive_rows,
    shared_folder_rows,
    snapshot_lines,
)
from vmxtool.report.words import count
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine

_COUNTED = {
    Severity.BLOCKER: ("✖", "problem"),
    Severity.WARNING: ("!", "warning"),
    Severity.INFO: ("·", "note"),
    Severity.UNKNOWN: ("?", "question"),
}
_INDENT = 2
_LONGEST = 1000  # characters of a sentence or a place; a name in it may be of any length
_LONGEST_LABEL = 28  # columns beside a finding
_LONGEST_PLACE = 60
_COMMON_HEAD = 12  # a longer head moves the columns of its own heading alone
_NEXT = "next  "


def print_vm(
    vm: Machine, findings: Iterable[Finding] = (), stream: IO[str] | None = None, *, why: bool = False
) -> None:
    """Print what a VM is: its facts, its parts under headings, findings, and what to ask next.

    Args:
        vm: the VM.
        findings: what is wrong with it by itself.
        stream: where to; standard output if left out.
        why: whether to show how sure the origin is in figures, how the config is written, and all evidence.
    """
    out = console(stream)
    shown: set[str] = set()
    print_title(out, vm_title(vm.name, as_named(vm.path, vm.config.path)))
    _print_facts(vm, out, shown, why=why)
    _print_parts(vm, out)
    _print_findings(vm, list(findings), out, shown, why=why)
    _print_next(vm, out)


def _print_facts(vm: Machine, out: Console, shown: set[str], *, why: bool) -> None:
    told = list(facts(vm, why=why))
    lead = max(len(word) for word, _ in told)
    for word, text in told:
        print_hanging(out, Text(f"{word:{lead + 1}}", "dim"), text, _INDENT)
        if why and word == "made by":
            for candidate in vm.origin:
                _print_evidence(out, candidate.evidence, shown)


def _print_parts(vm: Machine, out: Console) -> None:
    parts = {
        "disks": disk_rows(vm),
        "other drives": other_drive_rows(vm),
        "network": network_rows(vm),
        "other devices": device_rows(vm),
        "shared folders": shared_folder_rows(vm),
    }
    heads = [row.head.cell_len for rows in parts.values() for row in rows]
    lead = max((length for length in heads if length <= _COMMON_HEAD), default=0)
    before = False
    for heading, rows in parts.items():
        if rows:
            _print_heading(out, heading, apart=not before)
            print_rows(out, rows, right=0 if heading == "disks" else None, lead=lead)
            before = True
    lines = snapshot_lines(vm)
    if lines:
        _print_heading(out, "snapshots", apart=not before)
        print_tree(out, lines)


def _print_heading(out: Console, words: str, *, apart: bool) -> None:
    if apart:
        out.print()
    out.print(Text(words, "bold"), soft_wrap=True)


# --- findings ---


def _print_findings(vm: Machine, findings: Sequence[Finding], out: Console, shown: set[str], *, why: bool) -> None:
    if not findings:
        return
    counts = Counter(it.severity for it in findings)
    out.print()
    words = ", ".join(count(counts[severity], noun) for severity, (_, noun) in _COUNTED.items() if counts[severity])
    out.print(Text(words, "bold"), soft_wrap=True)
    cures = [(it.fix.text, it.fix.commands) if it.fix is not None else None for it in findings]
    for number, finding in enumerate(findings):
        _print_finding(vm, finding, out)
        if why:
            _print_evidence(out, finding.evidence, shown)
            if finding.unshown:
                print_hanging(out, "", Text(f"and {count(finding.unshown, 'more place')}", "dim"), _INDENT + 2)
        # What cures several in a row is said once, under the last of them.
        if finding.fix is not None and cures[number] not in cures[number + 1 : number + 2]:
            show_fix(out, finding.fix, _INDENT + 2)


def _print_finding(vm: Machine, finding: Finding, out: Console) -> None:
    """Print a sentence behind its mark.

    Code and place stand at the end of its first line where there is room for them.
    """
    mark = Text(_COUNTED[finding.severity][0], style_of(finding.severity))
    text = Text(shortened(finding.message, _LONGEST))
    place = _place(finding, vm.config.file)
    label = Text(f"{finding.code} {place}".rstrip(), "dim")
    at = _INDENT + mark.cell_len + 1
    beside = out.is_terminal and is_wide(out) and label.cell_len <= _LONGEST_LABEL
    room = out.width - at - (2 + label.cell_len if beside else 0)
    lines = list(text.wrap(out, room)) or [Text()]
    for line in lines:
        line.rstrip()
    if beside:
        lines[0].append(" " * (out.width - at - lines[0].cell_len - label.cell_len)).append_text(label)
    elif lines[-1].cell_len + 2 + label.cell_len <= room:
        lines[-1].append("  ").append_text(label)
    else:
        lines += label.wrap(out, room)
    for number, line in enumerate(lines):
        whole = Text(" " * _INDENT).append_text(mark).append(" ") if number == 0 else Text(" " * at)
        whole.append_text(line).rstrip()
        out.print(whole, soft_wrap=True)


def _place(finding: Finding, config: str) -> str:
    """Return where it shows, in a few words: "line 48" of the config, "Mail Relay.vmsd line 3"."""
    if not finding.evidence:
        return ""
    first = finding.evidence[0]
    line = f"line {first.line}" if first.line is not None else ""
    place = line if first.file == config and line else f"{first.file} {line}".rstrip()
    shown = safe_text(place).plain
    return shown if len(shown) <= _LONGEST_PLACE else line


def _print_evidence(out: Console, evidence: Sequence[Evidence], shown: set[str]) -> None:
    """Print the places that show something; one that was shown before is not shown again."""
    for place in evidence:
        text = shortened(str(place), _LONGEST)
        if text not in shown:
            shown.add(text)
            print_hanging(out, "", Text(text, "dim"), _INDENT + 2)


# --- what to ask next ---


def _print_next(vm: Machine, out: Console) -> None:
    out.print()
    target = _target(vm)
    print_command(out, vmxtool_command(vm, "check"), len(_NEXT), Text(_NEXT, "dim"))
    print_command(out, vmxtool_command(vm, "check", "--target", target), len(_NEXT))


def _target(vm: Machine) -> str:
    """Return the newest product of the other kind than the one that made the VM: of ESX, or of Workstation."""
    made_by = products().get(vm.origin[0].product) if vm.origin else None
    family = "workstation" if made_by is not None and made_by.esx else "esx"
    return [it.id for it in products().values() if it.family == family][-1]
