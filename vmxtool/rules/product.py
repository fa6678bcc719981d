"""PRD1xx: the hardware version, and the products that run it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import hardware, hardware_versions, newest_known
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_CONFIG_VERSION = "config.version"
_CONFIG_VERSIONS = (6, 7, 8)  # what products are known to write there (vmx-notes, and files of Workstation 4)
_OF_NO_CONFIG_SEEN = (1, 2)  # hardware versions of which no config was seen


def _version_words(version: int, to: Product, says: str) -> str:
    asked = f"version {to.runs_max} is asked for" if to.family == HARDWARE else f"{to.name} {says}"
    return f"hardware version {version}; {asked}"


@rule(
    "PRD101",
    "hardware-version-too-new",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.DOWNGRADE_HARDWARE,
    sources=("kb:1003746", "mpg:p10"),
    short="hardware version",
    messages=(
        ("No supported hardware versions among [<version>]; supported: [<versions>]", "bitnami-vms"),
        ("Unsupported hardware family '<version>'.", "general"),
        ("The OVF package requires unsupported hardware.", "general"),
        (
            (
                "The configuration file '<file>' was created by a VMware product that is incompatible with this "
                "version of <product> and cannot be used."
            ),
            "general",
        ),
        (
            "The configuration file was created by a VMware product with more features than this version of <product>.",
            "general",
        ),
        ("This virtual machine was created by a newer version of <product>.", "general"),
        ("Virtual machine hardware version is not supported.", "general"),
    ),
)
def hardware_version_too_new(case: Case) -> Iterator[Hit]:
    """The VM's hardware version is newer than any that the target runs.

    A product cannot power on a VM whose virtual hardware is newer than its own; vSphere says on an import that there
    are no supported hardware versions among vmx-N. The version has to be lowered together with every device that the
    lower version does not know; changing the number alone leaves a VM that starts with devices missing, or not at all.
    """
    version, to = case.now.version, case.target
    if version is not None and version > to.runs_max and case.runs is not Ternary.YES:
        yield Hit(
            _version_words(version, to, f"runs versions up to {to.runs_max}"),
            case.vm.hardware.evidence,
            by_rewrite("lower the hardware version, devices included"),
            sources=(to.source_of("runs_max"),),
            unverified=case.runs is Ternary.UNSURE,
        )


@rule(
    "PRD102",
    "hardware-version-too-old",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.UPGRADE_HARDWARE,
    sources=("mpg:p11",),
    short="hardware version",
)
def hardware_version_too_old(case: Case) -> Iterator[Hit]:
    """The VM's hardware version is older than any that the target runs.

    Its virtual hardware has to be upgraded, by vmxtool from version 3 on, and in a product that runs both versions
    before. No VMware product takes that back unless it can lower the version again; an undo puts back files that were
    not run since.
    """
    version, to = case.now.version, case.target
    if version is not None and version < to.runs_min and case.runs is not Ternary.YES:
        yield Hit(
            _version_words(version, to, f"runs versions from {to.runs_min} on"),
            case.vm.hardware.evidence,
            by_rewrite("raise the hardware version"),
            sources=(to.source_of("runs_min"),),
            unverified=case.runs is Ternary.UNSURE,
        )


@rule(
    "PRD103",
    "hardware-version-not-offered",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.DOWNGRADE_HARDWARE,
    sources=("vm-operator-answers:config-option-descriptor.xml",),
    short="hardware version",
)
def hardware_version_not_offered(case: Case) -> Iterator[Hit]:
    """The target runs older and newer hardware versions, but not this one.

    Version 6 was made for Workstation and its kin alone, and no version 5 was ever shipped; 12 and 16, which came with
    Workstation, run on ESXi from 6.5 and from 7.0 on. Take the version to the next one that the target runs: down with
    its devices, or up where only that one has the bus of the VM's disks.
    """
    version, to = case.now.version, case.target
    if version is not None and version in to.runs_except:
        yield Hit(
            f"hardware version {version}; {to.name} runs newer versions and older ones, but not this one",
            case.vm.hardware.evidence,
            by_rewrite("take the hardware version to the next one that it runs, devices included"),
            sources=(to.source_of("runs_except"),),
            unverified=case.runs is Ternary.UNSURE,
        )


@rule(
    "PRD104",
    "hardware-version-unknown",
    Severity.WARNING,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("govmomi:vim25/types/hardware_version.go",),
    short="unknown hardware version",
)
def hardware_version_unknown(vm: Machine) -> Iterator[Hit]:
    """The config names no hardware version, or one that no product is known to have.

    VMware requires `virtualHW.version`. A number above the newest known one may belong to a product released since;
    its devices and limits cannot be judged, so what runs it is open.
    """
    version = vm.hardware.version
    if version is None:
        if vm.encryption != "full":
            problem = "the config has no virtualHW.version, which VMware requires, so no product can be judged"
            fix = manual("set virtualHW.version to that of the product that made the VM")
            yield Hit(problem, (), fix, Severity.UNKNOWN, stops=frozenset({Do.REWRITE}))
        return
    row = hardware(version)
    if version > newest_known():
        yield Hit(
            f"hardware version {version} is newer than any known here ({newest_known()}); which products run it?",
            vm.hardware.evidence,
            manual("look into the documentation of the product that made the VM"),
            Severity.UNKNOWN,
        )
    elif row is None or not row.valid:
        real = sorted(known for known, other in hardware_versions().items() if other.valid)
        below, above = max(it for it in real if it < version), min(it for it in real if it > version)
        fix = by_rewrite(f"give the VM one that a product has: {below} or {above}")
        problem = f"no product ever had hardware version {version}"
        yield Hit(problem, vm.hardware.evidence, fix, Severity.BLOCKER, cure=Do.DOWNGRADE_HARDWARE)


@rule(
    "PRD114",
    "config-version-unknown",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("vmx-notes",),
    short="config version",
)
def config_version_unknown(vm: Machine) -> Iterator[Hit]:
    """The config has no `config.version`, or one that no product is known to write.

    With `virtualHW.version` and `guestOS` it is what a config has at least: without it, or with another number, the VM
    does not start. Products write 8 beside hardware version 4 and every later one, and 6 or 7 beside version 3. A
    higher number may belong to a product that is not known here.
    """
    document, version = vm.config.document, vm.config.config_version
    if vm.encryption == "full" or version in _CONFIG_VERSIONS or vm.hardware.version in _OF_NO_CONFIG_SEEN:
        return
    row = None if vm.hardware.version is None else hardware(vm.hardware.version)
    right = row.config_version if row is not None and row.config_version is not None else max(_CONFIG_VERSIONS)
    if version is None:
        fix = manual(f'add the line config.version = "{right}" to {document.name}')
        yield Hit("the config has no config.version, without which the VM does not start", (), fix)
        return
    key, places = document.spelling(_CONFIG_VERSION), (document.evidence(_CONFIG_VERSION),)
    if version > max(_CONFIG_VERSIONS):
        problem = f"{key} is {version}, and the newest that is known here is {max(_CONFIG_VERSIONS)}"
        fix = manual(f'if no newer product made it, set {key} = "{right}"')
        yield Hit(f"which product made the VM? {problem}", places, fix, Severity.UNKNOWN)
    else:
        problem = f'{key} is "{document[_CONFIG_VERSION]}", which no product writes; the VM does not start'
        yield Hit(problem, places, manual(f'set {key} = "{right}"'))


@rule(
    "PRD106",
    "target-makes-no-vms",
    Severity.INFO,
    about=About.TARGET,
    sources=("mpg:p12",),
    only_on=lambda to: not to.creates_vms,
    short="makes no VMs",
)
def target_makes_no_vms(case: Case) -> Iterator[Hit]:
    """The VM needs other hardware, and the target only runs what other products made.

    VMware Player 1 and 2 have no wizard to make or upgrade a VM. A product of the same generation that has one changes
    the hardware first; so does `vmxtool rewrite` from hardware version 3 on.
    """
    to = case.target
    if case.runs is not Ternary.NO:
        return
    yield Hit(
        f"{to.name} makes no VMs and changes no hardware version; another product has to do it first",
        case.vm.hardware.evidence,
        None,
        Severity.INFO,
        (to.source_of("creates_vms"),),
    )


@rule(
    "PRD109",
    "holder-does-not-run-it",
    Severity.WARNING,
    about=About.TARGET,
    short="a version that its own product does not run",
)
def holder_does_not_run_it(case: Case) -> Iterator[Hit]:
    """The product that is said to have the VM does not run its hardware version.

    Either another product made it, or the number was changed by hand. The answer is for the product that was named.
    """
    version, holder = case.now.version, products().get(case.now.holder or "")
    if holder is None or holder.id == case.target.id or version is None or case.version_changed:
        return
    if runs(holder, version) is not Ternary.NO:
        return
    yield Hit(
        f"{holder.name} does not run hardware version {version}, so it has not made the VM as it is",
        case.vm.hardware.evidence,
        manual("name the product that has the VM with --from"),
        sources=(holder.source_of("runs_max"),),
    )


def _is_served(target: Product) -> bool:
    return features()["hosts-not-known"].holds(target)


@rule(
    "PRD110",
    "host-version-unknown",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_on=_is_served,
    short="which ESXi the hosts have",
)
def host_version_unknown(case: Case) -> Iterator[Hit]:
    """The target does not say which version of ESXi its hosts have.

    A service updates its hosts by itself, so nothing here can be held against one version. Ask its provider, and check
    the VM for that version of ESXi.
    """
    yield Hit(
        f"which version of ESXi do the hosts of {case.target.name} have? That is what the VM has to run on",
        (),
        manual("ask the provider, and check with that version as the target, such as --target esxi8.0u2"),
    )
