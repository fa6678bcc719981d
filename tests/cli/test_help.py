"""Help fits 80 columns, cuts nothing, and its examples are true; `help`, -h and --help are one."""

from __future__ import annotations

import re
import shlex
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from cli.program import vmxtool
from terminal import on_a_terminal

from vmxtool import __version__
from vmxtool.cli.app import COMMANDS
from vmxtool.knowledge.dates import newest_look

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CopySample

EXAMPLES = [
    pytest.param(line.partition("  ")[0], id=line.partition("  ")[0])
    for name in COMMANDS
    for line in import_module(f"vmxtool.cli.cmd_{name}").EXAMPLES.strip().splitlines()
]


def test_every_command_has_its_line_in_the_order_of_the_story() -> None:
    lines = vmxtool("--help").out.splitlines()
    told = [line.split()[0] for line in lines if re.match(r"  [a-z]+  ", line)]
    assert told == list(COMMANDS)
    assert max(map(len, lines)) <= 80
    assert not any(line.endswith("...") for line in lines if not line.startswith("Usage"))


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_has_groups_examples_and_plain_words(name: str) -> None:
    told = vmxtool(name, "--help").out
    assert told == vmxtool(name, "-h").out == vmxtool("help", name).out
    lines = told.splitlines()
    assert max(map(len, lines)) <= 80
    assert "How it is shown:" in lines
    assert "Examples:" in lines
    assert 2 <= sum(line.startswith(f"  vmxtool {name}") for line in lines) <= 3
    assert not re.search(r"\[x>=1\]|\[default|\[required\]|[{}]", told)
    narrow = on_a_terminal([sys.executable, "-m", "vmxtool", name, "-h"], columns=40).splitlines()
    assert all(len(line) <= 40 or line.startswith("  vmxtool ") for line in narrow)


def test_help_is_a_word_too() -> None:
    assert vmxtool("help").out == vmxtool("--help").out == vmxtool("-h").out
    told = vmxtool("help", "chek")
    assert (told.code, told.out, told.err) == (2, "", "vmxtool: there is no command 'chek'; did you mean check?\n")


def test_the_version_comes_with_the_date_of_the_data() -> None:
    assert vmxtool("-V").out == vmxtool("--version").out == f"vmxtool {__version__}, data of {newest_look()}\n"


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_can_be_run(
    example: str, copy_sample: CopySample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vm = copy_sample("ws6-windows-ide").rename(tmp_path / "my-vm")
    next(vm.glob("*.vmx")).rename(vm / "my-vm.vmx")
    monkeypatch.chdir(tmp_path)
    words = shlex.split(example)[1:]
    if words[0] == "undo":
        assert vmxtool("rewrite", "--hwversion", "4", "my-vm").code == 0
    told = vmxtool(*words)
    assert told.err == ""
    assert told.code == (1 if words[0] == "check" and "--target" in words else 0)
    assert told.out
