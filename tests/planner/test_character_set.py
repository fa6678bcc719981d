"""Text beyond ASCII on products that read it in their host's character set: a check and a rewrite say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, make_vm
from hypothesis import given
from hypothesis import strategies as st

import vmxtool
from vmxtool import check, plan_rewrite
from vmxtool.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool import Verdict
    from vmxtool.machine.model import Machine

UTF8 = '.encoding = "UTF-8"\n'


def vm_of(folder: Path, disk: str = "disk.vmdk", lines: str = "", hw: int = 4) -> Machine:
    return make_vm(folder, f"{disk_lines('scsi0:0', disk)}\n{lines}", hw=hw)


def severities(verdict: Verdict) -> list[Severity]:
    return [it.severity for it in verdict.findings if it.code == "VMX027"]


def test_a_disk_whose_name_the_host_may_read_otherwise_is_a_question(tmp_path: Path) -> None:
    vm = vm_of(tmp_path, "Zürich.vmdk", UTF8)
    verdict = check(vm, "ws5.5")
    assert (verdict.verdict, severities(verdict)) == ("depends", [Severity.UNKNOWN])
    (finding,) = [it for it in verdict.findings if it.code == "VMX027"]
    assert finding.fix is not None
    assert finding.fix.commands[0][1:6] == ("rewrite", "--target", "ws5.5", "--encoding", "windows-1252")
    refused = plan_rewrite(vm, target="ws5.5").refused
    assert [it.code for it in refused] == ["VMX024"]
    assert "scsi0:0.fileName" in refused[0].message
    plan_rewrite(vm, target="ws5.5", encoding="windows-1252").apply()
    assert b"Z\xfcrich.vmdk" in vm.config.path.read_bytes()
    after = check(tmp_path, "ws5.5")
    # What the config is in cannot be seen any more, so its owner is reminded.
    assert (after.verdict, severities(after)) == ("ready", [Severity.WARNING])


def test_a_name_that_is_only_shown_stops_nothing(tmp_path: Path) -> None:
    vm = vm_of(tmp_path, lines=f'{UTF8}displayName = "Büro"')
    verdict = check(vm, "ws5.5")
    assert (verdict.verdict, severities(verdict)) == ("ready", [Severity.WARNING])
    (finding,) = [it for it in verdict.findings if it.code == "VMX027"]
    assert finding.fix is not None
    assert finding.fix.commands[0][1:6] == ("rewrite", "--target", "ws5.5", "--encoding", "windows-1252")
    assert [it.code for it in plan_rewrite(vm, target="ws5.5").refused] == ["VMX024"]
    assert severities(check(vm, "ws6.5")) == []


def test_the_command_for_a_name_says_which_product_made_the_vm_where_the_user_did(tmp_path: Path) -> None:
    vm = vm_of(tmp_path, lines=f'{UTF8}displayName = "Büro"')
    (finding,) = [it for it in check(vm, "ws5.5", "ws6").findings if it.code == "VMX027"]
    assert finding.fix is not None
    assert finding.fix.commands[0][4:6] == ("--from", "ws6")


@pytest.mark.parametrize("codec", ["gbk", "utf-8"])
def test_a_config_that_names_none_is_told_and_kept(tmp_path: Path, codec: str) -> None:
    path = vm_of(tmp_path, "disk.vmdk").config.path
    text = path.read_text().replace("disk.vmdk", "磁盘.vmdk").encode(codec)
    path.write_bytes(text)
    verdict, rewrite = check(tmp_path, "ws5.5", "ws5.0"), plan_rewrite(tmp_path, target="ws5.5", origin="ws5.0")
    assert severities(verdict) == [Severity.WARNING]
    assert (rewrite.refused, rewrite.changes) == ((), ())
    assert any(note.startswith("scsi0:0.fileName has characters beyond ASCII") for note in rewrite.notes)
    assert severities(check(tmp_path, "ws5.0", "ws5.0")) == []


def test_utf_8_that_nothing_names_is_written_for_an_older_host_as_the_owner_says(tmp_path: Path) -> None:
    vm = vm_of(tmp_path, lines='displayName = "Büro"', hw=6)
    assert [it.code for it in plan_rewrite(vm, target="ws5.5").refused] == ["VMX024"]
    plan_rewrite(vm, target="ws5.5", encoding="windows-1252").apply()
    assert b"B\xfcro" in vm.config.path.read_bytes()


def test_a_rewrite_that_is_made_anyway_leaves_no_question(tmp_path: Path) -> None:
    verdict = check(vm_of(tmp_path, "Zürich.vmdk", UTF8, hw=6), "player1", "ws6.5")
    (step,) = [step for step in verdict.plans[0].steps if step.is_ours]
    assert step.needs == ("encoding=windows-1252",)
    assert (verdict.verdict, severities(verdict)) == ("needs-steps", [])


def test_converter_writes_the_config_anew(tmp_path: Path) -> None:
    verdict = check(vm_of(tmp_path, lines=f'{UTF8}displayName = "Büro"', hw=6), "esx3", "ws6")
    assert verdict.plans[0].by_converter
    assert severities(verdict) == []


@pytest.mark.parametrize(
    ("name", "codec"), [("位置", "gbk"), ("日本表示", "cp932"), ("Диск", "cp1251"), ("Zürich", "cp1252")]
)
def test_the_files_that_a_config_names_tell_its_character_set(tmp_path: Path, name: str, codec: str) -> None:
    vm = vm_of(tmp_path, f"{name}.vmdk")
    vm.config.path.write_bytes(vm.config.path.read_text("utf-8").encode(codec))
    again = vmxtool.inspect(tmp_path)
    assert again.config.document.encoding.codec == codec
    assert again.disks[0].chain is not None
    assert bytes(again.config.document) == vm.config.path.read_bytes()
    (said,) = [it.message for it in vmxtool.judge(again) if it.code == "VMX026"]
    assert said.endswith("by a guess" if codec == "cp1252" else f"in {codec}, in which its files are found")


def test_a_config_whose_disks_tell_its_character_set_goes_over_to_another(tmp_path: Path) -> None:
    vm = vm_of(tmp_path, "磁盘.vmdk", hw=6)
    vm.config.path.write_bytes(vm.config.path.read_text("utf-8").encode("gbk"))
    (step,) = [it for it in check(tmp_path, "player1", "ws6.5").plans[0].steps if it.is_ours]
    assert step.needs == ("encoding=gbk",)
    (refused,) = plan_rewrite(tmp_path, target="ws5.5", encoding="windows-1252").refused
    assert "has a character that windows-1252 does not have" in refused.message
    plan_rewrite(tmp_path, target="ws5.5", encoding="utf-8").apply()
    assert '"磁盘.vmdk"'.encode() in vm.config.path.read_bytes()
    assert not plan_rewrite(tmp_path, target="ws5.5", encoding="utf-8").changes


def test_a_name_that_ends_in_half_a_backslash_is_not_cut(tmp_path: Path) -> None:
    path = vm_of(tmp_path).config.path
    path.write_bytes(path.read_text("utf-8").replace("disk.vmdk", "日本表示.vmdk").encode("cp932"))
    wishes: dict[str, Any] = {"target": "esx2", "vmfs_path": "vmhba0:0:0:5", "encoding": "shift_jis"}
    plan_rewrite(tmp_path, **wishes).apply()
    assert "vmhba0:0:0:5:日本表示.vmdk".encode("cp932") in path.read_bytes()
    assert not plan_rewrite(tmp_path, **wishes).changes


def test_a_character_set_that_the_text_is_not_in_is_refused_and_not_ignored(tmp_path: Path) -> None:
    path = vm_of(tmp_path, lines='displayName = "Büro"').config.path
    path.write_bytes(path.read_text("utf-8").encode("cp1252"))
    refused = plan_rewrite(tmp_path, target="ws4", encoding="utf-8").refused
    assert [it.code for it in refused] == ["VMX025"]
    assert "no text in utf-8" in refused[0].message


@given(name=st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=1, max_size=12))
def test_a_rewrite_waits_where_text_is_beyond_ascii_and_nowhere_else(
    name: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shown = name.replace("|", "_").replace('"', "_")
    vm = vm_of(tmp_path_factory.mktemp("vm"), lines=f'{UTF8}displayName = "{shown}"')
    codes = [it.code for it in plan_rewrite(vm, target="ws5.5").refused]
    assert codes == ([] if shown.isascii() else ["VMX024"])
    assert bool(severities(check(vm, "ws5.5"))) != shown.isascii()
    plan_rewrite(vm, target="ws5.5", encoding="windows-1252").apply()
    assert ".encoding" not in vmxtool.open_config(vm.config.path)
