"""`vmxtool rewrite`: make the changes that can be made in a VM's files."""

from pathlib import Path

import vmxtool
from vmxtool.cli.exits import CANNOT_WRITE, errors_to_exit_codes
from vmxtool.cli.options import (
    Adapter,
    As,
    DryRun,
    Encoding,
    HwVersion,
    IdeToScsi,
    Legacy,
    Limit,
    MaybeTarget,
    MoveDisks,
    Networks,
    Origin,
    Unsafe,
    Vm,
    VmfsPath,
    Why,
)
from vmxtool.report import formats
from vmxtool.rules.commands import in_a_sentence, vmxtool_command

EXAMPLES = """
vmxtool rewrite --target esxi6.7 --dry-run my-vm  what would change
vmxtool rewrite --target esxi6.7 my-vm  makes the changes
vmxtool rewrite --hwversion 14 my-vm  another version
"""


def command(  # noqa: PLR0917 one for each option
    vm: Vm = None,
    hwversion: HwVersion = None,
    target: MaybeTarget = None,
    legacy: Legacy = False,
    ide_to_scsi: IdeToScsi = False,
    move_disks: MoveDisks = False,
    adapter: Adapter = None,
    unsafe: Unsafe = False,
    vmfs_path: VmfsPath = None,
    network: Networks = None,
    encoding: Encoding = None,
    limit: Limit = False,
    origin: Origin = None,
    dry_run: DryRun = False,
    why: Why = False,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Change hardware version, devices and disk buses; undo takes it back.

    Writes at once, after a journal from which `vmxtool undo` restores every byte; --dry-run only shows the changes.
    A newer hardware version may be final (one-way): once the VM has been started on it, undo does not help any more.
    """
    with errors_to_exit_codes(format) as outcome:
        rewrite = vmxtool.plan_rewrite(
            vm or Path(),
            hwversion=hwversion,
            target=target,
            origin=origin,
            legacy=legacy,
            ide_to_scsi=ide_to_scsi,
            move_disks=move_disks,
            adapter=adapter,
            unsafe=unsafe,
            vmfs_path=vmfs_path,
            networks=network or (),
            encoding=encoding,
            limit=limit,
        )
        journal = None if dry_run or rewrite.refused else rewrite.apply()
        if journal is not None:
            back = in_a_sentence(vmxtool_command(rewrite.machine, "undo"))
            outcome.done.append(
                f"the files are changed ({journal.parent.name}/{journal.name}); what takes it back: {back}"
            )
        if rewrite.refused:
            outcome.code = CANNOT_WRITE
        formats.write("rewrite", format, rewrite, dry_run, journal, why=why)
