"""Files no product writes: refused where they are too large, and read in linear time and bounded memory where not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from vmxtool.errors import InputError
from vmxtool.vmx.document import Document
from vmxtool.vmx.edits import Edit, RemoveKey, RenameKey, SetValue, apply
from vmxtool.vmx.limits import MAX_BYTES, MAX_LINE_BYTES, MAX_LINES, refuse_oversize

MIB = 2**20

NASTY = {
    "blanks": b" " * MIB,
    "tabs and a name": b"\t" * (MIB - 1) + b"a",
    "one name": b"a" * MIB,
    "one name of other bytes": b"\xe9" * (MIB - 4) + b" = 1",
    "blanks before the sign": b"a" + b" " * (MIB - 2) + b"=",
    "blanks after the sign": b"a =" + b" " * (MIB - 4) + b"b",
    "blanks inside a value": b"a = b" + b" " * (MIB - 6) + b"c",
    "signs": b"=" * MIB,
    "a value of signs": b"a" + b"=" * (MIB - 1),
    "quotes": b'a = "' + b'"' * (MIB - 5),
    "an open quote": b'a = "' + b"b" * (MIB - 5),
    "escape signs": b'a = "' + b"|" * (MIB - 6) + b'"',
    "escapes": b'a = "' + b"|41" * ((MIB - 6) // 3) + b'"',
    "broken escapes": b'a = "' + b"|4" * ((MIB - 6) // 2) + b'"',
    "NULs": b"\x00" * MIB,
    "NULs after a value": b"a = 1" + b"\x00" * (MIB - 5),
    "hashes": b"a = 1" + b"#" * (MIB - 5),
    "a number": b"a = " + b"7" * (MIB - 4),
    "a number of zeros": b"a = " + b"0" * (MIB - 5) + b"7",
    "line feeds": b"\n" * (MIB // 16),
    "carriage returns": b"\r" * (MIB // 16),
    "pairs": b"\n\r" * (MIB // 32),
    "one key again and again": b"a=1\n" * (MIB // 16),
    "encodings": b".encoding=gbk\n" * (MIB // 64),
    "old encodings": b"config.encoding=\xe9\n.encoding=\xe9\n" * (MIB // 64),
    "names of other bytes": b"".join(b"\xe9%d=1\n" % number for number in range(MIB // 32)),
    "unknown lines": b"a b\n" * (MIB // 16),
    "a shifting encoding": b".encoding = UTF-7\na = " + b"+" * (MIB - 40),
}


@pytest.mark.parametrize("data", NASTY.values(), ids=NASTY.keys())
def test_nothing_takes_more_than_linear_time(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.vmx"
    path.write_bytes(data)
    document = Document.read(path)
    for key in document:
        document.number(key)
        document.flag(key, default=True)
        document.evidence(key)
    for number in document.unknown:
        document.problem_of_line(number)
    assert len(document.duplicates) <= len(document.repeats)
    assert len(document.undecodable) <= len(document)
    assert bytes(apply(document, [])) == bytes(document) == data


def test_many_edits_of_a_long_file_take_one_pass() -> None:
    count = 20_000
    document = Document.parse(b"".join(b"key%05d = 1\n" % number for number in range(count)), "x.vmx")
    edits: list[Edit] = [SetValue(f"key{number:05}", "2") for number in range(0, count, 4)]
    edits += [RemoveKey(f"key{number:05}") for number in range(1, count, 4)]
    edits += [RenameKey(f"key{number:05}", f"new{number:05}") for number in range(2, count, 4)]
    edits += [SetValue(f"more{number:05}", "3", after=f"key{number:05}") for number in range(3, count, 4)]
    edited = apply(document, edits)
    assert list(edited.items())[:5] == [
        ("key00000", "2"),
        ("new00002", "1"),
        ("key00003", "1"),
        ("more00003", "3"),
        ("key00004", "2"),
    ]
    assert len(edited) == count


def test_a_config_of_100000_lines_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.vmx"
    path.write_bytes(b"".join(b'guestinfo.key%06d = "value %06d"\r\n' % (number, number) for number in range(100_000)))
    document = Document.read(path)
    assert (document.lines, len(document), document["guestinfo.KEY099999"]) == (100_000, 100_000, "value 099999")


def refusal(path: Path, data: bytes) -> InputError:
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        Document.read(path)
    assert str(caught.value).startswith(f"{path}:{caught.value.line}: ")
    assert "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_too_many_lines_are_refused_with_the_line(tmp_path: Path, end: bytes) -> None:
    path = tmp_path / "x.vmx"
    error = refusal(path, end * (MAX_LINES + 1))
    assert error.problem == "the file has more than 120,000 lines, so it is no config of a VM"
    assert error.line == MAX_LINES + 1
    refuse_oversize(end * MAX_LINES, path)


def test_too_many_bytes_are_refused_with_the_line(tmp_path: Path) -> None:
    line = b'a = "' + b"b" * (MIB - 7) + b'"\n'
    error = refusal(tmp_path / "x.vmx", b"# first\n" + line * 13)
    assert (error.problem, error.line) == ("the file is larger than 12 MiB, so it is no config of a VM", 13)
    path = tmp_path / "y.vmx"
    path.write_bytes(line * (MAX_BYTES // len(line)))
    assert len(Document.read(path).repeats) == 11


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r", b""])
@pytest.mark.parametrize("before", [b"", b"a = 1\n", b"\r\n" * 1000, b"# long\n" + b"b" * MAX_LINE_BYTES + b"\r"])
def test_a_line_too_long_is_refused_with_its_number(tmp_path: Path, before: bytes, end: bytes) -> None:
    path = tmp_path / "x.vmx"
    error = refusal(path, before + b"c" * (MAX_LINE_BYTES + 1) + end)
    lines = Document.parse(before, "x.vmx").lines
    assert (error.problem, error.line) == ("this line is longer than 1 MiB, so this is no config of a VM", lines + 1)
    path.write_bytes(before + b"c" * MAX_LINE_BYTES + end)
    assert Document.read(path).lines == lines + 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process its peak")
@pytest.mark.parametrize("line", [b"=\n", b"\xe9=\n"], ids=["names", "names of other bytes"])
def test_the_largest_file_that_is_read_takes_less_than_120_mib(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "x.vmx"
    width = MAX_BYTES // MAX_LINES - len(line)
    path.write_bytes(b"".join((b"%06d" % number).ljust(width, b"k") + line for number in range(MAX_LINES)))
    program = (
        "import sys; from pathlib import Path; from vmxtool.vmx.document import Document;"
        "document = Document.read(Path(sys.argv[1]));"
        "status = Path('/proc/self/status').read_text();"
        "print(document.lines, status.partition('VmHWM:')[2].split()[0])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    lines, kilobytes = map(int, ran.stdout.split())
    assert lines == MAX_LINES
    assert kilobytes < 120 * 1024
