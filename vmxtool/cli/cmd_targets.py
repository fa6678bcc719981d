"""`vmxtool targets`: every product there is an answer for."""

from __future__ import annotations

import sys

from vmxtool.cli import exits
from vmxtool.cli.options import As, Family, Format


def command(family: Family = None, format: As = Format.text) -> None:  # noqa: A002 the option's own name
    """List every product with its names, generation and hardware versions."""
    with exits.told():
        from vmxtool.knowledge.products import products
        from vmxtool.report import as_json

        listed = [product for product in products().values() if family in {None, product.family}]
        if format is Format.json:
            sys.stdout.write(as_json.to_text([as_json.product(product) for product in listed]))
        else:
            from vmxtool.report.products_text import print_products

            print_products(listed)
