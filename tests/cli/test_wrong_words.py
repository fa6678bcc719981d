"""Words that cannot be meant: one line that says what to type instead, and exit code 2 or 3."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from build import write_config
from cli.program import vmxtool

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import CopySample


@pytest.fixture
def folder(copy_sample: CopySample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a VM in the folder "my vm"."""
    copy_sample("ws6-windows-ide").rename(tmp_path / "my vm")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(*words: str, code: int = 2) -> str:
    """The one line of an error."""
    told = vmxtool(*words)
    assert (told.code, told.out, told.err.count("\n")) == (code, "", 1)
    return told.err.removeprefix("vmxtool: ").rstrip("\n")


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("check", "--target", "ws6", "--target", "ws7"), "--target"),
        (("check", "-t", "ws6", "--to=ws7"), "--target"),
        (("route", "--target", "ws6", "--from", "ws5", "--from", "ws4"), "--from"),
        (("rewrite", "--hwversion", "4", "--hwversion", "6"), "--hwversion"),
        (("rewrite", "--target", "ws4", "--adapter", "lsilogic", "--adapter", "buslogic"), "--adapter"),
        (("inspect", "--format", "text", "--format", "text"), "--format"),
        (("undo", "--print", "a", "--print", "b"), "--print"),
        (("guide", "--table", "1", "--table", "2"), "--table"),
        (("targets", "--family", "esx", "--family", "ws"), "--family"),
    ],
)
def test_an_option_with_one_value_is_given_once(words: tuple[str, ...], name: str) -> None:
    assert refused(*words) == f"{name} is given twice; give it once, with one value"


def test_a_switch_may_stand_twice_and_help_is_given_in_any_case(folder: Path) -> None:
    assert vmxtool("inspect", "--why", "--why", "my vm").code == 0
    assert vmxtool("check", "-t", "a", "-t", "b", "--help").code == 0
    assert folder.is_dir()


@pytest.mark.parametrize(
    ("words", "whole"),
    [
        (("check", "my vm", "esxi6.7"), "vmxtool check --target esxi6.7 'my vm'"),
        (("check", "esxi6.7", "my vm"), "vmxtool check --target esxi6.7 'my vm'"),
        (("check", "esxi6.7"), "vmxtool check --target esxi6.7"),
        (("check", "my vm", "--from", "ws6", "ESXi", "6.7"), "vmxtool check --target esxi6.7 'my vm' --from ws6"),
        (("rewrite", "--dry-run", "my vm", "esxi6.7"), "vmxtool rewrite --target esxi6.7 --dry-run 'my vm'"),
    ],
)
def test_a_product_without_target_says_the_whole_command(folder: Path, words: tuple[str, ...], whole: str) -> None:
    assert folder.is_dir()
    assert refused(*words).endswith(f" is a product, not a VM; say {whole}")


def test_other_words_too_many_are_named() -> None:
    assert refused("inspect", "a", "b", "c") == (
        "b, c: 2 words too many; vmxtool inspect takes one VM, see vmxtool inspect --help"
    )
    assert refused("targets", "esx").startswith("esx: one word too many; vmxtool targets takes options only")


def test_to_and_target_are_one_option_everywhere(folder: Path) -> None:
    for command in ("check", "route", "rewrite"):
        shown = [vmxtool(command, option, "ws5.5", *more, "my vm").out for option in ("--to", "--target", "-t")
                 for more in (["--dry-run"] if command == "rewrite" else [],)]  # fmt: skip
        assert shown[0]
        assert len(set(shown)) == 1
    assert vmxtool("guide", "--from", "ws6", "--target", "esx3") == vmxtool("guide", "--from", "ws6", "--to", "esx3")
    assert folder.is_dir()


def test_a_vm_in_the_place_of_a_command(folder: Path) -> None:
    assert folder.is_dir()
    assert refused("my vm") == (
        "my vm: this is a file or folder, not a command; to see what it is: vmxtool inspect 'my vm'"
    )


