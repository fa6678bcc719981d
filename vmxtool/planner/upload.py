"""The ways to and from an ESX host for who has no shell on it: the OVF Tool moves the VM, and converts its disks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.planner.moves import HERE, YOU
from vmxtool.planner.plan import Course
from vmxtool.rules.commands import download_commands, upload_command

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import Files

TOOL = "ovftool"
_FEATURE = "takes-uploads"
# What an upload does at once, and a download.
_REPLACED = (Do.COPY, Do.IMPORT_DISKS, Do.REGISTER_VM)
_FETCHED = (Do.EXPORT_DISKS, Do.COPY)


def upload_course(files: Files, best: Plan, target: Product) -> Course | None:
    """Return the best plan with an upload in the place of copy, import and registration; None where one is missing.

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


def download_course(files: Files, best: Plan, target: Product) -> Course | None:
    """Return the best plan with a download in the place of export and copy; None where it has not both.

    What was rewritten here is not on the host, so that a plan that begins with a rewrite has no such way.

    Args:
        files: the VM's files.
        best: the plan.
        target: where it leads.
    """
    feature, host = features()[_FEATURE], products().get(best.start.holder or "")
    steps = best.steps
    kinds = [step.do for step in steps]
    if host is None or not feature.holds(host) or target.esx or Do.EXPORT_DISKS not in kinds:
        return None
    at = kinds.index(Do.EXPORT_DISKS)
    if tuple(kinds[at : at + len(_FETCHED)]) != _FETCHED or steps[at].rewritten:
        return None
    export = steps[at]
    download = replace(
        export,
        do=Do.DOWNLOAD,
        by=YOU,
        where=HERE,
        product=TOOL,
        commands=download_commands(files.vm),
        source=feature.source,
    )
    return Course((*steps[:at], download, *steps[at + len(_FETCHED) :]), best.when, best.one_way)
