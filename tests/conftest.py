"""What all tests share: the samples, writable copies of them, and hypothesis profiles."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from build import copy_vm
from hypothesis import HealthCheck, settings
from laws.tally import TALLY

from vmxtool.machine import holders

CopySample = Callable[[str], Path]

# A time limit per example says more about the machine than about the code, so there is none.
settings.register_profile("dev", deadline=None, max_examples=50)
settings.register_profile(
    "ci", deadline=None, max_examples=60, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


@pytest.fixture(scope="session", autouse=True)
def _sees_all_processes() -> Iterator[None]:
    """Tests may run in a container; what vmxtool says of processes outside one is tested all the same."""
    with pytest.MonkeyPatch.context() as patch:
        if os.path.lexists(holders._OWN_NUMBERS):
            patch.setattr(holders, "_FIRST_NUMBERS", str(Path(holders._OWN_NUMBERS).readlink()))
        yield


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of sample VMs; read only by agreement."""
    return Path(__file__).parents[1] / "samples"


@pytest.fixture
def copy_sample(samples: Path, tmp_path: Path) -> CopySample:
    """Copies one sample VM into the test's own folder, writable, and returns the copy's path."""

    def copy(name: str) -> Path:
        return copy_vm(samples / name, tmp_path / name)

    return copy


# --- the counts of the command law, gathered from all processes of a run


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the counts of this process over to the one that shows the summary."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["command law"] = (dict(TALLY.commands), dict(TALLY.skipped))


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the counts of another process."""
    TALLY.add(*getattr(node, "workeroutput", {}).get("command law", ({}, {})))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how far the plans were followed."""
    if TALLY.commands:
        terminalreporter.write_line(str(TALLY))
