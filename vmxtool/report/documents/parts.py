"""Parts of the JSON contract that several documents share."""

from typing import Annotated, TypedDict

from vmxtool.findings import Do, Safety, Severity
from vmxtool.knowledge.cells import CONDITIONS, CONVERTER_VERDICTS, DOS, EFFORT_VERDICTS, VERDICTS
from vmxtool.report.documents.constraints import Least, Most, OneOf, Pattern

Count = Annotated[int, Least(0)]
Number = Annotated[int, Least(1)]
RuleCode = Annotated[str, Pattern("^(VMX|PRD|DSK|NET|CPU|GST|SNP|DEV|SEC)[0-9]{3}$")]
RuleName = Annotated[str, Pattern("^[a-z0-9-]+$")]
CellAddress = Annotated[str, Pattern("^mpg:t[0-9]{2}:r[0-9]+c[0-9]+$")]
ContentId = Annotated[str, Pattern("^[0-9a-f]{8}$")]
Generation = Annotated[int, Least(2), Most(6)]
Where = Annotated[str, OneOf("here", "guest", "source", "target")]
GuideDo = Annotated[str, OneOf(*sorted(DOS))]
Condition = Annotated[str, OneOf(*sorted(CONDITIONS))]
GuideVerdict = Annotated[str, OneOf(*sorted(VERDICTS))]
CellVerdict = Annotated[str, OneOf(*sorted(VERDICTS | CONVERTER_VERDICTS | EFFORT_VERDICTS))]
Argv = Annotated[list[str], Least(1)]


class Place(TypedDict):
    """A place in a file of the VM that shows a fact."""

    file: str
    line: Number | None
    key: str | None
    value: str | None


class RemarkValue(TypedDict):
    """What the guide's text adds to a move; `source` is its place there."""

    says: str
    source: str


class Cure(TypedDict):
    """What cures a finding; `command` is the shell form where it takes one command alone."""

    safety: Safety
    text: str
    command: str | None
    commands: list[Argv]
    product: str | None


class FindingValue(TypedDict):
    """One thing that is true of this VM and matters; `after` is the number of the step after which it arises."""

    code: RuleCode
    name: RuleName
    severity: Severity
    message: str
    evidence: list[Place]
    more_places: Count
    sources: list[str]
    fix: Cure | None
    after: Number | None


class OriginValue(TypedDict):
    """A product that may have made the VM; the confidence runs from 0 to 1."""

    product: str
    confidence: Annotated[float, Least(0), Most(1)]
    evidence: list[Place]


class HardwareValue(TypedDict):
    """Virtual hardware version, and the guide's generation where it has one."""

    version: int | None
    generation: Generation | None


class ProductName(TypedDict):
    """A product."""

    id: str
    name: str
    generation: Generation | None


GuideStepValue = TypedDict("GuideStepValue", {"do": GuideDo, "with": list[str]})
GuideStepValue.__doc__ = "One thing to do, as a cell of the guide says it."
HopStepValue = TypedDict("HopStepValue", {"do": Do, "with": list[str]})
HopStepValue.__doc__ = "One thing to do on a way that was played."
Pair = TypedDict("Pair", {"from": str, "to": str})
Pair.__doc__ = "Two products."


class GuideWayValue(TypedDict):
    """One way of a cell of the guide."""

    steps: list[GuideStepValue]
    when: list[Condition]
    one_way: bool


class HopWayValue(TypedDict):
    """The way that a move of a route takes, as it was played."""

    steps: list[HopStepValue]
    when: list[Condition]
    one_way: bool


class GuideEntryValue(Pair):
    """What a cell of the guide says about a pair of products."""

    table: Annotated[int, Least(2), Most(19)]
    cell: CellAddress
    verdict: GuideVerdict
    ways: list[GuideWayValue]
    notes: list[str]
    source: str


class GuideMoveValue(Pair):
    """What the guide's text says about a move that no table prints."""

    table: None
    cell: None
    verdict: GuideVerdict
    ways: list[GuideWayValue]
    notes: list[str]
    source: str


class CellValue(TypedDict):
    """One printed cell, for all pairs of products that it covers."""

    table: Number
    cell: CellAddress
    row: str
    column: str
    verdict: CellVerdict
    ways: list[GuideWayValue]
    notes: list[str]
    source: str


class StepValue(TypedDict):
    """One thing to do; `way` is null where all ways share it, `command` the shell form of a step with one command."""

    n: Number
    way: Number | None
    do: Do
    by: str
    where: Where
    text: str
    command: str | None
    commands: list[Argv]
    product: str | None
    source: str
    safety: Safety
    one_way: bool
    needs: list[str]
