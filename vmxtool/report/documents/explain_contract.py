"""The JSON contract of `vmxtool explain`: one document for each kind of subject."""

from typing import Annotated, Literal, TypedDict

from vmxtool.findings import Do, Severity
from vmxtool.report.documents.constraints import OneOf
from vmxtool.report.documents.parts import (
    CellAddress,
    CellValue,
    CellVerdict,
    GuideWayValue,
    Number,
    Pair,
    RuleCode,
    RuleName,
)

Schema = Literal["vmxtool.explain/1"]


class ReferenceValue(TypedDict):
    """A source with its title."""

    reference: str
    title: str


class MessageValue(TypedDict):
    """What a product prints, with words in angle brackets where VMs differ, and the source that has it."""

    text: str
    source: str


class RuleExplained(TypedDict):
    """The page of a rule."""

    schema: Schema
    kind: Literal["rule"]
    code: RuleCode
    name: RuleName
    severity: Severity
    title: str
    text: str
    sources: list[ReferenceValue]
    about: Annotated[str, OneOf("files", "target", "rewrite")]
    cure: Do | None
    stops: list[Do]
    messages: list[MessageValue]


class RuleMention(TypedDict):
    """A rule by its code and its name."""

    code: RuleCode
    name: RuleName


_NoteEnds = TypedDict("_NoteEnds", {"from": list[str], "to": list[str]})


class NoteValue(_NoteEnds):
    """A note of a table, and the products it is about, none meaning all."""

    id: str
    says: str
    source: str


class CellExplained(TypedDict):
    """One printed cell, with the pairs that it answers for and the rules that rest on it."""

    schema: Schema
    kind: Literal["cell"]
    table: Number
    cell: CellAddress
    row: str
    column: str
    verdict: CellVerdict
    ways: list[GuideWayValue]
    notes: list[NoteValue]
    source: str
    pairs: list[Pair]
    rules: list[RuleMention]


class TableExplained(TypedDict):
    """One printed table."""

    schema: Schema
    kind: Literal["table"]
    table: Number
    title: str
    page: Number
    columns: list[str]
    rows: list[str]
    cells: list[CellValue]
    notes: list[NoteValue]


class SourceExplained(TypedDict):
    """A document that facts rest on."""

    schema: Schema
    kind: Literal["source"]
    id: str
    title: str
    publisher: str | None
    dated: str | None
    until: str | None
    address: str | None
    read: str | None
    stands_alone: bool
    remark: str | None


class BackedFactValue(TypedDict):
    """A fact of a product or a hardware version; one that is not verified warns and never blocks."""

    fact: str
    value: str
    rests_on: list[str]
    verified: bool
    disputed: str | None


class ProductExplained(TypedDict):
    """A product, or any product of one hardware version, with what each fact rests on."""

    schema: Schema
    kind: Literal["product"]
    id: str
    name: str
    releases: list[str]
    notes: str | None
    facts: list[BackedFactValue]


class FactValue(TypedDict):
    """One fact of the guide's running text."""

    address: str
    page: Number
    topic: str
    says: str
    products: list[str]
    status: str


class TextExplained(TypedDict):
    """What the guide's running text says at an address or on a page."""

    schema: Schema
    kind: Literal["text"]
    facts: list[FactValue]


class FamilyValue(TypedDict):
    """A family of rules: the beginning of their codes, such as "DSK2", and what they are about."""

    letters: str
    about: str
    rules: list[RuleMention]


class FamiliesExplained(TypedDict):
    """The families of rules, all or some."""

    schema: Schema
    kind: Literal["families"]
    families: list[FamilyValue]


class NoveltyValue(TypedDict):
    """Something that came with a hardware version."""

    version: Number
    says: str


class MentionsExplained(TypedDict):
    """What a word means, the rules that have it, and what came with hardware versions where the word is in that."""

    schema: Schema
    kind: Literal["mentions"]
    word: str
    meaning: str | None
    rules: list[RuleMention]
    hardware: list[NoveltyValue]


Explained = (
    RuleExplained
    | CellExplained
    | TableExplained
    | SourceExplained
    | ProductExplained
    | FamiliesExplained
    | MentionsExplained
    | TextExplained
)


class SeveralExplained(TypedDict):
    """What was asked for, where it was several words: each as it is alone, in the order of the words."""

    schema: Schema
    subjects: list[Explained]


ExplainDocument = Explained | SeveralExplained
