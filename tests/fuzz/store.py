"""Cases as folders: finds that are written down for whoever mends them, and mended ones that are always run."""

from __future__ import annotations

import json
import re
import runpy
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from fuzz import trees
from fuzz.case import Case, calls_from_json, calls_to_json

if TYPE_CHECKING:
    from fuzz.checks import Find

HERE = Path(__file__).parent
CASES = HERE / "cases"
FINDS = HERE / "finds"

_TREE, _CALLS, _MODES, _TOLD, _MAKER = "tree", "calls.json", "modes.json", "find.txt", "make.py"


def keep(case: Case, find: Find, seed: str) -> Path:
    """Write a find down, with what repeats it; the folder's path."""
    name = re.sub(r"\W+", "-", f"{find.check} {find.what}").strip("-").lower()[:80]
    folder = FINDS / name
    if folder.exists():
        trees.remove(folder)
    folder.mkdir(parents=True)
    trees.make({place: replace(node, mode=None) for place, node in case.tree.items()}, folder / _TREE)
    modes = {place: oct(node.mode) for place, node in case.tree.items() if node.mode is not None}
    if modes:
        (folder / _MODES).write_text(json.dumps(modes, indent=1) + "\n", encoding="ascii")
    (folder / _CALLS).write_text(_lines(case), encoding="ascii")
    told = f"{find.check}: {find.what}\n\n{find.detail}\n\nthe whole case: pytest tests/fuzz --seed {seed}\n"
    told += f"this one:       pytest tests/fuzz --seed {folder.relative_to(HERE.parents[1])}\n"
    (folder / _TOLD).write_text(told, encoding="utf-8", errors="backslashreplace")
    return folder


def read_case(folder: Path) -> Case:
    """The case that lies in a folder.

    `tree/` holds the files, `vm/` among them, and `calls.json` the calls. `modes.json` holds rights other than the
    usual ones, which would keep the reader out too. What git cannot hold, such as a FIFO, a `make.py` adds: its
    `make(tree)` gets the folder.
    """
    calls = calls_from_json(json.loads((folder / _CALLS).read_text(encoding="ascii")))
    with TemporaryDirectory() as name:
        tree = Path(name) / _TREE
        if (folder / _TREE).is_dir():
            trees.make(trees.take(folder / _TREE), tree)
        if (folder / _MAKER).is_file():
            runpy.run_path(str(folder / _MAKER))["make"](tree)
        taken = trees.take(tree)
    said = folder / _MODES
    modes = json.loads(said.read_text(encoding="ascii")) if said.is_file() else {}
    changed = {place: replace(taken[place], mode=int(mode, 8)) for place, mode in modes.items()}
    return Case(taken | changed, calls)


def _lines(case: Case) -> str:
    """The calls as JSON, one a line."""
    return "[\n" + ",\n".join(f" {json.dumps(call)}" for call in calls_to_json(case.calls)) + "\n]\n"
