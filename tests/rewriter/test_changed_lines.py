"""Which lines of a text are told to differ: they do, their numbers are right, and there are few of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vmxtool.rewriter.diff import split_lines
from vmxtool.rewriter.journal.changed_lines import MAX_BYTES, ChangedLine, compare_lines

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "#", "x = 1"]), max_size=12).map("\n".join)


@given(LINES, LINES)
def test_what_is_told_stands_in_the_texts(was: str, now: str) -> None:
    told = compare_lines(was.encode(), now.encode())
    assert (told.count == 0) == (was == now)
    assert len(told.shown) == min(told.count, 5)
    old, new = split_lines(was), split_lines(now)
    for line in told.shown:
        assert line.was is not None or line.now is not None
        assert line.was is None or any(line.was in {it, it.rstrip("\n")} for it in old)
        assert line.now is None or line.now in {new[line.number - 1], new[line.number - 1].rstrip("\n")}
        assert 1 <= line.number <= len(new) + 1


@given(LINES, st.integers(0, 11), st.sampled_from(["new", ""]))
def test_one_line_that_was_put_in_is_the_only_one(was: str, at: int, line: str) -> None:
    lines = split_lines(was + "\n")
    at = min(at, len(lines))
    now = "".join([*lines[:at], f"{line}\n", *lines[at:]])
    told = compare_lines((was + "\n").encode(), now.encode())
    assert told.count == 1
    (only,) = told.shown
    assert (only.was, only.now) == (None, line)
    assert split_lines(now)[only.number - 1] == f"{line}\n"


def test_a_changed_a_new_and_a_lost_line() -> None:
    was = b"".join(b"key%d = 1\r\n" % number for number in range(300))
    now = was.replace(b"key1 = 1", b"key1 = 2").replace(b"key150 = 1\r\n", b"") + b"more = 1\r\n"
    told = compare_lines(was, now)
    assert told.shown == (
        ChangedLine(2, "key1 = 1", "key1 = 2"),
        ChangedLine(151, "key150 = 1", None),
        ChangedLine(300, None, "more = 1"),
    )
    assert told.more == 0


def test_line_ends_are_shown_where_nothing_else_differs() -> None:
    told = compare_lines(b"a\r\nb\r\n", b"a\nb\n")
    assert told.shown == (ChangedLine(1, "a\r\n", "a\n"), ChangedLine(2, "b\r\n", "b\n"))


def test_a_text_in_another_character_set_is_read_in_it() -> None:
    was = '.encoding = "GBK"\ndisplayName = "会计"\n'.encode("gbk")
    (line,) = compare_lines(was, was.replace("会计".encode("gbk"), "工资".encode("gbk"))).shown
    assert (line.was, line.now) == ('displayName = "会计"', 'displayName = "工资"')


def test_of_a_long_line_the_part_that_differs_is_shown() -> None:
    was, now = b"k" * 3000 + b"OLD" + b"k" * 3000, b"k" * 3000 + b"NEW" + b"k" * 3000
    (line,) = compare_lines(was, now).shown
    assert line.was is not None
    assert line.now is not None
    assert "OLD" in line.was
    assert "NEW" in line.now
    assert max(len(line.was), len(line.now)) < 200


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_bytes_that_are_no_text_are_no_accident(was: bytes, now: bytes) -> None:
    told = compare_lines(was, now)
    assert was != now or not told.count


def test_texts_without_end_or_without_sense_are_compared_in_bounds() -> None:
    assert compare_lines(b"a", b"a" * (MAX_BYTES + 1)).count == 0
    was, now = b"a\nb\n" * 100_000, b"b\nb\na\n" * 100_000
    told = compare_lines(was, now)
    assert (len(told.shown), told.count > 100_000) == (5, True)
