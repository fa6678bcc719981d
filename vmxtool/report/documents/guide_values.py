"""The values of the JSON contract for what stands behind an answer: the guide, the products, rules and sources."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.guide_names import CONVERTER_TABLE, EFFORT_TABLE
from vmxtool.knowledge.product import FACTS, Product
from vmxtool.knowledge.products import products
from vmxtool.knowledge.sources import Source
from vmxtool.knowledge.transcript import Table
from vmxtool.report.facts import facts_of
from vmxtool.report.guide_text import status_of, unprinted
from vmxtool.report.mentions import Mentions
from vmxtool.report.subjects import Families, pairs_of, rules_on, title_of
from vmxtool.rules.registry import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from vmxtool.knowledge.cells import Note, Way
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.report.documents.contract import ProductValue
    from vmxtool.report.documents.explain_contract import (
        CellExplained,
        ExplainDocument,
        Explained,
        FactValue,
        FamiliesExplained,
        MentionsExplained,
        NoteValue,
        ProductExplained,
        RuleExplained,
        SourceExplained,
        TableExplained,
    )
    from vmxtool.report.documents.parts import (
        CellValue,
        GuideEntryValue,
        GuideMoveValue,
        GuideWayValue,
        ProductName,
    )
    from vmxtool.report.subjects import Subject

_NOTHING: tuple[object, ...] = (None, "", (), frozenset())


def guide_value() -> list[GuideEntryValue | GuideMoveValue]:
    """Return the whole guide: one entry for each pair of products."""
    return entries_value(tables.entries())


def table_value(table: Table) -> list[GuideEntryValue | GuideMoveValue] | list[CellValue]:
    """Return the entries of one table; tables 1 and 2 treat no pairs of products and give their cells."""
    if table.number in {CONVERTER_TABLE, EFFORT_TABLE}:
        return [cell_value(cell) for cell in table.cells()]
    return entries_value(entry for entry in tables.entries() if entry.table == table.number)


def entries_value(entries: Iterable[GuideEntry]) -> list[GuideEntryValue | GuideMoveValue]:
    """Return entries of the guide, also those that no table prints."""
    return [entry_value(entry) if entry.table else _move(entry) for entry in entries]


def _move(entry: GuideEntry) -> GuideMoveValue:
    return {
        "table": None,
        "cell": None,
        "from": entry.from_id,
        "to": entry.to_id,
        "verdict": entry.verdict,
        "ways": [way_value(way) for way in entry.ways],
        "notes": list(entry.notes),
        "source": entry.source,
    }


def entry_value(entry: GuideEntry) -> GuideEntryValue:
    """Return what a cell of the guide says about a pair of products."""
    return {
        "table": entry.table,
        "cell": entry.cell,
        "from": entry.from_id,
        "to": entry.to_id,
        "verdict": entry.verdict,
        "ways": [way_value(way) for way in entry.ways],
        "notes": list(entry.notes),
        "source": entry.source,
    }


def unprinted_value(from_id: str, to_id: str) -> GuideEntryValue | GuideMoveValue | None:
    """Return what the guide says about a move that no table prints; None where it does not settle it.

    That is the cell of the product whose VMs are like it, or what the text says of the move.
    """
    answer = unprinted(from_id, to_id).answer
    beside = [fact.says for fact in answer.beside]
    if answer.entry is not None:
        value = entry_value(answer.entry)
        value["from"] = from_id
        value["notes"] += [
            f"A VM of {products()[from_id].name} is taken as one of {products()[answer.entry.from_id].name}."
        ]
        value["notes"] += beside
        return value
    if answer.fact is None or answer.fact.verdict is None:
        return None
    move = _move(tables.as_move(answer.fact, from_id, to_id))
    move["notes"] += beside
    return move


def way_value(way: Way) -> GuideWayValue:
    """Return one way of a cell."""
    return {
        "steps": [{"do": step.do, "with": list(step.products)} for step in way.steps],
        "when": list(way.when),
        "one_way": way.one_way,
    }


def cell_value(cell: Cell) -> CellValue:
    """Return one printed cell, for all pairs of products that it covers."""
    return {
        "table": cell.table,
        "cell": cell.address,
        "row": cell.row_label,
        "column": cell.column_label,
        "verdict": cell.verdict,
        "ways": [way_value(way) for way in cell.ways],
        "notes": [note.says for note in cell.notes],
        "source": _section(cell),
    }


def products_value(listed: Iterable[Product]) -> list[ProductValue]:
    """Return products with their names, generation and hardware versions."""
    return [_product(product) for product in listed]


def product_name(product: Product) -> ProductName:
    """Return a product's id, name and generation."""
    return {"id": product.id, "name": product.name, "generation": product.generation}


