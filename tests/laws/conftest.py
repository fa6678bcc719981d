"""What the laws share: each VM is set up and read once in a run of the tests."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from laws.tally import TALLY, Tally
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


@pytest.fixture
def tally() -> Tally:
    """The counts of the command law, for the summary of the run."""
    return TALLY
