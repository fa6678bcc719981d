"""The proof before writing: it finds what the plan does not say, and made-up VMs of all kinds pass it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from build import CID, IDE_DISK, make_disk, make_vm
from hypothesis import given
from hypothesis import strategies as st

from vmxtool import WriteError, plan_rewrite
from vmxtool._record import replace
from vmxtool.changes.model import Changes, SettingChange, Wanted
from vmxtool.changes.realise import realise
from vmxtool.machine.read import build_machine
from vmxtool.rewriter.edit_config import edit_config
from vmxtool.rewriter.edit_descriptor import edit_descriptors
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.proof import prove_config, prove_descriptors, prove_state
from vmxtool.rules.judging import facts_of
from vmxtool.rules.state import VmState
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path


def test_the_proof_finds_what_the_changes_do_not_say(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "64"\n# a remark', hw=6, guest="rhel4")
    changes = Changes((SettingChange("virtualHW.version", "4", "because", "general"),))
    right = edit_config(vm, changes).document
    prove_config(vm, right, changes)
    for old, new, word in (
        (b'memsize = "64"', b'memsize = "65"', "memsize would not be as planned"),
        (b'memsize = "64"\n', b"", "memsize would not be as planned"),
        (b"# a remark", b"# another", "no change names"),
        (b'version = "4"', b'version = "7"', "virtualhw.version would not"),
        (b"# a remark", b'memsize = "64"', "would not be read"),
        (b"# a remark", b"a remark", "would not be read"),
    ):
        wrong = Document.parse(bytes(right).replace(old, new), "vm.vmx")
        with pytest.raises(WriteError, match=word):
            prove_config(vm, wrong, changes)


def test_the_proof_finds_a_vm_in_another_state_and_a_rewrite_that_is_not_the_last(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'usb_xhci.present = "TRUE"', hw=9, guest="rhel4")
    wanted = Wanted(7)
    changes = realise(facts_of(vm), VmState.of(vm), wanted)
    right = edit_config(vm, changes).document
    prove_state(vm, right, changes, wanted)
    for old, new, word in (
        (b'version = "7"', b'version = "8"', "version would not be as planned"),
        (b"ide0:0", b"scsi0:0", "disks would not be as planned"),
        (b'guestOS = "rhel4"', b'guestOS = "rhel5"', "guest would not be as planned"),
        (b"ide0:0.present", b'memsize = "8"\nide0:0.present', "memory_mib, devices would not be as planned"),
        (b"ide0:0.present", b'usb_xhci.present = "TRUE"\nide0:0.present', "devices would not be as planned"),
    ):
        wrong = Document.parse(bytes(right).replace(old, new), "vm.vmx")
        with pytest.raises(WriteError, match=word):
            prove_state(vm, wrong, changes, wanted)
    unchanged = replace(changes, end=VmState.of(vm))
    with pytest.raises(WriteError, match="a second run would change virtualHW"):
        prove_state(vm, vm.config.document, unchanged, wanted)


def test_the_proof_finds_a_descriptor_that_says_something_else(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk")
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    changes = realise(facts_of(vm), VmState.of(vm), Wanted(6, fit=False, moves=frozenset({"ide0:0"})))
    edited = edit_descriptors(changes.descriptors)
    prove_descriptors(edited.rewritten)
    (item,) = edited.rewritten
    for old, new in (
        (b'"lsilogic"', b'"buslogic"'),
        (f"CID={CID}".encode(), b"CID=1234abce"),
        (b"RW 2048", b"RW 4096"),
        (b"ddb.geometry.heads", b"ddb.geometry.hands"),
    ):
        wrong = replace(item, after=Descriptor.parse(bytes(item.after).replace(old, new)))
        with pytest.raises(WriteError, match="failed its own proof"):
            prove_descriptors([wrong])


# --- a law over made-up VMs

PLACES = [
    *("ide0:0", "ide0:1", "ide1:0", "ide1:1"),
    *("sata0:0", "sata0:1", "sata1:29", "nvme0:0", "nvme3:1"),
    *("scsi0:0", "scsi0:6", "scsi0:8", "scsi1:0", "scsi3:15"),
]
FATES = st.sampled_from(["none", "disk", "cdrom", "off"])
MODELS = st.sampled_from([None, "", "lsilogic", "buslogic"])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a disk for every place."""
    folder = tmp_path_factory.mktemp("shelf")
    for place in PLACES:
        make_disk(folder / f"{place.replace(':', '-')}.vmdk")
    return folder


@given(fates=st.tuples(*[FATES] * len(PLACES)), models=st.tuples(*[MODELS] * 4))
def test_no_drive_is_lost_and_no_place_is_taken_twice(
    shelf: Path, fates: tuple[str, ...], models: tuple[str | None, ...]
) -> None:
    lines = ['config.version = "8"', 'virtualHW.version = "14"', 'guestOS = "rhel6"']
    lines += [f'{bus}.present = "TRUE"' for bus in ("sata0", "sata1", "nvme0", "nvme3")]
    for number, model in enumerate(models):
        lines += [f'scsi{number}.present = "TRUE"'] if model is not None else []
        lines += [f'scsi{number}.virtualDev = "{model}"'] if model else []
    for place, fate in zip(PLACES, fates, strict=True):
        # A disk that no product sees, for want of its controller, is settled by its owner before.
        lost = fate in {"disk", "cdrom"} and place.startswith("scsi") and models[int(place[4])] is None
        if fate != "none" and not lost:
            lines += [f'{place}.present = "{"FALSE" if fate == "off" else "TRUE"}"']
            lines += [f'{place}.fileName = "{place.replace(":", "-")}.vmdk"', f'sched.{place}.shares = "low"']
            lines += [f'{place}.deviceType = "cdrom-raw"'] if fate == "cdrom" else []
    document = Document.parse("\n".join(lines).encode(), "vm.vmx")
    vm = build_machine(document, shelf / "vm.vmx")
    made = plan_rewrite(vm, hwversion=9, ide_to_scsi=True, move_disks=True, adapter="lsilogic")
    if made.refused:
        assert {reason.name for reason in made.refused} == {"no-free-unit"}
        assert sum(drive.kind == "cdrom" and drive.bus != "scsi" for drive in vm.drives) > 4
        return
    (config,) = [patch for patch in made.patches if patch.path == vm.config.path]
    assert isinstance(config, ReplacePatch)
    now = build_machine(Document.parse(config.after, "vm.vmx"), shelf / "vm.vmx")
    assert sorted(str(drive.file) for drive in now.disks) == sorted(str(drive.file) for drive in vm.disks)
    assert all(drive.bus == "scsi" and drive.unit != 7 for drive in now.disks)
    assert len({drive.id for drive in now.drives}) == len(now.drives) == len(vm.drives)
    assert {drive.bus for drive in now.drives if drive.kind == "cdrom"} <= {"ide", "scsi"}
    assert len(now.idle_devices) <= len(vm.idle_devices)
    stayed = {drive.id: drive.file for drive in vm.drives if drive.bus == "scsi"}
    assert stayed.items() <= {drive.id: drive.file for drive in now.drives}.items()
    assert not [key for key in now.config.document.folded() if re.match(r"(sched\.)?(sata|nvme)", key)]
    # A setting that went along is still about the same drive.
    for drive in now.disks:
        assert now.config.document[f"sched.{drive.id}.shares"] == "low"
    models_before = {item.id: item.model for item in vm.controllers if item.bus == "scsi"}
    for item in now.controllers:
        used = any(drive.id.startswith(f"{item.id}:") for drive in vm.drives)
        if item.id in models_before and used:
            assert item.model == models_before[item.id]
