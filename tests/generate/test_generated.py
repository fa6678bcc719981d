"""The generated modules are those that the grammars and the data make today."""

from __future__ import annotations

from generate.generated import FOLDER, modules


def test_the_modules_are_current() -> None:
    wanted = modules()
    assert {path.name for path in FOLDER.glob("*.py")} == {*wanted, "__init__.py"}
    stale = [name for name, text in wanted.items() if (FOLDER / name).read_text("utf-8") != text]
    assert stale == [], "run python tests/generate/generated.py"
