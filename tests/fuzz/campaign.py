"""Many cases on all cores, until a number of them or a time is reached; each kind of find is kept once."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING

from fuzz.worker import Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fuzz.checks import Find


@dataclass
class Campaign:
    """What a campaign came to.

    Attributes:
        cases: how many were run.
        seconds: of processor time that they took.
        finds: the first find of each kind, with its seed.
        times: how often each kind was found.
    """

    cases: int = 0
    seconds: float = 0.0
    finds: dict[tuple[str, str], tuple[str, Find]] = field(default_factory=dict)
    times: dict[tuple[str, str], int] = field(default_factory=dict)

    def __str__(self) -> str:
        rate = self.cases / self.seconds if self.seconds else 0
        return f"{self.cases} cases in {self.seconds:.0f} s of processor time, {rate:.1f} a second"

    def add(self, seed: str, finds: list[Find], seconds: float) -> None:
        """Count a case in."""
        self.cases += 1
        self.seconds += seconds
        for find in finds:
            self.finds.setdefault(find.kind, (seed, find))
            self.times[find.kind] = self.times.get(find.kind, 0) + 1


def run_cases(
    seeds: Iterator[str],
    seconds: float = float("inf"),
    workers: int | None = None,
    tell: Callable[[str, Find], None] = lambda _seed, _find: None,
) -> Campaign:
    """Run the cases of seeds, until there are no more or so much processor time has gone.

    Args:
        seeds: of the cases.
        seconds: of processor time.
        workers: processes; as many as there are cores if left out.
        tell: is called with each find that is the first of its kind.
    """
    campaign, lock = Campaign(), threading.Lock()

    def work() -> None:
        worker = Worker()
        try:
            while True:
                with lock:
                    seed = next(seeds, None) if campaign.seconds < seconds else None
                if seed is None:
                    return
                finds, took = worker.run(seed)
                with lock:
                    for find in finds:
                        if find.kind not in campaign.finds:
                            tell(seed, find)
                    campaign.add(seed, finds, took)
        finally:
            worker.close()

    threads = [threading.Thread(target=work) for _ in range(workers or os.cpu_count() or 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return campaign


def seeds_from(base: str, cases: int | None = None) -> Iterator[str]:
    """The seeds of a campaign: its own, and a number."""
    return (f"{base}-{number}" for number in islice(count(), cases))
