"""`vmxtool rewrite`: make the changes that can be made in a VM's files."""

from __future__ import annotations

import sys
from pathlib import Path

from vmxtool.cli import exits
from vmxtool.cli.options import (
    Adapter,
    As,
    DryRun,
    Format,
    HwVersion,
    IdeToScsi,
    Legacy,
    MaybeTarget,
    MoveDisks,
    Origin,
    Unsafe,
    Vm,
)


def command(  # noqa: PLR0917 one for each option
    vm: Vm = Path(),
    hwversion: HwVersion = None,
    target: MaybeTarget = None,
    legacy: Legacy = False,
    ide_to_scsi: IdeToScsi = False,
    move_disks: MoveDisks = False,
    adapter: Adapter = None,
    unsafe: Unsafe = False,
    origin: Origin = None,
    dry_run: DryRun = False,
    format: As = Format.text,  # noqa: A002 the option's own name
) -> None:
    """Change the hardware version, devices and disk buses in this VM's files, with a way back.

    Writes at once, after a journal from which `vmxtool undo` gives back every byte; --dry-run shows the changes alone.
    Raising the hardware version is one-way in VMware's products: once the VM has been started, undo is no way back.
    """
    with exits.told() as done:
        from vmxtool.knowledge.products import find_target
        from vmxtool.machine.read import read_machine
        from vmxtool.planner.request import Request
        from vmxtool.rewriter.plan import plan

        request = Request(
            hwversion=hwversion,
            target=find_target(target) if target is not None else None,
            origin=find_target(origin) if origin is not None else None,
            legacy=legacy,
            ide_to_scsi=ide_to_scsi,
            move_disks=move_disks,
            adapter=adapter,
            unsafe=unsafe,
        )
        made = plan(read_machine(vm), request)
        journal = None if dry_run or made.refused else made.apply()
        if journal is not None:
            done.append(f"the files are changed, and vmxtool undo takes it back ({journal.parent.name}/{journal.name})")
        if format is Format.json:
            from vmxtool.report import as_json

            sys.stdout.write(as_json.to_text(as_json.rewrite(made, dry_run, journal)))
        else:
            from vmxtool.report.rewrite_text import print_plan

            print_plan(made, dry_run, journal)
        if made.refused:
            sys.stdout.flush()
            raise SystemExit(exits.CANNOT_WRITE)
