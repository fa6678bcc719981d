"""The modules themselves: none too long to be read in one sitting, and no two that need each other."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import vmxtool

ROOT = Path(vmxtool.__file__).parent
WRITTEN = [path for path in sorted(ROOT.rglob("*.py")) if "generated" not in path.parts]
LONGEST_MODULE, LONGEST_CLASS = 350, 150  # lines


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_and_no_class_is_too_long(path: Path) -> None:
    text = path.read_text("utf-8")
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_CLASS, node.name


def imported(path: Path) -> set[str]:
    """The modules of vmxtool that a module imports when it is loaded, not later in a function or for types alone."""
    found: set[str] = set()
    names = {name_of(it) for it in WRITTEN}
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("vmxtool"):
            module = node.module or ""
            found |= {module if f"{module}.{it.name}" not in names else f"{module}.{it.name}" for it in node.names}
        elif isinstance(node, ast.Import):
            found |= {it.name for it in node.names if it.name.startswith("vmxtool")}
    return found & names - {name_of(path)}


def name_of(path: Path) -> str:
    """The name of a module by its file."""
    parts = ("vmxtool", *path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_no_module_needs_one_that_needs_it() -> None:
    graph = {name_of(path): imported(path) for path in WRITTEN}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"they import each other: {error.args[1]}")
