"""The guide's tables and cells in plain words, for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SQUARE
from rich.table import Table as Grid
from rich.text import Text

from vmxtool.knowledge import tables
from vmxtool.knowledge.guide_names import CONVERTER_TABLE
from vmxtool.knowledge.products import products
from vmxtool.report.guide_text import unprinted
from vmxtool.report.text.terminal import console, print_columns, print_hanging
from vmxtool.report.words import CONDITIONS, GUIDE_VERDICTS, guide_sentence, short_name, way_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.knowledge.cells import Cell, Way
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact, Table

VERDICT_STYLES = {
    "ok": "bold green",
    "ok-in-most-cases": "green",
    "special-steps": "yellow",
    "maybe": "magenta",
    "not-supported": "red",
    "varies": "magenta",
    "supported": "green",
    "blank": "dim",
}
_LABEL_WIDTHS = {2: 19, 3: 17, 4: 12, 5: 10}  # at 80 characters no word of the tables is cut


def cell_words(cell: Cell) -> tuple[str, str]:
    """Return what a printed cell says: its verdict, and its ways ("" where the verdict says it all)."""
    verdict = GUIDE_VERDICTS[cell.verdict]
    if cell.table == CONVERTER_TABLE:
        return verdict, _format_words(cell)
    if len(cell.ways) == 1 and [step.do for step in cell.ways[0].steps] == ["copy"]:
        return verdict, way_words(cell.ways[0]).removeprefix("copy the files").strip(" ()")
    return verdict, "; or ".join(way_words(way) for way in cell.ways)


def _format_words(cell: Cell) -> str:
    # The products of this table are a format and what the guide calls compatible with it (cells.Step).
    said = []
    for way in cell.ways:
        ids = way.steps[0].products
        kin = [name for name in ids if products()[name].family != products()[ids[0]].family]
        said += [f"also for {', '.join(map(short_name, kin))}"] if kin else []
        said += [CONDITIONS[condition] for condition in way.when]
    return "; ".join(said)


def print_list(stream: IO[str] | None = None) -> None:
    """Print the numbers, titles and pages of all tables."""
    out = console(stream)
    print_hanging(out, "", Text("Virtual Machine Mobility Planning Guide, VMware, October 2007", "bold"))
    head: list[Text | str] = [Text(word, "dim") for word in ("table", "page", "size ", "what it answers")]
    rows: list[list[Text | str]] = [
        [Text(f"{it.number:5}", "bold"), f"{it.page:4}", f"{len(it.rows)} × {len(it.columns)}", it.title]
        for it in tables.tables()
    ]
    print_columns(out, [head, *rows])
    out.print()
    print_hanging(out, "", Text("vmxtool guide --table 7 shows one table, --from ws6 --to esx3 one cell of it", "dim"))


def print_table(table: Table, stream: IO[str] | None = None) -> None:
    """Draw a table as it is printed, rows and columns numbered, its notes below."""
    out = console(stream)
    heading = Text(f"Table {table.number}  {table.title}", "bold")
    heading.append(f"  page {table.page}", "dim")
    print_hanging(out, "", heading)
    if out.is_terminal:
        _draw(table, out)
    else:
        _print_cells(table, out)
    _print_notes(table, out)
    legend = f"r1 with c1 is mpg:t{table.number:02d}:r1c1; vmxtool explain tells more about each"
    print_hanging(out, "", Text(legend, "dim"))


def _print_cells(table: Table, out: Console) -> None:
    """Print a line for each cell, for programs that search lines."""
    for number, row in enumerate(table.rows, 1):
        for place, (cell, head) in enumerate(zip(row.cells, table.columns, strict=True), 1):
            pair = Text(f"r{number}c{place}  {row.label} to {head}  ".replace("\n", " "))
            print_hanging(out, "", pair.append_text(_cell_text(cell)))


def _draw(table: Table, out: Console) -> None:
    grid = Grid(box=SQUARE, show_lines=True, border_style="dim", header_style="", pad_edge=True, width=out.width)
    grid.add_column("", width=_LABEL_WIDTHS[len(table.columns)], overflow="fold")
    for number, head in enumerate(table.columns, 1):
        label = Text(f"{head}\n", "bold").append(f"c{number}", "not bold dim")
        grid.add_column(label, ratio=1, overflow="fold")
    group = ""
    for number, row in enumerate(table.rows, 1):
        if row.group != group:
            group = row.group
            grid.add_row(Text(group, "italic"), *([""] * len(table.columns)))
        place = Text(f"r{number}\n", "dim").append(row.label, "not dim bold")
        grid.add_row(place, *(_cell_text(cell) for cell in row.cells))
    out.print(grid)


def _cell_text(cell: Cell) -> Text:
    verdict, ways = cell_words(cell)
    text = Text(verdict, VERDICT_STYLES[cell.verdict])
    if ways:
        text.append(f": {ways}", "default not bold")
    marks = ", ".join(note.id for note in cell.notes)
    return text.append(f" [{marks}]", "dim not bold") if marks else text


def _print_notes(table: Table, out: Console) -> None:
    for note in table.notes:
        text = Text(note.says)
        only = [
            *(f"from {short_name(name)}" for name in note.from_ids),
            *(f"to {short_name(name)}" for name in note.to_ids),
        ]
        if only:
            text.append(f" ({', '.join(only)} only)")
        print_hanging(out, Text(note.id, "dim"), text.append(f"  {note.source}", "dim"))
    if table.hosts:
        print_hanging(out, Text("·", "dim"), Text(f"VMware Converter 3 runs on {'; '.join(table.hosts)}."))


def print_entries(entries: Sequence[GuideEntry], stream: IO[str] | None = None) -> None:
    """Print one line per pair of products."""
    out = console(stream)
    rows: list[list[Text | str]] = [
        [
            f"{short_name(entry.from_id)} → {short_name(entry.to_id)}",
            Text(GUIDE_VERDICTS[entry.verdict], VERDICT_STYLES[entry.verdict]),
            Text(entry.cell.removeprefix("mpg:"), "dim"),
        ]
        for entry in entries
    ]
    print_columns(out, rows)


def print_entry(entry: GuideEntry, stream: IO[str] | None = None) -> None:
    """Print one cell in full for one pair of products: verdict, every way step by step, notes, place."""
    out = console(stream)
    _print_pair(entry.from_id, entry.to_id, entry.verdict, out)
    print_hanging(out, " ", Text(_place(entry), "dim"))
    print_ways(entry.ways, entry.from_id, entry.to_id, out)
    print_sentences(entry.notes, out)
    beside = tables.remarks(entry.from_id, entry.to_id) if entry.ways else ()  # of a move that cannot be there is none
    of_text = (*tables.moves(entry.from_id, entry.to_id), *beside)
    for fact in dict.fromkeys(of_text):
        _print_of_text(fact, entry.from_id, entry.to_id, out)


def _place(entry: GuideEntry) -> str:
    table = tables.table(entry.table)
    return f"{entry.cell}  table {entry.table}, {table.title}; section on page {entry.source[-2:].lstrip('0')}"


def print_ways(ways: Sequence[Way], from_id: str, to_id: str, out: Console) -> None:
    """Print ways, each with its steps under one another."""
    for number, way in enumerate(ways, 1):
        line = Text(f"  way {number}" if len(ways) > 1 else "  how", "bold")
        if way.when:
            line.append(f"  {' and '.join(CONDITIONS[condition] for condition in way.when)}", "not bold magenta")
        if way.one_way:
            line.append("  one-way", "not bold yellow")
        print_hanging(out, "", line)
        for place, step in enumerate(way.steps, 1):
            print_hanging(out, f"    {place}.", Text(guide_sentence(step, from_id, to_id)))


def print_sentences(sentences: Iterable[str], out: Console) -> None:
    """Print sentences as a list."""
    for sentence in sentences:
        print_hanging(out, "  ·", Text(sentence))


def print_unprinted(from_id: str, to_id: str, stream: IO[str] | None = None) -> None:
    """Print what there is to say about a pair that no table prints: the text's word, or that the guide is silent."""
    out = console(stream)
    found = unprinted(from_id, to_id)
    answer = found.answer
    _print_pair(from_id, to_id, answer.verdict, out)
    if answer.entry is not None:
        print_hanging(
            out, " ", Text(f"as of a VM of {short_name(answer.entry.from_id)}: {_place(answer.entry)}", "dim")
        )
        # What the first product does in a step, such as making a legacy VM, the one whose row it is does.
        print_ways(answer.entry.ways, answer.entry.from_id, to_id, out)
        print_sentences(answer.entry.notes, out)
    facts = () if answer.fact is None else (answer.fact,)
    for fact in dict.fromkeys((*facts, *answer.beside, *found.general)):
        maker = from_id if answer.entry is None or from_id in fact.from_ids else answer.entry.from_id
        _print_of_text(fact, maker, to_id, out)
    if found.is_treated:
        return
    print_hanging(out, " ", Text(_untreated(from_id, to_id)))
    nearest = tables.lookup(_nearest(from_id), _nearest(to_id))
    if nearest is not None and (nearest.from_id, nearest.to_id) != (from_id, to_id):
        line = Text(f"Nearest: {short_name(nearest.from_id)} to {short_name(nearest.to_id)}, ")
        line.append(GUIDE_VERDICTS[nearest.verdict], VERDICT_STYLES[nearest.verdict])
        print_hanging(out, " ", line.append(f"  {nearest.cell}", "dim"))
    since = f"vmxtool route --from {from_id} --target {to_id} tells what is known since."
    print_hanging(out, " ", Text(since, "dim"))


