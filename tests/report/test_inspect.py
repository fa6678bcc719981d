"""The screen of `inspect`: what runs the VM, all that it has, nothing twice, and what to ask next, at any width."""

from __future__ import annotations

import io
import json
import re
import shlex
import sys
from collections import Counter
from pathlib import Path
from statistics import median

import jsonschema
import pytest
from build import descriptor, disk_lines, make_vm, write_config
from generate import schemas
from terminal import on_a_terminal

import vmxtool
from vmxtool.report.documents.fit import longest_answer, to_text
from vmxtool.report.documents.values import inspect_value
from vmxtool.report.text.vm import print_vm

SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.name for path in SAMPLES.iterdir() if path.is_dir())
ON_A_TERMINAL = ("damaged", "linked-clone", "ws17-modern")


def screen(vm: vmxtool.Machine | Path, *, why: bool = False) -> str:
    """What goes into a pipe."""
    machine = vmxtool.inspect(vm) if isinstance(vm, Path) else vm
    out = io.StringIO()
    print_vm(machine, vmxtool.judge(machine), out, why=why)
    return out.getvalue()


def fact(text: str, word: str) -> str:
    return next(line[len(word) + 2 :].strip() for line in text.splitlines() if line.startswith(f"  {word} "))


def commands(text: str) -> list[list[str]]:
    joined = re.sub(r" \\\n +", " ", text)
    lines = [line.strip().removeprefix("next  ") for line in joined.splitlines()]
    return [shlex.split(line) for line in lines if line.startswith("vmxtool ")]


def assert_lawful(text: str) -> None:
    lines = text.splitlines()
    assert [line for line in lines if line != line.rstrip()] == []
    assert [line for line in lines if line.endswith(("…", "..."))] == []
    said = Counter(line.strip() for line in lines if len(line.strip()) > 24)
    assert [line for line, times in said.items() if times > 1] == []


# --- every sample, in a pipe


@pytest.mark.parametrize("why", [False, True])
@pytest.mark.parametrize("name", VMS)
def test_nothing_is_cut_or_padded_or_said_twice(name: str, why: bool) -> None:
    assert_lawful(screen(SAMPLES / name, why=why))


@pytest.mark.parametrize("name", VMS)
def test_it_begins_with_name_and_path_and_ends_with_two_commands_for_it(name: str) -> None:
    vm = vmxtool.inspect(SAMPLES / name)
    text = screen(vm)
    assert text.splitlines()[0] == f"{vm.name} ({vm.path / vm.config.path.name})"
    first, second = commands(text)
    assert first == ["vmxtool", "check", str(vm.path)]
    assert second[:3] == ["vmxtool", "check", "--target"]
    assert second[-1] == str(vm.path)
    assert vmxtool.check(vm, second[3])


@pytest.mark.parametrize("name", VMS)
def test_no_word_of_the_inside_is_left_unexplained(name: str) -> None:
    text = screen(SAMPLES / name)
    assert not re.search("generation|default model|host device|%", text)


@pytest.mark.parametrize("name", VMS)
def test_every_finding_has_its_code_and_place_at_the_end_of_its_line(name: str) -> None:
    vm = vmxtool.inspect(SAMPLES / name)
    lines = screen(vm).splitlines()
    findings = vmxtool.judge(vm)
    for finding in findings:
        (line,) = [line for line in lines if finding.message in line]
        assert re.search(rf"  {finding.code}( \S.*)?$", line), line
    counted = sum(map(int, re.findall(r"(\d+) (?:problem|warning|note|question)s?\b", "\n".join(lines))))
    assert counted == len(findings)


def test_a_usual_vm_fits_a_screen() -> None:
    assert median(len(screen(SAMPLES / name).splitlines()) for name in VMS) <= 30