def explain_value(subjects: Sequence[Subject]) -> ExplainDocument:
    """Return subjects, "vmxtool.explain/1"; `kind` says what one is, and several stand in `subjects`."""
    if len(subjects) == 1:
        return _subject(subjects[0])
    return {"schema": "vmxtool.explain/1", "subjects": [_subject(subject) for subject in subjects]}


def _subject(subject: Subject) -> Explained:
    if isinstance(subject, tuple):
        return {"schema": "vmxtool.explain/1", "kind": "text", "facts": [_fact(fact) for fact in subject]}
    value: Explained = _VALUES[type(subject)](subject)
    return value


def _product(product: Product) -> ProductValue:
    return {
        "id": product.id,
        "aliases": list(product.aliases),
        "releases": list(product.releases),
        "name": product.name,
        "family": product.family,
        "generation": product.generation,
        "hardware": {"min": product.runs_min, "max": product.runs_max, "creates": product.creates},
        "released": product.released,
        "source": product.source_of("runs_max"),
        "sources": {
            field: list(product.backing.of(field)) for field in FACTS if getattr(product, field) not in _NOTHING
        },
        "disputed": dict(product.backing.disputed),
        "checked": str(product.checked),
        "unverified": sorted(product.unverified),
    }


def _rule(rule: Rule) -> RuleExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "rule",
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity,
        "title": rule.title,
        "text": rule.text,
        "sources": [{"reference": it, "title": title_of(it)} for it in rule.sources],
        "about": rule.about.value,
        "cure": rule.cure,
        "stops": sorted(rule.stops),
        "messages": [{"text": text, "source": reference} for text, reference in rule.messages],
    }


def _families(subject: Families) -> FamiliesExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "families",
        "families": [
            {
                "letters": family.letters,
                "about": family.about,
                "rules": [{"code": rule.code, "name": rule.name} for rule in family.rules],
            }
            for family in subject.families
        ],
    }


def _mentions(subject: Mentions) -> MentionsExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "mentions",
        "word": subject.word,
        "meaning": subject.says or None,
        "rules": [{"code": rule.code, "name": rule.name} for rule in subject.rules],
        "hardware": [{"version": new.version, "says": new.says} for new in subject.news],
    }


def _cell(cell: Cell) -> CellExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "cell",
        "table": cell.table,
        "cell": cell.address,
        "row": cell.row_label,
        "column": cell.column_label,
        "verdict": cell.verdict,
        "ways": [way_value(way) for way in cell.ways],
        "notes": [_note(note) for note in cell.notes],
        "source": _section(cell),
        "pairs": [{"from": entry.from_id, "to": entry.to_id} for entry in pairs_of(cell)],
        "rules": [{"code": rule.code, "name": rule.name} for rule in rules_on(cell)],
    }


def _table(table: Table) -> TableExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "table",
        "table": table.number,
        "title": table.title,
        "page": table.page,
        "columns": list(table.columns),
        "rows": [row.label for row in table.rows],
        "cells": [cell_value(cell) for cell in table.cells()],
        "notes": [_note(note) for note in table.notes],
    }


def _explained(product: Product) -> ProductExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "product",
        "id": product.id,
        "name": product.name,
        "releases": list(product.releases),
        "notes": product.notes or None,
        "facts": [
            {
                "fact": fact.name,
                "value": fact.value,
                "rests_on": list(fact.rests_on),
                "verified": fact.verified,
                "disputed": fact.disputed,
            }
            for fact in facts_of(product)
        ],
    }


def _source(source: Source) -> SourceExplained:
    return {
        "schema": "vmxtool.explain/1",
        "kind": "source",
        "id": source.id,
        "title": source.title,
        "publisher": source.publisher or None,
        "dated": source.dated or None,
        "address": source.address or None,
        "until": source.until or None,
        "read": str(source.read) if source.read is not None else None,
        "stands_alone": source.stands_alone,
        "remark": source.remark or None,
    }


def _fact(fact: Fact) -> FactValue:
    return {
        "address": fact.address,
        "page": fact.page,
        "topic": fact.topic,
        "says": fact.says,
        "products": list(fact.products),
        "status": status_of(fact),
    }


def _note(note: Note) -> NoteValue:
    return {
        "id": note.id,
        "says": note.says,
        "source": note.source,
        "from": list(note.from_ids),
        "to": list(note.to_ids),
    }


def _section(cell: Cell) -> str:
    """Return the page on which the section of a cell's table begins."""
    return f"mpg:p{cell.page:02d}"


_VALUES: dict[type, Callable[[Any], Any]] = {
    Rule: _rule,
    Cell: _cell,
    Table: _table,
    Source: _source,
    Product: _explained,
    Families: _families,
    Mentions: _mentions,
}
