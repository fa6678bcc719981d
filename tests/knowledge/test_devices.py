"""The device rules know what a second reading knows, and their key patterns match just what they name."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import devices as module
from vmxtool.knowledge.devices import NEVER, DeviceRule, devices, rules_for
from vmxtool.knowledge.hardware import LIMITS, hardware_versions

SHIPPED = (Path(module.__file__).parent / "devices.toml").read_text(encoding="utf-8")

# Read a second time, by hand: the first hardware version of each under hosted products and under ESX.
FIRST = {
    "nic-vmxnet3": (7, 7),
    "nic-e1000e": (8, 8),
    "nic-e1000": (4, 4),
    "nic-pvrdma": (NEVER, 13),
    "nvme-1.3": (19, 19),
    "hdaudio-on-esx": (1, 10),
    "graphics-memory-setting": (11, 11),
    "serial-ports-beyond-four": (11, 11),
    "watchdog": (17, 17),
    "precision-clock": (17, 17),
    "processor-threads": (20, 20),
    "processor-features-of-the-vm": (14, 14),
    "persistent-memory": (13, 13),
    "enclaves": (17, 17),
    "encrypted-memory": (18, 18),
    "confidential-guest": (22, 22),
    "nic-vmxnet2": (4, 4),
    "scsi-lsisas1068": (7, 7),
    "scsi-pvscsi": (7, 7),
    "scsi-lsilogic": (3, 3),
    "sata": (10, 10),
    "nvme": (13, 13),
    "ide-disk": (1, 7),
    "usb-1": (3, 7),
    "usb-2": (6, 7),
    "usb-3": (8, 8),
    "sound-hdaudio": (8, 8),
    "sound-on-esx": (1, NEVER),
    "graphics-3d": (4, 8),
    "vmci": (7, 7),
    "hpet": (7, 7),
    "pcie-root-ports": (7, 7),
    "pci-bridge": (6, 6),
    "pci-passthrough": (7, 7),
    "vmi": (6, 4),
    "cores-per-socket": (7, 7),
    "memory-nodes": (8, 8),
    "cpu-hot-add": (7, 7),
    "memory-hot-add": (7, 7),
    "nested-virtualization": (9, 9),
    "performance-counters": (9, 9),
    "change-tracking": (7, 7),
    "data-sets": (20, 20),
    "efi": (8, 8),
    "secure-boot": (13, 13),
    "vtpm": (14, 14),
    "vbs": (14, 14),
    "guest-64-bit": (4, 4),
    "several-snapshots": (4, 4),
}


@pytest.mark.parametrize(("name", "first"), FIRST.items())
def test_first_versions_are_those_of_the_second_reading(name: str, first: tuple[int, int]) -> None:
    rule = devices()[name]
    assert (rule.first_for(esx=False), rule.first_for(esx=True)) == first
    assert rule.first_for(esx=None) == min(first)


@pytest.mark.parametrize(
    ("key", "value", "names"),
    [
        ("ethernet0.virtualDev", "VMXNET3", {"nic-vmxnet3"}),
        ("ethernet9.virtualDev", "e1000e", {"nic-e1000e"}),
        ("ethernet0.virtualDev", "vlance", set()),
        ("ethernet0.present", "TRUE", {"nics", "pci-slots"}),
        ("scsi0.virtualDev", "lsisas1068", {"scsi-lsisas1068"}),
        ("scsi0.virtualDev", "vmxlsilogic", {"scsi-vmxlsilogic"}),
        ("scsi0.present", "TRUE", {"pci-slots"}),
        ("scsi0:3.present", "TRUE", {"scsi-pvscsi-units"}),
        ("scsi0.sasWWID", "50 05", {"scsi-sas-address"}),
        ("scsi0.pciSlotNumber", "16", {"slot-numbers"}),
        ("ethernet0.pciSlotNumber", "160", {"slot-numbers", "nic-slot-numbers"}),
        ("serial3.present", "TRUE", set()),
        ("serial4.present", "TRUE", {"serial-ports-beyond-four"}),
        ("serial31.fileType", "pipe", {"serial-ports-beyond-four"}),
        ("nvme0.specVersion", "103", {"nvme", "nvme-1.3"}),
        ("dataSetsMgr.diskStoreFile", "a.dsd", {"data-sets"}),
        ("vhv.enable", "TRUE", {"nested-virtualization"}),
        ("vhv.enable", "FALSE", set()),
        ("monitor.phys_bits_used", "43", {"noted-at-start"}),
        ("svga.graphicsMemoryKB", "262144", {"graphics-memory", "graphics-memory-setting"}),
        ("usb_xhci.pciSlotNumber", "192", {"slot-numbers", "usb-3"}),
        ("usb_xhci:4.deviceType", "hid", {"usb-3"}),
        ("usb.present", "TRUE", {"usb-1"}),
        ("usb:1.speed", "2", {"usb-1"}),
        ("ehci.present", "TRUE", {"usb-2"}),
        ("sata0:1.fileName", "a.iso", {"sata"}),
        ("sched.nvme0:0.shares", "normal", {"nvme"}),
        ("ide1:0.deviceType", "atapi-cdrom", {"ide-disk"}),
        ("firmware", "EFI", {"efi"}),
        ("firmware", "bios", set()),
        ("guestOS", "rhel7-64", {"guest-64-bit"}),
        ("guestOS", "winXPPro", set()),
        ("ctkEnabled", "TRUE", {"change-tracking"}),
        ("scsi0:0.ctkEnabled", "TRUE", {"change-tracking"}),
        ("cpuid.coresPerSocket", "4", {"cores-per-socket", "cores-per-socket-count"}),
        ("cpuid.1.eax", "----", set()),
        ("numa.autosize.vcpu.maxPerVirtualNode", "4", {"memory-nodes"}),
        ("pciBridge0.present", "TRUE", {"pci-bridge"}),
        ("pciBridge7.virtualDev", "pcieRootPort", {"pcie-root-ports"}),
        ("vmci0.id", "-1", {"vmci"}),
        ("vmcix", "-1", set()),
        ("displayName", "sata0.present", set()),
        ("", "", set()),
    ],
)
def test_keys_fall_under_their_rules(key: str, value: str, names: set[str]) -> None:
    assert {rule.id for rule in rules_for(key) if rule.takes(value)} == names


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"sound.present": "TRUE"}, {"sound-on-esx", "pci-slots"}),
        ({"sound.present": "TRUE", "sound.virtualdev": "es1371"}, {"sound-on-esx", "pci-slots"}),
        ({"sound.present": "TRUE", "sound.virtualdev": "HDAudio "}, {"hdaudio-on-esx", "pci-slots"}),
        ({"cpuid.numsmt": "2"}, {"processor-threads"}),
        ({"cpuid.numsmt": "1"}, set()),
    ],
)
def test_a_row_looks_at_the_other_settings_of_its_device(values: dict[str, str], names: set[str]) -> None:
    key = next(iter(values))
    assert {rule.id for rule in rules_for(key) if rule.holds(key, values)} == names
    assert all(rule.holds(key, values) for rule in rules_for(key) if rule.always)


def test_what_is_unsure_depends_on_the_kind_of_product() -> None:
    usb, audio, vmi = (devices()[name] for name in ("usb-1", "hdaudio-on-esx", "vmi"))
    assert [usb.unsure(esx=esx) for esx in (False, True, None)] == [True, False, True]
    assert [audio.unsure(esx=esx) for esx in (False, True, None)] == [True, True, True]
    assert vmi.unsure(esx=True)
    assert not devices()["nvme"].unsure(esx=None)


def test_what_sources_disagree_about_is_unverified() -> None:
    for name in ("secure-boot", "cpu-hot-add", "persistent-memory"):
        assert devices()[name].unsure(esx=True), name
    # So is a device whose keys were only seen.
    for name in ("vbs", "watchdog", "nic-pvrdma"):
        assert devices()[name].unsure(esx=True), name
    for name in ("data-sets", "processor-threads", "efi", "vtpm"):
        assert not devices()[name].unsure(esx=True), name


@given(st.text(), st.text())
def test_any_key_and_value_is_answered(key: str, value: str) -> None:
    for rule in rules_for(key):
        assert rule.matches(key)
        assert rule.takes(value) in {True, False}


@given(st.sampled_from(sorted(devices())), st.data())
def test_the_quick_way_finds_what_the_patterns_match(name: str, data: st.DataObject) -> None:
    rule = devices()[name]
    pattern = data.draw(st.sampled_from(rule.keys))
    fillings = st.text("0123456789", min_size=1, max_size=2)
    key = "".join(data.draw(fillings) if character == "*" else character for character in pattern)
    assert rule.matches(key)
    assert rule.matches(key.upper())
    assert rule in rules_for(key)
    assert not rule.matches(f"x{key}") or pattern.startswith("*")


@given(st.sampled_from(sorted({key for rule in devices().values() for key in rule.keys})), st.data())
def test_numbers_lead_to_the_rules_that_the_patterns_match(pattern: str, data: st.DataObject) -> None:
    # Keys with other numbers are looked up as one, so every number has to be tried that a pattern might have.
    numbers = st.integers(0, 12).map(str) | st.sampled_from(["00", "01", "99", "3d", "x", "4*"])
    key = "".join(data.draw(numbers) if part in {"*", "0", "1", "4"} else part for part in pattern)
    key = data.draw(st.sampled_from([key, key.upper(), f"{key}.x", f"{data.draw(numbers)}{key}", f"x.{key}"]))
    assert rules_for(key) == tuple(rule for rule in rules_in_turn(key) if rule.matches(key))


def rules_in_turn(key: str) -> list[DeviceRule]:
    """All rules, those first that begin with the same letters, as a look-up has them."""
    heads = {rule: {pattern[:3] for pattern in rule.keys} for rule in devices().values()}
    alike = [
        rule for rule, begins in heads.items() if key[:3].lower() in begins and not any("*" in it for it in begins)
    ]
    return [*alike, *(rule for rule, begins in heads.items() if any("*" in it for it in begins))]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("a*.b", "a.b", True),
        ("a*.b", "a12.b", True),
        ("a*.b", "a1.2.b", False),
        ("a.*", "a", False),
        ("a.*", "a.b.c", True),
        ("a*:*.b", "a0:1.b", True),
        ("a*:*.b", "a0.b", False),
        ("a*a", "a", False),
        ("a*ba*b", "abab", True),
        ("a*ba*b", "abb", False),
        ("*.c", "a.c", True),
        ("*.c", "c", False),
    ],
)
def test_stars(pattern: str, text: str, matches: bool) -> None:
    rule = devices()["efi"]
    fields = {name: getattr(rule, name) for name in DeviceRule._fields}
    assert DeviceRule(**{**fields, "keys": (pattern,)}).matches(text) is matches


def test_replaced_values_end_where_the_version_knows_them() -> None:
    for esx in (False, True):
        for number, version in hardware_versions().items():
            if number < 3 or not version.offered:
                continue
            for rule in devices().values():
                if rule.below != "replace" or rule.known(number, esx=esx):
                    continue
                value, steps = rule.replacement, 0
                while value is not None and steps < 5:
                    after = [
                        other.replacement
                        for key in rule.keys
                        for other in devices().values()
                        if other.below == "replace"
                        and key in other.keys
                        and other.value == value
                        and not other.known(number, esx=esx)
                    ]
                    value, steps = (after[0] if after else None), steps + 1
                assert value is None, (rule.id, number)


def test_what_came_late_may_also_go() -> None:
    vmi = devices()["vmi"]
    assert [number for number in range(3, 10) if vmi.known(number, esx=False)] == [6, 7]
    assert [number for number in range(3, 10) if vmi.known(number, esx=True)] == [4, 5, 6, 7]
    assert "last_hardware" in vmi.unverified


def test_slot_numbers_go_with_every_change() -> None:
    going = {rule.id for rule in devices().values() if rule.on_any_change}
    assert going == {"slot-numbers", "nic-slot-numbers", "noted-at-start"}


def test_limits_name_figures_of_the_hardware_versions() -> None:
    limited = {rule.id: rule.limit for rule in devices().values() if rule.limit is not None}
    assert set(limited.values()) <= set(LIMITS)
    assert {"vcpus", "memory", "nics", "cores-per-socket-count"} <= set(limited)
    assert devices()["video-memory"].per_unit == 1024 * 1024
    assert devices()["graphics-memory"].per_unit == 1024


def test_what_keeps_a_guest_from_starting_is_not_safe() -> None:
    for rule in devices().values():
        if rule.below == "move-disks" or any(key.startswith("scsi") and rule.value in {"pvscsi"} for key in rule.keys):
            assert rule.safety == "unsafe"
        if rule.below == "refuse":
            assert rule.safety == "manual"


def test_reasons_are_sentences_of_their_own() -> None:
    for rule in devices().values():
        for text in (rule.reason, rule.guest_loses):
            assert text is None or (text[0].isupper() or text[0].isdigit()), rule.id
            assert text is None or text.endswith("."), rule.id


def changed(old: str, new: str, rule: str = "nic-vmxnet3") -> str:
    """The shipped file with one line of one rule changed."""
    head, name, tail = SHIPPED.partition(f'id = "{rule}"')
    assert name
    assert old in tail.partition("[[device]]")[0]
    return head + name + tail.replace(old, new, 1)


@pytest.mark.parametrize(
    ("rule", "old", "new", "column"),
    [
        ("nic-vmxnet3", "first_hardware = 7", "", "first_hardware"),
        ("nic-vmxnet3", "first_hardware = 7", 'first_hardware = "seven"', "first_hardware"),
        ("nic-vmxnet3", "first_hardware = 7", "first_hardware = 0", "first_hardware"),
        ("nic-vmxnet3", "first_hardware = 7", "first_hardware = 7\nlast_hardware = 6", "last_hardware"),
        ("nic-vmxnet3", 'below = "replace"', 'below = "forget"', "below"),
        ("nic-vmxnet3", 'below = "replace"', 'below = "remove"', "replacement"),
        ("nic-vmxnet3", 'below = "replace"', 'below = "move-disks"', "replacement"),
        ("nic-vmxnet3", 'below = "replace"', 'below = "limit"', "limit"),
        ("nic-vmxnet3", 'keys = ["ethernet*.virtualdev"]', 'keys = ["ethernet*.virtualDev"]', "keys"),
        ("nic-vmxnet3", 'keys = ["ethernet*.virtualdev"]', "keys = []", "keys"),
        ("nic-vmxnet3", 'keys = ["ethernet*.virtualdev"]', 'keys = "ethernet*.virtualdev"', "keys"),
        ("nic-vmxnet3", 'keys = ["ethernet*.virtualdev"]', 'keys = ["a", "a"]', "keys"),
        ("nic-vmxnet3", 'value = "vmxnet3"', 'value = "VMXNET3"', "value"),
        ("nic-vmxnet3", 'value = "vmxnet3"', 'colour = "red"', "colour"),
        ("nic-vmxnet3", 'safety = "safe"', 'safety = "probably"', "safety"),
        ("nic-vmxnet3", 'safety = "safe"', 'safety = "safe"\nlosing_guests = "cats"', "losing_guests"),
        ("vbs", "while_on = true", 'while_on = "yes"', "while_on"),
        ("hdaudio-on-esx", '"sound.virtualdev" = "hdaudio"', '"ethernet0.virtualdev" = "hdaudio"', "when"),
        ("hdaudio-on-esx", '"sound.virtualdev" = "hdaudio"', '"sound.virtualDev" = "hdaudio"', "when"),
        ("sound-on-esx", '"sound.virtualdev" = "hdaudio"', '"sound.virtualdev" = "HDaudio"', "unless"),
        ("secure-boot", "disputed = { first_hardware", "disputed = { wheels", "disputed"),
        ("nic-vmxnet3", "source = ", 'source = "" #', "source"),
        ("nic-vmxnet3", "checked = 2026-11-22", "checked = 2026", "checked"),
        ("nic-vmxnet3", "checked = 2026-11-22", 'checked = 2026-11-22\nunverified = "wheels"', "unverified"),
        ("vcpus", 'limit = "vcpus"', 'limit = "wheels"', "limit"),
        ("vcpus", 'safety = "manual"', 'safety = "safe"', "safety"),
        ("video-memory", "per_unit = 1048576", "per_unit = 0", "per_unit"),
        ("slot-numbers", "on_any_change = true", "on_any_change = 1", "on_any_change"),
        ("efi", 'id = "efi"', 'id = "vcpus"', "id"),
    ],
)
def test_a_broken_cell_is_named(rule: str, old: str, new: str, column: str) -> None:
    text = SHIPPED.replace(old, new, 1) if old.startswith("id") else changed(old, new, rule)
    with pytest.raises(KnowledgeError, match=rf"devices\.toml: row [\w-]+: column {column}: "):
        module.read_devices(text)


def test_an_empty_file_is_broken() -> None:
    with pytest.raises(KnowledgeError, match="no device"):
        module.read_devices("")
