"""`vmxtool rewrite` as people use it: preview, writing, refusal, and JSON."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_vm
from cli.program import vmxtool

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CopySample

FIELDS = {"file", "line", "key", "before", "after", "why", "source", "safety"}


def test_a_preview_writes_nothing_and_shows_the_causes_then_a_diff_then_what_comes_next(
    copy_sample: CopySample,
) -> None:
    folder = copy_sample("ws6-windows-ide")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = vmxtool("rewrite", "--target", "esx3", "--ide-to-scsi", "--encoding", "windows-1252", "--dry-run", folder)
    assert (run.code, run.err) == (0, "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    order = [
        f"Buchhaltung Zürich – alt ({folder}/): hardware version 6 → 4, IDE disk → SCSI, for ESX Server 3.x\n\n",
        "\n  change  hardware version  6 → 4, in the config and 1 disk",
        "\n! change  disk on IDE  IDE → SCSI: ide0:0 is scsi0:0 (--ide-to-scsi)  3 lines\n",
        "symmpi",
        "--- a/Windows XP Professional.vmx",
        '-virtualHW.version = "6"',
        '+virtualHW.version = "4"',
        "--- a/Windows XP Professional.vmdk",
        '+ddb.adapterType = "lsilogic"',
        "\nNothing was written (--dry-run).\n",
        f"next  vmxtool rewrite --target esx3 --ide-to-scsi --encoding windows-1252 {folder}\n",
    ]
    places = [run.out.index(part) for part in order]
    assert places == sorted(places)
    assert run.out.endswith(order[-1])
    assert "vmxtool undo" not in run.out
    assert "vmkfstools" not in run.out  # the steps that remain are told by check


def test_with_why_each_reason_stands_once_with_its_source_and_the_settings_it_is_about(
    copy_sample: CopySample,
) -> None:
    folder = copy_sample("ws6-scsi-smp")
    words = ("rewrite", "--hwversion", "4", "--dry-run")
    changes = vmxtool(*words, "--format", "json", folder).json()["changes"]
    text = vmxtool(*words, "--why", folder).out.partition("\n--- a/")[0]
    short = vmxtool(*words, folder).out
    reasons: dict[tuple[str, str], list[str]] = {}
    for change in changes:
        reasons.setdefault((change["why"], change["source"]), []).append(change["key"])
    assert len(reasons) < len(changes)
    for (why, source), keys in reasons.items():
        assert text.count(f": {why}  {source}\n") == 1
        assert f"    {keys[0]}" in text
        assert source not in short


def test_after_writing_it_says_how_to_undo_and_what_comes_next(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    run = vmxtool("rewrite", "--hwversion", "4", folder)
    assert run.code == 0
    assert run.out.splitlines()[0] == f"Buchhaltung Zürich – alt ({folder}/): hardware version 6 → 4"
    end = "Written: 9 lines in 2 files. It can be undone until the VM is started.\n"
    assert run.out.endswith(f"\n{end}undo  vmxtool undo {folder}\nnext  vmxtool check {folder}\n")
    assert b'virtualHW.version = "4"' in (folder / "Windows XP Professional.vmx").read_bytes()
    again = vmxtool("rewrite", "--hwversion", "4", folder)
    title = f"Buchhaltung Zürich – alt ({folder}/): nothing to change (already hardware version 4)"
    assert (again.code, again.out) == (0, f"{title}\nnext  vmxtool check {folder}\n")


def test_the_printed_undo_gives_back_every_byte(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = shlex.split(vmxtool("rewrite", "--hwversion", "4", folder).out.splitlines()[-2].removeprefix("undo  "))
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} != before
    assert vmxtool(*command[1:]).code == 0
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


@pytest.mark.parametrize(
    ("hw", "to", "said"),
    [
        # From 10 no product goes back to 3; from 7 Workstation itself goes back to 4, as long as it is at hand.
        (
            3,
            10,
            "! once the VM has run, nothing takes it back from hardware version 10 to 3\n",
        ),
        (4, 7, None),
    ],
)
def test_a_raise_says_before_and_after_how_far_it_can_be_taken_back(
    tmp_path: Path, hw: int, to: int, said: str | None
) -> None:
    make_vm(tmp_path, "", hw=hw, guest="rhel4")
    for words in (["--dry-run"], []):
        run = vmxtool("rewrite", "--hwversion", str(to), *words, tmp_path)
        assert run.code == 0
        assert (said in run.out) if said is not None else ("once the VM has run" not in run.out)
        assert ("It can be undone until the VM is started." in run.out) == (words == [])
    assert "one-way" in vmxtool("rewrite", "--help").out


def test_a_refusal_says_all_reasons_changes_nothing_and_exits_with_4(copy_sample: CopySample) -> None:
    folder = copy_sample("ws17-modern")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = vmxtool("rewrite", "--hwversion", "4", folder)
    assert (run.code, run.err) == (4, "")
    assert run.out.splitlines()[0] == f"Atelier d’été ({folder}/): refused, nothing was changed"
    for word in ("EFI firmware", "virtual TPM", "encrypted in part"):
        assert word in run.out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_is_not_asked_for_is_refused_with_the_options_that_allow_it(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    run = vmxtool("rewrite", "--target", "esx3", folder)
    assert run.code == 4
    assert "VMX092" in run.out
    assert "ide0:0 moves from IDE to SCSI" in run.out
    assert "\n    prepare the guest, then allow it\n" in run.out
    command = run.out.splitlines()[-1]
    assert command == f"      vmxtool rewrite --target esx3 --ide-to-scsi --encoding windows-1252 {folder}"
    assert vmxtool(*shlex.split(command)[1:]).code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hwversion", "5"], "no product has hardware version 5"),
        (["--legacy"], "--legacy needs --target"),
        (["--hwversion", "7", "--target", "esx3"], "does not run hardware version 7"),
        ([], "nothing to change is named"),
        (["--target", "esx33"], "unknown target"),
    ],
)
def test_wrong_wishes_are_one_line_and_exit_2(samples: Path, words: list[str], said: str) -> None:
    run = vmxtool("rewrite", *words, samples / "ws6-windows-ide")
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert said in run.err


def test_a_file_that_is_marked_read_only_is_refused_with_the_command_that_takes_the_mark_off(tmp_path: Path) -> None:
    config = make_vm(tmp_path, IDE_DISK, guest="rhel4").config.path
    before = config.read_bytes()
    config.chmod(0o444)
    run = vmxtool("rewrite", "--hwversion", "4", tmp_path)
    assert (run.code, run.err) == (4, "")
    assert "marked read-only: vm.vmx  VMX010" in run.out
    assert f"\n      chmod u+w {config}\n" in run.out
    assert config.read_bytes() == before


def test_a_write_that_fails_is_one_line_and_exit_4(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    disk = folder / "Windows XP Professional.vmdk"
    (folder / "backup.vmdk").hardlink_to(disk)  # only the writer looks for other names of a disk
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = vmxtool("rewrite", "--hwversion", "4", folder)
    assert (run.code, run.out) == (4, "")
    assert run.err.count("\n") == 1
    assert run.err.startswith(f"vmxtool: {disk}: has another name (hard links)")
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_json_is_the_contract_in_all_three_cases(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    words = ("rewrite", "--target", "esx3", "--ide-to-scsi", "--encoding", "windows-1252", "--format", "json")
    preview = vmxtool(*words, "--dry-run", folder).json()
    assert (preview["schema"], preview["dry_run"], preview["applied"]) == ("vmxtool.rewrite/1", True, False)
    assert (preview["journal"], preview["refused"]) == (None, [])
    assert all(change.keys() >= FIELDS for change in preview["changes"])
    assert {change["safety"] for change in preview["changes"]} == {"safe", "unsafe"}

    done = vmxtool(*words, folder).json()
    assert (done["dry_run"], done["applied"]) == (False, True)
    assert done["changes"] == preview["changes"]
    assert done["diff"] == preview["diff"]
    assert done["journal"].endswith(os.path.join(".vmxtool", "0001.done"))

    refused = vmxtool("rewrite", "--target", "ws3", "--format", "json", folder)
    assert refused.code == 4
    assert "move-ruled-out" in {reason["name"] for reason in refused.json()["refused"]}
    assert refused.json()["changes"] == []


def test_legacy_keeps_the_hardware_version_and_says_that_the_vm_can_go_back(samples: Path) -> None:
    words = ("rewrite", "--legacy", "--target", "esx3", "--dry-run", samples / "esx2-smp")
    run = vmxtool(*words)
    assert run.code == 0
    said = "ESX Server 2.x with Virtual SMP and ESX Server 3.x both run hardware version 3, so the VM can go back"
    assert said in " ".join(run.out.split())
    # ESX Server 3 does not look for a disk's name where ESX Server 2 keeps it, and has no networks of such names.
    changes = vmxtool(*words, "--format", "json").json()["changes"]
    renamed = {("scsi0:0.name", 'scsi0:0.fileName = "db01.vmdk"')}
    renamed |= {("scsi0:1.name", 'scsi0:1.fileName = "db01_log.vmdk"')}
    gone = {(key, None) for key in ("ethernet0.connectionType", "ethernet0.devName", "suspend.directory")}
    own = {("scsi0.virtualDev", 'scsi0.virtualDev = "lsilogic"'), ("config.version", 'config.version = "8"')}
    assert {(change["key"], change["after"]) for change in changes} == renamed | gone | own


def test_legacy_has_nothing_to_change_where_the_target_reads_the_vm_as_it_is(tmp_path: Path) -> None:
    make_vm(tmp_path, "", hw=3, guest="rhel4")
    run = vmxtool("rewrite", "--legacy", "--from", "ws4", "--target", "ws5.5", tmp_path)
    assert run.code == 0
    assert run.out.splitlines()[0].endswith(": nothing to change (Workstation 5.5 runs hardware version 3)")
    assert "Workstation 4.x and Workstation 5.5 both run hardware version 3" in " ".join(run.out.split())


def test_colours_are_for_terminals_alone(samples: Path) -> None:
    folder = samples / "ws6-windows-ide"
    words = ("rewrite", "--hwversion", "4", "--dry-run", folder)
    assert "\x1b" not in vmxtool(*words).out
    forced = subprocess.run(
        [sys.executable, "-m", "vmxtool", *map(str, words)],
        check=True,
        env={**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, "FORCE_COLOR": "1", "TERM": "xterm"},
        capture_output=True,
    ).stdout
    assert b"\x1b[32m+virtualHW.version" in forced
    assert b"\x1b[31m-virtualHW.version" in forced


def test_no_control_character_of_a_file_reaches_the_terminal(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'displayName = "x"\nehci.present = "TRUE"', hw=6, guest="rhel4")
    data = vm.config.path.read_bytes().replace(b'"x"', b'"\x1b[31mred"')
    vm.config.path.write_bytes(data)
    run = vmxtool("rewrite", "--hwversion", "4", "--dry-run", tmp_path)
    assert run.code == 0
    assert "\x1b" not in run.out
    assert "\\x1b[31mred" in run.out


def test_a_vm_with_a_damaged_disk_is_refused_and_left_as_it_is(copy_sample: CopySample) -> None:
    vm = copy_sample("ws6-windows-ide")
    disk = next(vm.glob("*.vmdk"))
    disk.write_bytes(disk.read_bytes()[:300])
    before = {path.name: path.read_bytes() for path in vm.iterdir()}
    run = vmxtool("rewrite", "--hwversion", "4", vm)
    assert run.code == 4
    assert "DSK207" in run.out
    assert {path.name: path.read_bytes() for path in vm.iterdir()} == before
