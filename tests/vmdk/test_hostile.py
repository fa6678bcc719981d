"""Broken and malicious disks are read to the end: each is a problem with a name, none an exception or a long wait."""

from __future__ import annotations

import os
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from build import descriptor, sparse_descriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vmdk import disks

from vmxtool import _files
from vmxtool.vmdk import extents
from vmxtool.vmdk.chain import MAX_DEPTH, Chain, read_chain
from vmxtool.vmdk.problems import Problems, quoted_name

HUGE = 2**62
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="no such files there")


def read(folder: Path, name: str = "a.vmdk") -> Chain:
    return read_chain(folder / name, folder=folder)


def kinds(chain: Chain) -> list[str]:
    return [problem.kind for problem in chain.problems]


def embedded(sectors: int = 8192) -> bytes:
    return sparse_descriptor(sectors, "a.vmdk")


# --- headers ---


@pytest.mark.parametrize(
    "changes",
    [
        {"grainSize": 0},
        {"numGTEsPerGT": 0},
        {"capacity": HUGE},
        {"capacity": 2**40},
        {"descriptorSize": 2**32},
        {"descriptorOffset": 2**55},
        {"descriptorOffset": HUGE, "descriptorSize": HUGE},
        {"gdOffset": 2**60},
        {"gdOffset": 1000},
        {"rgdOffset": 1000},
        {"overHead": 1000},
        {"gdOffset": disks.GD_AT_END},
        {"gdOffset": disks.GD_AT_END, "flags": 0x30003},
        {"nonEndLineChar": b"\r"},
        {"flags": 0x80000003},
        {"flags": 0x20003},
        {"version": 0},
    ],
)
def test_a_damaged_header_is_told_and_costs_no_memory(changes: dict[str, Any], tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(embedded(), **changes))
    read(tmp_path)
    tracemalloc.start()
    chain = read(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kinds(chain) == ["header-damaged"]
    assert peak < 2**20


@pytest.mark.parametrize("kept", [4, 100, 511])
@pytest.mark.parametrize("data", [disks.sparse_disk(), disks.cowd(), disks.legacy_cowd(), disks.sesparse()])
def test_a_file_cut_within_its_header(data: bytes, kept: int, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=data[:kept])
    chain = read(tmp_path)
    assert kinds(chain) == ["header-damaged"]
    assert chain.links[0].header is None


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (disks.cowd(grainSize=0), "VMFSSPARSE"),
        (disks.cowd(numGDEntries=2**32 - 1), "VMFSSPARSE"),
        (disks.sesparse(grainDirSize=2**50), "SESPARSE"),
        (disks.sesparse(volatileHeaderOffset=2**63), "SESPARSE"),
        (disks.extent_file(8, grainSize=0), "SPARSE"),
        (b"KDMV", "SPARSE"),
        (b"", "SPARSE"),
        (disks.cowd(), "SPARSE"),
    ],
)
def test_a_damaged_extent_behind_a_sound_descriptor(data: bytes, kind: str, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor(f'RW 8 {kind} "b.vmdk"'), b_vmdk=data)
    chain = read(tmp_path)
    assert kinds(chain) == ["header-damaged"]
    assert chain.problems[0].evidence[0].file == "b.vmdk"


def test_a_file_that_its_writer_did_not_finish(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(embedded(), magicNumber=b"kdmv"))
    assert kinds(read(tmp_path)) == ["unfinished"]


def test_a_sparse_disk_that_lists_itself_does_not_recurse(tmp_path: Path) -> None:
    lines = descriptor('RW 8192 SPARSE "a.vmdk"', 'RW 8192 SPARSE "a.vmdk"', create_type="monolithicSparse")
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(lines, capacity=0))
    chain = read(tmp_path)
    assert kinds(chain) == ["header-damaged", "header-damaged"]
    assert chain.capacity_sectors == 16384


def test_sectors_of_a_descriptor_that_hold_none(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(b"\x07garbage"))
    chain = read(tmp_path)
    assert kinds(chain) == ["header-damaged"]
    assert chain.links[0].location == "header-only"


@pytest.mark.parametrize(
    ("stated", "mismatch"), [(8192, False), (8192 - 127, False), (8192 - 128, True), (8193, True), (0, True)]
)
def test_a_header_may_round_up_to_a_grain_and_no_further(stated: int, mismatch: bool, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(embedded(stated)))
    chain = read(tmp_path)
    assert ("capacity-mismatch" in kinds(chain)) == mismatch
    assert chain.capacity_sectors == (8192 if mismatch else stated)


