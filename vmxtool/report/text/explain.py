"""What stands behind an answer, for a person: a rule, a cell, a table or a page of the guide, or a source."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.products import Product
from vmxtool.knowledge.sources import Source
from vmxtool.knowledge.transcript import Table
from vmxtool.report.facts import facts_of
from vmxtool.report.subjects import pairs_of, rules_on, title_of
from vmxtool.report.text.guide import VERDICT_STYLES, cell_words, print_sentences, print_table
from vmxtool.report.text.terminal import console, print_hanging, safe_text, style_of
from vmxtool.report.words import GUIDE_VERDICTS, short_name, way_words
from vmxtool.rules.registry import About, Rule

if TYPE_CHECKING:
    from typing import IO

    from rich.console import Console

    from vmxtool.report.subjects import Subject


def print_explanation(subject: Subject, stream: IO[str] | None = None) -> None:
    """Print all that is known of a subject."""
    out = console(stream)
    if isinstance(subject, Rule):
        _print_rule(subject, out)
    elif isinstance(subject, Cell):
        _print_cell(subject, out)
    elif isinstance(subject, Table):
        print_table(subject, stream)
    elif isinstance(subject, Source):
        _print_source(subject, out)
    elif isinstance(subject, Product):
        _print_product(subject, out)
    else:
        for fact in subject:
            out.print(Text(fact.topic, "bold").append(f"  {fact.address}", "not bold dim"))
            print_hanging(out, " ", Text(fact.says))


def _print_source(subject: Source, out: Console) -> None:
    out.print(Text(subject.title, "bold"))
    for field in fields(subject):
        value = getattr(subject, field.name)
        if field.name != "title" and value:
            print_hanging(out, Text(f"{field.name:10}", "dim"), safe_text(str(value)), indent=2)


def _print_product(product: Product, out: Console) -> None:
    out.print(Text(product.name, "bold").append(f"  {product.id}", "not bold dim"))
    if product.releases:
        print_hanging(out, " ", Text(f"a name for {', '.join(product.releases)}; what is said is true of the oldest"))
    if product.notes:
        print_hanging(out, " ", Text(product.notes))
    for fact in facts_of(product):
        doubt = "" if fact.verified else f" (disputed: {fact.disputed})" if fact.disputed else " (unverified)"
        line = Text(fact.value + doubt).append(f"  {' '.join(fact.rests_on)}", "dim")
        print_hanging(out, Text(f"{fact.name:20}", "dim"), line, indent=2)


def _print_rule(rule: Rule, out: Console) -> None:
    line = Text(f"{rule.code} {rule.name}", "bold")
    said = "refuses a rewrite" if rule.about is About.REWRITE else rule.severity.value
    out.print(line.append(f"  {said}", f"not bold {style_of(rule.severity.value)}"))
    print_hanging(out, " ", Text(rule.title))
    for paragraph in filter(None, rule.text.split("\n\n")):
        out.print()
        print_hanging(out, " ", Text(paragraph.replace("\n", " ")))
    if rule.sources:
        out.print()
        out.print(Text("  rests on", "dim"))
    for reference in rule.sources:
        print_hanging(
            out, Text("·", "dim"), Text(reference, "bold").append(f"  {title_of(reference)}", "not bold"), indent=2
        )


def _print_cell(cell: Cell, out: Console) -> None:
    out.print(Text(f"{cell.row_label} to {cell.column_label}" if cell.table > 1 else cell.row_label, "bold"))
    table = tables.table(cell.table)
    place = f"{cell.address}  table {cell.table}, {table.title}; section on page {cell.page}"
    print_hanging(out, " ", Text(place, "dim"))
    verdict = Text(GUIDE_VERDICTS[cell.verdict], VERDICT_STYLES[cell.verdict])
    lines = [way_words(way) for way in cell.ways] if cell.table > 1 else [cell_words(cell)[1]]
    print_hanging(out, " ", verdict)
    print_sentences(filter(None, lines), out)
    pairs = ", ".join(f"{entry.from_id} → {entry.to_id}" for entry in pairs_of(cell))
    if pairs:
        print_hanging(out, " ", Text(f"answers for {pairs}", "dim"))
    if cell.notes:
        out.print(Text("  notes", "dim"))
    for note in cell.notes:
        only = ", ".join(
            [*(f"from {short_name(it)}" for it in note.from_ids), *(f"to {short_name(it)}" for it in note.to_ids)]
        )
        said = Text(f"{note.says} ({only} only)" if only else note.says)
        print_hanging(out, " ", said.append(f"  {note.source}", "dim"), indent=2)
    rules = rules_on(cell)
    if rules:
        out.print(Text("  rules that rest on it, its page or its notes", "dim"))
    for rule in rules:
        print_hanging(out, " ", Text(f"{rule.code} {rule.name}"), indent=2)
