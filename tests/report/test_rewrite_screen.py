"""The screen of a rewrite: a row for each cause, what is refused with what to do, and the laws of all screens."""

from __future__ import annotations

import io
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, disk_lines, make_disk, make_vm
from cli.program import vmxtool
from terminal import on_a_terminal

import vmxtool as library
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.sources import sources
from vmxtool.report.text.causes import name_of
from vmxtool.report.text.changes import print_rewrite

if TYPE_CHECKING:
    from conftest import CopySample

    from vmxtool.rewriter.rewrite import Rewrite

ROOT = Path(__file__).parents[2]
SAMPLES = sorted(path.name for path in (ROOT / "samples").iterdir() if path.is_dir())
SCREENS = Path(__file__).with_name("screens")
PROGRAM = [sys.executable, "-m", "vmxtool"]
NVME = 'nvme0.present = "TRUE"\nnvme0:0.present = "TRUE"\nnvme0:0.fileName = "disk.vmdk"\n'
SCSI = disk_lines("scsi0:0", "disk.vmdk")
PVSCSI = f'{SCSI}scsi0.virtualDev = "pvscsi"\n'
SLOTS = 'ethernet0.present = "TRUE"\nethernet0.pciSlotNumber = "160"\nscsi0.pciSlotNumber = "16"\n'
CDROM = 'sata0.present = "TRUE"\nsata0:1.present = "TRUE"\nsata0:1.deviceType = "cdrom-raw"\n'
HDAUDIO = 'sound.present = "TRUE"\nsound.virtualDev = "hdaudio"\n'


def screen(rewrite: Rewrite, *, why: bool = False) -> str:
    """What a preview prints into a pipe."""
    out = io.StringIO()
    print_rewrite(rewrite, dry_run=True, journal=None, stream=out, why=why)
    return out.getvalue()


def summary(text: str) -> str:
    """A screen without its diff."""
    return text.partition("\n--- a/")[0]


