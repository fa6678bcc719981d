"""The list of products for a person at a terminal."""

from __future__ import annotations

from itertools import groupby
from textwrap import wrap
from typing import TYPE_CHECKING, NamedTuple

from rich.text import Text

from vmxtool.knowledge.dates import newest_look
from vmxtool.report.text.terminal import console, print_hanging

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import IO

    from vmxtool.knowledge.product import Product

_HEADINGS = ("id", "product", "gen", "runs", "makes", "released")
_NAME = 1
_GAP = 2
_NARROWEST = 12
# What people move to today comes first, and what nobody can get any more last.
_FAMILIES = ("workstation", "fusion", "player", "esx", "cloud", "hardware", "server", "gsx", "ace", "labmanager")


class _Line(NamedTuple):
    """A product as cells of text."""

    id: str
    product: str
    generation: str
    runs: str
    makes: str
    released: str


def print_products(products: Iterable[Product], stream: IO[str] | None = None) -> None:
    """Print one line per release, the newest of a family first: its name, hardware versions it runs and makes.

    A name for several releases has no line of its own; the last lines tell of them.
    """
    out = console(stream)
    listed = list(products)
    lines = [_line(product) for product in _in_turn(listed) if not product.releases]
    widths = [max(map(len, cells)) for cells in zip(_HEADINGS, *lines, strict=True)]
    if out.is_terminal:
        spare = out.width - sum(widths) - _GAP * (len(widths) - 1)
        widths[_NAME] = max(min(widths[_NAME], widths[_NAME] + spare), _NARROWEST)
    out.print(Text(_row(_HEADINGS, widths), "dim"), soft_wrap=True)
    for cells in lines:
        for number, name in enumerate(wrap(cells.product, widths[_NAME]) or [""]):
            shown = cells._replace(product=name) if number == 0 else _Line("", name, "", "", "", "")
            out.print(Text(_row(shown, widths)), soft_wrap=True)
    groups = ", ".join(product.id for product in _in_turn(listed) if product.releases)
    out.print()
    if groups:
        said = f"A name for several releases is answered for each, with the steps of the oldest: {groups}."
        print_hanging(out, "", Text(said, "dim"))
    said = f"The data is of {newest_look()}; what came out later is not in it."
    print_hanging(out, "", Text(said, "dim"))


def _in_turn(products: Sequence[Product]) -> list[Product]:
    ordered = sorted(products, key=lambda product: _FAMILIES.index(product.family))
    return [it for _, family in groupby(ordered, key=lambda product: product.family) for it in reversed(list(family))]


def _line(product: Product) -> _Line:
    return _Line(
        product.id,
        product.name,
        str(product.generation or ""),
        _span(product.runs_min, product.runs_max),
        str(product.creates or ""),
        product.released,
    )


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return (" " * _GAP).join(padded).rstrip()


def _span(lowest: int, highest: int) -> str:
    return str(highest) if lowest == highest else f"{lowest}-{highest}"
