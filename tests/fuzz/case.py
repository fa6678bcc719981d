"""A case: a tree and calls on the VM in it, drawn from a seed, run in a scratch folder, checked behind every step."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from fuzz import folders, trees
from fuzz.calls import Call, Step, draw_calls, make_call
from fuzz.checks import SECONDS, Find, check_step
from fuzz.seeds import seeds

if TYPE_CHECKING:
    from fuzz.trees import Tree

_MEASURED_AGAIN = 3
_BEYOND_DOUBT = 4  # times what a call may take
_CORPUS = "corpus"


@dataclass(frozen=True)
class Case:
    """A tree, and calls that are made on it one after the other."""

    tree: Tree
    calls: tuple[Call, ...]


def case_of(seed: str) -> Case:
    """The case of a seed. One that begins with "corpus" draws on the real files too, where they are."""
    rng = random.Random(seed)
    material = seeds(corpus=seed.startswith(_CORPUS))
    tree = folders.start(rng, material)
    for _ in range(rng.choice((0, 1, 1, 2, 2, 3, 4, 6, 10))):
        folders.mutate(tree, rng, material)
    return Case(tree, tuple(draw_calls(rng, folders.configs_of(tree))))


def run_case(case: Case) -> list[Find]:
    """Make the calls of a case, and say what the checks find; of two finds of a kind the first."""
    found: dict[tuple[str, str], Find] = {}
    root = Path(mkdtemp(prefix="case-")).resolve()
    try:
        trees.make(case.tree, root)
        (root / folders.VM).mkdir(exist_ok=True)
        for call in case.calls:
            for step in make_call(call, root):
                for find in check_step(step, root, root / call.where):
                    if find.kind not in found and (find.check != "time" or _is_always_slow(case, step)):
                        found[find.kind] = find
    finally:
        trees.remove(root)
    return list(found.values())


def _is_always_slow(case: Case, slow: Step) -> bool:
    """Whether a step is as slow on a fresh tree, each time: a busy machine is no find, but nor is it that busy."""
    if slow.seconds > _BEYOND_DOUBT * SECONDS:
        return True
    for _ in range(_MEASURED_AGAIN):
        root = Path(mkdtemp(prefix="again-")).resolve()
        try:
            trees.make(case.tree, root)
            again = [step.seconds for step in make_call(slow.call, root) if step.what == slow.what]
        finally:
            trees.remove(root)
        if not again or max(again) <= SECONDS:
            return False
    return True


def to_json(case: Case) -> Any:
    """A case as a value that JSON can hold."""
    return {"tree": trees.to_json(case.tree), "calls": calls_to_json(case.calls)}


def from_json(value: Any) -> Case:
    """The case that `to_json` made a value of."""
    return Case(trees.from_json(value["tree"]), calls_from_json(value["calls"]))


def calls_to_json(calls: tuple[Call, ...]) -> Any:
    """Calls as a value that JSON can hold."""
    return [[call.kind, call.where, list(call.words), call.inside] for call in calls]


def calls_from_json(value: Any) -> tuple[Call, ...]:
    """The calls that `calls_to_json` made a value of."""
    return tuple(Call(kind, where, tuple(words), inside) for kind, where, words, inside in value)