# What stands in the config, the hardware version and the guest, what is asked for, and the row.
ROWS: dict[str, tuple[str, int, str, dict[str, Any], str]] = {
    "the version": (
        "",
        7,
        "rhel5",
        {"target": "esx3"},
        "  change  hardware version  7 → 4, in the config  PRD101",
    ),
    "the version, upwards": (
        "",
        3,
        "rhel3",
        {"target": "esxi6.7"},
        "  change  hardware version  3 → 4, in the config  PRD102",
    ),
    "the version in disks": (
        SCSI,
        7,
        "rhel5",
        {"hwversion": 4},
        "  change  hardware version  7 → 4, in the config and 1 disk",
    ),
    "what goes": (
        'usb_xhci.present = "TRUE"',
        8,
        "rhel5",
        {"hwversion": 7},
        "  remove  USB 3 controller  came with version 8  1 line  DEV701",
    ),
    "what was given up": (
        'vmi.present = "TRUE"',
        7,
        "rhel5",
        {"hwversion": 8},
        "  remove  VMI interface  given up after version 7 (unverified)  1 line  DEV701",
    ),
    "what is replaced": (
        'ethernet0.present = "TRUE"\nethernet0.virtualDev = "vmxnet3"',
        8,
        "rhel5",
        {"hwversion": 4},
        "  change  network adapter  vmxnet3 → e1000; the guest needs its network address set anew  1 line  DEV701",
    ),
    "what is given anew": (
        SLOTS,
        9,
        "winxppro",
        {"target": "esxi5.0"},
        "  remove  PCI slot numbers  ESXi 5.0 gives new ones  2 lines",
    ),
    "what linux notices": (
        SLOTS,
        9,
        "rhel5",
        {"hwversion": 8},
        "  remove  PCI slot numbers  the product gives new ones; Linux may rename its network card  2 lines",
    ),
    "what is too much": (
        'svga.vramSize = "268435456"',
        14,
        "rhel5",
        {"hwversion": 11},
        (
            "  change  video memory  256 MiB → 128 MiB, as much as version 11 holds; the guest loses the "
            "largest display sizes  1 line  DEV702"
        ),
    ),
    "3D memory": (
        'svga.graphicsMemoryKB = "8388608"',
        21,
        "ubuntu-64",
        {"hwversion": 14},
        (
            "  change  3D memory  8 GiB → 2 GiB, as much as version 14 holds; the guest loses speed of 3D "
            "graphics  1 line  DEV702"
        ),
    ),
    "what may be too much": (
        'svga.numDisplays = "16"',
        7,
        "ubuntu",
        {"hwversion": 6},
        "  keep  displays 16  version 6 may hold 10 (unverified); --limit changes it  DEV702",
    ),
    "what the guest needs": (
        PVSCSI,
        8,
        "rhel5",
        {"hwversion": 4, "unsafe": True},
        (
            "! change  SCSI controller  pvscsi → lsilogic; the guest needs the driver of LSI Logic "
            "(--unsafe)  1 line  DEV701"
        ),
    ),
    "a guest's name": (
        "",
        21,
        "windows11-64",
        {"target": "esxi6.7", "unsafe": True},
        "! change  guest name  windows11-64 → windows9-64, the nearest that ESXi 6.7 knows (--unsafe)  1 line",
    ),
    "a guest's name that stays": (
        "",
        21,
        "windows11-64",
        {"target": "esxi6.7"},
        "  keep  guest name windows11-64  ESXi 6.7 may not know it (unverified); --unsafe changes it",
    ),
    "a disk that moves": (
        IDE_DISK,
        4,
        "rhel4",
        {"ide_to_scsi": True},
        "! change  disk on IDE  IDE → SCSI: ide0:0 is scsi0:0 (--ide-to-scsi)  2 lines",
    ),
    "its controller": (
        IDE_DISK,
        4,
        "rhel4",
        {"ide_to_scsi": True},
        "! add  SCSI controller  scsi0 (lsilogic) for the disk (--ide-to-scsi)  2 lines",
    ),
    "its descriptor": (
        IDE_DISK,
        4,
        "rhel4",
        {"ide_to_scsi": True},
        "! change  adapter of the disk  ide → lsilogic (--ide-to-scsi)  1 line",
    ),
    "a disk that leaves nvme": (
        NVME,
        13,
        "ubuntu-64",
        {"hwversion": 11, "move_disks": True},
        "! change  disk on NVMe  NVMe → SCSI: nvme0:0 is scsi0:0 (--move-disks)  2 lines",
    ),
    "a cd-rom drive": (
        CDROM,
        10,
        "rhel5",
        {"hwversion": 9},
        "  change  CD-ROM drive  SATA → IDE: sata0:1 is ide1:0  2 lines",
    ),
    "a bus that goes": (
        CDROM,
        10,
        "rhel5",
        {"hwversion": 9},
        "  remove  SATA controller  came with version 10  1 line  DEV701",
    ),
    "names of disks": (
        'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "a.vmdk"',
        3,
        "rhel3",
        {"target": "esx3"},
        "  change  names of disks  in fileName, where ESX Server 3.x reads them  1 line",
    ),
    "the kind of product": (
        'virtualHW.productCompatibility = "esx"',
        7,
        "rhel5",
        {"target": "ws6"},
        "  change  kind of product  esx → hosted  1 line",
    ),
    "a disk that is not here": (
        SCSI.replace("disk", "gone"),
        7,
        "rhel5",
        {"hwversion": 4},
        "  keep  version in the disk  not here: gone.vmdk",
    ),
    "a sound card": (HDAUDIO, 12, "rhel5", {"hwversion": 7}, "  change  sound card  hdaudio → "),
}


@pytest.mark.parametrize("kind", list(ROWS))
def test_each_kind_of_change_has_its_row(kind: str, tmp_path: Path) -> None:
    lines, hw, guest, asked, row = ROWS[kind]
    make_disk(tmp_path / "disk.vmdk", adapter="ide" if "ide0:0" in lines else "lsilogic", hw=hw)
    vm = make_vm(tmp_path, lines, hw=hw, guest=guest)
    (tmp_path / "gone.vmdk").unlink(missing_ok=True)
    rewrite = library.plan_rewrite(vm.path, **asked)
    assert rewrite.refused == ()
    assert row in summary(screen(rewrite))


