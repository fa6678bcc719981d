"""What a rule is, how one is registered, and every rule there is.

A rule is a function with a decorator; its docstring is its page. It says what is wrong; its registration says what kind
of move cures it and which kinds it stops. Nothing else in the program keeps a list of rules.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache, lru_cache
from importlib import import_module
from itertools import groupby
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from vmxtool import rules
from vmxtool._record import Record
from vmxtool.findings import Do, Finding, Fix, Safety, Severity, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine

_Check = TypeVar("_Check", bound="Callable[..., Iterator[Hit]]")
MOST = 100
"""Findings of one rule in one VM, and places of one finding, that are told each by itself."""
_LONGEST = 1000  # characters of a message; names and values of VMs are in it
_FAMILIES = ("VMX", "PRD", "DSK", "NET", "CPU", "GST", "SNP", "DEV", "SEC")


class About(StrEnum):
    """What a rule looks at: a VM's files alone, a VM on a target, or a rewrite that is being worked out."""

    FILES = "files"
    TARGET = "target"
    REWRITE = "rewrite"


class Hit(NamedTuple):
    """One case of a rule's condition in one VM.

    Attributes:
        message: one sentence for the reader, without a full stop.
        evidence: the places that show it.
        fix: what cures it; None where nothing does.
        severity: instead of the rule's own.
        sources: beside the rule's own.
        unverified: no source confirms a fact behind this case; it then says so, and never blocks.
        cure: instead of the rule's own kind of move.
        stops: instead of the rule's own.
        subject: the drive or the row of devices.toml that it is about, where it is about one of several.
        leaves: figures of the VM's state after the cure, by the names of `VmState`'s fields.
        while_format: formats of the disk `subject` that it hangs on, as `DiskState` has them; empty for any.
        at_home: what is true instead where the VM stays with the product and version that has it.
    """

    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    sources: tuple[str, ...] = ()
    unverified: bool = False
    cure: Do | None = None
    stops: frozenset[Do] | None = None
    subject: str | None = None
    leaves: tuple[tuple[str, int], ...] = ()
    while_format: tuple[str, ...] = ()
    at_home: str | None = None


class Rule(Record):
    """A condition with a code and a name.

    Attributes:
        code: family letters and number; never reused.
        name: says the condition, not the cure.
        severity: how much a hit weighs, where the hit does not say otherwise.
        about: what it looks at, and so what its check takes: a `Machine`, a `Case`, or what a rewrite meets.
        cure: the kind of move that cures it, or None where none does.
        stops: the kinds of move that cannot be made while it holds.
        sources: what the rule rests on.
        title: one sentence, from the check's docstring.
        text: the rest of that docstring: why it matters and what to do.
        check: yields a hit for every case of the condition.
        short: what it is about in two or three words, for lists of products; empty where its name says it.
        stopping: the same where nothing cures it, or empty.
        only_if: whether a VM is one that the rule may have a hit for at all, whatever the target; asked once a VM.
        only_on: whether a target is one that it may have a hit for, whatever the VM; asked once a target.
        messages: what products print in such a case, each with its source; what differs from VM to VM is a word in
            angle brackets there, such as "<file>".
    """

    code: str
    name: str
    severity: Severity
    about: About
    cure: Do | None
    stops: frozenset[Do]
    sources: tuple[str, ...]
    title: str
    text: str
    check: Callable[..., Iterator[Hit]]
    short: str = ""
    stopping: str = ""
    only_if: Callable[[Machine], bool] | None = None
    only_on: Callable[[Product], bool] | None = None
    messages: tuple[tuple[str, str], ...] = ()

    def findings(self, *asked: Any) -> list[Finding]:
        """Return what the rule finds in what it is asked about."""
        return of_a_real_vm([self.finding(hit) for hit in self.check(*asked)])

    def finding(self, hit: Hit) -> Finding:
        """Return a hit as a finding of this rule."""
        severity, message = hit.severity or self.severity, hit.message
        if hit.unverified:
            severity = Severity.WARNING if severity is Severity.BLOCKER else severity
            message += " (unverified)"
        if len(message) > _LONGEST:
            message = message[: _LONGEST - 1] + "…"
        places = hit.evidence if len(hit.evidence) <= MOST else hit.evidence[:MOST]
        # What nothing cures in this case has no cure, though the rule has one for others.
        cure = hit.cure or (self.cure if hit.fix is not None else None)
        # By place, since names double the time of what is done some hundred times for a check of all products.
        return Finding(
            self.code,
            self.name,
            severity,
            message,
            places,
            _joined(self.sources, hit.sources) if hit.sources else self.sources,
            hit.fix,
            None,
            cure,
            self.stops if hit.stops is None else hit.stops,
            hit.subject,
            hit.leaves,
            self.about is About.FILES,
            hit.while_format,
            hit.at_home,
            len(hit.evidence) - len(places),
        )

    def __repr__(self) -> str:
        return f"<rule {self.code} {self.name}>"


