"""`vmxtool explain`: what stands behind an answer."""

from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Code
from vmxtool.report import formats


def command(code: Code, format: As = formats.TEXT) -> None:  # noqa: A002 the option's own name
    """Explain a rule, a product, a source, or a table, cell or page of the guide."""
    with errors_to_exit_codes(format):
        from vmxtool.report.subjects import find

        formats.write("explain", format, find(code))
