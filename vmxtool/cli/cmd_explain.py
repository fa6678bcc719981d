"""`vmxtool explain`: what stands behind an answer."""

from __future__ import annotations

import sys

from vmxtool.cli import exits
from vmxtool.cli.options import As, Code, Format


def command(code: Code, format: As = Format.text) -> None:  # noqa: A002 the option's own name
    """Explain a rule, or a table, cell or page of the guide."""
    with exits.told():
        from vmxtool.report.explain_text import explanation, find, print_explanation

        subject = find(code)
        if format is Format.json:
            from vmxtool.report.as_json import to_text

            sys.stdout.write(to_text(explanation(subject)))
        else:
            print_explanation(subject)
