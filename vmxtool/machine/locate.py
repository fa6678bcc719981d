"""Find the one config file of a VM, and refuse what is not one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError, UsageError
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

_CONFIG_SUFFIXES = (".vmx", ".vmtx")
_BUNDLE_SUFFIX = ".vmwarevm"
_MARKS = ("config.version", "virtualhw.version", "guestos", "displayname", "memsize", "encryption.keysafe")
_SNIFF_BYTES = 4096


def find_config(path: Path) -> Path:
    """The config file meant by a path: the file itself, or the only one in a folder or Fusion bundle.

    Raises:
        UsageError: there is no config, or more than one, which are then named.
        InputError: the path does not exist or the system does not let us look.
    """
    try:
        if not path.is_dir():
            return path
        entries = sorted(entry.name for entry in os.scandir(path) if not entry.name.startswith("."))
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        raise InputError(path, reason, "check your rights to the folder") from None
    configs = [path / name for name in entries if name.lower().endswith(_CONFIG_SUFFIXES)]
    configs += [path / name for name in entries if name.lower().endswith(".cfg") and _looks_like_config(path / name)]
    if not configs:
        bundles = [path / name for name in entries if name.lower().endswith(_BUNDLE_SUFFIX)]
        if len(bundles) == 1:
            return find_config(bundles[0])
        raise UsageError(f"{path}: no .vmx, .vmtx or .cfg file here; name the config file or the VM's folder")
    if len(configs) > 1:
        names = ", ".join(config.name for config in configs)
        raise UsageError(f"{path}: {len(configs)} configs here ({names}); name the one you mean")
    return configs[0]


def read_config(path: Path) -> Document:
    """Read a config file.

    Raises:
        InputError: it cannot be read, or it is something else: a disk, an archive, a text without settings.
    """
    document = Document.read(path)
    if any(mark in document for mark in _MARKS):
        return document
    head = _files.read_range(path, 0, _SNIFF_BYTES)
    raise InputError(path, _what_it_is(head, document), "name the VM's .vmx file")


def _what_it_is(head: bytes, document: Document) -> str:
    if not head:
        return "the file is empty"
    if head[:4] in {b"KDMV", b"COWD"} or b"# Disk DescriptorFile" in head[:512]:
        return "this is a virtual disk, not a config"
    if b"\x00" in head:
        return "this is a binary file, not a config"
    if head.lstrip()[:1] == b"<":
        return "this is XML, not a config"
    if document.unknown:
        return f"line {document.unknown[0]} is not a setting, and no line says what VM this is, so not a config"
    return "no line says what VM this is (virtualHW.version, config.version, guestOS), so not a config"


def _looks_like_config(path: Path) -> bool:
    try:
        head = _files.read_range(path, 0, _SNIFF_BYTES)
    except InputError:
        return False
    document = Document.parse(head, path.name)
    return any(mark in document for mark in _MARKS)
