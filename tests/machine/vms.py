"""Configs written and read as they lie there, and what their tests look at."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import write_config

from vmxtool.machine.read import read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Drive, Machine

SAMPLES = Path(__file__).parents[2] / "samples"

_NOBODY = 65534


def write(folder: Path, *lines: str, name: str = "vm.vmx", hw: int | None = 9, files: tuple[str, ...] = ()) -> Path:
    """A config of some lines behind the first two, with empty files (or folders: "name/") beside it."""
    return write_config(folder, *lines, name=name, hw=hw, guest=None, files=files)


def read(folder: Path, *lines: str, name: str = "vm.vmx", hw: int | None = 9, files: tuple[str, ...] = ()) -> Machine:
    """The VM that such a config makes; its disks are there only where the test made them."""
    return read_machine(write(folder, *lines, name=name, hw=hw, files=files))


def only(vm: Machine) -> Drive:
    """The one drive of a VM."""
    (drive,) = vm.drives
    return drive


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
    for one in (folder, *folder.parents[:3]):
        if one.stat().st_uid == os.geteuid():
            one.chmod(0o755)
