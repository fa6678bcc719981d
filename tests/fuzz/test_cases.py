"""Hostile and broken VMs go through everything that vmxtool does: `pytest tests/fuzz --minutes 5`."""

from __future__ import annotations

import os
import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fuzz.campaign import Campaign, run_cases, seeds_from
from fuzz.case import case_of
from fuzz.minimise import minimise
from fuzz.store import CASES, keep, read_case
from fuzz.worker import Worker

if TYPE_CHECKING:
    from fuzz.checks import Find

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fuzzer's folders and limits are those of Linux")

# Without --minutes: as many cases as take a few seconds, the same ones each time, and only of what git holds.
_PARTS, _CASES_OF_PART = 2, 40
_MINIMISED = 20


def told(finds: dict[tuple[str, str], tuple[str, Find]]) -> str:
    """The finds for a reader, each made small and written down."""
    lines = []
    worker = Worker()
    try:
        for seed, find in list(finds.values())[:_MINIMISED]:
            small = minimise(case_of(seed), find, lambda case: worker.run(case)[0])
            folder = keep(small, find, seed)
            lines += [f"{find.check}: {find.what}", f"  {find.detail[-600:]}", f"  seed {seed}", f"  kept in {folder}"]
    finally:
        worker.close()
    lines += [f"and {len(finds) - _MINIMISED} more kinds of finds"] if len(finds) > _MINIMISED else []
    return "\n".join(lines)


def fail_on(campaign: Campaign) -> None:
    """Fail where anything was found."""
    print(campaign)
    if campaign.finds:
        pytest.fail(f"{len(campaign.finds)} kinds of finds\n{told(campaign.finds)}", pytrace=False)


@pytest.mark.parametrize("part", range(_PARTS))
def test_some_cases_of_each_kind(part: int) -> None:
    fail_on(run_cases(seeds_from(f"samples-{part}", _CASES_OF_PART), workers=1))


def test_for_some_minutes(request: pytest.FixtureRequest) -> None:
    minutes = request.config.getoption("--minutes")
    base = request.config.getoption("--base") or f"corpus-{time.time_ns():x}"
    terminal, capture = request.config.get_terminal_writer(), request.config.pluginmanager.getplugin("capturemanager")

    def say(line: str) -> None:
        """Tell at once: a campaign may take long, and a find is worth knowing while it runs."""
        with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
            terminal.line(line)

    say(f"\n--base {base}")
    campaign = run_cases(
        seeds_from(base),
        minutes * 60,
        1 if "PYTEST_XDIST_WORKER" in os.environ else None,
        lambda seed, find: say(f"--seed {seed}  {find.check}: {find.what}"),
    )
    say(str(campaign))
    fail_on(campaign)


def test_one_case_again(request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("--seed")
    worker = Worker()
    try:
        finds, _ = worker.run(read_case(Path(seed)) if Path(seed).is_dir() else seed)
    finally:
        worker.close()
    assert not finds, "\n".join(f"{find.check}: {find.what}\n{find.detail}" for find in finds)


@pytest.mark.parametrize("folder", sorted(CASES.iterdir()) if CASES.is_dir() else [], ids=lambda folder: folder.name)
def test_a_find_that_was_mended(folder: Path) -> None:
    worker = Worker()
    try:
        assert worker.run(read_case(folder))[0] == []
    finally:
        worker.close()
