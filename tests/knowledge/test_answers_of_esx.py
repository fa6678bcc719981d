"""What ESX itself answers about each hardware version, figure by figure, against the data.

The answers are a table beside the project: a line for each version, a column for each figure.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from peers import CORPUS

from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.hardware import HardwareVersion, hardware
from vmxtool.machine.sections import Sections
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

ANSWERS = CORPUS.parent / "facts" / "hardware-esx.csv"

FIGURES: dict[str, Callable[[HardwareVersion], object]] = {
    "vcpus": lambda row: row.vcpus_esx,
    "cores_per_socket": lambda row: row.cores_per_socket,
    "memory_mib": lambda row: row.memory_mib_esx,
    "nics": lambda row: row.nics_esx,
    "scsi_ctl": lambda row: row.controllers("scsi"),
    # The last controller may be a paravirtual one, which takes more.
    "scsi_units": lambda row: "/".join([str(row.units("scsi"))] * 3 + [str(row.pvscsi_units)]),
    "sata_ctl": lambda row: row.controllers("sata"),
    "sata_units": lambda row: row.units("sata"),
    "nvme_ctl": lambda row: row.controllers("nvme"),
    "nvme_units": lambda row: row.units("nvme") or "-",
    "ide_ctl": lambda row: row.controllers("ide"),
    "serial": lambda row: 32 if _knows("serial-ports-beyond-four", row) else 4,
    "floppy": lambda row: _floppies(row.version),
    "pci_passthrough": lambda row: row.pci_passthrough,
    "pvrdma_nics": lambda row: row.pvrdma_nics or 0,
    "displays": lambda row: row.displays,
    "vram_kib": lambda row: (row.video_memory_mib or 0) * 1024,
    "graphics_memory_kib": lambda row: "-" if row.graphics_memory_mib is None else row.graphics_memory_mib * 1024,
}

# Whether there is any of it, which the table says with a figure or a word.
DEVICES = {
    "pvrdma_nics": "nic-pvrdma",
    "nvme_ctl": "nvme",
    "sata_ctl": "sata",
    "graphics_memory_kib": "graphics-memory-setting",
    "usb_ehci": "usb-2",
    "usb_xhci": "usb-3",
    "tpm": "vtpm",
    "nvdimm_ctl": "persistent-memory",
    "watchdog": "watchdog",
    "precision_clock": "precision-clock",
    "sound": "hdaudio-on-esx",
    "sgx_epc_mib": "enclaves",
    "smt_threads": "processor-threads",
    "sev": "encrypted-memory",
    "sev_snp": "confidential-guest",
    "tdx": "confidential-guest",
    "per_vm_evc": "processor-features-of-the-vm",
}

# What the data has no place for, as no rule asks for it.
NOT_HELD = {
    "version": "what is asked",
    "description": "a name",
    "parallel": "3 in every version, which no move changes; a fourth on ESX is the row fourth-parallel-port",
    "vgpu": "no setting of a config is known to say how many there are",
    "numa_nodes": "no setting is known that sets nodes by hand and no other way",
    "device_groups": "no setting is known",
    "usb_speeds": "the config does not say a speed that a version could lack",
}

# Where the data has something else, and why: a figure that sources disagree about may warn and never block.
OTHERWISE = {
    "vcpus": (range(17, 18), "the tables of vSphere 7.0 have 256, and the lower figure is kept"),
    "memory_mib": (range(17, 18), "the tables of vSphere 7.0 have 6128 GB, and the lower figure is kept"),
}
DISPUTED = {"vcpus": "vcpus_esx", "memory_mib": "memory_mib_esx"}


def _answers() -> list[dict[str, str]]:
    if not ANSWERS.is_file():
        return []
    with ANSWERS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ROWS = _answers()
needs_answers = pytest.mark.skipif(not ROWS, reason="no recorded answers beside the project")


def _knows(name: str, row: HardwareVersion) -> bool:
    return devices()[name].known(row.version, esx=True)


def _floppies(version: int) -> int:
    document = Document.parse("\n".join(f'floppy{n}.present = "TRUE"' for n in range(5)).encode(), "till.vmx")
    return len(Sections(document).units(version).floppies)


def _asked(fields: Iterable[str]) -> list[object]:
    return [pytest.param(row, name, id=f"{row['version']}-{name}") for row in ROWS for name in fields]


@pytest.mark.corpus
@needs_answers
@pytest.mark.parametrize(("answer", "name"), _asked(FIGURES))
def test_a_figure_is_the_one_that_esx_answers(answer: dict[str, str], name: str) -> None:
    row = hardware(int(answer["version"]))
    assert row is not None
    ours, alike = FIGURES[name](row), name not in OTHERWISE or row.version not in OTHERWISE[name][0]
    assert (str(ours) == answer[name]) == alike, (ours, answer[name])
    if not alike:
        assert DISPUTED[name] in row.unverified
        assert DISPUTED[name] in row.backing.disputed
        assert str(row.highest[DISPUTED[name]].figure) == answer[name]


@pytest.mark.corpus
@needs_answers
@pytest.mark.parametrize(("answer", "name"), _asked(DEVICES))
def test_a_device_is_known_where_esx_offers_it(answer: dict[str, str], name: str) -> None:
    row = hardware(int(answer["version"]))
    assert row is not None
    assert _knows(DEVICES[name], row) == (answer[name] not in {"0", "-", "false"})


@pytest.mark.corpus
@needs_answers
def test_every_column_is_compared_or_has_a_reason() -> None:
    assert set(ROWS[0]) == {*FIGURES, *DEVICES, *NOT_HELD}
    assert not NOT_HELD.keys() & {*FIGURES, *DEVICES}
    assert [int(row["version"]) for row in ROWS] == list(range(10, 23))


# Read again from the remarks beside the answers: what ESX offers from which version on; 10 is the oldest they tell of.
OFFERED_FROM = [
    ("LSI Logic SAS controller", "scsi-lsisas1068", 10),
    ("paravirtual SCSI controller", "scsi-pvscsi", 10),
    ("IDE controller for disks", "ide-disk", 10),
    ("AHCI controller", "sata", 10),
    ("vmxnet2 adapter", "nic-vmxnet2", 10),
    ("vmxnet3 adapter", "nic-vmxnet3", 10),
    ("e1000 adapter", "nic-e1000", 10),
    ("e1000e adapter", "nic-e1000e", 10),
    ("USB 3 controller", "usb-3", 10),
    ("USB 2.0 controller", "usb-2", 10),
    ("HD Audio", "hdaudio-on-esx", 10),
    ("serial ports beyond four", "serial-ports-beyond-four", 11),
    ("setting for the memory of 3D graphics", "graphics-memory-setting", 11),
    ("NVMe controller", "nvme", 13),
    ("NVMe 1.3", "nvme-1.3", 19),
    ("RDMA adapter", "nic-pvrdma", 13),
    ("TPM", "vtpm", 14),
    ("virtualization-based security", "vbs", 14),
    ("EVC of one VM", "processor-features-of-the-vm", 14),
    ("watchdog", "watchdog", 17),
    ("precision clock", "precision-clock", 17),
    ("SGX", "enclaves", 17),
    ("SEV", "encrypted-memory", 18),
    ("threads", "processor-threads", 20),
    ("automatic cores per socket", "automatic-topology", 20),
    ("SEV-SNP and TDX", "confidential-guest", 22),
]


@pytest.mark.parametrize(("name", "row", "first"), OFFERED_FROM, ids=[it[0] for it in OFFERED_FROM])
def test_what_esx_offers_from_which_version_on(name: str, row: str, first: int) -> None:
    rule = devices()[row]
    assert rule.known(first, esx=True), name
    assert first == 10 or not rule.known(first - 1, esx=True), name
    assert all(rule.known(version, esx=True) for version in range(first, 23))


def test_what_esx_never_offers_from_version_10_on() -> None:
    for row in ("vmi", "sound-on-esx"):
        assert not any(devices()[row].known(version, esx=True) for version in range(10, 23))


def test_the_table_of_remarks_and_the_answers_disagree_about_nvdimm() -> None:
    # 14 in the one, a controller at 13 in the other.
    row = devices()["persistent-memory"]
    assert row.first_hardware == 13
    assert "14" in row.backing.disputed["first_hardware"]
    assert row.unsure(esx=True)


def test_memory_of_3d_graphics_grows_with_the_version() -> None:
    most = {version: hardware(version) for version in (10, 11, 15, 16, 17, 18, 22)}
    assert [row and row.graphics_memory_mib for row in most.values()] == [None, 2048, 2048, 3072, 4096, 8192, 8192]


def test_video_memory_is_least_between_11_and_13() -> None:
    most = {version: hardware(version) for version in (10, 11, 13, 14, 22)}
    assert [row and row.video_memory_mib for row in most.values()] == [512, 128, 128, 256, 256]