def test_the_current_folder_has_no_name_in_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_config(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert commands(screen(Path()))[0] == ["vmxtool", "check"]


# --- facts in words


@pytest.mark.parametrize(
    ("name", "word", "said"),
    [
        ("ws17-modern", "hardware", "version 21: Workstation 17.5+, Fusion 13.5+, ESXi 8.0 U2+"),
        ("ws17-modern", "made by", "Workstation 17.5 (very likely)"),
        ("ws17-modern", "guest", "Windows 11, 64-bit (windows11-64)"),
        ("ws17-modern", "machine", "4 CPUs (1 socket x 4 cores), 8 GiB, EFI with Secure Boot"),
        ("esxi67", "machine", "4 CPUs (2 sockets x 2 cores), 4 GiB, BIOS"),
        ("ws6-windows-ide", "state", "powered off, no snapshots, not encrypted"),
        ("linked-clone", "clone", r"linked clone of D:\Golden\Windows 10 x64\Windows 10 x64.vmx"),
        ("suspended", "state", "suspended, no snapshots, not encrypted"),
    ],
)
def test_facts(name: str, word: str, said: str) -> None:
    assert fact(screen(SAMPLES / name), word) == said


def test_the_files_are_counted() -> None:
    said = fact(screen(SAMPLES / "ws5-snapshots"), "files")
    assert re.fullmatch(r"10 files, \S+ KiB here; disks can grow to 256 MiB", said)


def test_percentages_evidence_and_the_form_of_the_config_come_with_why() -> None:
    text = screen(SAMPLES / "damaged", why=True)
    assert re.search(r"made by +Workstation 9 \(37%\), or Fusion 5 \(37%\)", text)
    assert fact(text, "config") == "Mail Relay.vmx, 66 lines, UTF-8, LF, config version 8"
    assert text.count('parentCID = "31f4a8c2"') == 1
    assert text.count('snapshot.numSnapshots = "1"') == 1


@pytest.mark.parametrize("line", ['memsize = "abc"', 'memsize = "', 'memsize = "64" x', "MemSize 12 = ="])
def test_memory_that_a_broken_line_tells_is_unknown(tmp_path: Path, line: str) -> None:
    vm = make_vm(tmp_path, line + "\n")
    known = "MemSize 12" in line  # another name
    assert vm.memory_mib == (32 if known else None)
    assert ("memory unknown" in screen(vm)) != known
    assert inspect_value(vm, ())["memory_mib"] == vm.memory_mib


@pytest.mark.parametrize("line", ['numvcpus = "two"', 'numvcpus = "2'])
def test_processors_that_a_broken_line_tells_are_unknown(tmp_path: Path, line: str) -> None:
    vm = make_vm(tmp_path, line + "\n")
    assert vm.cpu.count is None
    assert "number of CPUs unknown" in screen(vm)
    assert inspect_value(vm, ())["cpu"] == {"count": None, "cores_per_socket": 1, "smp": False}
    assert vmxtool.check(vm, "esx3")


def test_an_extent_of_zeros_is_no_file_and_not_missing(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"p{number}.vmdk").write_bytes(bytes(512 * 64))
    extents = ('RW 64 FLAT "p1.vmdk" 0', "RW 64 ZERO", 'RW 64 FLAT "p2.vmdk" 0', "RW 64 ZERO")
    (tmp_path / "disk.vmdk").write_bytes(descriptor(*extents, create_type="twoGbMaxExtentFlat"))
    vm = make_vm(tmp_path, disk_lines(), disks=False)
    assert "full size, in 2 pieces  Workstation\n" in screen(vm)
    disk = inspect_value(vm, ())["drives"][0]["disk"]
    assert disk is not None
    assert [extent["exists"] for extent in disk["extents"]] == [True, None, True, None]


def test_an_encrypted_snapshot_database_is_told_as_encrypted() -> None:
    text = screen(SAMPLES / "encrypted")
    assert "Payroll.vmsd is encrypted, so snapshots cannot be seen; does the VM have any?" in text
    assert "could not be read" not in text


# --- what else a VM has


DEVICES = (
    'serial0.present = "TRUE"\nserial0.fileType = "file"\nserial0.fileName = "/home/user/log"\n'
    'usb.present = "TRUE"\nehci.present = "TRUE"\nusb.autoConnect.device0 = "0x0529:0x0001"\n'
    'sound.present = "TRUE"\nsound.virtualDev = "hdaudio"\npciPassthru0.present = "TRUE"\n'
    'pciPassthru0.id = "0000:3b:00.0"\nmanagedVM.autoAddVTPM = "software"\n'
    'sharedFolder.maxNum = "1"\nsharedFolder0.present = "TRUE"\nsharedFolder0.enabled = "TRUE"\n'
    'sharedFolder0.hostPath = "/home/user/out"\nsharedFolder0.guestName = "out"\n'
)


def test_other_devices_with_the_paths_of_the_host(tmp_path: Path) -> None:
    lines = screen(make_vm(tmp_path, DEVICES, hw=14)).splitlines()
    at = lines.index("other devices")
    assert [re.split("  +", line.strip()) for line in lines[at + 1 : at + 9]] == [
        ["serial0", "file", "/home/user/log"],
        ["sound", "HD Audio"],
        ["USB", "1.1 and 2.0"],
        ["USB device", "0x0529:0x0001"],
        ["pcipassthru0", "a device of the host: 0000:3b:00.0"],
        ["TPM", "asked for; no product has made it yet"],
        ["shared folders"],
        ["out", "/home/user/out", "read only"],
    ]


def test_snapshots_are_a_tree() -> None:
    lines = screen(SAMPLES / "ws5-snapshots").splitlines()
    at = lines.index("snapshots")
    assert lines[at + 1].startswith("  Installed  2006-03-14 ")
    assert lines[at + 2].startswith("  ├ Old tool chain  ")
    assert re.fullmatch("  └ New tool chain  .*  ← the VM runs on this", lines[at + 3])


def test_branches_of_a_tree_go_down_to_their_next_sibling(tmp_path: Path) -> None:
    parents = {1: "", 2: "1", 3: "2", 4: "1", 5: "4"}
    text = f'snapshot.numSnapshots = "{len(parents)}"\n'
    for uid, parent in parents.items():
        text += (
            f'snapshot{uid}.uid = "{uid}"\nsnapshot{uid}.parent = "{parent}"\nsnapshot{uid}.displayName = "s{uid}"\n'
        )
    vm = make_vm(tmp_path, "")
    (tmp_path / "vm.vmsd").write_text(text)
    lines = screen(vmxtool.inspect(vm.config.path)).splitlines()
    at = lines.index("snapshots")
    assert lines[at + 1 : at + 6] == ["  s1", "  ├ s2", "  │ └ s3", "  └ s4", "    └ s5"]


def test_a_chain_is_a_tree() -> None:
    text = screen(SAMPLES / "ws5-snapshots")
    assert "\n    └ based on Build Host-000002.vmdk\n      └ based on Build Host.vmdk\n" in text


def test_of_many_rows_the_rest_is_counted(tmp_path: Path) -> None:
    lines = "".join(f'sharedFolder{n}.present = "TRUE"\nsharedFolder{n}.hostPath = "/{n}"\n' for n in range(150))
    text = screen(make_vm(tmp_path, lines))
    assert text.count("read only") == 100
    assert "\n  and 50 more\n" in text


HOSTILE = {
    "serial ports": "".join(
        f'serial{n}.present = "TRUE"\nserial{n}.fileType = "file"\nserial{n}.fileName = "{n}"\n' for n in range(20_000)
    ),
    "shared folders": 'sharedFolder.maxNum = "5000"\n'
    + "".join(f'sharedFolder{n}.present = "TRUE"\nsharedFolder{n}.hostPath = "/{n}"\n' for n in range(5_000)),
    "USB devices": "".join(f'usb.autoConnect.device{n} = "{n}"\n' for n in range(5_000)),
    "paths as long as any": "".join(
        f'serial{n}.present = "TRUE"\nserial{n}.fileType = "file"\nserial{n}.fileName = "{"y" * 4000}{n}"\n'
        for n in range(32)
    ),
}


@pytest.mark.parametrize("lines", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_config_does_not_blow_up_its_answer(tmp_path: Path, lines: str) -> None:
    vm = make_vm(tmp_path, lines, disks=False)
    size = vm.config.path.stat().st_size
    text = screen(vm, why=True)
    assert len(text.splitlines()) < 400
    assert len(text) < 4 * size + 2**20
    document = to_text(inspect_value(vm, vmxtool.judge(vm)), longest_answer(vm))
    assert len(document) < 4 * size + 2**20
    schema = json.loads((schemas.FOLDER / "inspect.json").read_text("utf-8"))
    jsonschema.validate(json.loads(document), schema, cls=jsonschema.Draft202012Validator)


def test_a_long_name_keeps_its_end(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "x" * 2000 + "end.vmdk"), disks=False)
    text = screen(vm)
    assert re.search("x…x+end.vmdk", text)
    assert_lawful(text)


# --- on a terminal


@pytest.mark.parametrize("columns", [40, 80, 200])
@pytest.mark.parametrize("name", ON_A_TERMINAL)
def test_no_line_is_wider_than_the_terminal(name: str, columns: int) -> None:
    tool = Path(sys.executable).with_name("vmxtool")
    text = on_a_terminal([str(tool), "inspect", f"samples/{name}"], columns=columns, folder=SAMPLES.parent)
    assert_lawful(text)
    lines = text.splitlines()
    inside_a_command = False
    for line in lines:
        is_command = inside_a_command or re.match(r"(next)? +(vmxtool|qemu-img) ", line) is not None
        assert is_command or len(line) <= columns, line
        inside_a_command = line.endswith(" \\")
    assert [argv[-1] for argv in commands(text)] == [f"samples/{name}"] * 2
    if columns > 40:
        assert len(lines) <= 40


def test_the_place_of_a_finding_stands_at_the_right_side() -> None:
    tool = Path(sys.executable).with_name("vmxtool")
    text = on_a_terminal([str(tool), "inspect", "samples/ws17-modern"], columns=80, folder=SAMPLES.parent)
    (line,) = [line for line in text.splitlines() if "VMX008" in line]
    assert len(line) == 80
    assert line.endswith("  VMX008 line 43")


@pytest.mark.parametrize("hw", [2, 3])
def test_a_network_of_an_esx_host_is_called_so_whichever_esx_it_is(tmp_path: Path, hw: int) -> None:
    nic = 'ethernet0.present = "TRUE"\nethernet0.connectionType = "monitor_dev"\nethernet0.devName = "vmnic0"\n'
    assert "a network of its ESX host" in fact(screen(make_vm(tmp_path, nic, hw=hw)), "ethernet0")
