"""The page of what was booted names tests that are there, and every fault; no guest is started for it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from boot.mutants import MUTANTS

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "booted.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("reference", sorted(set(re.findall(r"`(\w+::\w+)`", PAGE))))
def test_each_test_that_is_named_is_there_once(reference: str) -> None:
    module, words = reference.split("::")
    text = (HERE / f"test_{module}.py").read_text(encoding="utf-8")
    assert len([name for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE) if words in name]) == 1


@pytest.mark.parametrize("module", ["without_kernel", "linux", "full"])
def test_each_test_is_named(module: str) -> None:
    named = [words for one, words in re.findall(r"`(\w+)::(\w+)`", PAGE) if one == module]
    text = (HERE / f"test_{module}.py").read_text(encoding="utf-8")
    tests = [name for name in re.findall(r"^def (test_\w+)", text, re.MULTILINE) if "the_kernel_has" not in name]
    assert [name for name in tests if not any(words in name for words in named)] == []


@pytest.mark.parametrize("name", MUTANTS)
def test_each_fault_is_named(name: str) -> None:
    assert re.search(rf"^(?:\| )?{re.escape(name)}(?: [·|]|$)", PAGE, re.MULTILINE)
    other = MUTANTS[name].caught_by.rpartition("/")[2].partition("[")[0]
    if MUTANTS[name].unseen_by is not None and "/boot/" not in MUTANTS[name].caught_by:
        assert other.rpartition("::")[2] in PAGE
