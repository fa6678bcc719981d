"""The JSON contract, typed once: every document that a command prints with `--format json`.

Fields may be added and are never renamed. The JSON Schemas in `schema/` are made from these types by
`tests/generate/schemas.py`, one for each row of `CONTRACTS`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypedDict

from vmxtool.findings import Severity
from vmxtool.planner.verdict import Answer, Effort
from vmxtool.report.documents.constraints import Least, OneOf
from vmxtool.report.documents.explain_contract import ExplainDocument
from vmxtool.report.documents.inspect_contract import InspectDocument
from vmxtool.report.documents.parts import (
    Argv,
    CellAddress,
    CellValue,
    Condition,
    Count,
    FindingValue,
    GuideEntryValue,
    GuideMoveValue,
    GuideVerdict,
    GuideWayValue,
    HardwareValue,
    HopWayValue,
    Number,
    OriginValue,
    Pair,
    ProductName,
    RemarkValue,
    RuleCode,
    RuleName,
    StepValue,
)

# --- check and route ---


class ReleaseValue(TypedDict):
    """The answer for one release of several that a name stands for."""

    id: str
    verdict: Answer
    effort: Effort | None


class TargetValue(ProductName):
    """The product that was asked about; `releases` where its name stands for several, the oldest first.

    All else in the document is the answer for the oldest, which serves them all.
    """

    releases: list[ReleaseValue]


class WayLabelValue(TypedDict):
    """A way of several; `way` and `n` are the same number, by which `steps` name it."""

    way: Number
    n: Number
    when: list[Condition]
    one_way: bool


class VersionsValue(TypedDict):
    """Hardware version before and after a move."""

    before: Number | None
    after: Number | None


class LegValue(Pair):
    """One move of a route from a product to another."""

    cell: CellAddress | None
    verdict: GuideVerdict
    way: HopWayValue
    others: list[GuideWayValue]
    hardware: VersionsValue
    one_way: bool
    can_go_back: bool
    sources: list[str]
    notes: list[str]
    unverified: bool
    steps: list[StepValue]


class RouteValue(TypedDict):
    """A chain of moves; each begins where the one before ends."""

    over: list[str]
    one_way: Count
    conversions: Count
    moves: Number
    legs: list[LegValue]


class CheckDocument(TypedDict):
    """Whether a VM runs on a target, and what has to happen first: `vmxtool check --target`."""

    schema: Literal["vmxtool.check/1"]
    path: str | None
    name: str
    target: TargetValue
    origin: list[OriginValue]
    verdict: Answer
    effort: Effort | None
    guide: GuideEntryValue | None
    remarks: list[RemarkValue]
    findings: list[FindingValue]
    unseen: list[str]
    ways: list[WayLabelValue]
    steps: list[StepValue]
    route: list[RouteValue]
    left_out: Count


class BriefFindingValue(TypedDict):
    """A finding without its places, sources and cure, which `vmxtool check --target` tells."""

    code: RuleCode
    name: RuleName
    severity: Severity
    message: str
    after: Number | None


class CheckedTargetValue(TypedDict):
    """The answer for one product of all; `findings` are those of the VM there, and not of its files.

    `stopped_by` has the codes of those of its files that block there, `ways` the ways that `steps` name.
    """

    target: TargetValue
    verdict: Answer
    effort: Effort | None
    guide: GuideEntryValue | None
    stopped_by: list[RuleCode]
    findings: list[BriefFindingValue]
    ways: list[WayLabelValue]
    steps: list[StepValue]


class CheckAllDocument(TypedDict):
    """Whether a VM runs on every product: `vmxtool check`. `findings` are those of its files, whatever the product."""

    schema: Literal["vmxtool.check-all/1"]
    path: str | None
    name: str
    origin: list[OriginValue]
    findings: list[FindingValue]
    unseen: list[str]
    targets: list[CheckedTargetValue]
    left_out: Count


RouteDocument = TypedDict(
    "RouteDocument",
    {
        "schema": Literal["vmxtool.route/1"],
        "path": str | None,
        "name": str,
        "from": ProductName,
        "target": ProductName,
        "hardware": HardwareValue,
        "guide": GuideEntryValue | None,
        "routes": list[RouteValue],
        "missing": list[list[str]],
        "left_out": Count,
    },
)
RouteDocument.__doc__ = "The best ways of a VM to a product: `vmxtool route`."


# --- rewrite and undo ---


class ChangeValue(TypedDict):
    """One change in one file; `before` is null for a new line, `after` for a removed one."""

    file: str
    line: Number | None
    key: str
    before: str | None
    after: str | None
    why: str
    source: str
    safety: Annotated[str, OneOf("safe", "unsafe")]


class ManualValue(TypedDict):
    """What remains for the person."""

    text: str
    command: str | None
    commands: list[Argv]
    product: str | None


class RewriteDocument(TypedDict):
    """What a rewrite changes, or every reason why it is refused: `vmxtool rewrite`.

    `one_way`: it raises the hardware version to one that no product takes the VM back from once it has run, as the
    step of `vmxtool check` says of the same rewrite.
    """

    schema: Literal["vmxtool.rewrite/1"]
    dry_run: bool
    applied: bool
    changes: list[ChangeValue]
    diff: str
    refused: list[FindingValue]
    manual: list[ManualValue]
    notes: list[str]
    one_way: bool
    journal: str | None
    left_out: Count


class ChangedLineValue(TypedDict):
    """A line that differs: `was` is null for one that is new, `now` for one that is gone. Long lines are cut."""

    line: Number
    was: str | None
    now: str | None


class FoundFileValue(TypedDict):
    """A file of a rewrite as it is now; the lines are those of a text that was changed by hand, the first few."""

    file: str
    found: Annotated[str, OneOf("before", "after", "mixed", "missing", "other")]
    blocks: bool
    compared_with: Annotated[str, OneOf("before", "after")]
    lines: list[ChangedLineValue]
    more_lines: Count


class UndoRefusalValue(TypedDict):
    """Why a rewrite cannot be undone as a whole, where the old bytes are, and the commands that help."""

    number: Number
    state: Annotated[str, OneOf("cut-short", "done", "undone")]
    journal: str
    files: list[FoundFileValue]
    undo_alone: Argv | None
    get_old: list[Argv]
    warnings: list[str]


class UndoDocument(TypedDict):
    """What an undo did: `vmxtool undo`. Of a VM whose config cannot be read, `path` is the folder, `name` null."""

    schema: Literal["vmxtool.undo/1"]
    path: str
    name: str | None
    number: Number
    state: Annotated[str, OneOf("cut-short", "done", "undone")]
    files: list[str]
    left: list[str]
    was_unfinished: bool
    copied: bool
    warnings: list[str]
    about: dict[str, str]


class JournalValue(TypedDict):
    """One rewrite of a VM; the time is in UTC. `copied`: made in another folder, of which this one is a copy."""

    number: Number
    state: Annotated[str, OneOf("cut-short", "done", "undone")]
    created: str | None
    about: dict[str, str]
    journal: str
    problem: str | None
    copied: bool


class RewritesDocument(TypedDict):
    """The rewrites of a VM, oldest first: `vmxtool undo --list`."""

    schema: Literal["vmxtool.rewrites/1"]
    rewrites: list[JournalValue]


# --- what stands behind an answer ---


class RunsValue(TypedDict):
    """The hardware versions that a product runs, and the one that its new VMs have."""

    min: int | None
    max: int | None
    creates: int | None


class ProductValue(ProductName):
    """A product: one entry of `vmxtool targets`."""

    aliases: list[str]
    releases: list[str]
    family: str
    hardware: RunsValue
    released: str
    source: str
    sources: dict[str, list[str]]
    disputed: dict[str, str]
    checked: str
    unverified: list[str]


# --- errors ---


class ErrorDocument(TypedDict):
    """Why there is no answer; `exit` is the program's exit code, and `undo` is null but where an undo is refused."""

    schema: Literal["vmxtool.error/1"]
    exit: Annotated[int, Least(2)]
    message: str
    hint: str | None
    file: str | None
    line: Number | None
    candidates: list[str]
    undo: UndoRefusalValue | None


CONTRACTS: Mapping[str, Any] = MappingProxyType(
    {
        "inspect": InspectDocument,
        "check": CheckDocument,
        "check-all": CheckAllDocument,
        "route": RouteDocument,
        "rewrite": RewriteDocument,
        "undo": UndoDocument,
        "rewrites": RewritesDocument,
        "guide": list[GuideEntryValue | GuideMoveValue],
        "guide-table": list[GuideEntryValue] | list[CellValue],
        "guide-pair": GuideEntryValue | GuideMoveValue | None,
        "targets": list[ProductValue],
        "explain": ExplainDocument,
        "error": ErrorDocument,
    }
)
"""Every document by its name, which is that of its schema."""
