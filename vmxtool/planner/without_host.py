"""The ways to and from an ESX host for who has no shell on it, or has the host no more.

The OVF Tool moves the VM and converts its disks; qemu-img converts disks that are here whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.findings import Do
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.planner.moves import HERE, KINDS, SOURCE, YOU
from vmxtool.planner.plan import Course
from vmxtool.rules.commands import convert_commands, disk_file
from vmxtool.rules.ovf_tool import download_commands, upload_command

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.planner.plan import Plan
    from vmxtool.rules.case import Files

TOOL = "ovftool"
_CONVERTER = "qemu-img"
# On VMFS without folders a disk is one file without a descriptor, which qemu-img takes for anything.
_DESCRIBED = "vmfs-folders"
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
        commands=(upload_command(files.vm, rewritten=any(step.is_ours for step in steps[:at])),),
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
    feature, host, steps = features()[_FEATURE], products().get(best.start.holder or ""), best.steps
    at = _fetched_at(best)
    if host is None or not feature.holds(host) or target.esx or at is None:
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


def convert_course(files: Files, best: Plan) -> Course | None:
    """Return the best plan with a conversion here in the place of the export on the host; None where it has no such.

    The disks have to be here whole, each a descriptor with its data, as a copy of the VM's folder from the host has
    them; and nothing is done with them on the host before, since what is here would be older then.

    Args:
        files: the VM's files.
        best: the plan.
    """
    at, steps, host = _fetched_at(best), best.steps, products().get(best.start.holder or "")
    if at is None or host is None or not features()[_DESCRIBED].holds(host):
        return None
    if any(step.where == SOURCE for step in steps[:at]) or not all(map(_is_whole, files.vm.disks)):
        return None
    commands = convert_commands(files.vm, [disk_file(drive) for drive in files.vm.disks])
    convert = replace(
        steps[at],
        do=Do.CONVERT_DISKS,
        by=YOU,
        where=HERE,
        product=_CONVERTER,
        commands=commands,
        source=KINDS[Do.CONVERT_DISKS].source,
    )
    return Course((*steps[:at], convert, *steps[at + 1 :]), best.when, best.one_way)


def _fetched_at(best: Plan) -> int | None:
    """Return where a plan exports disks on the host and copies them here next; None where it does not."""
    kinds = [step.do for step in best.steps]
    at = kinds.index(Do.EXPORT_DISKS) if Do.EXPORT_DISKS in kinds else len(kinds)
    return at if tuple(kinds[at : at + len(_FETCHED)]) == _FETCHED and not best.steps[at].rewritten else None


def _is_whole(drive: Drive) -> bool:
    """Return whether a disk of ESX is here with all its data, in the one kind of format that qemu-img reads."""
    links = drive.chain.links if drive.chain is not None else ()
    return (
        len(links) == 1
        and links[0].format == "esx"
        and (links[0].create_type or "").lower() == "vmfs"
        and not links[0].is_child
        and bool(links[0].extents)
        and all(extent.exists for extent in links[0].extents)
        and not (drive.chain is not None and drive.chain.problems)
    )
