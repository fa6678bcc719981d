"""The door to Lark: tokens join to the text again, and built tables are kept, and trusted only where that is safe."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import lark
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool import _cache, _grammar, _resources
from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEXT = 'a = "1"\n# note\n\nnot a line of this language\n'
KINDS = ["ASSIGNMENT", "COMMENT", "BLANK", "UNKNOWN"]
posix = pytest.mark.skipif(sys.platform == "win32", reason="owners and modes are POSIX's")


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of its own for one test, with no table in memory before or after."""
    folder = tmp_path / "caches"
    folder.mkdir(mode=0o700)
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder))
    monkeypatch.setenv("HOME", str(tmp_path))
    _grammar._states.cache_clear()
    yield folder / "Library" / "Caches" if sys.platform == "darwin" else folder
    _grammar._states.cache_clear()


def read() -> list[str]:
    """The kinds of `TEXT`, by a table that is not yet in memory."""
    _grammar._states.cache_clear()
    return [kind for kind, _ in _grammar.tokens("vmx", TEXT, "file")]


def kept(caches: Path) -> Path:
    """The one kept table."""
    (place,) = (caches / "vmxtool").iterdir()
    return place


def is_used(place: Path) -> bool:
    """Whether a kept table is taken as it stands: its content is, or else it is built anew."""
    content = _cache.fetch(place)
    return content is not None and _grammar._revive(content) is not None


@given(st.text(st.characters(max_codepoint=255)))
def test_tokens_joined_are_the_text(text: str) -> None:
    for start in ("file", "lines"):
        assert "".join(line for _, line in _grammar.tokens("vmx", text, start)) == text


def test_a_grammar_that_is_not_there_is_named() -> None:
    with pytest.raises(KnowledgeError, match=r"grammars/klingon\.lark is missing"):
        _grammar.tokens("klingon", "", "file")


def test_a_built_table_is_kept_and_used_again(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read() == KINDS
    place = kept(caches)
    assert is_used(place)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("built again")

    monkeypatch.setattr("lark.Lark.__init__", refuse)
    assert read() == KINDS


@posix
def test_what_is_kept_is_for_this_user_alone(caches: Path) -> None:
    read()
    place = kept(caches)
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_the_cache_folder_itself_is_made_but_not_its_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cache, "user_folder", lambda: tmp_path / "new")
    assert read() == KINDS
    assert is_used(kept(tmp_path / "new"))
    monkeypatch.setattr(_cache, "user_folder", lambda: tmp_path / "absent" / "new")
    assert read() == KINDS
    assert not (tmp_path / "absent").exists()
    _grammar._states.cache_clear()


def flip_a_byte(place: Path) -> None:
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(content)


def cut_short(place: Path) -> None:
    place.write_bytes(place.read_bytes()[:-1])


def empty(place: Path) -> None:
    place.write_bytes(b"")


def sign(place: Path, content: bytes) -> None:
    place.write_bytes(_cache._digest(content) + content)


NO_TABLES: tuple[object, ...] = (
    {},
    [],
    [1, 2, 3],
    [["(?P<A>", {"A": 0}]],
    [["(?P<A>a)", {"A": 1}]],
    [["(?P<A>a)", {"B": 0}]],
    [["(?P<A>a)", 7]],
    [[7, {}]],
)


def put_no_json(place: Path) -> None:
    sign(place, b"\xff not a table")


@pytest.mark.parametrize("damage", [flip_a_byte, cut_short, empty, put_no_json])
def test_a_damaged_one_is_built_anew_and_replaced(caches: Path, damage: Callable[[Path], None]) -> None:
    read()
    place = kept(caches)
    damage(place)
    damaged = place.read_bytes()
    assert read() == KINDS
    assert kept(caches) == place
    assert place.read_bytes() != damaged
    assert is_used(place)


@pytest.mark.parametrize("table", NO_TABLES, ids=json.dumps)
def test_what_is_no_table_is_built_anew_and_replaced(caches: Path, table: object) -> None:
    read()
    place = kept(caches)
    sign(place, json.dumps(table).encode())
    assert not is_used(place)
    assert read() == KINDS
    assert is_used(kept(caches))


@posix
@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_write_is_not_trusted(caches: Path, mode: int) -> None:
    read()
    place = kept(caches)
    place.chmod(mode)
    assert not is_used(place)
    assert read() == KINDS


@posix
@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_nothing_is_read_or_written_in_a_folder_that_others_can_write(caches: Path, mode: int) -> None:
    read()
    place = kept(caches)
    place.parent.chmod(mode)
    assert not is_used(place)
    place.unlink()
    assert read() == KINDS
    assert not place.exists()


