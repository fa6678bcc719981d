"""The guests agree with the list of all values of guestOS, and the quick answers agree with the data file."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import guests as module
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.guests import FAMILIES, bits_of, family_of, find_guest, guests
from vmxtool.knowledge.hardware import hardware_versions

SHIPPED = (Path(module.__file__).parent / "guests.toml").read_text(encoding="utf-8")
LISTED = Path(__file__).parents[2].parent / "shared" / "facts" / "guestos.csv"


def listed() -> list[dict[str, str]]:
    """The list of all values of guestOS, where it lies beside the project."""
    if not LISTED.is_file():
        pytest.skip("the list of guests is not here")
    with LISTED.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.corpus
def test_every_listed_value_is_known() -> None:
    rows = listed()
    assert len(rows) == 267
    assert [row["vmx_key"] for row in rows if find_guest(row["vmx_key"]) is None] == []
    names = {name for guest in guests().values() for name in (guest.id, *guest.aliases)}
    assert names == {row["vmx_key"] for row in rows}


@pytest.mark.corpus
def test_every_listed_value_has_its_name_in_the_api() -> None:
    for row in listed():
        guest = find_guest(row["vmx_key"])
        assert guest is not None
        assert guest.vim_id == row["vim_id"]
        assert find_guest(row["vim_id"]) is guest
        if row["kind"] == "canonical":
            assert guest.id == row["vmx_key"]


@pytest.mark.corpus
def test_widths_and_families_are_the_listed_ones() -> None:
    families = {"sco": "other", "vmware-internal": "other"}
    for row in listed():
        guest = find_guest(row["vmx_key"])
        assert guest is not None
        assert guest.family == families.get(row["family"], row["family"]), guest.id
        # Hyper-V has 64-bit releases alone, although its value has no ending to say so.
        assert guest.bits == (64 if guest.id == "winHyperV" else int(row["bits"])), guest.id


@pytest.mark.corpus
def test_listed_first_versions_are_kept() -> None:
    for row in listed():
        guest = find_guest(row["vmx_key"])
        assert guest is not None
        if row["min_hw_inferred"]:
            assert guest.min_hw == int(row["min_hw_inferred"])
            # Nobody has seen it in an option table.
            assert ("min_hw" in guest.unverified) == (guest.id == "asianux9-64")


def test_the_quick_answers_agree_with_the_data_file() -> None:
    for guest in guests().values():
        for name in (guest.id, guest.id.upper(), *guest.aliases):
            assert bits_of(name) == guest.bits, name
            assert family_of(name) == guest.family, name


@pytest.mark.parametrize(
    ("value", "bits", "family"),
    [
        (None, None, None),
        ("", None, None),
        ("winxppro", 32, "windows"),
        ("Linux", 32, "linux"),
        ("vmkernel65", 64, "vmkernel"),
        ("winHyperV", 64, "windows"),
        ("winServer2008Web-32", 32, "windows"),
        ("arm-windows11-64", 64, "windows"),
        ("arm-rhel9-64", 64, "linux"),
        ("darwin25-64", 64, "darwin"),
        ("win31", 16, "windows"),
        ("dos", 16, "dos"),
        ("{{ .GuestOS }}", 32, None),
    ],
)
def test_quick_answers(value: str | None, bits: int | None, family: str | None) -> None:
    assert (bits_of(value), family_of(value)) == (bits, family)


@given(st.text())
def test_any_value_is_answered(value: str) -> None:
    assert bits_of(value) in {None, 32, 64, 16}
    assert family_of(value) in {None, *FAMILIES}
    found = find_guest(value)
    assert found is None or found.family == family_of(value) or found.vim_id.lower() == value.strip().lower()


def test_the_quick_answers_read_no_data_file() -> None:
    program = (
        "import sys; from vmxtool.knowledge.guests import bits_of, family_of;"
        "bits_of('rhel7-64'); family_of('rhel7-64'); sys.exit('tomllib' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program], cwd=root, check=False).returncode == 0


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("winxppro", "winXPPro"),
        ("nt4", "winNT"),
        ("WHISTLER", "winXPHome"),
        ("winServer2008StandardCore-64", "longhorn-64"),
        ("rhel7_64Guest", "rhel7-64"),
        ("otherGuest64", "other-64"),
        (" ubuntu-64 ", "ubuntu-64"),
    ],
)
def test_guests_are_found_by_every_name(value: str, name: str) -> None:
    found = find_guest(value)
    assert found is not None
    assert found.id == name


@pytest.mark.parametrize("value", ["", "beos", "windows95", "rhel7-65", "arm-windows11-64"])
def test_an_unknown_value_finds_nothing(value: str) -> None:
    assert find_guest(value) is None


def test_the_guide_names_the_windows_that_converter_reconfigures() -> None:
    reconfigured = {guest.id for guest in guests().values() if guest.converter_reconfigures}
    assert {name for name in reconfigured if not re.match(r"winNT|win2000|winXP|winNet", name)} == set()
    for name in ("winNT", "win2000Pro", "winXPPro", "winXPHome", "winNetEnterprise"):
        assert name in reconfigured
    for name in ("win95", "win98", "winMe", "rhel4", "otherlinux", "winvista"):
        assert name not in reconfigured


def test_windows_before_nt_stays_on_ide() -> None:
    for name in ("win95", "win98", "winMe"):
        guest = guests()[name]
        assert guest.scsi_model is None
        assert "IDE" in guest.ide_to_scsi_note


def test_linux_is_told_about_device_names() -> None:
    for guest in guests().values():
        if guest.family == "linux":
            assert "/etc/fstab" in guest.ide_to_scsi_note


def test_a_guest_goes_to_a_controller_and_an_adapter_that_are_offered_for_it() -> None:
    for guest in guests().values():
        if guest.options is not None:
            assert guest.scsi_model in {None, *guest.options.controllers}, guest.id
            assert guest.nic_model in {None, *guest.options.nics}, guest.id
            assert set(guest.brings) <= set(guest.options.controllers), guest.id


def test_red_hat_from_8_on_has_no_driver_for_lsi_logic() -> None:
    without = {guest.id for guest in guests().values() if guest.scsi_model == "pvscsi"}
    assert len(without) == 15
    assert {"rhel8-64", "centos9-64", "oraclelinux10-64", "almalinux-64", "asianux8-64"} <= without
    for name in without:
        assert "lsilogic" not in guests()[name].brings
        assert guests()[name].starts_from("sata")
    assert guests()["rhel7-64"].scsi_model == "lsilogic"


def test_a_controller_that_suits_is_not_always_one_that_the_guest_brings() -> None:
    assert guests()["winXPPro"].scsi_model == "lsilogic"
    assert guests()["winXPPro"].brings == ("ide",)
    assert "lsisas1068" in guests()["windows9-64"].brings


def test_freebsd_from_11_on_is_not_offered_vlance() -> None:
    assert guests()["freeBSD"].nic_model == "vlance"
    for name in ("freeBSD11", "freeBSD12", "freeBSD13", "freeBSD14", "freeBSD15"):
        assert guests()[name].nic_model == "e1000e"
        assert "nics" not in guests()[name].unverified


def test_models_exist_in_a_hardware_version_that_guests_have() -> None:
    late = {rule.value: rule.first_hardware for rule in devices().values() if rule.value is not None}
    for guest in guests().values():
        for model in (guest.scsi_model, guest.nic_model):
            assert late.get(model or "", 1) in {1, *hardware_versions()}


def test_older_guests_lead_to_one_that_every_product_knows() -> None:
    for guest in guests().values():
        chain = [guest]
        while chain[-1].older is not None:
            chain.append(guests()[chain[-1].older])
        assert chain[-1].id in {"other", "other-64", "CRXPod1-64", "CRXSys1-64"}, guest.id
        assert {link.bits == 64 for link in chain} == {guest.bits == 64}
        known = [link.min_hw for link in chain if link.min_hw is not None]
        assert known == sorted(known, reverse=True), guest.id


def test_a_chain_goes_through_the_generic_kernels() -> None:
    chain = ["rhel7-64"]
    while (older := guests()[chain[-1]].older) is not None:
        chain.append(older)
    assert chain == ["rhel7-64", "other26xlinux-64", "other24xlinux-64", "otherlinux-64", "other-64"]


def damaged(name: str, old: str, new: str) -> str:
    """The shipped file with one cell of one row changed."""
    lines = SHIPPED.splitlines()
    for index, line in enumerate(lines):
        if line.startswith(f'  ["{name}",'):
            assert old in line
            lines[index] = line.replace(old, new, 1)
            return "\n".join(lines)
    raise AssertionError(name)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (damaged("winNT", " 32,", " 31,"), "row winNT: column bits"),
        (damaged("winNT", '"winNTGuest"', '"win98Guest"'), "row winNT: column vim_id"),
        (damaged("winNT", '"nt4"', '"win98"'), "row winNT: column aliases"),
        (damaged("win98", '"win95"', '"win95b"'), "row win98: column older"),
        (damaged("win95", '"win31"', '"win98"'), "row win98: column older"),
        (damaged("win95", '"win31"', '"winXPPro-64"'), "row win95: column older"),
        (damaged("windows11-64", '"-",', " 20,"), "row windows11-64: column min_hw"),
        (damaged("windows9", " 10,", " 2,"), "row windows9: column older"),
        (damaged("winMe", '"winMe"', '"win98"'), "row win98: column id"),
        (SHIPPED.replace('family = "dos"', 'family = "cpm"'), "row dos: column family"),
        (SHIPPED.replace('ide_note = "keep"', 'ide_note = "drop"'), "row netware4: column ide_note"),
        (SHIPPED.replace('nics = "vlance"', 'nics = "ne2000"'), "row dos: column nics"),
        (SHIPPED.replace('brings = "ide"', 'brings = "st506"'), "row win95: column brings"),
        (SHIPPED.replace('scsi_model = "buslogic"', 'scsi_model = "adaptec"'), "row dos: column scsi_model"),
        (re.sub(r"(?m)^family = .*", "", SHIPPED, count=1), r"group [\w-]+: column family"),
        (re.sub(r"(?m)^(source|from) = .*", r"\1 = {}", SHIPPED, count=2), "row dos: column source"),
    ],
)
def test_a_broken_cell_is_named(text: str, complaint: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"guests\.toml: {complaint}"):
        module.read_guests(text)
