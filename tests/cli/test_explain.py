"""`vmxtool explain`: rules and places of the guide."""

from __future__ import annotations

import json
import re
import sys

import pytest
from terminal import on_a_terminal
from typer.testing import CliRunner, Result

from vmxtool.cli.app import build
from vmxtool.knowledge import tables as guide
from vmxtool.report.glossary import MEANINGS
from vmxtool.rules.registry import About, Rule, all_rules


def run(*words: str) -> Result:
    words = ("explain", *words)
    return CliRunner(env={"COLUMNS": "80", "NO_COLOR": "1"}).invoke(build(list(words)), list(words))


def shown(*words: str) -> str:
    result = run(*words)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_has_a_page_under_its_code_and_its_name(rule: Rule) -> None:
    told = shown(rule.code.lower())
    assert told == shown(rule.name)
    weight = "refuses a rewrite" if rule.about is About.REWRITE else rule.severity.value
    assert f"{rule.code} {rule.name} {weight}" in told
    assert " ".join(rule.title.split()) in told
    assert " ".join(rule.text.split()) in told
    for source in rule.sources:
        assert source in told
    value = json.loads(run(rule.code, "--format", "json").stdout)
    assert (value["kind"], value["code"], value["name"]) == ("rule", rule.code, rule.name)
    assert [it["reference"] for it in value["sources"]] == list(rule.sources)


def test_the_sources_of_a_rule_are_given_their_titles() -> None:
    value = json.loads(run("smp-not-offered", "--format", "json").stdout)
    assert value["sources"]
    assert all("Mobility Planning Guide" in source["title"] for source in value["sources"])


def test_a_cell_says_what_it_prints_and_which_pairs_and_rules_hang_on_it() -> None:
    told = shown("mpg:t07:r2c1")
    assert "VMware Fusion 1.x to Workstation 5.x" in told
    assert "Special steps" in told
    assert "move to Workstation 6, downgrade hardware with Workstation 6" in told
    assert "fusion1 → ws5.0, fusion1 → ws5.5" in told
    assert "(to Workstation 5.0 only) mpg:p17" in told
    assert "guest-64-bit-not-offered" in told
    value = json.loads(run("mpg:t07:r2c1", "--format", "json").stdout)
    assert value["pairs"] == [{"from": "fusion1", "to": "ws5.0"}, {"from": "fusion1", "to": "ws5.5"}]
    assert "guest-64-bit-not-offered" in {rule["name"] for rule in value["rules"]}
    assert value["notes"][0]["to"] == ["ws5.0"]


def test_every_cell_is_explained() -> None:
    for table in guide.tables():
        for cell in table.cells():
            value = json.loads(run(cell.address, "--format", "json").stdout)
            assert (value["cell"], value["verdict"]) == (cell.address, cell.verdict)


@pytest.mark.parametrize("code", ["mpg:t07", "MPG:T7"])
def test_a_table_is_drawn(code: str) -> None:
    assert "Table 7 From generation 6 to generation 5" in shown(code)
    value = json.loads(run(code, "--format", "json").stdout)
    assert (value["kind"], value["table"], len(value["cells"])) == ("table", 7, 6)


def test_a_page_gives_its_facts_and_an_address_one_of_them() -> None:
    told = shown("mpg:p17")
    assert all(fact.says in told for fact in guide.facts_on("mpg:p17"))
    value = json.loads(run("mpg:p17:3d-tools", "--format", "json").stdout)
    assert [fact["address"] for fact in value["facts"]] == ["mpg:p17:3d-tools"]


def test_a_product_says_what_each_fact_rests_on() -> None:
    told = shown("esxi8.0u1")
    assert told.startswith("ESXi 8.0 Update 1 esxi8.0u1")
    assert re.search(r"most host devices 64 \[\d\]", told)
    assert re.search(r"\[\d\] vSphere 8.0: features per compatibility, VMware vsphere-8.0-docs", told)
    assert "a name for ws17.0, ws17.5, ws17.6; the facts are those of the oldest" in shown("Workstation 17 Pro")
    assert "most processors 32 (unverified)" in shown("ws17.0")


def test_a_hardware_version_says_what_is_disputed() -> None:
    assert "most cores in a socket 128 (disputed: the vSphere 8.0 documentation has 64)" in shown("hw17")
    value = json.loads(run("hw17", "--format", "json").stdout)
    facts = {fact["fact"]: fact for fact in value["facts"]}
    assert (facts["cores_per_socket"]["verified"], facts["pvscsi_units"]["verified"]) == (False, True)
    assert facts["nvme"]["value"] == "4 x 15"


def test_a_source_that_nobody_read_says_so() -> None:
    assert json.loads(run("kb:1881", "--format", "json").stdout)["read"] is None