@pytest.mark.parametrize(
    ("kind", "data"), [("SPARSE", disks.extent_file(8)), ("VMFSSPARSE", disks.cowd(numSectors=8, numGDEntries=1))]
)
def test_a_header_made_for_fewer_sectors_than_its_line(kind: str, data: bytes, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor(f'RW 9 {kind} "b.vmdk"'), b_vmdk=data)
    chain = read(tmp_path)
    assert kinds(chain) == ["extent-short"]
    assert [(place.file, place.key) for place in chain.problems[0].evidence] == [
        ("a.vmdk", kind),
        ("b.vmdk", "capacity"),
    ]


def test_an_embedded_descriptor_without_an_extent(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=disks.sparse_disk(descriptor("")))
    chain = read(tmp_path)
    assert kinds(chain) == ["no-extent"]
    assert (chain.links[0].location, chain.capacity_sectors) == ("embedded", 8192)


def test_a_descriptor_far_behind_its_header(tmp_path: Path) -> None:
    data = disks.sparse_disk(b"", descriptorOffset=100)
    disks.put(tmp_path, a_vmdk=data[: 100 * 512] + embedded().ljust(28 * 512, b"\x00"))
    chain = read(tmp_path)
    assert chain.problems == ()
    assert (chain.links[0].location, chain.links[0].descriptor_offset) == ("embedded", 51200)


# --- descriptors ---


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (descriptor(""), ["no-extent"]),
        (descriptor('RDONLY 8 FLAT "f" 0'), ["no-extent"]),
        (descriptor('RW -5 FLAT "f" 0'), ["unknown-line", "no-extent"]),
        (descriptor('RW 0 FLAT "f" 0'), ["unknown-line"]),
        (descriptor('RW 9223372036854775807 FLAT "f" 0'), ["unknown-line", "extent-short"]),
        (descriptor(f'RW {HUGE} FLAT "f" {HUGE}'), ["unknown-line", "extent-short"]),
        (descriptor('RW 8 FLAT "f" 1'), ["extent-short"]),
        (descriptor('RW 8 FLAT "none" 0'), ["extent-missing"]),
        (descriptor("RW 8 FLAT f 0"), ["unknown-line"]),
        (descriptor('RW 8 FLAT "a.vmdk" 0'), ["extent-short"]),
        (descriptor('RW 8 SPARSE "a.vmdk"'), ["header-damaged"]),
        (descriptor('RW 8 FLAT ".." 0'), ["outside"]),
        (descriptor('RW 8 FLAT "." 0'), ["outside"]),
        (descriptor('RW 8 FLAT "sub" 0'), ["unreadable"]),
        (descriptor('RW 8 FLAT "' + "x" * 600 + '" 0'), ["extent-missing"]),
        (descriptor('RW 8 FLAT "vsan://5/6" 0'), ["outside"]),
        (descriptor('RW 8 FLAT "f" 0', cid="xyz"), ["unknown-line"]),
        (descriptor('RW 8 FLAT "f" 0').replace(b"parentCID", b"noCID"), ["unknown-line"]),
        (descriptor('RW 8 FLAT "f" 0').replace(b"version=1", b"version=9"), ["unknown-line"]),
        (descriptor('RW 8 FLAT "f" 0').replace(b"\n", b"\r"), ["unknown-line", "no-extent"]),
        (descriptor('RW 8 FLAT "f" 0') + b"\x00 more", ["unknown-line"]),
        (descriptor('RW 8 FLAT "f" 0', ddb="ddb.x = 1\nddb.x = 2\n"), ["duplicate-key"]),
        (
            descriptor('RW 8 FLAT "f" 0', ddb="ddb.adapterType = 1\nddb.adapterType = 2\n"),
            ["duplicate-key", "adapter-conflict"],
        ),
        (descriptor('RW 8 FLAT "f" 0', parent="1"), ["missing"]),
        (descriptor('RW 8 FLAT "f" 0', parent="1", hint="none.vmdk"), ["missing"]),
        (descriptor('RW 8 FLAT "f" 0', hint="a.vmdk"), ["loop"]),
        (descriptor('RW 8 FLAT "f" 0', parent="1", hint="sub"), ["unreadable"]),
        (descriptor('RW 8 FLAT "f" 0', parent="1", hint="../x.vmdk"), ["outside"]),
        (b"\xff" * 4096, ["unreadable"]),
        (b"", ["unreadable"]),
        (b"\xa2\x72\x19\xf6" + bytes(508), ["unreadable"]),
    ],
)
def test_a_descriptor_with_one_thing_wrong(data: bytes, expected: list[str], tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=data, f=bytes(4096))
    (tmp_path / "sub").mkdir()
    chain = read(tmp_path)
    assert kinds(chain) == expected
    assert all(problem.message.endswith(".") and problem.evidence for problem in chain.problems)


