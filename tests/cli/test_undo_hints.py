"""Every undo that is printed, pasted where it was printed: it reaches the VM that it is about, and no other."""

from __future__ import annotations

import errno
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, make_vm, write_config
from cli.program import vmxtool
from rewriter.instrumented import Call, instrumented, is_change, tree
from typer.testing import CliRunner

import vmxtool as library
from vmxtool.cli.app import build
from vmxtool.errors import Interrupted

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["-web01", "it's \"Anna's\" VM", "a  b; echo $HOME", "--list"]
_COMMAND = re.compile(r"(?:(?<=^)|(?<=: )|(?<=^  )|(?<=^      )|(?<=^undo  ))vmxtool undo.*", re.MULTILINE)


class Pair:
    """Two VMs in neighbouring folders, both rewritten once where nothing else is said, and where the reader stands."""

    def __init__(self, root: Path, name: str) -> None:
        self.folder, self.other = root / name, root / f"{name} 2"
        for folder in (self.folder, self.other):
            make_vm(folder, IDE_DISK, hw=6, guest="rhel4")
        self.before, self.before_other = tree(self.folder), tree(self.other)
        self.named = f"./{name}"

    def rewrite(self) -> None:
        for folder in (self.folder, self.other):
            rewrite(folder)

    def cut_short(self) -> None:
        journal = self.folder / ".vmxtool" / "0001.done"
        journal.rename(journal.with_suffix(".journal"))

    def assert_reached(self, printed: str) -> None:
        """Paste the only undo of a text, and see that it undid this VM's rewrite alone."""
        (command,) = set(_COMMAND.findall(printed))
        changed = tree(self.other)
        run = vmxtool(*shlex.split(command)[1:])
        assert run.code == 0, (command, run.err)
        assert tree(self.folder) == self.before
        assert tree(self.other) == changed


@pytest.fixture(params=NAMES)
def pair(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    monkeypatch.chdir(tmp_path)
    return Pair(tmp_path, request.param)


def rewrite(folder: Path) -> None:
    """Rewrite a VM for the first time."""
    library.plan_rewrite(folder, hwversion=4, ide_to_scsi=True).apply()


def in_this_process(*words: str) -> str:
    """What a command prints, on both its outputs, where the file system can be made to fail."""
    run = CliRunner().invoke(build(list(words)), list(words), prog_name="vmxtool")
    return run.stdout + run.stderr


def failing_from(name: str, ending: str) -> Callable[..., Any]:
    """A file system on which, from the call that renames to a name with this ending, nothing can be changed."""
    broken = False

    def hook(call: str, real: Call, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nonlocal broken
        broken = broken or (call == name and str(args[1]).endswith(ending))
        if broken and is_change(call, args):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(*args, **kwargs)

    return hook


def test_a_rewrite_that_was_written(pair: Pair) -> None:
    pair.rewrite()
    pair.cut_short()
    library.undo(pair.folder)
    pair.assert_reached(vmxtool("rewrite", "--hwversion", "4", pair.named).out)


def test_a_config_that_was_named_itself(pair: Pair) -> None:
    rewrite(pair.other)
    pair.assert_reached(vmxtool("rewrite", "--hwversion", "4", f"{pair.named}/vm.vmx").out)


def test_the_current_folder_needs_no_name(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    rewrite(pair.other)
    monkeypatch.chdir(pair.folder)
    out = vmxtool("rewrite", "--hwversion", "4").out
    assert "\nundo  vmxtool undo\n" in out
    pair.assert_reached(out)


def test_a_preview_takes_nothing_back_and_prints_no_undo(pair: Pair) -> None:
    run = vmxtool("rewrite", "--hwversion", "7", "--dry-run", pair.named)
    assert run.code == 0
    assert "vmxtool undo" not in run.out + run.err


def test_a_rewrite_that_finds_an_unfinished_one(pair: Pair) -> None:
    pair.rewrite()
    pair.cut_short()
    run = vmxtool("rewrite", "--hwversion", "3", pair.named)
    assert run.code == 4
    pair.assert_reached(run.out)


def test_a_rewrite_that_was_planned_before_another_was_cut_short(pair: Pair) -> None:
    planned = library.plan_rewrite(pair.named, hwversion=4)
    pair.rewrite()
    pair.cut_short()
    with pytest.raises(Interrupted) as caught:
        planned.apply()
    pair.assert_reached(str(caught.value))


def test_a_rewrite_that_can_neither_be_finished_nor_taken_back(pair: Pair) -> None:
    rewrite(pair.other)
    with instrumented(failing_from("replace", "vm.vmx")):
        told = in_this_process("rewrite", "--hwversion", "4", pair.named)
    assert "taking it back failed" in told
    assert told.count("\n") == 1
    pair.assert_reached(told)


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_undo_that_had_to_stop(pair: Pair, form: str) -> None:
    pair.rewrite()
    with instrumented(failing_from("replace", "vm.vmx")):
        told = in_this_process("undo", pair.named, "--format", form)
    assert "rewrite 0001 is not undone yet" in told
    pair.assert_reached(told.splitlines()[-1])


def test_an_undo_of_one_file_that_had_to_stop(pair: Pair) -> None:
    pair.rewrite()
    with instrumented(failing_from("replace", "vm.vmx")):
        told = in_this_process("undo", "--only", "vm.vmx", pair.named)
    pair.before |= {"disk.vmdk": tree(pair.folder)["disk.vmdk"]}
    pair.assert_reached(told)


def test_an_undo_that_is_refused(pair: Pair) -> None:
    pair.rewrite()
    config = pair.folder / "vm.vmx"
    config.write_bytes(config.read_bytes() + b"# by hand\n")
    pair.before |= {"vm.vmx": tree(pair.folder)["vm.vmx"]}
    run = vmxtool("undo", pair.named)
    assert run.code == 4
    assert tree(pair.folder) != pair.before
    pair.assert_reached(run.err)


def test_the_undo_of_another_vm_that_comes_first(pair: Pair) -> None:
    write_config(pair.folder, hw=4, guest="rhel4", name="-other.vmx")
    pair.before = tree(pair.folder)
    rewrite(pair.folder / "vm.vmx")
    run = vmxtool("undo", f"{pair.named}/-other.vmx")
    assert run.code == 4
    pair.assert_reached(run.err)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("form", ["text", "json"])
def test_an_answer_that_cannot_be_written_out(pair: Pair, form: str) -> None:
    rewrite(pair.other)
    command = [sys.executable, "-m", "vmxtool", "rewrite", "--hwversion", "4", "--format", form, pair.named]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False, encoding="utf-8")
    assert run.returncode != 0
    assert run.stderr.count("\n") == 1
    assert "the files are changed (.vmxtool/0001.done)" in run.stderr
    pair.assert_reached(run.stderr)


def test_what_only_speaks_of_an_undo_does_not_look_like_a_command(tmp_path: Path) -> None:
    make_vm(tmp_path, IDE_DISK, hw=4, guest="winxppro")
    run = vmxtool("rewrite", "--hwversion", "7", "--ide-to-scsi", tmp_path)
    told = " ".join(run.out.split())
    assert "an undo gives the disk its old place back" in told
    assert "It can be undone until the VM is started." in told
    assert told.count("vmxtool undo") == 1


def test_no_rule_prints_an_undo_without_its_vm() -> None:
    for code in ("VMX006", "PRD102"):
        assert "vmxtool undo" not in vmxtool("explain", code).out
