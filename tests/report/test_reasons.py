"""The short words of lists of products: why, and which."""

from __future__ import annotations

import re

import pytest

from vmxtool.findings import Do, Finding, Safety, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.products import products
from vmxtool.planner.plan import Step
from vmxtool.report.ranges import FAMILIES, number_of, product_ranges
from vmxtool.report.reasons import finding_words, short_words, steps_words
from vmxtool.rules.registry import Rule, all_rules


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.code)
def test_every_rule_has_short_words(rule: Rule) -> None:
    code, name = rule.code, rule.name
    for severity in Severity:
        finding = Finding(code, name, severity, "")
        assert 0 < len(finding_words(finding)) <= 45
    words = short_words(code, name)
    assert words != name or "-" not in name
    blocks = rule.severity in {Severity.BLOCKER, Severity.UNKNOWN}
    if blocks or rule.cure is Do.CHANGE_SETTINGS:
        assert words != name.replace("-", " ") or len(name.split("-")) == 1, "it has no words of its own"


def test_a_device_that_stops_a_vm_is_named() -> None:
    for row in devices().values():
        if row.below == "refuse" or row.safety == Safety.MANUAL.value:
            for code in ("DEV701", "DEV702"):
                finding = Finding(code, "x", Severity.BLOCKER, "", subject=row.id)
                assert finding_words(finding) not in {"devices", "more devices than fit"}, row.id


CARRIES = {Do.COPY, Do.REGISTER_VM, Do.RUN_LEGACY, Do.CONNECT_NETWORK, Do.SET_BOOT_ORDER}


@pytest.mark.parametrize("do", Do)
@pytest.mark.parametrize("by", ["you", "vmxtool"])
def test_every_kind_of_step_has_words_but_those_that_only_carry_the_vm(do: Do, by: str) -> None:
    for drives in ((), (("nvme0:0", "a.vmdk"),), (("ide0:0", "a.vmdk"), ("scsi0:0", "b.vmdk"))):
        for named in ((), ("ws6",)):
            step = Step(do, by, "here", None, (), "general", Safety.MANUAL, False, (), "ws6", named, drives=drives)
            words = steps_words([step], (), None)
            assert all(0 < len(word) <= 45 and "{" not in word for word in words)
            assert words or (do in CARRIES and by == "you")
            if do.value.count("-"):
                assert do.value not in words


@pytest.mark.parametrize(
    ("chosen", "older", "words"),
    [
        (["ws14", "ws15", "ws16.0", "ws16.2", "ws17.0"], False, "Workstation 14 to 17.0"),
        (["ws17.5", "ws25h2", "ws26h1"], False, "Workstation 17.5, 25H2, 26H1"),
        (["ws17.0", "ws17.5", "ws25h2", "ws26h1"], False, "Workstation 17.0 to 26H1"),
        (["ws6", "ws8"], False, "Workstation 6.0, 8"),
        (["esxi8.0u2", "esx9.0", "esx9.1"], False, "ESXi 8.0 U2 to 9.1"),
        (["esx9.0", "esx9.1"], False, "ESX 9.0, 9.1"),
        (["esx3", "esx4.0", "esx4.1", "esxi5.0"], False, "ESX(i) 3 to 5.0"),
        (["esx2", "esx2-smp", "esx3"], False, "ESX 2, 3"),
        (["esx2-smp"], False, "ESX 2 with Virtual SMP"),
        (["player12", "vmc"], False, "Player 12, VMware Cloud on AWS"),
        (["ws2", "ws3", "ws4", "server1", "server2"], True, "Workstation 4 and older, Server"),
        (["server1", "server2"], False, "Server 1, 2"),
    ],
    ids=str,
)
def test_products_are_told_in_few_words(chosen: list[str], older: bool, words: str) -> None:
    assert ", ".join(product_ranges([products()[it] for it in chosen], and_older=older).values()) == words


def test_every_number_is_told_without_its_family() -> None:
    for product in products().values():
        if product.family not in {"hardware", "cloud"}:
            assert re.fullmatch(r"\d+(\.\d+)?(H\d| U\d| with Virtual SMP)?", number_of(product)), product.name
            assert product.family in FAMILIES
