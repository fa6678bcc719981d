"""The files beside a config, listed once, and which of them are of its VM."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from vmxtool.machine.model import Machine

CONFIG_ENDINGS = (".vmx", ".vmtx")
"""How configs end, in lower case."""
OLD_CONFIG_ENDING = ".cfg"
"""How the oldest products name a config on Linux, and many other programs theirs: what is in the file decides."""


class Folder(Record):
    """A VM's folder and the names in it, spelt as they are and sorted.

    Attributes:
        path: the folder.
        names: what lies in it; nothing where it could not be listed.
        problem: why it could not be listed, in the system's words, or None.
    """

    path: Path
    names: tuple[str, ...]
    problem: str | None = None

    @classmethod
    def list(cls, path: Path) -> Folder:
        """List a folder; where it may not be listed, `problem` says why, since its config may be read all the same."""
        try:
            return cls(path, tuple(sorted(os.listdir(path))))  # noqa: PTH208 names alone are wanted
        except OSError as error:
            return cls(path, (), (error.strerror or "cannot be listed").lower())

    def size(self, most: int) -> int | None:
        """Return the bytes of the files that lie in the folder itself, or None where it cannot be looked into.

        Args:
            most: files to look at; where there are more, None is returned.
        """
        try:
            with os.scandir(self.path) as entries:
                found = [it.stat(follow_symlinks=False).st_size for it in islice(entries, most) if it.is_file()]
        except OSError:
            return None
        return sum(found) if len(found) < most else None

    def find(self, name: str) -> str | None:
        """Return the spelling of a name that lies in the folder in any case, or None."""
        if name in self.names:
            return name
        wanted = name.lower()
        return next((found for found in self.names if found.lower() == wanted), None)

    def owned(self, stems: Iterable[str]) -> tuple[str, ...]:
        """Return the files of a VM in a folder that other VMs may share.

        A file is of the VM whose config or disk begins its name, the longest one where several do: beside `db.vmx` and
        `db2.vmx`, `db-000001.vmdk` is of the first and `db2.vmdk` of the second.

        Args:
            stems: names of the VM's own files without their endings.
        """
        own = {stem.lower() for stem in stems if stem}
        folded = [(name, name.lower()) for name in self.names]
        configs = {low.rpartition(".")[0] for _, low in folded if low.endswith(CONFIG_ENDINGS)}
        found = []
        for name, low in folded:
            longest = _longest(low, own)
            if longest and longest >= _longest(low, configs):
                found.append(name)
        return tuple(found)


def folder_of(vm: Machine) -> Folder:
    """Return the folder of a VM as it was when the VM was read."""
    found: Folder | None = vm.memo.get(Folder)
    if found is None:
        found = vm.memo[Folder] = Folder.list(vm.config.folder)
    return found


def stem_of(name: str) -> str:
    """Return the last part of a path of any host, without its ending: "db" for `[store] vm/db.vmdk`."""
    last = _files.last_part(name)
    return last.rpartition(".")[0] or last


def _longest(name: str, stems: AbstractSet[str]) -> int:
    """Return the length of the longest stem that begins a name; 0 where none does."""
    # The beginnings of a name are few, and the stems may be as many as a datastore has VMs.
    for end in range(len(name), 0, -1):
        # "db" begins db.vmdk, db-flat.vmdk and "db 2.vmdk", and has nothing to do with db2.vmdk.
        if not name[end : end + 1].isalnum() and name[:end] in stems:
            return end
    return 0
