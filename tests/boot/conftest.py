"""The guests of these tests, each built once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.firmware_guests import make_grub_guest, make_sector_guest
from boot.linux import fetch_kernel

if TYPE_CHECKING:
    from pathlib import Path

    from boot.linux import Kernel


@pytest.fixture(scope="session")
def sector_guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A boot sector that reads by cylinder, head and sector."""
    return make_sector_guest(tmp_path_factory.mktemp("sector"))


@pytest.fixture(scope="session")
def bios_guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A loader that reads by the BIOS, by sector numbers."""
    return make_grub_guest(tmp_path_factory.mktemp("grub"), "biosdisk")


@pytest.fixture(scope="session")
def ide_guest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A guest with a driver for IDE and no other."""
    return make_grub_guest(tmp_path_factory.mktemp("grub"), "pata")


@pytest.fixture(scope="session")
def cloud_kernel(tmp_path_factory: pytest.TempPathFactory) -> Kernel:
    """Debian's kernel for clouds, which has some of VMware's devices."""
    return fetch_kernel("cloud-amd64", tmp_path_factory.mktemp("kernel"))
