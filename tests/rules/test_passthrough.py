"""Devices of the host: the figure of the product and that of the hardware version are one limit, the lower counts.

The figures are those of the vSphere documentation: 16 up to hardware version 19, 128 from 20 on, of which ESXi 8.0
takes 32 and its Update 1 takes 64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import make_vm

from vmxtool import check

if TYPE_CHECKING:
    from pathlib import Path


def _codes(folder: Path, count: int, version: int, target: str) -> set[str]:
    lines = [f'pciPassthru{number}.present = "TRUE"' for number in range(count)]
    vm = make_vm(folder, "\n".join(lines) + "\n", hw=version, guest="ubuntu-64")
    return {item.code for item in check(vm, target).findings}


@pytest.mark.parametrize(
    ("version", "target", "most"),
    [
        (20, "esxi8.0", 32),
        (20, "esxi8.0u1", 64),
        (20, "esxi8.0u2", 128),
        (20, "esx9.0", 128),
        (20, "hw20", 128),
        (20, "esxi7.0", 16),
        (19, "esxi8.0u2", 16),
        (19, "hw19", 16),
    ],
)
def test_as_many_as_host_and_version_hold_and_not_one_more(
    tmp_path: Path, version: int, target: str, most: int
) -> None:
    (tmp_path / "most").mkdir()
    (tmp_path / "more").mkdir()
    assert "DEV702" not in _codes(tmp_path / "most", most, version, target)
    assert "DEV702" in _codes(tmp_path / "more", most + 1, version, target)
