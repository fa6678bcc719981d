"""Find the folder of a VM, list its rewrites, and undo the last one or a part of it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool._files import is_inside
from vmxtool._record import Record
from vmxtool.errors import InputError, Interrupted, UsageError, WriteError
from vmxtool.machine.locate import as_named, find_config, read_config
from vmxtool.machine.read import read_machine
from vmxtool.rewriter.journal import paths, store
from vmxtool.rewriter.journal.refusal import ChangedSince
from vmxtool.rewriter.journal.undo import bytes_before, undo
from vmxtool.rules.commands import in_a_sentence, vmxtool_at
from vmxtool.rules.registry import findings_of
from vmxtool.rules.snapshots import older_disk_attached

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.journal.store import JournalInfo
    from vmxtool.rewriter.journal.undo import RestoredFiles
    from vmxtool.rules.commands import Argv

_CONFIG = "config"


_SNAPSHOT_SINCE = (
    "the VM has a snapshot now: its old config names the disks from before it, and starting the VM with them makes the "
    "snapshot worthless"
)


class JournalFolder(Record):
    """A folder with journals.

    Attributes:
        folder: the folder, symbolic links followed.
        config: the name of the config that the user named; None where it was the folder alone.
        asked: the path as the user gave it.
    """

    folder: Path
    config: str | None
    asked: Path


class UndoResult(Record):
    """The result of `undo_last`.

    Attributes:
        undone: what the undo did.
        about: what the journal says about the rewrite.
        name: the VM's name as its config gives it now; None where that cannot be read.
        path: its config, or else its folder, in the words of the user.
        copied: the rewrite was made in another folder, of which this one is a copy; see `JournalInfo`.
        then: where files are left that an undo can restore, the command that does, else none.
        warnings: what the VM must not be started with, as it is now.
        asked: the path as the user gave it.
    """

    undone: RestoredFiles
    about: Mapping[str, str]
    name: str | None
    path: Path
    copied: bool
    then: Argv
    warnings: tuple[str, ...] = ()
    asked: Path = Path()


def find_vm_folder(path: Path) -> JournalFolder:
    """Find the VM's folder that a path names: the folder of a config, links followed, or a folder with journals.

    Raises:
        UsageError: no VM is there, or several without any rewrite.
        InputError: the path does not exist.
        WriteError: what has the name of the folder of journals is none.
    """
    try:
        config = find_config(path)
    except UsageError:
        if path.is_dir() and store.has_store(path):
            return JournalFolder(paths.real(path), None, path)
        # A crash may have cost the config its name; the journal beside it still has its bytes.
        if not path.exists() and store.has_store(path.parent):
            return JournalFolder(paths.real(path.parent), path.name, path)
        raise
    real = paths.real(config)
    if not real.exists() and not store.has_store(real.parent):
        raise InputError(path, "no such file or directory", "name the VM's config or its folder")
    return JournalFolder(real.parent, real.name, path)


def rewrites(place: JournalFolder) -> tuple[JournalInfo, ...]:
    """Return the rewrites of the VM, or of all VMs in the folder where none was named, oldest first.

    Those among the folder's newest `store.MAX_LISTED`.

    Raises:
        WriteError: what has the name of the folder of journals is none.
    """
    return tuple(info for info in store.journals(place.folder) if _is_of(info, place))


def undo_last(place: JournalFolder, only: Sequence[str] = ()) -> UndoResult:
    """Undo the unfinished rewrite, or else the last one that was not undone yet; or some of its files.

    Args:
        place: the VM's folder.
        only: the files, by their names in the journal; all of them where none is named.

    Raises:
        Interrupted: it had to stop half-way; calling it again goes on. The message ends with the command.
        UsageError: the rewrite did not change a file that is named.
        ChangedSince: a file was changed since; nothing was changed.
        WriteError: there is no rewrite to undo, it was of another VM in the folder, or it cannot be undone.
    """
    info = _due(place)
    about = info.about if info is not None else {}
    words = [word for name in only for word in ("--only", name)]
    try:
        undone = undo(place.folder, only=only)
    except Interrupted as error:
        raise error.with_command(in_a_sentence(vmxtool_at(place.asked, "undo", *words))) from None
    except ChangedSince as error:
        vm = _read(place, about)
        warnings = (_SNAPSHOT_SINCE,) if vm is not None and vm.snapshots.present else ()
        raise error.with_commands(place.asked, *_vm(place, about), warnings) from None
    then = vmxtool_at(place.asked, "undo") if len(undone.left) > len(undone.changed) else ()
    copied = info is not None and info.copied
    vm = _read(place, about)
    older = findings_of(older_disk_attached, vm) if vm is not None else []
    warned = tuple(item.message for item in older)
    return UndoResult(undone, about, *_vm(place, about), copied, then, warned, place.asked)


def old_bytes(place: JournalFolder, name: str) -> bytes:
    """Return the content that a file had before the rewrite that an undo would take; nothing is changed.

    Raises:
        UsageError: the rewrite did not change it; or it is a disk, of which the journal holds pieces alone.
        WriteError: there is no rewrite to undo, it was of another VM in the folder, or its journal cannot be read.
    """
    _due(place)
    return bytes_before(place.folder, name)


def _due(place: JournalFolder) -> JournalInfo | None:
    """Return what the journal that an undo takes says of its rewrite; None without one.

    Raises:
        WriteError: the rewrite was of another VM in the folder.
    """
    due = store.due(place.folder)
    info = None if due is None else store.read_info(place.folder, *due)
    if info is not None and not _is_of(info, place):
        raise _other_first(place, info.about[_CONFIG])
    return info


def _read(place: JournalFolder, about: Mapping[str, str]) -> Machine | None:
    """Return the VM as it is now, or None where it cannot be read."""
    name = about.get(_CONFIG, place.config)
    if name is None or not _is_plain(name) or not is_inside(place.folder, place.folder / name):
        return None
    with suppress(InputError, UsageError):
        return read_machine(place.folder / name)
    return None


def _vm(place: JournalFolder, about: Mapping[str, str]) -> tuple[str | None, Path]:
    """Return the name of the VM that was undone and its config, or where that cannot be read, its folder alone."""
    name = about.get(_CONFIG, place.config)
    if name is not None and _is_plain(name) and is_inside(place.folder, place.folder / name):
        config = place.folder / name
        with suppress(InputError):
            return read_config(config).get("displayName") or config.stem, as_named(place.asked, config)
    folder = _folder_as_named(place)
    return None, folder if str(folder) != "." else Path(place.folder.name or place.folder)


def _folder_as_named(place: JournalFolder) -> Path:
    return place.asked if place.asked.is_dir() else place.asked.parent


def _is_plain(name: str) -> bool:
    # A journal that somebody made up does not lead the reader elsewhere.
    return Path(name).name == name != ".."


def _other_first(place: JournalFolder, other: str) -> WriteError:
    hint = "undo that first"
    if _is_plain(other):
        hint += f": {in_a_sentence(vmxtool_at(_folder_as_named(place) / other, 'undo'))}"
    return WriteError(f"the last rewrite here was of {other}", hint=hint, path=place.folder)


def _is_of(info: JournalInfo, place: JournalFolder) -> bool:
    # A journal that cannot be read does not say whose it is, and concerns everybody.
    return place.config is None or info.about.get(_CONFIG, place.config) == place.config
