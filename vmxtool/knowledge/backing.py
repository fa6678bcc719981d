"""What a row of data rests on, field by field; whether a field is verified is worked out here and written nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vmxtool._record import Record, replace
from vmxtool.knowledge.sources import source

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from vmxtool.knowledge.rows import DataRow

BACKED_BY = ("backing.py", "sources.py", "sources.toml")
"""What rows that are kept depend on besides their own files."""


class Backing(Record):
    """The sources of a row, as references such as "mpg:p10"; what a field may rest on alone comes first.

    Attributes:
        row: those of all fields that have none of their own.
        fields: those of a field, or of a part of one ("disk_buses.nvme"), that has its own.
        disputed: by field or part, what another source says.
        unverified: the fields and parts that may warn and never block: no document that somebody read, that may stand
            alone and that is not older than what the row is about gives them, or another source says otherwise.
        every: every reference of the row, each once.
    """

    row: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]]
    disputed: Mapping[str, str]
    unverified: frozenset[str]
    every: tuple[str, ...]

    def of(self, field: str) -> tuple[str, ...]:
        """Return the references that a field or a part of one rests on."""
        return self.fields.get(field) or self.fields.get(field.partition(".")[0]) or self.row


class Backed(Record, aside=("backing",)):
    """A row of data, whose `backing` says what it rests on; there is one of each, so it equals nothing but itself."""

    if TYPE_CHECKING:

        @property
        def backing(self) -> Backing:
            """What it rests on."""

    __eq__ = object.__eq__
    __hash__ = object.__hash__

    @property
    def source(self) -> str:
        """The first of its sources."""
        return self.sources[0]

    @property
    def sources(self) -> tuple[str, ...]:
        """What it rests on, the best of its own first."""
        return self.backing.every

    @property
    def unverified(self) -> frozenset[str]:
        """Names of the fields and parts that may warn and never block."""
        return self.backing.unverified


def backed(*claims: str) -> tuple[str, Callable[..., Backing]]:
    """Return how the field of a row's backing is read: for `rows.Rows`.

    Args:
        claims: the fields that can block.
    """
    return "source from disputed", lambda row, *_: read_backing(row, claims)


def read_backing(row: DataRow, claims: Iterable[str], day: str = "") -> Backing:
    """Return the backing that a row of data declares in its columns `source`, `from` and `disputed`.

    `from` has by field the references with blanks between, `disputed` by field a clause that tells what another source
    says.

    Args:
        row: the row.
        claims: the fields that can block.
        day: the day on which what the row is about came, in whole or in part, as "2022-11"; empty where there is none.

    Raises:
        KnowledgeError: a table names a field that there is not, there is no source at all, or a reference leads
            nowhere.
    """
    claims = tuple(claims)
    names = frozenset((*row.cells, *claims))
    tables = {column: row.table(column) for column in ("from", "disputed")}
    for column, table in tables.items():
        for field, text in table.items():
            if field.partition(".")[0] not in names:
                raise row.broken(column, f"{field!r} is not a column of this row")
            if not text.strip():
                raise row.broken(column, f"{field}: it is empty")

    def confirms(reference: str) -> bool:
        return source(reference)[0].confirms(day)

    def ranked(references: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(references, key=lambda reference: not confirms(reference)))

    fields = {field: ranked(text.split()) for field, text in tables["from"].items()}
    found = _backing(ranked(row.words("source")), fields, tables["disputed"])
    if not found.row:
        raise row.broken("source", "no source is named")

    def verified(field: str) -> bool:
        disputed = field in found.disputed or field.partition(".")[0] in found.disputed
        return not disputed and any(map(confirms, found.of(field)))

    doubtful = frozenset(it for it in (*claims, *found.fields, *found.disputed) if not verified(it))
    return replace(found, unverified=doubtful)


def layered(claims: Iterable[str], layers: Sequence[tuple[Backing, Collection[str]]]) -> Backing:
    """Return the backing of a row that takes what it does not have from others.

    Each field rests on what its own layer has.

    Args:
        claims: the fields that can block.
        layers: the outermost first, each with the names of the fields that it has.
    """
    fields: dict[str, tuple[str, ...]] = {}
    disputed: dict[str, str] = {}
    unverified: set[str] = set()
    for backing, own in layers:
        named = sorted({*own, *backing.fields, *backing.disputed})  # in one order, whatever the hash seed
        for known in (fields, disputed):
            for field in [it for it in known if it in named or it.partition(".")[0] in own]:
                del known[field]
        unverified = {it for it in unverified if it not in named and it.partition(".")[0] not in own}
        fields |= {it: backing.of(it) for it in named}
        disputed |= backing.disputed
        unverified |= {it for it in backing.unverified if it in named or it.partition(".")[0] in named}
    row = layers[-1][0].row
    wanted = frozenset(it for it in unverified if it in claims or it in fields)
    return _backing(row, {it: refs for it, refs in fields.items() if refs != row}, disputed, wanted)


def _backing(
    row: tuple[str, ...],
    fields: Mapping[str, tuple[str, ...]],
    disputed: Mapping[str, str],
    unverified: frozenset[str] = frozenset(),
) -> Backing:
    every = dict.fromkeys((*row, *(reference for own in fields.values() for reference in own)))
    return Backing(row, fields, disputed, unverified, tuple(every))


def plain(backing: Backing) -> tuple[Any, ...]:
    """Return a backing as plain values, of which `again` makes it."""
    return (backing.row, backing.fields, backing.disputed, backing.unverified, backing.every)


def again(values: tuple[Any, ...]) -> Backing:
    """Return the backing that `plain` took apart."""
    return Backing(*values)
