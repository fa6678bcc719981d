"""The way to an ESX host for who has no shell on it: the OVF Tool uploads the VM from here, and converts its disks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.planner.moves import HERE, YOU
from vmxtool.planner.plan import Course
from vmxtool.rules.commands import upload_command

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import Files

TOOL = "ovftool"
_FEATURE = "takes-uploads"
# What an upload does at once.
_REPLACED = (Do.COPY, Do.IMPORT_DISKS, Do.REGISTER_VM)


def upload_course(files: Files, best: Plan, target: Product) -> Course | None:
    """The best plan with an upload in the place of copy, import and registration; None where it has not all three.

    Args:
        files: the VM's files.
        best: the plan.
        target: where it leads.
    """
    feature = features()[_FEATURE]
    steps = best.steps
    kinds = [step.do for step in steps]
    if not feature.holds(target) or not files.vm.config.path.name.lower().endswith(".vmx"):
        return None
    at = kinds.index(Do.COPY) if Do.COPY in kinds else len(kinds)
    if tuple(kinds[at : at + len(_REPLACED)]) != _REPLACED:
        return None
    copy, written, _ = steps[at : at + len(_REPLACED)]
    upload = replace(
        copy,
        do=Do.UPLOAD,
        by=YOU,
        where=HERE,
        product=TOOL,
        commands=(upload_command(files.vm),),
        source=feature.source,
        drives=written.drives,
        path=None,
        bytes=copy.bytes,
        space=written.space,
    )
    return Course((*steps[:at], upload, *steps[at + len(_REPLACED) :]), best.when, best.one_way)
