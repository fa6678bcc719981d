"""`vmxtool undo`: put back what a rewrite changed."""

import sys
from pathlib import Path

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, ListJournals, OnlyFiles, PrintFile, Vm
from vmxtool.errors import UsageError
from vmxtool.report import formats

EXAMPLES = """
vmxtool undo my-vm  takes back the last rewrite
vmxtool undo --list my-vm  which rewrites can be undone
vmxtool undo --only my-vm.vmx my-vm  restores one file
"""


def command(
    vm: Vm = None,
    only: OnlyFiles = None,
    print: PrintFile = None,  # noqa: A002 the option's own name
    list: ListJournals = False,  # noqa: A002 the option's own name
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Restore the files as they were before the last rewrite.

    It also settles a rewrite that was cut short. Run again, it takes back the rewrite before that one. A file that was
    changed after the rewrite is not overwritten: undo says what differs, --only restores the other files, and --print
    gives the file's old content.
    """
    with errors_to_exit_codes(format) as outcome:
        if bool(only) + (print is not None) + list > 1:
            raise UsageError("--only, --print and --list do not go together", hint="give one of them")
        if print is not None and format != formats.TEXT:
            raise UsageError("--print prints a file and nothing else", hint="leave --format out")
        place = vm or Path()
        if list:
            formats.write("undo/list", format, vmxtool.rewrites(place))
        elif print is not None:
            sys.stdout.buffer.write(vmxtool.bytes_before(place, print))
        else:
            result = vmxtool.undo(place, only or ())
            outcome.done.append("what was undone is restored")
            formats.write("undo", format, result)