def _print_of_text(fact: Fact, from_id: str, to_id: str, out: Console) -> None:
    print_hanging(out, " ", Text(f"{fact.address}  {fact.topic}", "dim"))
    print_ways(fact.ways, from_id, to_id, out)
    print_sentences([fact.says], out)


def _untreated(from_id: str, to_id: str) -> str:
    """Say that the guide has no way; of two of its products Table 2 still has the generations."""
    generations = tables.generation_of(from_id), tables.generation_of(to_id)
    if None in generations or from_id == to_id:
        return "The guide of October 2007 does not treat this move."
    return (
        "No table and no page of the guide names a way of this move; Table 2 tells of generations "
        f"{generations[0]} and {generations[1]} alone."
    )


def _nearest(product_id: str) -> str:
    """Return the product itself where the tables have it, else the newest of its family that they have."""
    kin = [it.id for it in products().values() if it.family == products()[product_id].family]
    kin = [name for name in kin if tables.has_rows_for(name)]
    return kin[-1] if kin and not tables.has_rows_for(product_id) else product_id


def _print_pair(from_id: str, to_id: str, verdict: str | None, out: Console) -> None:
    line = Text(f"{products()[from_id].name} to {products()[to_id].name}", "bold")
    if verdict is not None:
        line.append(": ")
        line.append(GUIDE_VERDICTS[verdict], VERDICT_STYLES[verdict])
    print_hanging(out, "", line)
