"""The disks that other VMs in the same folder name: a disk has one adapter and one owner."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from vmxtool._files import is_inside, last_part
from vmxtool.errors import InputError
from vmxtool.machine.folder import CONFIG_ENDINGS, OLD_CONFIG_ENDING
from vmxtool.machine.locate import read_config
from vmxtool.vmdk.paths import identity_of
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from vmxtool.machine.model import Drive, Machine

UNREAD = ""  # in the place of a disk's name: a config that was not read
_MOST_BYTES = 16 * 2**20  # thousands of usual configs
_NAME_KEYS = (".filename", ".name")


def disks_of_others(vm: Machine) -> Mapping[str, str]:
    """Return the disks that other configs beside a VM's name, in lower case and without folders, each with its config.

    Read anew each time, since a config may have come since. A file that lies there under several names is read once.
    Where the configs are too many to read, the first that was not read stands under `UNREAD`.
    """
    found: dict[str, str] = {}
    unread = None
    for path, read in _each_once(_other_configs(vm)):
        if not read:
            unread = path.name
            break
        try:
            document = read_config(path)
        except InputError:
            continue
        for key in document:
            if fold(key).endswith(_NAME_KEYS) and ":" in key:
                found.setdefault(last_part(document[key]).lower(), path.name)
    found.pop("", None)
    return found if unread is None else found | {UNREAD: unread}


def _each_once(configs: Iterable[Path]) -> Iterator[tuple[Path, bool]]:
    """Yield configs, each file once, and whether it is to be read: up to as many bytes as no folder of VMs comes to."""
    seen: set[tuple[int, int]] = set()
    size = 0
    for path in configs:
        try:
            status = path.stat()
        except OSError:
            continue
        identity = status.st_dev, status.st_ino
        if identity not in seen:
            seen.add(identity)
            size += status.st_size
            yield path, size <= _MOST_BYTES


def owner_of(drive: Drive, others: Mapping[str, str]) -> str | None:
    """Return the other config that has the same disk or, not being read, may have it.

    `others` is from `disks_of_others`.
    """
    name = drive.found.path.name if drive.found is not None and drive.found.path is not None else drive.file or ""
    return others.get(name.lower(), others.get(UNREAD))


def twin_of(vm: Machine, drive: Drive) -> Drive | None:
    """Return another drive of the VM that names the same disk, or None."""
    path = drive.found.path if drive.found is not None else None
    if path is None or len(vm.disks) < 2:
        return None
    return next((it for it in vm.disks if it.id != drive.id and _is_at(it, path)), None)


def _is_at(drive: Drive, path: Path) -> bool:
    other = drive.found.path if drive.found is not None else None
    return other is not None and identity_of(other) == identity_of(path) is not None


def _other_configs(vm: Machine) -> Iterator[Path]:
    try:
        beside = sorted(os.listdir(vm.config.folder))  # noqa: PTH208 names alone are wanted
    except OSError:
        return  # a rule of its own reports a folder that cannot be listed
    for name in beside:
        if (
            not name.lower().endswith((*CONFIG_ENDINGS, OLD_CONFIG_ENDING))
            or name.startswith(".")
            or name == vm.config.path.name
        ):
            continue
        path = vm.config.folder / name
        # What a link leads to outside the folder is opened for no other VM than the one that was named.
        if not path.is_symlink() or is_inside(vm.config.folder, path):
            yield path
