"""What the laws share: each VM is set up and read once in a run of the tests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from laws.vms import Copies, Source

CopiesOf = Callable[[Source], Copies]


@pytest.fixture(scope="session")
def copies_of(tmp_path_factory: pytest.TempPathFactory) -> CopiesOf:
    """Sets a VM up in a scratch folder, the first time it is asked for."""
    made: dict[Source, Copies] = {}

    def copies(source: Source) -> Copies:
        if source not in made:
            made[source] = Copies(source, tmp_path_factory.mktemp(source.id.replace("/", "-").replace(" ", "-")))
        return made[source]

    return copies


class Tally:
    """How many commands were run, how many of them behind steps of the owner, and which steps ended a plan."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.first = self.behind = self.named = 0
        self.skipped: Counter[str] = Counter()

    def run(self, *, behind: int) -> None:
        """Count a command that is run behind so many steps."""
        if behind:
            self.behind += 1
        else:
            self.first += 1

    def skip(self, step: str) -> None:
        """Count a plan that ends at a step which nothing here can carry out."""
        self.skipped[step] += 1


_TALLY = Tally()


@pytest.fixture
def tally() -> Tally:
    """The counts of the command law, for the summary of the run."""
    return _TALLY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how far the plans were followed."""
    if _TALLY.first or _TALLY.behind:
        skipped = ", ".join(f"{step} {count}" for step, count in _TALLY.skipped.most_common()) or "none"
        terminalreporter.write_line(
            f"command law: {_TALLY.first} first commands run, {_TALLY.behind} behind steps that were carried out; "
            f"{_TALLY.named} checked again with the product named; "
            f"plans left at a step that a test cannot carry out: {skipped}"
        )
