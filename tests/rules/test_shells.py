"""A command is printed for the shell it is typed into: this system's own, or that of an ESX host."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.rules import commands
from vmxtool.rules.commands import line_end, quoted, shell

WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)


@pytest.fixture
def powershell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "_IN_POWERSHELL", True)


def read_by_powershell(line: str) -> list[str]:
    """The words of a line as PowerShell takes them apart, of what `quoted` writes: plain, or in single quotes."""
    words, rest = list[str](), line
    while rest:
        if rest.startswith("'"):
            word, at = "", 1
            while rest[at : at + 1] != "'" or rest[at + 1 : at + 2] == "'":
                word, at = word + rest[at], at + (2 if rest[at : at + 2] == "''" else 1)
            words.append(word)
            rest = rest[at + 1 :].removeprefix(" ")
        else:
            word, _, rest = rest.partition(" ")
            assert not set(word) & set("'\"`$&|;<>(){}@#,"), word
            words.append(word)
    return words


@given(st.lists(WORDS, min_size=1, max_size=4))
def test_a_posix_shell_reads_every_word_back(words: list[str]) -> None:
    assert shlex.split(shell(words, here=False)) == words


@pytest.mark.usefixtures("powershell")
@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("check", "check"),
        ("--target", "--target"),
        ("C:\\VMs\\Till.vmx", "C:\\VMs\\Till.vmx"),
        ("C:\\My VMs\\Till.vmx", "'C:\\My VMs\\Till.vmx'"),
        ("it's", "'it''s'"),
        ("$HOME", "'$HOME'"),
        ("a,b", "'a,b'"),
        ("@x", "'@x'"),
        ("", "''"),
        ("Zürich", "'Zürich'"),
    ],
)
def test_on_windows_a_command_of_here_is_quoted_for_powershell(word: str, line: str) -> None:
    assert quoted(word) == line
    assert read_by_powershell(line) == [word]


@pytest.mark.usefixtures("powershell")
def test_on_windows_a_command_of_the_host_is_quoted_for_its_own_shell() -> None:
    words = ["vmkfstools", "-i", "/vmfs/volumes/DATASTORE/it's/a.vmdk"]
    assert shell(words, here=False) == shlex.join(words)
    assert (line_end(), line_end(here=False)) == ("`", "\\")
