"""The one door to Lark: the name of a grammar and a text in, tokens out.

Lark reads a grammar, proves it free of conflicts and builds its LALR parser. The grammars of vmxtool are flat: a start
rule names terminals and no other rule. Of such a parser nothing is left at run time but states, each with the terminals
that may come next and the state after each. That table is plain data, so it ships as a generated module, and Lark,
which takes as long to load as reading a VM does, is needed only for a grammar that is not the one it was made of.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from vmxtool import _resources
from vmxtool._record import Record
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from lark.parsers.lalr_interactive_parser import InteractiveParser

# A flat grammar has a few; one that nests has no end of them.
_MAX_STATES = 64
_END = "$END"


class ParserState(Record):
    """A state of a parser: a pattern with a named group for each terminal that may come, and the state after each."""

    pattern: re.Pattern[str]
    after: dict[str, int]


def tokens(grammar: str, text: str, start: str) -> list[tuple[str, str]]:
    """Split a text into (terminal, text) pairs by `grammars/<grammar>.lark`, read from rule `start`.

    The grammars of vmxtool are total, so there is no text that fails, and the texts joined are the input.

    Raises:
        KnowledgeError: the grammar is missing from this installation, is not flat, or is not total.
    """
    states = _states(grammar, start)
    found: list[tuple[str, str]] = []
    at, end = 0, len(text)
    state = states[0]
    while at < end:
        hit = state.pattern.match(text, at)
        if hit is None or hit.lastgroup is None:
            raise _broken(grammar, start, f"no terminal fits at character {at}")
        found.append((hit.lastgroup, hit[0]))
        at = hit.end()
        state = states[state.after[hit.lastgroup]]
    return found


@cache
def _states(grammar: str, start: str) -> tuple[ParserState, ...]:
    """Return a grammar's table: the generated one where it is made of the grammar that ships, else built by Lark."""
    from vmxtool.generated.grammars import TABLES

    source = _resources.text("grammars", f"{grammar}.lark")
    made_of, table = TABLES.get((grammar, start), ("", []))
    return _compile(table if made_of == _resources.fingerprint(source) else build(grammar, source, start))


def _compile(table: list[tuple[str, dict[str, int]]]) -> tuple[ParserState, ...]:
    compiled = {pattern: re.compile(pattern) for pattern, _ in table}
    return tuple(ParserState(compiled[pattern], dict(after)) for pattern, after in table)


def build(grammar: str, source: str, start: str) -> list[tuple[str, dict[str, int]]]:
    """Walk all states that Lark's parser of a grammar can be in; a state is what lies on its stack."""
    import lark

    parser = lark.Lark(source, parser="lalr", start=start)
    terminals = {terminal.name: terminal for terminal in parser.terminals}
    if len({terminal.priority for terminal in terminals.values()}) < len(terminals):
        # Lark would then go on to compare lengths, and the order would be its secret.
        raise _broken(grammar, start, "two terminals have the same priority")
    first = parser.parse_interactive("")
    places = {_stack(first): 0}
    waiting, table = [first], list[tuple[str, dict[str, int]]]()
    while waiting:
        at = waiting.pop(0)
        accepted: set[str] = at.accepts()  # type: ignore[no-untyped-call]
        if _END not in accepted:
            raise _broken(grammar, start, "the text may not end after every terminal")
        names = sorted(accepted - {_END}, key=lambda name: -terminals[name].priority)
        after: dict[str, int] = {}
        for name in names:
            then: InteractiveParser = at.copy()  # type: ignore[no-untyped-call]
            then.feed_token(lark.Token(name, ""))
            if _stack(then) not in places:
                if len(places) == _MAX_STATES:
                    raise _broken(grammar, start, "it is not flat")
                places[_stack(then)] = len(places)
                waiting.append(then)
            after[name] = places[_stack(then)]
        table.append(("|".join(f"(?P<{name}>{terminals[name].pattern.to_regexp()})" for name in names), after))
    return _merge(table)


def _merge(table: list[tuple[str, dict[str, int]]]) -> list[tuple[str, dict[str, int]]]:
    """Return the table without states that differ in nothing that ever comes after them; the first stays the first."""
    kinds, count = [0] * len(table), 0
    while count < len(set(kinds)):
        count = len(set(kinds))
        told = [(pattern, *(kinds[then] for then in after.values())) for pattern, after in table]
        numbers = {what: number for number, what in enumerate(dict.fromkeys(told))}
        kinds = [numbers[what] for what in told]
    return [
        (pattern, {name: kinds[then] for name, then in after.items()})
        for pattern, after in (table[kinds.index(kind)] for kind in range(count))
    ]


def _stack(parser: InteractiveParser) -> tuple[object, ...]:
    return tuple(parser.parser_state.state_stack)


def _broken(grammar: str, start: str, problem: str) -> KnowledgeError:
    return KnowledgeError(f"grammars/{grammar}.lark: rule {start}: {problem}")
