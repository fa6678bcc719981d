"""Real configs as VMs that can be rewritten: each in a folder of its own, with stand-ins for the disks it names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from peers import CORPUS

from vmxtool._files import last_part
from vmxtool.errors import InputError
from vmxtool.machine.read import read_machine
from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import RemoveKey, apply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.machine.model import Drive, Machine

_DISK = """# Disk DescriptorFile
version=1
CID=12345678
parentCID=ffffffff
createType="monolithicFlat"

RW 2048 FLAT "{extent}" 0

# The Disk Data Base
#DDB

ddb.virtualHWVersion = "{version}"
ddb.geometry.cylinders = "2"
ddb.geometry.heads = "16"
ddb.geometry.sectors = "63"
ddb.adapterType = "{adapter}"
"""


def as_found() -> Iterator[Machine]:
    """Every real config that says what VM it is, as it lies there: without its disks."""
    for path in sorted((CORPUS / "vmx").iterdir()):
        try:
            yield read_machine(path)
        except InputError:
            continue  # a template, which says no more than a few settings


def at_rest(scratch: Path) -> Iterator[Machine]:
    """The same VMs as if they had been shut down, each with stand-ins for its disks, in a folder below `scratch`."""
    for vm in as_found():
        folder = scratch / vm.config.path.stem
        folder.mkdir()
        for drive in vm.disks:
            _make_disk(folder, drive, vm.hardware.version)
        document = apply(Document.parse(bytes(vm.config.document), vm.config.file), [RemoveKey("checkpoint.vmState")])
        config = folder / vm.config.file
        config.write_bytes(bytes(document))
        yield read_machine(config)


def _make_disk(folder: Path, drive: Drive, version: int | None) -> None:
    name = last_part(drive.file) if drive.file is not None else ""
    if not name:
        return
    extent = folder / f"{name}.data"
    extent.touch()
    os.truncate(extent, 2048 * 512)
    adapter = "ide" if drive.bus in {"ide", "sata"} else "lsilogic"
    text = _DISK.format(extent=extent.name, version=version, adapter=adapter)
    # The name may be one of another host's path; then the file beside the config is the one that is read.
    (folder / name).write_bytes(text.encode())
