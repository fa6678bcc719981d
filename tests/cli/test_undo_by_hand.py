"""`vmxtool undo` after a person has changed a file: what it says, what it undoes all the same, and the old bytes."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from build import IDE_DISK, SCSI_DISK, make_disk, make_vm
from cli.program import Run, vmxtool
from rewriter.instrumented import states, tree

import vmxtool as library
from vmxtool.errors import UsageError, WriteError

LINES = IDE_DISK + 'ehci.present = "TRUE"\n'


class Vm:
    """A VM, rewritten, with what it was before; the reader stands beside its folder."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "it's a VM"
        self.config = make_vm(self.folder, LINES, hw=6, guest="rhel4").config.path
        self.before = {path.name: path.read_bytes() for path in self.folder.iterdir()}
        library.plan_rewrite(self.folder, hwversion=4, ide_to_scsi=True).apply()
        self.named = self.folder.name

    def edit(self, old: str = "scsi0:0.fileName = ", new: str = "scsi0:0.fileName = new") -> None:
        """What a printed step told the person to do."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new))

    def number_of(self, part: str) -> int:
        (number,) = [at for at, line in enumerate(self.config.read_text().splitlines(), 1) if part in line]
        return number


@pytest.fixture
def vm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vm:
    monkeypatch.chdir(tmp_path)
    return Vm(tmp_path)


def pasted(line: str) -> Run:
    return vmxtool(*shlex.split(line)[1:])


def command_behind(run: Run, heading: str) -> str:
    lines = run.out.splitlines()
    return lines[lines.index(heading) + 1].strip()


def test_the_refusal_names_files_lines_and_the_commands_that_help(vm: Vm) -> None:
    vm.edit()
    vm.edit('guestOS = "', 'guestOS = "x')
    before = tree(vm.folder)

    run = vmxtool("undo", vm.named)

    assert run.code == 4
    assert tree(vm.folder) == before
    assert run.out.splitlines()[0] == f"vm ({vm.named}/): rewrite 0001 not undone, nothing was changed"
    assert "✖ vm.vmx is not as the rewrite left it (- as it left it, + as it is now)\n" in run.out
    line = f"    line {vm.number_of('scsi0:0.fileName')} "
    assert f'{line}- scsi0:0.fileName = "disk.vmdk"\n{" " * len(line)}+ scsi0:0.fileName = new"disk.vmdk"\n' in run.out
    assert f"    line {vm.number_of('guestOS')} - guestOS" in run.out
    assert "· disk.vmdk is as the rewrite left it\n" in run.out
    assert run.err.count("\n") == 1
    alone = command_behind(run, "restore the others alone")
    assert alone == run.err.strip().partition("what undoes the others alone: ")[2]
    old = command_behind(run, "print the old bytes, which are in .vmxtool/0001.done")
    assert pasted(old).out.encode() == vm.before["vm.vmx"]
    edited = vm.config.read_bytes()

    part = pasted(alone)

    assert part.code == 0
    assert part.out.startswith(f"vm ({vm.named}/): rewrite 0001 undone in part\n")
    assert "  ! vm.vmx is not restored\n" in part.out
    assert (vm.folder / "disk.vmdk").read_bytes() == vm.before["disk.vmdk"]
    assert vm.config.read_bytes() == edited
    assert "0001 done" in vmxtool("undo", "--list", vm.named).out

    vm.config.write_bytes(vm.before["vm.vmx"])
    rest = pasted(
        command_behind(part, "the rewrite stays done until all are restored; undo the rest with").removeprefix("next  ")
    )
    assert rest.code == 0
    assert "rewrite 0001 undone\n" in rest.out
    assert "0001 undone" in vmxtool("undo", "--list", vm.named).out
    assert {path.name: path.read_bytes() for path in vm.folder.iterdir() if path.is_file()} == vm.before


def test_the_refusal_is_one_document_in_json(vm: Vm) -> None:
    vm.edit()
    run = vmxtool("undo", vm.named, "--format", "json")
    assert run.code == 4
    told = run.json()
    assert (told["schema"], told["exit"], told["file"]) == ("vmxtool.error/1", 4, str(vm.config))
    assert told["candidates"] == ["disk.vmdk"]
    undo = told["undo"]
    assert (undo["number"], undo["state"], undo["journal"]) == (1, "done", ".vmxtool/0001.done")
    config, disk = undo["files"]
    assert (config["file"], config["found"], config["blocks"]) == ("vm.vmx", "other", True)
    assert (disk["file"], disk["found"], disk["blocks"], disk["lines"]) == ("disk.vmdk", "after", False, [])
    number = vm.number_of("scsi0:0.fileName")
    was, now = 'scsi0:0.fileName = "disk.vmdk"', 'scsi0:0.fileName = new"disk.vmdk"'
    assert config["lines"] == [{"line": number, "was": was, "now": now}]
    assert undo["undo_alone"] == ["vmxtool", "undo", "--only", "disk.vmdk", vm.named]
    assert undo["get_old"] == [["vmxtool", "undo", "--print", "vm.vmx", vm.named]]

    part = vmxtool(*undo["undo_alone"][1:], "--format", "json").json()
    assert (part["state"], part["files"], part["left"]) == ("done", ["disk.vmdk"], ["vm.vmx"])


def test_many_long_and_evil_lines_are_few_short_and_harmless(vm: Vm) -> None:
    evil = "\x1b]0;x\x07\u202e" + "y" * 5000
    vm.config.write_text(vm.config.read_text() + "".join(f'evil{number} = "{evil}"\n' for number in range(40)))
    run = vmxtool("undo", vm.named)
    assert run.code == 4
    assert "\x1b" not in run.out + run.err
    assert "\u202e" not in run.out
    assert "\\x1b]0;x\\x07" in run.out
    assert run.out.count("evil") == 5
    assert "and 35 more lines" in run.out
    assert len(run.out) < 3000


def test_a_config_that_is_gone_is_named_and_its_old_bytes_are_to_be_had(vm: Vm) -> None:
    vm.config.unlink()
    run = vmxtool("undo", vm.folder / "vm.vmx")
    assert run.code == 4
    assert run.out.splitlines()[0] == f"{vm.folder}: rewrite 0001 not undone, nothing was changed"
    assert "✖ vm.vmx is gone\n" in run.out
    assert pasted(command_behind(run, "print the old bytes, which are in .vmxtool/0001.done")).code == 0


def test_a_rewrite_that_was_cut_short_names_its_way_out_too(vm: Vm) -> None:
    vm.edit()
    (vm.folder / ".vmxtool" / "0001.done").rename(vm.folder / ".vmxtool" / "0001.journal")
    run = vmxtool("undo", vm.named)
    assert run.code == 4
    assert run.err.endswith(f"; move it away and undo again: vmxtool undo {shlex.quote(vm.named)}\n")
    part = pasted(command_behind(run, "restore the others alone"))
    assert "the rewrite stays cut short until all are restored" in part.out
    old = pasted(command_behind(run, "print the old bytes, which are in .vmxtool/0001.journal"))
    assert old.out.encode() == vm.before["vm.vmx"]
    vm.config.unlink()
    assert pasted(run.err.strip().rpartition(": ")[2]).code == 0
    assert {path.name: path.read_bytes() for path in vm.folder.iterdir() if path.is_file()} == vm.before


def test_a_name_that_begins_with_a_dash_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    make_disk(tmp_path / "vm" / "--list.vmdk", adapter="ide")
    lines = IDE_DISK.replace("disk.vmdk", "--list.vmdk")
    config = make_vm(tmp_path / "vm", lines, hw=6, guest="rhel4").config.path
    before = (tmp_path / "vm" / "--list.vmdk").read_bytes()
    library.plan_rewrite("vm", hwversion=4, ide_to_scsi=True).apply()
    config.write_bytes(config.read_bytes() + b"# by hand\n")
    run = vmxtool("undo", "vm")
    assert pasted(command_behind(run, "restore the others alone")).code == 0
    assert (tmp_path / "vm" / "--list.vmdk").read_bytes() == before


@pytest.mark.parametrize("option", ["--only", "--print"])
def test_a_name_that_the_rewrite_did_not_change_is_wrong_usage(vm: Vm, option: str) -> None:
    before = tree(vm.folder)
    run = vmxtool("undo", option, "gone.vmdk", vm.named)
    assert (run.code, run.out) == (2, "")
    assert "rewrite 0001 changed no file 'gone.vmdk'; it changed vm.vmx, disk.vmdk" in run.err
    assert run.err.count("\n") == 1
    with pytest.raises(UsageError) as caught:
        library.undo(vm.folder, only=["gone.vmdk"])
    assert caught.value.candidates == ("vm.vmx", "disk.vmdk")
    assert tree(vm.folder) == before


def printed_bytes(*words: str | Path) -> bytes:
    return subprocess.run([sys.executable, "-m", "vmxtool", *map(str, words)], check=True, capture_output=True).stdout


def test_print_writes_the_bytes_from_before_as_they_are_and_changes_nothing(tmp_path: Path) -> None:
    config = make_vm(tmp_path, LINES, hw=6, guest="rhel4").config.path
    raw = config.read_bytes().replace(b"\n", b"\r\n") + 'displayName = "Zürich\x1b"'.encode("latin-1")
    config.write_bytes(raw)
    library.plan_rewrite(tmp_path, hwversion=4).apply()
    before = tree(tmp_path)
    journal = tmp_path / ".vmxtool" / "0001.done"
    assert printed_bytes("undo", "--print", "vm.vmx", config) == raw
    journal.rename(journal.with_suffix(".journal"))
    assert printed_bytes("undo", "--print", "vm.vmx", tmp_path) == raw
    assert library.bytes_before(tmp_path, "vm.vmx") == raw
    assert tree(tmp_path) == before
    assert states(tmp_path) == ["0001.journal"]


def test_a_disk_cannot_be_printed_and_one_line_says_why(tmp_path: Path) -> None:
    make_vm(tmp_path, IDE_DISK, hw=6, guest="rhel4")
    make_disk(tmp_path / "disk.vmdk", "sparse", hw=6)
    library.plan_rewrite(tmp_path, hwversion=4).apply()
    run = vmxtool("undo", "--print", "disk.vmdk", tmp_path)
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert "of this disk the journal holds no more than the 512 bytes that the rewrite changed" in run.err


def test_there_is_nothing_to_print_where_nothing_is_to_be_undone(vm: Vm) -> None:
    assert vmxtool("undo", vm.named).code == 0
    run = vmxtool("undo", "--print", "vm.vmx", vm.named)
    assert (run.code, run.out) == (4, "")
    assert "no rewrite to undo here" in run.err
    with pytest.raises(WriteError):
        library.bytes_before(vm.folder, "vm.vmx")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_undo_whose_answer_cannot_be_written_out_says_that_it_was_made(vm: Vm) -> None:
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "vmxtool", "undo", vm.named]
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, encoding="utf-8")
    assert run.returncode != 0
    assert run.stderr.count("\n") == 1
    assert run.stderr.endswith("; what was undone is restored\n")
    assert vm.config.read_bytes() == vm.before["vm.vmx"]


@pytest.mark.parametrize(
    "words",
    [
        ["--only", "vm.vmx", "--list"],
        ["--print", "vm.vmx", "--list"],
        ["--print", "vm.vmx", "--only", "vm.vmx"],
        ["--print", "vm.vmx", "--format", "json"],
    ],
    ids=" ".join,
)
def test_what_contradicts_itself_is_wrong_usage(vm: Vm, words: list[str]) -> None:
    before: dict[str, Any] = tree(vm.folder)
    run = vmxtool("undo", *words, vm.named)
    assert run.code == 2
    assert run.err.count("\n") == 1
    assert tree(vm.folder) == before


def test_a_snapshot_that_was_taken_since_is_told_before_its_disks_are_spoilt(tmp_path: Path) -> None:
    config = make_vm(tmp_path, SCSI_DISK, hw=8, kind="sparse").config.path
    library.plan_rewrite(tmp_path, hwversion=7).apply()
    make_disk(tmp_path / "disk-000001.vmdk", "sparse", parent=tmp_path / "disk.vmdk")
    config.write_text(config.read_text().replace('"disk.vmdk"', '"disk-000001.vmdk"'))
    refused = vmxtool("undo", tmp_path)
    assert refused.code == 4
    assert "the VM has a snapshot now" in " ".join(refused.out.split())
    assert "snapshot now" in vmxtool("undo", tmp_path, "--format", "json").json()["undo"]["warnings"][0]
    # Whoever puts the old config back all the same is told what that comes to.
    config.write_bytes(library.bytes_before(tmp_path, "vm.vmx"))
    undone = vmxtool("undo", tmp_path, "--format", "json")
    assert undone.code == 0
    assert "is not the VM's last disk" in undone.json()["warnings"][0]


def test_a_disk_that_was_written_to_since_says_so(tmp_path: Path) -> None:
    make_vm(tmp_path, SCSI_DISK, hw=8, kind="sparse")
    library.plan_rewrite(tmp_path, hwversion=7).apply()
    disk = tmp_path / "disk.vmdk"
    disk.write_bytes(disk.read_bytes().replace(b"CID=12345678", b"CID=deadbeef", 1))
    refused = vmxtool("undo", tmp_path)
    assert refused.code == 4
    assert "what helps is a copy of the VM from before" in " ".join(refused.out.split())
    assert "disk.vmdk keeps all that was written to it" in " ".join(refused.out.split())
    assert "restore the config alone" in refused.out.splitlines()

    part = vmxtool("undo", "--only", "vm.vmx", tmp_path)

    assert part.code == 0
    assert "disk.vmdk is not restored: it keeps what was written to it since" in " ".join(part.out.split())
    assert "undo the rest" not in part.out
    assert part.out.splitlines()[-1] == f"next  vmxtool inspect {shlex.quote(str(tmp_path))}"
    assert 'virtualHW.version = "8"' in (tmp_path / "vm.vmx").read_text()
