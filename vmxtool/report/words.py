"""The words of steps, ways, conditions and verdicts, once for text, JSON and every other report.

What a rule finds and what cures it is said beside the rule; what a device loses stands in devices.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.knowledge.transcript import names
from vmxtool.planner.verdict import Answer, Effort
from vmxtool.rules.buses import takes_sata

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.knowledge.cells import Step as GuideStep
    from vmxtool.knowledge.cells import Way
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step
    from vmxtool.planner.verdict import Verdict

GUIDE_VERDICTS = {
    "ok": "OK",
    "ok-in-most-cases": "OK in most cases",
    "special-steps": "Special steps",
    "maybe": "Maybe",
    "not-supported": "Not supported",
    "varies": "Varies",
    "supported": "Yes",
    "blank": "–",
}

CONDITIONS = {
    "esx2.5-managed-by-vc2": "if ESX 2.5 under VirtualCenter 2",
    "guest-os-supports-it": "if the guest supports it",
}

ANSWERS = {
    Answer.READY: "ready as it is",
    Answer.NEEDS_STEPS: "not as it is",
    Answer.DEPENDS: "depends",
    Answer.NOT_SUPPORTED: "not supported",
}

EFFORTS = {
    Effort.NONE: "as it is",
    Effort.PRODUCT_UPGRADE: "after its upgrade",
    Effort.REWRITE: "after a rewrite",
    Effort.CONVERSION: "after conversion",
    Effort.STEPS: "after steps",
}

_PLACES = {"here": "here", "guest": "in the guest"}

# Of a step of a plan, beside the place where it is done.
_SENTENCES = {
    Do.CREATE_VM: (
        "make a new VM with the disks, and give it the memory, processors and network adapters of the old "
        "one, whose config it does not take"
    ),
    Do.REGISTER_VM: "register the VM",
    Do.CONVERTER: "move the VM to {tool} with VMware Converter 3, which converts disks and hardware on the way",
    Do.IMPORT_WIZARD: "move the VM to {to} with the Converter Import wizard of Workstation 6",
    Do.MOVE_TO: "move the VM to {tool}: copy {folder} there",
}

# Inside a cell of the guide, where the row and the column say from where and to where.
_CELL_WORDS = {
    Do.COPY: "copy the files",
    Do.EXPORT_DISKS: "export disks",
    Do.IMPORT_DISKS: "import disks",
    Do.UPGRADE_HARDWARE: "upgrade hardware",
    Do.DOWNGRADE_HARDWARE: "downgrade hardware",
    Do.RUN_LEGACY: "run in legacy mode",
    Do.CREATE_LEGACY_VM: "make a legacy VM in Workstation 5",
    Do.CREATE_VM: "make a new VM with those disks",
    Do.CONVERTER: "VMware Converter",
    Do.IMPORT_WIZARD: "import wizard of Workstation 6",
    Do.MOVE_TO: "move to",
}

# Of a step as the guide names it, for a pair of products.
_GUIDE_SENTENCES = {
    Do.COPY: "copy all files of the VM's folder to {to}",
    Do.EXPORT_DISKS: "export the virtual disks from {start}",
    Do.IMPORT_DISKS: "import the virtual disks into {to}",
    Do.UPGRADE_HARDWARE: "upgrade the virtual hardware with {tool}",
    Do.DOWNGRADE_HARDWARE: "lower the virtual hardware with {tool}",
    Do.RUN_LEGACY: "leave the virtual hardware as it is and run the VM in legacy mode under {to}",
    Do.CREATE_LEGACY_VM: "make a legacy VM with {start}, and give it the VM's disks",
    Do.CREATE_VM: "make a new VM with {to}, and give it the imported disks",
    Do.CONVERTER: "let VMware Converter move the VM to {tool}",
    Do.IMPORT_WIZARD: "let the Converter Import wizard of Workstation 6 move the VM to {to}",
    Do.MOVE_TO: "move the VM to {tool}",
}


def verdict_words(result: Verdict) -> str:
    """The answer in words, with what it hangs on: "not as it is; 4 steps", "cannot be said before X is there"."""
    steps = [step for step in result.steps if step.way in {None, 1}]
    counted = count(len(steps), "step")
    if result.path is None and result.verdict is Answer.DEPENDS:
        return f"depends on the VM; {counted} for the plainest" if steps else "depends on the VM"
    if result.verdict is Answer.DEPENDS and any(it.blocks and it.cure is Do.DECRYPT for it in result.findings):
        return "cannot be said before the encryption is removed"
    if result.verdict is Answer.DEPENDS and result.unseen:
        return f"cannot be said before {some(result.unseen)} {'is' if len(result.unseen) == 1 else 'are'} there"
    if result.verdict is Answer.DEPENDS:
        questions = sum(finding.severity.value == "unknown" for finding in result.findings)
        asked = f"depends on {count(questions, 'answer')}" if questions else "depends on what no file shows"
        return f"{asked}; {counted}" if steps else asked
    if result.verdict is Answer.NEEDS_STEPS:
        return f"not as it is; {counted}"
    return ANSWERS[result.verdict]


def place_words(step: Step, holder: str | None) -> str:
    """Where a step is done: "here", "in the guest", or a product.

    Args:
        step: the step.
        holder: id of the product that has the VM before it, or None where nothing tells.
    """
    if step.where in _PLACES:
        return _PLACES[step.where]
    if step.where == "target":
        elsewhere = step.products and step.by in products() and step.by != step.target
        return product_words(step.products) if elsewhere else short_name(step.target)
    return short_name(step.by) if step.by in products() else short_name(holder) if holder in products() else "its host"


def step_text(step: Step, vm: Machine | None = None) -> str:
    """What to do in one step of a plan: one sentence in the imperative, without its place and its commands."""
    text = _step_text(step, vm)
    if not step.one_way:
        return text
    return f"{text}; {'once the VM has run, nothing takes it back' if step.is_ours else 'it cannot be taken back'}"


def _step_text(step: Step, vm: Machine | None) -> str:  # noqa: PLR0911 one answer for each kind
    if step.remedy is not None:
        return step.remedy
    tool = product_words(step.products) if step.products else short_name(step.target)
    if step.is_ours:
        return _rewrite_text(step, tool, vm)
    match step.do:
        case Do.PREPARE_GUEST:
            return _guest_text(step, vm)
        case Do.COPY:
            return _copy_text(step, vm)
        case Do.EXPORT_DISKS:
            first = "put the rewritten files in the place of those on the host, then " if step.rewritten else ""
            return (
                f"{first}export {disk_words(step)} from ESX into a new folder beside the VM's files{_config_too(step)}"
            )
        case Do.IMPORT_DISKS:
            return _import_text(step, vm)
        case Do.CONVERT_DISKS:
            return f"convert {disk_words(step)} into a new folder{_config_too(step)}"
        case Do.RUN_LEGACY:
            back = ", so that it can go back" if step.back else ""
            return f"leave the hardware as it is and run the VM in legacy mode{back}"
        case Do.UPGRADE_HARDWARE if step.products:
            return f"open the VM in {tool} and upgrade its virtual hardware{_to_version(step)}"
        case Do.UPGRADE_HARDWARE:
            return f"upgrade the virtual hardware{_to_version(step)}"
        case Do.CREATE_LEGACY_VM | Do.DOWNGRADE_HARDWARE:
            return f"lower the virtual hardware with {tool}{_to_version(step)}"
        case _:
            return _SENTENCES.get(step.do, step.do.value.replace("-", " ")).format(
                to=short_name(step.target),
                tool=tool,
                folder="that new folder" if step.takes is not None else "its folder",
            )


def _rewrite_text(step: Step, tool: str, vm: Machine | None) -> str:
    parts: list[str] = []
    before, after = step.before or 0, step.after or 0
    if after < before:
        parts.append(f"lower the hardware version from {before} to {after}, devices included")
    elif after > before:
        parts.append(f"raise the hardware version from {before} to {after}")
    if {"ide-to-scsi", "move-disks"} & set(step.needs):
        moved = {drive for drive, _ in step.drives}
        choice = ", or with --adapter sata to SATA" if vm is not None and _may_choose_sata(step, moved, vm) else ""
        parts.append(f"move {listed([drive for drive, _ in step.drives])} to {listed(step.buses)}{choice}")
    if not parts:
        parts.append("change what the target does not take")
    text = ", and ".join(parts)
    if step.do is Do.CREATE_LEGACY_VM:
        return f"make the VM a legacy VM: {text} (Workstation 5 can do it too)"
    return f"{text} ({tool} can do it too)" if step.products else text


def _may_choose_sata(step: Step, moved: set[str], vm: Machine) -> bool:
    """Whether a rewrite that moves disks to SCSI can move one of them to SATA as well."""
    target = products()[step.target]
    drives = [drive for drive in vm.disks if drive.id in moved]
    return "SATA" not in step.buses and any(takes_sata(vm, drive, step.after, target) for drive in drives)


def _guest_text(step: Step, vm: Machine | None) -> str:
    guest = find_guest(vm.guest.id) if vm is not None and vm.guest.id else None
    name = guest.name if guest is not None else (vm.guest.id if vm is not None else None) or "the guest"
    if not step.drives:
        return f"prepare {name} for the devices that it gets instead, before it starts from them"
    buses = dict.fromkeys(drive.partition(":")[0].rstrip("0123456789") for drive, _ in step.drives)
    notes = ["give it the driver of the new controller"]
    if guest is not None:
        notes = list(dict.fromkeys(guest.notes[bus].rstrip(".") for bus in buses if bus in guest.notes))
    told = "; ".join(f"{note[0].lower()}{note[1:]}" for note in notes)
    return f"prepare {name} for {listed(step.buses or ('SCSI',))} disks: {told}"


def _copy_text(step: Step, vm: Machine | None) -> str:
    folder = "that new folder" if step.takes is not None else "the VM's folder"
    to = short_name(step.target)
    return (
        f"copy all files of {folder} to {to if step.path is None or vm is None else f'{step.path} on the host of {to}'}"
    )


def _import_text(step: Step, vm: Machine | None) -> str:
    if step.path is not None and vm is not None:
        how = f" into {step.path}"
    elif features()["imports-with-vmkfstools"].holds(products()[step.target]):
        how = " with vmkfstools -i"
    else:
        how = " as the administration guide describes (vmkfstools; the order of its arguments is unverified)"
    return f"import {disk_words(step)}{how}, under the same name{'s' * (len(step.drives) > 1)}"


def _config_too(step: Step) -> str:
    return ", and the config with " + ("it" if len(step.drives) == 1 else "them")


def _to_version(step: Step) -> str:
    return f" to version {step.after}" if step.after is not None and step.after != step.before else ""


def disk_words(step: Step) -> str:
    """The disks that a step is about: their files, or "the virtual disks"."""
    return listed(list(dict.fromkeys(file for _, file in step.drives))) if step.drives else "the virtual disks"


# --- the guide ---


def cell_step_words(step: GuideStep) -> str:
    """One step of a cell: "upgrade hardware with Workstation 4 or 5"."""
    words = _CELL_WORDS[Do(step.do)]
    if not step.products:
        return words
    link = {"move-to": " ", "converter": " to "}.get(step.do, " with ")
    return f"{words}{link}{product_words(step.products)}"


def guide_sentence(step: GuideStep, from_id: str, to_id: str) -> str:
    """One step of a cell for a pair of products, in full; a step without a product of its own is the target's."""
    to = short_name(to_id)
    tool = product_words(step.products) if step.products else to
    return _GUIDE_SENTENCES[Do(step.do)].format(start=short_name(from_id), to=to, tool=tool)


