"""What a change of hardware version, or of the kind of product, does to devices: both ways, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, disk_lines, make_disk, make_vm, write_config
from changes.told import entries, manual, missing_options, reasons, settings

from vmxtool import inspect, plan_rewrite
from vmxtool.knowledge.product_names import find_target

if TYPE_CHECKING:
    from pathlib import Path

NIC = 'ethernet0.present = "TRUE"\nethernet0.virtualDev = "{}"'
SCSI = SCSI_DISK + 'scsi0.virtualDev = "{}"'


@pytest.mark.parametrize(
    ("lines", "guest", "hw", "wish", "key", "after"),
    [
        # network adapters: one that the guest has a driver for, where that is known
        (NIC.format("vmxnet3"), "rhel5-64", 7, 4, "ethernet0.virtualDev", "e1000"),
        (NIC.format("vmxnet3"), "winxppro", 7, 4, "ethernet0.virtualDev", "vlance"),
        (NIC.format("e1000e"), "windows8-64", 9, 7, "ethernet0.virtualDev", "e1000"),
        (NIC.format("e1000e"), "noSuchGuest", 9, 7, "ethernet0.virtualDev", "e1000"),
        (NIC.format("e1000"), "rhel4", 4, 3, "ethernet0.virtualDev", "vlance"),
        ('ethernet0.features = "15"', "rhel4", 4, 3, "ethernet0.features", None),
        # USB, sound, display
        ('usb_xhci.present = "TRUE"', "rhel5", 8, 7, "usb_xhci.present", None),
        ('usb_xhci:4.deviceType = "hid"', "rhel5", 8, 7, "usb_xhci:4.deviceType", None),
        ('ehci.present = "TRUE"', "rhel5", 6, 4, "ehci.present", None),
        ('sound.virtualDev = "hdaudio"', "rhel5", 8, 7, "sound.virtualDev", "es1371"),
        ('svga.vramSize = "536870912"', "rhel5", 9, 8, "svga.vramSize", "134217728"),
        # chipset
        ('vmci0.present = "TRUE"', "rhel5", 7, 6, "vmci0.present", None),
        ('hpet0.present = "TRUE"', "rhel5", 8, 6, "hpet0.present", None),
        ('pciBridge4.functions = "8"', "rhel5", 7, 6, "pciBridge4.functions", None),
        ('pciBridge0.present = "TRUE"', "rhel5", 6, 4, "pciBridge0.present", None),
        ('ethernet0.pciSlotNumber = "32"', "rhel5", 8, 7, "ethernet0.pciSlotNumber", None),
        ('ethernet0.pciSlotNumber = "32"', "rhel5", 7, 8, "ethernet0.pciSlotNumber", None),
        ('vmi.present = "TRUE"', "rhel5", 4, 3, "vmi.present", None),
        ('vmi.present = "TRUE"', "rhel5", 7, 8, "vmi.present", None),
        # processors and memory
        ('vcpu.hotadd = "TRUE"', "rhel5", 7, 6, "vcpu.hotadd", None),
        ('mem.hotadd = "TRUE"', "rhel5", 7, 6, "mem.hotadd", None),
        ('vhv.enable = "TRUE"', "rhel5", 9, 8, "vhv.enable", None),
        ('cpuid.coresPerSocket = "2"\nnumvcpus = "2"', "rhel5", 7, 6, "cpuid.coresPerSocket", None),
        ('cpuid.coresPerSocket = "300"\nnumvcpus = "300"', "rhel5", 22, 21, "cpuid.coresPerSocket", "256"),
        # sources disagree, so it stays
        ('cpuid.coresPerSocket = "128"\nnumvcpus = "128"', "rhel5", 20, 19, "virtualHW.version", "19"),
        # disks
        ('ctkEnabled = "TRUE"', "rhel5", 7, 6, "ctkEnabled", None),
        # what the product notes itself
        ('monitor.phys_bits_used = "43"', "rhel5", 14, 18, "monitor.phys_bits_used", None),
        ('vmotion.svga.graphicsMemoryKB = "262144"', "rhel5", 18, 14, "vmotion.svga.graphicsMemoryKB", None),
        # display
        ('svga.vramSize = "268435456"', "rhel5", 14, 13, "svga.vramSize", "134217728"),
        ('svga.graphicsMemoryKB = "8388608"', "rhel5", 18, 16, "svga.graphicsMemoryKB", "3145728"),
        ('svga.graphicsMemoryKB = "262144"', "rhel5", 18, 10, "svga.graphicsMemoryKB", None),
        # later devices
        ('vwdt.present = "TRUE"', "rhel5", 17, 16, "vwdt.present", None),
        ('precisionclock0.present = "TRUE"', "rhel5", 17, 16, "precisionclock0.present", None),
        ('cpuid.numSMT = "2"', "rhel5", 20, 19, "cpuid.numSMT", None),
        ('dataSetsMgr.vmStoreFile = "till.dsd"', "rhel5", 20, 19, "dataSetsMgr.vmStoreFile", None),
        ('nvme.specVersion = "103"', "rhel5", 19, 18, "nvme.specVersion", None),
        ('serial4.present = "TRUE"', "rhel5", 11, 10, "serial4.present", None),
        ('featMask.vm.cpuid.avx = "Val:0"', "rhel5", 14, 13, "featMask.vm.cpuid.avx", None),
        (SCSI.format("lsilogic") + '\nscsi0:0.ctkEnabled = "TRUE"', "rhel5", 7, 6, "scsi0:0.ctkEnabled", None),
        (SCSI.format("vmxlsilogic"), "rhel4", 3, 4, "scsi0.virtualDev", "lsilogic"),
        # firmware and security
        ('uefi.secureBoot.enabled = "TRUE"', "rhel5", 13, 11, "uefi.secureBoot.enabled", None),
        ('managedVM.autoAddVTPM = "software"', "rhel5", 14, 13, "managedVM.autoAddVTPM", None),
        ('vtpm.present = "FALSE"', "rhel5", 14, 13, "vtpm.present", None),
        ('windows.vbs.enabled = "TRUE"', "rhel5", 14, 13, "windows.vbs.enabled", None),
        # the version itself
        ("", "rhel5", 6, 3, "virtualHW.version", "3"),
        ("", "rhel5", 6, 3, "config.version", "6"),
    ],
)
def test_a_device_follows_the_version(
    tmp_path: Path, lines: str, guest: str, hw: int, wish: int, key: str, after: str | None
) -> None:
    vm = make_vm(tmp_path, lines, hw=hw, guest=guest)
    assert settings(plan_rewrite(vm, hwversion=wish))[key] == after


@pytest.mark.parametrize(
    ("lines", "hw", "wish", "kept"),
    [
        ('firmware = "efi"', 22, 11, "firmware"),
        ('vhv.enable = "TRUE"', 11, 9, "vhv.enable"),
        ('usb.present = "TRUE"', 6, 4, "usb.present"),
        (NIC.format("vmxnet3"), 17, 7, "ethernet0.virtualDev"),
        ('sound.present = "TRUE"\nsound.virtualDev = "es1371"', 6, 4, "sound.virtualDev"),
        ('vmi.present = "TRUE"', 6, 7, "vmi.present"),
    ],
)
def test_what_the_version_knows_stays(tmp_path: Path, lines: str, hw: int, wish: int, kept: str) -> None:
    vm = make_vm(tmp_path, lines, hw=hw, guest="rhel6-64" if hw > 4 else "rhel4")
    assert kept not in settings(plan_rewrite(vm, hwversion=wish))


@pytest.mark.parametrize("line", ['usb.present = "TRUE"', 'ehci.present = "TRUE"', 'sound.present = "TRUE"'])
def test_esx_takes_away_what_hosted_products_of_the_same_version_have(tmp_path: Path, line: str) -> None:
    vm = make_vm(tmp_path, line, hw=4, guest="rhel4")
    key = line.partition(" ")[0]
    assert settings(plan_rewrite(vm, target="esx3"))[key] is None
    # USB 2.0 came to hosted products with version 6, so that there it goes as well.
    assert (key in settings(plan_rewrite(vm, target="server1"))) == (key == "ehci.present")


@pytest.mark.parametrize(
    ("lines", "key", "after", "option"),
    [
        (SCSI.format("lsisas1068"), "scsi0.virtualDev", "lsilogic", "--unsafe"),
        (SCSI.format("pvscsi"), "scsi0.virtualDev", "lsilogic", "--unsafe"),
        ('pciPassthru0.present = "TRUE"', "pciPassthru0.present", None, "--unsafe"),
        ('memsize = "16384"', "memsize", "8192", "--limit"),
    ],
)
def test_what_the_guest_may_not_start_without_is_changed_only_when_asked(
    tmp_path: Path, lines: str, key: str, after: str | None, option: str
) -> None:
    vm = make_vm(tmp_path, lines, hw=7, guest="windows7-64")
    refused = plan_rewrite(vm, hwversion=6)
    assert missing_options(refused) == option
    assert key in refused.refused[0].message or key in {place.key for place in refused.refused[0].evidence}
    asked = plan_rewrite(vm, hwversion=6, unsafe=True)
    assert settings(asked)[key] == after
    assert next(change for change in asked.changes if change.key == key).safety == "unsafe"
    assert asked.manual


def test_everything_that_stands_against_a_version_is_said_at_once(tmp_path: Path) -> None:
    text = 'firmware = "efi"\nnumvcpus = "16"\nmemsize = "131072"\nvtpm.present = "TRUE"\n'
    vm = make_vm(tmp_path, text + disk_lines("nvme0:0") + 'ethernet7.present = "TRUE"', hw=21, guest="windows11-64")
    made = plan_rewrite(vm, hwversion=4)
    said = " / ".join(reason.message for reason in made.refused)
    for word in ("EFI", "TPM", "16 virtual processors"):
        assert word in said, said
    # Memory, the disk and ethernet7 are not among them: vmxtool changes all three where that is asked for, and nothing
    # asks for an option of a rewrite that cannot be made with it either.
    assert "not-asked-for" not in reasons(made)


def test_options_that_are_missing_are_said_beside_what_the_owner_has_to_do_first(tmp_path: Path) -> None:
    text = 'numvcpus = "16"\nmemsize = "131072"\n' + disk_lines("nvme0:0")
    made = plan_rewrite(make_vm(tmp_path, text, hw=21, guest="rhel7-64"), hwversion=4)
    assert reasons(made) == ["too-many-vcpus", "not-asked-for"]
    asked = made.refused[-1]
    assert asked.fix is not None
    assert {"--limit", "--move-disks"} <= set(asked.fix.text.split())
    assert {"nvme0:0", "memsize"} <= {(place.key or "").removesuffix(".fileName") for place in asked.evidence}


def test_unverified_figures_refuse_nothing_and_are_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "262144"\nfirmware = "bios"', hw=9, guest="rhel4")
    made = plan_rewrite(vm, hwversion=7)
    assert "memsize" not in settings(made)
    assert any("262144" in note and "unverified" in note for note in made.notes)


def test_memory_over_a_products_own_limit_shrinks_to_it_when_asked(tmp_path: Path) -> None:
    product = find_target("ws5.5")
    assert product.max_memory_mib is not None
    assert "max_memory_mib" not in product.unverified
    vm = make_vm(tmp_path, 'memsize = "4096"', hw=4, guest="rhel4")
    assert missing_options(plan_rewrite(vm, target="ws5.5")) == "--limit"
    assert settings(plan_rewrite(vm, target="ws5.5", unsafe=True))["memsize"] == str(product.max_memory_mib)


@pytest.mark.parametrize(("hw", "wish", "one_way"), [(3, 10, True), (3, 4, False), (4, 7, False), (13, 14, False)])
def test_raising_the_version_says_whether_a_product_takes_it_back(
    tmp_path: Path, hw: int, wish: int, *, one_way: bool
) -> None:
    vm = make_vm(tmp_path, "", hw=hw, guest="rhel4")
    made = plan_rewrite(vm, hwversion=wish)
    assert settings(made)["virtualHW.version"] == str(wish)
    (note,) = made.notes
    assert ("once the VM has run, nothing takes it back" in note) == one_way
    assert "an undo takes" in note
    assert "VMware Tools" in manual(made)


def test_lowering_the_version_is_not_told_to_be_one_way(tmp_path: Path) -> None:
    assert plan_rewrite(make_vm(tmp_path, "", hw=4, guest="rhel4"), hwversion=3).notes == ()


def test_a_device_that_comes_to_life_with_a_newer_version_is_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'ethernet5.present = "TRUE"', hw=4, guest="rhel4")
    assert any("ethernet5" in note for note in plan_rewrite(vm, hwversion=7).notes)


def test_disks_of_esx_server_2_get_the_name_that_other_products_read(tmp_path: Path) -> None:
    text = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "vmhba0:0:0:5:disk.vmdk"'
    vm = inspect(write_config(tmp_path, text, hw=3, guest="rhel3", config=6))
    # ESX Server 3 is one of them, though it runs the VM of ESX Server 2 as it is.
    for target in ("gsx3", "esx3"):
        version = {"config.version": "8"} if target == "esx3" else {}
        assert settings(plan_rewrite(vm, target=target)) == {"scsi0:0.name": "scsi0:0.fileName"} | version
    assert settings(plan_rewrite(vm, hwversion=4))["scsi0:0.name"] == "scsi0:0.fileName"
    for stays in ({"target": "esx2"}, {"hwversion": 3}):
        assert settings(plan_rewrite(vm, **stays)) == {}


def test_product_compatibility_with_esx_goes_on_a_hosted_product(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'virtualHW.productCompatibility = "esx"', hw=4, guest="rhel4")
    assert settings(plan_rewrite(vm, target="ws6")) == {"virtualHW.productCompatibility": "hosted"}
    assert settings(plan_rewrite(vm, target="esx3")) == {}


def test_a_guest_name_that_the_target_may_not_know_becomes_the_nearest_older_one_when_asked(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, "", hw=10, guest="windows9-64")
    plain = plan_rewrite(vm, hwversion=8)
    assert "guestOS" not in settings(plain)
    assert any("windows9-64" in note and "--unsafe" in note for note in plain.notes)
    assert settings(plan_rewrite(vm, hwversion=8, unsafe=True))["guestOS"] == "windows8-64"
    assert settings(plan_rewrite(vm, hwversion=7, unsafe=True))["guestOS"] == "windows7-64"


def test_descriptors_follow_the_version_once_per_file_and_encrypted_ones_do_not(tmp_path: Path) -> None:
    make_disk(tmp_path / "plain.vmdk", adapter="lsilogic", hw=20)
    make_disk(tmp_path / "secret.vmdk", adapter="lsilogic", hw=20, head='encryptionKeys="vmware:key/list/()"')
    text = 'scsi0.virtualDev = "lsilogic"\nscsi0.present = "TRUE"\n'
    for unit, name in enumerate(("plain", "secret")):
        text += f'scsi0:{unit}.present = "TRUE"\nscsi0:{unit}.fileName = "{name}.vmdk"\n'
    made = plan_rewrite(make_vm(tmp_path, text, hw=20, guest="rhel8-64"), hwversion=19)
    assert entries(made) == [("plain.vmdk", "ddb.virtualHWVersion", 'ddb.virtualHWVersion = "19"')]
    assert any("secret.vmdk is encrypted" in note for note in made.notes)


def test_change_tracking_in_a_descriptor_is_told_below_the_version_that_brought_it(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", adapter="lsilogic", hw=7, head='changeTrackPath="disk-ctk.vmdk"')
    vm = make_vm(tmp_path, SCSI.format("lsilogic"), hw=8, guest="rhel4")
    assert any("disk-ctk.vmdk" in note for note in plan_rewrite(vm, hwversion=6).notes)
    assert not any("disk-ctk.vmdk" in note for note in plan_rewrite(vm, hwversion=7).notes)


def test_a_disk_that_is_not_here_does_not_stop_a_change_of_version_and_is_told(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, SCSI.format("lsilogic"), hw=6, guest="rhel4", disks=False)
    made = plan_rewrite(vm, hwversion=4)
    assert settings(made) == {"virtualHW.version": "4"}
    assert any("disk.vmdk is not here" in note for note in made.notes)


def test_a_setting_is_changed_once(tmp_path: Path) -> None:
    # Three rules speak of it: the bridge, the slot numbers, and for ESX the sound.
    text = 'pciBridge4.pciSlotNumber = "21"\nsound.pciSlotNumber = "33"\nsound.virtualDev = "hdaudio"'
    made = plan_rewrite(make_vm(tmp_path, text, hw=10, guest="rhel4"), target="esx3")
    keys = [change.key for change in made.changes]
    assert len(keys) == len(set(keys))
    assert settings(made)["sound.virtualDev"] is None


def test_a_device_whose_number_the_version_does_not_have_is_refused(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'ethernet5.present = "TRUE"', hw=7, guest="rhel4")
    assert "device-number-not-in-hardware-version" in reasons(plan_rewrite(vm, hwversion=4))


HD_AUDIO = 'sound.present = "TRUE"\nsound.virtualDev = "hdaudio"\nsound.fileName = "-1"'


@pytest.mark.parametrize(
    ("hw", "target", "kept"),
    [(14, "esxi6.5", True), (10, "esxi5.5", True), (10, "esxi5.1", False), (18, "ws14", True), (18, "ws7", True)],
)
def test_hd_audio_stays_where_esx_offers_it(tmp_path: Path, hw: int, target: str, *, kept: bool) -> None:
    made = settings(plan_rewrite(make_vm(tmp_path, HD_AUDIO, hw=hw, guest="win7"), target=target))
    assert ("sound.present" not in made) == kept
    assert made.get("sound.virtualDev") == {"ws7": "es1371"}.get(target)


@pytest.mark.parametrize("model", ['sound.virtualDev = "es1371"', 'sound.virtualDev = "sb16"', ""])
def test_other_sound_goes_on_esx_and_stays_in_a_version_that_esx_alone_offers(tmp_path: Path, model: str) -> None:
    vm = make_vm(tmp_path, f'sound.present = "TRUE"\n{model}', hw=18, guest="win7")
    assert settings(plan_rewrite(vm, target="esxi7.0u1"))["sound.present"] is None
    assert "sound.present" not in settings(plan_rewrite(vm, hwversion=17))
    assert "sound.present" not in settings(plan_rewrite(vm, target="hw17"))


@pytest.mark.parametrize(
    ("guest", "line", "told"),
    [
        ("rhel7-64", 'ethernet0.pciSlotNumber = "160"', True),
        ("windows7-64", 'ethernet0.pciSlotNumber = "160"', False),
        ("rhel7-64", 'scsi0.pciSlotNumber = "16"', False),
    ],
)
def test_a_linux_guest_may_name_its_network_interface_anew(
    tmp_path: Path, guest: str, line: str, *, told: bool
) -> None:
    text = f'ethernet0.present = "TRUE"\nethernet1.present = "TRUE"\nethernet1.virtualDev = "e1000"\n{line}'
    made = plan_rewrite(make_vm(tmp_path, text, hw=11, guest=guest), hwversion=10)
    assert ("a Linux guest may name the network interface anew" in manual(made)) == told
    assert manual(plan_rewrite(make_vm(tmp_path, text, hw=11, guest=guest), hwversion=11)) == ""


@pytest.mark.parametrize("line", ['vhv.enable = "FALSE"', 'vvtd.enable = "FALSE"', 'mem.hotadd = "FALSE"'])
def test_a_switch_that_is_off_is_left_as_it_is(tmp_path: Path, line: str) -> None:
    made = settings(plan_rewrite(make_vm(tmp_path, line, hw=18, guest="rhel5"), hwversion=6))
    assert line.partition(" ")[0] not in made


def test_memory_over_every_figure_of_a_version_shrinks_when_asked(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'memsize = "524288"', hw=9, guest="rhel4")
    assert missing_options(plan_rewrite(vm, hwversion=7)) == "--limit"
    assert settings(plan_rewrite(vm, hwversion=7, unsafe=True))["memsize"] == "262144"


@pytest.mark.parametrize(("cores", "lowered"), [(128, None), (256, "128")])
def test_cores_over_every_figure_of_a_version_are_lowered(tmp_path: Path, cores: int, lowered: str | None) -> None:
    text = f'cpuid.coresPerSocket = "{cores}"\nnumvcpus = "{cores}"'
    made = plan_rewrite(make_vm(tmp_path, text, hw=20, guest="rhel5"), hwversion=19)
    assert settings(made).get("cpuid.coresPerSocket") == lowered
