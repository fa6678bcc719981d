"""Each fault of `mutants.py` is caught by the test that is named there, which passes without it.

By hand: `pytest -m boot_mutants tests/boot`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from boot.mutants import MUTANTS, VARIABLE
from boot.programs import needs_efi, needs_grub, needs_linux

pytestmark = [pytest.mark.boot_mutants, needs_efi, needs_grub, needs_linux]

ROOT = Path(__file__).parents[2]
PASSED, FAILED = 0, 1


def run_tests(*tests: str, mutant: str = "") -> subprocess.CompletedProcess[str]:
    """Run tests with a fault planted; none is left out for its mark."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "boot.mutants", "-m", "", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests"), VARIABLE: mutant}
    return subprocess.run(command, check=False, cwd=ROOT, env=environment, capture_output=True, encoding="utf-8")


def test_without_a_fault_all_of_these_tests_pass() -> None:
    tests = sorted({name for mutant in MUTANTS.values() for name in (mutant.caught_by, mutant.unseen_by) if name})
    done = run_tests(*tests)
    assert done.returncode == PASSED, done.stdout
    assert "skipped" not in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", MUTANTS)
def test_the_fault_is_caught(name: str) -> None:
    done = run_tests(MUTANTS[name].caught_by, mutant=name)
    assert done.returncode == FAILED, done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("name", [name for name, mutant in MUTANTS.items() if mutant.unseen_by])
def test_qemu_takes_no_notice_of_it(name: str) -> None:
    done = run_tests(MUTANTS[name].unseen_by or "", mutant=name)
    assert done.returncode == PASSED, done.stdout
