"""The one door to Lark: the name of a grammar and a text in, tokens out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from vmxtool import _resources

if TYPE_CHECKING:
    from lark import Lark


def tokens(grammar: str, text: str, start: str) -> list[tuple[str, str]]:
    """Split a text into (terminal, text) pairs by `grammars/<grammar>.lark`, read from rule `start`.

    The grammars of vmxtool are total, so there is no text that fails, and the texts joined are the input.
    """
    tree = _parser(grammar).parse(text, start=start)
    return [(token.type, token.value) for token in tree.children]  # type: ignore[union-attr]


@cache
def _parser(grammar: str) -> Lark:
    from lark import Lark

    source = _resources.text("grammars", f"{grammar}.lark")
    starts = [line.split(":")[0] for line in source.splitlines() if line[:1].islower() and ":" in line]
    return Lark(source, parser="lalr", start=starts, propagate_positions=False)