def test_sectors_beyond_any_file_are_no_capacity(tmp_path: Path) -> None:
    lines = [f"RW {2**54} ZERO"] * 2
    disks.put(tmp_path, a_vmdk=descriptor(*lines))
    assert read(tmp_path).capacity_bytes is None


def test_a_disk_that_is_not_there(tmp_path: Path) -> None:
    chain = read(tmp_path)
    assert (kinds(chain), chain.links) == (["missing"], ())


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="no file here that can be opened and not read")  # noqa: PTH110
def test_a_file_that_cannot_be_read() -> None:
    folder = Path("/proc/self").resolve()
    chain = read_chain(folder / "mem", folder=folder)
    assert (kinds(chain), chain.links) == (["unreadable"], ())
    assert "cannot be read: " in chain.problems[0].message


def test_a_folder_named_like_a_disk(tmp_path: Path) -> None:
    (tmp_path / "a.vmdk").mkdir()
    chain = read(tmp_path)
    assert (kinds(chain), chain.links) == (["unreadable"], ())


def test_control_characters_do_not_reach_a_message(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor('RW 8 FLAT "\x1b[31mred\x7f" 0', parent="1", hint="\x1b]0;title\x07.vmdk"))
    chain = read(tmp_path)
    assert kinds(chain) == ["extent-missing", "missing"]
    assert all(problem.message.isprintable() for problem in chain.problems)
    assert chain.problems[0].evidence[0].value == "\x1b[31mred\x7f"


def test_a_name_in_a_message_has_an_end() -> None:
    assert len(quoted_name("x" * 10**6)) < 200


# --- size ---


def test_a_text_larger_than_any_descriptor_is_not_read(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor("RW 8 ZERO") + b"#" * 2**20)
    chain = read(tmp_path)
    assert kinds(chain) == ["unreadable"]
    assert (chain.links[0].location, chain.links[0].descriptor) == ("text", None)


def test_a_plain_disk_larger_than_any(tmp_path: Path) -> None:
    disks.put(tmp_path, a_pln=b"DRIVETYPE ide\n" + b"#" * 2**20)
    chain = read(tmp_path, "a.pln")
    assert kinds(chain) == ["unreadable"]
    assert (chain.links[0].location, chain.links[0].format) == ("plain", "legacy")


def test_a_plain_disk_of_nothing(tmp_path: Path) -> None:
    disks.put(tmp_path, a_pln=b"DRIVETYPE ide\nCYLINDERS 8\nwhat is this\n")
    assert kinds(read(tmp_path, "a.pln")) == ["unknown-line", "no-extent"]


def test_more_lines_than_any_descriptor_are_not_read(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor("RW 8 ZERO") + b"\n" * 2**16)
    assert kinds(read(tmp_path)) == ["unreadable"]


def test_the_lines_of_all_links_are_counted_together(tmp_path: Path) -> None:
    filler = b"\n" * 2**15
    disks.put(
        tmp_path,
        a_vmdk=descriptor("RW 8 ZERO", parent="12345678", hint="b.vmdk", ddb="") + filler,
        b_vmdk=descriptor("RW 8 ZERO") + filler,
    )
    chain = read(tmp_path)
    assert kinds(chain) == ["unreadable"]
    assert [link.descriptor is None for link in chain.links] == [False, True]


def test_of_many_problems_of_a_kind_the_first_hundred_are_kept(tmp_path: Path) -> None:
    disks.put(
        tmp_path, a_vmdk=descriptor("RW 8 ZERO", *["bad"] * 5000, ddb="".join(f"k{n}=\nk{n}=\n" for n in range(5000)))
    )
    chain = read(tmp_path)
    assert kinds(chain).count("duplicate-key") == 100
    assert len(chain.problems[0].evidence) == 100
    assert "5000 lines" in chain.problems[0].message
    problems = Problems()
    for _ in range(1000):
        problems.add("missing", "x")
    assert len(problems.found) == 100


