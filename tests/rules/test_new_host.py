"""What a VM asks of a new host, asked of other products than its own, and what it leaves at the old one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm, write_config

import vmxtool
from vmxtool.findings import Do, Severity
from vmxtool.planner.verdict import Answer
from vmxtool.report.subjects import find
from vmxtool.rules.registry import Rule

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.planner.verdict import Verdict

ASKING = (
    'vpmc.enable = "TRUE"',
    'featMask.vm.cpuid.AVX2 = "Min:1"',
    'monitor.virtual_exec = "hardware"',
    'cpuid.1.ecx = "0000:0000:0000:0001:0000:0110:0111:0001"',
    'hypervisor.cpuid.v0 = "FALSE"',
)
LEFT = (
    'serial0.present = "TRUE"',
    'serial0.fileName = "COM1"',
    'ide1:0.present = "TRUE"',
    'ide1:0.deviceType = "cdrom-raw"',
    'ide1:0.fileName = "/dev/cdrom"',
    'sharedFolder0.present = "TRUE"',
    'sharedFolder0.enabled = "TRUE"',
    'sharedFolder0.hostPath = "/srv"',
    'usb.present = "TRUE"',
    'usb.autoConnect.device0 = "0x1234:0x5678"',
    'ethernet0.present = "TRUE"',
    'ethernet0.connectionType = "custom"',
    'ethernet0.vnet = "VMnet2"',
    'ethernet0.generatedAddress = "00:0c:29:01:02:03"',
)


def check(folder: Path, lines: tuple[str, ...], target: str, origin: str = "ws17.5", hw: int = 19) -> Verdict:
    text = "\n".join((*lines, disk_lines("scsi0:0", "till.vmdk")))
    make_vm(folder, text, hw, "ubuntu-64", name="till.vmx")
    return vmxtool.check(folder / "till.vmx", target, origin)


def codes(verdict: Verdict, severity: Severity) -> set[str]:
    return {item.code for item in verdict.findings if item.severity is severity}


def test_what_a_vm_asks_of_its_host_is_asked_of_other_products_alone(tmp_path: Path) -> None:
    asked = {"CPU414", "CPU416", "CPU417"}
    elsewhere, at_home = (check(tmp_path, ASKING, target) for target in ("ws25h2", "ws17.5"))
    assert codes(elsewhere, Severity.UNKNOWN) == asked
    assert "CPU419" in codes(elsewhere, Severity.INFO)
    assert elsewhere.verdict is Answer.DEPENDS
    assert (codes(at_home, Severity.UNKNOWN), at_home.verdict) == (set(), Answer.READY)
    assert "CPU419" not in codes(at_home, Severity.INFO)


def test_what_stays_at_the_old_host_is_told_of_every_product_and_changes_no_answer(tmp_path: Path) -> None:
    told = {"DEV705", "DEV706", "DEV707", "DEV708", "NET308", "NET309"}
    elsewhere, at_home = (check(tmp_path, LEFT, target) for target in ("ws25h2", "ws17.5"))
    assert codes(elsewhere, Severity.INFO) >= told
    assert codes(at_home, Severity.INFO) >= told
    assert elsewhere.verdict is at_home.verdict is Answer.READY


def test_a_setting_that_the_hardware_version_loses_is_not_asked_about(tmp_path: Path) -> None:
    verdict = check(tmp_path, ASKING[:1], "ws8")
    assert "DEV701" in {item.code for item in verdict.findings}
    assert "CPU414" not in codes(verdict, Severity.UNKNOWN)
    assert "CPU414" in codes(check(tmp_path, ASKING[:1], "ws16.0"), Severity.UNKNOWN)


def test_who_names_the_maker_is_believed(tmp_path: Path) -> None:
    assert check(tmp_path, ASKING, "ws25h2", "ws25h2").verdict is Answer.READY


def test_of_a_bare_hardware_version_nothing_is_asked(tmp_path: Path) -> None:
    verdict = check(tmp_path, (*ASKING, *LEFT), "hw19")
    assert not {item.code for item in verdict.findings if item.code.startswith(("CPU41", "NET30", "DEV70"))}


@pytest.mark.parametrize(
    ("lines", "answer"),
    [
        (('ethernet0.addressType = "static"', 'ethernet0.address = "00:0c:29:01:02:03"'), Answer.NEEDS_STEPS),
        (('ethernet0.address = "00:0c:29:01:02:03"',), Answer.NEEDS_STEPS),
        (('ethernet0.addressType = "generated"', 'ethernet0.address = "00:0c:29:01:02:03"'), Answer.READY),
        (('ethernet0.addressType = "static"', 'ethernet0.address = "02:00:00:01:02:03"'), Answer.READY),
    ],
)
def test_a_fixed_address_that_the_host_refuses_is_changed_first(
    tmp_path: Path, lines: tuple[str, ...], answer: Answer
) -> None:
    nic = ('ethernet0.present = "TRUE"', 'ethernet0.networkName = "VM Network"', *lines)
    write_config(tmp_path, *nic, hw=10, name="till.vmx", guest="ubuntu-64")
    verdict = vmxtool.check(tmp_path / "till.vmx", "esxi5.5", "esxi5.5")
    assert verdict.verdict is answer
    assert [step.do for step in verdict.steps if "NET305" in step.cures] == [Do.CHANGE_SETTINGS] * (
        answer is Answer.NEEDS_STEPS
    )


def test_an_adapter_that_is_not_there_is_not_judged(tmp_path: Path) -> None:
    lines = (
        'ethernet0.present = "FALSE"',
        'ethernet0.addressType = "static"',
        'ethernet0.address = "00:0c:29:01:02:03"',
    )
    assert not [item for item in check(tmp_path, lines, "esxi8.0").findings if item.code in {"NET305", "NET306"}]


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("Module 'VPMC' power on failed.", "CPU414"),
        ("Virtualized AMD-V/RVI is not supported on this platform.", "CPU414"),
        ("Feature 'cpuid.avx2' was absent, but must be present.", "CPU416"),
        ("Module 'MonitorMode' power on failed", "CPU417"),
        ("00:0c:29:1f:4a:ab is not an allowed static Ethernet address.", "NET305"),
        ("Specify a static Ethernet address for 'ethernet3'", "NET306"),
        ("This virtual machine might have been moved or copied.", "NET308"),
    ],
)
def test_what_people_read_leads_to_the_rule(printed: str, code: str) -> None:
    found = find(printed)
    assert isinstance(found, Rule)
    assert found.code == code
