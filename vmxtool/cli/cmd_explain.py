"""`vmxtool explain`: what stands behind an answer."""

from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Words
from vmxtool.report import formats

EXAMPLES = """
vmxtool explain PRD101 DSK202  two rules
vmxtool explain hw19 esxi6.7  a hardware version and a product
vmxtool explain "Module 'VPMC' power on failed"  the rule behind a message
"""


def command(words: Words = None, format: As = formats.TEXT) -> None:  # noqa: A002 the option's own name
    """Explain a rule, product, hardware version, source or word.

    Without a word, the kinds of rules are listed. Several words are explained one after the other. What a product
    printed is found by its words; names and numbers in it may differ.
    """
    with errors_to_exit_codes(format):
        from vmxtool.report.subjects import find_all

        formats.write("explain", format, find_all(words or ()))
