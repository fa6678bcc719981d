"""The questions of docs/questions.md: console blocks that are run beside sample VMs and small VMs made for them.

Each holds what was printed. `python tests/generate/questions.py` writes the page anew after a change of output;
`test_questions.py` compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from build import copy_vm, disk_lines, make_disk, write_config
from generate.consoles import ROOT, filled

from vmxtool import plan_rewrite

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = ROOT / "docs" / "questions.md"
_GIB = 2**21
"""In sectors."""
_LSI_LOGIC = 'scsi0.virtualDev = "lsilogic"'
_PVSCSI = 'scsi0.virtualDev = "pvscsi"'
_NAT = 'ethernet0.connectionType = "nat"'
_PORT_GROUP = 'ethernet0.networkName = "VM Network"'


def newer(vm: Path) -> None:
    """A VM of ESXi 7.0 Update 2."""
    _write(vm, "Web shop", 19, "debian10-64", "scsi0:0", _PVSCSI, nic=_PORT_GROUP)
    make_disk(vm / "disk.vmdk", "vmfs", adapter="lsilogic", hw=19)


def copied(vm: Path) -> None:
    """A VM of Workstation 14 that was copied to an ESXi host, whose hardware version the host runs."""
    _write(vm, "Till", 14, "ubuntu-64", "scsi0:0", _LSI_LOGIC)
    make_disk(vm / "disk.vmdk", "sparse", sectors=8 * _GIB, adapter="lsilogic", hw=14)


def on_ide(vm: Path) -> None:
    """A VM of Workstation 5 on IDE."""
    _write(vm, "Ledger", 4, "win2000serv", "ide0:0")
    make_disk(vm / "disk.vmdk", "sparse", sectors=4 * _GIB, hw=4)


def lowered_by_hand(vm: Path) -> None:
    """A VM with a SATA disk, whose hardware version somebody has lowered in the config."""
    _write(vm, "Camera", 9, "ubuntu-64", "sata0:0")
    make_disk(vm / "disk.vmdk", "sparse", sectors=8 * _GIB, hw=9)


def broken_chain(vm: Path) -> None:
    """A VM whose parent disk was written to behind its snapshot."""
    _write(vm, "Mail", 16, "centos7-64", "scsi0:0", _LSI_LOGIC, disk="disk-000001.vmdk")
    parent = make_disk(vm / "disk.vmdk", "sparse", sectors=8 * _GIB, adapter="lsilogic", hw=16, cid="5a6b7c8d")
    make_disk(vm / "disk-000001.vmdk", "sparse", sectors=8 * _GIB, adapter="lsilogic", hw=16, parent=parent)
    make_disk(parent, "sparse", sectors=8 * _GIB, adapter="lsilogic", hw=16, cid="e0f1a2b3")


def without_data(vm: Path) -> None:
    """A VM of ESXi, of whose disk the descriptor alone was copied."""
    _write(vm, "Files", 13, "windows8srv-64", "scsi0:0", _PVSCSI, nic=_PORT_GROUP)
    make_disk(vm / "disk.vmdk", "vmfs", adapter="lsilogic", hw=13).with_name("disk-flat.vmdk").unlink()


def locked(vm: Path) -> None:
    """A VM of Workstation 16 beside which a lock lies, held by nobody that it names."""
    _write(vm, "Desk", 19, "debian10-64", "scsi0:0", _LSI_LOGIC)
    make_disk(vm / "disk.vmdk", "sparse", sectors=8 * _GIB, adapter="lsilogic", hw=19)
    lock = vm / "vm.vmx.lck"
    lock.mkdir()
    (lock / "M10001.lck").write_bytes(b"")


MADE: dict[str, Callable[[Path], None]] = {
    "shop": newer,
    "till": copied,
    "ledger": on_ide,
    "camera": lowered_by_hand,
    "mail": broken_chain,
    "files": without_data,
    "locked": locked,
}


def lowered(vm: Path) -> None:
    """Make the rewrite for ESXi 6.7."""
    rewrite = plan_rewrite(vm, target="esxi6.7")
    assert not rewrite.refused
    rewrite.apply()


DONE: dict[str, Callable[[Path], None]] = {"lowered": lowered}


def beside_vms(folder: Path, words: list[str]) -> Path:
    """Put the samples and the small VMs that a block names into a folder, each in a folder of its name.

    A word such as "shop:lowered" says what is done to the VM before.
    """
    for word in words:
        name, _, done = word.partition(":")
        if name in MADE:
            MADE[name](folder / name)
        else:
            copy_vm(ROOT / "samples" / name, folder / name)
        if done:
            DONE[done](folder / name)
    return folder


def _write(
    vm: Path, name: str, hw: int, guest: str, place: str, *lines: str, disk: str = "disk.vmdk", nic: str = _NAT
) -> None:
    write_config(
        vm,
        f'displayName = "{name}"',
        'memsize = "2048"',
        *lines,
        disk_lines(place, disk),
        'ethernet0.present = "TRUE"',
        nic,
        hw=hw,
        guest=guest,
    )


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8"), beside_vms), "utf-8")
