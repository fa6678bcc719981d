"""The words of verdicts, ways, conditions and products, once for text, JSON and every other report.

What a rule finds and what cures it is said beside the rule; what a device loses stands in devices.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import CARRYING, Do
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import Answer, Effort

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.knowledge.cells import Step as GuideStep
    from vmxtool.knowledge.cells import Way
    from vmxtool.planner.plan import WayLabel
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
    Effort.PRODUCT_UPGRADE: "after its own upgrade of the VM",
    Effort.REWRITE: "after a rewrite",
    Effort.CONVERSION: "after a conversion",
    Effort.STEPS: "after steps",
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

# Of another way, in a few words.
_WAY_WORDS = {
    Do.MOVE_DISKS: "move the disks to another bus",
    Do.CHANGE_SETTINGS: "change settings",
    Do.PREPARE_GUEST: "prepare the guest",
    Do.CONVERT_DISKS: "convert disks",
    Do.CONVERTER: "VMware Converter",
    Do.DOWNLOAD: "download with the OVF Tool, without a shell on the host",
    Do.UPLOAD: "upload with the OVF Tool, without a shell on the host",
    Do.MOVE_TO: "go over another product",
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


_ENCRYPTED = "encrypted part"


def verdict_words(result: Verdict, way: int = 1) -> str:
    """The answer in words, with what it hangs on: "not as it is; 4 steps", "cannot be said before X is there".

    Args:
        result: the answer.
        way: the way whose steps are counted.
    """
    counted = count(sum(step.way in {None, way} for step in result.steps), "step")
    if result.verdict is Answer.DEPENDS:
        return _depends_words(result, counted)
    if result.verdict is Answer.NEEDS_STEPS and result.effort is Effort.PRODUCT_UPGRADE:
        return f"runs after {result.target.name} has upgraded it; {counted}"
    if result.verdict is Answer.NEEDS_STEPS:
        return f"not as it is; {counted}"
    return ANSWERS[result.verdict]


def _depends_words(result: Verdict, counted: str) -> str:
    if result.path is None:
        return f"depends on the VM; {counted} for the plainest" if result.steps else "depends on the VM"
    if any(it.blocks and it.cure is Do.DECRYPT for it in result.findings):
        # What is encrypted is seen once it is not; a disk that is not here has to come besides.
        gone = [name for name in result.unseen if _ENCRYPTED not in name] if _lacks_disk(result) else []
        come = f"{some(gone)} {'is' if len(gone) == 1 else 'are'} there and " if gone else ""
        return f"cannot be said before {come}the encryption is removed"
    if result.unseen:
        if any("/" in name or "\\" in name for name in result.unseen):
            return f"cannot be said without {some(result.unseen)}"
        come = (
            "can be read" if _ENCRYPTED in result.unseen[0] else "is there" if len(result.unseen) == 1 else "are there"
        )
        return f"cannot be said before {some(result.unseen)} {come}"
    questions = sum(finding.severity.value == "unknown" for finding in result.findings)
    asked = f"depends on {count(questions, 'answer')}" if questions else "depends on what the VM's files do not show"
    return f"{asked}; {counted}" if result.steps else asked


def _lacks_disk(result: Verdict) -> bool:
    return any(it.blocks and it.cure is Do.REPAIR_DISK for it in result.findings)


def answer_words(result: Verdict) -> str:
    """The answer in a few words, beside the name of a product: "ready as it is", "after a rewrite", "depends"."""
    if result.verdict is Answer.NEEDS_STEPS and result.effort is not None:
        return EFFORTS[result.effort]
    return ANSWERS[result.verdict]


def way_summary(result: Verdict, label: WayLabel) -> str:
    """What makes a way another one, in a few words: "VMware Converter to Workstation 6 (one-way)"."""
    own = [step for step in result.steps if step.way == label.way]
    told = [step for step in own if step.do not in CARRYING | {Do.SET_BOOT_ORDER}] or own
    words = dict.fromkeys(
        f"{_WAY_WORDS.get(step.do) or _CELL_WORDS.get(step.do) or step.do.value.replace('-', ' ')}"
        f"{f' with {product_words(step.products)}' if step.products else ''}"
        for step in told
    )
    marks = [CONDITIONS[word] for word in label.when] + ["one-way"] * label.one_way
    return listed(list(words)) + (f" ({', '.join(marks)})" if marks else "")


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
