"""What stops vmxtool from looking at a virtual machine, or from writing to it.

The tree (findings are values and are not here; see `findings.py`)::

    VmxtoolError
    ├── UsageError          the request itself cannot be carried out: no VM, several VMs, unknown target
    ├── InputError          a file cannot be read as what it should be
    ├── KnowledgeError      a data file of vmxtool itself is broken
    └── WriteError          writing was refused or failed; nothing was changed
        └── Interrupted     an earlier rewrite is unfinished; `vmxtool undo` settles it

Every error is one sentence for the reader: which file (and line), what is wrong, what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class VmxtoolError(Exception):
    """Base of all errors; `str(error)` is the one line shown to the reader."""


class UsageError(VmxtoolError):
    """The request cannot be carried out as it was made."""


class InputError(VmxtoolError):
    """A file cannot be read as what it should be.

    Args:
        path: the file, as the reader knows it.
        problem: what is wrong, as a clause without a full stop.
        remedy: what to do about it, as a clause without a full stop.
        line: 1-based line number, where one line is to blame.
    """

    def __init__(self, path: Path | str, problem: str, remedy: str = "", line: int | None = None) -> None:
        self.path = path
        self.problem = problem
        self.remedy = remedy
        self.line = line
        place = f"{path}:{line}" if line is not None else f"{path}"
        super().__init__(f"{place}: {problem}" + (f"; {remedy}" if remedy else ""))


class KnowledgeError(VmxtoolError):
    """A data file that ships with vmxtool is broken; the message names file, row and column."""


class WriteError(VmxtoolError):
    """Writing was refused or failed; the virtual machine's files are as they were."""


class Interrupted(WriteError):
    """An earlier rewrite of this virtual machine was cut short and has to be settled first."""