@pytest.mark.parametrize(
    ("code", "near"),
    [
        ("ws26h2", "ws26h1"),
        ("smp-not-ofered", "smp-not-offered"),
        ("CPU499", "CPU4"),
        ("mpg:t07:r9c9", "mpg:t07:r2c3"),
        ("mpg:t40", "tables 1 to 19"),
        ("mpg:p02", "mpg:p07"),
        ("mpg:p17:3d", "mpg:p17:3d-tools"),
        ("snapshott", "the nearest are snapshot"),
        ("config version is too nevv for this host", "ask for one telling word"),
        ("", "lists the kinds of rules"),
    ],
)
def test_an_unknown_code_names_the_nearest(code: str, near: str) -> None:
    result = run(code)
    assert (result.exit_code, result.stdout) == (2, "")
    assert near in result.stderr


def test_without_a_word_the_families_of_rules_are_listed_and_how_to_ask() -> None:
    told = shown()
    letters = dict.fromkeys(rule.code[:4] for rule in all_rules())
    assert all(f"{it}xx " in told for it in letters)
    assert "DSK2xx disks and their controllers" in told
    assert "vmxtool explain NVMe" in told
    answer = json.loads(run("--format", "json").stdout)
    assert [family["letters"] for family in answer["families"]] == list(letters)
    assert sum(len(family["rules"]) for family in answer["families"]) == len(all_rules())


@pytest.mark.parametrize("word", ["DSK", "dsk2", "DSK2xx"])
def test_a_family_lists_its_rules(word: str) -> None:
    told = shown(word)
    assert all((rule.title in told) == rule.code.startswith("DSK") for rule in all_rules())


def test_several_words_are_explained_one_after_the_other() -> None:
    told = shown("PRD101", "DSK202")
    assert told.index("PRD101 hardware-version-too-new") < told.index("DSK202 disk-format-not-native")
    assert shown("hardware", "version", "19") == shown("hw19")
    assert shown("ESXi", "6.7", "hw19", "TPM").startswith("ESXi 6.7 esxi6.7")
    result = run("PRD101", "nonsuchword")
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize(("word", "rule", "version"), [("NVMe", "DSK227", 13), ("TPM", "SEC806", 14)])
def test_a_word_is_answered_with_the_rules_and_the_hardware_versions_that_mention_it(
    word: str, rule: str, version: int
) -> None:
    told = shown(word)
    assert told == shown(word.lower()).replace(word.lower(), word, 1)
    assert f"{rule} " in told
    assert f"hw{version} " in told
    value = json.loads(run(word, "--format", "json").stdout)
    assert rule in {it["code"] for it in value["rules"]}
    assert version in {it["version"] for it in value["hardware"]}


def test_a_word_is_found_in_singular_and_plural_but_not_inside_another() -> None:
    codes = {it["code"] for it in json.loads(run("snapshots", "--format", "json").stdout)["rules"]}
    assert codes == {it["code"] for it in json.loads(run("snapshot", "--format", "json").stdout)["rules"]}
    assert {"SNP601", "SNP606"} <= codes
    assert run("napsho").exit_code == 2


@pytest.mark.parametrize(
    ("printed", "code"),
    [
        ("No supported hardware versions among [vmx-19]", "PRD101"),
        ("-1:-1:VALUE_ILLEGAL: No supported hardware versions among [vmx-19]; supported: [vmx-04, vmx-07].", "PRD101"),
        ("Line 21: Unsupported hardware family 'vmx-20'.", "PRD101"),
        ("The OVF package requires unsupported hardware.", "PRD101"),
        (
            (
                "This virtual machine was created by a VMware product that is incompatible with this version of VMware "
                "Workstation and cannot be used"
            ),
            "PRD101",
        ),
        (
            (
                'The configuration file "D:\\my vms\\a b.vmx" was created by a VMware product that is incompatible '
                "with this version of VMware Player and cannot be used."
            ),
            "PRD101",
        ),
        (
            (
                "The configuration file was created by a VMware product with more features than this version of VMware "
                "Workstation and cannot be used with this version of VMware Workstation."
            ),
            "PRD101",
        ),
        ("This virtual machine was created by a newer version of VMware Fusion.", "PRD101"),
        ("Virtual machine hardware version is not supported", "PRD101"),
        ("A minimum version of 'vmx-13' is required", "DEV701"),
        ("device sata is not supported by current hwversion", "DSK227"),
        ('"/vms/a b.vmx" is not a valid virtual machine configuration file.', "VMX001"),
        ('File "a.vmx" line 12: Variable "memsize" is already defined.', "VMX002"),
        ("INACCESSIBLE_BOOT_DEVICE", "DSK201"),
        ("Stop code: INACCESSIBLE BOOT DEVICE", "DSK201"),
        ("0x0000007B", "DSK201"),
        ("0x7b", "DSK201"),
        ("*** STOP: 0x0000007B (0xF78D2524,0xC0000034,0x00000000,0x00000000)", "DSK201"),
        ("Cannot find a valid peer process to connect to", "SNP612"),
        ("Not a supported disk format (sparse VMDK version too old)", "DSK216"),
    ],
)
def test_what_a_product_printed_is_answered_with_the_page_of_its_rule(printed: str, code: str) -> None:
    value = json.loads(run(printed, "--format", "json").stdout)
    assert (value["kind"], value["code"]) == ("rule", code)
    if not printed.startswith("-"):
        assert json.loads(run(*printed.split(), "--format", "json").stdout) == value


