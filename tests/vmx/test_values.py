"""Escapes and types, as VMware's own codec and dictionary read and write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.vmx import values


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"|22", b'"'),
        (b"|7C|7c", b"||"),
        (b"a|0Ab|0Dc|09d", b"a\nb\rc\td"),
        (b"|45|73", b"Es"),
        (b"|E9", b"\xe9"),
        (b"|zz", b"|zz"),
        (b"|2", b"|2"),
        (b"|", b"|"),
        (b"||22", b"||22"),
        (b"|||22", b'||"'),
        (b"|4|22", b"|4|22"),
        (b"|z|22", b'|z"'),
        (b"|2\n|22", b'|2\n"'),
        (b"x | y", b"x | y"),
        (b"a|00b", b"a"),
        (b"\x83|7C", b"\x83\x7c"),
    ],
)
def test_an_escape_is_undone_and_a_broken_one_is_left(written: bytes, read: bytes) -> None:
    assert values.unescape(written) == read


def test_exactly_the_bytes_that_vmware_escapes_are_escaped() -> None:
    escaped = {byte for byte in range(256) if values.escape(bytes([byte])) != bytes([byte])}
    assert escaped == {*range(0x20), 0x22, 0x7C, 0x7F} - {0x09}
    assert values.escape(b"\x1f") == b"|1F"


@given(st.binary())
def test_what_is_escaped_is_read_back_up_to_a_nul(data: bytes) -> None:
    written = values.escape(data)
    assert values.unescape(written) == data.partition(b"\x00")[0]
    assert not set(written) & set(b'"\x00\n\r')


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "t", "yes", "Y", "on", "1", ""])
def test_true(text: str) -> None:
    assert values.as_bool(text)
    assert values.is_bool(text)


@pytest.mark.parametrize("text", ["false", "FALSE", "f", "No", "n", "OFF", "0"])
def test_false(text: str) -> None:
    assert not values.as_bool(text)
    assert values.is_bool(text)


@pytest.mark.parametrize("text", ["2", " true", "enabled", "-1", "01", "default"])
def test_what_is_neither_reads_as_false_and_is_told_apart(text: str) -> None:
    assert not values.as_bool(text)
    assert not values.is_bool(text)


@pytest.mark.parametrize(
    ("text", "read"), [("Default", None), ("dontcare", None), ("AUTO", None), ("", True), ("no", False), ("x", False)]
)
def test_a_tristate_may_leave_the_choice_to_the_product(text: str, read: bool | None) -> None:
    assert values.as_tristate(text) is read


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("", 0),
        ("0", 0),
        ("512", 512),
        ("0512", 330),
        ("08", 0),
        ("0x10", 16),
        ("0XfF", 255),
        ("0x", 0),
        ("  \t-7", -7),
        ("+7", 7),
        ("- 7", 0),
        ("4096MB", 4096),
        ("abc", 0),
        ("2147483648", -(2**31)),
        ("4294967295", -1),
        ("4294967297", 1),
        ("-0x80000001", 2**31 - 1),
        ("18446744073709551615", -1),
        ("18446744073709551616", -1),
        ("-18446744073709551616", -1),
        ("9" * 1000, -1),
        ("0" * 1000 + "17", 15),
        ("0x" + "0" * 1000 + "17", 23),
        ("\u0664", 0),
    ],
)
def test_an_integer_is_read_as_by_strtol_in_base_0(text: str, number: int) -> None:
    assert values.as_int(text) == number


@pytest.mark.parametrize(
    ("text", "number"),
    [("4294967297", 2**32 + 1), ("-1", -1), ("0777", 511), ("9223372036854775808", -(2**63)), ("9" * 30, -1)],
)
def test_a_64_bit_integer(text: str, number: int) -> None:
    assert values.as_int64(text) == number


@pytest.mark.parametrize("text", ["", "0", "12", "-12", "0x1F", "017", " 4", "4294967295"])
def test_what_vmware_takes_for_an_integer(text: str) -> None:
    assert values.is_int(text)


@pytest.mark.parametrize("text", [" ", "12 ", "4096MB", "08", "0x", "x", "4294967296", "9" * 5000])
def test_what_vmware_complains_of_as_an_integer(text: str) -> None:
    assert not values.is_int(text)


@given(st.integers(-(2**31), 2**31 - 1))
def test_every_32_bit_integer_is_itself_in_any_base(number: int) -> None:
    sign = "-" if number < 0 else ""
    for text in (str(number), hex(number), f"{sign}0{abs(number):o}"):
        assert values.as_int(text) == number
        assert values.is_int(text)


@given(st.text())
def test_any_text_reads_as_some_32_bit_integer(text: str) -> None:
    assert -(2**31) <= values.as_int(text) < 2**31
