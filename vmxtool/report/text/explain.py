"""What stands behind an answer, for a person: rules, products, hardware versions, sources and places in the guide."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import Cell
from vmxtool.knowledge.hardware import BUSES, LIMITS, hardware
from vmxtool.knowledge.product import HARDWARE, Product
from vmxtool.knowledge.sources import Source, source
from vmxtool.knowledge.transcript import Table
from vmxtool.report.facts import facts_of
from vmxtool.report.guide_text import status_of
from vmxtool.report.hardware_page import makers, novelties, raised_in, runners
from vmxtool.report.mentions import Mentions
from vmxtool.report.subjects import Families, pairs_of, rules_on, title_of
from vmxtool.report.text.fact_words import figure, label
from vmxtool.report.text.guide import VERDICT_STYLES, cell_words, print_sentences, print_table
from vmxtool.report.text.terminal import console, is_wide, print_hanging, print_title, safe_text, style_of
from vmxtool.report.words import GUIDE_VERDICTS, short_name, way_words
from vmxtool.rules.registry import About, Rule

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from rich.console import Console

    from vmxtool.report.subjects import Subject

_ASK = (
    ("vmxtool explain DSK", "lists the rules of a kind"),
    ("vmxtool explain PRD101 DSK202", "shows rules"),
    ("vmxtool explain esxi6.7 hw19", "shows a product and a hardware version"),
    ("vmxtool explain NVMe", "lists the rules that mention a word"),
    ('vmxtool explain "..."', "finds the rule behind what a product printed"),
    ("vmxtool explain mpg:t07:r1c3", "shows a cell of VMware's Mobility Planning Guide"),
)
_SHOWN_WHOLE = 10  # rules that a list has with what they say
_SHOWN = 7  # of a longer list, where the others are told by their codes; with them it is one screen
_VERSIONS_SHOWN = 3


def print_explanations(subjects: Sequence[Subject], stream: IO[str] | None = None) -> None:
    """Print all that is known of some subjects, one after the other."""
    out = console(stream)
    for number, subject in enumerate(subjects):
        if number:
            out.print()
        _print_subject(subject, out, stream)


def _print_subject(subject: Subject, out: Console, stream: IO[str] | None) -> None:
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
    elif isinstance(subject, Families):
        _print_families(subject, out)
    elif isinstance(subject, Mentions):
        _print_mentions(subject, out)
    else:
        for fact in subject:
            _print_name(fact.topic, fact.address, out)
            print_hanging(out, " ", Text(fact.says))
            print_hanging(out, " ", Text(status_of(fact), "dim"))


def _print_name(name: str, code: str, out: Console) -> None:
    print_title(out, Text(name, "bold").append(f"  {code}", "not bold dim"))


def _print_source(subject: Source, out: Console) -> None:
    _print_name(subject.title, subject.id, out)
    read = str(subject.read) if subject.read is not None else "by nobody for vmxtool"
    alone = "" if subject.stands_alone or subject.read is None else "only together with another source"
    rows = {
        "publisher": subject.publisher,
        "dated": subject.dated,
        "known up to": subject.until,
        "address": subject.address,
        "read": read,
        "believed": alone,
        "remark": subject.remark,
    }
    for name, value in rows.items():
        if value:
            _print_fact(name, safe_text(value), 12, out)


def _print_fact(name: str, value: Text, width: int, out: Console) -> None:
    """Print a name and its value beside it, or below it where there is no room."""
    if is_wide(out):
        print_hanging(out, Text(f"{name:{width}}", "dim"), value, indent=2)
    else:
        print_hanging(out, "", Text(name, "dim"), indent=2)
        print_hanging(out, "", value, indent=4)


def _print_product(product: Product, out: Console) -> None:
    _print_name(product.name, product.id, out)
    if product.releases:
        which = f"a name for {', '.join(product.releases)}; the facts are those of the oldest"
        print_hanging(out, " ", Text(which))
    if product.notes:
        print_hanging(out, " ", Text(product.notes))
    version = hardware(product.runs_max) if product.family == HARDWARE else None
    if version is not None:
        _print_hardware(version.version, out)
    facts = facts_of(product)
    documents = list(dict.fromkeys(source(it)[0].id for fact in facts for it in fact.rests_on))
    width = max((len(label(fact.name)) for fact in facts), default=0) + 1
    for fact in facts:
        doubt = "" if fact.verified else f" (disputed: {fact.disputed})" if fact.disputed else " (unverified)"
        numbers = sorted({documents.index(source(it)[0].id) + 1 for it in fact.rests_on})
        line = Text(figure(fact.name, fact.value) + doubt).append(f"  [{_ranges(numbers)}]", "dim")
        _print_fact(label(fact.name), line, width, out)
    if documents:
        print_hanging(out, "", Text("based on", "dim"), indent=2)
    for number, document in enumerate(documents, 1):
        print_hanging(out, Text(f"[{number}]", "dim"), _document(document), indent=2)


def _ranges(numbers: Sequence[int]) -> str:
    """Return rising numbers, those in a row as one: "1-3, 5"."""
    rows = [list(row) for _, row in groupby(numbers, key=lambda it: it - numbers.index(it))]
    return ", ".join(f"{row[0]}-{row[-1]}" if len(row) > 1 else str(row[0]) for row in rows)


def _print_hardware(version: int, out: Console) -> None:
    """Print who runs and makes a hardware version, and what came with it."""
    for name, some in (("runs on", runners(version)), ("made by", makers(version))):
        if some:
            print_hanging(out, Text(name, "dim"), Text(", ".join(some)), indent=2)
    new = [it.says for it in novelties() if it.version == version]
    for more in raised_in(version, (*BUSES, *LIMITS, *(f"{it}_{kind}" for it in LIMITS for kind in ("hosted", "esx")))):
        now = figure(more.name, more.now)
        before = "none before" if more.before is None else f"{figure(more.name, more.before)} before"
        new.append(f"{label(more.name)}: {now}, {before}")
    if new:
        print_hanging(out, "", Text("new in it", "dim"), indent=2)
    for text in new:
        print_hanging(out, Text("·", "dim"), Text(text), indent=4)
    print_hanging(out, "", Text("what a VM of it may have", "dim"), indent=2)


def _document(reference: str) -> Text:
    """Return a source for a reader: its title and its publisher, and the word with which it is explained."""
    return Text(title_of(reference)).append(f"  {reference}", "dim")


def _print_families(subject: Families, out: Console) -> None:
    whole = len(subject.families) == 1
    if not whole:
        out.print(Text("Rules of vmxtool", "bold"))
    for family in subject.families:
        count = f"{len(family.rules)} rules" if len(family.rules) > 1 else "1 rule"
        line = Text(f"{family.letters}xx", "bold").append(f"  {family.about}", "not bold").append(f", {count}", "dim")
        print_hanging(out, "" if whole else " ", line)
        for rule in family.rules if whole else ():
            _print_mention(rule, out)
    out.print()
    if whole:
        _print_example(f"vmxtool explain {subject.families[0].rules[0].code}", "shows a rule whole", out)
    for example, said in () if whole else _ASK:
        _print_example(example, said, out)


def _print_example(command: str, said: str, out: Console) -> None:
    print_hanging(out, "", Text(command, "bold").append(f"  {said}", "not bold"))


def _print_mentions(subject: Mentions, out: Console) -> None:
    """Print what a word means and which rules have it: some with what they say, of a long list the rest by code."""
    count = "1 rule mentions" if len(subject.rules) == 1 else f"{len(subject.rules) or 'no'} rules mention"
    print_title(out, safe_text(subject.word, "bold").append(f": {count} it" * bool(subject.rules), "not bold"))
    if subject.says:
        print_hanging(out, " ", Text(subject.says))
    whole = len(subject.rules) <= _SHOWN_WHOLE
    shown = subject.rules if whole else subject.rules[:_SHOWN]
    for rule in shown:
        _print_mention(rule, out)
    if not whole:
        rest = " ".join(rule.code for rule in subject.rules[_SHOWN:])
        print_hanging(out, " ", Text("also ", "dim").append(rest, "not dim"))
    _print_news(subject, out, whole=whole)
    ask = [rule.code for rule in subject.rules[:1]] + [f"hw{new.version}" for new in subject.news[:1]]
    if ask:
        out.print()
        _print_example(f"vmxtool explain {' '.join(ask)}", "shows the whole page", out)


def _print_news(subject: Mentions, out: Console, *, whole: bool) -> None:
    """Print what came with hardware versions; of many, or below a long list, only which versions they are."""
    if not subject.news:
        return
    versions = list(dict.fromkeys(new.version for new in subject.news))
    if not whole or len(versions) > _VERSIONS_SHOWN:
        listed = ", ".join(f"hw{it}" for it in versions)
        print_hanging(out, " ", Text("and in what came with ", "dim").append(listed, "not dim"))
        return
    print_hanging(out, "", Text("hardware versions", "bold"))
    for version in versions:
        says = " ".join(new.says for new in subject.news if new.version == version)
        ran = ", ".join(runners(version))
        print_hanging(out, Text(f"hw{version}", "dim"), Text(says).append(f" It runs on {ran}."), indent=2)


def _print_mention(rule: Rule, out: Console) -> None:
    print_hanging(out, Text(rule.code, "bold"), Text(f"{rule.name}: ", "dim").append(rule.title, "not dim"), indent=2)


def _print_rule(rule: Rule, out: Console) -> None:
    line = Text(f"{rule.code} {rule.name}", "bold")
    said = "refuses a rewrite" if rule.about is About.REWRITE else rule.severity.value
    out.print(line.append(f"  {said}", f"not bold {style_of(rule.severity.value)}"))
    print_hanging(out, " ", Text(rule.title))
    for paragraph in filter(None, rule.text.split("\n\n")):
        out.print()
        print_hanging(out, " ", Text(paragraph.replace("\n", " ")))
    if rule.messages:
        out.print()
        print_hanging(out, "", Text("what products print", "dim"), indent=2)
    for message, reference in rule.messages:
        print_hanging(out, Text("·", "dim"), Text(message).append(f"  {reference}", "dim"), indent=2)
    if rule.sources:
        out.print()
        print_hanging(out, "", Text("based on", "dim"), indent=2)
    for reference in rule.sources:
        print_hanging(out, Text("·", "dim"), _document(reference), indent=2)


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
        print_hanging(out, " ", Text(f"it answers for {pairs}", "dim"))
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
        out.print(Text("  rules based on it, its page or its notes", "dim"))
    for rule in rules:
        print_hanging(out, " ", Text(f"{rule.code} {rule.name}"), indent=2)
