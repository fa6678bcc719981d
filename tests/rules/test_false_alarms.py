"""Real VMs ran where they were made: what is said of them for that product is a false alarm, or has to be known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from build import set_up_corpus_vm
from peers import CORPUS, needs_corpus

import vmxtool
from vmxtool.errors import VmxtoolError
from vmxtool.findings import Severity
from vmxtool.machine.named_files import named_files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from vmxtool.findings import Finding

# The collection holds configs alone, of which some were published suspended or cut by those who published them.
KNOWN = {"DSK203", "SNP603", "VMX001"}
# The rules that say what stops a power-on.
POWER_ON = {
    *("VMX011", "VMX012", "VMX013", "VMX014", "VMX015", "VMX016", "VMX017", "VMX018", "VMX019", "DEV703", "DEV726"),
    *("DEV727", "DSK210", "DSK211", "DSK226", "DSK231", "PRD111"),
    *("NET305", "NET306", "NET307", "NET308", "NET309", "NET310", "DEV704", "DEV705", "DEV706", "DEV707", "DEV708"),
    *("DEV709", "DEV711", "CPU414", "CPU415", "CPU416", "CPU417", "CPU418", "CPU419"),
    *("CPU403", "CPU404", "CPU405", "CPU408", "CPU409", "CPU410", "CPU411", "CPU412", "CPU413", "DEV702", "DEV712"),
    *("DEV713", "DEV714", "DEV715", "DSK240", "DSK241", "SEC808", "SEC809", "SEC810", "SEC811", "SEC812", "VMX020"),
    *("VMX021", "VMX023", "GST516", "GST517", "GST518", "GST522", "PRD114", "DSK270", "VMX030"),
}
# What a VM asks of the processor, the memory and the mode of a new host.
OF_THE_HOST = {"CPU414", "CPU415", "CPU416", "CPU417", "CPU418", "CPU419"}
HEAVY = {Severity.WARNING, Severity.UNKNOWN, Severity.BLOCKER}
ONE_IN = 10
_OF_DISKS = {"disk", "extent", "parent"}

Found = list[tuple[str, "list[Finding]"]]


def _for_its_maker(configs: Mapping[str, Path]) -> Iterator[tuple[str, list[Finding]]]:
    """What is said of each VM for the product that likeliest made it."""
    for name, path in configs.items():
        try:
            vm = vmxtool.inspect(path)
        except VmxtoolError:
            continue  # not a config
        if vm.origin:
            yield name, list(vmxtool.check(vm, vm.origin[0].product).findings)


def _configs() -> dict[str, Path]:
    return {path.name: path for path in sorted((CORPUS / "vmx").glob("*")) if path.suffix in {".vmx", ".vmtx", ".cfg"}}


@pytest.fixture(scope="module", params=["configs alone", "with their files"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Found:
    configs = _configs()
    if request.param == "with their files":
        folder = tmp_path_factory.mktemp("vms")
        configs = {name: set_up_corpus_vm(path, folder / name) for name, path in configs.items()}
        for path in configs.values():
            _complete(path)
    return list(_for_its_maker(configs))


def _complete(path: Path) -> None:
    """Put an empty file in the place of each that a VM names beside itself and that is no disk."""
    try:
        vm = vmxtool.inspect(path)
    except VmxtoolError:
        return
    for file in named_files(vm):
        if not file.exists and file.role not in _OF_DISKS and not set(file.name) & set("/\\:"):
            (path.parent / file.name).touch()


@pytest.mark.corpus
@needs_corpus
def test_nothing_stops_a_real_vm_where_it_was_made(found: Found) -> None:
    assert len(found) > 70
    blocking = [(name, it) for name, told in found for it in told if it.severity is Severity.BLOCKER]
    assert [(name, it.code, it.message) for name, it in blocking if it.code not in KNOWN] == []


@pytest.mark.corpus
@needs_corpus
def test_few_real_vms_are_warned_of_or_asked_about_where_they_were_made(found: Found) -> None:
    heavy = {(name, it.code) for name, told in found for it in told if it.severity in HEAVY and it.code in POWER_ON}
    assert len({name for name, _ in heavy}) * ONE_IN <= len(found), sorted(heavy)


@pytest.mark.corpus
@needs_corpus
@pytest.mark.parametrize("target", ["esxi7.0", "ws17.5", "fusion12.2"])
def test_few_real_vms_are_asked_what_a_new_host_offers(target: str) -> None:
    asked, seen = set[str](), 0
    for name, path in _configs().items():
        try:
            findings = vmxtool.check(path, target).findings
        except VmxtoolError:
            continue  # not a config
        seen += 1
        asked |= {name for it in findings if it.severity is Severity.UNKNOWN and it.code in OF_THE_HOST}
    assert seen > 70
    assert len(asked) * ONE_IN <= seen, sorted(asked)
