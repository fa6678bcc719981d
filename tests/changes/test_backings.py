"""What a rewrite does with drives and ports that are connected to something of the old host."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, make_disk, write_config
from changes.told import settings

from vmxtool import check, inspect, plan_rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

OF_WINDOWS = r"""
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-raw"
ide1:0.fileName = "D:"
ide1:1.present = "TRUE"
ide1:1.deviceType = "cdrom-image"
ide1:1.fileName = "D:\iso\w2k.iso"
floppy0.fileName = "A:"
serial0.present = "TRUE"
serial0.fileName = "COM1"
serial1.present = "TRUE"
serial1.fileType = "file"
serial1.fileName = "C:\logs\out.txt"
serial2.present = "TRUE"
serial2.fileType = "pipe"
serial2.fileName = "\\.\pipe\com_1"
parallel0.present = "TRUE"
parallel0.fileName = "LPT1"
"""
OF_UNIX = """
ide1:0.present = "TRUE"
ide1:0.deviceType = "atapi-cdrom"
ide1:0.fileName = "/dev/cdrom"
floppy0.fileName = "/dev/fd0"
serial0.present = "TRUE"
serial0.fileName = "/dev/ttyS0"
"""
OF_ESX = """
ide1:0.present = "TRUE"
ide1:0.deviceType = "cdrom-image"
ide1:0.fileName = "/vmfs/volumes/4a5b6c7d-12345678/iso/w2k.iso"
ide1:1.present = "TRUE"
ide1:1.deviceType = "atapi-cdrom"
ide1:1.clientDevice = "TRUE"
ide1:1.fileName = "CD/DVD drive 0"
floppy0.fileType = "device"
floppy0.clientDevice = "TRUE"
floppy0.startConnected = "FALSE"
floppy0.fileName = "vmware-null-remote-floppy"
"""
OFF = {"startConnected": "FALSE"}


def drives(vm: Machine, target: str, origin: str, hwversion: int | None = None) -> dict[str, str | None]:
    """What becomes of the settings of drives and ports."""
    made = settings(plan_rewrite(vm, target=target, origin=origin, hwversion=hwversion))
    return {key: value for key, value in made.items() if not key.startswith(("config", "virtualHW", "scsi"))}


def of(device: str, **values: str | None) -> dict[str, str | None]:
    return {f"{device}.{name}": value for name, value in values.items()}


def vm_with(folder: Path, lines: str, hw: int = 6) -> Machine:
    make_disk(folder / "disk.vmdk", adapter="lsilogic", hw=hw)
    return inspect(write_config(folder, SCSI_DISK, lines, hw=hw, guest="win2000serv"))


def test_esx_gets_no_names_of_windows(tmp_path: Path) -> None:
    assert drives(vm_with(tmp_path, OF_WINDOWS), "esx3", "ws6") == {
        **of("ide1:0", fileName="auto detect", **OFF),
        **of("ide1:1", fileName="auto detect", deviceType="cdrom-raw", **OFF),
        **of("floppy0", fileName="", **OFF),
        **of("serial0", fileName="auto detect", **OFF),
        **of("serial1", fileName="out.txt"),
        **of("serial2", fileName="com_1", **OFF),
        **of("parallel0", fileName="auto detect", **OFF),
    }


def test_esx_server_2_gets_the_device_files_of_its_console(tmp_path: Path) -> None:
    made = drives(vm_with(tmp_path, OF_WINDOWS, hw=4), "esx2", "ws5.5")
    assert {key: made[key] for key in made if key.endswith("e") and "1" not in key.partition(":")[0]} == {
        **of("floppy0", fileName="/dev/fd0"),
        **of("serial0", fileName="/dev/ttyS0"),
        **of("serial2", fileName="com_1"),
        **of("parallel0", fileName="/dev/parport0"),
    }
    assert made["ide1:0.fileName"] == made["ide1:1.fileName"] == "/dev/cdrom"
    assert made["ide1:1.deviceType"] == "atapi-cdrom"


def test_a_mac_gets_no_drive_letters_and_no_device_files(tmp_path: Path) -> None:
    windows = drives(vm_with(tmp_path / "windows", OF_WINDOWS, hw=7), "fusion1", "ws6.5", hwversion=6)
    assert windows["ide1:0.fileName"] == windows["ide1:1.fileName"] == "auto detect"
    unix = drives(vm_with(tmp_path / "unix", OF_UNIX, hw=7), "fusion1", "ws6.5", hwversion=6)
    assert unix == {
        **of("ide1:0", fileName="auto detect", **OFF),
        **of("floppy0", fileName="", **OFF),
        **of("serial0", fileName="auto detect", **OFF),
    }


def test_another_host_of_the_same_kind_may_have_the_name(tmp_path: Path) -> None:
    assert drives(vm_with(tmp_path / "windows", OF_WINDOWS), "ws5.5", "ws6") == {}
    assert drives(vm_with(tmp_path / "unix", OF_UNIX), "esx3", "ws6") == {}


def test_hosted_products_get_no_datastores_and_no_drives_of_a_client(tmp_path: Path) -> None:
    assert drives(vm_with(tmp_path, OF_ESX, hw=7), "ws6", "esx4.0", hwversion=6) == {
        **of("ide1:0", fileName="auto detect", deviceType="cdrom-raw", **OFF),
        **of("ide1:1", fileName="auto detect", clientDevice="FALSE", **OFF),
        **of("floppy0", fileName="", clientDevice="FALSE"),
    }


def test_a_drive_that_moves_is_disconnected_at_its_new_place(tmp_path: Path) -> None:
    cdrom = r"""
    sata0.present = "TRUE"
    sata0:1.present = "TRUE"
    sata0:1.deviceType = "cdrom-image"
    sata0:1.fileName = "D:\iso\w2k.iso"
    """
    made = plan_rewrite(vm_with(tmp_path, cdrom, hw=10), target="esx4.0", origin="ws10")
    text = {line for change in made.changes if (line := change.after) is not None}
    assert {
        'ide1:0.fileName = "auto detect"',
        'ide1:0.deviceType = "cdrom-raw"',
        'ide1:0.startConnected = "FALSE"',
    } <= text
    assert "D:" not in "".join(text)


@pytest.mark.parametrize(
    "lines",
    [
        'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-raw"\nide1:0.fileName = "D:"\nide1:0.autodetect = "TRUE"',
        'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-raw"\nide1:0.fileName = "auto detect"',
        'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "tools.iso"',
    ],
    ids=["found by itself if there is one", "found by itself", "beside the config"],
)
def test_what_a_host_of_another_kind_finds_stays(tmp_path: Path, lines: str) -> None:
    vm = vm_with(tmp_path, lines)
    (tmp_path / "tools.iso").touch()
    assert drives(vm, "esx3", "ws6") == {}
    assert "DEV706" not in {it.code for it in check(vm, "esx3", "ws6").findings}


def test_an_image_in_the_folder_of_the_vm_is_named_beside_the_config(tmp_path: Path) -> None:
    lines = 'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "D:\\VMs\\vm\\tools.iso"'
    vm = vm_with(tmp_path, lines)
    (tmp_path / "tools.iso").touch()
    assert drives(inspect(vm.config.path), "esx3", "ws6") == of("ide1:0", fileName="tools.iso")


def test_an_image_elsewhere_on_this_computer_does_not_go_along(tmp_path: Path) -> None:
    image = tmp_path / "images" / "w2k.iso"
    image.parent.mkdir()
    image.touch()
    lines = f'ide1:0.present = "TRUE"\nide1:0.deviceType = "cdrom-image"\nide1:0.fileName = "{image}"'
    assert drives(vm_with(tmp_path / "vm", lines), "esx3", "ws6")["ide1:0.fileName"] == "auto detect"


def test_what_is_found_by_itself_counts_for_devices_alone(tmp_path: Path) -> None:
    lines = r"""
    ide1:0.present = "TRUE"
    ide1:0.deviceType = "cdrom-image"
    ide1:0.fileName = "D:\iso\w2k.iso"
    ide1:0.autodetect = "TRUE"
    """
    assert drives(vm_with(tmp_path, lines), "esx3", "ws6")["ide1:0.fileName"] == "auto detect"


def test_a_port_that_goes_stays_away(tmp_path: Path) -> None:
    lines = 'serial4.present = "TRUE"\nserial4.fileType = "file"\nserial4.fileName = "/home/me/o.log"'
    made = drives(vm_with(tmp_path, lines, hw=14), "esx3", "ws14")
    assert made == dict.fromkeys(["serial4.present", "serial4.fileType", "serial4.fileName"])


def test_files_of_ports_get_names_of_their_own(tmp_path: Path) -> None:
    lines = r"""
    serial0.present = "TRUE"
    serial0.fileType = "file"
    serial0.fileName = "C:\a\console.log"
    serial1.present = "TRUE"
    serial1.fileType = "file"
    serial1.fileName = "C:\b\console.log"
    parallel0.present = "TRUE"
    parallel0.fileType = "file"
    parallel0.fileName = "C:\b\disk.vmdk"
    """
    assert drives(vm_with(tmp_path, lines), "esx3", "ws6") == {
        "serial0.fileName": "console.log",
        "serial1.fileName": "serial1-console.log",
        "parallel0.fileName": "parallel0-disk.vmdk",
    }


def test_a_scsi_device_of_the_old_host_is_taken_out_and_told(tmp_path: Path) -> None:
    device = "/vmfs/devices/genscsi/mpx.vmhba1:C0:T0:L0"
    lines = f'scsi0:5.present = "TRUE"\nscsi0:5.deviceType = "scsi-passthru"\nscsi0:5.fileName = "{device}"'
    vm = vm_with(tmp_path, lines, hw=7)
    assert any(f"scsi0:5 ({device}): a SCSI device" in it.message for it in check(vm, "ws6", "esx4.0").findings)
    assert settings(plan_rewrite(vm, target="ws6", origin="esx4.0", hwversion=6))["scsi0:5.present"] == "FALSE"


def test_devices_of_a_mac_are_known_there_alone(tmp_path: Path) -> None:
    lines = 'serial0.present = "TRUE"\nserial0.fileName = "/dev/cu.usbserial"'
    vm = vm_with(tmp_path, lines, hw=14)
    assert drives(vm, "fusion1", "fusion10") == {}
    assert drives(vm, "esx3", "fusion10") == of("serial0", fileName="auto detect", **OFF)


def test_the_kind_of_the_old_host_is_that_of_the_product_that_is_named(tmp_path: Path) -> None:
    linux = """
    nvram = "/var/lib/vmware/Virtual Machines/srv/srv.nvram"
    ide1:0.present = "TRUE"
    ide1:0.deviceType = "cdrom-image"
    ide1:0.fileName = "/home/admin/win.iso"
    ethernet0.present = "TRUE"
    ethernet0.networkName = "Bridged"
    """
    vm = vm_with(tmp_path, linux, hw=7)
    assert drives(vm, "server1", "server2") == of("ethernet0", networkName=None, connectionType="bridged")
    assert drives(vm, "esx3", "server2")["nvram"] == "srv.nvram"
    # A second run asks for nothing although the config then looks like one of another product.
    for target in ("gsx3", "ws4", "server1", "esx3"):
        plan_rewrite(vm, target=target)


def test_files_are_named_with_the_separator_of_the_new_host(tmp_path: Path) -> None:
    lines = 'scsi0:1.present = "TRUE"\nscsi0:1.fileName = "sub\\data.vmdk"\nnvram = ".\\vm.nvram"\nworkingDir = "..\\w"'
    vm = vm_with(tmp_path, lines)
    made = settings(plan_rewrite(vm, target="esx3", origin="ws6"))
    assert (made["scsi0:1.fileName"], made["nvram"], made["workingDir"]) == ("sub/data.vmdk", "vm.nvram", "../w")
    assert "nvram" not in settings(plan_rewrite(vm, target="ws5.5", origin="ws6"))


def test_they_are_taken_off_where_nothing_else_has_to_change(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, OF_WINDOWS, hw=7)
    made = plan_rewrite(vm, target="esx4.0", origin="ws6.5")
    assert settings(made)["ide1:1.fileName"] == "auto detect"
    assert not any("D:" in (change.after or "") or "COM" in (change.after or "") for change in made.changes)
    made.apply()
    assert settings(plan_rewrite(inspect(tmp_path), target="esx4.0", origin="ws6.5")) == {}


def test_check_tells_images_and_drives_and_nothing_of_them_after_the_rewrite(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, OF_WINDOWS)
    drive, image = [it.message for it in check(vm, "esx3", "ws6").findings if it.code == "DEV706"]
    assert drive.startswith("ide1:0 (D:) and floppy0 (A:): a drive of the old host")
    assert image.startswith(r"ide1:1 (D:\iso\w2k.iso): an image on the old host")
    plan_rewrite(vm, target="esx3", origin="ws6").apply()
    left = {it.code for it in check(inspect(tmp_path), "esx3", "ws6").findings}
    assert not left & {"DEV705", "DEV706", "DEV727"}


def test_a_drive_letter_without_a_backslash_is_one_of_windows_too(tmp_path: Path) -> None:
    lines = r"""
    ide1:0.present = "TRUE"
    ide1:0.deviceType = "cdrom-image"
    ide1:0.fileName = "D:x.iso"
    suspend.directory = "D:"
    """
    for target, version in (("fusion1", 6), ("esx3", None)):
        made = drives(vm_with(tmp_path / target, lines, hw=7), target, "ws6.5", version)
        assert (made["ide1:0.fileName"], made["suspend.directory"]) == ("auto detect", None)
