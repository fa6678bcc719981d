"""The VMs that the laws are held against: samples, small ones, real files; with stand-ins for the disks they name."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import copy_vm, give_disks, set_up_corpus_vm
from peers import CORPUS, needs_corpus

import vmxtool
from vmxtool.knowledge.product import HARDWARE, Product
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark import ParameterSet

    from vmxtool.machine.model import Machine

SAMPLES = Path(__file__).parents[2] / "samples"
SMALL = Path(__file__).parent / "small"
"""Configs of VMs that no collection has: of Workstation 2 and 3, of odd figures, of guests without a known driver."""
CONFIGS = (".vmx", ".vmtx", ".cfg")

_SAYS_WHAT_IT_IS = (b"virtualhw.version", b"config.version", b"guestos")
# What decides whether a product may take a VM as it is.
_TAKES = ("generation", "runs_min", "runs_max", "runs_except", "disk_buses", "readable_formats", "arrives_by")


@dataclass(frozen=True)
class Source:
    """One VM of a collection: the config, or the folder that holds it and its disks."""

    collection: str
    path: Path

    @property
    def id(self) -> str:
        return f"{self.collection}/{self.path.stem if self.path.is_file() else self.path.name}"

    def set_up(self, folder: Path) -> Path:
        """Copy the VM into a folder, with all the disks that it names there, and return what to inspect."""
        if self.path.is_dir():
            return copy_vm(self.path, folder)
        config = set_up_corpus_vm(self.path, folder)
        give_disks(vmxtool.inspect(config))
        return config

    def set_up_bare(self, folder: Path) -> Path:
        """Copy the VM into a folder without any of its disks, and return what to inspect."""
        if self.path.is_file():
            folder.mkdir()
            return Path(shutil.copyfile(self.path, folder / "vm.vmx"))
        found = self.set_up(folder)
        for path in folder.rglob("*.vmdk*"):
            path.unlink()
        return found


class Copies:
    """One VM in a scratch folder: with its disks, and without them."""

    def __init__(self, source: Source, folder: Path) -> None:
        """Name the VM and the folder; nothing is written before it is asked for."""
        self.source, self.folder = source, folder

    @cached_property
    def vm(self) -> Machine:
        """The VM with its disks."""
        return vmxtool.inspect(self.source.set_up(self.folder / "whole"))

    @cached_property
    def bare(self) -> Machine:
        """The VM without them."""
        return vmxtool.inspect(self.source.set_up_bare(self.folder / "bare"))


def sources() -> Iterator[Source]:
    """Every VM of the samples and of the collections of real files that are there."""
    for path in sorted(SAMPLES.iterdir()):
        if path.is_dir():
            yield Source("samples", path)
    for path in sorted(SMALL.glob("*.vmx")):
        yield Source("small", path)
    for collection in ("vmx", "libvirt"):
        for path in sorted((CORPUS / collection).glob("*.vmx")):
            if any(word in path.read_bytes().lower() for word in _SAYS_WHAT_IT_IS):
                yield Source(collection, path)
    for path in sorted((CORPUS / "threads").glob("*")):
        if any(file.suffix in CONFIGS for file in path.glob("*")):
            yield Source("threads", path)


def every_vm() -> list[ParameterSet]:
    """The VMs as parameters of a test; where the real files are absent, one that is skipped stands for them."""
    real = (pytest.mark.corpus, needs_corpus)
    found = [
        pytest.param(it, id=it.id, marks=() if it.collection in {"samples", "small"} else real) for it in sources()
    ]
    return found if CORPUS.is_dir() else [*found, pytest.param(Source("vmx", CORPUS), id="real files", marks=real)]


def kinds_of_product() -> list[Product]:
    """The first of the products that take a VM alike: of the same hardware, buses and formats, in the same way."""
    alike: dict[tuple[object, ...], Product] = {}
    for product in products().values():
        alike.setdefault(tuple(getattr(product, name) for name in _TAKES), product)
    return list(alike.values())


def is_place(product: Product) -> bool:
    """Whether it is a product on a host, and not a bare hardware version."""
    return product.family != HARDWARE
