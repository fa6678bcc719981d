"""`vmxtool inspect`: what a VM is."""

from pathlib import Path

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Vm, Why
from vmxtool.report import formats

EXAMPLES = """
vmxtool inspect my-vm  the VM in the folder my-vm
vmxtool inspect --why my-vm  the same, with the lines that show it
vmxtool inspect --format json my-vm  the same, for programs
"""


def command(
    vm: Vm = None,
    why: Why = False,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Say what a VM is: hardware, guest, disks, network, snapshots, state."""
    with errors_to_exit_codes(format):
        machine = vmxtool.inspect(vm or Path())
        formats.write("inspect", format, machine, vmxtool.judge(machine), why=why)
