"""`vmxtool rewrite` as people use it: preview, writing, refusal, and JSON."""

from __future__ import annotations

import os
import re
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


def test_a_preview_writes_nothing_and_shows_a_diff_then_reasons_then_what_remains(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = vmxtool("rewrite", "--target", "esx3", "--ide-to-scsi", "--dry-run", folder)
    assert (run.code, run.err) == (0, "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    order = [
        "--- a/Windows XP Professional.vmx",
        '-virtualHW.version = "6"',
        '+virtualHW.version = "4"',
        "--- a/Windows XP Professional.vmdk",
        '+ddb.adapterType = "lsilogic"',
        "why",
        "! ide0:0.fileName",
        "what remains for you",
        "symmpi",
        "nothing was written (--dry-run)",
    ]
    places = [run.out.index(part) for part in order]
    assert places == sorted(places)
    assert "undo takes it back" not in run.out
    assert max(map(len, run.out.splitlines())) <= 100


def test_each_change_has_one_line_with_why_and_its_source(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-scsi-smp")
    answer = vmxtool("rewrite", "--hwversion", "4", "--dry-run", "--format", "json", folder).json()
    text = vmxtool("rewrite", "--hwversion", "4", "--dry-run", folder, COLUMNS="100").out
    reasons = text.partition("\nwhy\n")[2].partition("\n\n")[0]
    assert len(re.findall(r"^[·!] ", reasons, re.MULTILINE)) == len(answer["changes"])
    joined = re.sub(r"\s+", " ", reasons)
    for change in answer["changes"]:
        assert f"{change['key']} {change['why']} {change['source']}" in joined


def test_after_writing_it_says_how_to_undo(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    run = vmxtool("rewrite", "--hwversion", "4", folder)
    assert run.code == 0
    assert "changes in 2 files written" in run.out
    assert "vmxtool undo takes it back (.vmxtool/0001.done)" in run.out
    assert b'virtualHW.version = "4"' in (folder / "Windows XP Professional.vmx").read_bytes()
    again = vmxtool("rewrite", "--hwversion", "4", folder)
    assert (again.code, again.out) == (0, "nothing to change\n")


def test_a_step_that_is_one_way_is_told_before_and_after(tmp_path: Path) -> None:
    make_vm(tmp_path, "", hw=4, guest="rhel4")
    for words in (["--dry-run"], []):
        run = vmxtool("rewrite", "--hwversion", "7", *words, tmp_path)
        assert run.code == 0
        assert "one-way" in run.out
    assert "one-way" in vmxtool("rewrite", "--help").out


def test_a_refusal_says_all_reasons_changes_nothing_and_exits_with_4(copy_sample: CopySample) -> None:
    folder = copy_sample("ws17-modern")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    run = vmxtool("rewrite", "--hwversion", "4", folder)
    assert (run.code, run.err) == (4, "")
    assert run.out.startswith("refused, nothing was changed\n")
    for word in ("EFI firmware", "virtual TPM", "nvme0:0 cannot stay", "--move-disks"):
        assert word in run.out
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--hwversion", "5"], "no product has hardware version 5"),
        (["--legacy"], "--legacy needs --target"),
        (["--hwversion", "7", "--target", "esx3"], "does not run hardware version 7"),
        ([], "say what to change"),
        (["--target", "esx33"], "unknown target"),
    ],
)
def test_wrong_wishes_are_one_line_and_exit_2(samples: Path, words: list[str], said: str) -> None:
    run = vmxtool("rewrite", *words, samples / "ws6-windows-ide")
    assert (run.code, run.out) == (2, "")
    assert run.err.count("\n") == 1
    assert said in run.err


def test_a_write_that_fails_is_one_line_and_exit_4(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    vm.config.path.chmod(0o444)
    run = vmxtool("rewrite", "--hwversion", "4", tmp_path)
    assert (run.code, run.out) == (4, "")
    assert run.err.count("\n") == 1
    assert "read-only" in run.err


def test_json_is_the_contract_in_all_three_cases(copy_sample: CopySample) -> None:
    folder = copy_sample("ws6-windows-ide")
    words = ("rewrite", "--target", "esx3", "--ide-to-scsi", "--format", "json")
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
    assert "hardware-version-not-written" in {reason["name"] for reason in refused.json()["refused"]}
    assert refused.json()["changes"] == []


def test_legacy_says_that_the_vm_can_go_back(samples: Path) -> None:
    run = vmxtool("rewrite", "--legacy", "--target", "esx3", "--dry-run", samples / "esx2-smp")
    assert run.code == 0
    assert "so the VM can go back" in run.out.replace("\n  ", " ")
    assert "nothing to change" in run.out


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
