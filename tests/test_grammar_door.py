"""The door to Lark: tokens join to the text again, and the tables that ship are those that Lark builds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool import _grammar, _resources
from vmxtool.errors import KnowledgeError

TEXT = 'a = "1"\n# note\n\nnot a line of this language\n'
KINDS = ["ASSIGNMENT", "COMMENT", "BLANK", "UNKNOWN"]


def read() -> list[str]:
    """The kinds of `TEXT`, by a table that is not yet in memory."""
    _grammar._states.cache_clear()
    return [kind for kind, _ in _grammar.tokens("vmx", TEXT, "file")]


@given(st.text(st.characters(max_codepoint=255)))
def test_tokens_joined_are_the_text(text: str) -> None:
    for start in ("file", "lines"):
        assert "".join(line for _, line in _grammar.tokens("vmx", text, start)) == text


def test_a_grammar_that_is_not_there_is_named() -> None:
    with pytest.raises(KnowledgeError, match=r"grammars/klingon\.lark is missing"):
        _grammar.tokens("klingon", "", "file")


def test_the_table_that_ships_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("lark.Lark.__init__", refuse)
    assert read() == KINDS


def test_a_grammar_that_has_changed_is_built_by_lark(monkeypatch: pytest.MonkeyPatch) -> None:
    real, build, built = _resources.text, _grammar.build, []

    def noted(*asked: str) -> list[tuple[str, dict[str, int]]]:
        built.append(asked)
        return build(*asked)

    monkeypatch.setattr(_resources, "text", lambda folder, name: real(folder, name) + "\n// a remark\n")
    monkeypatch.setattr(_grammar, "build", noted)
    assert read() == KINDS
    assert len(built) == 1
    _grammar._states.cache_clear()


def test_lark_is_not_loaded() -> None:
    program = (
        "import sys; from vmxtool.vmx.document import Document; Document.parse(b'a = 1', 'x');"
        "print('lark' in sys.modules)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1], capture_output=True, text=True
    ).stdout.strip()
    assert told == "False"


def larks(grammar: str, start: str) -> lark.Lark:
    return lark.Lark(_resources.text("grammars", f"{grammar}.lark"), parser="lalr", start=start)


GRAMMARS = [
    (name, start)
    for name, starts in (("vmx", "file lines"), ("vmdk_descriptor", "descriptor lines"))
    for start in starts.split()
]
PARSERS = {grammar: larks(*grammar) for grammar in GRAMMARS}
PIECES = ["\xef\xbb\xbf", "\x00", "\r", "\n", "\r\n", " ", "\t", '"', "#", "=", "key", "RW 8 FLAT", "\xff", "a = 1\n"]


@pytest.mark.parametrize("grammar", GRAMMARS, ids=" ".join)
@given(text=st.lists(st.sampled_from(PIECES) | st.text(st.characters(max_codepoint=255), max_size=3)).map("".join))
def test_tokens_are_those_of_larks_own_parser(grammar: tuple[str, str], text: str) -> None:
    tree = PARSERS[grammar].parse(text)
    expected = [(token.type, token.value) for token in tree.children]  # type: ignore[union-attr]
    assert _grammar.tokens(grammar[0], text, grammar[1]) == expected


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ('start: (A | B)*\nA.1: "a"\nB.1: "b"', "same priority"),
        ('start: A B\nA.1: "a"\nB.2: "b"', "may not end"),
        ('start: (A start B)?\nA.1: "a"\nB.2: "b"', "may not end"),
        ('start: (A start)?\nA.1: "a"', "not flat"),
    ],
)
def test_a_grammar_without_a_table_is_refused(source: str, problem: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"grammars/mine\.lark: rule start: .*{problem}"):
        _grammar.build("mine", source, "start")


def test_a_text_that_a_grammar_has_no_terminal_for_is_a_fault_of_the_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    table = _grammar.build("mine", 'start: A*\nA.1: "a"', "start")
    monkeypatch.setattr(_grammar, "_states", lambda *_: _grammar._compile(table))
    assert _grammar.tokens("mine", "aa", "start") == [("A", "a"), ("A", "a")]
    with pytest.raises(KnowledgeError, match="no terminal fits at character 1"):
        _grammar.tokens("mine", "ab", "start")


def test_states_that_differ_in_nothing_are_one() -> None:
    assert len(_grammar.build("vmx", _resources.text("grammars", "vmx.lark"), "file")) == 2