@posix
def test_a_link_is_not_followed(caches: Path, tmp_path: Path) -> None:
    read()
    place = kept(caches)
    elsewhere = place.rename(tmp_path / "elsewhere")
    place.symlink_to(elsewhere)
    assert not is_used(place)
    place.unlink()
    os.link(elsewhere, place)
    assert not is_used(place)
    place.unlink()
    folder = place.parent.rename(tmp_path / "folder")
    elsewhere.rename(folder / place.name)
    place.parent.symlink_to(folder)
    assert not is_used(place)


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give a file away")
def test_what_belongs_to_somebody_else_is_not_trusted(caches: Path) -> None:
    read()
    place = kept(caches)
    os.chown(place, 65534, -1)
    assert not is_used(place)
    os.chown(place, 0, -1)
    assert is_used(place)
    os.chown(place.parent, 65534, -1)
    assert not is_used(place)
    place.unlink()
    assert read() == KINDS
    assert not place.exists()


@posix
def test_a_pipe_does_not_make_anyone_wait(caches: Path) -> None:
    read()
    place = kept(caches)
    place.unlink()
    os.mkfifo(place, 0o600)
    assert not is_used(place)


def test_a_file_in_the_way_of_the_folder_is_no_matter(caches: Path) -> None:
    (caches / "vmxtool").write_bytes(b"in the way")
    assert read() == KINDS
    assert (caches / "vmxtool").read_bytes() == b"in the way"


def test_a_full_disk_leaves_nothing_behind(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    assert read() == KINDS
    assert list((caches / "vmxtool").iterdir()) == []


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="XDG is for the others")
@pytest.mark.parametrize(
    ("xdg", "home", "folder"),
    [
        ("/x/caches", "/h", Path("/x/caches")),
        ("", "/h", Path("/h/.cache")),
        ("relative", "/h", Path("/h/.cache")),
        ("", "relative", None),
    ],
)
def test_where_caches_are(xdg: str, home: str, folder: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", xdg)
    monkeypatch.setenv("HOME", home)
    assert _cache.user_folder() == folder


@pytest.mark.parametrize(
    ("platform", "folder"),
    [("win32", Path("/local")), ("darwin", Path("/h/Library/Caches")), ("linux", Path("/x/caches"))],
)
def test_each_system_has_its_own_place(platform: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (
        ("XDG_CACHE_HOME", "/x/caches"),
        ("LOCALAPPDATA", "/local"),
        ("HOME", "/h"),
        ("USERPROFILE", "/h"),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert _cache.user_folder() == folder


def test_a_user_without_a_home_has_no_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert _cache.user_folder() is None


def test_what_is_made_of_other_texts_has_another_place(caches: Path) -> None:
    place = _cache.place("vmx", "table", "1", "file: A")
    assert place is not None
    assert place.parent == caches / "vmxtool"
    assert place == _cache.place("vmx", "table", "1", "file: A")
    others = {_cache.place("vmx", "table", *made_of) for made_of in (("1", "file: B"), ("2", "file: A"), ("1file: A",))}
    assert len({place, *others}) == 4


def test_without_a_cache_folder_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cache, "user_folder", lambda: None)
    assert read() == KINDS
    _grammar._states.cache_clear()


def test_lark_is_loaded_only_where_no_table_is_kept(caches: Path) -> None:
    program = (
        "import sys; from vmxtool.vmx.document import Document; Document.parse(b'', 'x');"
        "assert 'lark' not in sys.modules; Document.parse(b'a = 1', 'x'); print('lark' in sys.modules)"
    )
    told = [
        subprocess.run(
            [sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1], capture_output=True, text=True
        ).stdout.strip()
        for _ in range(2)
    ]
    assert told == ["True", "False"]
    assert is_used(kept(caches))


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
        _grammar._build("mine", source, "start")


def test_a_text_that_a_grammar_has_no_terminal_for_is_a_fault_of_the_grammar(monkeypatch: pytest.MonkeyPatch) -> None:
    table = _grammar._build("mine", 'start: A*\nA.1: "a"', "start")
    monkeypatch.setattr(_grammar, "_states", lambda *_: _grammar._compile(table))
    assert _grammar.tokens("mine", "aa", "start") == [("A", "a"), ("A", "a")]
    with pytest.raises(KnowledgeError, match="no terminal fits at character 1"):
        _grammar.tokens("mine", "ab", "start")


def test_states_that_differ_in_nothing_are_one() -> None:
    assert len(_grammar._build("vmx", _resources.text("grammars", "vmx.lark"), "file")) == 2
