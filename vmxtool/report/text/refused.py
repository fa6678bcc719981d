"""Why a rewrite was refused, for a person at a terminal: each reason, under it what to do, and the commands for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from vmxtool.knowledge.products import products
from vmxtool.report.text.findings import EVIDENCE_SHOWN, place_text, print_row
from vmxtool.report.text.terminal import print_command, print_hanging, safe_text
from vmxtool.report.words import count, some
from vmxtool.rules.commands import vmxtool_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.rewrite import Rewrite
    from vmxtool.rules.commands import Argv

_INDENT = 2
_SHOWN = 200  # reasons; nobody reads more
_NAMED = 4
_NAME_LENGTH = 40
_ENCRYPTED = "remove the encryption in the product that encrypted the VM"
_FULL_CLONE = "make a full clone"
_PREPARE, _TOO = "prepare the guest and say ", " too"
_IN_WHICH, _OR_ANOTHER = "say in which: ", ", or another"
# Where the snapshots of a VM are, by the family of the product that made it.
_SNAPSHOT_MENUS = {
    "workstation": "in Workstation, VM > Snapshot > Snapshot Manager",
    "fusion": "in Fusion, Virtual Machine > Snapshots",
    "esx": "in the Snapshot Manager of the vSphere client",
}
# What another reason says already: all snapshots go for SNP601, and GST501 says of the product what a row of
# devices.toml says of its hardware version.
_SAID_BY = {
    "too-many-snapshots": "snapshot-present",
    "snapshots-not-kept": "snapshot-present",
    "guest-64-bit": "guest-64-bit-not-offered",
}


class _Reason(NamedTuple):
    """One reason, as it is told.

    Attributes:
        finding: what it is of.
        text: the reason.
        remedy: what to do, or None.
        commands: the commands for it.
    """

    finding: Finding
    text: str
    remedy: str | None
    commands: tuple[Argv, ...] = ()


def print_reasons(out: Console, rewrite: Rewrite, *, why: bool) -> None:
    """Print every reason with its code, those with one remedy together, and the remedy under them."""
    groups: dict[object, list[_Reason]] = {}
    for reason in _reasons(rewrite):
        same = (reason.remedy, reason.commands) if reason.remedy is not None else reason
        groups.setdefault(same, []).append(reason)
    shown = [reason for group in groups.values() for reason in group][:_SHOWN]
    for at, (finding, text, remedy, commands) in enumerate(shown):
        print_row(out, Text("✖", "bold red"), safe_text(text), finding.code, _INDENT)
        for place in finding.evidence[:EVIDENCE_SHOWN] if why else ():
            print_hanging(out, " ", place_text(place), _INDENT)
        following = shown[at + 1] if at + 1 < len(shown) else None
        if remedy is None or (following is not None and following[2:] == (remedy, commands)):
            continue
        print_hanging(out, " ", safe_text(remedy), _INDENT)
        for argv in commands:
            print_command(out, argv, _INDENT + 4)
    more = len(rewrite.refused) - _SHOWN
    if more > 0:
        print_hanging(out, " ", Text(f"and {count(more, 'more reason')}; --format json has them all", "dim"), _INDENT)


def _reasons(rewrite: Rewrite) -> Iterator[_Reason]:
    vm, names = rewrite.machine, {finding.name for finding in rewrite.refused}
    for finding in rewrite.refused:
        if {_SAID_BY.get(finding.name), _SAID_BY.get(finding.subject or "")} & names:
            continue
        fix = finding.fix
        reason = _Reason(finding, finding.message, fix.text if fix else None, fix.commands if fix else ())
        yield _in_plain_words(reason, vm, rewrite)


def _in_plain_words(reason: _Reason, vm: Machine, rewrite: Rewrite) -> _Reason:  # noqa: PLR0911 one for each
    remedy = reason.remedy or ""
    check = vmxtool_command(vm, "check", *_of_target(rewrite.words))
    match reason.finding.name:
        case "snapshot-present":
            return _of_snapshots(reason, vm)
        case "file-not-read":
            return _of_encrypted(reason)
        case "not-asked-for":
            options = remedy.removeprefix(_PREPARE).removesuffix(_TOO).split()
            if not remedy.startswith(_PREPARE) or not rewrite.words:
                return reason
            again = vmxtool_command(vm, "rewrite", *rewrite.words, *options, *_encoding_of(rewrite))
            text = (
                f"the guest may need another driver to start: {reason.text}"
                if " moves from " in reason.text
                else reason.text
            )
            lowers = options == ["--limit"]
            first = "allow it, if the guest runs with less" if lowers else "prepare the guest, then allow it"
            return reason._replace(text=text, remedy=first, commands=(again,))
        case "encoding-not-told" if rewrite.words:
            again = vmxtool_command(vm, "rewrite", *rewrite.words, *_encoding_of(rewrite))
            alone = all(it.name != "not-asked-for" for it in rewrite.refused)
            told = f"say which the new host has; {' '.join(_encoding_of(rewrite))} is likely"
            return reason._replace(remedy=told, commands=(again,) if alone else ())
        case "left-to-converter":
            told = "check tells how; --hwversion N changes the hardware without Converter"
            return reason._replace(remedy=told, commands=(check,))
        case "hardware-version-not-written" if "upgrade" in remedy:
            return reason._replace(remedy="let another product upgrade the VM first", commands=(check,))
        case "hardware-version-not-written":
            ways = vmxtool_command(vm, "route", *_of_target(rewrite.words))
            return reason._replace(remedy="let a product between the two change the version", commands=(ways,))
        case _:
            return reason


def _encoding_of(rewrite: Rewrite) -> list[str]:
    """Return the option for the likely character set of the new host, where the rewrite waits for one."""
    asked = (it.fix for it in rewrite.refused if it.name == "encoding-not-told" and it.fix is not None)
    return next((fix.text.removeprefix(_IN_WHICH).removesuffix(_OR_ANOTHER).split() for fix in asked), [])


def _of_snapshots(reason: _Reason, vm: Machine) -> _Reason:
    if (reason.remedy or "").startswith(_FULL_CLONE):
        return reason._replace(text=reason.text.partition(", which")[0])
    number = len(vm.snapshots.tree)
    names = some([f'"{it.name[:_NAME_LENGTH]}"' for it in vm.snapshots.tree], _NAMED)
    text = f"{count(number, 'snapshot')} ({names})" if number else reason.text.partition(", which")[0]
    menu = _SNAPSHOT_MENUS.get(products()[vm.origin[0].product].family) if vm.origin else None
    each = {1: "delete it", 2: "delete both"}.get(number, "delete all")
    place = menu or "in the snapshot manager of the VM's own product"
    first = "it" if number == 1 else "them"
    return reason._replace(text=text, remedy=f"remove {first} first: {place}, {each}; the VM keeps its present state")


def _of_encrypted(reason: _Reason) -> _Reason:
    """Return the reason; of a file that no right to read would help with, it says that it is encrypted."""
    place = reason.finding.evidence[0] if reason.finding.evidence else None
    value = (place.value or "") if place is not None else ""
    if place is None or not value.startswith("encrypted"):
        return reason
    return reason._replace(text=f"{place.file} is {value}", remedy=_ENCRYPTED)


def _of_target(words: Sequence[str]) -> tuple[str, ...]:
    """Return the options of a request that say where the VM goes and where it is from."""
    found: list[str] = []
    for at, word in enumerate(words[:-1]):
        if word in {"--target", "--from"}:
            found += [word, words[at + 1]]
    return tuple(found)
