"""A VM of a product that nobody has seen: what is asked about where a product is named and no VM lies there."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.knowledge.products import is_smp_edition, products
from vmxtool.knowledge.runs import first_version
from vmxtool.machine.model import (
    Config,
    Cpu,
    Drive,
    Guest,
    Hardware,
    Machine,
    OriginCandidate,
    Power,
)
from vmxtool.machine.snapshot_model import Snapshots
from vmxtool.rules.judging import files_of
from vmxtool.rules.state import DiskState, VmState
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from vmxtool.rules.case import Files
    from vmxtool.rules.state import DiskFormat

_DISK = "scsi0:0"
_MEMORY_MIB = 256


def native_format(product_id: str) -> DiskFormat:
    """Return the format of the disks that a product writes."""
    written = products()[product_id].native_formats
    return "esx" if written == {"esx"} else "legacy" if written == {"legacy"} else "hosted"


@lru_cache(maxsize=4096)
def plain_vm(
    product_id: str, version: int | None = None, form: DiskFormat | None = None, *, has_disk: bool = True
) -> tuple[Files, VmState]:
    """Return the plainest VM of a product, as if it had been read: one SCSI disk, one processor, nothing in its way.

    One of a product with Virtual SMP has two processors.

    Args:
        product_id: the product that has it.
        version: its hardware version; that of the product's new VMs where it is left out.
        form: the format of its disk; the product's own where it is left out.
        has_disk: whether it has one.
    """
    product = products()[product_id]
    vcpus = 2 if is_smp_edition(product_id) else 1
    number = first_version(product) if version is None else version
    text = f'virtualHW.version = "{number}"\n'
    config = Config(Path("vm.vmx"), "vm.vmx", Document.parse(text.encode(), "vm.vmx"), None)
    machine = Machine(
        path=Path("vm.vmx"),
        name=f"a VM of {product.name}, not seen",
        config=config,
        hardware=Hardware(number, None),
        origin=(OriginCandidate(product_id, 1.0, ()),),
        guest=Guest(None, None, None),
        cpu=Cpu(vcpus, 1),
        memory_mib=_MEMORY_MIB,
        firmware="bios",
        secure_boot=False,
        tpm=False,
        controllers=(),
        drives=(Drive(_DISK, "scsi", 0, "disk", None, "persistent", connected=True),) if has_disk else (),
        nics=(),
        snapshots=Snapshots(present=False, current=None, tree=(), needs_consolidation=False),
        power=Power("off"),
        encryption="none",
    )
    state = VmState(
        holder=product_id,
        arrived=True,
        version=number,
        vcpus=vcpus,
        memory_mib=_MEMORY_MIB,
        nics=0,
        guest=None,
        disks=(DiskState(_DISK, "scsi", native_format(product_id) if form is None else form),) if has_disk else (),
    )
    return replace(files_of(machine), seen=False), state
