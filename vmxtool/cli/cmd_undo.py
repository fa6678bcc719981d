"""`vmxtool undo`: put back what a rewrite changed."""

import sys
from pathlib import Path

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, ListJournals, OnlyFiles, PrintFile, Vm
from vmxtool.errors import UsageError
from vmxtool.report import formats


def command(
    vm: Vm = None,
    only: OnlyFiles = None,
    print: PrintFile = None,  # noqa: A002 the option's own name
    list: ListJournals = False,  # noqa: A002 the option's own name
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Put back the bytes from before the last rewrite, or settle one that was cut short.

    Run again, it takes back the rewrite before that one. A file that was changed since is not overwritten: undo says
    what differs, --only puts back the other files, and --print gives its old bytes.
    """
    with errors_to_exit_codes(format) as outcome:
        if bool(only) + (print is not None) + list > 1:
            raise UsageError("--only, --print and --list exclude each other")
        if print is not None and format != formats.TEXT:
            raise UsageError("--print writes the bytes of a file and nothing else", hint="leave out --format")
        place = vm or Path()
        if list:
            formats.write("undo/list", format, vmxtool.rewrites(place))
        elif print is not None:
            sys.stdout.buffer.write(vmxtool.bytes_before(place, print))
        else:
            result = vmxtool.undo(place, only or ())
            outcome.done.append("what was undone has its bytes from before the rewrite")
            formats.write("undo", format, result)
