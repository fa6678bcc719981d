"""What the answers for all products come to: what is wrong everywhere, then classes of products with their reasons."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import CARRYING, Do, Severity, in_order
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.planner.verdict import Answer
from vmxtool.report.ranges import FAMILIES
from vmxtool.report.reasons import finding_words, steps_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step
    from vmxtool.planner.verdict import Verdict

_OLD_HARDWARE = 7  # the last version that products of the guide's time and the years after it share
_ASKED_FOR = {
    "esx2.5-managed-by-vc2": "whether VirtualCenter 2 manages ESX 2.5",
    "guest-os-supports-it": "whether the guest supports it",
}
_NO_FILE = "what no file shows"


class Standing(StrEnum):
    """How a VM stands with a product, once what is wrong with its files everywhere has been settled."""

    READY = "ready"
    UPGRADED = "upgraded"
    REWRITTEN = "rewritten"
    WORK = "work"
    DEPENDS = "depends"
    NO = "no"


class Line(Record):
    """One product: how the VM stands with it, and why."""

    product: Product
    standing: Standing
    reasons: tuple[str, ...]
    has_way: bool


class Row(Record):
    """Products with which a VM stands alike, for one reason."""

    products: tuple[Product, ...]
    reason: str


class Overview(Record):
    """All products for one VM.

    Attributes:
        settled: what is wrong with the VM's files wherever it goes, or is open there.
        unseen: what has to be there before more can be said, but for what `settled` names.
        lines: each product, in the order of the products.
        rows: the classes, best first, each with its rows in the order in which they are shown.
        suggested: one or two products to ask about next.
    """

    settled: tuple[Finding, ...]
    unseen: tuple[str, ...]
    lines: tuple[Line, ...]
    rows: dict[Standing, list[Row]]
    suggested: tuple[Product, ...]


def overview_of(vm: Machine | None, verdicts: Sequence[Verdict]) -> Overview:
    """Sort the answers for all products.

    Args:
        vm: the VM, or None where nobody has seen it.
        verdicts: one for each product, in the order of the products.
    """
    settled = _wrong_everywhere(verdicts)
    all_unseen = verdicts[0].unseen if verdicts else ()
    unseen = tuple(name for name in all_unseen if not any(name in it.message for it in settled))
    codes = _taken_for_settled(verdicts, settled, all_unseen)
    lines = tuple(_line(it, vm, codes) for it in verdicts)
    near = _Nearness(verdicts)
    rows = {standing: _rows([it for it in lines if it.standing is standing], near) for standing in Standing}
    return Overview(
        settled, unseen, lines, {it: found for it, found in rows.items() if found}, _suggested(verdicts, lines)
    )


def _wrong_everywhere(verdicts: Sequence[Verdict]) -> tuple[Finding, ...]:
    """Return what the VM's files alone stop or leave open, whatever the product and whatever is done."""
    found = verdicts[0].hop.hop.files.findings if verdicts else ()
    return in_order([it for it in found if it.severity in {Severity.BLOCKER, Severity.UNKNOWN}])


def _taken_for_settled(
    verdicts: Sequence[Verdict], settled: Iterable[Finding], unseen: Sequence[str]
) -> frozenset[str]:
    """Return codes of what is wrong everywhere, and of what is found wrong with files that are not there."""
    found = verdicts[0].hop.hop.files.findings if verdicts else ()
    gone = (it.code for it in found if any(name in it.message for name in unseen))
    return frozenset([*(it.code for it in settled), *gone])


def _line(verdict: Verdict, vm: Machine | None, settled: frozenset[str]) -> Line:
    standing, reasons = _standing(verdict, vm, settled)
    return Line(verdict.target, standing, reasons, bool(verdict.plans))


def _standing(verdict: Verdict, vm: Machine | None, settled: frozenset[str]) -> tuple[Standing, tuple[str, ...]]:
    if verdict.verdict is Answer.NOT_SUPPORTED:
        return Standing.NO, _each_once(map(finding_words, _fatal(verdict)))
    if verdict.verdict is Answer.DEPENDS:
        asked = _each_once(_questions(verdict, settled))
        if asked:
            return Standing.DEPENDS, asked
    steps = [it for it in verdict.steps if it.way in {None, 1} and not (it.cures and settled.issuperset(it.cures))]
    standing = max(map(_work, steps), key=list(Standing).index, default=Standing.READY)
    return standing, () if standing is Standing.READY else steps_words(steps, verdict.findings, vm)


def _fatal(verdict: Verdict) -> list[Finding]:
    """Return what nothing cures; where each thing has a cure, and only together they have none, all of them."""
    stopping = [it for it in verdict.findings if it.blocks and not it.of_files]
    return [it for it in stopping if it.cure is None] or stopping or [it for it in verdict.findings if it.blocks]


