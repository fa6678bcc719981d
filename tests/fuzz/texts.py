"""Mutators of texts made of lines: configs, snapshot databases, descriptors, and whatever else has keys and values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuzz.names import any_name, as_value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

NUMBERS = (
    b"0", b"-1", b"1", b"2", b"7", b"15", b"16", b"255", b"256", b"4096", b"65536", b"2147483647", b"2147483648",
    b"4294967295", b"4294967296", b"9223372036854775807", b"9223372036854775808", b"18446744073709551615", b"007",
    b"99999999999999999999", b"1" * 5000, b"1e9", b"0x10", b"1.5", b"NaN", b"+1", b" 1", b"1 ", "٣".encode(), b"1_0",
)  # fmt: skip
WORDS = (
    b"", b"TRUE", b"FALSE", b"true", b"yes", b"auto", b"auto detect", b"A:", b"|00", b"|0A", b"|1B[31m", b"|ZZ", b"|",
    b"\x00", b"\x1b[31m", b"\xff\xfe", b"\xe2\x80\xae", b"\\", b'\\"', b"x" * 300, b"x" * 70_000, b"\xc3", b"${x}",
    b"legacy", b"independent-persistent", b"nonpersistent", b"undoable", b"append", b"emptyBackingString",
    b"scsi-hardDisk", b"cdrom-image", b"cdrom-raw", b"ata-hardDisk", b"lsilogic", b"buslogic", b"pvscsi", b"lsisas1068",
)  # fmt: skip
ENCODINGS = (
    b"UTF-8", b"windows-1252", b"GBK", b"Shift_JIS", b"windows-949-2000", b"US-ASCII", b"UTF-16", b"klingon", b"",
    b"utf-7", b"idna", b"punycode", b"unicode_escape", b"rot13", b"hex", b"base64", b"mbcs", b"undefined", b"../x",
    b"windows-1251", b"Big5", b"EUC-JP", b"ISO-8859-1", b"utf-8-sig", b"cp037", b"x" * 300,
)  # fmt: skip
_SETTING = re.compile(rb'^(\s*)([^=\s"]+)(\s*=\s*"?)([^"]*)("?.*)$', re.DOTALL)
_FILE_KEY = re.compile(rb"(?i)file|name|hint|redo|path|nvram|vmstate|keysafe|location|dir")
_MOST_LINES = 3000
_MOST_BYTES = 2**20


@dataclass(frozen=True)
class Vocabulary:
    """Keys and values as real files of a kind have them."""

    keys: tuple[bytes, ...]
    values: tuple[bytes, ...]


@dataclass
class _Text:
    """A text that is to be changed: its lines, one of them, their end, and where new words come from."""

    lines: list[bytes]
    at: int
    end: bytes
    rng: Random
    words: Vocabulary
    donors: Sequence[bytes]


def mutate_lines(data: bytes, rng: Random, words: Vocabulary, donors: Sequence[bytes]) -> bytes:
    """One change of a text, of lines or of the values in them; `donors` are other texts of its kind."""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    lines = data.split(end)
    text = _Text(lines, rng.randrange(len(lines)), end, rng, words, donors)
    rng.choices(tuple(_CHANGES), tuple(_CHANGES.values()))[0](text)
    return end.join(text.lines)[:_MOST_BYTES]


def any_value(rng: Random, words: Vocabulary, key: bytes = b"") -> bytes:
    """A value for a key, sound or not."""
    if _FILE_KEY.search(key) and rng.random() < 0.7:
        return as_value(any_name(rng), rng)
    pick = rng.random()
    if pick < 0.35 and words.values:
        return rng.choice(words.values)
    if pick < 0.6:
        return rng.choice(NUMBERS)
    if pick < 0.8:
        return rng.choice(WORDS)
    return as_value(any_name(rng), rng)


def any_setting(rng: Random, words: Vocabulary) -> bytes:
    """A line with a key and a value."""
    key = rng.choice(words.keys) if words.keys else b"a"
    if rng.random() < 0.3:
        key = re.sub(rb"\d+", lambda _: rng.choice(NUMBERS), key, count=1)
    form = rng.choice(
        (b'%s = "%s"',) * 8 + (b"%s = %s", b'%s="%s', b'%s "%s"', b"%s = '%s'", b'%s = "%s" # x', b'\t%s = "%s"')
    )
    return form % (key, any_value(rng, words, key))


def _set_value(text: _Text) -> None:
    for index in (*range(text.at, len(text.lines)), *range(text.at)):
        match = _SETTING.match(text.lines[index])
        if match is not None:
            blank, key, equals, _, rest = match.groups()
            text.lines[index] = blank + key + equals + any_value(text.rng, text.words, key) + rest
            break


def _set_name(text: _Text) -> None:
    for index in (*range(text.at, len(text.lines)), *range(text.at)):
        match = _SETTING.match(text.lines[index])
        if match is not None and _FILE_KEY.search(match[2]):
            blank, key, equals, _, rest = match.groups()
            text.lines[index] = blank + key + equals + as_value(any_name(text.rng), text.rng) + rest
            break


def _insert(text: _Text) -> None:
    text.lines[text.at : text.at] = [
        any_setting(text.rng, text.words) for _ in range(text.rng.choice((1, 1, 2, 5, 20)))
    ]


def _drop(text: _Text) -> None:
    del text.lines[text.at : text.at + text.rng.choice((1, 1, 1, 3, 10))]


def _double(text: _Text) -> None:
    line = text.lines[text.at].swapcase() if text.rng.random() < 0.3 else text.lines[text.at]
    text.lines.insert(text.rng.randrange(len(text.lines) + 1), line)


def _count_up(text: _Text) -> None:
    """Repeat a line with rising numbers in its key: many devices, snapshots or extents."""
    line = text.lines[text.at] if text.rng.random() < 0.5 else any_setting(text.rng, text.words)
    many, numbers = text.rng.choice((5, 40, 300, _MOST_LINES)), text.rng.choice((1, 1, 2))
    counted = [re.sub(rb"\d+", b"%d" % number, line, count=numbers) for number in range(many)]
    text.lines[text.at : text.at] = counted


def _swap(text: _Text) -> None:
    other = text.rng.randrange(len(text.lines))
    text.lines[text.at], text.lines[other] = text.lines[other], text.lines[text.at]


def _splice(text: _Text) -> None:
    other = text.rng.choice(text.donors).replace(b"\r\n", b"\n").split(b"\n") if text.donors else []
    start = text.rng.randrange(len(other)) if other else 0
    text.lines[text.at : text.at] = other[start : start + text.rng.choice((1, 5, 50))]


def _graft(text: _Text) -> None:
    """Put in settings of another text whose keys are not here yet: a sound text stays sound."""
    here = {match[2].lower() for match in map(_SETTING.match, text.lines) if match}
    other = text.rng.choice(text.donors).replace(b"\r\n", b"\n").split(b"\n") if text.donors else []
    new = [line for line in other if (match := _SETTING.match(line)) and match[2].lower() not in here]
    last = [text.lines.pop()] if not text.lines[-1] else []
    text.lines += [*text.rng.sample(new, min(len(new), text.rng.choice((1, 3, 10, 40)))), *last]


def _rename_key(text: _Text) -> None:
    match = _SETTING.match(text.lines[text.at])
    if match is not None:
        key = match[2]
        new = text.rng.choice(
            (
                key.upper(),
                key.swapcase(),
                key + b"x",
                key + "ö".encode(),
                b"." + key,
                re.sub(rb"\d", text.rng.choice(NUMBERS), key),
            )
        )
        text.lines[text.at] = text.lines[text.at].replace(key, new, 1)


def _whole(text: _Text) -> None:
    """What changes a text as a whole: its encoding, its line ends, its start and end."""
    data = text.end.join(text.lines)
    changes: tuple[Callable[[], bytes], ...] = (
        lambda: b"\xef\xbb\xbf" + data,
        lambda: data.replace(text.end, b"\r\n" if text.end == b"\n" else b"\n"),
        lambda: data.replace(text.end, b"\r"),
        lambda: data[: text.rng.randrange(len(data) + 1)],
        data.rstrip,
        lambda: data + b"\x00" * text.rng.choice((1, 512, 4096)),
        lambda: data.decode("latin-1").encode("utf-16"),
        lambda: b"\x00".join((data, data)),
        lambda: b'.encoding = "%s"%s' % (text.rng.choice(ENCODINGS), text.end) + data,
        lambda: re.sub(rb'(?m)^\.?encoding\s*=\s*"[^"]*"', b'.encoding = "%s"' % text.rng.choice(ENCODINGS), data),
        lambda: b"#!/usr/bin/vmware" + text.end + data,
        lambda: data + data,
    )
    text.lines = [text.rng.choice(changes)()]


def _noise(text: _Text) -> None:
    text.lines = [add_noise(text.end.join(text.lines), text.rng)]


def add_noise(data: bytes, rng: Random) -> bytes:
    """Bytes changed, put in or taken out at random."""
    held = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8, 30))):
        at = rng.randrange(len(held) + 1)
        what = rng.random()
        if what < 0.5 and at < len(held):
            held[at] = rng.choice((0, 10, 13, 34, 35, 61, 92, 124, 127, 255, rng.randrange(256)))
        elif what < 0.75:
            held[at:at] = rng.randbytes(rng.choice((1, 2, 9)))
        else:
            del held[at : at + rng.choice((1, 4, 100))]
    return bytes(held)


# How often each is made.
_CHANGES = {
    _set_value: 8, _set_name: 6, _insert: 6, _drop: 4, _double: 2, _count_up: 1, _swap: 1, _splice: 3, _graft: 10,
    _rename_key: 2, _whole: 2, _noise: 2,
}  # fmt: skip
