"""What stops a power-on although every value for itself is one that VMware takes: values against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import SCSI_DISK, make_vm, write_config
from hypothesis import given
from hypothesis import strategies as st

import vmxtool
from vmxtool.planner.verdict import Answer

if TYPE_CHECKING:
    from pathlib import Path


def codes(vm: object, target: str) -> set[str]:
    return {item.code for item in vmxtool.check(vm, target).findings}  # type: ignore[arg-type]


def config(folder: Path, lines: str, *, hw: int = 13, guest: str = "ubuntu-64") -> Path:
    return write_config(folder, lines, hw=hw, guest=guest, name="till.vmx")


@given(vcpus=st.integers(1, 32), cores=st.integers(1, 32))
def test_processors_have_to_fill_their_sockets_where_there_are_several(
    tmp_path_factory: pytest.TempPathFactory, vcpus: int, cores: int
) -> None:
    folder = tmp_path_factory.mktemp("vm")
    path = config(folder, f'numvcpus = "{vcpus}"\ncpuid.coresPerSocket = "{cores}"\n')
    assert ("CPU408" in codes(path, "esxi6.5")) is (vcpus > 1 and vcpus % cores != 0)


@pytest.mark.parametrize("line", ['memsize = "two"', 'numvcpus = "two"', 'cpuid.coresPerSocket = "x"'])
def test_a_vm_whose_figure_is_no_number_is_ready_nowhere(tmp_path: Path, line: str) -> None:
    path = config(tmp_path, line, hw=8)
    assert {it.verdict for it in vmxtool.check_all(path)} <= {Answer.DEPENDS, Answer.NOT_SUPPORTED}


@pytest.mark.parametrize("memory", [1, 255, 1023])
def test_memory_is_a_multiple_of_four(tmp_path: Path, memory: int) -> None:
    path = config(tmp_path, f'memsize = "{memory}"', hw=8)
    assert Answer.READY not in {it.verdict for it in vmxtool.check_all(path)}


def test_a_rewrite_lowers_a_figure_of_the_own_version_and_the_vm_is_ready(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, 'svga.vramSize = "268435456"\n', hw=13, guest="ubuntu-64")
    found = vmxtool.check(vm, "esxi7.0")
    assert found.verdict is Answer.NEEDS_STEPS
    vmxtool.plan_rewrite(tmp_path, target="esxi7.0").apply()
    assert 'svga.vramSize = "134217728"' in (tmp_path / "vm.vmx").read_text()
    assert vmxtool.check(tmp_path, "esxi7.0").verdict is Answer.READY


@pytest.mark.parametrize("target", ["ws17", "fusion13.5"])
def test_what_a_hosted_product_makes_of_such_a_figure_is_not_judged(tmp_path: Path, target: str) -> None:
    vm = make_vm(tmp_path, 'svga.vramSize = "268435456"\n', hw=12, guest="ubuntu-64")
    assert "DEV702" not in codes(vm, target)


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("", True),
        ('sched.mem.min = "2047"\n', True),
        ('sched.mem.min = "2048"\n', False),
        ('sched.mem.pin = "TRUE"\n', False),
        ('sched.mem.pin = "FALSE"\nsched.mem.min = "0"\n', True),
    ],
)
def test_a_device_of_the_host_asks_for_all_memory_to_be_reserved_on_esx_alone(
    tmp_path: Path, lines: str, found: bool
) -> None:
    vm = make_vm(tmp_path, f'memsize = "2048"\npciPassthru0.present = "TRUE"\n{lines}', hw=14, guest="ubuntu-64")
    assert ("CPU409" in codes(vm, "esxi7.0")) is found
    assert "CPU409" not in codes(vm, "ws17")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ('scsi0:7.present = "TRUE"\nscsi0:7.fileName = "a.vmdk"\n', True),
        ('scsi0:7.present = "FALSE"\nscsi0:7.fileName = "a.vmdk"\n', False),
        ('scsi1:7.present = "TRUE"\nscsi1:7.fileName = "a.vmdk"\n', False),  # its controller is absent
        ("".join(f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "{n}.vmdk"\n' for n in range(16)), True),
    ],
)
def test_the_controllers_own_unit(tmp_path: Path, lines: str, found: bool) -> None:
    path = config(tmp_path, f'scsi0.present = "TRUE"\n{lines}', hw=8)
    assert ("DSK241" in {it.code for it in vmxtool.judge(path)}) is found


@pytest.mark.parametrize("data", [b"", b"MRVN", b"not such a file", b"\0" * 300_000, b"MRVN" + b"\xff" * 300_000])
def test_any_file_in_the_place_of_the_nvram_is_borne(tmp_path: Path, data: bytes) -> None:
    path = config(tmp_path, 'nvram = "till.nvram"\n')
    (tmp_path / "till.nvram").write_bytes(data)
    assert "VMX023" not in {it.code for it in vmxtool.judge(path)}


def test_partitions_are_believed_before_the_nvram(tmp_path: Path) -> None:
    make_vm(tmp_path, SCSI_DISK, hw=10)
    record = b"\xeb\x63".ljust(446, b"\0") + bytes([0x80, 0, 0, 0, 7]) + bytes(11 + 48) + b"\x55\xaa"
    with (tmp_path / "disk-flat.vmdk").open("r+b") as stream:
        stream.write(record)
    config_path = next(tmp_path.glob("*.vmx"))
    config_path.with_suffix(".nvram").write_bytes(b"MRVN...VMWNVRAM")
    assert {it.code for it in vmxtool.judge(tmp_path)}.isdisjoint({"VMX023", "GST522"})
    with config_path.open("a") as stream_of_text:
        stream_of_text.write('firmware = "efi"\n')
    found = {it.code for it in vmxtool.judge(tmp_path)}
    assert "GST522" in found
    assert "VMX023" not in found


def test_an_x86_guest_has_its_own_devices(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\nide1:0.present = "TRUE"\n'
    vm = make_vm(tmp_path, lines, hw=20, guest="debian11-64")
    assert {"GST516", "GST517", "GST518"}.isdisjoint(codes(vm, "fusion13.5"))


def test_an_arm_guest_is_not_judged_by_devices_where_it_does_not_run_at_all(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n'
    vm = make_vm(tmp_path, lines, hw=20, guest="arm-debian11-64")
    assert "GST516" in codes(vm, "fusion13.5")
    assert "GST516" not in codes(vm, "ws17")