def test_only_so_many_extents_are_opened(tmp_path: Path) -> None:
    lines = [f'RW 8 SPARSE "s{number}"' for number in range(extents.MAX_OPENED + 50)]
    disks.put(
        tmp_path, a_vmdk=descriptor(*lines), **{f"s{number}": disks.extent_file(128) for number in range(len(lines))}
    )
    with disks.opened_files() as opened:
        chain = read(tmp_path)
    assert chain.problems == ()
    assert all(extent.exists for extent in chain.links[0].extents)
    assert len({name for name in opened if str(tmp_path) in name}) == extents.MAX_OPENED + 1


def test_a_large_disk_costs_a_small_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "a.vmdk").open("wb") as stream:
        stream.write(disks.sparse_disk(embedded(2**28), capacity=2**28))
        stream.truncate(100 * 2**30)
    amounts: list[int] = []
    real = _files.OpenFile.read

    def count(file: _files.OpenFile, start: int, length: int) -> bytes:
        data = real(file, start, length)
        amounts.append(len(data))
        return data

    monkeypatch.setattr(_files.OpenFile, "read", count)
    chain = read(tmp_path)
    assert (chain.problems, chain.capacity_bytes) == ((), 2**37)
    assert 0 < sum(amounts) < 2**16


# --- chains ---


def link(hint: str | None, number: int = 0) -> bytes:
    return descriptor("RW 8 ZERO", cid="1", parent="1" if hint else "ffffffff", hint=hint, ddb="")


def test_two_links_that_are_each_others_parent(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=link("b.vmdk"), b_vmdk=link("a.vmdk"))
    chain = read(tmp_path)
    assert kinds(chain) == ["loop"]
    assert len(chain.links) == 2


@posix_only
@pytest.mark.parametrize("hint", ["./a.vmdk", "sub/../a.vmdk", "soft.vmdk", "hard.vmdk", ".\\a.vmdk"])
def test_a_loop_under_another_name(hint: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    disks.put(tmp_path, a_vmdk=link(hint))
    (tmp_path / "soft.vmdk").symlink_to("a.vmdk")
    os.link(tmp_path / "a.vmdk", tmp_path / "hard.vmdk")
    chain = read(tmp_path)
    assert kinds(chain) == ["loop"]
    assert len(chain.links) == 1


@pytest.mark.parametrize(("links", "problems"), [(MAX_DEPTH, []), (MAX_DEPTH + 1, ["too-deep"])])
def test_a_chain_has_an_end(links: int, problems: list[str], tmp_path: Path) -> None:
    for number in range(links):
        hint = f"{number + 1}.vmdk" if number + 1 < links else None
        (tmp_path / f"{number}.vmdk").write_bytes(link(hint))
    chain = read(tmp_path, "0.vmdk")
    assert kinds(chain) == problems
    assert len(chain.links) == MAX_DEPTH


# --- outside ---


def opened_outside(folder: Path, name: str = "a.vmdk") -> tuple[Chain, list[str]]:
    """Read a disk, and name every file that was opened outside its folder by a name that it may have given."""
    read(folder, name)  # loads every module that is needed
    with disks.opened_files() as opened:
        chain = read(folder, name)
    assert any(str(folder) in path for path in opened)
    return chain, [path for path in opened if not path.startswith(str(folder) + os.sep)]


NAMES = ["/etc/passwd", "../secret.vmdk", "..\\secret.vmdk", "sub/../../secret.vmdk", "/etc/../etc/passwd", "soft.vmdk"]


def trap(tmp_path: Path) -> Path:
    """A VM's folder with a disk beside it that nobody may open."""
    folder = tmp_path / "vm"
    (folder / "sub").mkdir(parents=True)
    (tmp_path / "secret.vmdk").write_bytes(descriptor("RW 8 ZERO"))
    (folder / "soft.vmdk").symlink_to("../secret.vmdk")
    return folder


@posix_only
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["FLAT", "SPARSE", "VMFS", "VMFSSPARSE"])
def test_an_extent_outside_is_told_and_never_opened(name: str, kind: str, tmp_path: Path) -> None:
    folder = disks.put(trap(tmp_path), a_vmdk=descriptor(f'RW 8 {kind} "{name}" 0'))
    chain, opened = opened_outside(folder)
    assert opened == []
    assert kinds(chain) == ["outside"]
    (extent,) = chain.links[0].extents
    assert (extent.outside, extent.exists, extent.path) == (True, True, None)


