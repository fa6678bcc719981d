"""`vmxtool undo` as people use it: one back, several back, the list, and what it refuses."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from build import IDE_DISK, make_vm, write_config
from cli.program import vmxtool
from terminal import on_a_terminal

from vmxtool.rewriter.journal.patch import ReplacePatch
from vmxtool.rewriter.journal.write import write

LINES = IDE_DISK + 'ehci.present = "TRUE"'


@pytest.fixture
def vm(tmp_path: Path) -> Path:
    """A config, rewritten twice; its first form lies in `first`, its second in `second`."""
    config = make_vm(tmp_path, LINES, hw=6, guest="rhel4").config.path
    config.with_suffix(".first").write_bytes(config.read_bytes())
    assert vmxtool("rewrite", "--hwversion", "4", config).code == 0
    config.with_suffix(".second").write_bytes(config.read_bytes())
    assert vmxtool("rewrite", "--ide-to-scsi", config).code == 0
    return config


def test_undo_goes_back_one_rewrite_at_a_time(vm: Path) -> None:
    run = vmxtool("undo", vm)
    assert run.code == 0
    assert run.out.startswith(f"vm ({vm}): rewrite 0002 undone\n  rewrite --ide-to-scsi\n")
    assert "\n  ✔ disk.vmdk is restored\n" in run.out
    assert vm.read_bytes() == vm.with_suffix(".second").read_bytes()
    assert vmxtool("undo", vm.parent).out.startswith(f"vm ({vm.parent}/): rewrite 0001 undone\n")
    assert vm.read_bytes() == vm.with_suffix(".first").read_bytes()
    last = vmxtool("undo", vm)
    assert (last.code, last.out) == (4, "")
    assert "no rewrite to undo" in last.err


def test_the_first_line_of_what_writes_names_the_vm_as_it_was_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = make_vm(tmp_path / "web 01", LINES + '\ndisplayName = "Anna"', hw=6, guest="rhel4").config.path
    make_vm(tmp_path / "vms" / "a.vmwarevm", LINES, hw=6, guest="rhel4")
    (tmp_path / "link.vmx").symlink_to(config)
    for where, named, shown in (
        (tmp_path, ["web 01"], "Anna (web 01/)"),
        (tmp_path, ["./web 01/vm.vmx"], "Anna (web 01/vm.vmx)"),
        (tmp_path, [config.parent], f"Anna ({config.parent}/)"),
        (tmp_path, ["link.vmx"], "Anna (link.vmx)"),
        (tmp_path, ["vms/a.vmwarevm"], "vm (vms/a.vmwarevm/)"),
        (config.parent, [], "Anna (vm.vmx)"),
        (config.parent, ["."], "Anna (vm.vmx)"),
    ):
        monkeypatch.chdir(where)
        assert vmxtool("rewrite", "--hwversion", "4", *named).out.partition(": ")[0] == shown
        undone = vmxtool("undo", "--format", "json", *named).json()
        assert f"{undone['name']} ({undone['path'].removesuffix('vm.vmx' if shown.endswith('/)') else '')})" == shown
        vmxtool("rewrite", "--hwversion", "4", *named)
        assert vmxtool("undo", *named).out.partition(": rewrite ")[0] == shown


@pytest.mark.parametrize("config", ["vm.vmx", "gone.vmx", "../vm.vmx", "link.vmx"])
def test_an_undo_without_a_config_to_read_shows_the_folder_alone(
    tmp_path: Path, config: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "web01"
    folder.mkdir()
    write_config(tmp_path, guest="rhel4")
    (folder / "link.vmx").symlink_to("../vm.vmx")
    (folder / "vm.vmx").write_bytes(b"\0" * 40)
    disk = folder / "disk.vmdk"
    for where, named, shown in ((tmp_path, ["web01"], "web01"), (folder, [], "web01")):
        disk.write_bytes(b"old")
        write(folder, (ReplacePatch(disk, b"old", b"new"),), {"config": config})
        monkeypatch.chdir(where)
        run = vmxtool("undo", *named)
        assert (run.code, run.out.partition(": rewrite ")[0]) == (0, shown)
        assert disk.read_bytes() == b"old"


def test_the_list_names_state_time_and_command(vm: Path) -> None:
    vmxtool("undo", vm)
    out = vmxtool("undo", "--list", vm).out
    title, first, second = out.splitlines()
    assert title == f"vm.vmx ({vm.parent}/): 2 rewrites"
    assert re.fullmatch(r"  0001 done  \d{4}-\d\d-\d\d \d\d:\d\d UTC  rewrite --hwversion 4", first)
    assert re.fullmatch(r"  0002 undone  \d{4}-\d\d-\d\d \d\d:\d\d UTC  rewrite --ide-to-scsi", second)


def test_json_of_undo_and_of_the_list(vm: Path) -> None:
    done = vmxtool("undo", "--format", "json", vm).json()
    assert done["schema"] == "vmxtool.undo/1"
    assert (done["number"], done["was_unfinished"]) == (2, False)
    assert sorted(done["files"]) == ["disk.vmdk", "vm.vmx"]
    assert done["about"]["command"] == "rewrite --ide-to-scsi"

    listed = vmxtool("undo", "--list", "--format", "json", vm).json()
    assert listed["schema"] == "vmxtool.rewrites/1"
    assert [(item["number"], item["state"]) for item in listed["rewrites"]] == [(1, "done"), (2, "undone")]
    assert all(item["created"].endswith("+00:00") and item["problem"] is None for item in listed["rewrites"])


def test_a_vm_without_rewrites_has_an_empty_list_and_nothing_to_undo(tmp_path: Path) -> None:
    make_vm(tmp_path, LINES, guest="rhel4")
    assert vmxtool("undo", "--list", tmp_path).out == "no rewrite of this VM is known here\n"
    assert vmxtool("undo", "--list", "--format", "json", tmp_path).json()["rewrites"] == []
    assert vmxtool("undo", tmp_path).code == 4


def test_a_rewrite_that_was_cut_short_is_settled_and_said_to_be(vm: Path) -> None:
    (vm.parent / ".vmxtool" / "0002.done").rename(vm.parent / ".vmxtool" / "0002.journal")
    assert "0002 cut short" in vmxtool("undo", "--list", vm).out
    assert vmxtool("rewrite", "--hwversion", "3", vm).code == 4
    run = vmxtool("undo", vm)
    assert run.code == 0
    assert "it had been cut short" in run.out
    assert vm.read_bytes() == vm.with_suffix(".second").read_bytes()


def test_a_file_that_changed_since_is_named_and_nothing_is_undone(vm: Path) -> None:
    vm.write_bytes(vm.read_bytes() + b'memsize = "64"\n')
    run = vmxtool("undo", vm)
    assert run.code == 4
    assert run.out.startswith(f"vm ({vm}): rewrite 0002 not undone, nothing was changed\n  ✖ vm.vmx is not as ")
    assert f"{vm}: changed since rewrite 0002" in run.err
    assert run.err.count("\n") == 1
    assert "scsi0:0" in vm.read_text()


def test_the_rewrite_of_another_vm_in_the_folder_is_not_undone_by_mistake(vm: Path) -> None:
    other = write_config(vm.parent, hw=4, guest="rhel4", name="other.vmx")
    run = vmxtool("undo", other)
    assert run.code == 4
    assert "vm.vmx" in run.err
    assert vmxtool("undo", "--list", other).out == "no rewrite of this VM is known here\n"
    # The folder alone stands for the last rewrite in it, whichever VM that was of.
    assert vmxtool("undo", vm.parent).code == 0
    assert vm.read_bytes() == vm.with_suffix(".second").read_bytes()


def test_a_journal_that_is_broken_is_listed_with_its_problem(vm: Path) -> None:
    (vm.parent / ".vmxtool" / "0001.done").write_bytes(b"{")
    out = vmxtool("undo", "--list", vm).out
    assert "0001 done  time unknown" in out
    assert "0002 done" in out
    listed = vmxtool("undo", "--list", "--format", "json", vm).json()["rewrites"]
    assert listed[0]["problem"]
    assert listed[1]["problem"] is None


def test_a_path_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    run = vmxtool("undo", tmp_path / "gone.vmx")
    assert (run.code, run.out) == (2, "")
    assert "gone.vmx" in run.err
    assert vmxtool("undo", tmp_path).code == 2


@pytest.mark.parametrize("columns", [40, 80])
def test_the_screens_fit_the_terminal_and_say_of_which_vm_they_are(vm: Path, columns: int) -> None:
    def shown(*words: str) -> list[str]:
        argv = [sys.executable, "-m", "vmxtool", "undo", *words, vm.parent.name]
        lines = on_a_terminal(argv, columns=columns, folder=vm.parent.parent).splitlines()
        return [line for line in lines if not line.startswith("vmxtool: ")]

    before = vm.read_bytes()
    listed = shown("--list")
    vm.write_bytes(before + b'memsize = "64"\n')
    refused = shown()
    vm.write_bytes(before)
    undone = shown()
    for lines in (listed, refused, undone):
        text = [line for line in lines if "vmxtool undo" not in line and "--" not in line]
        assert f"({vm.parent.name}/)" in "".join(line.strip() for line in lines)
        assert [line for line in text if len(line) > columns and " " in line.strip()] == []
        assert [line for line in lines if line != line.rstrip()] == []
    assert "  ✔ vm.vmx is restored" in undone


def test_why_nothing_is_undone_is_said_once_where_both_outputs_are_one_terminal(vm: Path) -> None:
    vm.write_bytes(vm.read_bytes() + b'answer = "42"\n')
    tool = Path(sys.executable).with_name("vmxtool")
    shown = on_a_terminal([str(tool), "undo", "vm.vmx"], folder=vm.parent)
    assert shown.startswith("vm (vm.vmx): rewrite 0002 not undone, nothing was changed\n")
    assert "vmxtool: " not in shown
    assert 'answer = "42"' in shown
