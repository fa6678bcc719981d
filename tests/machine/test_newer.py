"""A VM that would start from the disk under a newer one: found in every shape, with the disk that was the last."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from build import descriptor, disk_lines, make_disk, make_vm

from vmxtool import Answer, Do, check, inspect, plan_rewrite

if TYPE_CHECKING:
    from pathlib import Path

    from build import Kind

    from vmxtool.machine.snapshot_model import NewerDisk


def newer(folder: Path, attached: str = "srv.vmdk", place: str = "scsi0:0") -> tuple[NewerDisk, ...]:
    return make_vm(folder, disk_lines(place, attached), hw=7).snapshots.newer


@pytest.mark.parametrize("kind", ["sparse", "vmfs"])
@pytest.mark.parametrize("deltas", [1, 3])
def test_the_disk_under_newer_ones_blocks_everything(tmp_path: Path, kind: Kind, deltas: int) -> None:
    disk = make_disk(tmp_path / "srv.vmdk", kind)
    for number in range(1, deltas + 1):
        disk = make_disk(tmp_path / f"srv-{number:06}.vmdk", kind, parent=disk)
    (found,) = newer(tmp_path)
    assert (found.file, found.last, found.fits) == ("srv-000001.vmdk", (disk.name,), True)
    for target in ("ws17", "esxi6.7", "ws4"):
        verdict = check(tmp_path, target)
        assert verdict.verdict is Answer.NEEDS_STEPS
        assert verdict.steps[0].do is Do.REPAIR_CONFIG
        assert disk.name in (verdict.steps[0].remedy or "")
    assert "SNP610" in {item.code for item in plan_rewrite(tmp_path, hwversion=4).refused}


def test_the_last_disk_rests_on_the_others_and_is_nobodys_parent(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "srv.vmdk", "sparse")
    make_disk(tmp_path / "srv-000001.vmdk", "sparse", parent=base)
    assert newer(tmp_path, "srv-000001.vmdk") == ()
    assert make_vm(tmp_path, disk_lines("scsi0:0", "srv-000001.vmdk")).snapshots.present


def test_a_disk_in_the_middle_is_not_the_last(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "srv.vmdk", "sparse")
    for number in (1, 2):
        disk = make_disk(tmp_path / f"srv-{number:06}.vmdk", "sparse", parent=disk)
    (found,) = newer(tmp_path, "srv-000001.vmdk")
    assert (found.file, found.last) == ("srv-000002.vmdk", ("srv-000002.vmdk",))


def test_every_end_of_a_tree_is_named(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "srv.vmdk", "sparse")
    first = make_disk(tmp_path / "srv-000001.vmdk", "sparse", parent=base)
    for number in (2, 3):
        make_disk(tmp_path / f"srv-{number:06}.vmdk", "sparse", parent=first)
    (found,) = newer(tmp_path)
    assert found.last == ("srv-000002.vmdk", "srv-000003.vmdk")


def test_what_has_been_written_to_since_is_told(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "srv.vmdk", "vmfs")
    make_disk(tmp_path / "srv-000001.vmdk", "vmfs", parent=base)
    make_disk(base, "vmfs", cid="77777777")
    (found,) = newer(tmp_path)
    assert not found.fits
    (told,) = [item for item in check(tmp_path, "esxi6.7").findings if item.code == "SNP610"]
    assert "has been written to since" in told.message


def test_disks_that_rest_on_something_else_are_no_matter(tmp_path: Path) -> None:
    make_disk(tmp_path / "srv.vmdk", "sparse")
    other = make_disk(tmp_path / "other.vmdk", "sparse")
    make_disk(tmp_path / "other-000001.vmdk", "sparse", parent=other)
    (tmp_path / "noise.vmdk").write_bytes(b"\x00" * 9000)
    (tmp_path / "cut.vmdk").write_bytes(b"KDMV")
    (tmp_path / "gone.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint="../outside/srv.vmdk"))
    (tmp_path / "self.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint="self.vmdk"))
    (tmp_path / "folder.vmdk").mkdir()
    (tmp_path / "nowhere.vmdk").symlink_to("/nowhere")
    assert newer(tmp_path) == ()


def test_disks_that_rest_on_each_other_end(tmp_path: Path) -> None:
    make_disk(tmp_path / "srv.vmdk", "sparse")
    (tmp_path / "a.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint="srv.vmdk"))
    (tmp_path / "b.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint="c.vmdk"))
    (tmp_path / "c.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint="b.vmdk"))
    (found,) = newer(tmp_path)
    assert found.last == ("a.vmdk",)


def test_a_disk_in_a_folder_below_is_looked_at_where_it_lies(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "disks" / "srv.vmdk", "sparse")
    make_disk(tmp_path / "disks" / "srv-000001.vmdk", "sparse", parent=base)
    (found,) = newer(tmp_path, "disks/srv.vmdk")
    assert found.file == "disks/srv-000001.vmdk"


def test_no_sample_starts_from_an_older_disk(samples: Path) -> None:
    found = [inspect(path).snapshots.newer for path in samples.iterdir() if path.is_dir()]
    assert len(found) > 10
    assert not any(found)


@pytest.mark.parametrize(
    ("attached", "over", "lines"),
    [
        ("disks/srv.vmdk", "vm-000001.vmdk", ""),  # its snapshots lie beside the config
        ("srv.vmdk", "snaps/vm-000001.vmdk", 'workingDir = "snaps"\n'),
        ("srv.vmdk", "srv-s001.vmdk", ""),  # named like a piece of a disk
        ("srv.vmdk", ".vm-000001.vmdk", ""),
    ],
)
def test_a_newer_disk_is_found_wherever_a_product_puts_it(tmp_path: Path, attached: str, over: str, lines: str) -> None:
    base = make_disk(tmp_path / attached, "sparse")
    newest = tmp_path / over
    newest.parent.mkdir(exist_ok=True)
    newest.write_bytes(descriptor(parent="5f3a91c2", hint=os.path.relpath(base, newest.parent)))
    (found,) = make_vm(tmp_path, disk_lines("scsi0:0", attached) + lines, hw=7).snapshots.newer
    assert found.file == over


@pytest.mark.parametrize(
    "hint",
    ["SRV.VMDK", "[store]srv.vmdk", "[store] vm/srv.vmdk", "c:\\vms\\x\\SRV.vmdk", "/vmfs/volumes/4a/vm/Srv.vmdk"],
)
def test_a_hint_of_another_host_is_understood(tmp_path: Path, hint: str) -> None:
    make_disk(tmp_path / "srv.vmdk", "sparse")
    (tmp_path / "vm-000001.vmdk").write_bytes(descriptor(parent="5f3a91c2", hint=hint))
    (found,) = newer(tmp_path)
    assert found.file == "vm-000001.vmdk"


def test_a_descriptor_of_any_length_is_read_as_a_whole(tmp_path: Path) -> None:
    make_disk(tmp_path / "srv.vmdk", "sparse")
    text = descriptor(parent="5f3a91c2", hint="srv.vmdk")
    first, _, rest = text.partition(b"\n")
    (tmp_path / "vm-000001.vmdk").write_bytes(first + b"\n" + b"# padding\n" * 2_000 + rest)
    (found,) = newer(tmp_path)
    assert found.file == "vm-000001.vmdk"


def test_a_link_to_a_disk_leads_to_what_lies_beside_the_disk(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "real" / "srv.vmdk", "sparse")
    make_disk(tmp_path / "real" / "srv-000001.vmdk", "sparse", parent=base)
    (tmp_path / "srv.vmdk").symlink_to("real/srv.vmdk")
    (found,) = newer(tmp_path)
    assert found.file == "real/srv-000001.vmdk"


def test_a_disk_that_another_one_of_the_vm_rests_on(tmp_path: Path) -> None:
    base = make_disk(tmp_path / "srv.vmdk", "sparse")
    make_disk(tmp_path / "srv-000001.vmdk", "sparse", parent=base)
    both = disk_lines("scsi0:0", "srv.vmdk") + disk_lines("scsi0:1", "srv-000001.vmdk")
    (found,) = make_vm(tmp_path, both.replace('scsi0.present = "TRUE"\n', "", 1), hw=7).snapshots.newer
    assert (found.drive, found.file) == ("scsi0:0", "srv-000001.vmdk")
