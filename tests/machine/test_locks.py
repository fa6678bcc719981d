"""Locks: who holds them, which were left behind, and that nothing in their files does harm."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, SCSI_DISK, disk_lines, make_disk, make_vm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from locks import (
    ELSEWHERE,
    dead_process,
    ended,
    lock_folder,
    member,
    needs_linux,
    on_nfs,
    running,
    this_host,
)
from machine import vms

from vmxtool import inspect, plan_rewrite
from vmxtool.machine import holders
from vmxtool.machine.holders import does_run, is_this_host, read_esx_host, read_member, start_time
from vmxtool.machine.locks import held_words, is_lock, left_words, read_lock
from vmxtool.machine.read import read_machine
from vmxtool.report.text.vm import print_vm
from vmxtool.rules.registry import judge_files

if TYPE_CHECKING:
    from vmxtool.machine.model import Lock, Machine


def only_lock(vm: Machine) -> Lock:
    (lock,) = vm.power.locks
    return lock


def said(vm: Machine) -> list[tuple[str, str]]:
    """What the rules about power say of locks."""
    return [(item.code, item.message) for item in judge_files(vm) if item.code in {"SNP604", "SNP612"}]


# --- of hosted products


@needs_linux
def test_a_process_that_runs_on_this_host_holds_the_lock(tmp_path: Path) -> None:
    for name in ("vm.vmx.lck", "disk.vmdk.lck"):
        lock_folder(tmp_path / name, running(tmp_path / name))
    vm = vms.read(tmp_path, SCSI_DISK)
    assert (vm.power.state, {lock.state for lock in vm.power.locks}) == ("running", {"held"})
    process = os.getpid()
    assert said(vm) == [
        ("SNP604", f"disk.vmdk and vm.vmx are locked by process {process} (vmware-vmx) on this host"),
    ]
    (item,) = [item for item in judge_files(vm) if item.code == "SNP604"]
    assert item.fix is not None
    assert item.fix.text == "shut the guest down, and close the VM in the product that has it open"


def test_a_process_of_another_host_is_told_with_the_id_of_that_host(tmp_path: Path) -> None:
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, member("25156-134219857720971604(vmware.exe)", lock, ELSEWHERE))
    vm = vms.read(tmp_path)
    assert (vm.power.state, only_lock(vm).state) == ("running", "unknown")
    assert said(vm) == [
        ("SNP604", f"vm.vmx is locked by process 25156 (vmware.exe) on the host with the id {ELSEWHERE}")
    ]


@needs_linux
def test_a_lock_whose_process_has_ended_was_left_by_a_crash(tmp_path: Path) -> None:
    lock = tmp_path / "vm.vmx.lck"
    process = dead_process()
    lock_folder(lock, member(f"{process}(vmware-vmx)", lock))
    vm = vms.read(tmp_path, 'cleanShutdown = "FALSE"')
    assert (vm.power.state, only_lock(vm).state) == ("off", "stale")
    assert vms.places(vm.power.evidence) == ['vm.vmx:3: cleanShutdown = "FALSE"']
    assert said(vm) == [
        (
            "SNP612",
            f"a crash left the lock of vm.vmx: process {process} (vmware-vmx) no longer runs on this host",
        )
    ]


@needs_linux
@pytest.mark.parametrize("form", ["{process}-{began}(vmware-vmx) 1 X 7", "{process} 1 X {began}"], ids=["new", "old"])
@pytest.mark.parametrize(("later", "state"), [(0, "held"), (1, "stale")])
def test_a_process_that_began_at_another_time_is_another_one(tmp_path: Path, form: str, later: int, state: str) -> None:
    lock = tmp_path / "vm.vmx.lck"
    began = start_time(os.getpid())
    assert began is not None
    execution, _, rest = form.format(process=os.getpid(), began=began + later).partition(" ")
    lock_folder(lock, member(execution, lock, rest=rest))
    assert only_lock(vms.read(tmp_path)).state == state


@needs_linux
def test_one_holder_that_may_be_there_is_enough(tmp_path: Path) -> None:
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, ended(lock), running(lock), ended(lock))
    vm = vms.read(tmp_path)
    assert (vm.power.state, only_lock(vm).state) == ("running", "held")
    assert said(vm) == [("SNP604", f"vm.vmx is locked by process {os.getpid()} (vmware-vmx) on this host")]


@needs_linux
@pytest.mark.parametrize("name", ["D10002.lck/", "E10002.lck", "M10002.lck", "M1.lck", "notes.txt"])
def test_what_cannot_be_read_beside_a_dead_holder_may_be_somebody(tmp_path: Path, name: str) -> None:
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, ended(lock))
    (lock / name).mkdir() if name.endswith("/") else (lock / name).touch()
    vm = vms.read(tmp_path)
    assert (vm.power.state, only_lock(vm).state) == ("running", "unknown")
    assert said(vm) == [("SNP604", "the VM is running or locked")]


@needs_linux
@pytest.mark.parametrize(("count", "state"), [(16, "stale"), (17, "unknown"), (100, "unknown")])
def test_of_many_holders_a_few_are_looked_at(tmp_path: Path, count: int, state: str) -> None:
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, *[ended(lock)] * count)
    assert only_lock(vms.read(tmp_path)).state == state


@pytest.mark.parametrize("name", ["vm.vmx.lck", "disk.vmdk.lck", "disks/a.vmdk.lck"])
def test_an_empty_lock_folder_holds_no_lock(tmp_path: Path, name: str) -> None:
    make_disk(tmp_path / "disk.vmdk")
    (tmp_path / "disks").mkdir()
    make_disk(tmp_path / "disks" / "a.vmdk")
    vm = vms.read(tmp_path, SCSI_DISK, disk_lines("scsi0:1", "disks/a.vmdk"), files=(f"{name}/",))
    assert (vm.power.state, only_lock(vm).state, only_lock(vm).place) == ("off", "empty", name)
    assert said(vm) == [("SNP612", f"the lock folder {name} is empty: nobody holds this lock any more")]


@needs_linux
def test_what_was_left_is_told_beside_what_is_held(tmp_path: Path) -> None:
    lock = tmp_path / "disk.vmdk.lck"
    lock_folder(lock, ended(lock))
    vm = vms.read(tmp_path, SCSI_DISK, 'checkpoint.vmState = "vm.vmss"', files=("vm.lck/", "vm.vmdk.lck/"))
    assert vm.power.state == "suspended"
    assert [code for code, _ in said(vm)] == ["SNP612", "SNP612"]
    (tmp_path / "vm.vmx~").touch()
    vm = read_machine(tmp_path)
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("running", ["vm.vmx~"])
    assert [code for code, _ in said(vm)] == ["SNP604", "SNP612", "SNP612"]
    texts = [item.fix.text for item in judge_files(vm) if item.code == "SNP612" and item.fix is not None]
    assert [text.partition("then ")[2] for text in texts] == [
        "remove the folder disk.vmdk.lck",
        "remove the folders vm.lck and vm.vmdk.lck",
    ]


@pytest.mark.parametrize(
    ("text", "process", "program"),
    [
        ("A 7 1 X", 7, None),
        ("A 7 1 S [", 7, None),
        ("A 7 1 S [ lc=5", 7, None),
        ("A 7 1 X 99 lc=5", 7, None),
        ("A 7-99 1 X 99 lc=5", 7, None),
        ("A 7(vmware-vmx) 1 X 0 lc=5", 7, "vmware-vmx"),
        ("A 7-99(a)b_(c)) 1 X 99 lc=5 later=field", 7, "a)b_(c)"),
    ],
)
def test_forms_of_a_member_file(text: str, process: int, program: str | None) -> None:
    for data in (text.encode(), text.encode().ljust(512, b"\x00"), text.encode() + b"\x00 rest \xff"):
        holder = read_member(data, Path("vm.vmx.lck"))
        assert holder is not None
        assert (holder.host, holder.process, holder.program) == ("A", process, program)
        assert (holder.here, holder.runs) == (False, None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"host=elsewhere",
        b"A 7 1",
        b"A 7 1 R 0",
        b"A 7 x X 0",
        b"A x 1 X 0",
        b"A 7(\x1b[31m) 1 X 0",
        b"A\n 7 1 X 0",
        b"A 7\n 1 X",
        "Ä 7 1 X 0".encode(),
        b"A 12345678901 1 X 0",
        b"A 7 1 X" + b" y" * 13,
    ],
    ids=repr,
)
def test_what_is_no_member_file(data: bytes) -> None:
    assert read_member(data, Path("vm.vmx.lck")) is None


# --- whose host it is


@needs_linux
def test_a_mac_address_of_a_maker_is_enough_for_the_host(tmp_path: Path) -> None:
    network = interface(tmp_path, "eth3", "00:0c:29:01:02:03")
    for host in (this_host(network), this_host(network, "renamed")):
        assert is_this_host(host, None, tmp_path, str(network))
    assert not is_this_host(this_host(interface(tmp_path / "b", "eth0", "00:0c:29:01:02:04")), None, tmp_path, "")


@needs_linux
@pytest.mark.parametrize("address", [None, "02:42:ac:11:00:02"])
def test_without_one_the_name_and_the_place_have_to_be_the_same(tmp_path: Path, address: str | None) -> None:
    network = interface(tmp_path, "eth0" if address else "lo", address or "00:00:00:00:00:00")
    lock = tmp_path / "für.vmx.lck"
    host, place = this_host(network), member("1", lock, ELSEWHERE).rstrip(b"\x00").decode().rpartition("lc=")[2]
    assert is_this_host(host, place, lock, str(network))
    assert not is_this_host(host, place, tmp_path / "copy" / lock.name, str(network))
    assert not is_this_host(host, None, lock, str(network))
    assert not is_this_host(this_host(network, "another"), place, lock, str(network))


def interface(folder: Path, name: str, address: str) -> Path:
    """A folder of network interfaces as Linux has it."""
    (folder / "net" / name).mkdir(parents=True)
    (folder / "net" / name / "address").write_text(f"{address}\n")
    return folder / "net"


@pytest.mark.parametrize("host", ["uuid=", "uuid=x", "====", "AAAA", "A" * 15, "A" * 64, "/" * 16, "-" * 16])
def test_ids_of_another_make_are_of_no_host_here(tmp_path: Path, host: str) -> None:
    assert not is_this_host(host, "5381", tmp_path)


@needs_linux
@needs_linux
def test_in_a_container_no_process_is_known_to_have_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holders, "_FIRST_NUMBERS", "pid:[1]")
    make_vm(tmp_path, IDE_DISK)
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, ended(lock))
    assert [lock.state for lock in inspect(tmp_path).power.locks] == ["unknown"]
    assert inspect(tmp_path).power.state == "running"


def test_a_lock_beside_the_real_file_of_a_linked_disk_counts(tmp_path: Path) -> None:
    make_disk(tmp_path / "real" / "disk.vmdk")
    (tmp_path / "disk.vmdk").symlink_to("real/disk.vmdk")
    make_vm(tmp_path, IDE_DISK)
    lock_folder(tmp_path / "real" / "disk.vmdk.lck", b"somebody")
    assert inspect(tmp_path).power.state == "running"
    assert "SNP604" in {item.code for item in plan_rewrite(tmp_path, hwversion=4).refused}


@pytest.mark.parametrize("name", ["vmx-vm-1234567-1.vswp", "564d1234-aaaa.vmem.lck", "564d1234.vswp"])
def test_what_a_run_leaves_under_another_name_counts(tmp_path: Path, name: str) -> None:
    make_vm(tmp_path, IDE_DISK)
    (tmp_path / name).write_bytes(b"x")
    assert inspect(tmp_path).power.state == "running"


def test_what_runs() -> None:
    assert does_run(os.getpid())
    assert does_run(1) is True  # of another user, mostly
    assert does_run(dead_process()) is False
    assert [does_run(process) for process in (0, -1, 2**31, 2**64)] == [None] * 4


# --- of ESX on NFS


def test_a_lock_on_nfs_is_of_the_file_of_its_number(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk")
    lock = on_nfs(tmp_path, (tmp_path / "disk.vmdk").stat().st_ino)
    vm = vms.read(tmp_path, SCSI_DISK)
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("running", [lock.name])
    assert said(vm) == [("SNP604", "disk.vmdk is locked by the ESX host esx1.example.com")]


def test_a_lock_on_nfs_in_a_copied_folder_counts_all_the_same(tmp_path: Path) -> None:
    (tmp_path / ".lck-3409000000000000").write_bytes(b"")
    vm = vms.read(tmp_path)
    assert (vm.power.state, only_lock(vm).file) == ("running", None)
    assert said(vm) == [("SNP604", "the VM is running or locked")]
    on_nfs(tmp_path, 0x934)
    assert said(read_machine(tmp_path)) == [
        ("SNP604", "a file (.lck-3409000000000000) is locked by the ESX host esx1.example.com")
    ]


@pytest.mark.parametrize("name", [".lck-", ".lck-xyz", ".LCK-E003090001000000", ".lck-0"])
def test_whatever_is_called_like_one_is_a_lock(tmp_path: Path, name: str) -> None:
    assert is_lock(name)
    assert vms.read(tmp_path, files=(name,)).power.state == "running"


# --- hostile files


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX systems")
def test_nothing_but_regular_files_inside_the_folder_is_read(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "vm"
    lock = inside / "vm.vmx.lck"
    lock_folder(outside / "vm.vmx.lck", member("7(stranger)", lock, ELSEWHERE))
    on_nfs(outside, 1)
    (inside / "disk.vmdk.lck").mkdir(parents=True)
    lock.symlink_to(outside / "vm.vmx.lck")
    (inside / "disk.vmdk.lck" / "M10001.lck").symlink_to(outside / "vm.vmx.lck" / "M10001.lck")
    (inside / ".lck-0100000000000000").symlink_to(outside / ".lck-0100000000000000")
    os.mkfifo(inside / ".lck-0200000000000000")
    (inside / "vm.lck").mkdir()
    os.mkfifo(inside / "vm.lck" / "M10001.lck")
    vm = vms.read(inside, SCSI_DISK)
    assert len(vm.power.locks) == 5
    assert {(lock.state, lock.holders) for lock in vm.power.locks} == {("unknown", ())}


def test_a_member_file_without_end_is_read_in_its_beginning(tmp_path: Path) -> None:
    lock = tmp_path / "vm.vmx.lck"
    lock_folder(lock, b"")
    os.truncate(lock / "M10001.lck", 2**33)
    assert only_lock(vms.read(tmp_path)).state == "unknown"


def test_a_lock_that_may_not_be_looked_into_counts(tmp_path: Path) -> None:
    vms.open_to_all(tmp_path)
    path = vms.write(tmp_path, files=("vm.vmx.lck/",))
    (tmp_path / "vm.vmx.lck").chmod(0o000)
    try:
        with vms.as_a_user_without_rights():
            vm = read_machine(path)
    finally:
        (tmp_path / "vm.vmx.lck").chmod(0o755)
    assert (vm.power.state, only_lock(vm).state) == ("running", "unknown")


_FIELD = st.one_of(
    st.sampled_from([ELSEWHERE, "1-1(x)", f"{2**31}-0", "0", "1", "X", "S", "[", "lc=1", "", "(", "9" * 30]),
    st.text(max_size=8),
)
_MEMBER_BYTES = st.one_of(
    st.binary(max_size=600),
    st.lists(_FIELD, max_size=18).map(lambda fields: " ".join(fields).encode("utf-8", "surrogatepass")),
    st.tuples(st.sampled_from([ELSEWHERE, "A" * 16]), _FIELD).map(
        lambda pair: f"{pair[0]} 12-3({pair[1]}) 1 X".encode("utf-8", "surrogatepass")
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=_MEMBER_BYTES)
def test_no_bytes_of_a_lock_reach_the_reader_unseen(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "vm.vmx.lck").mkdir(exist_ok=True)
    (tmp_path / "vm.vmx.lck" / "M10001.lck").write_bytes(data)
    (tmp_path / ".lck-0100000000000000").write_bytes(bytes(0x14) + data)
    vm = vms.read(tmp_path)
    assert vm.power.state == "running"
    for item in judge_files(vm):
        assert item.message.isprintable()
        assert item.message.isascii()


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_not(data: bytes) -> None:
    holders = [read_member(data, Path("vm.vmx.lck")), read_esx_host(data), read_esx_host(bytes(0x14) + data)]
    for holder in filter(None, holders):
        shown = f"{holder.host} {holder.process} {holder.program}"
        assert shown.isprintable()
        assert shown.isascii()


def test_a_name_with_control_characters_is_escaped_where_it_is_printed(tmp_path: Path) -> None:
    name = "vm.\x1b[31m.lck"
    vm = vms.read(tmp_path, files=(f"{name}/",))
    out = io.StringIO()
    print_vm(vm, judge_files(vm), out)
    assert "a lock was left behind" in out.getvalue()
    assert "\x1b" not in out.getvalue()


def test_words_of_a_great_many_locks_have_an_end(tmp_path: Path) -> None:
    locks = []
    for number in range(50):
        lock = tmp_path / f"{number}.vmdk.lck"
        lock_folder(lock, member(f"{number + 1}", lock, ELSEWHERE))
        locks.append(read_lock(tmp_path, lock.name, tmp_path))
    assert (held_words(locks) or "").count("locked by") == 8
    empty = [read_lock(tmp_path, lock_folder(tmp_path / f"{n}.lck").name, tmp_path) for n in range(50)]
    assert left_words(empty).count(".lck") == 8
    assert "and 42 more" in left_words(empty)
