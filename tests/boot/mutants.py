"""Faults put into the rewriter, one at a time: a start has to show each, or another test where QEMU does not look.

`pytest -p boot.mutants` with a mutant's name in VMXTOOL_MUTANT runs any tests with that fault. The rewriter's own proof
would see most of them before a byte is written; it is switched off, so that a start is all that is left.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from vmxtool._record import replace
from vmxtool.changes import buses, guest_work
from vmxtool.changes.model import SLAVE_MOVE, SettingChange
from vmxtool.findings import Safety
from vmxtool.rewriter import edit_descriptor, rewrite
from vmxtool.rewriter.edit_config import edit_config
from vmxtool.rewriter.journal import restore
from vmxtool.rewriter.journal.patch import InPlacePatch, Range

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmxtool.changes.model import Changes

VARIABLE = "VMXTOOL_MUTANT"
_BARE = "tests/boot/test_without_kernel.py::"
_ADAPTERS = f"{_BARE}test_a_guest_that_goes_by_the_bios_starts_behind_every_controller"
_KINDS = f"{_BARE}test_a_guest_starts_from_every_kind_of_disk"
_VERSIONS = f"{_BARE}test_a_guest_starts_on_a_newer_and_an_older_hardware_version"
_CDROM = f"{_BARE}test_a_cdrom_drive_that_was_left_alone_is_master_and_the_guest_starts"
_PREPARED = "tests/boot/test_linux.py::test_a_guest_with_the_module_that_the_step_names_starts_and_has_all_its_data"
_NIC = "tests/boot/test_full.py::test_a_network_adapter_that_is_replaced_keeps_its_address"
_EFI = "tests/boot/test_full.py::test_efi_is_kept"


class Mutant(NamedTuple):
    """A fault.

    Attributes:
        plant: puts it into the rewriter.
        caught_by: the test that fails with it.
        unseen_by: a test of a start that does not, where QEMU takes no notice.
    """

    plant: Callable[[], None]
    caught_by: str
    unseen_by: str | None = None


def pytest_configure() -> None:
    """Plant the fault that the environment names, and switch the proof off."""
    name = os.environ.get(VARIABLE)
    if name:
        for proof in ("prove_config", "prove_descriptors"):
            setattr(rewrite, proof, lambda *_: None)
        _put(rewrite, "prove_state", lambda vm, *_: vm)
        MUTANTS[name].plant()


def _put(module: Any, name: str, value: object) -> None:
    setattr(module, name, value)


# --- faults in the settings of a config


def _settings(change: Callable[[SettingChange], SettingChange | None], *more: SettingChange) -> Callable[[], None]:
    """Change each setting on its way into the config, or leave it out where the change gives None."""

    def mutant(vm: Any, changes: Changes) -> Any:
        there = [it for it in more if it.key in vm.config.document]
        return edit_config(vm, replace(changes, settings=(*filter(None, map(change, changes.settings)), *there)))

    return lambda: _put(rewrite, "edit_config", mutant)


def _without(*keys: str) -> Callable[[], None]:
    return _settings(lambda it: None if it.key.lower() in keys else it)


def _valued(key: str, value: str) -> Callable[[], None]:
    return _settings(lambda it: replace(it, after=value) if it.key.lower() == key else it)


def _swapped(change: SettingChange) -> SettingChange:
    units = {"scsi0:0": "scsi0:1", "scsi0:1": "scsi0:0"}
    place, _, rest = (change.name or "").partition(".")
    return replace(change, name=f"{units[place]}.{rest}") if place in units else change


# --- faults in disks


def _descriptor(old: bytes, new: bytes) -> Callable[[], None]:
    real = edit_descriptor._patch

    def patch(link: Any, before: bytes, after: bytes) -> Any:
        assert old in after
        return real(link, before, after.replace(old, new))

    return lambda: _put(edit_descriptor, "_patch", patch)


def _one_sector_too_many() -> None:
    real = edit_descriptor._patch

    def patch(link: Any, before: bytes, after: bytes) -> Any:
        made = real(link, before, after)
        if not isinstance(made, InPlacePatch):
            return made
        # What follows the descriptor are the tables by which every sector of the disk is found.
        end = link.descriptor_offset + len(before)
        with link.path.open("rb") as file:
            file.seek(end)
            there = file.read(512 * 8)
        return InPlacePatch(made.path, (*made.ranges, Range(end, there, bytes(len(there)))))

    _put(edit_descriptor, "_patch", patch)


def _no_adapter() -> None:
    _put(buses, "name_adapter", lambda *_: ())


# --- faults elsewhere


def _wrong_module() -> None:
    guest_work._MODULES["pvscsi"] = "mptsas"


def _disk_not_restored() -> None:
    _put(restore, "_restore_disk", lambda *_: None)


_NO_FIRMWARE = SettingChange("firmware", None, "a fault", "general", Safety.SAFE)

MUTANTS = {
    "another controller model in the config": Mutant(_valued("scsi0.virtualdev", "lsisas1068"), _PREPARED),
    "no controller in the config": Mutant(_without("scsi0.present"), f"{_ADAPTERS}[pvscsi]"),
    "no model of the controller": Mutant(_without("scsi0.virtualdev"), f"{_ADAPTERS}[pvscsi]"),
    "disks on each other's units": Mutant(_settings(_swapped), f"{_BARE}test_two_disks_keep_their_order"),
    "no file of the disk": Mutant(_without("ide0:0.filename"), f"{_ADAPTERS}[lsilogic]"),
    "the disk switched on at its old place": Mutant(_without("ide0:0.present"), f"{_ADAPTERS}[lsilogic]"),
    "the boot order left at the old place": Mutant(
        _without("bios.hddorder"), f"{_BARE}test_a_boot_order_that_was_set_goes_with_the_disk"
    ),
    "another network adapter": Mutant(_valued("ethernet0.virtualdev", "vlance"), f"{_NIC}[e1000e-wish1-drivers1]"),
    "no firmware in the config": Mutant(_settings(lambda it: it, _NO_FIRMWARE), f"{_EFI}[sata0:0-11-wish1]"),
    "another geometry in the descriptor": Mutant(
        _descriptor(b'geometry.heads = "16"', b'geometry.heads = "32"'), f"{_ADAPTERS}[buslogic]"
    ),
    "another file of the disk's data": Mutant(
        _descriptor(b'"disk-flat.vmdk"', b'"disk-flot.vmdk"'), f"{_KINDS}[monolithicFlat]"
    ),
    "another kind of disk": Mutant(
        _descriptor(b'"twoGbMaxExtentFlat"', b'"twoGbMaxExtentFl"'), f"{_KINDS}[twoGbMaxExtentFlat]"
    ),
    "fewer sectors in the descriptor": Mutant(_descriptor(b"RW 4032", b"RW 40"), f"{_KINDS}[vmfs]"),
    "tables behind the descriptor written over": Mutant(_one_sector_too_many, f"{_KINDS}[monolithicSparse]"),
    "a disk that an undo leaves alone": Mutant(_disk_not_restored, f"{_KINDS}[monolithicSparse]"),
    "another module told of": Mutant(_wrong_module, _PREPARED),
    "no adapter in the descriptor": Mutant(
        _no_adapter,
        "tests/changes/test_buses.py::test_every_link_that_names_an_adapter_gets_the_new_one",
        f"{_ADAPTERS}[buslogic]",
    ),
    "a CD-ROM drive left as lone slave": Mutant(
        _settings(lambda it: None if it.topic.kind == SLAVE_MOVE else it), _CDROM, f"{_ADAPTERS}[buslogic]"
    ),
    "no hardware version in the config": Mutant(
        _without("virtualhw.version"), f"{_VERSIONS}[7-21]", f"{_ADAPTERS}[buslogic]"
    ),
}