def of_a_real_vm(found: list[Finding]) -> list[Finding]:
    """Return the findings; of a rule with more than any real VM has, some of them and how many more there are."""
    if len(found) <= MOST:
        return found
    told: list[Finding] = []
    for _, group in groupby(found, key=lambda item: item.code):
        of_rule = list(group)
        told += of_rule[:MOST]
        if len(of_rule) > MOST:
            heaviest = in_order(of_rule)[0]
            rest = f"{len(of_rule) - MOST} more like the {MOST} before"
            told.append(Finding(*heaviest[:3], rest, of_files=heaviest.of_files))
    return told


@lru_cache(maxsize=4096)
def _joined(first: tuple[str, ...], then: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *then)))


_RULES: dict[str, Rule] = {}
_CODES: dict[str, str] = {}
"""The code of each rule by its name."""


def rule(
    code: str,
    name: str,
    severity: Severity,
    *,
    about: About,
    cure: Do | None = None,
    stops: Iterable[Do] = (),
    sources: tuple[str, ...] = (),
    short: str = "",
    stopping: str = "",
    only_if: Callable[[Machine], bool] | None = None,
    only_on: Callable[[Product], bool] | None = None,
    messages: tuple[tuple[str, str], ...] = (),
) -> Callable[[_Check], _Check]:
    """Register a check; its docstring becomes the rule's page.

    Args:
        code: family letters and number; never used again.
        name: says the condition, not the cure.
        severity: how much a hit weighs, where it does not say otherwise.
        about: what it looks at.
        cure: the kind of move that cures it, or None.
        stops: the kinds of move that cannot be made while it holds.
        sources: what it rests on.
        short: what it is about in two or three words, for lists of products; its name says it where it is left out.
        stopping: the same where nothing cures it.
        only_if: whether a VM may have a hit at all; saves the check for every target where it may not.
        only_on: whether there may be a hit on a target at all; saves the check for every VM where there may not.
        messages: what products print in such a case, each with its source, as `Rule` has them.

    Raises:
        ValueError: another rule has the code or the name.
    """

    def register(check: _Check) -> _Check:
        if code in _RULES or name in _CODES:
            raise ValueError(f"two rules are called {code} {name}")
        title, _, rest = (check.__doc__ or "").strip().partition("\n")
        text = "\n".join(line.strip() for line in rest.strip().splitlines())
        texts = (title, text)
        _RULES[code] = Rule(
            *(code, name, severity, about, cure, frozenset(stops), sources),
            *(*texts, check, short, stopping, only_if, only_on),
            messages=messages,
        )
        _CODES[name] = code
        _forget_lists()
        return check

    return register


def forget(code: str) -> None:
    """Take a rule out again."""
    del _CODES[_RULES.pop(code).name]
    _forget_lists()


def _forget_lists() -> None:
    for kept in (_sorted, _of, _by_check, silent_on):
        kept.cache_clear()


def find_rule(code: str) -> Rule | None:
    """Return the rule with a code, or None."""
    _load()
    return _RULES.get(code)


def code_of(name: str) -> str:
    """Return the code of the rule with a name.

    Raises:
        KeyError: there is none.
    """
    _load()
    return _CODES[name]


def all_rules() -> tuple[Rule, ...]:
    """Return every rule, family by family in the order of their codes."""
    _load()
    return _sorted()


@cache
def _load() -> None:
    for module in iter_modules(rules.__path__):
        import_module(f"{rules.__name__}.{module.name}")


@cache
def _sorted() -> tuple[Rule, ...]:
    return tuple(sorted(_RULES.values(), key=lambda it: (_FAMILIES.index(it.code[:3]), it.code)))


@cache
def _of(about: About) -> tuple[Rule, ...]:
    return tuple(it for it in all_rules() if it.about is about)


def judge_files(machine: Machine) -> list[Finding]:
    """Return the findings about a VM's files, whatever the target."""
    return of_a_real_vm([it.finding(hit) for it in _of(About.FILES) for hit in it.check(machine)])


def rules_for_target(machine: Machine) -> tuple[Rule, ...]:
    """Return every rule about a VM on a target that may have a hit for this VM."""
    return tuple([it for it in _of(About.TARGET) if it.only_if is None or it.only_if(machine)])


@lru_cache(maxsize=1024)
def silent_on(target: Product) -> frozenset[str]:
    """Return codes of the rules that have no hit on a target, whatever the VM."""
    return frozenset(it.code for it in _of(About.TARGET) if it.only_on is not None and not it.only_on(target))


def manual(text: str, *commands: tuple[str, ...], product: str | None = None) -> Fix:
    """Tell the reader what to do, with the commands for it where there are some."""
    return Fix(Safety.MANUAL, text, commands, product)


def by_rewrite(text: str, *, unsafe: bool = False) -> Fix:
    """Name what a rewrite by vmxtool does; its command is that of the plan's step, and made once there."""
    return Fix(Safety.UNSAFE if unsafe else Safety.SAFE, text)


@cache
def _by_check() -> dict[Callable[..., Iterator[Hit]], Rule]:
    _load()
    return {it.check: it for it in _RULES.values()}


def findings_of(check: Callable[..., Iterator[Hit]], *asked: Any) -> list[Finding]:
    """Return what a rule finds, by its function: for rules about a rewrite, which are asked while it is worked out."""
    return _by_check()[check].findings(*asked)
