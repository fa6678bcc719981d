"""Find the one config file of a VM, and refuse what is not one."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError, NoVm, UsageError
from vmxtool.machine.folder import CONFIG_ENDINGS, OLD_CONFIG_ENDING
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# Without any of these no product takes a file for a VM's config, nor can anything be said about one.
_MARKS = ("config.version", "virtualhw.version", "guestos", "displayname", "memsize", "encryption.keysafe")
_SNIFF_BYTES = 4096
_SNIFFED = 100  # more .cfg files than that are not a VM's
_NAMED = 10
_LOOKED_INTO, _LOOKED_AT = 1000, 10_000  # folders below one that holds no VM, and files in each of them
_REMEDY = "name the VM's .vmx file"


def find_config(path: Path) -> Path:
    """Return the config file meant by a path: the file itself, or the only one that lies in a folder or Fusion bundle.

    Hidden files do not count. A VM further down is never taken, even where it is the only one: the next command might
    write to one that nobody meant. A link is followed out of the folder only where the user named the link itself.

    Raises:
        UsageError: nothing is there, or several configs are, which are then named; or it is a link out of the folder.
        NoVm: the folder holds no config; the VMs in the folders below are named.
        InputError: the system does not let us look.
    """
    try:
        if not path.is_dir():
            if "\x00" not in str(path) and not path.exists() and not path.is_symlink():
                raise UsageError(
                    "there is no such file or folder", path=path, hint="name the VM's folder or its .vmx file"
                )
            return path
        configs = _configs(path)
        if len(configs) == 1:
            _refuse_link_out(configs[0], path)
            return configs[0]
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "cannot be a path").lower()
        raise InputError(path, reason, "check the path and your rights to the folder") from None
    if configs:
        names = [candidate.name for candidate in configs]
        problem = f"{len(names)} VMs lie in this folder ({_listed(names)})"
        raise UsageError(problem, path=path, hint="name the file of the one that you mean", candidates=names)
    below = _vms_below(path)
    if below:
        problem = "no VM lies in this folder itself"
        raise NoVm(problem, path=path, hint=f"name one of those below it: {_listed(below)}", candidates=below)
    from vmxtool.machine.wrong_file import what_a_folder_lacks

    problem, hint = what_a_folder_lacks(path)
    raise NoVm(problem, path=path, hint=hint)


def as_named(asked: Path, config: Path) -> Path:
    """Return the path of a config in the user's words: the path that was given, or the config inside what it names.

    Args:
        asked: the path as the user gave it.
        config: where the config lies, symbolic links followed.
    """
    if not asked.is_dir():
        return asked
    folder = os.path.realpath(asked)
    return asked / (config.relative_to(folder) if config.is_relative_to(folder) else config.name)


def read_config(path: Path) -> Document:
    """Read a config file.

    Raises:
        InputError: it cannot be read, or it is something else: a disk, an archive, a text without settings.
    """
    if "\x00" in str(path):
        raise InputError(str(path).replace("\x00", "\\0"), "a file name cannot have a NUL in it", _REMEDY)
    _refuse_other_kind(path)
    document = Document.read(path)
    if is_config(document):
        return document
    problem, line = _what_it_is(document)
    raise InputError(path, problem, _REMEDY, line)


def is_config(document: Document) -> bool:
    """Return whether a document has any of the settings without which nothing says what VM it is."""
    return any(mark in document for mark in _MARKS)


def _refuse_other_kind(path: Path) -> None:
    """Refuse a file whose name says that it is something else, and whose beginning does not say that it is a config.

    Raises:
        InputError: it is one.
    """
    if path.name.lower().endswith((*CONFIG_ENDINGS, OLD_CONFIG_ENDING)):
        return
    from vmxtool.machine.wrong_file import error_for, kind_of

    what = kind_of(path.name)
    if what is None or _is_head_of_config(_files.read_range(path, 0, _SNIFF_BYTES), path.name):
        return
    configs: list[Path] = []
    with suppress(OSError):
        configs = [config for config in _configs(path.parent) if _is_in(config, path.parent)]
    raise error_for(path, what, configs)


def _configs(folder: Path) -> list[Path]:
    """Return the configs in a folder, sorted.

    Raises:
        OSError: it cannot be listed.
    """
    configs: list[Path] = []
    sniffed = 0
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            low = entry.name.lower()
            if entry.name.startswith(".") or not low.endswith((*CONFIG_ENDINGS, OLD_CONFIG_ENDING)) or entry.is_dir():
                continue
            path = folder / entry.name
            if low.endswith(CONFIG_ENDINGS):
                configs.append(path)
            elif sniffed < _SNIFFED:
                sniffed += 1
                configs += [path] if _is_in(path, folder) and _looks_like_config(path) else []
    return configs


def _vms_below(folder: Path) -> list[str]:
    """Return the folders in a folder that hold a VM, sorted.

    Links are not followed, and only so many folders are looked into.
    """
    found: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        inner = (entry for entry in entries if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False))
        for entry in islice(inner, _LOOKED_INTO):
            with suppress(OSError), os.scandir(entry) as files:
                names = (file.name for file in islice(files, _LOOKED_AT) if not file.name.startswith("."))
                found += [entry.name] if any(name.lower().endswith(CONFIG_ENDINGS) for name in names) else []
    return sorted(found)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def _looks_like_config(path: Path) -> bool:
    try:
        head = _files.read_range(path, 0, _SNIFF_BYTES)
    except InputError:
        return False
    return _is_head_of_config(head, path.name)


def _is_head_of_config(head: bytes, name: str) -> bool:
    # Most such files belong to other programs; the words are looked for before the language is.
    words = head.lower()
    return any(mark.encode() in words for mark in _MARKS) and is_config(Document.parse(head, name))


def _is_in(path: Path, folder: Path) -> bool:
    return not path.is_symlink() or _files.is_inside(folder, path)


def _refuse_link_out(path: Path, folder: Path) -> None:
    if not _is_in(path, folder):
        hint = "name the file that it leads to, if you mean that one"
        raise UsageError("this is a link to a file in another folder", path=path, hint=hint)


def _what_it_is(document: Document) -> tuple[str, int | None]:
    """Return what a file is that is no config, as a clause, and the line that shows it where one does."""
    data = bytes(document)
    for holds, what in (
        (not data, "the file is empty"),
        (data[:4] in {b"KDMV", b"COWD"}, "this is a virtual disk, not a config"),
        (b"# Disk DescriptorFile" in data[:_SNIFF_BYTES], "this is a virtual disk, not a config"),
        (data[:2] in {b"\xff\xfe", b"\xfe\xff"}, "this is text in UTF-16, which VMware does not read"),
        (not data.strip(b"\x00"), "the file has only NULs, as after a crash of its host"),
        (b"\x00" in data, "this is a binary file, not a config"),
        (data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<", "this is XML, not a config"),
        (any(key.startswith("snapshot.") for key in document.folded()), "this is a snapshot database, not a config"),
    ):
        if holds:
            return what, None
    if document.unknown:
        line = document.unknown[0]
        return (
            f"this line is no setting ({document.problem_of_line(line)}), and no other line says what VM this is",
            line,
        )
    return "no line says what VM this is (virtualHW.version, config.version, guestOS), so it is no config", None