def test_a_guest_that_is_refused_may_be_too_new_or_unknown() -> None:
    answer = json.loads(run("The guest operating system 'windows12-64' is not supported.", "--format", "json").stdout)
    assert [it["code"] for it in answer["rules"]] == ["GST502", "GST503"]


@pytest.mark.parametrize(
    "text",
    [
        "Could not frobnicate the device while launching rockets",
        "The quick brown fox jumps over the hardware version",
        "0x0000001E",
        "0x7C",
        "nonsuchword",
        "zz",
    ],
)
def test_nothing_is_called_near_to_what_shares_a_common_word(text: str) -> None:
    result = run(text)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "nearest" not in result.stderr
    assert text in result.stderr
    if " " in text:
        assert run(*text.split()).stderr == result.stderr


def test_a_message_that_shares_most_of_what_is_telling_is_near() -> None:
    result = run("the disk parent was modified since child creation")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "the nearest are DSK204 chain-broken" in result.stderr


@pytest.mark.parametrize(
    ("word", "codes"),
    [
        ("MAC", ["NET305", "NET306", "NET307", "NET308"]),
        ("MAC addresses", ["NET305", "NET306", "NET307", "NET308"]),
        ("duplicate MAC", ["NET307", "NET308"]),
        ("flat", ["DSK202", "DSK203", "DSK204"]),
        ("thin", ["DSK202"]),
        ("ova", ["PRD101"]),
        ("OVF", ["PRD101"]),
        ("ovftool", ["DSK202"]),
        ("newer version", ["PRD101"]),
        ("snapshots", ["SNP601"]),
        ("journal", ["VMX006"]),
    ],
)
def test_a_word_leads_to_the_rules_that_say_it_in_other_words(word: str, codes: list[str]) -> None:
    answer = json.loads(run(word, "--format", "json").stdout)
    assert [it["code"] for it in answer["rules"]][: len(codes)] == codes


@pytest.mark.parametrize("word", [word for meaning in MEANINGS for word in meaning.words])
def test_a_word_of_the_screens_is_said_in_a_sentence_or_two(word: str) -> None:
    says = next(it.says for it in MEANINGS if word in it.words)
    assert " ".join(says.split()) in shown(word)
    assert json.loads(run(*word.split(), "--format", "json").stdout)["meaning"] == says
    assert len(says) < 360
    assert says.endswith(".")


def test_the_line_above_the_reason_says_to_look_for_the_reason() -> None:
    told = shown('Could not open virtual machine: "D:\\a b.vmx"')
    assert "the reason on another line" in told
    assert "rules mention" not in told


@pytest.mark.parametrize("word", ["hardware version", "snapshot", "disk", "guest", "legacy", "descriptor", "rewrite"])
def test_what_a_word_hits_is_one_screen_and_has_every_rule(word: str) -> None:
    lines = on_a_terminal([sys.executable, "-m", "vmxtool", "explain", word], columns=80).splitlines()
    assert len(lines) <= 30
    codes = [it["code"] for it in json.loads(run(word, "--format", "json").stdout)["rules"]]
    told = " ".join(lines)
    assert f"vmxtool explain {codes[0]}" in told
    assert all(told.count(code) == (2 if code == codes[0] else 1) for code in codes)


def test_a_hardware_version_says_who_runs_it_and_what_came_with_it() -> None:
    told = shown("hw14")
    assert "runs on Workstation 14 and newer, Fusion 10 and newer," in told
    assert "ESXi 6.7 and newer" in told
    assert "The virtual TPM came with hardware version 14" in told
    assert "paravirtual SCSI units: 64, 15 before" in told
    assert "based on [1]" in told


def test_nothing_in_an_explanation_is_wider_than_the_terminal() -> None:
    for words in ((), ("NVMe",), ("hw19",), ("esxi6.7",), ("PRD101", "kb:1003746"), ("DSK",)):
        for columns in (40, 80):
            lines = on_a_terminal([sys.executable, "-m", "vmxtool", "explain", *words], columns=columns).splitlines()
            assert all(len(line) <= columns or " " not in line.strip() for line in lines), (words, columns)
            assert lines == [line.rstrip() for line in lines]