def way_words(way: Way) -> str:
    """One way of a cell on one line, with what it hangs on: "export disks, upgrade hardware (one-way)"."""
    said = ", ".join(cell_step_words(step) for step in way.steps)
    marks = [CONDITIONS[condition] for condition in way.when] + (["one-way"] if way.one_way else [])
    return f"{said} ({', '.join(marks)})" if marks else said


# --- products and lists ---


def product_words(ids: Iterable[str]) -> str:
    """Products in a few words, those of one family together: "Workstation 4 or 5"."""
    said: list[str] = []
    for name in map(short_name, ids):
        family, _, number = name.rpartition(" ")
        same = said and family and said[-1].rpartition(" ")[0] == family
        said.append(number if same else name)
    return " or ".join(said)


def short_name(product_id: str | None) -> str:
    """A product's name without an ending that only says "all of them": "Workstation 4", "Fusion 1"."""
    if product_id is None:
        return "nothing that is known"
    members = names().groups.get(product_id)
    if members is not None:
        return products()[members[0]].name.rpartition(".")[0]
    name = products()[product_id].name
    if name.endswith(".0") and not product_id.endswith(".0"):
        return name.removesuffix(".0")
    return name.removesuffix(".x")


def listed(words: Sequence[str]) -> str:
    """Words with commas, and "and" before the last."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def some(words: Sequence[str], most: int = 3) -> str:
    """A few words of many: "a, b, c and 4 more"."""
    shown = list(words[:most])
    return listed([*shown, f"{len(words) - most} more"]) if len(words) > most else listed(shown)


def count(number: int, noun: str) -> str:
    """A number with its noun: "1 step", "no steps"."""
    return f"{number or 'no'} {noun}{'s' if number != 1 else ''}"
