"""Which rewrites a VM's folder has seen, and which of them an undo takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from vmxtool.errors import InputError, UsageError, WriteError
from vmxtool.machine.locate import find_config
from vmxtool.rewriter import journal, target
from vmxtool.rewriter.undo import undo

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from vmxtool.rewriter.journal import JournalInfo
    from vmxtool.rewriter.undo import Undone

_CONFIG = "config"


class Place(NamedTuple):
    """A VM's folder, and the name of the config that was meant; None where the folder alone was named."""

    folder: Path
    config: str | None


class TakenBack(NamedTuple):
    """An undo: what it did, and what the rewrite had said of itself."""

    undone: Undone
    about: Mapping[str, str]


def find_place(path: Path) -> Place:
    """The folder whose rewrites are meant: that of a config, whose links are followed, or a folder with rewrites.

    Raises:
        UsageError: no VM is there, or several without any rewrite.
        InputError: the path does not exist.
        WriteError: what has the name of the folder of journals is none.
    """
    try:
        config = find_config(path)
    except UsageError:
        if path.is_dir() and journal.has_store(path):
            return Place(target.real(path), None)
        # A crash may have cost the config its name; the journal beside it still has its bytes.
        if not path.exists() and journal.has_store(path.parent):
            return Place(target.real(path.parent), path.name)
        raise
    real = target.real(config)
    if not real.exists() and not journal.has_store(real.parent):
        raise InputError(path, "no such file or directory", "name the VM's config or its folder")
    return Place(real.parent, real.name)


def rewrites(place: Place) -> tuple[JournalInfo, ...]:
    """The rewrites of the VM, or of all VMs in the folder where none was named, oldest first.

    Those among the folder's newest `journal.MAX_LISTED`.

    Raises:
        WriteError: what has the name of the folder of journals is none.
    """
    return tuple(info for info in journal.journals(place.folder) if _is_of(info, place))


def take_back(place: Place) -> TakenBack:
    """Undo the unfinished rewrite, or else the last one that was not undone yet.

    Raises:
        Interrupted: it had to stop half-way; calling it again goes on.
        WriteError: there is none, it was of another VM in the folder, or a file was changed since; nothing was changed.
    """
    due = journal.due(place.folder)
    info = None if due is None else journal.look(place.folder, *due)
    if info is not None and not _is_of(info, place):
        other = info.about[_CONFIG]
        raise WriteError(f"{place.folder}: the last rewrite here was of {other}; undo that first")
    undone = undo(place.folder)
    return TakenBack(undone, info.about if info is not None else {})


def _is_of(info: JournalInfo, place: Place) -> bool:
    # A journal that cannot be read does not say whose it is, and concerns everybody.
    return place.config is None or info.about.get(_CONFIG, place.config) == place.config
