"""Write small VMs to disk, and read them."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Drive, Machine

SAMPLES = Path(__file__).parents[2] / "samples"
CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"

_NOBODY = 65534

SCSI_DISK = ('scsi0.present = "TRUE"', 'scsi0:0.present = "TRUE"', 'scsi0:0.fileName = "disk.vmdk"')
IDE_DISK = ('ide0:0.present = "TRUE"', 'ide0:0.fileName = "disk.vmdk"')


def write(folder: Path, *lines: str, name: str = "vm.vmx", hw: int | None = 9, files: tuple[str, ...] = ()) -> Path:
    """A config of some lines behind the usual first two, with empty files (or folders: "name/") beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    head = ['config.version = "8"', *([] if hw is None else [f'virtualHW.version = "{hw}"'])]
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in (*head, *lines)).encode())
    for file in files:
        beside = folder / file
        beside.parent.mkdir(parents=True, exist_ok=True)
        if file.endswith("/"):
            beside.mkdir()
        else:
            beside.touch()
    return path


def read(folder: Path, *lines: str, name: str = "vm.vmx", hw: int | None = 9, files: tuple[str, ...] = ()) -> Machine:
    """The VM that such a config makes."""
    return read_machine(write(folder, *lines, name=name, hw=hw, files=files))


def only(vm: Machine) -> Drive:
    """The one drive of a VM."""
    (drive,) = vm.drives
    return drive


def descriptor(
    *, cid: str = "0000000a", parent: str = "ffffffff", hint: str = "", kind: str = "monolithicFlat"
) -> bytes:
    """A disk descriptor of one flat extent of 2048 sectors, which need not be there."""
    named = f'parentFileNameHint="{hint}"\n' if hint else ""
    return (
        f'# Disk DescriptorFile\nversion=1\nCID={cid}\nparentCID={parent}\ncreateType="{kind}"\n{named}\n'
        f'RW 2048 FLAT "disk-flat.vmdk" 0\n\nddb.adapterType = "lsilogic"\nddb.virtualHWVersion = "9"\n'
    ).encode()


def places(evidence: tuple[Evidence, ...]) -> list[str]:
    """Evidence as a reader sees it."""
    return [str(place) for place in evidence]


@contextmanager
def as_a_user_without_rights() -> Iterator[None]:
    """Root may look everywhere, so for root the process becomes nobody for a while."""
    if os.name != "posix":
        pytest.skip("rights of this kind are POSIX's")
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(_NOBODY)
    except OSError:
        pytest.skip("this root cannot become another user")
    try:
        yield
    finally:
        os.seteuid(0)


def open_to_all(folder: Path) -> None:
    """Let any user reach one of pytest's folders."""
    for one in (folder, *folder.parents[:2]):
        if one.stat().st_uid == os.geteuid():
            one.chmod(0o755)
