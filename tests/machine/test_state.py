"""Whether a VM runs, is suspended, is encrypted, or was left in the middle of a rewrite."""

from __future__ import annotations

import random
import string
from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, disk_lines, make_disk, make_vm
from machine import vms

from vmxtool.machine.read import read_machine
from vmxtool.rewriter.journal.record import journal_path

if TYPE_CHECKING:
    from pathlib import Path

# --- power ---


MEMBER = "M10001.lck"  # an empty one, of which nobody knows whose it is


@pytest.mark.parametrize(
    "lock",
    [
        f"vm.vmx.lck/{MEMBER}",
        "vm.vmx.lck",
        f"vm.vmdk.lck/{MEMBER}",
        f"disk.vmdk.lck/{MEMBER}",
        "disk.vmdk.WRITELOCK",
        "vm.vmx~",
        "VM-1a2b.vswp",
        ".lck-3409000000000000",
    ],
)
def test_a_lock_means_running(tmp_path: Path, lock: str) -> None:
    vm = vms.read(tmp_path, SCSI_DISK, files=(lock,))
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("running", [lock.partition("/")[0]])


def test_a_lock_is_told_once(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk")
    vm = vms.read(tmp_path, SCSI_DISK, files=(f"disk.vmdk.lck/{MEMBER}",))
    assert vms.places(vm.power.evidence) == ["disk.vmdk.lck"]


@pytest.mark.parametrize("name", ["other.vmx.lck/", "vm2.vmx.lck/", "disk2.vmdk.lck/", "vm.vmx.old", "vm.vmss"])
def test_the_locks_of_others_do_not(tmp_path: Path, name: str) -> None:
    assert vms.read(tmp_path, SCSI_DISK, files=(name,)).power.state == "off"


def test_a_lock_of_another_vm_in_the_folder_does_not(tmp_path: Path) -> None:
    vms.write(tmp_path, name="vm-test.vmx", files=(f"vm-test.vmx.lck/{MEMBER}",))
    assert vms.read(tmp_path).power.state == "off"
    assert read_machine(tmp_path / "vm-test.vmx").power.state == "running"


def test_a_lock_of_a_base_disk_does(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", cid="0000000c", parent=make_disk(tmp_path / "system.vmdk"))
    assert vms.read(tmp_path, SCSI_DISK, files=(f"system.vmdk.lck/{MEMBER}",)).power.state == "running"


def test_a_lock_in_a_folder_below_does(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, disk_lines("scsi0:0", "disks/a.vmdk"), files=("disks/a.vmdk", f"disks/a.vmdk.lck/{MEMBER}"))
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("running", ["disks/a.vmdk.lck"])


@pytest.mark.parametrize("name", [f"system.vmdk.lck/{MEMBER}", "system.vmdk.WRITELOCK", ".lck-0100000000000000"])
def test_a_lock_of_a_base_disk_in_a_folder_below_does(tmp_path: Path, name: str) -> None:
    (tmp_path / "base").mkdir()
    make_disk(tmp_path / "disk.vmdk", cid="0000000c", parent=make_disk(tmp_path / "base" / "system.vmdk"))
    vm = vms.read(tmp_path, SCSI_DISK, files=(f"base/{name}",))
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("running", [f"base/{name.partition('/')[0]}"])


def test_a_state_in_the_config_means_suspended(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, r'checkpoint.vmState = "..\x\vm-1a.vmss"')
    assert vm.power.state == "suspended"
    assert vms.places(vm.power.evidence) == [r'vm.vmx:3: checkpoint.vmState = "..\x\vm-1a.vmss"']


@pytest.mark.parametrize("lines", [(), ('checkpoint.vmState = ""',), ('checkpoint.vmState.readOnly = "FALSE"',)])
def test_a_state_file_without_the_setting_is_stale(tmp_path: Path, lines: tuple[str, ...]) -> None:
    assert vms.read(tmp_path, *lines, files=("vm.vmss",)).power.state == "off"


def test_running_goes_before_suspended(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'checkpoint.vmState = "vm.vmss"', files=(f"vm.vmx.lck/{MEMBER}",))
    assert vm.power.state == "running"


def test_a_vm_that_was_not_shut_down_is_off_and_says_so(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'cleanShutdown = "FALSE"')
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("off", ['vm.vmx:3: cleanShutdown = "FALSE"'])
    assert vms.read(tmp_path / "clean", 'cleanShutdown = "TRUE"').power.evidence == ()


def test_an_encrypted_config_is_suspended_where_a_state_lies_beside_it(tmp_path: Path) -> None:
    locked = ('encryption.keySafe = "k"', 'encryption.data = "d"')
    assert vms.read(tmp_path, *locked).power.state == "off"
    vm = vms.read(tmp_path, *locked, files=("vm.vmss",))
    assert (vm.power.state, vms.places(vm.power.evidence)) == ("suspended", ["vm.vmss"])


# --- encryption ---

SECRET = 'encryption.keySafe = "vmware:key/list/(secret)"'


@pytest.mark.parametrize(
    ("lines", "encryption"),
    [
        ((), "none"),
        (('migrate.encryptionMode = "opportunistic"', 'ftcpt.ftEncryptionMode = "ftEncryptionOpportunistic"'), "none"),
        ((SECRET, 'encryption.data = "d"'), "full"),
        ((SECRET, 'encryption.data = "d"', 'vmx.encryptionType = "Partial"'), "partial"),
        ((SECRET, 'encryption.data = "d"', 'guestOS = "windows11-64"'), "partial"),
    ],
)
def test_how_much_is_encrypted(tmp_path: Path, lines: tuple[str, ...], encryption: str) -> None:
    vm = vms.read(tmp_path, *lines)
    assert vm.encryption == encryption
    assert "secret" not in "".join(vms.places(vm.encryption_evidence))
    assert bool(vm.encryption_evidence) == (encryption != "none")


def test_an_encrypted_disk_makes_a_vm_partly_encrypted(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", head='encryptionKeys="vmware:key/list/(pair)"')
    vm = vms.read(tmp_path, SCSI_DISK)
    assert (vm.encryption, vms.places(vm.encryption_evidence)) == ("partial", ["disk.vmdk: encryptionKeys"])


def test_a_fully_encrypted_vm_is_read_as_far_as_it_shows() -> None:
    vm = read_machine(vms.SAMPLES / "encrypted")
    assert (vm.encryption, vm.name, vm.hardware.version, vm.origin, vm.drives) == ("full", "Payroll", None, (), ())


# --- a rewrite that was cut short ---


def journal(folder: Path, *names: str) -> None:
    (folder / ".vmxtool").mkdir()
    for name in names:
        (folder / ".vmxtool" / name).touch()


def test_a_journal_tells_of_an_unfinished_rewrite(tmp_path: Path) -> None:
    journal(tmp_path, "0001.done", "0002.undone", "0003.journal", "lock")
    assert vms.read(tmp_path).unfinished_rewrite == journal_path(tmp_path.resolve(), 3, "journal")


def test_the_newest_journal_counts(tmp_path: Path) -> None:
    journal(tmp_path, "9999.journal", "10000.journal", "0100.journal")
    found = vms.read(tmp_path).unfinished_rewrite
    assert found is not None
    assert found.name == "10000.journal"


@pytest.mark.parametrize("names", [(), ("0001.done",), ("0001.undone",), ("0001.tmp",), ("journal", "a.journal")])
def test_finished_rewrites_are_no_matter(tmp_path: Path, names: tuple[str, ...]) -> None:
    journal(tmp_path, *names)
    assert vms.read(tmp_path).unfinished_rewrite is None


def test_a_link_in_place_of_the_journals_is_not_followed(tmp_path: Path) -> None:
    journal(tmp_path, "0001.journal")
    (tmp_path / "vm").mkdir()
    (tmp_path / "vm" / ".vmxtool").symlink_to(tmp_path / ".vmxtool")
    vm = vms.read(tmp_path / "vm")
    assert vm.unfinished_rewrite is None
    assert vms.places(vm.unread) == [".vmxtool: not a folder"]


def test_journals_without_rights_are_told(tmp_path: Path) -> None:
    vms.open_to_all(tmp_path)
    journal(tmp_path, "0001.journal")
    path = vms.write(tmp_path)
    (tmp_path / ".vmxtool").chmod(0o000)
    with vms.as_a_user_without_rights():
        vm = read_machine(path)
    assert vm.unfinished_rewrite is None
    assert vms.places(vm.unread) == [".vmxtool: permission denied"]


# --- which files are of the VM ---


def test_a_crowded_folder_is_divided_among_its_vms(tmp_path: Path) -> None:
    """Every lock belongs to one VM, whatever the VMs are called."""
    seeded = random.Random(20071018)
    stems = {
        "".join(seeded.choices(string.ascii_lowercase[:2] + "- ", k=seeded.randint(1, 6))).strip() for _ in range(60)
    }
    stems.discard("")
    for stem in stems:
        vms.write(tmp_path, name=f"{stem}.vmx", files=(f"{stem}.vmx.lck",))
    for stem in stems:
        vm = read_machine(tmp_path / f"{stem}.vmx")
        assert vms.places(vm.power.evidence) == [f"{stem}.vmx.lck"]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("56 4d 74 4a e8 52 f7 19-f3 28 bd e7 6d 07 78 57", "564d744a-e852-f719-f328-bde76d077857"),
        ("564D744A-E852-F719-F328-BDE76D077857", "564d744a-e852-f719-f328-bde76d077857"),
        ("56 4d", None),
        ("no uuid at all, but 32 characters", None),
        ("", None),
    ],
)
def test_a_uuid_is_read_in_any_spelling_and_nothing_else_is_one(tmp_path: Path, written: str, read: str | None) -> None:
    vm = make_vm(tmp_path, f'uuid.bios = "{written}"\nvc.uuid = "{written}"')
    assert (vm.uuids.bios, vm.uuids.location, vm.uuids.vc) == (read, None, read)
