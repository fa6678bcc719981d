"""VMs rebuilt from public reports of people who moved one: the answer that would have helped them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest
from build import copy_vm
from peers import CORPUS, needs_corpus

import vmxtool
from vmxtool.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path


class Thread(NamedTuple):
    """One folder of the collection: what was asked, the right answer, and the rule that has to say why."""

    folder: str
    target: str
    verdict: str
    code: str
    severity: Severity


# What each says, and why it is right, stands in the README of the folder. One folder holds a package, which is no VM's.
THREADS = (
    Thread("01-number-only", "server1", "needs-steps", "DSK226", Severity.BLOCKER),
    Thread("03-invented-bus", "server1", "needs-steps", "VMX011", Severity.BLOCKER),
    Thread("03-invented-bus", "player2", "needs-steps", "VMX011", Severity.BLOCKER),
    Thread("05-shared-folders", "server1", "ready", "PRD111", Severity.INFO),
    Thread("07-vpmc", "ws17", "depends", "CPU414", Severity.UNKNOWN),
    Thread("11-passthrough-memory", "esxi7.0", "needs-steps", "CPU409", Severity.BLOCKER),
    Thread("13-fixed-mac", "esxi5.5", "needs-steps", "NET305", Severity.BLOCKER),
    Thread("15-name-unquoted", "esxi6.0", "needs-steps", "VMX001", Severity.BLOCKER),
)


@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize("thread", THREADS, ids=lambda it: f"{it.folder}-{it.target}")
def test_the_answer_is_right(tmp_path: Path, thread: Thread) -> None:
    found = vmxtool.check(copy_vm(CORPUS / "threads" / thread.folder, tmp_path / "vm"), thread.target)
    assert found.verdict.value == thread.verdict
    assert (thread.code, thread.severity) in {(it.code, it.severity) for it in found.findings}


@pytest.mark.corpus
@needs_corpus
def test_the_number_in_a_disk_is_lowered_by_itself(tmp_path: Path) -> None:
    """The cure that people found by hand: "ddb.virtualHWVersion" in the descriptor, and nothing in the config."""
    folder = copy_vm(CORPUS / "threads" / "01-number-only", tmp_path / "vm")
    before = (folder / "ubuntu.vmx").read_bytes()
    vmxtool.plan_rewrite(folder, target="server1").apply()
    assert (folder / "ubuntu.vmx").read_bytes() == before
    assert b'ddb.virtualHWVersion = "4"' in (folder / "ubuntu.vmdk").read_bytes()
    assert vmxtool.check(folder, "server1").verdict.value == "ready"


@pytest.mark.corpus
@needs_corpus
def test_the_right_name_of_a_drive_is_told(tmp_path: Path) -> None:
    folder = copy_vm(CORPUS / "threads" / "03-invented-bus", tmp_path / "vm")
    (fix,) = [it.fix for it in vmxtool.judge(folder) if it.code == "VMX011"]
    assert fix is not None
    assert "ide0:0" in fix.text
