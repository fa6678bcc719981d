"""Nothing stops a VM on the word of a document that nobody read."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules.cases import case_folders

import vmxtool
from vmxtool.errors import VmxtoolError
from vmxtool.findings import Severity
from vmxtool.knowledge.sources import source

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
TARGETS = (
    *(
        "ws4",
        "ws5.5",
        "ws6",
        "ws7",
        "ws8",
        "ws10",
        "ws12",
        "ws16",
        "ws17",
        "ws25h2",
        "player2",
        "fusion1",
        "fusion13.5",
    ),
    *("server1", "server2", "esx2", "esx3", "esx4.1", "esxi5.5", "esxi6.7", "esxi8.0", "esx9.0", "ace2", "labmanager2"),
    *("vmc", "hw4", "hw10", "hw17"),
)
# What stops there is seen in the folder itself, and no document has to say it.
SEEN_IN_THE_FOLDER = {"marked-read-only", "disk-shared"}


def blockers_without_a_read_document(path: Path) -> set[tuple[str, str]]:
    try:
        vm = vmxtool.inspect(path)
    except VmxtoolError:
        return set()
    return {
        (finding.code, finding.message)
        for target in TARGETS
        for finding in vmxtool.judge(vm, target)
        if finding.severity is Severity.BLOCKER
        and finding.name not in SEEN_IN_THE_FOLDER
        and not any(source(reference)[0].confirms() for reference in finding.sources)
    }


@pytest.mark.parametrize("path", sorted((ROOT / "samples").glob("*/")), ids=lambda path: path.name)
def test_a_blocker_of_a_sample_rests_on_a_document_that_was_read(path: Path) -> None:
    assert blockers_without_a_read_document(path) == set()


def test_a_blocker_of_a_case_rests_on_a_document_that_was_read() -> None:
    configs = [config for case in case_folders() for config in case.folder.glob("*.vmx")]
    assert len(configs) > 100
    assert {it for config in configs for it in blockers_without_a_read_document(config)} == set()


@pytest.mark.corpus
@pytest.mark.parametrize("folder", ["vmx", "libvirt"])
def test_a_blocker_of_a_real_config_rests_on_a_document_that_was_read(folder: str) -> None:
    configs = sorted((CORPUS / folder).glob("*.vmx"))
    if not configs:
        pytest.skip("the corpus is not here")
    assert {it for config in configs for it in blockers_without_a_read_document(config)} == set()