def _questions(verdict: Verdict, settled: frozenset[str]) -> Iterable[str]:
    """Yield what is open beside what is taken for settled."""
    if not verdict.plans:
        # The VM's own files stop every way; where that is said first, nothing else is known.
        mine = [it for it in verdict.findings if it.blocks and it.of_files and it.code not in settled]
        yield from map(finding_words, mine)
        yield from (finding_words(it) for it in verdict.findings if _is_open(it, None) and it.code not in settled)
        if not mine:
            yield _NO_FILE
        return
    best = verdict.plans[0]
    yield from (_ASKED_FOR[word] for word in best.when)
    yield from (finding_words(it) for it in verdict.findings if _is_open(it, best.kinds) and it.code not in settled)


def _is_open(finding: Finding, kinds: frozenset[Do] | None) -> bool:
    """Return whether a finding is a question that a plan of some kinds of move meets."""
    if finding.severity is not Severity.UNKNOWN:
        return False
    return finding.of_files or not finding.stops or kinds is None or not finding.stops.isdisjoint(kinds)


def _work(step: Step) -> Standing:
    if step.do in CARRYING:
        return Standing.READY
    if step.is_ours:
        return Standing.REWRITTEN
    by_target = step.do is Do.UPGRADE_HARDWARE and not step.products
    return Standing.UPGRADED if by_target else Standing.WORK


def _each_once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


# --- rows, and their order


class _Nearness:
    """What comes first: what VMs go to today; of an old VM what is nearest to it in time."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        state = verdicts[0].hop.hop.start if verdicts else None
        origin = verdicts[0].origin[0].product if verdicts and verdicts[0].origin else None
        own = products().get(origin) if origin is not None else None
        version = state.version if state is not None else None
        old = version <= _OLD_HARDWARE or generation_of(version) is not None if version is not None else False
        makers = (it.released_order for it in products().values() if version is not None and it.creates == version)
        born = own.released_order if own is not None else min(makers, default=0)
        self.born = born if old else 0

    def of_row(self, row: Row) -> tuple[int, int]:
        """Return a number for each row, lower for those that are shown first."""
        rank = min(_rank(it.family) for it in row.products)
        if self.born:
            return min(self._years(it) for it in row.products), rank
        return -max(it.released_order for it in row.products), rank

    def of_family(self, family: str, members: Iterable[Product]) -> tuple[int, int]:
        """Return the same for the products of one family in a row."""
        return (min(map(self._years, members)) if self.born else 0), _rank(family)

    def _years(self, product: Product) -> int:
        return abs(product.released_order // 10_000 - self.born // 10_000)


def _rank(family: str) -> int:
    order = list(FAMILIES)
    return order.index(family) if family in order else len(order)


def _rows(lines: Sequence[Line], near: _Nearness) -> list[Row]:
    grouped: dict[str, list[Product]] = {}
    told = _most_told(lines)
    for line in lines:
        grouped.setdefault(told[line.product.id], []).append(line.product)
    rows = [Row(tuple(_by_family(members, near)), reason) for reason, members in grouped.items()]
    return sorted(rows, key=near.of_row)


def _most_told(lines: Sequence[Line]) -> dict[str, str]:
    """Return the reason that is told of each product: all of them; of those that cannot, one that most have."""
    if not lines or lines[0].standing is not Standing.NO:
        return {it.product.id: "; ".join(it.reasons) for it in lines}
    told: dict[str, str] = {}
    left = list(lines)
    while left:
        counted = Counter(word for line in left for word in line.reasons)
        if not counted:
            return told | {line.product.id: "" for line in left}
        (word, _), *_ = counted.most_common(1)
        told |= {line.product.id: word for line in left if word in line.reasons}
        left = [line for line in left if word not in line.reasons]
    return told


def _by_family(members: Iterable[Product], near: _Nearness) -> list[Product]:
    families: dict[str, list[Product]] = {}
    for product in members:
        families.setdefault(product.family, []).append(product)
    ordered = sorted(families, key=lambda family: near.of_family(family, families[family]))
    return [product for family in ordered for product in families[family]]


def _suggested(verdicts: Sequence[Verdict], lines: Sequence[Line]) -> tuple[Product, ...]:
    """Return the newest ESXi and the newest Workstation that a way leads to.

    Of other families alone it is the newest product.
    """
    own = {it.product for verdict in verdicts[:1] for it in verdict.origin[:1]}
    there = [it.product for it in lines if it.has_way and it.product.id not in own]
    newest = {product.family: product for product in there}
    chosen = [newest[family] for family in ("esx", "workstation") if family in newest]
    return tuple(chosen or sorted(newest.values(), key=lambda it: _rank(it.family))[:1])
