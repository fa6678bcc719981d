"""`vmxtool inspect`: what a VM is."""

from pathlib import Path

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Vm
from vmxtool.report import formats


def command(vm: Vm = None, format: As = formats.TEXT) -> None:  # noqa: A002 the option's own name
    """Say what this VM is: hardware, origin, guest, disks with their chains, networks, snapshots, state."""
    with errors_to_exit_codes(format):
        machine = vmxtool.inspect(vm or Path())
        formats.write("inspect", format, machine, vmxtool.judge(machine))
