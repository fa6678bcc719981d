"""`vmxtool undo`: put back what a rewrite changed."""

from __future__ import annotations

import sys
from pathlib import Path

from vmxtool.cli import exits
from vmxtool.cli.options import As, Format, ListJournals, Vm


def command(
    vm: Vm = Path(),
    list: ListJournals = False,  # noqa: A002 the option's own name
    format: As = Format.text,  # noqa: A002 the option's own name
) -> None:
    """Put back the bytes from before the last rewrite, or settle one that was cut short.

    Run again, it takes back the rewrite before that one.
    """
    with exits.told():
        from vmxtool.report import undone
        from vmxtool.report.as_json import to_text
        from vmxtool.rewriter.journal.history import find_vm_folder, rewrites, undo_last

        place = find_vm_folder(vm)
        if list:
            found = rewrites(place)
            if format is Format.json:
                sys.stdout.write(to_text(undone.listed(found)))
            else:
                undone.print_listed(found)
            return
        result = undo_last(place)
        if format is Format.json:
            sys.stdout.write(to_text(undone.taken_back(result)))
        else:
            undone.print_taken_back(result)