def test_a_disk_in_the_place_of_a_vm_says_the_command_with_the_config(folder: Path) -> None:
    disk = next((folder / "my vm").glob("*.vmdk"))
    config = next((folder / "my vm").glob("*.vmx"))
    said = refused("check", "--target", "esx3", f"./my vm/{disk.name}", code=3)
    assert said == (
        f"my vm/{disk.name}: this is a virtual disk; the VM's config is {config.name}: "
        f"vmxtool check --target esx3 'my vm/{config.name}'"
    )
    shutil.copy(disk, folder / "alone.vmdk")
    assert refused("inspect", "alone.vmdk", code=3) == (
        "alone.vmdk: this is a virtual disk; name the VM's .vmx file; where it is lost, make a new VM with the disk "
        "in a VMware product"
    )


def test_of_several_configs_the_one_that_names_the_disk_is_meant(tmp_path: Path) -> None:
    write_config(tmp_path, 'scsi0:0.fileName = "big.vmdk"\n', name="b.vmx")
    write_config(tmp_path, name="a.vmx")
    for name in ("big.vmdk", "big-s001.vmdk", "big-flat.vmdk", "big-000002.vmdk", "other.vmdk"):
        (tmp_path / name).write_bytes(b"KDMV")
    for name in ("big.vmdk", "big-s001.vmdk", "big-flat.vmdk", "big-000002.vmdk"):
        assert refused("inspect", str(tmp_path / name), code=3).endswith(f"vmxtool inspect {tmp_path / 'b.vmx'}")
    assert refused("inspect", str(tmp_path / "other.vmdk"), code=3).endswith("; name the VM's .vmx file")


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("x.vmsd", "the list of a VM's snapshots"),
        ("x.vmxf", "goes with the config"),
        ("x.nvram", "BIOS or EFI firmware"),
        ("x.vmss", "the state of a suspended VM"),
        ("x.iso", "the image of a CD or DVD"),
        ("x.OVA", "a package of a VM"),
        ("x.ovf", "a package of a VM"),
        ("x.vdi", "not VMware's"),
    ],
)
def test_a_file_of_another_kind_is_told_in_a_sentence(tmp_path: Path, name: str, what: str) -> None:
    (tmp_path / name).write_bytes(b"\0\1\2 anything")
    said = refused("inspect", str(tmp_path / name), code=3)
    assert said.startswith(f"{tmp_path / name}: this is ")
    assert what in said
    assert ("ovftool" in said) == name.lower().endswith((".ova", ".ovf"))
    assert "; " in said


def test_a_config_under_another_name_is_read(tmp_path: Path) -> None:
    config = write_config(tmp_path, name="renamed.log")
    assert vmxtool("inspect", str(config)).code == 0


def test_a_folder_with_a_package_or_with_disks_only_says_so(tmp_path: Path) -> None:
    (tmp_path / "x.vmdk").touch()
    assert "only disks; bring the VM's .vmx file too" in refused("inspect", str(tmp_path))
    (tmp_path / "x.ovf").touch()
    assert "only a package of one (x.ovf); import it" in refused("inspect", str(tmp_path))


def test_no_message_is_in_the_words_of_the_parser() -> None:
    for words in (
        *(("route",), ("check", "--target"), ("check", "--way", "0"), ("check", "--why=1"), ("nonsense",), ("-x",)),
        *(("inspect", "--format", "xml"), ("guide", "--table", "x"), ("inspect", "--nonsuch"), ("--format", "json")),
    ):
        said = vmxtool(*words)
        assert said.code == 2
        assert not any(it in said.err for it in ("Invalid value", "invalid value", "Got ", "Error", "argument"))


def test_an_option_before_the_command_or_of_another_one_is_told_with_the_command_that_takes_it(folder: Path) -> None:
    assert refused("--target", "esxi7", "my vm") == (
        "the command comes first; say vmxtool check --target esxi7 'my vm'"
    )
    assert refused("--hwversion", "4", "my vm").endswith("say vmxtool rewrite --hwversion 4 'my vm'")
    assert refused("--target", "ws4", "rewrite", "my vm").endswith("say vmxtool rewrite --target ws4 'my vm'")
    assert refused("check", "--have", "ws17", "my vm") == (
        "vmxtool check has no option --have; vmxtool route takes it, see vmxtool route --help"
    )
    assert folder.is_dir()


def test_a_name_with_blanks_that_stood_without_quotes_is_told_in_them(folder: Path) -> None:
    assert refused("check", "--target", "ws17", "my", "vm") == (
        "a name with blanks stands in quotes; say vmxtool check --target ws17 'my vm'"
    )
    assert refused("inspect", "my", "other").startswith("other: one word too many")
    assert folder.is_dir()
