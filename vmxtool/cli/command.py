"""A command as a person meets it: help in groups with examples, and words of the command line that contradict."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from typer.core import TyperCommand, TyperOption

from vmxtool.cli import wrong_words

if TYPE_CHECKING:
    from collections.abc import Iterable

SHOWN = "How it is shown"
"""The group of options that every command has."""
_OF_HELP = "Show this page."
_NARROWEST_TEXT = 20
_SAID = re.compile(r"-\d\S*\s+\S")  # no option, but what a product printed: "-1:-1:VALUE_ILLEGAL: No supported ..."
_WIDEST_COMMAND = 48  # columns of an example, before its meaning goes to the next line


class Command(TyperCommand):
    """A command whose options stand in groups, each option with one value at the most once.

    Its epilog has an example on each line: the command, two blanks, and what it answers.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the words of the command line.

        Raises:
            UsageError: an option stands twice, or a word is no VM.
        """
        args = [f" {word}" if _SAID.match(word) else word for word in args]
        values, rest, order = self.make_parser(ctx).parse_args(args=list(args))
        if self.get_help_option(ctx) not in order:
            wrong_words.refuse_twice([it for it in order if isinstance(it, TyperOption) and not it.multiple])
            wrong_words.refuse_more(self, args, values, rest)
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options in their groups, in the order of the first option of each."""
        groups: dict[str, list[tuple[str, str]]] = {"Arguments": []}
        for param in self.get_params(ctx):
            if isinstance(param, TyperOption):
                said = _OF_HELP if param is self.get_help_option(ctx) else param.help or ""
                groups.setdefault(param.rich_help_panel or SHOWN, []).append((_spelling(param), said))
            else:
                groups["Arguments"].append((str(param.metavar), getattr(param, "help", "") or ""))
        write_groups(formatter, [group for group in groups.items() if group[1]])

    def format_epilog(self, _: Any, formatter: Any) -> None:
        """Write the examples."""
        rows = [tuple(re.split(r"  +", line.strip(), maxsplit=1)) for line in (self.epilog or "").strip().splitlines()]
        if not rows:
            return
        with formatter.section("Examples"):
            if formatter.width > _WIDEST_COMMAND + _NARROWEST_TEXT:
                formatter.write_dl(rows, col_max=_WIDEST_COMMAND)
                return
            for command, said in rows:
                # A command stays on its line, however narrow the terminal is.
                formatter.write(f"{'':>{formatter.current_indent}}{command}\n")
                with formatter.indentation():
                    formatter.write_text(said)


def write_groups(formatter: Any, groups: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    """Write groups of options or commands, each under its heading."""
    for heading, rows in groups:
        with formatter.section(heading):
            formatter.write_dl(rows)


def _spelling(option: TyperOption) -> str:
    names = ", ".join(sorted(option.opts, key=lambda name: name.startswith("--")))
    return names if option.is_flag else f"{names} {option.metavar}"
