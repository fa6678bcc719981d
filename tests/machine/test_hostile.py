"""Files that are no configs, damaged configs, and configs that name what is none of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from build import CID, SCSI_DISK, descriptor, disk_lines, make_disk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from machine import vms

from vmxtool.errors import InputError, UsageError
from vmxtool.machine.read import build_machine, read_machine
from vmxtool.rules.registry import judge_files
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

GOOD = b'config.version = "8"\nvirtualHW.version = "9"\n'


def findings(vm: Machine) -> set[str]:
    return {finding.name for finding in judge_files(vm)}


def refusal(path: Path) -> str:
    """The one line that the reader gets."""
    with pytest.raises(InputError) as raised:
        read_machine(path)
    said = str(raised.value)
    assert said.startswith(f"{path}:")
    assert "\n" not in said
    return said.removeprefix(f"{path}:").lstrip()


# --- no config at all ---


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty; name the VM's .vmx file"),
        (b"KDMV\x01\x00\x00\x00" + bytes(504), "this is a virtual disk, not a config"),
        (b"COWD\x01\x00\x00\x00" + bytes(504), "this is a virtual disk, not a config"),
        (descriptor(), "this is a virtual disk, not a config"),
        (b"\n# a note before it\n" + descriptor(), "this is a virtual disk, not a config"),
        (bytes(2048), "the file has only NULs, as after a crash of its host"),
        (GOOD.decode().encode("utf-16"), "this is text in UTF-16, which VMware does not read"),
        (b"MRVN\x00\x01\x02", "this is a binary file, not a config"),
        (b'<?xml version="1.0"?>\n<Foundry/>\n', "this is XML, not a config"),
        (b'\xef\xbb\xbf<?xml version="1.0"?>\n<Envelope/>\n', "this is XML, not a config"),
        (b'.encoding = "UTF-8"\nsnapshot.numSnapshots = "1"\n', "this is a snapshot database, not a config"),
        (b'answer = "42"\n', "no line says what VM this is"),
        (b"# only a comment\n\n", "no line says what VM this is"),
        (
            b"a = 1\nversion https://x\n",
            "2: this line is no setting (there is no =), and no other line says what VM this is",
        ),
    ],
)
def test_what_is_no_config_is_called_what_it_is(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "vm.vmx"
    path.write_bytes(content)
    assert refusal(path).startswith(said)


@pytest.mark.parametrize(
    "sample",
    ["esxi67/build01.vmdk", "ws6-windows-ide/Windows XP Professional.vmdk", "ws5-snapshots/Build Host.vmsd",
     "ws5-snapshots/Build Host-Snapshot1.vmsn", "suspended/Ubuntu.vmss", "esx3-vmfs/web01.vmxf",
     "gsx3-linux/intranet-s001.vmdk", "README.md"],
)  # fmt: skip
def test_other_files_of_a_vm_are_refused(sample: str) -> None:
    assert refusal(vms.SAMPLES / sample)


def test_a_file_larger_than_any_config_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vm.vmx"
    with path.open("wb") as stream:
        stream.write(GOOD)
        stream.truncate(2**40)
    assert "it is no config of a VM" in refusal(path)


@given(st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_machine_or_one_line(tmp_path: Path, data: bytes) -> None:
    for content in (data, GOOD + data, data + b"\n" + GOOD):
        path = tmp_path / "vm.vmx"
        path.write_bytes(content)
        said = ""
        try:
            assert bytes(read_machine(path).config.document) == content
        except InputError as error:
            said = str(error)
        assert "\n" not in said


# --- configs in bad health ---


def test_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "vm.vmx"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD + 'displayName = "é"\n'.encode())
    vm = read_machine(path)
    assert (vm.hardware.version, vm.name) == (9, "é")
    assert "byte-order-mark" in findings(vm)


def test_an_encoding_that_vmware_does_not_know(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, '.encoding = "klingon"')
    assert "unknown-encoding" in findings(vm)
    assert vm.origin


@pytest.mark.parametrize("line", ['displayName = "open', 'displayName = "a" b', "displayName = 'a b'", "// x", "a\0b"])
def test_a_line_at_which_vmware_stops(tmp_path: Path, line: str) -> None:
    vm = vms.read(tmp_path, 'memsize = "64"', line, 'guestOS = "dos"')
    assert vm.config.document.unknown == (4,)
    assert (vm.memory_mib, vm.guest.id) == (64, "dos")
    assert "unknown-line" in findings(vm)


def test_a_nul_in_a_file_name_leads_nowhere(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, disk_lines("ide0:0", "a|00b.vmdk"))
    assert (vms.only(vm).file, "disk-file-missing" in findings(vm)) == ("a", True)


def test_a_setting_that_stands_twice(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'memsize = "64"', 'MemSize = "128"')
    assert vm.memory_mib == 64
    assert "duplicate-key" in findings(vm)


@pytest.mark.parametrize("number", ["99999999999999999999", "-1", "zero", "0xffffffff", "1e9", ""])
def test_numbers_of_any_kind(tmp_path: Path, number: str) -> None:
    keys = ("memsize", "numvcpus", "cpuid.coresPerSocket", "maxvcpus", "virtualHW.version", "config.version")
    path = tmp_path / "vm.vmx"
    path.write_text("".join(f'{key} = "{number}"\n' for key in keys))
    vm = read_machine(path)
    assert (vm.cpu.count or 1) >= 1
    assert vm.cpu.cores_per_socket >= 1
    findings(vm)


def test_a_disk_that_is_its_own_ancestor(tmp_path: Path) -> None:
    for name, other in (("disk", "base"), ("base", "disk")):
        (tmp_path / f"{name}.vmdk").write_bytes(descriptor(parent=CID, hint=f"{other}.vmdk"))
    vm = vms.read(tmp_path, SCSI_DISK)
    assert vm.snapshots.present
    chain = vms.only(vm).chain
    assert chain is not None
    assert "loop" in {problem.kind for problem in chain.problems}


def test_a_disk_that_is_the_config(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, disk_lines("scsi0:0", "vm.vmx"))
    chain = vms.only(vm).chain
    assert chain is not None
    assert [problem.kind for problem in chain.problems] == ["unreadable"]


@pytest.mark.parametrize("name", [".", "..", "/", "disk.vmdk/", "folder", "a" * 5000, "con", "fifo", "|0A|1B[2J"])
def test_names_that_are_no_files(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "fifo")
    vm = vms.read(tmp_path, disk_lines("scsi0:0", name))
    findings(vm)
    assert vms.only(vm).chain is None or not vms.only(vm).chain.links  # type: ignore[union-attr]


def test_thousands_of_devices_and_snapshots(tmp_path: Path) -> None:
    """What is asked about a device is bounded by the lines of the file, not by the numbers in them."""
    lines = [f'scsi{n % 9}:{n}.present = "TRUE"' for n in range(3000)]
    lines += [f'ethernet{n}.present = "TRUE"' for n in range(3000)]
    (tmp_path / "vm.vmsd").write_text(
        "".join(f'snapshot{n}.uid = "{n}"\nsnapshot{n}.parent = "{n - 1}"\nsnapshot{n}.numDisks = "2147483647"\n'
                for n in range(3000))
    )  # fmt: skip
    vm = vms.read(tmp_path, *lines)
    assert len(vm.nics) == 10
    assert len(vm.snapshots.tree) == 3000


# --- nothing outside the VM's folder is opened ---

# Audit hooks cannot be taken off again, so the proof runs in a process of its own.
WATCH = """
import os, sys
opened = []
def note(event, arguments):
    if event in {"open", "os.listdir", "os.scandir"}:
        opened.append(arguments[0])
