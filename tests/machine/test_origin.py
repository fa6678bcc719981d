"""The product that made a VM is ranked by what the files show, and never with more confidence than they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, SCSI_DISK, descriptor, make_disk, write_config
from hypothesis import given
from hypothesis import strategies as st
from machine import vms

from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.machine.origin import indicators
from vmxtool.machine.origin.candidates import candidates, group, told_as
from vmxtool.machine.read import build_machine, read_machine
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine, OriginCandidate

# What made each sample, and the products that write the same, so that they share the first place with it.
MADE_BY = {
    "damaged": ("ws9", {"fusion5"}),
    "esx2-smp": ("esx2-smp", set[str]()),
    "esx3-vmfs": ("esx3", set[str]()),
    "esxi67": ("esxi6.7", set[str]()),
    "Budget.vmwarevm": ("fusion1", set[str]()),
    "gsx3-linux": ("gsx3", set[str]()),
    "linked-clone": ("ws12", set[str]()),
    "suspended": ("ws7", set[str]()),
    "Ubuntu 64-bit": ("ws17.5", set[str]()),
    "ws17-modern": ("ws17.5", set[str]()),
    "ws4-undoable": ("ws4", {"gsx3"}),
    "ws5-snapshots": ("ws5.5", {"ws5.0"}),
    "ws6-scsi-smp": ("ws6", set[str]()),
    "ws6-windows-ide": ("ws6", set[str]()),
}


def shares(vm: Machine) -> dict[str, float]:
    return {candidate.product: candidate.confidence for candidate in vm.origin}


def first(vm: Machine) -> OriginCandidate:
    return vm.origin[0]


def seen(vm: Machine) -> list[str | None]:
    """What speaks for the first candidate, without the hardware version that speaks for all."""
    return [place.key or place.file for place in first(vm).evidence[1:]]


# --- the samples ---


@pytest.mark.parametrize("name", MADE_BY)
def test_what_made_a_sample_ranks_first(name: str) -> None:
    maker, equals = MADE_BY[name]
    found = shares(read_machine(vms.SAMPLES / name))
    best = max(found.values())
    assert {product for product, share in found.items() if share == best} == {maker} | equals


def test_every_sample_but_the_encrypted_one_has_an_origin() -> None:
    names = {folder.name for folder in vms.SAMPLES.iterdir() if folder.is_dir()}
    assert names - MADE_BY.keys() == {"encrypted"}
    assert read_machine(vms.SAMPLES / "encrypted").origin == ()


@pytest.mark.parametrize("name", MADE_BY)
def test_every_candidate_has_evidence_that_is_in_the_files(name: str) -> None:
    vm = read_machine(vms.SAMPLES / name)
    for candidate in vm.origin:
        assert candidate.evidence[0] == vm.config.document.evidence("virtualHW.version")
        assert len(set(candidate.evidence)) == len(candidate.evidence)
        for place in candidate.evidence:
            if place.file == vm.config.file and place.key is not None:
                assert vm.config.document.evidence(place.key) == place


# --- honesty ---


def test_signs_of_a_linux_host_leave_several_products_of_hardware_version_4(tmp_path: Path) -> None:
    path = vms.write(tmp_path, SCSI_DISK, 'ethernet0.present = "TRUE"', 'ethernet0.connectionType = "nat"', hw=4)
    path.write_bytes(b"#!/usr/bin/vmware\n" + path.read_bytes())
    found = shares(read_machine(path))
    assert {"ws5.0", "ws5.5", "server1"} <= found.keys()
    assert len({found["ws5.0"], found["ws5.5"], found["server1"]}) == 1
    assert max(found.values()) < 0.4
    assert found.get("esx3", 0) < 0.1


def test_a_config_without_signs_is_shared_by_all_who_make_its_version(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, hw=8)
    assert {candidate.product for candidate in vm.origin[:4]} == {"ws8", "fusion4", "esxi5.0", "player4"}
    assert max(shares(vm).values()) < 0.34
    assert {vms.places(candidate.evidence)[0] for candidate in vm.origin} == {'vm.vmx:2: virtualHW.version = "8"'}
    assert {len(candidate.evidence) for candidate in vm.origin} == {1}


def test_signs_that_contradict_each_other_leave_both_sides(tmp_path: Path) -> None:
    hosted = ('gui.exitAtPowerOff = "TRUE"', 'sharedFolder.maxNum = "1"', 'usb.vbluetooth.startConnected = "TRUE"')
    esx = ('sched.cpu.units = "mhz"', 'vm.createDate = "1"', 'viv.moid = "1"', 'evcCompatibilityMode = "FALSE"')
    found = shares(vms.read(tmp_path, *hosted, *esx, hw=14))
    assert min(found["esxi6.7"], found["ws14"]) > 0.1


@pytest.mark.parametrize("hw", [None, 1000, 5])
def test_nothing_is_ranked_without_a_version_that_products_have(tmp_path: Path, hw: int | None) -> None:
    assert vms.read(tmp_path, 'gui.exitAtPowerOff = "TRUE"', hw=hw).origin == ()


@given(
    st.sampled_from(range(1, 24)),
    st.sets(st.sampled_from(range(len(indicators._SETTINGS))), max_size=6),
    st.sampled_from(["", '.encoding = "GBK"', "#!/usr/bin/vmware", 'config.version = "6"']),
)
def test_shares_fall_and_come_to_one_at_most(hw: int, settings: set[int], head: str) -> None:
    lines = [head, f'virtualHW.version = "{hw}"']
    lines += [f'{word}.{name or "x"} = "1"' for word, name, _, _ in (indicators._SETTINGS[at] for at in settings)]
    vm = build_machine(Document.parse("\n".join(lines).encode(), "vm.vmx"), vms.SAMPLES / "vm.vmx")
    confidences = [candidate.confidence for candidate in vm.origin]
    assert confidences == sorted(confidences, reverse=True)
    assert sum(confidences) <= 1.02
    assert bool(confidences) == bool(candidates(hw))
    assert all(0.02 < confidence <= 1 for confidence in confidences)


# --- each sign ---


def total(vm: Machine, word: str) -> float:
    return sum(share for product, share in shares(vm).items() if product in group(word))


@pytest.mark.parametrize(("word", "name", "speaks_for", "odds"), indicators._SETTINGS)
def test_a_setting_speaks_for_its_group(
    tmp_path: Path, word: str, name: str | None, speaks_for: str, odds: float
) -> None:
    key = word if name == "" else f"{word}.{name or 'x'}"
    told = [hw for hw in (3, 4, 7, 9) if 0 < len(group(speaks_for) & candidates(hw).keys()) < len(candidates(hw))]
    assert told
    before, after = vms.read(tmp_path, hw=told[-1]), vms.read(tmp_path, f'{key} = "1"', hw=told[-1])
    assert total(after, speaks_for) > total(before, speaks_for)
    assert seen(after) == [key]


# Each line alone, and who comes first for it. In each, what comes first does not come first without the line.
SIGNS = [
    (4, 'ethernet0.networkName = "VM Network"', "esx3"),
    (4, 'ethernet0.addressType = "vpx"', "esx3"),
    (9, 'ethernet0.uptCompatibility = "TRUE"', "esxi5.1"),
    (9, 'ethernet0.dvs.switchId = "50 1a"', "esxi5.1"),
    (9, 'ethernet0.linkStatePropagation.enable = "TRUE"', "fusion5"),
    (9, 'ethernet0.bsdName = "en0"', "fusion5"),
    (9, 'sharedFolder0.hostPath = "/Users/zoe/x"', "fusion5"),
    (4, 'scsi0:0.fileName = "/vmfs/volumes/4713/web/web.vmdk"', "esx3"),
    (9, 'sata0:0.clientDevice = "TRUE"', "esxi5.1"),
    (9, 'ide0:0.fileName = "emptyBackingString"', "esxi5.1"),
    (3, 'autostart = "poweron"', "gsx3"),
]


@pytest.mark.parametrize(("hw", "line", "product"), SIGNS)
def test_a_line_brings_its_product_to_the_front(tmp_path: Path, hw: int, line: str, product: str) -> None:
    assert first(vms.read(tmp_path, hw=hw)).product != product
    vm = vms.read(tmp_path, line, hw=hw)
    assert first(vm).product == product
    assert seen(vm) == [line.partition(" ")[0]]


@pytest.mark.parametrize(
    "line",
    [
        '.encoding = "windows-1252"',
        '.encoding = "Shift_JIS"',
        'ide0:0.fileName = "D:"',
        r'serial0.fileName = "\\.\pipe\x"',
        'serial0.fileName = "COM1"',
        r'migrate.hostlog = ".\x.hlog"',
        r'scsi0:0.fileName = "F:\vm\x.vmdk"',
    ],
)
def test_what_only_windows_hosts_write(tmp_path: Path, line: str) -> None:
    found = shares(vms.read(tmp_path, line, hw=9))
    assert found.keys() == {"ws9", "player5"}


@pytest.mark.parametrize(
    "line", ['.encoding = "UTF-8"', '.encoding = "ASCII"', r'migrate.hostlog = "./x.hlog"', 'ide0:0.fileName = "a.iso"']
)
def test_what_every_host_writes_tells_nothing(tmp_path: Path, line: str) -> None:
    assert shares(vms.read(tmp_path, line, hw=9)) == shares(vms.read(tmp_path, hw=9))


def test_an_encoding_speaks_against_what_came_before_it(tmp_path: Path) -> None:
    before, after = shares(vms.read(tmp_path, hw=4)), shares(vms.read(tmp_path, '.encoding = "UTF-8"', hw=4))
    assert before.keys() < after.keys()
    assert after.keys() - before.keys() <= group("writes-encoding")
    assert all(after[product] < share for product, share in before.items())


@pytest.mark.parametrize(
    ("config_version", "firsts"),
    [(6, {"ws4", "gsx3", "esx2", "esx2-smp"}), (7, {"ws4", "gsx3"}), (8, {"ws5.0", "ws5.5"})],
)
def test_the_version_of_the_config_tells_generation_4_from_later_legacy(
    tmp_path: Path, config_version: int, firsts: set[str]
) -> None:
    found = shares(read_machine(write_config(tmp_path, hw=3, guest=None, config=config_version)))
    best = max(found.values())
    assert {product for product, share in found.items() if share == best} == firsts


def test_booleans_in_two_spellings_speak_for_esx_3(tmp_path: Path) -> None:
    vm = vms.read(tmp_path, 'scsi0.present = "true"', 'cleanShutdown = "TRUE"', hw=4)
    assert (first(vm).product, seen(vm)) == ("esx3", ["scsi0.present"])


@pytest.mark.parametrize(
    ("name", "product"), [("a.vmwarevm/a.vmx", "fusion5"), ("a/a.vmtx", "esxi5.1"), ("a/a.vmx", "ws9")]
)
def test_the_name_of_a_config_and_its_folder(tmp_path: Path, name: str, product: str) -> None:
    path = vms.write((tmp_path / name).parent, name=name.partition("/")[2])
    assert first(read_machine(path)).product == product


def test_an_old_ending_speaks_for_the_oldest_products(tmp_path: Path) -> None:
    found = shares(vms.read(tmp_path, name="linux.cfg", hw=2))
    assert found.keys() == {"ws3", "gsx2", "esx1.5"}


def test_policies_speak_for_ace(tmp_path: Path) -> None:
    before, after = vms.read(tmp_path, hw=6), vms.read(tmp_path, files=("vm.vmpl",), hw=6)
    assert shares(after)["ace2"] > 4 * shares(before).get("ace2", 0.03)
    assert "policy.vm.x" in {
        place.key for c in vms.read(tmp_path, 'policy.vm.x = "1"', hw=6).origin for place in c.evidence
    }


# --- what only some offer ---


def test_two_processors_rule_out_what_has_one(tmp_path: Path) -> None:
    assert "ws5.0" in shares(vms.read(tmp_path, hw=4))
    assert "ws5.0" not in shares(vms.read(tmp_path, 'numvcpus = "2"', hw=4))
    assert first(vms.read(tmp_path, 'numvcpus = "4"', hw=4)).product == "esx3"


def test_what_only_an_unverified_figure_denies_stays_in_sight(tmp_path: Path) -> None:
    found = shares(vms.read(tmp_path, 'maxvcpus = "4"', 'sound.present = "TRUE"', hw=7))
    assert found["ws7"] > found["server2"] > 0
    assert found["ws7"] > found["ws6.5"] > 0


def test_no_product_offers_a_million_processors_and_all_stay(tmp_path: Path) -> None:
    assert vms.read(tmp_path, 'numvcpus = "1000000"', hw=9).origin


def test_a_64_bit_guest_rules_out_what_runs_none(tmp_path: Path) -> None:
    assert "ws5.0" not in shares(vms.read(tmp_path, 'guestOS = "rhel4-64"', hw=4))


def test_an_ide_disk_rules_out_esx_3_and_an_ide_cdrom_does_not(tmp_path: Path) -> None:
    cdrom = ('ide0:0.present = "TRUE"', 'ide0:0.deviceType = "cdrom-raw"')
    assert "esx3" in shares(vms.read(tmp_path, *cdrom, hw=4))
    assert "esx3" not in shares(vms.read(tmp_path, IDE_DISK, hw=4))


def test_an_ide_disk_is_rarer_on_later_esx(tmp_path: Path) -> None:
    scsi, ide = shares(vms.read(tmp_path, SCSI_DISK)), shares(vms.read(tmp_path, IDE_DISK))
    assert scsi["ws9"] == scsi["esxi5.1"]
    assert ide["ws9"] > ide["esxi5.1"]


def test_a_tree_of_snapshots_rules_out_what_keeps_one(tmp_path: Path) -> None:
    assert "server1" in shares(vms.read(tmp_path, hw=4))
    (tmp_path / "vm.vmsd").write_text('snapshot.numSnapshots = "1"\nsnapshot0.uid = "1"\n')
    assert "server1" in shares(vms.read(tmp_path, hw=4))
    (tmp_path / "vm.vmsd").write_text('snapshot.numSnapshots = "2"\nsnapshot0.uid = "1"\nsnapshot1.uid = "2"\n')
    assert "server1" not in shares(vms.read(tmp_path, hw=4))


@pytest.mark.parametrize(("kind", "product"), [("vmfs", "esxi5.1"), ("monolithicFlat", "ws9")])
def test_the_base_of_a_disk_speaks_for_who_made_it(tmp_path: Path, kind: str, product: str) -> None:
    (tmp_path / "disk.vmdk").write_bytes(descriptor(create_type=kind))
    vm = vms.read(tmp_path, SCSI_DISK)
    assert first(vm).product == product
    assert f'disk.vmdk:5: createType = "{kind}"' in vms.places(first(vm).evidence)


def test_a_delta_made_elsewhere_does_not_speak_for_the_base(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", parent=make_disk(tmp_path / "base.vmdk", "vmfs"))
    assert first(vms.read(tmp_path, SCSI_DISK)).product == "esxi5.1"


# --- the log of the last run ---

LOG = "2017-01-17T11:22:08.546+01:00| vmx| I125: Log for VMware {} pid=7916 version={} build=build-1 option=Release\n"


@pytest.mark.parametrize(
    ("name", "version", "hw", "product"),
    [
        ("Workstation", "9.0.3", 9, "ws9"),
        ("Player", "5.0.2", 9, "player5"),
        ("Fusion", "5.0.1", 9, "fusion5"),
        ("ESX", "5.1.0", 9, "esxi5.1"),
        ("Server", "1.0.4", 4, "server1"),
        ("GSX Server", "3.2.1", 3, "gsx3"),
    ],
)
def test_the_log_names_what_ran_the_vm(tmp_path: Path, name: str, version: str, hw: int, product: str) -> None:
    (tmp_path / "vmware.log").write_text(LOG.format(name, version) + "more\n")
    vm = vms.read(tmp_path, hw=hw)
    assert first(vm).product == product
    assert f"Log for VMware {name} pid=7916 version={version}" in str(first(vm).evidence[1])
    assert first(vm).evidence[1].line == 1


def test_a_later_product_that_ran_the_vm_did_not_make_it(tmp_path: Path) -> None:
    (tmp_path / "vmware.log").write_text(LOG.format("Workstation", "17.0.0"))
    vm = vms.read(tmp_path, hw=14)
    assert first(vm).product == "ws14"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 4096,
        b"Log for VMware Workstation pid=1 version=e.x.p build",
        b"Log for VMware Toaster pid=1 version=9.0",
    ],
)
def test_a_log_that_says_nothing_is_passed_over(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "vmware.log").write_bytes(content)
    assert {len(candidate.evidence) for candidate in vms.read(tmp_path).origin} == {1}


def test_a_log_that_is_no_file_of_the_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(LOG.format("Fusion", "5.0.1"))
    assert {len(one.evidence) for one in vms.read(tmp_path / "folder", files=("vmware.log/",)).origin} == {1}
    vms.write(tmp_path / "link")
    (tmp_path / "link" / "vmware.log").symlink_to(tmp_path / "a.log")
    assert {len(one.evidence) for one in read_machine(tmp_path / "link").origin} == {1}


def test_a_log_in_a_folder_of_two_vms_is_of_neither(tmp_path: Path) -> None:
    (tmp_path / "vmware.log").write_text(LOG.format("Fusion", "5.0.1"))
    vms.write(tmp_path, name="other.vmx")
    assert {len(candidate.evidence) for candidate in vms.read(tmp_path).origin} == {1}


# --- the groups ---


@pytest.mark.parametrize("word", words := sorted({row[2] for row in indicators._SETTINGS}))
def test_a_group_is_some_of_the_products(word: str) -> None:
    known = {told_as(product) for product in products().values() if product.family != HARDWARE}
    assert group(word) < known
    assert group(word)


def test_what_is_farther_from_a_products_own_version_is_rarer() -> None:
    ws9, ws10, ws11 = (candidates(9)[name].share for name in ("ws9", "ws10", "ws11"))
    assert ws9 > ws10 == 4 * ws11
    assert "ws17.5" not in candidates(9)


def test_every_version_that_a_product_creates_has_makers() -> None:
    for product in products().values():
        if product.family != HARDWARE and product.creates is not None:
            assert candidates(product.creates)[told_as(product)].share > 0
            assert all(it.share <= 1 for it in candidates(product.creates).values())
