"""Paths of the files to change: follow links, stay inside the VM's folder, check that the file may be written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.errors import WriteError
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.rewriter.journal import file_ops

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmxtool.rewriter.journal.file_ops import Attributes

_ANY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH


class Target(Record):
    """A file to change.

    Attributes:
        name: its name as the journal has it: relative to the VM's folder, with forward slashes.
        path: where it lies, symbolic links followed.
    """

    name: str
    path: Path


def real(path: Path) -> Path:
    """Return a path with all symbolic links followed, whether or not anything is there."""
    return Path(os.path.realpath(path))


def locate(folder: Path, path: Path, trusted: Iterable[Path] = ()) -> Target:
    """Follow a path to the file that it means.

    Args:
        folder: the VM's folder, itself without symbolic links.
        path: the file, or a link to it.
        trusted: links inside the folder that may lead out of it, because the user named them.

    Raises:
        WriteError: the file lies outside the VM's folder, or among the journals.
    """
    found = real(path)
    if found.is_relative_to(folder) and found != folder:
        name = _spelt(found).relative_to(folder).as_posix()
        found = folder / name
    else:
        # Its name has to lie in the folder all the same: a journal holds no other names.
        link = real(path.parent) / path.name
        if not link.is_relative_to(folder) or found not in {real(item) for item in trusted}:
            raise WriteError(f"{path}: it lies outside the VM's folder, at {found}; move it in or change it there")
        name = link.relative_to(folder).as_posix()
        found = _spelt(found)
    if name.split("/", 1)[0].casefold() == JOURNAL_FOLDER:
        raise WriteError(f"{path}: the files in {JOURNAL_FOLDER} are vmxtool's own and no part of the VM")
    return Target(name, found)


def check(target: Target, *, in_place: bool) -> Attributes:
    """Find out whether a file may be changed, before anything is; gives its attributes.

    Raises:
        WriteError: it is not a regular file, it or its folder is marked read-only, or it has a second name and would
            be changed in place, which would change it under that name too.
        OSError: the system does not let us.
    """
    path = target.path
    found = file_ops.status(path)
    if found is None:
        raise WriteError(f"{path}: the file is missing; put it back")
    if not stat.S_ISREG(found.st_mode):
        raise WriteError(f"{path}: not a regular file; name the file itself")
    if not found.st_mode & _ANY_WRITE:
        raise WriteError(f"{path}: marked read-only; take the mark off if it is to change")
    if in_place and found.st_nlink > 1:
        others = "another name" if found.st_nlink == 2 else f"{found.st_nlink - 1} other names"
        raise WriteError(
            f"{path}: has {others} (hard links), whose content would change too; make it a copy of its own"
        )
    file_ops.check_writable(path)
    if not in_place:
        _check_folder(path.parent)
    return file_ops.attributes(path)


def _check_folder(folder: Path) -> None:
    found = file_ops.status(folder)
    # Windows gives the bit another meaning on folders.
    if os.name != "nt" and found is not None and not found.st_mode & _ANY_WRITE:
        raise WriteError(f"{folder}: the folder is marked read-only; take the mark off if its files are to change")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise WriteError(f"{folder}: no right to write in this folder; get it or run vmxtool as the folder's owner")


def _spelt(path: Path) -> Path:
    """Return the path with its last part as the folder has it.

    This matters where upper and lower case are the same.
    """
    try:
        there = file_ops.names(path.parent)
    except OSError:
        return path
    if path.name in there:
        return path
    same = [name for name in there if name.casefold() == path.name.casefold()]
    return path.with_name(same[0]) if len(same) == 1 and file_ops.status(path) is not None else path
