"""Which files of a folder are of a VM where several VMs share it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.machine.folder import Folder

STEMS = st.text("abB12 -_.", max_size=6)
NAMES = st.builds("{}{}".format, STEMS, st.sampled_from(("", ".vmx", ".VMX", ".vmtx", ".vmdk", "-flat.vmdk", ".lck")))


def begins(stem: str, name: str) -> bool:
    """What "a stem begins a name" means, said once more and slowly."""
    stem, name = stem.lower(), name.lower()
    return bool(stem) and name.startswith(stem) and not name[len(stem) : len(stem) + 1].isalnum()


@given(names=st.lists(NAMES, max_size=12, unique=True), own=st.lists(STEMS, max_size=3))
def test_a_file_is_of_the_vm_whose_name_begins_it_at_the_greatest_length(names: list[str], own: list[str]) -> None:
    others = [name.rpartition(".")[0] for name in names if name.lower().endswith((".vmx", ".vmtx"))]
    wanted = []
    for name in names:
        ours = max((len(stem) for stem in own if begins(stem, name)), default=0)
        theirs = max((len(stem) for stem in others if begins(stem, name)), default=0)
        if ours and ours >= theirs:
            wanted.append(name)

    assert list(Folder(Path(), tuple(names)).owned(own)) == wanted


@pytest.mark.parametrize(
    ("names", "own", "found"),
    [
        (("db-000001.vmdk", "db.vmx", "db2.vmdk", "db2.vmx"), ["db"], ("db-000001.vmdk", "db.vmx")),
        (("db-000001.vmdk", "db.vmx", "db2.vmdk", "db2.vmx"), ["db2"], ("db2.vmdk", "db2.vmx")),
        (("db 2.vmdk", "db 2.vmx", "db.vmx"), ["db"], ("db.vmx",)),
        (("DB.vmdk", "Db.vmx"), ["dB"], ("DB.vmdk", "Db.vmx")),
        ((".vmx", "db.vmdk"), ["", "db"], ("db.vmdk",)),
    ],
)
def test_files_of_neighbours(names: tuple[str, ...], own: list[str], found: tuple[str, ...]) -> None:
    assert Folder(Path(), names).owned(own) == found
