"""How far the command law follows the plans: counts that a run of the tests shows in its summary."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_FIRST, _BEHIND, _NAMED = "first", "behind", "named"


class Tally:
    """How many commands were run, how many of them behind steps of the owner, and which steps ended a plan."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.commands: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()

    def run(self, *, behind: int) -> None:
        """Count a command that is run behind so many steps."""
        self.commands[_BEHIND if behind else _FIRST] += 1

    def name(self) -> None:
        """Count a VM that is checked again with the product that made it named."""
        self.commands[_NAMED] += 1

    def skip(self, step: str) -> None:
        """Count a plan that ends at a step which nothing here can carry out."""
        self.skipped[step] += 1

    def add(self, commands: Mapping[str, int], skipped: Mapping[str, int]) -> None:
        """Add the counts of another process."""
        self.commands.update(commands)
        self.skipped.update(skipped)

    def __str__(self) -> str:
        left = ", ".join(f"{step} {count}" for step, count in self.skipped.most_common()) or "none"
        return (
            f"command law: {self.commands[_FIRST]} first commands run, {self.commands[_BEHIND]} behind steps that were "
            f"carried out; {self.commands[_NAMED]} checked again with the product named; "
            f"plans left at a step that a test cannot carry out: {left}"
        )


TALLY = Tally()
