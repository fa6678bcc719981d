"""Plans of rewrites on real files: what is written, byte for byte, what is told of it, and what is proved first."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import CID, IDE_DISK, disk_lines, make_disk, make_vm, sparse_descriptor
from hypothesis import given
from hypothesis import strategies as st
from vmdk import disks

from vmxtool.errors import WriteError
from vmxtool.machine.read import describe, read_machine
from vmxtool.planner.changes import SettingChange
from vmxtool.planner.request import Request
from vmxtool.planner.rewrite import propose
from vmxtool.rewriter.diff import TextChange
from vmxtool.rewriter.edit_config import edit_config
from vmxtool.rewriter.edit_descriptor import edit_descriptors
from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.store import journals
from vmxtool.rewriter.journal.undo import undo
from vmxtool.rewriter.plan import plan
from vmxtool.rewriter.proof import prove_config, prove_descriptors
from vmxtool.vmdk.descriptor import Descriptor
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmxtool.machine.model import Machine
    from vmxtool.rewriter.plan import Plan

GIB = 2**30
IO = Path("/proc/self/io")
SECTORS = 100 * GIB // 512


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".vmxtool" not in path.parts
    }


def to_scsi(vm: Machine, **wishes: Any) -> Plan:
    return plan(vm, Request(ide_to_scsi=True, **wishes))


# ---- the config's bytes


HEAD = b'config.version = "8"\nvirtualHW.version = "6"\nguestOS = "rhel4"\n'
LOWERED = (b'virtualHW.version = "6"', b'virtualHW.version = "4"')


@pytest.mark.parametrize(
    ("before", "edits"),
    [
        # CRLF, odd spacing, comments, a blank line; no line end at the end; a new setting beside the one it belongs to
        (
            b'virtualHW.version = "6"\r\n\r\n# slots\r\nehci.present="TRUE"\r\nmemsize  =  "64" # MB\r\nname = "x"',
            [
                (b'virtualHW.version = "6"\r\n', b'virtualHW.version = "4"\r\nconfig.version = "8"\r\n'),
                (b'ehci.present="TRUE"\r\n', b""),
            ],
        ),
        # the last line goes, and it had no line end
        (HEAD + b'ehci.present = "TRUE"', [LOWERED, (b'ehci.present = "TRUE"', b"")]),
        (
            b'.encoding = "windows-1252"\n' + HEAD + b'displayName = "Z\xfcrich \x96 alt"\nehci.present = "TRUE"\n',
            [LOWERED, (b'ehci.present = "TRUE"\n', b"")],
        ),
        # the first character would be another one in UTF-8, and the second has the escape sign for its second byte
        (
            b'.encoding = "GBK"\n' + HEAD + b'displayName = "\xce\xbb\x95\x7c\xb2\xe2"\nehci.present = "TRUE"\n',
            [LOWERED, (b'ehci.present = "TRUE"\n', b"")],
        ),
    ],
)
def test_an_edit_changes_its_own_lines_and_no_other_byte(
    tmp_path: Path, before: bytes, edits: list[tuple[bytes, bytes]]
) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(before)
    made = plan(read_machine(config), Request(hwversion=4))
    assert made.apply() is not None
    after = before
    for old, new in edits:
        assert old in after
        after = after.replace(old, new)
    assert config.read_bytes() == after
    undo(tmp_path)
    assert config.read_bytes() == before


def test_nothing_to_change_writes_nothing(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    stamp = vm.config.path.stat().st_mtime_ns
    made = plan(vm, Request(hwversion=4))
    assert (made.changes, made.patches, made.diff) == ((), (), "")
    assert made.apply() is None
    assert vm.config.path.stat().st_mtime_ns == stamp
    assert not (tmp_path / ".vmxtool").exists()


def test_a_second_run_proposes_nothing(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'usb.present = "TRUE"\nsound.virtualDev = "hdaudio"', hw=9, guest="rhel4")
    assert to_scsi(vm, hwversion=4).apply() is not None
    again = to_scsi(read_machine(vm.config.path), hwversion=4)
    assert (again.changes, again.refused) == ((), ())


# ---- what is told


def test_every_change_tells_its_line_before_and_after(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'ehci.present = "TRUE"', hw=6, guest="rhel4")
    told = {change.key: change for change in to_scsi(vm, hwversion=4).changes}
    assert (told["virtualHW.version"].line, told["virtualHW.version"].before, told["virtualHW.version"].after) == (
        2,
        'virtualHW.version = "6"',
        'virtualHW.version = "4"',
    )
    assert (told["ehci.present"].line, told["ehci.present"].after) == (6, None)
    # Lines are those of the file as it was, though lines above have come and gone.
    assert (told["ide0:0.fileName"].line, told["ide0:0.fileName"].after) == (5, 'scsi0:0.fileName = "disk.vmdk"')
    assert told["scsi0.present"].before is None
    assert (told["ddb.adapterType"].file, told["ddb.adapterType"].before) == ("disk.vmdk", 'ddb.adapterType = "ide"')
    assert {change.safety for change in told.values()} == {"safe", "unsafe"}
    assert all(change.why and change.source for change in told.values())


LINES = st.lists(
    st.tuples(
        st.text(alphabet='ab"= é\x85\x0b', max_size=4),
        st.sampled_from(["stays", "goes", "comes", "changes"]),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    max_size=30,
)


@given(LINES, st.booleans())
def test_the_diff_leads_from_the_one_text_to_the_other(lines: list[tuple[str, str, str]], ends: bool) -> None:
    before, after, gone, new = [], [], set(), set()
    for number, (text, fate, end) in enumerate(lines):
        line = f"{number} {text}" + (end if ends or number + 1 < len(lines) else "")
        if fate != "comes":
            before.append(line)
            if fate != "stays":
                gone.add(len(before))
        if fate != "goes":
            after.append(line.replace(" ", "!") if fate == "changes" else line)
            if fate != "stays":
                new.add(len(after))
    change = TextChange("x", "".join(before), "".join(after), frozenset(gone), frozenset(new))
    rows = list(change.diff())
    assert bool(rows) == bool(gone or new)
    assert apply_diff(before, rows) == [line.rstrip("\r\n") for line in after]
    unchanged = sum(row.startswith(" ") for row in rows)
    assert unchanged <= 4 * sum(row.startswith("@@") for row in rows) + 4 * len(gone | new)


def test_a_line_that_no_change_names_and_that_differs_is_shown_all_the_same() -> None:
    change = TextChange("x", "a\rb\nc", "a\nb\nc\nd", frozenset(), frozenset())
    assert [row for row in change.diff() if row[0] in "+-"][2:] == ["-a", "+a", "-c", "+c", "+d"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_patch_takes_the_diff(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'ehci.present = "TRUE"\nmemsize = "64"', hw=6, guest="rhel4")
    made = to_scsi(vm, hwversion=4)
    copy = shutil.copytree(tmp_path, tmp_path / "copy")
    subprocess.run(["patch", "-p1", "--quiet"], cwd=copy, input=made.diff.encode(), check=True)
    made.apply()
    assert (copy / "vm.vmx").read_bytes() == vm.config.path.read_bytes()
    assert (copy / "disk.vmdk").read_bytes() == (tmp_path / "disk.vmdk").read_bytes()


def test_a_config_of_many_lines_takes_one_pass(tmp_path: Path) -> None:
    many = "".join(f'x{n}.pciSlotNumber = "{n}"\ny{n}.foo = "1"\n' for n in range(10000))
    made = plan(make_vm(tmp_path, many, hw=8, guest="rhel4"), Request(hwversion=7))
    started = time.monotonic()
    assert made.diff.count("\n-") == 10001
    assert time.monotonic() - started < 10  # a guard against a quadratic diff, which would take minutes


def apply_diff(lines: list[str], rows: list[str]) -> list[str]:
    """Do what `patch` does with the rows of a unified diff; line ends are left out."""
    old = [line.rstrip("\r\n") for line in lines]
    out: list[str] = []
    at = 0
    for row in rows[2:]:
        if row.startswith("@@"):
            start, _, count = row.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            out += old[at:begin]
            at = begin
        elif not row.startswith("\\"):
            if row[0] != "+":
                assert old[at] == row[1:]
                at += 1
            if row[0] != "-":
                out.append(row[1:])
    return out + old[at:]


def test_a_setting_that_stands_twice_is_refused_and_not_guessed(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "64"\nvirtualhw.version = "4"', hw=6, guest="rhel4")
    made = plan(vm, Request(hwversion=3))
    assert {"duplicate-key", "setting-not-writable"} <= {reason.name for reason in made.refused}


def test_the_journal_tells_the_command(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel4")
    assert to_scsi(vm, hwversion=4).apply() is not None
    (info,) = journals(tmp_path)
    assert info.about["config"] == "vm.vmx"
    assert info.about["command"] == "rewrite --hwversion 4 --ide-to-scsi"
    assert int(info.about["changes"]) > 3


# ---- disks


def test_an_embedded_descriptor_keeps_its_sectors_and_all_around_them(tmp_path: Path) -> None:
    data = make_disk(tmp_path / "disk.vmdk", "sparse").read_bytes()
    made = to_scsi(make_vm(tmp_path, IDE_DISK, guest="rhel4"))
    assert made.apply() is not None
    after = (tmp_path / "disk.vmdk").read_bytes()
    assert len(after) == len(data)
    assert after[:512] == data[:512]
    assert after[21 * 512 :] == data[21 * 512 :]
    assert b'ddb.adapterType = "lsilogic"' in after
    undo(tmp_path)
    assert (tmp_path / "disk.vmdk").read_bytes() == data


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.ljust(20 * 512 - 3, b"#"),  # full to three bytes
        lambda text: (text + b"\x00" * 40 + b"left over").ljust(20 * 512, b"\x00"),  # something after the end
    ],
)
def test_a_descriptor_without_room_is_refused_with_everything_else(
    tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "disk.vmdk").write_bytes(disks.sparse_disk(spoil(sparse_descriptor())))
    vm = make_vm(tmp_path, IDE_DISK + 'firmware = "efi"', hw=9, guest="rhel4")
    before = digests(tmp_path)
    made = to_scsi(vm, hwversion=6)
    names = {reason.name for reason in made.refused}
    assert {"descriptor-without-room", "device-not-in-hardware-version"} <= names
    assert (made.changes, made.patches) == ((), ())
    with pytest.raises(WriteError, match="nothing was changed"):
        made.apply()
    assert digests(tmp_path) == before


@pytest.mark.skipif(not IO.exists(), reason="only Linux counts the bytes that a process writes")
def test_a_disk_of_100_gb_takes_less_than_64_kib_of_writing(tmp_path: Path) -> None:
    path = make_disk(tmp_path / "disk.vmdk", "sparse", sectors=SECTORS)
    os.truncate(path, 100 * GIB)
    made = to_scsi(make_vm(tmp_path, IDE_DISK, guest="rhel4"), hwversion=4)
    before, allocated = written(), path.stat().st_blocks
    assert made.apply() is not None
    assert written() - before < 64 * 1024
    assert path.stat().st_size == 100 * GIB
    assert path.stat().st_blocks == allocated
    undo(tmp_path)
    assert written() - before < 128 * 1024
    with path.open("rb") as stream:
        assert b'ddb.adapterType = "ide"' in stream.read(8192)


def written() -> int:
    return int(next(line.split()[1] for line in IO.read_text("ascii").splitlines() if line.startswith("wchar:")))


def test_two_drives_on_one_disk_change_its_version_once(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n'
    lines += "".join(f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "disk.vmdk"\n' for n in (0, 1))
    made = plan(make_vm(tmp_path, lines, hw=6, guest="rhel4"), Request(hwversion=4))
    assert [change.key for change in made.changes] == ["virtualHW.version", "ddb.virtualHWVersion"]
    assert made.apply() is not None


def test_a_disk_in_a_folder_below_is_changed_there(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disks/disk.vmdk"), guest="rhel4")
    made = to_scsi(vm)
    assert made.apply() is not None
    assert 'ddb.adapterType = "lsilogic"' in (tmp_path / "disks" / "disk.vmdk").read_text()
    undo(tmp_path)
    assert 'ddb.adapterType = "ide"' in (tmp_path / "disks" / "disk.vmdk").read_text()


# ---- files that are not plain


def test_a_config_behind_a_link_is_changed_where_it_lies(tmp_path: Path) -> None:
    real = tmp_path / "store"
    real.mkdir()
    make_vm(real, IDE_DISK, guest="rhel4")
    link = tmp_path / "link.vmx"
    link.symlink_to(real / "vm.vmx")
    made = to_scsi(read_machine(link))
    assert made.apply() is not None
    assert link.is_symlink()
    assert "scsi0:0.fileName" in (real / "vm.vmx").read_text()
    assert (real / ".vmxtool").is_dir()
    assert not (tmp_path / ".vmxtool").exists()


def test_a_read_only_file_is_refused_before_anything_changes(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    (tmp_path / "disk.vmdk").chmod(0o444)
    before = digests(tmp_path)
    with pytest.raises(WriteError, match=r"disk\.vmdk: marked read-only"):
        to_scsi(vm).apply()
    assert digests(tmp_path) == before


def test_files_that_changed_since_the_plan_are_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    made = to_scsi(vm)
    vm.config.path.write_text(vm.config.path.read_text() + 'memsize = "64"\n')
    before = digests(tmp_path)
    with pytest.raises(WriteError, match="changed since the plan"):
        made.apply()
    assert digests(tmp_path) == before


def test_an_unfinished_rewrite_is_refused_already_in_the_plan(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    journal = to_scsi(vm).apply()
    assert journal is not None
    journal.rename(journal.with_suffix(".journal"))
    made = plan(read_machine(vm.config.path), Request(hwversion=4))
    assert "rewrite-unfinished" in {reason.name for reason in made.refused}


def test_a_whole_rewrite_and_its_undo_leave_every_byte(tmp_path: Path, samples: Path) -> None:
    folder = shutil.copytree(samples / "ws6-windows-ide", tmp_path / "vm")
    before = digests(folder)
    assert to_scsi(read_machine(folder), hwversion=4).apply() is not None
    assert digests(folder) != before
    undo(folder)
    assert digests(folder) == before


# ---- the proof


def test_the_proof_finds_what_the_plan_does_not_say(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "64"\n# a remark', hw=6, guest="rhel4")
    request = Request(hwversion=4)
    changes = [SettingChange("virtualHW.version", "4", "because", "general")]
    right = edit_config(vm, changes).document
    prove_config(vm, right, changes, request)
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
            prove_config(vm, wrong, changes, request)
    with pytest.raises(WriteError, match="a second run would change virtualHW"):
        prove_config(vm, vm.config.document, [], request)


def test_the_proof_finds_a_descriptor_that_says_something_else(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk")
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    edited = edit_descriptors(propose(vm, Request(ide_to_scsi=True)).descriptors)
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


# ---- a law over made-up VMs

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
        if fate != "none":
            lines += [f'{place}.present = "{"FALSE" if fate == "off" else "TRUE"}"']
            lines += [f'{place}.fileName = "{place.replace(":", "-")}.vmdk"', f'sched.{place}.shares = "low"']
            lines += [f'{place}.deviceType = "cdrom-raw"'] if fate == "cdrom" else []
    document = Document.parse("\n".join(lines).encode(), "vm.vmx")
    vm = describe(document, shelf / "vm.vmx")
    made = plan(vm, Request(hwversion=9, ide_to_scsi=True, move_disks=True, adapter="lsilogic"))
    if made.refused:
        assert {reason.name for reason in made.refused} == {"no-free-unit"}
        assert sum(drive.kind == "cdrom" and drive.bus != "scsi" for drive in vm.drives) > 4
        return
    (config,) = [patch for patch in made.patches if patch.path == vm.config.path]
    assert isinstance(config, ReplacePatch)
    now = describe(Document.parse(config.after, "vm.vmx"), shelf / "vm.vmx")
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
