"""What is said of guests on targets: questions that no file answers, and warnings that are not on every VM."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, SCSI_DISK, make_vm
from peers import CORPUS, needs_corpus

from vmxtool import InputError, check, plan_rewrite
from vmxtool.knowledge.guests import guests
from vmxtool.machine.read import read_machine
from vmxtool.rules.registry import all_rules

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool import Machine, Verdict

NIC = 'ethernet0.present = "TRUE"\nethernet0.virtualDev = "{}"\n'
CONFIGS = sorted([*(CORPUS / "vmx").glob("*.vmx"), *(CORPUS / "libvirt").glob("*.vmx")])
TARGETS = ("ws17", "esxi6.7", "esxi8.0", "esx9.0", "fusion13")
OF_GUESTS = {"GST502", "GST508", "GST509", "GST510", "GST511", "GST512", "DSK229", "NET303"}


def found(verdict: Verdict, code: str) -> list[str]:
    return [item.severity.value for item in verdict.findings if item.code == code]


@pytest.mark.parametrize(
    ("guest", "target", "verdict", "code"),
    [
        ("windows9-64", "fusion13", "depends", "GST513"),
        ("windows9-64", "fusion26h1", "depends", "GST513"),
        ("windows9-64", "fusion12.2", "ready", "GST513"),
        ("windows9-64", "ws17", "ready", "GST513"),
        ("arm-debian12-64", "fusion13", "depends", "GST506"),
        ("arm-debian12-64", "ws17", "not-supported", "GST506"),
        ("arm-debian12-64", "player17", "not-supported", "GST506"),
        ("arm-debian12-64", "esxi8.0", "depends", "GST506"),
        ("arm-debian12-64", "hw18", "ready", "GST506"),
        ("darwin19-64", "ws17", "depends", "GST514"),
        ("darwin19-64", "esxi7.0u2", "depends", "GST514"),
        ("darwin19-64", "esxi8.0", "not-supported", "GST514"),
        ("darwin19-64", "fusion12.2", "ready", "GST514"),
        ("darwin19-64", "hw18", "ready", "GST514"),
    ],
)
def test_which_host_a_guest_needs_is_asked(tmp_path: Path, guest: str, target: str, verdict: str, code: str) -> None:
    firmware = 'firmware = "efi"\n' if guest.startswith("darwin") else ""
    vm = make_vm(tmp_path, firmware, hw=18, guest=guest)
    answer = check(vm, target, target)
    assert answer.verdict.value == verdict
    assert bool(found(answer, code)) == (verdict != "ready")


def test_macos_on_fusion_is_asked_about_the_mac_once(tmp_path: Path) -> None:
    answer = check(make_vm(tmp_path, 'firmware = "efi"\n', hw=18, guest="darwin19-64"), "fusion13", "fusion13")
    assert (found(answer, "GST513"), found(answer, "GST514")) == (["unknown"], [])


def test_a_host_that_was_never_asked_is_told_as_unverified(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, NIC.format("vlance"), hw=13, guest="rhel7-64")
    for target, unverified in (("esx9.0", False), ("esxi6.7", True)):
        (hit,) = (item for item in check(vm, target).findings if item.code == "NET303")
        assert hit.message.endswith("(unverified)") is unverified
    for target in ("esxi5.1", "ws17", "hw13"):
        assert found(check(vm, target), "NET303") == []


def test_a_controller_that_the_product_chooses_is_held_against_nothing(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI_DISK + NIC.replace("ethernet0.virtualDev", "#").format(""), hw=20, guest="rhel8-64")
    assert found(check(vm, "esx9.0"), "DSK229") == found(check(vm, "esx9.0"), "NET303") == []


def test_a_disk_that_has_moved_is_held_against_nothing(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, hw=7, guest="windows2022srvNext-64")
    assert found(check(vm, "esx9.0"), "DSK229") == ["warning"]


def test_a_guest_without_options_is_asked_nothing_of_them(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + NIC.format("vmxnet3"), hw=10, guest="winxphome")
    codes = {item.code for item in check(vm, "esx9.0").findings}
    assert codes.isdisjoint(OF_GUESTS | {"GST507"})


@pytest.mark.parametrize(
    ("guest", "hw", "target", "older"),
    [
        ("amazonlinux2-64", 13, "esxi8.0", "other3xlinux-64"),
        ("amazonlinux3-64", 13, "esxi6.5", "other3xlinux-64"),
        ("darwin21-64", 17, "esxi7.0u2", "darwin19-64"),
        ("vmkernel65", 10, "esxi8.0", "vmkernel5"),
        ("windows12-64", 19, "esxi8.0", "windows9-64"),
        ("freeBSD12-64", 13, "esxi8.0", "freeBSD-64"),
    ],
)
def test_the_older_name_is_one_that_the_version_knows(
    tmp_path: Path, guest: str, hw: int, target: str, older: str
) -> None:
    vm = make_vm(tmp_path, hw=hw, guest=guest)
    (hit,) = (item for item in check(vm, target).findings if item.code == "GST502")
    assert hit.fix is not None
    assert f'guestOS = "{older}"' in hit.fix.text
    made = plan_rewrite(vm, target=target, unsafe=True)
    assert [change.after for change in made.changes if change.key == "guestOS"] == [f'guestOS = "{older}"']


def test_the_chain_of_older_names_ends_before_every_first_version() -> None:
    for guest in guests().values():
        older = guests().get(guest.older or "")
        if older is not None and guest.min_hw is not None and older.min_hw == guest.min_hw:
            assert older.older is not None, guest.id


@pytest.mark.parametrize(("guest", "told"), [("centos8-64", True), ("centos7-64", True), ("rhel6-64", False)])
def test_a_name_that_is_newer_than_the_version_is_told_on_esx_alone(tmp_path: Path, guest: str, told: bool) -> None:
    vm = make_vm(tmp_path, hw=12, guest=guest)
    assert bool(found(check(vm, "esx9.0"), "GST502")) is told
    assert found(check(vm, "ws17"), "GST502") == []


@cache
def read(path: Path) -> Machine | None:
    try:
        return read_machine(path)
    except InputError:
        return None


@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize("target", TARGETS)
def test_what_is_said_of_guests_is_not_said_of_nearly_every_vm(target: str) -> None:
    machines = [vm for vm in map(read, CONFIGS) if vm is not None]
    assert len(machines) > 50
    warned = dict.fromkeys((rule.code for rule in all_rules()), 0)
    for vm in machines:
        for code in {item.code for item in check(vm, target).findings}:
            warned[code] += 1
    for code in OF_GUESTS:
        assert warned[code] <= len(machines) / 4, code
    assert warned["GST507"] <= len(machines) / 2
