"""Any one sign of a snapshot, of a linked clone or of an open redo log is seen, with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, SCSI_DISK, descriptor, disk_lines, make_disk
from hypothesis import given
from hypothesis import strategies as st
from machine import vms

from vmxtool.machine.read import read_machine
from vmxtool.machine.vmsd import read_tree
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine
    from vmxtool.machine.snapshot_model import Snapshot


def database(folder: Path, *lines: str, name: str = "vm.vmsd") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(f"{line}\n" for line in lines), "utf-8")


def snapshot(index: int, uid: int, parent: int | None = None, /, **more: str) -> list[str]:
    own = {"uid": str(uid), "displayName": f"s{uid}", **more}
    own |= {} if parent is None else {"parent": str(parent)}
    return [f'snapshot{index}.{key} = "{value}"' for key, value in own.items()]


def tree(*lines: str) -> tuple[Snapshot, ...]:
    return read_tree(Document.parse("\n".join(lines).encode(), "vm.vmsd"))


# --- the database ---


def test_the_snapshots_of_a_sample() -> None:
    vm = read_machine(vms.SAMPLES / "ws5-snapshots")
    state = vm.snapshots
    assert state.present
    assert state.current == 3
    assert [(one.id, one.name, one.parent) for one in state.tree] == [
        (1, "Installed", None),
        (2, "Old tool chain", 1),
        (3, "New tool chain", 1),
    ]
    first, second, _ = state.tree
    assert [one.created.date().isoformat() for one in state.tree if one.created is not None] == [
        "2006-03-14",
        "2006-05-02",
        "2006-05-09",
    ]
    assert first.description == "Fresh system with compiler.\nNo sources yet."
    assert second.description is None
    assert [(disk.file, disk.node) for disk in first.disks] == [("Build Host.vmdk", "scsi0:0")]
    assert first.state_file == "Build Host-Snapshot1.vmsn"
    assert not state.needs_consolidation


def test_parents_come_before_children_and_siblings_in_the_order_of_the_file() -> None:
    lines = [*snapshot(0, 5, 3), *snapshot(1, 9, 1), *snapshot(2, 3, 1), *snapshot(3, 1), *snapshot(4, 8)]
    assert [one.id for one in tree(*lines)] == [1, 9, 3, 5, 8]


@pytest.mark.parametrize(
    ("high", "low", "moment"),
    [
        ("300237", "-1952402371", "2010-11-11T21:20:38"),
        ("388745", "1991180826", "2022-11-28T"),
        ("0", "0", "1970-01-01T00:00:00+00:00"),
        ("1", "-1", "1970-01-01T02:23:09.934591+00:00"),  # 2**33 - 1 microseconds
    ],
)
def test_a_time_is_two_signed_halves_of_microseconds(high: str, low: str, moment: str) -> None:
    (one,) = tree(*snapshot(0, 1, createTimeHigh=high, createTimeLow=low))
    assert one.created is not None
    assert one.created.isoformat().startswith(moment)


@pytest.mark.parametrize(("high", "low"), [("2147483647", "-1"), ("-2147483648", "0")])
def test_a_time_beyond_all_calendars_is_none(high: str, low: str) -> None:
    (one,) = tree(*snapshot(0, 1, createTimeHigh=high, createTimeLow=low))
    assert one.created is None


def test_a_time_with_one_half_is_none() -> None:
    (one,) = tree(*snapshot(0, 1, createTimeHigh="300237"))
    assert one.created is None


def test_the_count_of_disks_may_be_any_number() -> None:
    disks = {"disk0.fileName": "a.vmdk", "disk1.fileName": "b.vmdk", "disk1.node": "nvme0:0", "disk3.fileName": "c"}
    (one,) = tree(*snapshot(0, 1, numDisks="2147483647", **disks))
    assert [(disk.file, disk.node) for disk in one.disks] == [("a.vmdk", None), ("b.vmdk", "nvme0:0")]
    (none,) = tree(*snapshot(0, 1, numDisks="-5", **disks))
    assert none.disks == ()


def test_keys_are_read_in_any_case() -> None:
    (one,) = tree('SNAPSHOT0.UID = "4"', 'snapshot0.DISPLAYNAME = "x"', 'Snapshot0.Parent = ""')
    assert (one.id, one.name, one.parent) == (4, "x", None)


@given(st.lists(st.tuples(st.integers(0, 6), st.none() | st.integers(0, 8)), max_size=12))
def test_every_snapshot_stands_once_and_after_its_parent(pairs: list[tuple[int, int | None]]) -> None:
    lines = [line for index, (uid, parent) in enumerate(pairs) for line in snapshot(index, uid, parent)]
    found = tree(*lines)
    ids = [one.id for one in found]
    assert sorted(ids) == sorted({uid for uid, _ in pairs})
    roots = {one.id for one in found if one.parent not in ids}
    seen: set[int] = set()
    for one in found:
        if one.id in roots or one.parent in seen:
            seen.add(one.id)
    # What is left hangs on a ring of ancestors, and stands last.
    assert ids[: len(seen)] == [uid for uid in ids if uid in seen]


def test_of_two_snapshots_with_one_uid_the_first_counts() -> None:
    (one,) = tree(*snapshot(0, 1, displayName="a"), *snapshot(1, 1, displayName="b"))
    assert one.name == "a"


def test_current_is_one_of_the_tree(tmp_path: Path) -> None:
    database(tmp_path, *snapshot(0, 1), 'snapshot.current = "7"')
    assert vms.read(tmp_path).snapshots.current is None


def test_lines_that_are_no_settings_are_told(tmp_path: Path) -> None:
    database(tmp_path, 'snapshot.numSnapshots = "1"', "lost + found", *snapshot(0, 1))
    assert vms.places(vms.read(tmp_path).snapshots.unknown_lines) == ["vm.vmsd:2"]


@pytest.mark.parametrize(
    "content", [b"", b'.encoding = "UTF-8"\nsnapshot.lastUID = "3"\nsnapshot.numSnapshots = "0"\n']
)
def test_an_emptied_database_shows_no_snapshot(tmp_path: Path, content: bytes) -> None:
    tmp_path.joinpath("vm.vmsd").write_bytes(content)
    state = vms.read(tmp_path, SCSI_DISK).snapshots
    assert (state.present, state.tree, state.current, state.needs_consolidation) == (False, (), None, False)


def test_the_database_is_found_in_any_case(tmp_path: Path) -> None:
    database(tmp_path, *snapshot(0, 1), name="VM.VMSD")
    assert vms.read(tmp_path).snapshots.present


def test_the_database_of_another_vm_is_not_taken(tmp_path: Path) -> None:
    database(tmp_path, *snapshot(0, 1), name="vm2.vmsd")
    assert not vms.read(tmp_path).snapshots.present


# --- the signs ---


def test_sign_1_the_database_counts_snapshots(tmp_path: Path) -> None:
    database(tmp_path, 'snapshot.numSnapshots = "2"')
    assert vms.places(vms.read(tmp_path).snapshots.signs) == ['vm.vmsd:1: snapshot.numSnapshots = "2"']


def test_sign_1_the_database_has_a_snapshot_and_no_count(tmp_path: Path) -> None:
    database(tmp_path, '.encoding = "UTF-8"', *snapshot(0, 12))
    assert vms.places(vms.read(tmp_path).snapshots.signs) == ['vm.vmsd:2: snapshot0.uid = "12"']


def test_sign_2_the_name_of_a_disk_that_is_not_here(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, disk_lines("scsi0:0", "db-000002.vmdk"))
    assert vms.places(vm.snapshots.signs) == ['vm.vmx:5: scsi0:0.fileName = "db-000002.vmdk"']


def test_sign_2_is_refuted_by_the_disk_itself(tmp_path: Path) -> None:
    make_disk(tmp_path / "db-000002.vmdk")
    vm = vms.read(tmp_path, disk_lines("scsi0:0", "db-000002.vmdk"))
    assert not vm.snapshots.present


def test_sign_3_a_disk_names_its_parent(tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(descriptor(parent="0000000b", hint="base.vmdk"))
    vm = vms.read(tmp_path, SCSI_DISK)
    assert vms.places(vm.snapshots.signs) == [
        'disk.vmdk:4: parentCID = "0000000b"',
        'disk.vmdk:6: parentFileNameHint = "base.vmdk"',
    ]


def test_sign_3_a_disk_has_a_parent_and_does_not_name_it(tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(descriptor(parent="0000000b"))
    vm = vms.read(tmp_path, SCSI_DISK)
    assert vms.places(vm.snapshots.signs) == ['disk.vmdk:4: parentCID = "0000000b"']


@pytest.mark.parametrize(
    "name",
    [
        "vm-000001-delta.vmdk",
        "disk-000001-delta.vmdk",
        "disk-000001-sesparse.vmdk",
        "vm-Snapshot12.vmsn",
        "vm-Snapshot12.vmem",
        "VM-SNAPSHOT1.VMSN",
        "vm.vmsn",
        "vm.vmx.sav",
        "vm.cpt",
    ],
)
def test_signs_4_and_7_files_beside_the_config(tmp_path: Path, name: str) -> None:
    vm = vms.read(tmp_path, SCSI_DISK, files=(name,))
    assert vms.places(vm.snapshots.signs) == [name]


@pytest.mark.parametrize(
    "name", ["vm.vmem", "vm.vmss", "vm.nvram", "vm-000001.vmdk", "vm2-Snapshot1.vmsn", "other-delta.vmdk", "vm.sav"]
)
def test_other_files_are_no_sign(tmp_path: Path, name: str) -> None:
    assert not vms.read(tmp_path, SCSI_DISK, files=(name,)).snapshots.present


def test_files_are_of_the_vm_whose_name_is_longest(tmp_path: Path) -> None:
    vms.write(tmp_path, name="vm 2.vmx", files=("vm 2-Snapshot1.vmsn", "vm-Snapshot3.vmsn"))
    assert vms.places(read_machine(vms.write(tmp_path)).snapshots.signs) == ["vm-Snapshot3.vmsn"]
    assert vms.places(read_machine(tmp_path / "vm 2.vmx").snapshots.signs) == ["vm 2-Snapshot1.vmsn"]


def test_a_linked_clone_without_snapshots(tmp_path: Path) -> None:
    database(tmp_path, r'cloneOf0 = "D:\Golden\a.vmx"', 'numCloneOf = "1"')
    state = vms.read(tmp_path).snapshots
    assert vms.places(state.signs) == [r'vm.vmsd:1: cloneOf0 = "D:\Golden\a.vmx"']
    assert (state.present, state.tree) == (True, ())


# --- redo logs: signs 5 and 6 ---


@pytest.mark.parametrize("mode", ["undoable", "append", "Undoable"])
def test_sign_6_a_mode_that_keeps_a_redo_log(tmp_path: Path, mode: str) -> None:
    vm = vms.read(tmp_path, IDE_DISK, f'ide0:0.mode = "{mode}"')
    assert vms.places(vm.snapshots.redo_signs) == [f'vm.vmx:5: ide0:0.mode = "{mode}"']
    assert not vm.snapshots.present


@pytest.mark.parametrize("mode", ["persistent", "nonpersistent", "independent-persistent", "independent-nonpersistent"])
def test_other_modes_are_no_sign(tmp_path: Path, mode: str) -> None:
    assert vms.read(tmp_path, IDE_DISK, f'ide0:0.mode = "{mode}"').snapshots.redo_signs == ()


def test_sign_5_a_redo_log_in_the_config(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, IDE_DISK, r'ide0:0.redo = ".\disk.vmdk.REDO_a03600"', 'ide0:1.redo = ""')
    assert vms.places(vm.snapshots.redo_signs) == [r'vm.vmx:5: ide0:0.redo = ".\disk.vmdk.REDO_a03600"']


@pytest.mark.parametrize("redo", [("",), ()])
def test_an_empty_redo_setting_is_no_sign(tmp_path: Path, redo: tuple[str, ...]) -> None:
    assert vms.read(tmp_path, IDE_DISK, *(f'ide0:0.redo = "{name}"' for name in redo)).snapshots.redo_signs == ()


@pytest.mark.parametrize("name", ["disk.vmdk.REDO", "disk.vmdk.REDO_a1B2c3", "disk-s001.vmdk.REDO_x", "vm.dsk.REDO"])
def test_sign_5_a_redo_log_beside_the_config(tmp_path: Path, name: str) -> None:
    assert vms.places(vms.read(tmp_path, IDE_DISK, files=(name,)).snapshots.redo_signs) == [name]


def test_the_open_redo_log_of_a_sample() -> None:
    vm = read_machine(vms.SAMPLES / "ws4-undoable")
    assert [place.key or place.file for place in vm.snapshots.redo_signs] == [
        "ide0:0.mode",
        "ide0:0.redo",
        "Win98.vmdk.REDO_a03600",
    ]
    assert not vm.snapshots.present


# --- disks and database against each other ---


def on_delta(folder: Path, *database_lines: str, mode: str = "persistent") -> Machine:
    make_disk(folder / "disk.vmdk", cid="0000000c", parent=make_disk(folder / "base.vmdk"))
    database(folder, *database_lines)
    return vms.read(folder, SCSI_DISK, f'scsi0:0.mode = "{mode}"')


def test_a_delta_that_no_snapshot_accounts_for_needs_consolidation(tmp_path: Path) -> None:
    assert on_delta(tmp_path, 'snapshot.numSnapshots = "0"').snapshots.needs_consolidation


def test_the_database_may_ask_for_consolidation_itself(tmp_path: Path) -> None:
    database(tmp_path, 'snapshot.numSnapshots = "1"', 'snapshot.needConsolidate = "TRUE"')
    assert vms.read(tmp_path).snapshots.needs_consolidation


@pytest.mark.parametrize("line", ['snapshot.numSnapshots = "1"', 'cloneOf0 = "/vm/a.vmx"'])
def test_a_delta_that_is_accounted_for_does_not(tmp_path: Path, line: str) -> None:
    assert not on_delta(tmp_path, line).snapshots.needs_consolidation


def test_a_delta_by_design_does_not(tmp_path: Path) -> None:
    assert not on_delta(tmp_path, mode="undoable").snapshots.needs_consolidation


# --- what cannot be read ---


def test_a_database_that_is_a_folder_is_told(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, files=("vm.vmsd/",))
    assert vms.places(vm.unread) == ["vm.vmsd: not a regular file"]


def test_a_database_that_leads_out_of_the_folder_is_not_opened(tmp_path: Path) -> None:
    database(tmp_path / "other", *snapshot(0, 1))
    path = vms.write(tmp_path / "vm")
    (tmp_path / "vm" / "vm.vmsd").symlink_to(tmp_path / "other" / "vm.vmsd")
    vm = read_machine(path)
    assert not vm.snapshots.present
    assert vms.places(vm.unread) == ["vm.vmsd: leads out of the VM's folder, where nothing is opened"]


def test_an_encrypted_database_is_told() -> None:
    vm = read_machine(vms.SAMPLES / "encrypted")
    (place,) = vm.unread
    assert (place.file, place.line, place.key) == ("Payroll.vmsd", 3, "encryption.data")
    assert place.value == "encrypted, so its snapshots cannot be seen"