@posix_only
@pytest.mark.parametrize("name", NAMES)
def test_a_parent_outside_is_told_and_never_opened(name: str, tmp_path: Path) -> None:
    folder = disks.put(trap(tmp_path), a_vmdk=descriptor("RW 8 ZERO", parent="12345678", hint=name))
    chain, opened = opened_outside(folder)
    assert opened == []
    assert kinds(chain) == ["outside"]
    assert "was not opened" in chain.problems[0].message


@posix_only
def test_a_link_that_leads_outside_is_never_opened(tmp_path: Path) -> None:
    folder = trap(tmp_path)
    with disks.opened_files() as opened:
        chain = read(folder, "soft.vmdk")
    assert [name for name in opened if "secret" in name or "soft" in name] == []
    assert (kinds(chain), chain.links) == (["outside"], ())


@posix_only
def test_a_fifo_in_place_of_an_extent_is_neither_opened_nor_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    lines = ['RW 8 SPARSE "pipe"', 'RW 8 FLAT "pipe" 0']
    disks.put(tmp_path, a_vmdk=descriptor(*lines, parent="1", hint="pipe"))
    with disks.opened_files() as opened:
        chain = read(tmp_path)
    assert kinds(chain) == ["unreadable", "unreadable", "unreadable"]
    assert not [name for name in opened if name.endswith("pipe")]


@posix_only
@pytest.mark.parametrize("create_type", ["fullDevice", "partitionedDevice", "vmfsRaw", "vmfsRawDeviceMap"])
def test_a_device_is_where_a_device_disk_has_it_and_is_not_opened(create_type: str, tmp_path: Path) -> None:
    names = ["/dev/null", "/dev/none", "\\\\.\\PhysicalDrive0", "/vmfs/devices/disks/vmhba1:0:0:0"]
    lines = [f'RW 8 FLAT "{name}" 0' for name in names]
    disks.put(tmp_path, a_vmdk=descriptor(*lines, create_type=create_type), PhysicalDrive0=b"")
    chain, opened = opened_outside(tmp_path)
    assert opened == []
    assert chain.problems == ()
    assert [(extent.exists, extent.outside) for extent in chain.links[0].extents] == [
        (True, True),
        (False, True),
        (False, True),
        (False, True),
    ]


def test_a_device_under_an_ordinary_disk_is_told(tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=descriptor('RW 8 FLAT "/dev/sda" 0'))
    assert kinds(read(tmp_path)) == ["outside"]


# --- anything ---

LINES = st.sampled_from(
    [
        b"version=1",
        b"CID=1",
        b"parentCID=1",
        b'parentFileNameHint="a.vmdk"',
        b'parentFileNameHint="b.vmdk"',
        b'RW 8 FLAT "b.vmdk" 0',
        b'RW 8 SPARSE "b.vmdk"',
        b'RW 8 VMFSSPARSE "a.vmdk"',
        b"RW 8 ZERO",
        b'RW 8 SESPARSE "../x"',
        b'createType="vmfs"',
        b"DRIVETYPE ide",
        b'ACCESS "b.vmdk" 0 8',
        b"\x00",
    ]
)
FILES = st.one_of(
    st.lists(LINES, max_size=8).map(b"\n".join),
    st.binary(max_size=600),
    st.tuples(st.sampled_from([b"KDMV", b"COWD", b"\xbe\xba\xfe\xca"]), st.binary(max_size=2200)).map(b"".join),
    st.builds(lambda lines: disks.sparse_disk(b"\n".join(lines)[:1000]), st.lists(LINES, max_size=8)),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=FILES, second=FILES)
def test_no_two_files_raise(first: bytes, second: bytes, tmp_path: Path) -> None:
    disks.put(tmp_path, a_vmdk=first, b_vmdk=second)
    chain = read(tmp_path)
    assert len(chain.links) <= 2
    for one in chain.links:
        assert one.capacity_bytes is None or one.capacity_bytes > 0
        assert all((extent.path is None) or extent.exists for extent in one.extents)
