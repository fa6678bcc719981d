"""Options of the fuzzer; without any, the normal run of the tests tries a fixed number of cases."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that say how long to look, or what to look at again."""
    group = parser.getgroup("fuzz")
    group.addoption("--minutes", type=float, help="Fuzz for so many minutes of processor time, over all cores.")
    group.addoption("--seed", help="Run one case again: that of a seed, or the one in a folder of finds/ or cases/.")
    group.addoption("--base", help="What the seeds of --minutes begin with, to repeat a run; a new one if left out.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run what was asked for and nothing else; without being asked, neither of the two that need an option."""
    fuzzing = {
        "test_one_case_again": config.getoption("--seed", default=None),
        "test_for_some_minutes": config.getoption("--minutes", default=None),
    }
    wanted = next((name for name, asked in fuzzing.items() if asked), None)
    left_out = [item for item in items if (item.name in fuzzing if wanted is None else item.name != wanted)]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
