"""The list of products for a person at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from vmxtool.report.text.terminal import console

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from vmxtool.knowledge.products import Product


def print_products(products: Iterable[Product], stream: IO[str] | None = None) -> None:
    """Print one line per product: id, name, generation, hardware versions it runs and makes."""
    out = console(stream)
    grid = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for heading in ("id", "product", "generation", "runs", "makes", "released"):
        grid.add_column(heading, no_wrap=True)
    for product in products:
        grid.add_row(
            product.id,
            product.name,
            str(product.generation or ""),
            _span(product.runs_min, product.runs_max),
            str(product.creates or ""),
            product.released[:4],
        )
    out.print(grid)


def _span(lowest: int, highest: int) -> str:
    return str(highest) if lowest == highest else f"{lowest} to {highest}"
