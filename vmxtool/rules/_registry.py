"""What a rule is, and every rule there is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import TYPE_CHECKING

from vmxtool import rules
from vmxtool.findings import Finding, Fix, Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@dataclass(frozen=True, slots=True)
class Hit:
    """One case of a rule's condition in one VM.

    Attributes:
        message: one sentence for the reader, without a full stop.
        evidence: the places that show it.
        fix: what cures it; None where nothing does.
        severity: instead of the rule's own, where a fact behind this case is unverified.
        sources: beside the rule's own.
    """

    message: str
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    severity: Severity | None = None
    sources: tuple[str, ...] = ()


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
    """

    code: str
    name: str
    severity: Severity
    sources: tuple[str, ...]
    title: str
    text: str
    on_files: Callable[[Machine], Iterator[Hit]] | None = None
    on_target: Callable[[Machine, Product], Iterator[Hit]] | None = None

    def finding(self, hit: Hit) -> Finding:
        """A hit as a finding of this rule."""
        severity = hit.severity or self.severity
        return Finding(
            self.code, self.name, severity, hit.message, hit.evidence, (*self.sources, *hit.sources), hit.fix
        )


_RULES: dict[str, Rule] = {}


def file_rule(
    code: str, name: str, severity: Severity, *sources: str
) -> Callable[[Callable[[Machine], Iterator[Hit]]], Callable[[Machine], Iterator[Hit]]]:
    """Register a check of a VM by itself; its docstring becomes the rule's page."""

    def register(check: Callable[[Machine], Iterator[Hit]]) -> Callable[[Machine], Iterator[Hit]]:
        _add(Rule(code, name, severity, sources, *_page(check.__doc__), on_files=check))
        return check

    return register


def target_rule(
    code: str, name: str, severity: Severity, *sources: str
) -> Callable[[Callable[[Machine, Product], Iterator[Hit]]], Callable[[Machine, Product], Iterator[Hit]]]:
    """Register a check of a VM against a target; its docstring becomes the rule's page."""

    def register(check: Callable[[Machine, Product], Iterator[Hit]]) -> Callable[[Machine, Product], Iterator[Hit]]:
        _add(Rule(code, name, severity, sources, *_page(check.__doc__), on_target=check))
        return check

    return register


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the codes of each family."""
    for module in iter_modules(rules.__path__):
        if not module.name.startswith("_"):
            import_module(f"{rules.__name__}.{module.name}")
    return tuple(_RULES.values())


def judge_files(machine: Machine) -> list[Finding]:
    """What is to be said about a VM's files, whatever the target."""
    return [rule.finding(hit) for rule in all_rules() if rule.on_files for hit in rule.on_files(machine)]


def judge_target(machine: Machine, target: Product) -> list[Finding]:
    """What is to be said about a VM on a target."""
    return [rule.finding(hit) for rule in all_rules() if rule.on_target for hit in rule.on_target(machine, target)]


def _add(rule: Rule) -> None:
    if any(known.code == rule.code or known.name == rule.name for known in _RULES.values()):
        raise ValueError(f"two rules are called {rule.code} {rule.name}")
    _RULES[rule.code] = rule


def _page(docstring: str | None) -> tuple[str, str]:
    title, _, text = (docstring or "").strip().partition("\n")
    lines = [line.strip() for line in text.strip().splitlines()]
    return title, "\n".join(lines)
