"""`vmxtool undo`: put back what a rewrite changed."""

from pathlib import Path

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, ListJournals, Vm
from vmxtool.report import formats


def command(
    vm: Vm = None,
    list: ListJournals = False,  # noqa: A002 the option's own name
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Put back the bytes from before the last rewrite, or settle one that was cut short.

    Run again, it takes back the rewrite before that one.
    """
    with errors_to_exit_codes(format) as done:
        if list:
            formats.write("undo/list", format, vmxtool.rewrites(vm or Path()))
        else:
            result = vmxtool.undo(vm or Path())
            done.append("the files have their bytes from before the rewrite")
            formats.write("undo", format, result)
