"""`vmxtool guide`: the tables of the Mobility Planning Guide."""

from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import AsGuide, FromProduct, TableNumber, ToProduct
from vmxtool.errors import UsageError
from vmxtool.report import formats

EXAMPLES = """
vmxtool guide --from ws6 --to esx3  one move
vmxtool guide --from ws6  every move from Workstation 6
vmxtool guide --table 7  a table as it was printed
"""


def command(
    table: TableNumber = None,
    from_product: FromProduct = None,
    to_product: ToProduct = None,
    format: AsGuide = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Show what VMware's Mobility Planning Guide says of moves of VMs.

    The Virtual Machine Mobility Planning Guide of 2007 treats moves between products up to Workstation 6 and ESX 3.
    Without options all its tables are listed.
    """
    with errors_to_exit_codes(format):
        from vmxtool.knowledge import tables

        chosen = from_product is not None or to_product is not None
        if format not in formats.formats_of("guide/table") and (chosen or table is not None):
            raise UsageError(
                f"--format {format} is one page with all tables", hint="leave --table, --from and --to out"
            )
        if chosen and table is not None:
            raise UsageError(
                "--table shows a whole table, --from and --to one move", hint="leave --table or both others out"
            )
        if chosen:
            _show_pairs(from_product, to_product, format)
        elif table is not None:
            formats.write("guide/table", format, tables.table(table))
        else:
            formats.write("guide", format)


def _show_pairs(from_name: str | None, to_name: str | None, form: str) -> None:
    from vmxtool.knowledge import tables
    from vmxtool.knowledge.product_names import find_target

    from_id = find_target(from_name).id if from_name is not None else None
    to_id = find_target(to_name).id if to_name is not None else None
    if from_id is None or to_id is None:
        from vmxtool.report.guide_text import all_about

        formats.write("guide/entries", form, all_about(from_id, to_id))
        return
    entry = tables.lookup(from_id, to_id)
    if entry is not None:
        formats.write("guide/entry", form, entry)
    else:
        formats.write("guide/unprinted", form, from_id, to_id)
