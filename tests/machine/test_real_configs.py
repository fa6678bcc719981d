"""Every real config reads as a VM that makes sense, and as VMware itself has read it."""

from __future__ import annotations

import csv
import re
from functools import cache
from typing import TYPE_CHECKING

import pytest
from peers import CORPUS, needs_corpus

from vmxtool.errors import InputError
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.products import products
from vmxtool.machine.origin.candidates import group, told_as
from vmxtool.machine.read import read_machine
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Machine

pytestmark = [pytest.mark.corpus, needs_corpus]

# Pieces that a program puts in front of a config; by themselves they say nothing of a VM.
PIECES = [CORPUS / "vmx" / name for name in ("002.vmx", "003.vmx", "005.vmx")]
CONFIGS = sorted({*(CORPUS / "vmx").glob("*.vmx")} - {*PIECES})
TEMPLATES = sorted((CORPUS / "templates").glob("*"))
READINGS = sorted((CORPUS / "vmware-reading").glob("*.txt"))
NOT_CONFIGS = sorted((CORPUS / "not-vmx").glob("*"))


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


@cache
def read(path: Path) -> Machine:
    return read_machine(path)


# --- they read, and make sense ---


@pytest.mark.parametrize("path", [*CONFIGS, *TEMPLATES, *READINGS], ids=name_of)
def test_a_real_config_makes_sense(path: Path) -> None:
    vm = read(path)
    assert vm.name
    assert (vm.memory_mib or 0) >= 0
    assert (vm.cpu.count or 1) >= 1
    assert vm.power.state in {"off", "suspended"}
    assert vm.snapshots.current in {None, *(one.id for one in vm.snapshots.tree)}
    drives = [drive.id for drive in vm.drives]
    controllers = {controller.id for controller in vm.controllers}
    assert len(drives) == len(set(drives))
    assert len(controllers) == len(vm.controllers)
    for drive in vm.drives:
        if drive.bus != "floppy":
            assert drive.id == f"{drive.id.partition(':')[0]}:{drive.unit}"
            assert drive.id.partition(":")[0] in controllers
            assert 0 <= drive.unit < {"ide": 2, "scsi": 64, "sata": 30, "nvme": 64}[drive.bus]
            assert (drive.bus, drive.unit) != ("scsi", 7)
        assert drive.file is None or drive.file.lower() not in {"", "auto detect", "emptybackingstring"}
        assert (drive.found is not None) == (drive.kind == "disk" and drive.file is not None)
    assert len({nic.id for nic in vm.nics}) == len(vm.nics)
    for nic in vm.nics:
        assert nic.mac is None or re.fullmatch(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", nic.mac)


@pytest.mark.parametrize("path", [*CONFIGS, *TEMPLATES, *READINGS], ids=name_of)
def test_the_evidence_is_where_it_says(path: Path) -> None:
    vm = read(path)
    document = vm.config.document
    shown: list[Evidence] = [place for drive in vm.drives for place in drive.evidence]
    shown += [place for controller in vm.controllers for place in controller.evidence]
    shown += [place for nic in vm.nics for place in nic.evidence]
    shown += [*vm.hardware.evidence, *vm.guest.evidence, *vm.cpu.evidence, *vm.power.evidence, *vm.snapshots.redo_signs]
    shown += [place for candidate in vm.origin for place in candidate.evidence]
    for place in shown:
        if place.key is not None and place.line is not None:
            assert document.where(place.key) == place.line
            assert document.evidence(place.key) == place


@pytest.mark.parametrize("path", NOT_CONFIGS, ids=name_of)
def test_what_only_looks_like_a_config_is_refused_in_one_line(path: Path) -> None:
    with pytest.raises(InputError) as raised:
        read_machine(path)
    assert re.fullmatch(
        rf"{re.escape(str(path))}:\d+: this line is no setting .*; name the VM's \.vmx file", str(raised.value)
    )


@pytest.mark.parametrize("path", PIECES, ids=name_of)
def test_a_piece_of_a_config_is_refused(path: Path) -> None:
    with pytest.raises(InputError, match="no line says what VM this is"):
        read_machine(path)


def test_no_config_is_left_out() -> None:
    assert len(CONFIGS) + len(PIECES) >= 82


# --- as VMware read them ---


def identity(document: Document) -> tuple[str, ...]:
    return (document.get("uuid.bios", ""), document.get("displayName", "").strip(), document["virtualHW.version"])


def same_vm(reading: Document, config: Document) -> bool:
    ours, theirs = identity(reading), identity(config)
    # A VM gets its identifier when it is started first, and the log is written before the config.
    return ours[0] == theirs[0] if ours[0] and theirs[0] else ours[1:] == theirs[1:]


def pairs() -> list[tuple[Path, Path]]:
    documents = {path: Document.read(path) for path in CONFIGS}
    named = {path: document for path, document in documents.items() if "virtualHW.version" in document}
    found = []
    for reading in READINGS:
        said = Document.read(reading)
        found += [(reading, path) for path, document in named.items() if same_vm(said, document)]
    return found


def devices_of(vm: Machine) -> dict[str, object]:
    return {
        "hardware": vm.hardware.version,
        "vcpus": (vm.cpu.count, vm.cpu.cores_per_socket),
        "memory": vm.memory_mib,
        "firmware": vm.firmware,
        "guest": (vm.guest.id or "").lower(),
        "controllers": [(one.id, one.model) for one in vm.controllers],
        "drives": [(one.id, one.kind, one.file, one.mode) for one in vm.drives],
        "nics": [(one.id, one.model, one.connection, one.network) for one in vm.nics],
    }


PAIRS = pairs() if CORPUS.is_dir() else []


def test_enough_configs_have_a_reading() -> None:
    assert len(PAIRS) >= 16


@pytest.mark.parametrize(("reading", "config"), PAIRS, ids=name_of)
def test_a_config_is_read_as_vmware_read_it(reading: Path, config: Path) -> None:
    assert devices_of(read(config)) == devices_of(read(reading))
    ours, theirs = read(config).nics, read(reading).nics
    # An adapter without an address gets one when the VM starts.
    assert all(mine.mac == other.mac for mine, other in zip(ours, theirs, strict=True) if other.mac is not None)


# --- what made them ---


def rows() -> list[tuple[Path, str]]:
    """Configs with the guess that came with them; "Workstation 12.5.2" where a log beside the config says it."""
    if not CORPUS.is_dir():
        return []
    with (CORPUS / "index.tsv").open(encoding="utf-8", newline="") as stream:
        listed = [row[:3] for row in csv.reader(stream, delimiter="\t")]
    return [
        (CORPUS / file, guess) for file, _, guess in listed if file.startswith(("vmx/", "vmware-reading/")) and guess
    ]


LOGGED = re.compile(r"(Workstation|Player) (\d[\d.]*)(?: \(from vmware\.log in the same folder\))?")
RAN = [(path, find_target(f"{hit[1]} {hit[2]}").id) for path, guess in rows() if (hit := LOGGED.fullmatch(guess))]

# The guess of these is ESX, for `migrate.hostLog` alone, which Workstation writes too. Each shows who it is.
GUESSED_ESX = {
    "vmx/007.vmx": ("fusion7", "ethernet0.bsdname"),
    "vmx/033.vmx": ("ws11", "gui.exitOnCLIHLT"),
    "vmx/068.vmx": ("ws14", ".encoding"),
    "vmx/069.vmx": ("ws12", ".encoding"),
    "vmx/082.vmx": ("ws10", ".encoding"),
    "vmx/110.vmx": ("ws12", ".encoding"),
}


@pytest.mark.parametrize(
    ("path", "product"), RAN, ids=lambda value: name_of(value) if not isinstance(value, str) else value
)
def test_what_ran_on_a_windows_or_linux_host_was_made_on_one(path: Path, product: str) -> None:
    """The log names what ran the VM last; that product made it, or one of its kin that has the hardware version."""
    vm = read(path)
    first = vm.origin[0]
    assert first.product in group("on-linux")
    version, row = vm.hardware.version, products()[product].row
    if products()[row].creates == version and products()[row].family == "workstation":
        assert first.confidence == next(one.confidence for one in vm.origin if one.product == told_as(products()[row]))


@pytest.mark.parametrize("name", GUESSED_ESX)
def test_a_wrong_guess_is_refuted_by_evidence(name: str) -> None:
    product, key = GUESSED_ESX[name]
    first = read(CORPUS / name).origin[0]
    assert first.product == product
    assert key in {place.key for place in first.evidence}


FAMILIES = {
    "ESX": "esx",
    "Fusion": "fusion",
    "Workstation": "workstation",
    "Player": "player",
    "Server": "server",
    "GSX": "gsx",
}
GUESSED = [(path, guess) for path, guess in rows() if not LOGGED.fullmatch(guess) and "unknown" not in guess]


@pytest.mark.parametrize(
    ("path", "guess"),
    [(path, guess) for path, guess in GUESSED if name_of(path) not in GUESSED_ESX],
    ids=lambda value: name_of(value) if not isinstance(value, str) else "",
)
def test_the_first_candidate_is_of_a_family_that_was_guessed(path: Path, guess: str) -> None:
    families = {family for word, family in FAMILIES.items() if word in guess}
    assert products()[read(path).origin[0].product].family in families
