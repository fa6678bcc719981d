"""Questions that people ask in forums and issue trackers: one check names the cause and the command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import adapter_for, descriptor, disk_lines, write_config
from rules.cases import options

import vmxtool
from vmxtool.planner.verdict import Answer
from vmxtool.rules.commands import shell

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool.findings import Finding
    from vmxtool.planner.verdict import Verdict

    Ask = Callable[..., Verdict]

HOSTED, ESX = "monolithicSparse", "vmfs"
DATASTORE = "/vmfs/volumes/DATASTORE"
IMPORT = [
    f"mkdir {DATASTORE}/shop",
    f"vmkfstools -d thin -i {DATASTORE}/shop-old/shop.vmdk {DATASTORE}/shop/shop.vmdk",
    f"cp {DATASTORE}/shop-old/shop.vmx {DATASTORE}/shop",
]
"""How ESXi takes the disk of the VM over, once its folder was copied there."""


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Asks whether a VM of a hardware version runs on a target, from within its folder."""

    def ask(target: str, version: int, disk: str = ESX, place: str = "scsi0:0", **settings: str) -> Verdict:
        guest = settings.pop("guestOS", "centos7-64")
        lines = "".join(f'{key.replace("_", ".")} = "{value}"\n' for key, value in settings.items())
        lines += disk_lines(place, "shop.vmdk")
        text = descriptor("RW 2048 ZERO", create_type=disk, adapter=adapter_for(place), hw=version)
        folder = tmp_path / "shop"
        write_config(folder, lines, hw=version, guest=guest, name="shop.vmx")
        (folder / "shop.vmdk").write_bytes(text)
        monkeypatch.chdir(folder)
        return vmxtool.check("shop.vmx", target)

    return ask


def blocker(verdict: Verdict) -> Finding:
    (found,) = [item for item in verdict.findings if item.severity.value == "blocker"]
    return found


def commands(verdict: Verdict) -> list[str]:
    """Every command of the best way, in order; that by which ESXi learns of the VM in the end is left out."""
    found = [shell(command) for step in verdict.steps if step.way in {None, 1} for command in step.commands]
    return [command for command in found if command != f"vim-cmd solo/registervm {DATASTORE}/shop/shop.vmx"]


def version_after(verdict: Verdict) -> str:
    """The hardware version that the printed rewrite gives the VM."""
    (line,) = [command for command in commands(verdict) if command.startswith("vmxtool rewrite ")]
    words = line.removeprefix("vmxtool rewrite ").removesuffix(" shop.vmx")
    made = vmxtool.plan_rewrite("shop.vmx", **options(words))
    (change,) = [change for change in made.changes if change.key == "virtualHW.version"]
    return (change.after or "").partition('"')[2].rstrip('"')


def test_why_does_vmx_19_not_import_on_vsphere_6_7(ask: Ask) -> None:
    verdict = ask("vsphere-6.7", 19)
    assert "hardware version 19; ESXi 6.7 runs versions up to 14" in blocker(verdict).message
    assert commands(verdict) == ["vmxtool rewrite --target esxi6.7 shop.vmx"]


def test_why_does_vmx_12_not_run_on_esxi_6_0(ask: Ask) -> None:
    verdict = ask("esxi-6.0", 12)
    assert "hardware version 12; ESXi 6.0 runs versions up to 11" in blocker(verdict).message
    assert commands(verdict) == ["vmxtool rewrite --target esxi6.0 shop.vmx"]


@pytest.mark.parametrize(("target", "version"), [("esxi-6.5", 12), ("esxi-6.7", 12), ("esxi-7.0", 16), ("esx-9", 12)])
def test_what_workstation_12_and_15_make_runs_on_later_hosts_as_it_is(ask: Ask, target: str, version: int) -> None:
    verdict = ask(target, version, ESX)
    assert verdict.verdict is Answer.READY
    assert commands(verdict) == []


@pytest.mark.parametrize(("target", "version"), [("esxi-6.0", 12), ("esxi-6.7", 16)])
def test_and_on_earlier_hosts_it_does_not(ask: Ask, target: str, version: int) -> None:
    verdict = ask(target, version, ESX)
    assert blocker(verdict).name == "hardware-version-too-new"
    assert commands(verdict) == [f"vmxtool rewrite --target {verdict.target.id} shop.vmx"]


