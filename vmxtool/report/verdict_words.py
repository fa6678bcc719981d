"""The words of verdicts and of the ways that lead to them, once for every report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import CARRYING, Do
from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import Answer, Effort
from vmxtool.report.words import CELL_WORDS, CONDITIONS, count, listed, product_words, some

if TYPE_CHECKING:
    from vmxtool.planner.plan import Step, WayLabel
    from vmxtool.planner.verdict import Verdict

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

# Of another way, in a few words.
_WAY_WORDS = {
    Do.MOVE_DISKS: "move the disks to another bus",
    Do.CHANGE_SETTINGS: "change settings",
    Do.PREPARE_GUEST: "prepare the guest",
    Do.REPAIR_DISK: "bring its disks",
    Do.CONVERT_DISKS: "convert disks here",
    Do.CONVERTER: "VMware Converter",
    Do.DOWNLOAD: "download with the OVF Tool, without a shell on the host",
    Do.UPLOAD: "upload with the OVF Tool, without a shell on the host",
    Do.MOVE_TO: "go over another product",
}

_ENCRYPTED = "encrypted part"


def verdict_words(result: Verdict, way: int = 1) -> str:
    """Return the answer in words, with what it hangs on: "not as it is; 4 steps", "cannot be said before X is there".

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
    """Say the answer in a few words, beside a product's name: "ready as it is", "after a rewrite", "depends"."""
    if result.verdict is Answer.NEEDS_STEPS and result.effort is not None:
        return EFFORTS[result.effort]
    return ANSWERS[result.verdict]


def _with_what(step: Step) -> str:
    program = step.product if step.do is Do.CONVERT_DISKS and step.product not in products() else None
    return f" with {product_words(step.products)}" if step.products else f" with {program}" if program else ""


def way_summary(result: Verdict, label: WayLabel) -> str:
    """Return what makes a way another one, in a few words: "VMware Converter to Workstation 6 (one-way)"."""
    own = [step for step in result.steps if step.way == label.way]
    told = [step for step in own if step.do not in CARRYING | {Do.SET_BOOT_ORDER}] or own
    words = dict.fromkeys(
        f"{_WAY_WORDS.get(step.do) or CELL_WORDS.get(step.do) or step.do.value.replace('-', ' ')}{_with_what(step)}"
        for step in told
    )
    marks = [CONDITIONS[word] for word in label.when] + ["one-way"] * label.one_way
    return listed(list(words)) + (f" ({', '.join(marks)})" if marks else "")