def test_every_device_has_a_name_in_plain_words_that_fits_its_column() -> None:
    for row in devices().values():
        assert 2 < len(name_of(row)) <= 24, row.id
        assert "_" not in name_of(row)


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("target", ["esxi6.7", "esx3", "ws4", "ws17.5", "hw21"])
class TestLaws:
    """The laws of all screens, for all samples."""

    @pytest.fixture
    def rewrite(self, name: str, target: str) -> Rewrite:
        return library.plan_rewrite(ROOT / "samples" / name, target=target, ide_to_scsi=True, move_disks=True)

    def test_what_changes_is_told_once_and_by_a_topic(self, rewrite: Rewrite) -> None:
        text = summary(screen(rewrite))
        rows = re.findall(r"^[ !] (?:change|remove|add) .*$", text, re.MULTILINE)
        told = sum(int(number) for row in rows for number in re.findall(r"  (\d+) lines?\b", row))
        version = sum(change.topic.kind == "version" for change in rewrite.changes)
        assert told + version == len(rewrite.changes)
        assert not re.search(r"^[ !] \w+  setting", text, re.MULTILINE)
        assert len(set(rows)) == len(rows)

    def test_a_usual_summary_fits_fifteen_lines(self, rewrite: Rewrite) -> None:
        assert len(summary(screen(rewrite)).splitlines()) <= 15

    def test_sources_are_for_those_who_ask(self, rewrite: Rewrite) -> None:
        cited = re.compile(r"\b(?:" + "|".join(map(re.escape, sources())) + r"):\S")
        assert cited.search(summary(screen(rewrite))) is None
        if rewrite.changes:
            assert all(change.source in screen(rewrite, why=True) for change in rewrite.changes)

    def test_no_sentence_is_said_twice_and_none_ends_in_dots_or_blanks(self, rewrite: Rewrite) -> None:
        lines = summary(screen(rewrite)).splitlines()
        said = [line.strip() for line in lines if len(line.strip()) > 24 and "vmxtool " not in line]
        assert len(set(said)) == len(said)
        assert not [line for line in lines if line != line.rstrip() or line.endswith(("…", "..."))]

    def test_every_command_of_vmxtool_names_the_vm(self, rewrite: Rewrite) -> None:
        path = str(rewrite.machine.path)
        commands = re.findall(r"^\s*(?:next  |undo  )?(vmxtool .*)$", screen(rewrite), re.MULTILINE)
        assert commands or rewrite.refused
        assert all(path in command for command in commands)


@pytest.mark.parametrize("columns", [40, 80])
@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_but_the_diff_and_commands_is_wider_than_the_terminal(name: str, columns: int) -> None:
    words = [*PROGRAM, "rewrite", "--target", "esx3", "--ide-to-scsi", "--dry-run", f"samples/{name}"]
    lines = on_a_terminal(words, columns=columns, folder=ROOT).splitlines()
    start = next((at for at, line in enumerate(lines) if line.startswith("--- a/")), len(lines))
    shown = [line for at, line in enumerate(lines[:start]) if at == 0 or not lines[at - 1].endswith("\\")]
    assert [line for line in shown if len(line) > columns and " " in line.strip()] == []
    assert not [line for line in lines[:start] if line != line.rstrip()]


@pytest.mark.parametrize("name", SAMPLES)
def test_in_a_pipe_the_width_does_not_matter(name: str) -> None:
    words = ("rewrite", "--target", "esx3", "--ide-to-scsi", "--dry-run", ROOT / "samples" / name)
    assert vmxtool(*words, COLUMNS="40") == vmxtool(*words, COLUMNS="200")


@pytest.mark.parametrize(
    ("golden", "sample", "words"),
    [
        ("ws6-to-esx2.txt", "ws6-windows-ide", ["--target", "esx2", "--ide-to-scsi", "--encoding", "windows-1252"]),
        ("esx2-to-esxi.txt", "esx2-smp", ["--target", "esxi6.7"]),
    ],
)
def test_the_screen_is_as_it_was_drawn(golden: str, sample: str, words: list[str], copy_sample: CopySample) -> None:
    folder = copy_sample(sample)
    dry, done = (
        on_a_terminal([*PROGRAM, "rewrite", *words, *more, folder.name], folder=folder.parent)
        for more in (["--dry-run"], [])
    )
    assert done == (SCREENS / golden).read_text("utf-8")
    assert dry.partition("\nNothing was written")[0] == done.partition("\nWritten: ")[0]


