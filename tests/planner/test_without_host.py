"""The ways from and to an ESX host for who has no shell there, or has the host no more."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from build import disk_lines, make_vm
from peers import needs_qemu

import vmxtool
from vmxtool.findings import Do
from vmxtool.planner.verdict import Answer

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CopySample

    from vmxtool.planner.plan import Step


def converting(vm: Path, target: str) -> list[Step]:
    """The steps of the way that converts the disks here, or none."""
    steps = vmxtool.check(vmxtool.inspect(vm), target).steps
    ways = {step.way for step in steps if step.do is Do.CONVERT_DISKS}
    return [step for step in steps if step.way in {None, *ways}] if ways else []


@needs_qemu
@pytest.mark.peer
def test_a_disk_of_esx_that_is_here_whole_is_converted_without_the_host(copy_sample: CopySample) -> None:
    folder = copy_sample("esxi67")
    data = bytes(range(256)) * (64 * 1024 // 256)
    (folder / "build01-flat.vmdk").write_bytes(data)
    convert, *rest = converting(folder, "ws17.5")
    assert [step.do for step in rest] == [Do.COPY, Do.CONNECT_NETWORK]
    for argv in convert.commands:
        subprocess.run(argv, check=True)
    raw = folder / "there.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", folder / "converted" / "build01.vmdk", raw], check=True)
    assert raw.read_bytes() == data
    assert vmxtool.check(vmxtool.inspect(folder / "converted"), "ws17.5").verdict is Answer.READY


@pytest.mark.parametrize("lacking", ["data", "descriptor", "kind", "parent"])
def test_a_disk_that_is_not_here_whole_is_converted_on_its_host_alone(copy_sample: CopySample, lacking: str) -> None:
    folder = copy_sample("esxi67")
    assert converting(folder, "ws17.5")
    disk = folder / "build01.vmdk"
    text = disk.read_text()
    if lacking == "data":
        (folder / "build01-flat.vmdk").unlink()
    elif lacking == "descriptor":
        disk.unlink()
    elif lacking == "kind":  # qemu-img refuses it
        disk.write_text(text.replace('createType="vmfs"', 'createType="vmfsThin"'))
    else:
        disk.write_text(text.replace("parentCID=ffffffff", 'parentCID=12345678\nparentFileNameHint="base.vmdk"'))
    assert not converting(folder, "ws17.5")


def test_what_is_done_on_the_host_first_makes_the_copy_here_older(copy_sample: CopySample) -> None:
    folder = copy_sample("esxi67")
    (folder / "build01-ab12.vmss").write_bytes(b"\xd1\xbe\xd2\xbe" + bytes(60))
    config = folder / "build01.vmx"
    config.write_text(config.read_text().rstrip() + '\ncheckpoint.vmState = "build01-ab12.vmss"\n')
    assert "power-off" in {step.do for step in vmxtool.check(vmxtool.inspect(folder), "ws17.5").steps}
    assert not converting(folder, "ws17.5")


def test_an_esx_host_takes_its_own_disks_as_they_are(copy_sample: CopySample) -> None:
    assert not converting(copy_sample("esxi67"), "esxi8.0")


@pytest.mark.parametrize(
    ("kinds", "networks"),
    [
        (("nat",), ["--network=NETWORK"]),
        (("nat", "nat"), ["--network=NETWORK"]),
        (("nat", "custom"), ["--net:nat=NETWORK", "--net:custom=NETWORK"]),
        ((), []),
    ],
)
@pytest.mark.parametrize("hw", [8, 16])
def test_an_upload_names_every_network_of_the_vm(
    tmp_path: Path, kinds: tuple[str, ...], networks: list[str], hw: int
) -> None:
    nics = "".join(f'ethernet{n}.present = "TRUE"\nethernet{n}.connectionType = "{it}"\n' for n, it in enumerate(kinds))
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "till.vmdk") + nics, hw, "debian8-64", name="till.vmx", kind="sparse")
    steps = vmxtool.check(vm.path, "esxi6.7").steps
    if hw > 14 and networks:
        networks = ["--network=NETWORK"]  # the rewrite takes out what the kinds of networks are told by
    (argv,) = [argv for step in steps if step.do is Do.UPLOAD for argv in step.commands]
    assert [word for word in argv if word.startswith("--net")] == networks
