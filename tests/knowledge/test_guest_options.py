"""What VMware offers for a guest agrees, cell by cell, with the recorded option tables."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import guest_options as module
from vmxtool.knowledge.guest_options import guest_options
from vmxtool.knowledge.guests import find_guest, guests

SHIPPED = (Path(module.__file__).parent / "guest_options.toml").read_text(encoding="utf-8")
RECORDED = Path(__file__).parents[2].parent / "shared" / "facts" / "guests-esx.csv"

WORDS = {
    "ParaVirtualSCSIController": "pvscsi",
    "VirtualAHCIController": "sata",
    "VirtualBusLogicController": "buslogic",
    "VirtualE1000": "e1000",
    "VirtualE1000e": "e1000e",
    "VirtualIDEController": "ide",
    "VirtualLsiLogicController": "lsilogic",
    "VirtualLsiLogicSASController": "lsisas1068",
    "VirtualNVMEController": "nvme",
    "VirtualPCNet32": "vlance",
    "VirtualSriovEthernetCard": "sriov",
    "VirtualVmxnet": "vmxnet",
    "VirtualVmxnet2": "vmxnet2",
    "VirtualVmxnet3": "vmxnet3",
    "VirtualVmxnet3Vrdma": "pvrdma",
}
LISTS = {"disk_controllers": "controllers", "nics": "nics"}
ONE = {"rec_scsi": "scsi", "rec_disk": "disk", "rec_nic": "nic"}
PLAIN = {
    "firmware": "firmware",
    "rec_firmware": "first_firmware",
    "secure_boot": "secure_boot",
    "tpm20": "tpm",
    "smc_required": "apple_host",
    "max_cpus": "max_vcpus",
    "min_mem_mib": "min_memory_mib",
    "max_mem_mib": "max_memory_mib",
    "support_level_esx9": "level",
    "create_esx9": "creates",
}
# What the columns of the record that begin with "tool" say is what this program said before it was recorded.
NOT_OURS = {"tool_min_hw", "tool_group", "tool_scsi", "tool_nic"}
ELSEWHERE = {"vmx_key", "vim_id", "bits", "first_hw", "first_hw_source", "vsphere_api_since"}
# Guests of which the record has a name and nothing else: no ESX 9 host offers them.
NAMED_ALONE = 22


def recorded() -> list[dict[str, str]]:
    """The record, one row per guest; skips where it is not here."""
    if not RECORDED.is_file():
        return []
    with RECORDED.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


ROWS = recorded()


@pytest.mark.corpus
def test_the_record_is_whole() -> None:
    if not ROWS:
        pytest.skip("the record of guests is not here")
    assert len(ROWS) == 211 == len(guests())
    assert {row["vmx_key"] for row in ROWS if row["disk_controllers"]} == set(guest_options())
    assert len([row for row in ROWS if not row["disk_controllers"]]) == NAMED_ALONE
    assert set(ROWS[0]) == {*LISTS, *ONE, *PLAIN, *NOT_OURS, *ELSEWHERE}


@pytest.mark.corpus
@pytest.mark.parametrize("row", ROWS, ids=[row["vmx_key"] for row in ROWS])
def test_every_cell_of_the_record_is_ours(row: dict[str, str]) -> None:
    options, guest = guest_options().get(row["vmx_key"]), guests()[row["vmx_key"]]
    assert guest.vim_id == row["vim_id"]
    if not row["disk_controllers"]:
        assert options is None
        assert guest.min_hw is None or "min_hw" in guest.unverified
        return
    assert options is not None
    for theirs, ours in LISTS.items():
        assert set(getattr(options, ours)) == {WORDS[word] for word in row[theirs].split()}, theirs
    for theirs, ours in ONE.items():
        assert getattr(options, ours) == WORDS[row[theirs]], theirs
    for theirs, ours in PLAIN.items():
        value = getattr(options, ours)
        said = " ".join(value) if isinstance(value, tuple) else str(value).lower() if isinstance(value, bool) else value
        assert str(said) == row[theirs], theirs
    if row["first_hw"].startswith("<="):
        # There at this version, and perhaps before: nothing that is older is contradicted, and no figure is verified.
        assert (options.first, options.known_at) == (None, int(row["first_hw"][2:]))
        assert guest.min_hw is None or "min_hw" in guest.unverified
        assert (guest.min_hw or 0) <= options.known_at
    else:
        assert options.first == options.known_at == guest.min_hw == int(row["first_hw"])
        assert "min_hw" not in guest.unverified


def test_a_guest_has_the_options_of_its_canonical_name() -> None:
    guest = find_guest("winServer2008Web-64")
    assert guest is not None
    assert guest.options is guest_options()["longhorn-64"]
    assert guests()["winXPHome"].options is None
    assert not guests()["winXPHome"].starts_from("ide")


def damaged(name: str, old: str, new: str) -> str:
    """The shipped file with one line of one block changed."""
    before, start, rest = SHIPPED.partition(f'id = "{name}"\n')
    block, end, after = (start + rest).partition("\n\n")
    assert f"\n{old}\n" in f"\n{block}\n"
    return f"{before}{block.replace(old, new, 1)}{end}{after}"


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (damaged("winNT", 'first = "..4"', 'first = "4.."'), "first"),
        (damaged("winNT", 'controllers = "ide buslogic"', 'controllers = "ide adaptec"'), "controllers"),
        (damaged("winNT", 'controllers = "ide buslogic"', 'controllers = "ide"'), "scsi"),
        (damaged("winXPPro", 'nic = "vlance"', 'nic = "e1000e"'), "nic"),
        (damaged("dos", 'firmware = "bios"', 'firmware = "bios efi"'), "first_firmware"),
        (damaged("dos", 'memory_mib = "16..272"', 'memory_mib = "16000..272"'), "memory_mib"),
        (damaged("dos", 'memory_mib = "16..272"', 'memory_mib = "272"'), "memory_mib"),
        (damaged("dos", "vcpus = 1", 'vcpus = "one"'), "vcpus"),
        (damaged("dos", 'level = "terminated"', 'level = "finished"'), "level"),
        (damaged("dos", "vcpus = 1", "vcpus = 1\ncolour = 1"), "colour"),
        (damaged("win95", "vcpus = 1", ""), "vcpus"),
        (damaged("win95", 'id = "win95"', 'id = "dos"'), "id"),
    ],
)
def test_a_broken_cell_is_named(text: str, column: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"guest_options\.toml: row \w+: column {column}"):
        module.read_guest_options(text)
