"""What stops vmxtool from looking at a virtual machine, or from writing to it.

The tree (findings are values and are not here; see `findings.py`)::

    VmxtoolError
    ├── UsageError          the request itself cannot be carried out: several VMs, unknown target
    │   └── NoVm            no VM lies in the folder
    ├── InputError          a file cannot be read as what it should be
    ├── KnowledgeError      a data file of vmxtool itself is broken
    └── WriteError          writing was refused or failed; nothing was changed
        ├── Interrupted     a rewrite, or the undo of one, is unfinished; an undo settles it
        └── ChangedSince    a file is not as the rewrite left it (in rewriter.journal.refusal)

Every error is one sentence for the reader: which file (and line), what is wrong, what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class VmxtoolError(Exception):
    """Base of all errors; `str(error)` is the one line shown to the reader.

    Args:
        problem: what is wrong, as a clause without a full stop.
        hint: what to do about it, as a clause without a full stop; "" where the problem says it.
        path: the file or folder it is about, as the reader knows it, or None.
        line: 1-based line number in it, where one line is to blame.
        candidates: what the reader may have meant, such as the configs of a folder or the nearest ids of products.

    Attributes:
        details: what a report shows beside the line, where one line cannot say all of it.
        instead: the file that was likely meant in place of `path`, as the reader would name it, or None; whoever knows
            the command can say it once more with that file.
    """

    details: Any = None
    instead: Path | str | None = None

    def __init__(
        self,
        problem: str,
        *,
        hint: str = "",
        path: Path | str | None = None,
        line: int | None = None,
        candidates: Iterable[str] = (),
    ) -> None:
        self.problem = problem
        self.hint = hint
        self.path = path
        self.line = line
        self.candidates = tuple(candidates)
        place = "" if path is None else f"{path}: " if line is None else f"{path}:{line}: "
        super().__init__(f"{place}{problem}" + (f"; {hint}" if hint else ""))


class UsageError(VmxtoolError):
    """The request cannot be carried out as it was made."""


class NoVm(UsageError):
    """No config of a VM lies in the folder."""


class InputError(VmxtoolError):
    """A file cannot be read as what it should be.

    Args:
        path: the file, as the reader knows it.
        problem: what is wrong, as a clause without a full stop.
        remedy: what to do about it, as a clause without a full stop.
        line: 1-based line number, where one line is to blame.
    """

    def __init__(self, path: Path | str, problem: str, remedy: str = "", line: int | None = None) -> None:
        super().__init__(problem, hint=remedy, path=path, line=line)


class KnowledgeError(VmxtoolError):
    """A data file that ships with vmxtool is broken; the message names file, row and column."""


class WriteError(VmxtoolError):
    """Writing was refused or failed; the virtual machine's files are as they were."""


class Interrupted(WriteError):
    """A rewrite of this virtual machine, or the undo of one, was cut short and has to be settled by an undo.

    Its hint asks for that undo. The modules that write know folders and not how the reader named the VM, so the command
    is put to the hint above them.
    """

    def with_command(self, command: str) -> Interrupted:
        """Return the error with the command that its hint asks for at the end of the line, where it can be copied."""
        return Interrupted(self.problem, hint=f"{self.hint}: {command}", path=self.path)
