"""CPU4xx: what a VM asks of the processor, the memory and the mode of a new host."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.host_needs import host_needs
from vmxtool.knowledge.runs import Ternary
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.rules.guest_hosts import is_macos
from vmxtool.rules.guest_options import listed
from vmxtool.rules.new_host import first_words, has_new_host, spelled
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmxtool.knowledge.host_needs import HostNeed
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case, Files

_PLACES_SHOWN = 4
_WORDS = ("vpmc.", "vhv.", "vvtd.", "featmask.", "featurecompat.", "monitor.")
_GUEST, _FEATURES, _MODE = "guest-virtualization", "processor-features", "monitor-mode"
_CPUID = r"cpuid\.[0-9a-f]+(?:\.[0-9a-f]+)?\.e[abcd]x(?:\.(?:amd|intel|centaur))?"
_HIDDEN = "hypervisor.cpuid.v0"
_HYPER_V = "and on Windows no Hyper-V (WSL 2, memory integrity)"


class _Asked(Record):
    """A setting that asks something of the host, with the row that says what."""

    key: str
    need: HostNeed


def _asked(files: Files) -> list[_Asked]:
    """Return what the config asks of its host, in the order of the data."""
    document = files.vm.config.document
    keys = [key for key in document.folded() if key.startswith(_WORDS)]
    return [_Asked(key, need) for need in host_needs() for key in keys if need.asked_by(key, document[key])]


def _asks(*words: str) -> Callable[[Machine], bool]:
    """Return whether a VM has a setting that begins with one of the words, the first of its name or more."""
    firsts = tuple(word.partition(".")[0] for word in words)

    def asks(vm: Machine) -> bool:
        if not any(word.startswith(firsts) for word in first_words(vm)):
            return False
        return any(key.startswith(words) for key in vm.config.document.folded())

    return asks


def _open(case: Case, group: str) -> list[_Asked]:
    """Return what a group asks that the VM still has with its hardware version there."""
    # With a version that the target does not run, the VM does not start there at all.
    if case.runs is Ternary.NO or not has_new_host(case):
        return []
    return [it for it in case.files.once(_asked) if it.need.group == group and _knows(case, it.need.device)]


def _knows(case: Case, device: str) -> bool:
    """Return whether the VM still has the settings of a row of devices.toml there; those that belong to no row stay."""
    return not device or (device in case.now.devices and device not in case.lost)


def _question(case: Case, asked: list[_Asked], question: str, *, mode: str = "") -> Hit:
    document, needs = case.vm.config.document, list(dict.fromkeys(it.need for it in asked))
    offered = listed(dict.fromkeys(need.offered for need in needs if need.offered)) or "a processor that offers it"
    return Hit(
        f"{question}? If it {question.partition(' ')[0]}, the steps below do; if not, the VM does not start there",
        tuple(document.evidence(it.key) for it in asked[:_PLACES_SHOWN]),
        manual(f"it takes {offered}{mode}; else {_taken_back(case, asked)}"),
        sources=tuple(dict.fromkeys(source for need in needs for source in need.sources)),
    )


def _taken_back(case: Case, asked: list[_Asked]) -> str:
    """Return what to set where the host does not offer it, and what that costs."""
    spelling = case.vm.config.document.spelling
    by_value: dict[str, list[str]] = {}
    for it in asked:
        by_value.setdefault(it.need.set, []).append(spelling(it.key))
    ways = [
        f"set {listed(keys)} to {value}" if value else f"take out {listed(keys[:_PLACES_SHOWN])}"
        for value, keys in by_value.items()
    ]
    lost = listed(dict.fromkeys(it.need.loses for it in asked if it.need.loses))
    return listed(ways) + (f", and the guest loses {lost}" if lost else "")


@rule(
    "CPU414",
    "guest-virtualization-wanted",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_if=_asks("vpmc.", "vhv.", "vvtd.", "featmask.vm.hv."),
    short="what the host's processor offers",
    messages=(
        ("Module 'VPMC' power on failed.", "penetration-suite-toolkit:issue-100"),
        ("Virtualized Intel VT-x/EPT is not supported on this platform.", "auto-unlocker:issue-31"),
        ("Virtualized AMD-V/RVI is not supported on this platform.", "pentest-windows:issue-38"),
        ("Module 'HV' power on failed.", "general"),
        ("VMware Workstation and Device/Credential Guard are not compatible.", "general"),
    ),
)
def guest_virtualization_wanted(case: Case) -> Iterator[Hit]:
    """The VM gives its guest performance counters or virtualization, which not every host can give.

    Where the processor does not offer them, where they are switched off in the firmware, or where Hyper-V runs on the
    host beside the product, the VM does not start. On Windows, Hyper-V is also behind WSL 2, memory integrity and
    Credential Guard. In a cluster with EVC there are no counters.
    """
    asked = _open(case, _GUEST)
    if asked:
        spelling = case.vm.config.document.spelling
        wanted = listed(f"{it.need.wants} ({spelling(it.key)})" for it in asked)
        mode = "" if case.target.esx else f", {_HYPER_V}"
        yield _question(case, asked, f"can the host of {case.target.name} give the guest {wanted}", mode=mode)


@rule(
    "CPU415",
    "virtualization-beside-host-device",
    Severity.WARNING,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=_asks("pcipassthru"),
    only_on=lambda target: target.esx is True,
    short="a device of the host",
    messages=(
        ("Virtualization is not supported on a virtual machine with a PCI passthrough device.", "kb:437651"),
        (
            "The virtual machine cannot be powered on because IOMMU virtualization is not allowed with VGPU.",
            "kb:88161",
        ),
    ),
)
def virtualization_beside_host_device(case: Case) -> Iterator[Hit]:
    """The VM has a device of the host, and gives its guest virtualization or an IOMMU.

    ESX supports virtualization inside the guest (`vhv.enable`) not beside a passed-through device or a vGPU. A virtual
    IOMMU (`vvtd.enable`) beside a vGPU keeps the VM from being powered on before ESXi 8.
    """
    document, devices = case.vm.config.document, peripherals_of(case.vm).passthrough
    names = [it.id for it in devices if it.id.startswith("pcipassthru")]
    if not names or not case.is_place:
        return
    first = spelled(document, f"{names[0]}.present")
    if document.flag("vhv.enable", False) and _knows(case, "nested-virtualization"):
        yield Hit(
            f"{first} is a device of the host; beside it {case.target.name} supports no virtualization in the guest",
            (document.evidence("vhv.enable"), document.evidence(f"{first}.present")),
            manual('set vhv.enable = "FALSE", or take the device out'),
            sources=("kb:437651",),
        )
    shared = next((it for it in names if document.get(f"{it}.vgpu")), None)
    feature = features()["refuses-iommu-beside-vgpu"]
    if shared and document.flag("vvtd.enable", False) and feature.holds(case.target) and _knows(case, "vbs"):
        yield Hit(
            f"{spelled(document, f'{shared}.vgpu')} is a vGPU; beside it {case.target.name} does not start a VM with a "
            "virtual IOMMU",
            (document.evidence("vvtd.enable"), document.evidence(f"{shared}.vgpu")),
            manual('set vvtd.enable = "FALSE", or take the vGPU out'),
            Severity.BLOCKER,
            feature.sources,
            unverified="since" in feature.unverified,
        )


@rule(
    "CPU416",
    "processor-features-wanted",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_if=_asks("featmask.vm.", "featurecompat.vm."),
    short="what the host's processor offers",
    messages=(
        ("Feature '<feature>' was absent, but must be present.", "unlocker:issue-47"),
        ("Module 'FeatureCompatLate' power on failed.", "unlocker:issue-47"),
    ),
)
def processor_features_wanted(case: Case) -> Iterator[Hit]:
    """The VM asks for features of the processor, one by one or by an EVC mode of its own.

    A line such as `featMask.vm.cpuid.AVX2 = "Min:1"` keeps the VM from starting on a processor without the feature.
    vSphere writes such lines for a VM with an EVC mode; some who publish VMs write them as a check. A guest with macOS
    is asked about its Mac already: what the processor of that has to offer is a warning then.
    """
    asked = _open(case, _FEATURES)
    if asked:
        spelling = case.vm.config.document.spelling
        names = [it.need.wants or spelling(it.key).rpartition(".")[2] for it in asked]
        rest = f" and {len(names) - _PLACES_SHOWN} more" if len(names) > _PLACES_SHOWN else ""
        listing = f"{', '.join(names[:_PLACES_SHOWN])}{rest}" if rest else listed(names)
        question = f"has the host of {case.target.name} the processor features that the VM asks for ({listing})"
        hit = _question(case, asked, question)
        if is_macos(case.vm):
            message = f"the VM asks for features of the processor ({listing}), and starts on no Mac without them"
            hit = hit._replace(message=message, severity=Severity.WARNING)
        yield hit


@rule(
    "CPU417",
    "monitor-mode-fixed",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_if=_asks("monitor.virtual_"),
    short="what the host's processor offers",
    messages=(
        ("Module 'MonitorMode' power on failed.", "ipod-games-vm:issue-22"),
        ("This host supports AMD-V, but AMD-V is disabled.", "ipod-games-vm:issue-22"),
        ("This host supports Intel VT-x, but Intel VT-x is disabled.", "general"),
        ("<product> does not support the user level monitor on this host.", "ipod-games-vm:issue-22"),
    ),
)
def monitor_mode_fixed(case: Case) -> Iterator[Hit]:
    """The VM is set to run by the processor's virtualization alone, which the host has to offer.

    `monitor.virtual_exec` and `monitor.virtual_mmu` leave the choice to the product where they are "automatic". A host
    on which VT-x or AMD-V is switched off in its firmware, or taken by Hyper-V, starts no VM that needs them: whatever
    the settings, 64-bit guests and newer products always do.
    """
    asked = _open(case, _MODE)
    if asked:
        wanted = listed(it.need.wants for it in asked)
        mode = "" if case.target.esx else f", {_HYPER_V}"
        yield _question(case, asked, f"has the host of {case.target.name} {wanted}", mode=mode)


@rule(
    "CPU418",
    "host-resources-reserved",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("vsphere-resource-docs", "latency-article"),
    only_if=_asks("sched."),
    only_on=lambda target: target.esx is True,
    short="free memory on the host",
    messages=(
        ("The host does not have sufficient memory resources to satisfy the reservation.", "general"),
        ("The host does not have sufficient CPU resources to satisfy the reservation.", "general"),
        ("The available Memory resources in the parent resource pool are insufficient for the operation.", "general"),
    ),
)
def host_resources_reserved(case: Case) -> Iterator[Hit]:
    """The VM has all of its memory reserved, or processors to itself, which the new host must have free.

    A VM with high latency sensitivity, with pages of 1 GB, or with a reservation as large as its memory starts only
    where so much memory is free and nobody else has it reserved; high latency sensitivity also gives each of its
    processors a core of its own. Hosted products do not look at these settings.
    """
    if not has_new_host(case):
        return
    keys, cores = case.files.once(_reservations)
    if not keys:
        return
    document, now = case.vm.config.document, case.now
    much = f"{now.memory_mib} MiB of memory" + (f" and {_cores(now.vcpus)}" if cores else "")
    yield Hit(
        f"are {much} free on the host of {case.target.name}, and reserved by nobody else? If they are, the steps below "
        "do; if not, the VM does not start there",
        tuple(document.evidence(key) for key in keys),
        manual(f"look on the host; else take {listed(map(document.spelling, keys))} out, and the VM may be slower"),
    )


def _cores(count: int) -> str:
    return f"{count} cores" if count > 1 else "a core"


def _reservations(files: Files) -> tuple[tuple[str, ...], bool]:
    """Return the settings that reserve all of the memory, and whether processors are reserved too."""
    vm, document = files.vm, files.vm.config.document
    cores = document.get("sched.cpu.latencySensitivity", "").lower() == "high"
    keys = ["sched.cpu.latencysensitivity"] if cores else []
    keys += [it for it in ("sched.mem.lpage.enable1gpage", "sched.mem.pin") if document.flag(it, False)]
    reserved = next((it for it in ("sched.mem.min", "sched.mem.minsize") if it in document), None)
    least = document.number(reserved) if reserved is not None else None
    if reserved is not None and least and vm.memory_mib is not None and least >= vm.memory_mib:
        keys.append(reserved)
    return tuple(keys), cores


@rule(
    "CPU419",
    "processor-shown-otherwise",
    Severity.INFO,
    about=About.TARGET,
    sources=("vim-api:HostCpuIdInfo", "vsphere-json-api:HostCpuIdInfo"),
    only_if=_asks(*(f"cpuid.{digit}" for digit in "0123456789abdef"), _HIDDEN),  # not cpuid.coresPerSocket
)
def processor_shown_otherwise(case: Case) -> Iterator[Hit]:
    """The guest is shown another processor than the host has, by masks in the config.

    A bit of 0 or 1 in a mask is shown whatever the processor has; nobody promises that what was switched on works. "T"
    and "F" ask for a feature or its absence, and the VM does not start on a processor that differs. Masks that were
    made for one processor seldom fit that of another maker.
    """
    if has_new_host(case):
        yield from case.files.once(_shown_otherwise)


def _shown_otherwise(files: Files) -> list[Hit]:
    return list(_find_shown(files))


def _find_shown(files: Files) -> Iterator[Hit]:
    document = files.vm.config.document
    masks = [key for key in document.folded() if key.startswith("cpuid.") and re.fullmatch(_CPUID, key)]
    # A mask is 32 signs, or a number that is shown as it is.
    strict = [key for key in masks if set(document[key].upper()) & {"T", "F"} and not document[key].startswith("0x")]
    shown = [key for key in masks if key not in strict and set(document[key]) & {"0", "1"}]
    if strict:
        yield Hit(
            f"has the processor of the host what {listed(map(document.spelling, strict[:_PLACES_SHOWN]))} asks for? If "
            "it has, the steps below do; if not, the VM does not start there",
            tuple(document.evidence(key) for key in strict[:_PLACES_SHOWN]),
            manual(
                "a T in them asks for a feature, an F for its absence; take them out if only the old host needed them"
            ),
            Severity.UNKNOWN,
        )
    if shown:
        yield Hit(
            "the guest is shown another processor than the host has; what was made for the old one may not fit the new",
            tuple(document.evidence(key) for key in shown[:_PLACES_SHOWN]),
            manual("if the guest does not start there, take the masks (cpuid.*) out or make them anew"),
        )
    if document.get(_HIDDEN) and not document.flag(_HIDDEN, True):
        yield Hit(
            f"{document.spelling(_HIDDEN)} hides from the guest that it is a VM; hypervisors and drivers in it may act "
            "otherwise on the new host",
            (document.evidence(_HIDDEN),),
            manual("leave it, unless the guest does not start there"),
        )
