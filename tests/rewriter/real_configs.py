"""Real configs as VMs that can be rewritten: each copied to a folder of its own, with or without stand-ins for disks.

The corpus is marked read-only, which a copy is not: what is marked so is not rewritten.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from build import give_disks
from peers import CORPUS

from vmxtool.errors import InputError
from vmxtool.machine.read import read_machine
from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import RemoveKey, apply

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.machine.model import Machine


def as_found(scratch: Path) -> Iterator[Machine]:
    """Every real config that says what VM it is, without its disks, each in a folder below `scratch`."""
    for path in sorted((CORPUS / "vmx").iterdir()):
        copy = scratch / path.stem / path.name
        copy.parent.mkdir()
        shutil.copyfile(path, copy)
        try:
            yield read_machine(copy)
        except InputError:
            continue  # a template, which says no more than a few settings


def at_rest(scratch: Path) -> Iterator[Machine]:
    """The same VMs as if they had been shut down, each with stand-ins for its disks, in a folder below `scratch`."""
    for vm in as_found(scratch):
        give_disks(vm, hw=vm.hardware.version)
        document = apply(Document.parse(bytes(vm.config.document), vm.config.file), [RemoveKey("checkpoint.vmState")])
        vm.config.path.write_bytes(bytes(document))
        yield read_machine(vm.config.path)
