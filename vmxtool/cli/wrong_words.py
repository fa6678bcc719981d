"""Words of a command line that cannot be meant, each told in one line with what to type instead."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vmxtool.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_LONGEST = 80
_MOST_WORDS = 6  # that the name of a product is taken from


def refuse_twice(options: Iterable[Any]) -> None:
    """Refuse an option with a value that stands more than once; the earlier value would count for nothing.

    Raises:
        UsageError: there is one.
    """
    for option, times in Counter(it for it in options if not it.is_flag).items():
        if times > 1:
            name = long_name(option)
            often = "twice" if times == 2 else f"{times} times"
            raise UsageError(f"{name} is given {often}", hint="give it once, with one value")


def refuse_more(command: Any, args: Sequence[str], values: Mapping[str, Any], rest: Sequence[str]) -> None:
    """Refuse more words than the command takes, and a product in the place of a VM.

    Args:
        command: the command.
        args: its words as they were typed, options too.
        values: the values of its options and arguments by name.
        rest: the words that are left over.

    Raises:
        UsageError: there is such a word.
    """
    names = {param.name for param in command.params}
    first = values.get("vm")
    if "target" in names and values.get("target") is None:
        if rest and (product := _product(rest)) is not None:
            raise _say_target(command, args, product, slice(1, None))
        if first is not None and not os.path.lexists(first) and (product := _product([first])) is not None:
            raise _say_target(command, args, product, slice(1))
    named = " ".join([str(first), *rest])
    if rest and first is not None and os.path.lexists(named):
        kept = [word for at, word in enumerate(args) if at not in _positions(command, args)]
        whole = _typed(["vmxtool", command.name, *kept, named])
        raise UsageError("a name with blanks stands in quotes", hint=f"say {whole}")
    if rest:
        taken = "one VM" if "vm" in names else "options only"
        problem = f"{_listed(rest)}: {'one word' if len(rest) == 1 else f'{len(rest)} words'} too many"
        hint = f"vmxtool {command.name} takes {taken}, see vmxtool {command.name} --help"
        raise UsageError(problem, hint=hint)


def in_our_words(
    error: Any, words: Sequence[str], commands: Sequence[str], takers: Callable[[str], Sequence[str]]
) -> UsageError:
    """Return the error for what Typer says about the words of a command line.

    Args:
        error: what Typer raised; it keeps its own copy of click, whose classes are known by their names here.
        words: the command line.
        commands: the commands that there are.
        takers: returns the commands that take an option.
    """
    command = " ".join(["vmxtool", *(name for name in words[:1] if name in commands)])
    see = f"see {command} --help"
    kind = type(error).__name__
    option = getattr(error, "option_name", "")
    if kind == "NoSuchOption":
        return _no_such_option(error, words, commands, takers(option)) or _unknown(error, see)
    if kind == "BadOptionUsage":
        lacks = "requires" in error.message
        return UsageError(f"{option} needs a value" if lacks else f"{option} takes no value", hint=see)
    if kind == "MissingParameter" and error.param is not None:
        return UsageError(f"{long_name(error.param)} is missing", hint="`vmxtool targets` lists the products")
    first = next((word for word in words if not word.startswith("-")), None)
    if first is not None and first not in commands:
        return unknown_command(first, commands)
    if first is None:
        return UsageError("no command is named", hint="see vmxtool --help")
    problem = error.format_message().rstrip(".")
    return UsageError(problem[:1].lower() + problem[1:], hint=see)


def _no_such_option(
    error: Any, words: Sequence[str], commands: Sequence[str], others: Sequence[str]
) -> UsageError | None:
    """Return the error for an option that stands before the command, or that other commands take; None for no such."""
    if not others:
        return None
    if words[0] not in commands:
        command = next((word for word in words if word in others), others[0])
        rest = [word for word in words if word != command]
        return UsageError("the command comes first", hint=f"say {_typed(['vmxtool', command, *rest])}")
    hint = f"vmxtool {others[0]} takes it, see vmxtool {others[0]} --help"
    return UsageError(f"vmxtool {words[0]} has no option {error.option_name}", hint=hint)


def _unknown(error: Any, see: str) -> UsageError:
    near = tuple(error.possibilities or ())
    return UsageError(f"there is no option {error.option_name}", hint=_nearest(near, see), candidates=near)


def unknown_command(word: str, commands: Sequence[str]) -> UsageError:
    """Return the error for a word in a command's place: one that is nearly one, or a VM without what to do with it."""
    from difflib import get_close_matches

    near = tuple(get_close_matches(word.lower(), commands, n=2))
    if os.path.lexists(word):
        hint = f"to see what it is: {_typed(['vmxtool', 'inspect', word])}"
        return UsageError("this is a file or folder, not a command", path=word, hint=hint)
    problem = f"there is no command {word[:_LONGEST]!r}"
    return UsageError(problem, hint=_nearest(near, "see vmxtool --help"), candidates=near)


def with_other_file(typed: str, other: str, words: Sequence[str]) -> str:
    """Return the command line with another file in the place of one that was typed; "" where that is not there."""
    places = [at for at, word in enumerate(words) if str(Path(word)) == typed]
    if not places:
        return ""
    from vmxtool.rules.commands import as_argument

    return _typed(["vmxtool", *words[: places[-1]], as_argument(other), *words[places[-1] + 1 :]])


def _say_target(command: Any, args: Sequence[str], product: str, wrong: slice) -> UsageError:
    gone = _positions(command, args)[wrong]
    kept = [word for at, word in enumerate(args) if at not in gone]
    said = " ".join(args[at] for at in gone)
    whole = _typed(["vmxtool", command.name, "--target", product, *kept])
    return UsageError(f"{said[:_LONGEST]} is a product, not a VM", hint=f"say {whole}")


def _positions(command: Any, args: Sequence[str]) -> list[int]:
    """Return the places of the words that are no options and no values of options."""
    takes = {name for param in command.params if not getattr(param, "is_flag", True) for name in param.opts}
    found, value, ended = [], False, False
    for at, word in enumerate(args):
        if value:
            value = False
        elif ended or word == "-" or not word.startswith("-"):
            found.append(at)
        elif word == "--":
            ended = True
        else:
            value = word in takes
    return found


def _product(words: Sequence[str]) -> str | None:
    """Return the id of the product that words mean, or None."""
    from vmxtool.knowledge.product_names import find_target

    text = " ".join(words[:_MOST_WORDS])
    if len(words) > _MOST_WORDS or len(text) > _LONGEST:
        return None
    try:
        return find_target(text).id
    except UsageError:
        return None


def _typed(argv: Sequence[str]) -> str:
    from vmxtool.rules.commands import in_a_sentence

    return in_a_sentence(argv)


def long_name(option: Any) -> str:
    """Return an option as a sentence names it."""
    return next((name for name in option.opts if name.startswith("--")), str(option.metavar or option.name))


def _nearest(near: Sequence[str], otherwise: str) -> str:
    return f"did you mean {' or '.join(near)}?" if near else otherwise


def _listed(words: Sequence[str]) -> str:
    return ", ".join(word[:_LONGEST] for word in words[:_MOST_WORDS])