def test_thousands_of_settings_are_a_row_with_their_number(tmp_path: Path) -> None:
    lines = "".join(f'usb:{number}.present = "TRUE"\n' for number in range(5000))
    rewrite = library.plan_rewrite(make_vm(tmp_path, lines, hw=8, guest="rhel5"), target="esx3")
    text = screen(rewrite)
    assert "  remove  USB controller  ESX has it from version 7 on  5000 lines  DEV701\n" in text
    assert len(summary(text).splitlines()) < 8
    assert len(text.splitlines()) < 2100
    assert "more lines; --format json has them all" in text


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("target", ["hw4", "hw7", "hw21", "esxi8.0", "ws6.5"])
def test_one_way_is_what_the_step_of_check_says(name: str, target: str) -> None:
    folder = ROOT / "samples" / name
    rewrite = library.plan_rewrite(folder, target=target, ide_to_scsi=True, move_disks=True, unsafe=True)
    ours = [step.one_way for step in library.check(folder, target).steps if step.is_ours and step.way in {None, 1}]
    assert rewrite.one_way == (bool(rewrite.changes) and any(ours))
    assert rewrite.one_way == ("once the VM has run, nothing takes it back" in screen(rewrite))


@pytest.mark.parametrize(("guest", "told"), [("winxppro", True), ("rhel5", False)])
def test_tools_are_for_windows_and_json_keeps_what_remains(guest: str, told: bool, tmp_path: Path) -> None:
    make_vm(tmp_path, "", hw=4, guest=guest)
    words = ("rewrite", "--hwversion", "7", "--dry-run", tmp_path)
    assert ("install the newest VMware Tools" in vmxtool(*words).out) == told
    assert "VMware Tools" in str(vmxtool(*words, "--format", "json").json()["manual"])


class TestRefused:
    """What is refused, with what to do under it."""

    def test_snapshots_have_names_and_a_place_where_they_are_removed(self) -> None:
        text = screen(library.plan_rewrite(ROOT / "samples" / "ws5-snapshots", target="ws4"))
        assert '  ✖ 3 snapshots ("Installed", "Old tool chain" and "New tool chain")  SNP601\n' in text
        menu = "in Workstation, VM > Snapshot > Snapshot Manager"
        assert f"\n    remove them first: {menu}, delete all; the VM keeps its present state\n" in text
        assert "SNP606" not in text  # said of the same snapshots, which are gone then

    def test_an_encrypted_database_of_snapshots_is_said_to_be_encrypted(self, copy_sample: CopySample) -> None:
        folder = copy_sample("encrypted")
        text = screen(library.plan_rewrite(folder, hwversion=21))
        assert "✖ Payroll.vmsd is encrypted, so its snapshots cannot be seen  VMX009\n" in text
        assert text.count("remove the encryption in the product that encrypted the VM\n") == 1
        assert "readable" not in text
        config = folder / "Payroll.vmx"
        shutil.copy(ROOT / "samples" / "ws6-scsi-smp" / "Windows Server 2003 x64.vmx", config)
        alone = screen(library.plan_rewrite(folder, hwversion=4))
        assert "SEC801" not in alone
        assert "Payroll.vmsd is encrypted" in alone
        assert "remove the encryption" in alone

    def test_what_converter_does_is_left_to_check(self) -> None:
        rewrite = library.plan_rewrite(ROOT / "samples" / "esx3-vmfs", target="ws4")
        lines = screen(rewrite).splitlines()
        assert lines[1].endswith("  PRD193")
        assert lines[-1] == f"      vmxtool check --target ws4 {rewrite.machine.path}"

    def test_places_come_with_why(self) -> None:
        rewrite = library.plan_rewrite(ROOT / "samples" / "ws4-undoable", hwversion=4)
        place = "Win98.vmx:5: ide0:0.mode"
        assert place not in screen(rewrite)
        assert place in screen(rewrite, why=True)

    def test_one_fact_is_one_reason(self) -> None:
        text = screen(library.plan_rewrite(ROOT / "samples" / "ws6-scsi-smp", target="ws4"))
        assert text.count("64-bit guest") == 1


@pytest.mark.parametrize(
    ("hw", "asked", "said"),
    [
        (4, {"hwversion": 4}, "nothing to change (already hardware version 4)"),
        (4, {"target": "esx3"}, "nothing to change (ESX Server 3.x runs hardware version 4)"),
        (4, {"ide_to_scsi": True}, "nothing to change (no disk is on IDE)"),
    ],
)
def test_nothing_to_change_says_why(hw: int, asked: dict[str, Any], said: str, tmp_path: Path) -> None:
    text = screen(library.plan_rewrite(make_vm(tmp_path, "", hw=hw, guest="rhel4"), **asked))
    assert text.splitlines()[0].endswith(f": {said}")
    assert text.splitlines()[-1].startswith("next  vmxtool check ")
