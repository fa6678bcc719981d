"""Rewrites of real files: what is written, byte for byte, what is told of it, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, copy_vm, disk_lines, make_disk, make_vm, sparse_descriptor
from rewriter.instrumented import tree
from vmdk import disks

from vmxtool import WriteError, inspect, plan_rewrite, rewrites, undo

if TYPE_CHECKING:
    from collections.abc import Callable

    from vmxtool import Machine, Rewrite

GIB = 2**30
IO = Path("/proc/self/io")
SECTORS = 100 * GIB // 512


def to_scsi(vm: Machine, **wishes: Any) -> Rewrite:
    return plan_rewrite(vm, ide_to_scsi=True, **wishes)


# --- the config's bytes


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
    made = plan_rewrite(inspect(config), hwversion=4)
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
    made = plan_rewrite(vm, hwversion=4)
    assert (made.changes, made.patches, made.diff) == ((), (), "")
    assert made.apply() is None
    assert vm.config.path.stat().st_mtime_ns == stamp
    assert not (tmp_path / ".vmxtool").exists()


def test_a_second_run_proposes_nothing(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'usb.present = "TRUE"\nsound.virtualDev = "hdaudio"', hw=9, guest="rhel4")
    assert to_scsi(vm, hwversion=4).apply() is not None
    again = to_scsi(inspect(vm.config.path), hwversion=4)
    assert (again.changes, again.refused) == ((), ())


# --- what is told


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


def test_a_setting_that_stands_twice_is_refused_and_not_guessed(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "64"\nvirtualhw.version = "4"', hw=6, guest="rhel4")
    made = plan_rewrite(vm, hwversion=3)
    assert {reason.name for reason in made.refused} == {"duplicate-key"}


def test_the_journal_tells_the_command(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel4")
    assert to_scsi(vm, hwversion=4).apply() is not None
    (info,) = rewrites(tmp_path)
    assert info.about["config"] == "vm.vmx"
    assert info.about["command"] == "rewrite --hwversion 4 --ide-to-scsi"
    assert int(info.about["changes"]) > 3


# --- disks


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
    (tmp_path / "disk.vmdk").write_bytes(disks.sparse_disk(spoil(sparse_descriptor()), capacity=2048))
    vm = make_vm(tmp_path, IDE_DISK + 'ethernet5.present = "TRUE"', hw=9, guest="rhel4")
    before = tree(tmp_path)
    made = to_scsi(vm, hwversion=4)
    names = {reason.name for reason in made.refused}
    assert names == {"descriptor-without-room", "device-number-not-in-hardware-version"}
    assert (made.changes, made.patches) == ((), ())
    with pytest.raises(WriteError, match="nothing was changed"):
        made.apply()
    assert tree(tmp_path) == before


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
    made = plan_rewrite(make_vm(tmp_path, lines, hw=6, guest="rhel4"), hwversion=4)
    assert [change.key for change in made.changes] == ["virtualHW.version", "ddb.virtualHWVersion"]
    assert made.apply() is not None


def test_a_disk_in_a_folder_below_is_changed_there(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disks/disk.vmdk"), guest="rhel4")
    made = to_scsi(vm)
    assert made.apply() is not None
    assert 'ddb.adapterType = "lsilogic"' in (tmp_path / "disks" / "disk.vmdk").read_text()
    undo(tmp_path)
    assert 'ddb.adapterType = "ide"' in (tmp_path / "disks" / "disk.vmdk").read_text()


# --- files that are not plain


def test_a_config_behind_a_link_is_changed_where_it_lies(tmp_path: Path) -> None:
    real = tmp_path / "store"
    real.mkdir()
    make_vm(real, IDE_DISK, guest="rhel4")
    link = tmp_path / "link.vmx"
    link.symlink_to(real / "vm.vmx")
    made = to_scsi(inspect(link))
    assert made.apply() is not None
    assert link.is_symlink()
    assert "scsi0:0.fileName" in (real / "vm.vmx").read_text()
    assert (real / ".vmxtool").is_dir()
    assert not (tmp_path / ".vmxtool").exists()


def test_a_read_only_file_is_refused_before_anything_changes(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    (tmp_path / "disk.vmdk").chmod(0o444)
    before = tree(tmp_path)
    with pytest.raises(WriteError, match=r"disk\.vmdk: marked read-only"):
        to_scsi(vm).apply()
    assert tree(tmp_path) == before


def test_files_that_changed_since_the_plan_are_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    made = to_scsi(vm)
    vm.config.path.write_text(vm.config.path.read_text() + 'memsize = "64"\n')
    before = tree(tmp_path)
    with pytest.raises(WriteError, match="changed since the plan"):
        made.apply()
    assert tree(tmp_path) == before


def test_an_unfinished_rewrite_is_refused_already_in_the_plan(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    journal = to_scsi(vm).apply()
    assert journal is not None
    journal.rename(journal.with_suffix(".journal"))
    made = plan_rewrite(inspect(vm.config.path), hwversion=4)
    assert "rewrite-unfinished" in {reason.name for reason in made.refused}


def test_a_whole_rewrite_and_its_undo_leave_every_byte(tmp_path: Path, samples: Path) -> None:
    folder = copy_vm(samples / "ws6-windows-ide", tmp_path / "vm")
    before = tree(folder)
    assert to_scsi(inspect(folder), hwversion=4).apply() is not None
    assert tree(folder) != before
    undo(folder)
    assert tree(folder) == before
