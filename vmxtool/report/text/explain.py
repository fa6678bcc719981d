"""What stands behind an answer: the page of a rule, a cell, a table or a page of the guide."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from rich.padding import Padding
from rich.text import Text

from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.sources import Source, source
from vmxtool.knowledge.transcript import Fact, Table
from vmxtool.planner.refusals import REASONS, Reason
from vmxtool.report.guide_json import cell_value, fact_value, note_value, table_value
from vmxtool.report.text.guide import (
    VERDICT_STYLES,
    VERDICT_WORDS,
    cell_words,
    print_sentences,
    print_table,
    short_name,
    way_words,
)
from vmxtool.report.text.terminal import console, print_hanging, safe_text, style_of
from vmxtool.rules._registry import Rule, all_rules

if TYPE_CHECKING:
    from typing import IO

    from rich.console import Console

    from vmxtool.knowledge.tables import GuideEntry

Subject = Rule | Reason | Cell | Table | Source | tuple[Fact, ...]
_GUIDE = re.compile(r"mpg:(?:t(?P<table>\d{1,2})|p(?P<page>\d{1,2}))", re.ASCII)


def find(code: str) -> Subject:
    """What a code means: a rule's or refusal's code or name, a place in the guide, or a source such as "kb:1003746".

    Raises:
        UsageError: it means nothing; the message names what is nearest.
    """
    wanted = code.strip()
    for rule in all_rules():
        if wanted.upper() == rule.code or wanted.lower() == rule.name:
            return rule
    for reason in REASONS.values():
        if wanted.upper() == reason.code or wanted.lower() == reason.name:
            return reason
    if not wanted.lower().startswith("mpg:"):
        try:
            return source(wanted)[0]
        except KnowledgeError:
            pass
        raise UsageError(f"there is no rule {code!r}; the nearest are {', '.join(_near_rules(wanted))}")
    place = _GUIDE.fullmatch(wanted.lower())
    if place is None:
        return tables.cell(wanted) if wanted.lower().startswith("mpg:t") else (tables.fact(wanted),)
    if place["table"] is not None:
        return tables.table(int(place["table"]))
    found = tables.facts_on(wanted)
    if not found:
        pages = sorted({fact.page for fact in tables.text_facts()}, key=lambda page: abs(page - int(place["page"])))
        near = ", ".join(f"mpg:p{page:02d}" for page in sorted(pages[:2]))
        raise UsageError(f"vmxtool holds nothing of page {int(place['page'])} of the guide; the nearest are {near}")
    return found


def explanation(subject: Subject) -> dict[str, Any]:
    """The subject as plain values; `kind` says what it is."""
    if isinstance(subject, Rule):
        return {
            "kind": "rule",
            "code": subject.code,
            "name": subject.name,
            "severity": subject.severity.value,
            "title": subject.title,
            "text": subject.text,
            "sources": [{"reference": it, "title": _title(it)} for it in subject.sources],
        }
    if isinstance(subject, Reason):
        return {"kind": "refusal", **{field.name: getattr(subject, field.name) for field in fields(subject)}}
    if isinstance(subject, Cell):
        rules = [{"code": rule.code, "name": rule.name} for rule in _resting_on(subject)]
        notes = [note_value(note) for note in subject.notes]
        pairs = [{"from": entry.from_id, "to": entry.to_id} for entry in _entries_of(subject)]
        return {"kind": "cell", **cell_value(subject), "notes": notes, "pairs": pairs, "rules": rules}
    if isinstance(subject, Table):
        return {"kind": "table", **table_value(subject)}
    if isinstance(subject, Source):
        return {"kind": "source", **_source_value(subject)}
    return {"kind": "text", "facts": [fact_value(fact) for fact in subject]}


def print_explanation(subject: Subject, stream: IO[str] | None = None) -> None:
    """Print the subject for a person."""
    out = console(stream)
    if isinstance(subject, Rule):
        _print_rule(subject, out)
    elif isinstance(subject, Reason):
        out.print(Text(f"{subject.code} {subject.name}", "bold").append("  refuses a rewrite", "not bold dim"))
        print_hanging(out, " ", Text(subject.title))
        print_hanging(out, " ", Text(subject.text))
    elif isinstance(subject, Cell):
        _print_cell(subject, out)
    elif isinstance(subject, Table):
        print_table(subject, stream)
    elif isinstance(subject, Source):
        out.print(Text(subject.title, "bold"))
        for key, value in _source_value(subject).items():
            if key != "title" and value:
                print_hanging(out, Text(f"{key:10}", "dim"), safe_text(str(value)), indent=2)
    else:
        for fact in subject:
            out.print(Text(fact.topic, "bold").append(f"  {fact.address}", "not bold dim"))
            out.print(Padding(Text(fact.says), (0, 0, 0, 2)))


def _source_value(subject: Source) -> dict[str, str | None]:
    return {field.name: str(value) if (value := getattr(subject, field.name)) else None for field in fields(subject)}


def _print_rule(rule: Rule, out: Console) -> None:
    line = Text(f"{rule.code} {rule.name}", "bold")
    out.print(line.append(f"  {rule.severity.value}", f"not bold {style_of(rule.severity.value)}"))
    out.print(Padding(Text(rule.title), (0, 0, 0, 2)))
    for paragraph in filter(None, rule.text.split("\n\n")):
        out.print()
        out.print(Padding(Text(paragraph.replace("\n", " ")), (0, 0, 0, 2)))
    if rule.sources:
        out.print()
        out.print(Text("  rests on", "dim"))
    for reference in rule.sources:
        line = Text("· ", "dim").append(reference, "not dim bold").append(f"  {_title(reference)}", "not dim")
        out.print(Padding(line, (0, 0, 0, 2)))


def _print_cell(cell: Cell, out: Console) -> None:
    out.print(Text(f"{cell.row_label} to {cell.column_label}" if cell.table > 1 else cell.row_label, "bold"))
    table = tables.table(cell.table)
    place = f"{cell.address}  table {cell.table}, {table.title}; section on page {cell.page}"
    out.print(Padding(Text(place, "dim"), (0, 0, 0, 2)))
    verdict = Text(VERDICT_WORDS[cell.verdict], VERDICT_STYLES[cell.verdict])
    lines = [way_words(way) for way in cell.ways] if cell.table > 1 else [cell_words(cell)[1]]
    out.print(Padding(verdict, (0, 0, 0, 2)))
    print_sentences(filter(None, lines), out)
    pairs = ", ".join(f"{entry.from_id} → {entry.to_id}" for entry in _entries_of(cell))
    if pairs:
        out.print(Padding(Text(f"answers for {pairs}", "dim"), (0, 0, 0, 2)))
    if cell.notes:
        out.print(Text("  notes", "dim"))
    for note in cell.notes:
        only = ", ".join(
            [*(f"from {short_name(it)}" for it in note.from_ids), *(f"to {short_name(it)}" for it in note.to_ids)]
        )
        said = Text(f"{note.says} ({only} only)" if only else note.says)
        out.print(Padding(said.append(f"  {note.source}", "dim"), (0, 0, 0, 4)))
    rules = _resting_on(cell)
    if rules:
        out.print(Text("  rules that rest on it, its page or its notes", "dim"))
    for rule in rules:
        out.print(Padding(Text(f"{rule.code} {rule.name}"), (0, 0, 0, 4)))


def _entries_of(cell: Cell) -> list[GuideEntry]:
    return [entry for entry in tables.entries() if entry.cell == cell.address]


def _resting_on(cell: Cell) -> list[Rule]:
    """The rules whose sources name a cell, its table, the page of its section or a place that its notes rest on."""
    places = {cell.address, f"mpg:t{cell.table:02d}", f"mpg:p{cell.page:02d}", *(note.source for note in cell.notes)}
    return [rule for rule in all_rules() if any(_place(it) in places for it in rule.sources)]


def _place(reference: str) -> str:
    """A reference without the topic that a fact has after its page."""
    page = re.match(r"mpg:p\d\d", reference)
    return page[0] if page is not None else reference


def _title(reference: str) -> str:
    """The document that a reference names, with its publisher."""
    document, _ = source(reference)
    return ", ".join(filter(None, (document.title, document.publisher)))


def _near_rules(wanted: str) -> list[str]:
    from difflib import get_close_matches

    said = {name: f"{rule.code} {rule.name}" for rule in all_rules() for name in (rule.code, rule.name)}
    near = get_close_matches(wanted.upper(), said, n=3, cutoff=0.6) or get_close_matches(
        wanted.lower(), said, n=3, cutoff=0
    )
    return list(dict.fromkeys(said[name] for name in near))
