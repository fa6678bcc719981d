"""What a rule is, and every rule there is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING, TypeVar

from vmxtool import rules
from vmxtool.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.products import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.machine.model import Machine

    OnFiles = Callable[[Machine], Iterator["Hit"]]
    OnTarget = Callable[[Machine, Product], Iterator["Hit"]]
    OnGuide = Callable[[Machine, Product, "Asked"], Iterator["Hit"]]

_Check = TypeVar("_Check")
_FAMILIES = ("VMX", "PRD", "DSK", "NET", "CPU", "GST", "SNP", "DEV", "SEC")


@dataclass(frozen=True, slots=True)
class Hit:
    """One case of a rule's condition in one VM.

    Attributes:
        message: one sentence for the reader, without a full stop.
        evidence: the places that show it.
        fix: what cures it; None where nothing does.
        severity: instead of the rule's own.
        sources: beside the rule's own.
        unverified: no source confirms a fact behind this case; it then says so, and never blocks.
    """

    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    sources: tuple[str, ...] = ()
    unverified: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """What the guide was asked about a move, and what it said.

    Attributes:
        origins: ids of the products that may have made the VM, the likeliest first.
        entries: the guide's answers for them, that of the likeliest first; empty where it is silent.
        conditions: what every way of the first answer hangs on, though no file shows it.
    """

    origins: tuple[str, ...] = ()
    entries: tuple[GuideEntry, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition with a code and a name.

    Attributes:
        code: family letters and number; never reused.
        name: says the condition, not the cure.
        severity: how much a hit weighs, where the hit does not say otherwise.
        sources: what the rule rests on.
        title: one sentence, from the check's docstring.
        text: the rest of that docstring: why it matters and what to do.
        on_files: the check of a VM by itself, or None.
        on_target: the check of a VM against a target product, or None.
        on_guide: the check of what the guide says about the move, or None.
    """

    code: str
    name: str
    severity: Severity
    sources: tuple[str, ...]
    title: str
    text: str
    on_files: OnFiles | None = None
    on_target: OnTarget | None = None
    on_guide: OnGuide | None = None

    def finding(self, hit: Hit) -> Finding:
        """A hit as a finding of this rule."""
        severity, message = hit.severity or self.severity, hit.message
        if hit.unverified:
            severity = Severity.WARNING if severity is Severity.BLOCKER else severity
            message += " (unverified)"
        sources = tuple(dict.fromkeys((*self.sources, *hit.sources)))
        return Finding(self.code, self.name, severity, message, hit.evidence, sources, hit.fix)


_RULES: dict[str, Rule] = {}


def file_rule(code: str, name: str, severity: Severity, *sources: str) -> Callable[[OnFiles], OnFiles]:
    """Register a check of a VM by itself; its docstring becomes the rule's page."""

    def register(check: OnFiles) -> OnFiles:
        return _add(_rule(code, name, severity, sources, check.__doc__), check, on_files=check)

    return register


def target_rule(code: str, name: str, severity: Severity, *sources: str) -> Callable[[OnTarget], OnTarget]:
    """Register a check of a VM against a target; its docstring becomes the rule's page."""

    def register(check: OnTarget) -> OnTarget:
        return _add(_rule(code, name, severity, sources, check.__doc__), check, on_target=check)

    return register


def guide_rule(code: str, name: str, severity: Severity, *sources: str) -> Callable[[OnGuide], OnGuide]:
    """Register a check of what the guide says about a move; its docstring becomes the rule's page."""

    def register(check: OnGuide) -> OnGuide:
        return _add(_rule(code, name, severity, sources, check.__doc__), check, on_guide=check)

    return register


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, family by family in the order of their codes."""
    for module in iter_modules(rules.__path__):
        if not module.name.startswith("_"):
            import_module(f"{rules.__name__}.{module.name}")
    return tuple(sorted(_RULES.values(), key=lambda rule: (_FAMILIES.index(rule.code[:3]), rule.code)))


def judge_files(machine: Machine) -> list[Finding]:
    """What is to be said about a VM's files, whatever the target."""
    return [rule.finding(hit) for rule in all_rules() if rule.on_files for hit in rule.on_files(machine)]


def judge_target(machine: Machine, target: Product) -> list[Finding]:
    """What is to be said about a VM on a target."""
    return [rule.finding(hit) for rule in all_rules() if rule.on_target for hit in rule.on_target(machine, target)]


def judge_guide(machine: Machine, target: Product, asked: Asked) -> list[Finding]:
    """What is to be said about the guide's answer for a move."""
    return [rule.finding(hit) for rule in all_rules() if rule.on_guide for hit in rule.on_guide(machine, target, asked)]


def _rule(code: str, name: str, severity: Severity, sources: tuple[str, ...], page: str | None) -> Rule:
    title, _, text = (page or "").strip().partition("\n")
    return Rule(code, name, severity, sources, title, "\n".join(line.strip() for line in text.strip().splitlines()))


def _add(
    rule: Rule,
    check: _Check,
    on_files: OnFiles | None = None,
    on_target: OnTarget | None = None,
    on_guide: OnGuide | None = None,
) -> _Check:
    if any(known.code == rule.code or known.name == rule.name for known in _RULES.values()):
        raise ValueError(f"two rules are called {rule.code} {rule.name}")
    _RULES[rule.code] = replace(rule, on_files=on_files, on_target=on_target, on_guide=on_guide)
    return check
