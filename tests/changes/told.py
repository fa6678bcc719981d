"""What a rewrite tells, by key: what becomes of a setting, the entries of disks that change, the names of refusals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.vmx.document import Document
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from vmxtool import Rewrite


def lines(made: Rewrite) -> dict[str, str | None]:
    """The new line of every setting that changes, by the key that it has now; None where it goes."""
    assert not made.refused, made.refused
    return {change.key: change.after for change in made.changes if change.file == made.machine.config.file}


def settings(made: Rewrite) -> dict[str, str | None]:
    """What becomes of every setting that changes: its new name where it gets one, else its new value or None."""
    return {key: _outcome(key, line) for key, line in lines(made).items()}


def entries(made: Rewrite) -> list[tuple[str, str, str]]:
    """The entries of disk descriptors that change: file, key, and the new line."""
    assert not made.refused, made.refused
    on_disks = (change for change in made.changes if change.file != made.machine.config.file)
    return [(change.file, change.key, change.after or "") for change in on_disks]


def reasons(made: Rewrite) -> list[str]:
    """The names of the findings that refuse it."""
    return [reason.name for reason in made.refused]


def manual(made: Rewrite) -> str:
    """All that remains for the person."""
    return " ".join(fix.text for fix in made.manual)


def missing_options(made: Rewrite) -> str:
    """The options that a rewrite was not given, as its one refusal names them."""
    assert reasons(made) == ["not-asked-for"], made.refused
    (reason,) = made.refused
    assert reason.code == "VMX092"
    assert reason.fix is not None
    return reason.fix.text.partition(" say ")[2].removesuffix(" too")


def _outcome(key: str, line: str | None) -> str | None:
    if line is None:
        return None
    document = Document.parse(line.encode(), "line")
    (name,) = document
    return document[name] if fold(name) == fold(key) else name