def test_why_does_vmx_20_not_run_on_esxi_7_0_3(ask: Ask) -> None:
    verdict = ask("ESXi 7.0.3", 20)
    assert "hardware version 20; ESXi 7.0 Update 3 runs versions up to 19" in blocker(verdict).message
    assert commands(verdict) == ["vmxtool rewrite --target esxi7.0u3 shop.vmx"]


def test_device_sata_is_not_supported_by_current_hwversion(ask: Ask) -> None:
    verdict = ask("ws17", 9, HOSTED, "sata0:0")
    assert '"device sata is not supported by current hwversion"' in blocker(verdict).message
    assert {item.file for item in blocker(verdict).evidence} == {"shop.vmx"}
    assert commands(verdict) == ["vmxtool rewrite --target ws17.0 shop.vmx"]
    assert (verdict.steps[0].before, verdict.steps[0].after) == (9, 10)
    assert version_after(verdict) == "10"


def test_how_do_i_get_from_22_to_21_after_25h2_made_the_vm(ask: Ask) -> None:
    for target, wanted in (("ws17.6", "ws17.6"), ("fusion13.6", "fusion13.6")):
        verdict = ask(target, 22, HOSTED)
        assert blocker(verdict).name == "hardware-version-too-new"
        assert commands(verdict) == [f"vmxtool rewrite --target {wanted} shop.vmx"]
    assert ask("ws25h2", 22, HOSTED).verdict is Answer.READY


def test_unsupported_and_or_invalid_disk_type_7(ask: Ask) -> None:
    verdict = ask("esxi-5.0", 8, HOSTED)
    assert "Unsupported and/or invalid disk type" in blocker(verdict).message
    assert commands(verdict) == IMPORT
    assert ask("esxi-5.0", 8, ESX).verdict is Answer.READY


def test_object_type_requires_hosted_i_o(ask: Ask) -> None:
    verdict = ask("esxi-6.7", 13, "twoGbMaxExtentSparse", "ide0:1")
    assert "Object type requires hosted I/O" in blocker(verdict).message
    assert commands(verdict) == ["esxcli system module load -m multiextent", *IMPORT]


@pytest.mark.parametrize(("target", "wanted"), [("esxi6.7u3", "esxi6.7u3"), ("ws14", "ws14"), ("esxi6.0", "esxi6.0")])
def test_how_do_i_lower_an_image_from_16_so_that_older_hosts_take_it(ask: Ask, target: str, wanted: str) -> None:
    verdict = ask(target, 16, ESX if "esx" in target else HOSTED)
    assert blocker(verdict).code in {"PRD101", "PRD103"}
    assert commands(verdict) == [f"vmxtool rewrite --target {wanted} shop.vmx"]
    assert verdict.verdict is Answer.NEEDS_STEPS


def test_does_an_ide_linux_need_more_than_another_number_for_esx_3(ask: Ask) -> None:
    verdict = ask("esx3", 4, ESX, "ide0:0", guestOS="redhat")
    assert blocker(verdict).name == "disk-bus-not-offered"
    guest, moved = (next(step for step in verdict.steps if step.do == do) for do in ("prepare-guest", "move-disks"))
    assert guest.n < moved.n
    assert commands(verdict)[0] == "vmxtool rewrite --target esx3 --ide-to-scsi shop.vmx"
    rewrite = vmxtool.plan_rewrite("shop.vmx", target="esx3", ide_to_scsi=True)
    assert any("/etc/fstab" in work.text for work in rewrite.manual)


def test_an_old_ide_vm_of_workstation_6_keeps_its_disk_on_esxi_6_7(ask: Ask) -> None:
    verdict = ask("esxi6.7", 6, ESX, "ide0:0", guestOS="winxppro")
    assert blocker(verdict).name == "hardware-version-not-offered"
    assert commands(verdict) == ["vmxtool rewrite --target esxi6.7 shop.vmx"]
    assert version_after(verdict) == "7"


def test_a_windows_11_with_its_tpm_has_to_be_decrypted_for_esxi(samples: Path) -> None:
    verdict = vmxtool.check(samples / "ws17-modern", "esxi8.0u2")
    best = [step.do for step in verdict.steps if step.way in {None, 1}]
    assert best == ["decrypt", "copy", "import-disks", "register-vm", "connect-network"]
    assert "virtual TPM" in (verdict.steps[0].remedy or "")
