"""One cell of the guide's tables: its verdict, its ways and its notes, and the notation they are written in.

The notation, as the files in `guide/` use it::

    verdict
    verdict: way | way            a way is a list of steps joined by ` > `
    do   do(product,product)      a step, with the products that the cell names for it besides the target
    @condition                    after a way: it holds only then
    !one-way                      after a way: the cell prints that there is no way back
    #n1   #p16                    after everything: note n1 of the table; page 16 has the details
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from vmxtool._record import Record
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

# The words of the `guide` part of the JSON contract.
VERDICTS = frozenset({"ok", "ok-in-most-cases", "special-steps", "maybe", "not-supported"})
DOS = frozenset(
    {
        "copy",
        "export-disks",
        "import-disks",
        "upgrade-hardware",
        "downgrade-hardware",
        "run-legacy",
        "create-legacy-vm",
        "create-vm",
        "converter",
        "import-wizard",
        "move-to",
    }
)
ESX2_MANAGED = "esx2.5-managed-by-vc2"
CONDITIONS = frozenset({ESX2_MANAGED, "guest-os-supports-it"})

# Tables 1 and 2 answer other questions than "how does a VM get from here to there", so they have words of their own.
CONVERTER_VERDICTS = frozenset({"supported", "blank"})
EFFORT_VERDICTS = VERDICTS | {"varies"}
WITHOUT_WAYS = frozenset({"not-supported", "blank", "varies"})

_STEP = r"([a-z-]+)(?:\(([^()]*)\))?"
_MARK = r"n\d+|p\d\d"


class Step(Record):
    """One thing to do.

    Attributes:
        do: one of `DOS`.
        products: ids of the products the guide names for this step, the target itself left out. In table 1 they are the
            product whose format it is, then those the guide calls compatible with that format.
    """

    do: str
    products: tuple[str, ...] = ()


class Way(Record):
    """One way to get there.

    Attributes:
        steps: in order, at least one.
        when: conditions that no file of the VM shows; each one of `CONDITIONS`.
        one_way: the cell prints that the VM cannot go back.
    """

    steps: tuple[Step, ...]
    when: tuple[str, ...] = ()
    one_way: bool = False


class Note(Record):
    """What has to be known beside a cell.

    Attributes:
        id: "n1" within its table, or "p16" for a reference to a page.
        says: one sentence.
        source: address in the guide, such as "mpg:p17".
        from_ids: origins it is about; empty means all of the cell's.
        to_ids: targets it is about; empty means all of the cell's.
    """

    id: str
    says: str
    source: str
    from_ids: tuple[str, ...] = ()
    to_ids: tuple[str, ...] = ()

    def concerns(self, from_id: str, to_id: str) -> bool:
        """Return whether it is about this pair of product ids."""
        return (not self.from_ids or from_id in self.from_ids) and (not self.to_ids or to_id in self.to_ids)


class Cell(Record):
    """One printed cell.

    Attributes:
        table: number of the table, 1 to 19.
        address: such as "mpg:t07:r1c3": table 7, first body row, third column.
        row_label: head of its row as printed.
        column_label: head of its column as printed.
        verdict: one of `VERDICTS`; in table 1 of `CONVERTER_VERDICTS`, in table 2 of `EFFORT_VERDICTS`.
        ways: in the printed order; empty where the verdict leaves none, and in table 2.
        notes: what the table or the text adds.
        page: page of the guide on which the table's section begins.
    """

    table: int
    address: str
    row_label: str
    column_label: str
    verdict: str
    ways: tuple[Way, ...]
    notes: tuple[Note, ...]
    page: int


class ParsedCell(Record):
    """A cell as the notation gives it: the notes are still marks, and nothing says yet where it stands."""

    verdict: str
    ways: tuple[Way, ...] = ()
    marks: tuple[str, ...] = ()


def _plain_ways(ways: Iterable[Way]) -> tuple[tuple[Any, ...], ...]:
    return tuple((tuple((step.do, step.products) for step in way.steps), way.when, way.one_way) for way in ways)


def _ways_again(ways: Iterable[tuple[Any, ...]]) -> tuple[Way, ...]:
    return tuple(Way(tuple(Step(*step) for step in steps), when, one_way) for steps, when, one_way in ways)


WAYS = (_plain_ways, _ways_again)
"""How a field of ways becomes plain values, and those become ways again: a form for `_kept.recall`."""


def read_cell(text: str, where: str, products: Collection[str], verdicts: Collection[str] = VERDICTS) -> ParsedCell:
    """Read the notation of one cell.

    Args:
        text: the cell.
        where: file, row and column, for the message.
        products: what a step may name.
        verdicts: what the cell may say.

    Raises:
        KnowledgeError: the text is not in the notation, or contradicts itself.
    """
    head, *marks = text.split(" #")
    verdict, colon, written_ways = head.partition(": ")
    if verdict not in verdicts:
        raise KnowledgeError(f"{where}: {verdict!r} is no verdict; known are {', '.join(sorted(verdicts))}")
    for mark in marks:
        if not re.fullmatch(_MARK, mark):
            raise KnowledgeError(f"{where}: {mark!r} is no note; write #n1 for a note or #p16 for a page")
    ways = tuple(_read_way(way, where, products) for way in written_ways.split(" | ")) if colon else ()
    _agree(verdict, ways, where)
    return ParsedCell(verdict, ways, tuple(marks))


def _read_way(text: str, where: str, products: Collection[str]) -> Way:
    written_steps, *tags = re.split(r" (?=[@!])", text)
    one_way = "!one-way" in tags
    when = tuple(tag[1:] for tag in tags if tag.startswith("@"))
    for tag in tags:
        if tag != "!one-way" and tag[1:] not in CONDITIONS:
            raise KnowledgeError(f"{where}: {tag!r} is neither !one-way nor a known condition")
    if len(set(tags)) != len(tags):
        raise KnowledgeError(f"{where}: the way {text!r} says something twice")
    return Way(tuple(_read_step(step, where, products) for step in written_steps.split(" > ")), when, one_way)


def _read_step(text: str, where: str, products: Collection[str]) -> Step:
    match = re.fullmatch(_STEP, text)
    if match is None or match[1] not in DOS:
        raise KnowledgeError(f"{where}: {text!r} is no step; known are {', '.join(sorted(DOS))}")
    named = tuple(match[2].split(",")) if match[2] is not None else ()
    for product in named:
        if product not in products:
            raise KnowledgeError(f"{where}: {product!r} in the step {text!r} is no product of the guide")
    return Step(match[1], named)


def _agree(verdict: str, ways: tuple[Way, ...], where: str) -> None:
    if len(set(ways)) != len(ways):
        raise KnowledgeError(f"{where}: the same way stands there twice")
    if verdict == "special-steps" and any(way.steps == (Step("copy"),) for way in ways):
        raise KnowledgeError(f"{where}: a way that only copies is no special step")
    depends = [("guest-os-supports-it" in way.when) for way in ways]
    if (verdict == "maybe") != any(depends) or (verdict == "maybe" and not all(depends)):
        raise KnowledgeError(f"{where}: 'maybe' and @guest-os-supports-it go together, on every way")
