"""Exit codes, and how an error becomes one line and one of them."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from vmxtool.errors import InputError, KnowledgeError, UsageError, VmxtoolError, WriteError
from vmxtool.report.printable import safe

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """The exit code of an error: that of the nearest class it belongs to."""
    return next(_CODES[kind] for kind in type(error).__mro__ if kind in _CODES)


@contextmanager
def told() -> Iterator[list[str]]:
    """Turn errors inside the block into one line on standard error and the right exit code.

    A reader that closes the pipe ends the program quietly, as does Ctrl-C. With VMXTOOL_TRACEBACK set in the
    environment a fault of vmxtool itself shows its traceback, for those who mend it.

    Yields:
        A list for what has been done already: it is told where the answer itself cannot be written out.
    """
    done: list[str] = []
    try:
        yield done
        sys.stdout.flush()
    except VmxtoolError as error:
        print(f"vmxtool: {safe(str(error))}", file=sys.stderr)  # noqa: T201 the one place that tells an error
        raise SystemExit(code_of(error)) from None
    except BrokenPipeError:
        # The interpreter flushes standard output once more on its way out; it must find a pipe that is open.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(DONE) from None
    except KeyboardInterrupt:
        raise SystemExit(_INTERRUPTED) from None
    except OSError as error:
        reason = safe(error.strerror or str(error)).lower()
        words = "; ".join([f"the answer could not be written out: {reason}", *done])
        print(f"vmxtool: {words}", file=sys.stderr)  # noqa: T201
        # The interpreter would flush once more on its way out, and fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(CANNOT_READ) from None
    except Exception as error:
        # A fault of ours is one line for the reader as well.
        if os.environ.get("VMXTOOL_TRACEBACK"):
            raise
        what = f"{type(error).__name__}: {safe(str(error))}".splitlines()[0]
        print(f"vmxtool: a fault of vmxtool itself, please report it: {what}", file=sys.stderr)  # noqa: T201
        raise SystemExit(CANNOT_READ) from None
