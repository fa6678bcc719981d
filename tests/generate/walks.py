"""The walks of docs/: console blocks that are run in a VM's folder, with what was printed.

Those of what-a-rewrite-changes.md are run in a copy of a sample, those of six-moves.md in a VM on its way from one
product to another. `python tests/generate/walks.py` writes the pages anew after a change of output; `test_walks.py`
compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from build import copy_vm
from generate.consoles import ROOT, filled
from generate.moved_vms import on_its_way

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "what-a-rewrite-changes.md"
MOVES = ROOT / "docs" / "six-moves.md"


def without_snapshots(folder: Path) -> None:
    """What Workstation 5 leaves when all snapshots are removed; nothing had been written since the last one."""
    config = next(folder.glob("*.vmx"))
    config.write_bytes(config.read_bytes().replace(b"-000003.vmdk", b".vmdk"))
    for path in [*folder.glob("*-00000?.vmdk"), *folder.glob("*.vmsn")]:
        path.unlink()
    for path in folder.glob("*.vmsd"):
        path.write_bytes(b"")


PREPARED: dict[str, Callable[[Path], None]] = {"without-snapshots": without_snapshots}


def in_a_sample(folder: Path, words: list[str]) -> Path:
    """Copy the sample that a block names, do to it what a second word says, and run the block inside it."""
    sample, *preparations = words
    vm = copy_vm(ROOT / "samples" / sample, folder / sample)
    for name in preparations:
        PREPARED[name](vm)
    return vm


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8"), in_a_sample), "utf-8")
    MOVES.write_text(filled(MOVES.read_text("utf-8"), on_its_way), "utf-8")
