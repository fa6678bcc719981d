"""Exit codes, and how an error becomes one line on standard error, and one document where JSON was asked for."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING

from vmxtool._text import safe
from vmxtool.errors import InputError, KnowledgeError, UsageError, VmxtoolError, WriteError
from vmxtool.report import formats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

DONE = 0
NOT_READY = 1
WRONG_USAGE = 2
CANNOT_READ = 3
CANNOT_WRITE = 4
_INTERRUPTED = 130  # what a shell expects after Ctrl-C

_CODES: dict[type[VmxtoolError], int] = {
    UsageError: WRONG_USAGE,
    InputError: CANNOT_READ,
    KnowledgeError: CANNOT_READ,
    WriteError: CANNOT_WRITE,
}


def code_of(error: VmxtoolError) -> int:
    """Return the exit code of an error: that of the nearest class it belongs to."""
    return next((_CODES[kind] for kind in type(error).__mro__ if kind in _CODES), CANNOT_READ)


def fail(error: VmxtoolError, form: str) -> None:
    """Tell an error and end the program with its exit code.

    Raises:
        SystemExit: always.
    """
    code = code_of(error)
    told = str(error)
    if error.instead is not None:
        from vmxtool.cli.wrong_words import with_other_file

        # Only here it is known what was typed.
        again = with_other_file(str(error.path), str(error.instead), sys.argv[1:])
        told += f": {again}" if again else ""
    if form == formats.JSON or error.details is not None:
        # One line cannot say all of some errors: the rest is an answer, in the format that was asked for.
        try:
            formats.write("error", form, error, code)
            sys.stdout.flush()
        except OSError:
            _drop_output()
        else:
            if form == formats.TEXT and sys.stdout.isatty() and sys.stderr.isatty():
                raise SystemExit(code) from None  # the answer says it, and the reader sees both
    print(f"vmxtool: {safe(told)}", file=sys.stderr)  # noqa: T201 the one place that tells an error
    raise SystemExit(code) from None


def fail_to_answer(error: OSError, done: Sequence[str] = ()) -> None:
    """End the program because standard output took no more; one that is closed by its reader ends it quietly.

    Args:
        error: why it did not.
        done: what has been done already.

    Raises:
        SystemExit: always.
    """
    _drop_output()
    if isinstance(error, BrokenPipeError):
        raise SystemExit(DONE) from None
    reason = (error.strerror or str(error)).lower()
    fail(WriteError("; ".join([f"the answer could not be written out: {reason}", *done])), formats.TEXT)


def asked_format(words: Sequence[str]) -> str:
    """Return the format that the words of a command line ask for, also where they are wrong: JSON or else text."""
    options = list(words[: words.index("--")] if "--" in words else words)
    wanted = f"--format={formats.JSON}" in options or ("--format", formats.JSON) in pairwise(options)
    return formats.JSON if wanted else formats.TEXT


class Outcome:
    """What a command has come to while it still has to say so.

    Attributes:
        code: the exit code of its answer, which counts also where the reader goes away before the end.
        done: what has been done already; it is told where the answer itself cannot be written out.
    """

    def __init__(self) -> None:
        """Begin with nothing done, and nothing against it."""
        self.code = DONE
        self.done: list[str] = []


@contextmanager
def errors_to_exit_codes(form: str) -> Iterator[Outcome]:
    """Turn errors inside the block into one line on standard error and the right exit code.

    A reader that closes the pipe ends the program quietly, with the code of the answer, as does Ctrl-C with its own.
    With VMXTOOL_TRACEBACK set in the environment a fault of vmxtool itself shows its traceback, for those who mend it.

    Args:
        form: the format that was asked for; an error is a document of its own in JSON.

    Yields:
        What the command has come to, for it to fill in; its code ends the program.
    """
    outcome = Outcome()
    try:
        yield outcome
        sys.stdout.flush()
    except VmxtoolError as error:
        fail(error, form)
    except BrokenPipeError:
        _drop_output()
        raise SystemExit(outcome.code) from None
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except Exception as error:
        if isinstance(error, OSError) and error.filename is None:
            # Standard output has no name; an error about a file has that of the file.
            fail_to_answer(error, outcome.done)
        if os.environ.get("VMXTOOL_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {safe(str(error))}".splitlines()[0]
        fail(VmxtoolError(f"this is a fault of vmxtool itself ({what})", hint="please report it"), form)
    if outcome.code != DONE:
        raise SystemExit(outcome.code)


def _drop_output() -> None:
    """Send to nowhere what is still to be written: the interpreter flushes once more on its way out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
