"""`vmxtool inspect`: what a VM is."""

from __future__ import annotations

from pathlib import Path

from vmxtool.cli import exits
from vmxtool.cli.options import As, Format, Vm


def command(vm: Vm = Path(), format: As = Format.text) -> None:  # noqa: A002 the option's own name
    """Say what this VM is: hardware, origin, guest, disks with their chains, networks, snapshots, state."""
    with exits.told():
        from vmxtool.findings import in_order
        from vmxtool.machine.read import read_machine
        from vmxtool.rules._registry import judge_files

        machine = read_machine(vm)
        findings = in_order(judge_files(machine))
        if format is Format.json:
            import sys

            from vmxtool.report import as_json

            sys.stdout.write(as_json.to_text(as_json.inspection(machine, findings)))
        else:
            from vmxtool.report.as_text import print_machine

            print_machine(machine, findings)
