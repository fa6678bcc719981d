"""A VM's folder that is copied, renamed or moved takes its undo along, and a copy is told from the rest."""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, make_vm
from cli.program import vmxtool
from rewriter.instrumented import tree

import vmxtool as library

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COPY = "this folder is a copy of the one that"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a VM that was rewritten once; its files from before lie in `first`."""
    folder = make_vm(tmp_path / "web01", IDE_DISK, hw=6, guest="rhel4").config.folder
    shutil.copytree(folder, tmp_path / "first")
    library.plan_rewrite(folder, hwversion=4).apply()
    return folder


def flat(text: str) -> str:
    return " ".join(text.split())


def test_an_undo_in_a_copy_works_on_the_copy_alone_and_says_so(folder: Path) -> None:
    copy = shutil.copytree(folder, folder.with_name("copy"))
    rewritten = tree(folder)

    run = vmxtool("undo", copy)

    assert run.code == 0
    assert f"{COPY} was rewritten; the other, where it still is, keeps its own files" in flat(run.out)
    assert tree(copy) == tree(folder.with_name("first"))
    assert tree(folder) == rewritten
    here = vmxtool("undo", folder)
    assert (here.code, COPY in flat(here.out)) == (0, False)


def test_the_list_tells_which_rewrites_were_made_elsewhere(folder: Path) -> None:
    copy = shutil.copytree(folder, folder.with_name("copy"))
    library.plan_rewrite(copy, hwversion=3).apply()
    assert f"{COPY} 0001 was made in;" in flat(vmxtool("undo", "--list", copy).out)
    listed = vmxtool("undo", "--list", "--format", "json", copy).json()["rewrites"]
    assert [item["copied"] for item in listed] == [True, False]
    assert COPY not in flat(vmxtool("undo", "--list", folder).out)
    # Its own rewrite, and then the one that it brought along.
    assert [vmxtool("undo", "--format", "json", copy).json()["copied"] for _ in range(2)] == [False, True]


def test_a_folder_with_another_name_or_in_another_place_is_no_copy(folder: Path) -> None:
    moved = folder.rename(folder.with_name("web02"))
    (folder / "deeper").mkdir(parents=True)
    moved = moved.rename(folder / "deeper" / "web01")
    assert COPY not in flat(vmxtool("undo", "--list", moved).out)
    run = vmxtool("undo", moved)
    assert (run.code, COPY in flat(run.out)) == (0, False)


def test_a_journal_that_does_not_tell_its_folder_says_nothing(folder: Path) -> None:
    journal = folder / ".vmxtool" / "0001.done"
    content = json.loads(journal.read_bytes())
    del content["about"]["folder"]
    journal.write_text(json.dumps(content, indent=1))
    copy = shutil.copytree(folder, folder.with_name("copy"))
    assert COPY not in flat(vmxtool("undo", "--list", copy).out)
    run = vmxtool("undo", copy)
    assert (run.code, COPY in flat(run.out)) == (0, False)


def texts(value: Any) -> Iterator[str]:
    """Every text of a journal, and what base64 stands for."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts(b64decode(item).decode("latin-1") if key in {"before", "after"} else item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("how", ["absolute", "relative", "current", "link to the folder", "link to the config"])
def test_no_journal_holds_an_absolute_path(
    tmp_path: Path, how: str, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_vm(tmp_path / "web01", IDE_DISK, hw=6, guest="rhel4").config.folder
    (tmp_path / "to-folder").symlink_to(folder)
    (tmp_path / "to-config.vmx").symlink_to(folder / "vm.vmx")
    monkeypatch.chdir(folder if how == "current" else tmp_path)
    ways: dict[str, list[str | Path]] = {
        "absolute": [folder / "vm.vmx"],
        "relative": ["./web01"],
        "current": [],
        "link to the folder": [tmp_path / "to-folder"],
        "link to the config": [tmp_path / "to-config.vmx"],
    }
    assert vmxtool("rewrite", "--target", "esx3", "--ide-to-scsi", "--format", form, *ways[how]).code == 0
    (journal,) = (folder / ".vmxtool").glob("*.done")
    whole = journal.read_text()
    assert str(tmp_path) not in whole
    said = list(texts(json.loads(whole)))
    assert "folder" in said
    for text in said:
        assert not text.startswith("/")
        assert str(tmp_path) not in text
