"""From a request to a proposal: the version a target comes to, legacy mode, wishes that contradict one another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from planner.small_vms import make_vm, sparse_descriptor
from vmdk import disks

from vmxtool.errors import UsageError
from vmxtool.evidence import Evidence
from vmxtool.findings import Severity
from vmxtool.knowledge.products import find_target, products
from vmxtool.knowledge.sources import source
from vmxtool.machine.model import OriginCandidate
from vmxtool.machine.read import read_machine
from vmxtool.planner.guards import refusals, warnings
from vmxtool.planner.refusals import _OF_RULES, REASONS
from vmxtool.planner.request import Request
from vmxtool.planner.rewrite import propose
from vmxtool.rules._registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool.planner.changes import Proposal


def request(**wishes: Any) -> Request:
    for name in ("target", "origin"):
        if name in wishes:
            wishes[name] = find_target(wishes[name])
    return Request(**wishes)


def version_of(proposal: Proposal) -> str | None:
    assert not proposal.refused, proposal.refused
    return next((change.after for change in proposal.settings if change.key == "virtualHW.version"), None)


# ---- the version


@pytest.mark.parametrize(
    ("hw", "target", "version"),
    [
        (6, "ws6", None),
        (4, "ws6", None),  # runs in legacy mode: raising is one-way, so nobody is raised who did not ask
        (3, "esx3", None),
        (6, "ws5.5", "4"),
        (6, "esx3", "4"),
        (6, "esx2", "3"),
        (6, "gsx3", "3"),
        (6, "esx4.0", "4"),  # runs 4 and 7, not 6
        (12, "esxi6.5", "11"),
        (16, "esxi7.0", "15"),
        (21, "esxi8.0", "20"),
        (3, "esxi5.0", "4"),
        (21, "hw19", "19"),
    ],
)
def test_the_version_a_target_comes_to(tmp_path: Path, hw: int, target: str, version: str | None) -> None:
    vm = make_vm(tmp_path, "", hw=hw, guest="rhel4")
    assert version_of(propose(vm, request(target=target))) == version


def test_a_lowest_version_that_no_source_confirms_raises_nothing(tmp_path: Path) -> None:
    product = find_target("ws17")
    assert product.runs_min > 3
    assert "runs_min" in product.unverified
    proposal = propose(make_vm(tmp_path, "", hw=3, guest="rhel4"), request(target="ws17"))
    assert version_of(proposal) is None
    assert any("--hwversion 4" in note for note in proposal.notes)


@pytest.mark.parametrize("target", ["ws3", "ws2", "gsx2", "esx1.5", "esx1"])
def test_products_of_versions_that_nobody_has_seen_are_refused_with_the_reason(tmp_path: Path, target: str) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"', hw=6, guest="rhel5-64")
    names = {reason.name for reason in propose(vm, request(target=target)).refused}
    assert "hardware-version-not-written" in names
    assert "guest-64-bit-not-offered" in names  # and what else speaks against it


def test_a_config_without_a_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "vm.vmx").write_text('displayName = "x"\nguestOS = "rhel4"\n')
    proposal = propose(read_machine(tmp_path), Request(hwversion=4))
    assert [reason.name for reason in proposal.refused] == ["hardware-version-unknown"]


def test_a_version_newer_than_any_known_can_be_lowered(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'ethernet0.pciSlotNumber = "32"', hw=30, guest="rhel8-64")
    assert version_of(propose(vm, Request(hwversion=21))) == "21"


# ---- legacy mode


@pytest.mark.parametrize(
    ("hw", "origin", "target", "version"),
    [
        (3, "esx2-smp", "esx3", None),  # stays what both run
        (4, "ws5", "gsx3", "3"),  # a legacy VM
        (6, "ws6", "esx3", "4"),
        (6, "ws6", "gsx3", "3"),
        (4, "ws5.5", "ws6", None),
        (21, "ws17.5", "esxi6.5", "11"),  # 13 is of ESX alone
    ],
)
def test_legacy_gives_the_newest_version_that_both_run(
    tmp_path: Path, hw: int, origin: str, target: str, version: str | None
) -> None:
    vm = make_vm(tmp_path, "", hw=hw, guest="rhel4")
    if (hw, target) == (21, "esxi6.5"):
        both = [v for v in range(3, 22) if find_target(origin).runs(v) and find_target(target).runs(v)]
        version = str(both[-1])
    proposal = propose(vm, request(target=target, origin=origin, legacy=True))
    assert version_of(proposal) == version
    assert any("can go back" in note for note in proposal.notes)


def test_legacy_never_raises(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    for target in ("ws17", "esxi8.0", "server2"):
        assert version_of(propose(vm, request(target=target, origin="ws5.5", legacy=True))) is None


def test_legacy_without_a_version_in_common_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=22, guest="rhel8-64")
    refused = propose(vm, request(target="ws3", origin="ws25h2", legacy=True)).refused
    assert refused[0].name == "no-common-hardware-version"


def test_legacy_asks_which_product_made_the_vm_where_that_matters(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=4, guest="rhel4")
    alike = replace(vm, origin=(OriginCandidate("ws5.5", 0.6, ()), OriginCandidate("server1", 0.4, ())))
    assert version_of(propose(alike, request(target="gsx3", legacy=True))) == "3"
    differing = replace(vm, origin=(OriginCandidate("ws5.5", 0.6, ()), OriginCandidate("ws4", 0.4, ())))
    with pytest.raises(UsageError, match=r"ws5\.5, ws4.*--from"):
        propose(differing, request(target="esx3", legacy=True))
    unlikely = replace(vm, origin=(OriginCandidate("ws5.5", 0.95, ()), OriginCandidate("ws4", 0.05, ())))
    assert version_of(propose(unlikely, request(target="esx3", legacy=True))) is None
    with pytest.raises(UsageError, match="--from"):
        propose(replace(vm, origin=()), request(target="esx3", legacy=True))


# ---- wishes


@pytest.mark.parametrize(
    ("wishes", "word"),
    [
        ({}, "--hwversion"),
        ({"unsafe": True}, "--hwversion"),
        ({"hwversion": 5}, "no product has hardware version 5"),
        ({"hwversion": 23}, "no product has"),
        ({"hwversion": 99}, "no product has"),
        ({"hwversion": 2}, "below 3"),
        ({"legacy": True}, "--legacy needs --target"),
        ({"legacy": True, "hwversion": 4, "target": "esx3"}, "leave --hwversion out"),
        ({"hwversion": 7, "target": "esx3"}, "does not run hardware version 7"),
        ({"ide_to_scsi": True, "adapter": "ahci"}, "no SCSI controller"),
        ({"hwversion": 4, "adapter": "lsilogic"}, "--ide-to-scsi"),
    ],
)
def test_wishes_that_contradict_one_another_are_refused_with_the_reason(wishes: dict[str, Any], word: str) -> None:
    with pytest.raises(UsageError) as error:
        request(**wishes)
    assert word in str(error.value)


def test_a_request_knows_its_words() -> None:
    wish = request(target="esx3", origin="ws6", legacy=True, ide_to_scsi=True, adapter="lsilogic", unsafe=True)
    assert wish.words == "--target esx3 --from ws6 --legacy --ide-to-scsi --adapter lsilogic --unsafe"
    assert request(hwversion=4, move_disks=True).words == "--hwversion 4 --move-disks"


# ---- what a target means beyond devices


def test_disks_in_another_format_and_networks_remain_for_the_person(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\nscsi0:0.present = "TRUE"\n'
    lines += 'scsi0:0.fileName = "disk.vmdk"\nethernet0.present = "TRUE"\nethernet0.connectionType = "nat"\n'
    vm = make_vm(tmp_path, lines, hw=4, guest="rhel4")
    proposal = propose(vm, request(target="esx3"))
    told = " ".join(f"{fix.text} {fix.command or ''}" for fix in proposal.manual)
    assert "vmkfstools -i disk.vmdk" in told
    assert "connect ethernet0" in told
    assert "scsiN:M.name" not in told
    assert "scsiN:M.name" in " ".join(fix.text for fix in propose(vm, request(target="esx2")).manual)


def test_processors_that_the_target_does_not_give_are_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'numvcpus = "2"', hw=4, guest="rhel4")
    assert "smp-not-offered" in {reason.name for reason in propose(vm, request(target="ws5.0")).refused}
    assert not propose(vm, request(target="ws5.5")).refused


def test_only_what_was_asked_for_is_changed(tmp_path: Path) -> None:
    # Someone lowered the version by hand, and left devices that it does not know.
    lines = 'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"\nvmci0.present = "TRUE"\nsata0.present = "TRUE"\n'
    lines += 'sata0:1.present = "TRUE"\nsata0:1.deviceType = "cdrom-raw"\n'
    vm = make_vm(tmp_path, lines, hw=4, guest="rhel4")
    moved = {change.key.partition(".")[0] for change in propose(vm, Request(ide_to_scsi=True)).settings}
    assert moved == {"scsi0", "ide0:0"}
    whole = {change.key.partition(".")[0] for change in propose(vm, Request(hwversion=4)).settings}
    assert whole == {"vmci0", "sata0", "sata0:1"}


# ---- what forbids all writing


@pytest.mark.parametrize(
    ("spoil", "name"),
    [
        (lambda vm: vm.write_text(vm.read_text() + 'checkpoint.vmState = "vm.vmss"\n'), "suspended"),
        (lambda vm: vm.write_text(vm.read_text() + 'memsize = "64"\nMEMSIZE = "64"\n'), "duplicate-key"),
        (lambda vm: vm.write_text(vm.read_text() + "; this is no comment\n"), "unknown-line"),
        (lambda vm: vm.write_text('.encoding = "klingon"\n' + vm.read_text()), "unknown-encoding"),
        (lambda vm: vm.write_text(vm.read_text() + 'ide0:0.redo = "x.REDO_a"\n'), "redo-log-open"),
        (lambda vm: vm.write_text(vm.read_text() + 'ide0:0.mode = "undoable"\n'), "redo-log-open"),
        (lambda vm: vm.with_name("vm.vmx.lck").mkdir(), "running"),
        (lambda vm: vm.with_name("disk.vmdk.WRITELOCK").touch(), "running"),
        (lambda vm: vm.with_name("vm.vmsd").write_text('snapshot.numSnapshots = "1"\n'), "snapshot-present"),
        (lambda vm: vm.with_name("vm-Snapshot1.vmsn").touch(), "snapshot-present"),
    ],
)
def test_a_vm_that_is_not_at_rest_is_refused(tmp_path: Path, spoil: Callable[[Path], object], name: str) -> None:
    vm = make_vm(tmp_path, 'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"')
    assert refusals(vm) == ()
    spoil(vm.config.path)
    assert name in {reason.name for reason in refusals(read_machine(vm.config.path))}


def test_a_disk_that_was_not_closed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk.vmdk").write_bytes(disks.sparse_disk(sparse_descriptor().encode(), uncleanShutdown=1))
    vm = make_vm(tmp_path, 'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"')
    assert "disk-not-closed" in {reason.name for reason in refusals(vm)}


def test_a_vm_that_was_not_shut_down_is_told_and_not_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'cleanShutdown = "FALSE"')
    assert refusals(vm) == ()
    assert "cleanShutdown" in warnings(vm)[0]
    assert warnings(make_vm(tmp_path, 'cleanShutdown = "TRUE"')) == ()


def test_what_cannot_be_read_is_refused(tmp_path: Path) -> None:
    vm = replace(make_vm(tmp_path, ""), unread=(Evidence("vm.vmsd", None, None, "permission denied"),))
    assert [reason.name for reason in refusals(vm)] == ["file-not-read"]


def test_an_encrypted_config_is_refused_and_nothing_is_guessed(samples: Path) -> None:
    vm = read_machine(samples / "encrypted")
    assert "encrypted" in {reason.name for reason in refusals(vm)}
    assert propose(vm, Request(hwversion=4, ide_to_scsi=True)).changes == ()


# ---- the reasons themselves


def test_reasons_have_codes_of_their_own_or_the_names_of_the_rules_that_they_share() -> None:
    rules = {rule.code: rule.name for rule in all_rules()}
    assert not REASONS.keys() & rules.keys()
    assert not {reason.name for reason in REASONS.values()} & set(rules.values())
    for code, name in _OF_RULES.items():
        if code in rules:
            assert rules[code] == name


def test_every_source_of_a_change_or_a_refusal_is_known(tmp_path: Path) -> None:
    lines = 'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"\nehci.present = "TRUE"\n'
    lines += 'sata0.present = "TRUE"\nsata0:0.present = "TRUE"\nsata0:0.fileName = "b.vmdk"\nfirmware = "efi"\n'
    lines += 'virtualHW.productCompatibility = "esx"\nide0:0.deviceType = "ata-hardDisk"\nvhv.enable = "TRUE"\n'
    vm = make_vm(tmp_path, lines, hw=21, guest="windows11-64")
    for wish in (
        request(target="esx3"),
        request(target="ws4"),
        request(target="ws14", ide_to_scsi=True, unsafe=True),
        request(target="ws3"),
    ):
        proposal = propose(vm, wish)
        for reason in proposal.refused:
            assert reason.severity is Severity.BLOCKER
            for name in reason.sources:
                source(name)
        for change in proposal.changes:
            source(change.source)


def test_every_product_is_a_target(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=11, guest="rhel6-64")
    for product in products().values():
        proposal = propose(vm, Request(target=product))
        assert proposal.refused or version_of(proposal) is None or product.runs(int(version_of(proposal) or 0))
