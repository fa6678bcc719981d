"""Ports, sound, USB, shared folders, devices of the host and the TPM, as the config has them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from machine import vms

from vmxtool.machine.peripherals import PassedThrough, Port, SharedFolder, peripherals_of


def test_of_a_bare_config_there_is_nothing(tmp_path: Path) -> None:
    found = peripherals_of(vms.read(tmp_path))
    assert (found.ports, found.sound, found.usb, found.shared_folders, found.passthrough) == ((), None, (), (), ())
    assert (found.security.tpm, found.security.secure_boot, found.security.vbs) == ("none", False, False)


def test_ports_with_what_is_behind_them(tmp_path: Path) -> None:
    vm = vms.read(
        tmp_path,
        'serial0.present = "TRUE"',
        'serial0.fileType = "pipe"',
        r'serial0.fileName = "\\.\pipe\com_1"',
        'serial1.present = "TRUE"',
        'serial1.startConnected = "FALSE"',
        'serial2.present = "FALSE"',
        'parallel0.present = "TRUE"',
        'parallel0.fileType = "file"',
        'parallel0.fileName = "out.txt"',
    )
    assert peripherals_of(vm).ports == (
        Port("serial0", "serial", "pipe", r"\\.\pipe\com_1", connected=True),
        Port("serial1", "serial", "device", None, connected=False),
        Port("parallel0", "parallel", "file", "out.txt", connected=True),
    )


def test_no_product_looks_at_more_ports(tmp_path: Path) -> None:
    lines = [f'{kind}{n}.present = "TRUE"' for kind in ("serial", "parallel") for n in range(100)]
    ports = peripherals_of(vms.read(tmp_path, *lines)).ports
    assert [port.id for port in ports] == [f"serial{n}" for n in range(32)] + [f"parallel{n}" for n in range(3)]


@pytest.mark.parametrize(("line", "model"), [('sound.virtualDev = "HDAudio"', "hdaudio"), ("", "default")])
def test_sound(tmp_path: Path, line: str, model: str) -> None:
    assert peripherals_of(vms.read(tmp_path, 'sound.present = "TRUE"', line)).sound == model


def test_usb_controllers_and_what_the_config_connects(tmp_path: Path) -> None:
    vm = vms.read(
        tmp_path,
        'usb.present = "TRUE"',
        'usb_xhci.present = "TRUE"',
        'usb.autoConnect.device0 = "0x0529:0x0001"',
        'usb.autoConnect.device1 = ""',
        'usb_xhci:4.present = "TRUE"',
        'usb_xhci:4.deviceType = "hid"',
        'ehci:0.present = "TRUE"',
        'ehci:0.deviceType = "video"',
    )
    assert [(it.id, it.kind, it.model, it.device) for it in peripherals_of(vm).usb] == [
        ("usb", "controller", "uhci", None),
        ("usb_xhci", "controller", "xhci", None),
        ("usb.autoconnect.device0", "device", "uhci", "0x0529:0x0001"),
        ("ehci:0", "device", "ehci", "video"),
    ]


def test_shared_folders_up_to_the_number_that_is_counted(tmp_path: Path) -> None:
    lines = ['sharedFolder.maxNum = "2"']
    for number in range(3):
        folder = f"sharedFolder{number}"
        lines += [f'{folder}.present = "TRUE"', f'{folder}.hostPath = "/{number}"', f'{folder}.guestName = "n{number}"']
    lines += ['sharedFolder0.enabled = "TRUE"', 'sharedFolder0.writeAccess = "TRUE"']
    assert peripherals_of(vms.read(tmp_path, *lines)).shared_folders == (
        SharedFolder("n0", "/0", enabled=True, writable=True),
        SharedFolder("n1", "/1", enabled=False, writable=False),
    )


def test_devices_of_the_host(tmp_path: Path) -> None:
    vm = vms.read(
        tmp_path,
        'pciPassthru0.present = "TRUE"',
        'pciPassthru0.id = "0000:3b:00.0"',
        'pciPassthru0.vendorId = "0x10de"',
        'pciPassthru0.deviceId = "0x1eb8"',
        'pciPassthru1.present = "TRUE"',
        'pciPassthru1.vgpu = "grid_p40-1q"',
        'scsi0.present = "TRUE"',
        'scsi0:3.present = "TRUE"',
        'scsi0:3.deviceType = "scsi-passthru"',
        'scsi0:3.fileName = "/dev/sg1"',
    )
    assert peripherals_of(vm).passthrough == (
        PassedThrough("pcipassthru0", "0000:3b:00.0 0x10de:0x1eb8"),
        PassedThrough("pcipassthru1", "grid_p40-1q"),
        PassedThrough("scsi0:3", "/dev/sg1"),
    )


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (['managedVM.autoAddVTPM = "software"'], "asked-for"),
        (['vtpm.present = "TRUE"'], "asked-for"),
        (['vtpm.present = "TRUE"', 'vtpm.ekCSR = "MIIB"'], "there"),
        (['vtpm.present = "FALSE"', 'vtpm.ekCSR = "MIIB"'], "none"),
        (['encryption.keySafe = "x"', 'encryption.data = "y"'], None),
    ],
)
def test_a_tpm_is_there_once_a_product_has_made_it(tmp_path: Path, lines: list[str], state: str | None) -> None:
    assert peripherals_of(vms.read(tmp_path, *lines)).security.tpm == state


WORDS = st.sampled_from(
    [
        *("serial0", "serial00", "parallel1", "usb", "usb:1", "ehci:9", "usb_xhci", "sound", "vtpm", "windows.vbs"),
        *("sharedFolder", "sharedFolder0", "sharedFolder999999", "pciPassthru0", "pciPassthru*"),
    ]
)
NAMES = st.sampled_from(["present", "fileName", "fileType", "maxNum", "autoConnect.device0", "hostPath", "deviceType"])
VALUES = st.sampled_from(["TRUE", "FALSE", "", "-1", "999999999999", "auto", "|00", "é"])


@given(st.lists(st.tuples(WORDS, NAMES, VALUES), max_size=12))
def test_any_settings_are_read(settings: list[tuple[str, str, str]]) -> None:
    lines = [f'{word}.{name} = "{value}"' for word, name, value in settings]
    with tempfile.TemporaryDirectory() as folder:
        found = peripherals_of(vms.read(Path(folder), *lines))
    assert len(found.ports) <= 35
    assert len(found.usb) <= 13
