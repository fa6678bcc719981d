"""Files that a config takes for disks and that another program wrote: each becomes a disk of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from build import make_vm

import vmxtool
from vmxtool.planner.verdict import Answer

if TYPE_CHECKING:
    from pathlib import Path


def lines(*files: str) -> str:
    """The settings of disks behind one controller."""
    units = (f'scsi0:{n}.present = "TRUE"\nscsi0:{n}.fileName = "{file}"\n' for n, file in enumerate(files))
    return 'scsi0.present = "TRUE"\nscsi0.virtualDev = "lsilogic"\n' + "".join(units)


def made_of(folder: Path, *files: str) -> list[str]:
    """The names of the disks that the files of a VM are converted into."""
    make_vm(folder, lines(*files), 8, "debian8-64", name="till.vmx")
    for file in files:
        if not file.endswith(".vmdk"):
            (folder / file).write_bytes(bytes(4096))
    found = vmxtool.judge(vmxtool.inspect(folder / "till.vmx"))
    fixes = (it.fix for it in found if it.code in {"DSK204", "DSK246"} and it.fix is not None)
    return [argv[-1].rpartition("/")[2] for fix in fixes for argv in fix.commands]


def test_two_files_of_one_stem_do_not_become_one_disk(tmp_path: Path) -> None:
    assert sorted(made_of(tmp_path, "x.vhd", "x.vdi")) == ["x-scsi0-0.vmdk", "x-scsi0-1.vmdk"]


def test_a_new_disk_takes_no_name_that_the_config_has_or_that_is_there(tmp_path: Path) -> None:
    assert made_of(tmp_path / "alone", "x.vhd") == ["x.vmdk"]
    assert "x.vmdk" not in made_of(tmp_path / "named", "x.vhd", "x.vmdk")
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "x.vmdk").touch()
    assert made_of(tmp_path / "there", "x.vhd") == ["x-2.vmdk"]


def test_a_file_of_an_unknown_format_is_no_disk_of_esx(tmp_path: Path) -> None:
    make_vm(tmp_path, lines("x.vhd"), 14, "debian8-64", name="till.vmx")
    (tmp_path / "x.vhd").write_bytes(bytes(4096))
    verdict = vmxtool.check(tmp_path / "till.vmx", "ws17", "esxi6.7")
    assert verdict.verdict is Answer.DEPENDS
    assert "DSK202" not in {it.code for it in verdict.findings}