sys.addaudithook(note)
from pathlib import Path
import vmxtool
from vmxtool.machine.read import read_machine
def work():
    vm = read_machine(Path(sys.argv[1]))
    vmxtool.judge(vm)
    for target in ("esx3", "ws4", "ws17"):
        vmxtool.check(vm, target).steps
        vmxtool.route(vm, target)
    for goal in ({"hwversion": 4}, {"target": "esx3"}, {"ide_to_scsi": True}):
        vmxtool.plan_rewrite(vm, **goal)
    return vm
work()  # loads what is loaded once
opened.clear()
vm = work()
root = os.path.realpath(sys.argv[2])
for name in opened:
    if isinstance(name, (str, os.PathLike)):
        real = os.path.realpath(name)
        print("in" if real == root or real.startswith(root + os.sep) else "OUT", real)
print("drives", *(drive.found.outside for drive in vm.drives if drive.found is not None))
"""


@pytest.mark.skipif(os.name != "posix", reason="the names are POSIX's")
def test_no_file_outside_the_folder_is_opened(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    make_disk(outside / "base.vmdk")
    folder = tmp_path / "vm"
    folder.mkdir()
    (folder / "link.vmdk").symlink_to(outside / "base.vmdk")
    (folder / "vm.vmsd").symlink_to("/etc/passwd")
    (folder / "vmware.log").symlink_to("/etc/passwd")
    (folder / ".vmxtool").symlink_to(outside)
    for name in ("other.cfg", "other.vmtx", "other.vmx"):
        (folder / name).symlink_to("/etc/passwd")
    (folder / "delta.vmdk").write_bytes(descriptor(parent=CID, hint="../outside/base.vmdk"))
    (folder / "far.vmdk").write_bytes(descriptor(parent=CID, hint="/etc/passwd"))
    (folder / "extent.vmdk").write_bytes(descriptor('RW 2048 FLAT "../outside/base.vmdk" 0'))
    names = [
        "/etc/passwd", "../../etc/passwd", "../outside/base.vmdk", str(outside / "base.vmdk"), "link.vmdk",
        "delta.vmdk", "far.vmdk", "extent.vmdk",
        "/dev/null", "/proc/self/environ", r"..\outside\base.vmdk", "[store] ../outside/base.vmdk",
    ]  # fmt: skip
    lines = ['scsi0.present = "TRUE"']
    units = [unit for unit in range(16) if unit != 7]
    for unit, name in zip(units, names, strict=False):
        lines += [f'scsi0:{unit}.present = "TRUE"', f'scsi0:{unit}.fileName = "{name}"']
    lines += ['ide0:0.present = "TRUE"', 'ide0:0.deviceType = "cdrom-image"', 'ide0:0.fileName = "/etc/passwd"']
    lines += ['floppy0.fileType = "file"', 'floppy0.fileName = "/etc/passwd"', 'checkpoint.vmState = "/etc/passwd"']
    path = vms.write(folder, *lines)
    root = vms.SAMPLES.parent
    done = subprocess.run(
        [sys.executable, "-c", WATCH, str(path), str(folder)],
        capture_output=True, text=True, check=True, timeout=60, cwd=root, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    *opened, drives = done.stdout.splitlines()
    assert [line for line in opened if line.startswith("OUT")] == []
    assert {line.rpartition("/")[2] for line in opened} >= {"vm.vmx", "delta.vmdk", "far.vmdk", "extent.vmdk", "vm"}
    assert drives.split()[1:] == ["True"] * 5 + ["False"] * 3 + ["True"] * 3 + ["True"]


def test_a_folder_of_two_configs_names_both(tmp_path: Path) -> None:
    vms.write(tmp_path, name="a.vmx")
    vms.write(tmp_path, name="b.vmx")
    with pytest.raises(UsageError, match=r"a\.vmx, b\.vmx"):
        read_machine(tmp_path)


def test_a_described_document_need_not_be_on_disk(tmp_path: Path) -> None:
    document = Document.parse(GOOD, "vm.vmx")
    vm = build_machine(document, tmp_path / "nowhere" / "vm.vmx")
    assert (vm.hardware.version, vm.power.state, len(vm.unread)) == (9, "off", 1)
