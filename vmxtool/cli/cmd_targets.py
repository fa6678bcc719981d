"""`vmxtool targets`: every product there is an answer for."""

from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Family, known_family
from vmxtool.knowledge.products import products
from vmxtool.report import formats

EXAMPLES = """
vmxtool targets  every product, the newest first
vmxtool targets --family esx  ESX and ESXi only
"""


def command(family: Family = None, format: As = formats.TEXT) -> None:  # noqa: A002 the option's own name
    """List every product: its name for --target, and what it runs."""
    with errors_to_exit_codes(format):
        wanted = known_family(family)
        listed = [product for product in products().every() if wanted in {None, product.family}]
        formats.write("targets", format, listed)
