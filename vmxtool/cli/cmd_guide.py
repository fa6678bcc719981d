"""`vmxtool guide`: the tables of the Mobility Planning Guide."""

from __future__ import annotations

import sys

from vmxtool.cli import exits
from vmxtool.cli.options import AsGuide, FromProduct, GuideFormat, TableNumber, ToProduct


def command(
    table: TableNumber = None,
    from_product: FromProduct = None,
    to_product: ToProduct = None,
    format: AsGuide = GuideFormat.text,  # noqa: A002 the option's own name
) -> None:
    """Show the tables of VMware's Virtual Machine Mobility Planning Guide: all, one, or one cell of one."""
    with exits.told():
        from vmxtool.errors import UsageError

        chosen = from_product is not None or to_product is not None
        if format is GuideFormat.html:
            if chosen or table is not None:
                raise UsageError("--format html is one page with all tables; leave --table, --from and --to out")
            from vmxtool.report.as_html import guide_page

            sys.stdout.write(guide_page())
        elif chosen and table is not None:
            raise UsageError("--table shows a whole table, --from and --to a cell; leave one of them out")
        elif chosen:
            _show_pairs(from_product, to_product, format)
        else:
            _show_tables(table, format)


def _show_tables(number: int | None, form: GuideFormat) -> None:
    from vmxtool.knowledge import tables

    if form is GuideFormat.json:
        from vmxtool.report.as_json import to_text
        from vmxtool.report.guide_json import entry_values

        sys.stdout.write(to_text(entry_values(number)))
        return
    from vmxtool.report.guide_text import print_list, print_table

    if number is None:
        print_list()
    else:
        print_table(tables.table(number))


def _show_pairs(from_name: str | None, to_name: str | None, form: GuideFormat) -> None:
    from vmxtool.knowledge import tables
    from vmxtool.knowledge.products import find_target
    from vmxtool.report.as_json import to_text
    from vmxtool.report.guide_json import move_value

    from_id = find_target(from_name).id if from_name is not None else None
    to_id = find_target(to_name).id if to_name is not None else None
    if from_id is None or to_id is None:
        entries = [it for it in tables.entries() if from_id in {None, it.from_id} and to_id in {None, it.to_id}]
        if form is GuideFormat.json:
            sys.stdout.write(to_text([entry.as_json() for entry in entries]))
        else:
            from vmxtool.report.guide_text import print_entries

            print_entries(entries)
        return
    entry = tables.lookup(from_id, to_id)
    if form is GuideFormat.json:
        value = entry.as_json() if entry is not None else move_value(from_id, to_id)
        sys.stdout.write(to_text(value))
        return
    from vmxtool.report.guide_text import print_entry, print_unprinted

    if entry is not None:
        print_entry(entry)
    else:
        print_unprinted(from_id, to_id)
