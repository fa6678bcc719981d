"""Make the generated modules of vmxtool: tables of its grammars, and the rows of its data.

`python tests/generate/generated.py` writes `vmxtool/generated/`; `test_generated.py` compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import vmxtool
from vmxtool import _grammar, _resources
from vmxtool.knowledge import (
    _kept,
    devices,
    features,
    guest_options,
    guests,
    guide_names,
    hardware,
    known_keys,
    product_names,
    products,
    tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

FOLDER = Path(vmxtool.__file__).parent / "generated"
GRAMMARS = (("vmx", "file"), ("vmx", "lines"), ("vmdk_descriptor", "descriptor"), ("vmdk_descriptor", "lines"))
_READ_ANEW = (
    guests.guests,
    guest_options.guest_options,
    devices.devices,
    hardware.hardware_versions,
    known_keys.known_keys,
    products.shipped,
    products.products,
    product_names._names,
    features.features,
    guide_names.names,
    tables.text_facts,
)
_HEAD = '"""{what}. Made by tests/generate/generated.py; do not edit."""\n\nfrom __future__ import annotations\n\n'


def modules() -> dict[str, str]:
    """The text of every generated module, by its file's name."""
    return {"grammars.py": _grammars(), **{f"{name}.py": text for name, text in _rows()}}


def _grammars() -> str:
    tables = {}
    for grammar, start in GRAMMARS:
        source = _resources.text("grammars", f"{grammar}.lark")
        tables[grammar, start] = (_resources.fingerprint(source), _grammar.build(grammar, source, start))
    lines = "".join(f"    {key!r}: {_plain(value)},\n" for key, value in tables.items())
    head = _HEAD.format(what="The tables of the grammars, by grammar and start rule, each with what it is made of")
    kind = "dict[tuple[str, str], tuple[str, list[tuple[str, dict[str, int]]]]]"
    return f"{head}TABLES: {kind} = {{\n{lines}}}\n"


def _rows() -> Iterator[tuple[str, str]]:
    """The rows of each kind, as their data files are read now, whatever has been generated before."""
    made: dict[str, str] = {}

    def note(kind: type, files: Sequence[str], read: Callable[[], Iterable[Any]], **forms: Any) -> list[Any]:
        rows = list(read())
        lines = "".join(f"    {_plain(cells)},\n" for cells in _kept.freeze(kind, rows, forms))
        head = _HEAD.format(what=f"The rows of {kind.__name__}, with what they are made of")
        text = (
            f"{head}from typing import Any\n\nMADE_OF = {_kept.made_of(files)!r}\nROWS: list[list[Any]] = [\n{lines}]\n"
        )
        made[_kept.module_of(kind)] = text
        return rows

    real = _kept.recall
    _kept.recall = note
    try:
        _forget()
        for read in _READ_ANEW:
            read()
    finally:
        _kept.recall = real
        _forget()
    yield from made.items()


def _forget() -> None:
    for read in _READ_ANEW:
        read.cache_clear()


def _plain(value: Any) -> str:
    """A value as Python text that is the same in every run: what has no order is sorted."""
    if isinstance(value, (list, tuple)):
        ends = "[]" if isinstance(value, list) else "()"
        return f"{ends[0]}{', '.join(map(_plain, value))}{',' if ends == '()' and len(value) == 1 else ''}{ends[1]}"
    if isinstance(value, (set, frozenset)):
        return f"frozenset(({''.join(f'{it}, ' for it in sorted(map(_plain, value)))}))" if value else "frozenset()"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_plain(key)}: {_plain(it)}' for key, it in value.items())}}}"
    if value is None or type(value) in {bool, int, float, str, bytes}:
        return repr(value)
    raise TypeError(f"{type(value).__name__} is no plain value")


if __name__ == "__main__":
    wanted = modules()
    for path in FOLDER.glob("*.py"):
        if path.name not in {*wanted, "__init__.py"}:
            path.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    sys.stdout.write(f"{len(wanted)} modules\n")
