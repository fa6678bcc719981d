"""Questions about plain VMs in a few words, and what of an answer is looked at: the language of rules.toml.

A question is "VM -> TARGET", where the VM is a product and what is particular about it: "ws4 ide win98 -> esx2". The
one in "at ws4, ws3 -> ws3" is a VM of Workstation 3 that Workstation 4 has. It is asked of `check`; with "route" (and
"have PRODUCTS" behind), "legacy" (a rewrite with --legacy), "guide", "generation" or "table" in front, of those.

What an answer says is of these kinds: "finding SNP603", "step power-off", "way export-disks copy" (one of the ways,
with all its steps), "first way ..." (the best one), "answer ready", "one-way", "goes back", "remark" (the fact is told
with it), "table 8", "hops ws4 fusion1", "no route", "refused", "denied", "is 5", "names Workstation 4".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from build import disk_lines, make_disk, plainest_vm

import vmxtool
from vmxtool.knowledge import tables

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool.machine.model import Machine

_GUESTS = {
    "win98": "win98",
    "winxp": "winxppro",
    "linux": "redhat",
    "vista": "winvista",
    "64-bit": "winNetEnterprise-64",
}
_LINES = {
    "undoable": 'scsi0:0.mode = "undoable"\n',
    "append": 'scsi0:0.mode = "append"\n',
    "nonpersistent": 'scsi0:0.mode = "nonpersistent"\n',
    "suspended": 'checkpoint.vmState = "canon.vmss"\n',
    "3d": 'mks.enable3d = "TRUE"\n',
}
# How ESX Server 1 and 2 name a disk: by the address of its volume, or by the volume's label.
_NAMES = {"by-address": "vmhba0:0:0:5:", "by-label": "local:"}
# "exported": its disk is in the format of hosted products; "half": and a second one is still on its host.
_MARKS = frozenset({"smp", "ide", "snapshot", "policies", "std", "exported", "half", "left-behind"})
_ONE_SNAPSHOT = """\
snapshot.lastUID = "1"
snapshot.numSnapshots = "1"
snapshot.current = "1"
snapshot0.uid = "1"
snapshot0.filename = "canon-Snapshot1.vmsn"
snapshot0.displayName = "before"
snapshot0.numDisks = "1"
snapshot0.disk0.fileName = "disk.vmdk"
snapshot0.disk0.node = "scsi0:0"
"""


class Question(NamedTuple):
    """What is asked: of a command, about a VM that a product has, for another product, over some in between."""

    command: str
    holder: str
    vm: tuple[str, ...]
    target: str
    have: tuple[str, ...]


def parsed(text: str) -> Question:
    """A question from its words."""
    match = re.fullmatch(
        r"(?:(route|legacy|guide|generation|table) )?(?:at (\S+), )?(.+?)(?: -> (\S+))?(?: have (.+))?", text
    )
    assert match is not None, text
    vm = tuple(match[3].split())
    return Question(match[1] or "check", match[2] or vm[0], vm, match[4] or "", tuple((match[5] or "").split()))


def make(folder: Path, words: tuple[str, ...]) -> Machine:
    """The plainest VM of a product, with what its other words say of it."""
    product, *marks = words
    guest = next((_GUESTS[mark] for mark in marks if mark in _GUESTS), "win2000serv")
    vm = plainest_vm(folder, product, guest=guest, vcpus=2 if "smp" in marks else 1)
    path = vm.config.path
    text = path.read_text()
    for mark in marks:
        assert mark in {*_GUESTS, *_LINES, *_NAMES, *_MARKS}, mark
        text += _LINES.get(mark, "")
        if mark in _NAMES:
            text = re.sub(r"scsi0:0\.fileName = \"", f'scsi0:0.name = "{_NAMES[mark]}', text)
    if "ide" in marks:
        text = re.sub(r"(?m)^scsi0.*\n", "", text) + disk_lines("ide0:0", vm.disks[0].file or "")
        (folder / (vm.disks[0].file or "")).unlink()
        kind: Any = "plain" if (vm.disks[0].file or "").endswith(".pln") else "flat"
        make_disk(folder / (vm.disks[0].file or ""), kind, adapter="ide", hw=vm.hardware.version)
    if "exported" in marks:
        make_disk(folder / "disk.vmdk", "flat", adapter="buslogic", hw=vm.hardware.version)
    if "half" in marks:
        text += f'scsi0:1.present = "TRUE"\nscsi0:1.name = "{_NAMES["by-address"]}data.vmdk"\n'
    if "left-behind" in marks:
        (folder / "disk.vmdk").unlink()
    if "suspended" in marks:
        (folder / "canon.vmss").write_bytes(b"state")
    if "std" in marks:
        (folder / "canon.std").write_bytes(b"state")
    if "policies" in marks:
        (folder / "canon.vmpl").write_bytes(b"policies")
    if "snapshot" in marks:
        (folder / "canon.vmsd").write_text(_ONE_SNAPSHOT)
        (folder / "canon-Snapshot1.vmsn").write_bytes(b"state")
    path.write_text(text)
    return vmxtool.inspect(folder)


def ask(folder: Path, text: str) -> Any:
    """The answer to a question, of the kind that its command gives."""
    command, holder, words, target, have = parsed(text)
    if command == "generation":
        return tables.generation_of(words[0])
    if command == "guide":
        return tables.lookup(words[0], target)
    if command == "table":
        return tables.table(int(words[0]))
    vm = make(folder, words)
    if command == "check":
        return vmxtool.check(vm, target, holder)
    if command == "route":
        return vmxtool.route(vm, target, holder, list(have) or None)
    return vmxtool.plan_rewrite(vm, target=target, origin=holder, legacy=True)


def says(answer: Any, wanted: str, address: str) -> bool:
    """Whether an answer says a thing; for "remark" that the fact at an address is told with it."""
    word, _, rest = wanted.partition(" ")
    if wanted.startswith("first way "):
        word, rest = "first way", wanted.removeprefix("first way ")
    return _SAYS[word](answer, rest or address)


def _ways(verdict: Any) -> list[list[str]]:
    return [[step.do.value for step in plan.steps] for plan in verdict.plans]


_SAYS: dict[str, Callable[[Any, str], bool]] = {
    "answer": lambda answer, word: answer.verdict.value == word,
    "finding": lambda answer, code: any(f"{it.code} {it.severity.value}".startswith(code) for it in answer.findings),
    "step": lambda answer, do: any(do in way for way in _ways(answer)),
    "way": lambda answer, steps: steps.split() in _ways(answer),
    "free": lambda answer, do: any(
        not plan.when and do in way for plan, way in zip(answer.plans, _ways(answer), strict=True)
    ),
    "first way": lambda answer, steps: [steps.split()] == _ways(answer)[:1],
    "one-way": lambda answer, _: any(step.one_way for plan in answer.plans for step in plan.steps),
    "remark": lambda answer, address: any(it.address == address for it in answer.remarks),
    "table": lambda answer, number: answer is not None and _table_of(answer) == int(number),
    "then": lambda answer, do: any(do in [step.do.value for step in it.hops[-1].plan.steps] for it in answer.routes),
    "hops": lambda answer, ids: any([hop.to_id for hop in it.hops] == ids.split() for it in answer.routes),
    "no": lambda answer, _: not answer.routes,
    "goes": lambda answer, _: any(it.hops[0].can_go_back for it in answer.routes),
    "refused": lambda answer, _: bool(answer.refused),
    "denied": lambda answer, _: answer.verdict == "not-supported",
    "is": lambda answer, number: answer == int(number),
    "names": lambda answer, words: (
        words in " ".join((answer.title, *answer.columns, *(it.label for it in answer.rows)))
    ),
}


def _table_of(answer: Any) -> int | None:
    entry = answer.guide if hasattr(answer, "guide") else answer
    return entry.table if entry is not None else None
