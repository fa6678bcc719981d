"""CPU4xx: processors and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import is_smp_edition, products
from vmxtool.rules.limits import or_raise
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case
    from vmxtool.rules.figures import Limit

_RULED_OUT = ("takes-no-smp-vm", "takes-no-smp-vm-of-old")
_NO_SECOND = ", and a VM of its generation gets no second processor there"
_GUEST_DECIDES = "guest-os-supports-it"
_MEMORY_STEP_MIB = 4


@rule(
    "CPU401",
    "smp-not-offered",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    sources=("mpg:p10", "mpg:p14", "mpg:p18"),
    only_if=lambda vm: vm.cpu.smp,
    short="fewer processors",
    stopping="one processor only",
)
def smp_not_offered(case: Case) -> Iterator[Hit]:
    """The VM has several virtual processors and the target gives a VM one.

    A guest that was installed on several processors has a kernel or hardware abstraction layer for them and in general
    does not start on one. VMware supports moving such a VM only to products with Virtual SMP: ESX Server with Virtual
    SMP, VMware Server, Workstation 5.5 and later, Fusion. Elsewhere the guest needs a kernel for one processor first.
    """
    to = case.target
    if _is_ruled_out(case):
        yield Hit(
            f"{case.now.vcpus} virtual processors; {to.name} gives a VM one, and the guide supports no move of such a "
            "VM there",
            case.vm.cpu.evidence,
            sources=tuple(source for it in _RULED_OUT if features()[it].holds(to) for source in features()[it].sources),
        )
    elif case.now.vcpus > 1 and not to.smp:
        yield Hit(
            f"{case.now.vcpus} virtual processors; {to.name} gives a VM one",
            case.vm.cpu.evidence,
            manual("give the guest a kernel or hardware abstraction layer for one processor, then set numvcpus to 1"),
            sources=(to.source_of("smp"),),
            unverified="smp" in to.unverified,
            leaves=(("vcpus", 1),),
        )


@rule(
    "CPU402",
    "smp-guest-kernel",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p11", "mpg:p14", "mpg:p22"),
    only_if=lambda vm: vm.cpu.smp,
    short="which kernel the guest has",
)
def smp_guest_kernel(case: Case) -> Iterator[Hit]:
    """The VM gets fewer processors, and which kernel its guest has is inside the guest, not in the VM's files.

    A guest installed on several processors generally fails on one. Look in the guest, or ask who installed it: where
    its kernel runs on one processor the VM can move, where not it needs another kernel or another target.
    """
    if case.now.vcpus <= 1 or _is_ruled_out(case):
        return
    most = case.over("vcpus", case.now.vcpus)
    if case.target.smp and (most is None or not most.verified):
        return
    left = most.figure if most is not None and case.target.smp else 1
    yield Hit(
        f"does the guest run on {left} virtual processor{'s' if left != 1 else ''}? If its kernel does, the VM can "
        "move with that many; if not, it needs another kernel or another target",
        case.vm.cpu.evidence,
        manual("look in the guest which kernel or hardware abstraction layer it has"),
        leaves=(("vcpus", left),),
    )


def _gets_no_second(made_by: str) -> bool:
    return features()["no-second-processor-on-esx2"].holds(products()[made_by])


@rule(
    "CPU403",
    "too-many-vcpus",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=lambda vm: vm.cpu.smp,
    short="fewer processors",
    stopping="too many processors",
)
def too_many_vcpus(case: Case) -> Iterator[Hit]:
    """The VM has more virtual processors than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower; a number that
    was raised by hand may be over that of the VM's own version. Where sources differ on it, what is above the lower
    figure is told, and above the highest the VM does not start. A guest may need another kernel or licence for fewer.
    """
    most = case.over("vcpus", case.now.vcpus) if case.target.smp else None
    entry = case.guide.entry if case.guide is not None and is_smp_edition(case.target.id) else None
    if entry is not None and case.now.vcpus > 1 and _gets_no_second(entry.from_id):
        yield Hit(
            f"{case.now.vcpus} virtual processors{_NO_SECOND}",
            case.vm.cpu.evidence,
            manual("set numvcpus to 1"),
            sources=(entry.cell,),
            leaves=(("vcpus", 1),),
        )
    elif most is not None:
        yield Hit(
            f"{case.now.vcpus} virtual processors; {_takes(case.target, most)} {most.figure}",
            case.vm.cpu.evidence,
            manual(
                f"set numvcpus to {most.figure} or less, if the guest runs on fewer"
                f"{or_raise(case, 'vcpus', case.now.vcpus)}"
            ),
            sources=(most.source,),
            unverified=not most.verified,
            leaves=(("vcpus", most.figure),),
        )


@rule(
    "CPU404",
    "memory-over-limit",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REWRITE,
    short="less memory",
    stopping="too much memory",
)
def memory_over_limit(case: Case) -> Iterator[Hit]:
    """The VM has more memory than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower. Where sources
    differ on it, what is above the lower figure is told, and above the highest the VM does not start.
    """
    most = case.over("memory_mib", case.now.memory_mib)
    if most is not None:
        raised = or_raise(case, "memory_mib", case.now.memory_mib)
        lower: Limit | None = most
        while lower is not None:  # a rewrite lowers it below every figure, those that sources differ on too
            left, lower = lower.figure, case.over("memory_mib", lower.figure)
        text = f"set memsize to {left} or less, if the guest runs with it{raised}"
        yield Hit(
            f"{case.now.memory_mib} MiB of memory; {_takes(case.target, most)} {most.figure} MiB",
            (case.vm.config.document.evidence("memsize"),),
            by_rewrite(text, unsafe=True) if most.verified else manual(text),
            sources=(most.source,),
            unverified=not most.verified,
            cure=None if most.verified else Do.CHANGE_SETTINGS,
            leaves=(("memory_mib", left),),
        )


@rule(
    "CPU405",
    "memory-size-invalid",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    sources=("vmx-notes", "libvirt:src/vmx/vmx.c"),
    short="size of the memory",
    messages=(("Memory size <number> not a multiple of 4", "vmx-notes"),),
)
def memory_size_invalid(vm: Machine) -> Iterator[Hit]:
    """The memory size is not a multiple of 4 MiB, or no number above zero.

    VMware refuses to start a VM whose memory is not a multiple of 4. What it makes of a size that is no number, or not
    above zero, no source says, so that nothing is said of such a VM before it has one.
    """
    document = vm.config.document
    if "memsize" not in document:
        return
    if vm.memory_mib is None or vm.memory_mib <= 0:
        yield Hit(
            "how much memory is the VM to have? memsize is no number above zero, and what a product makes of that "
            "cannot be said; with a number the VM can be judged",
            (document.evidence("memsize"),),
            manual("set memsize to the VM's memory in MiB, a multiple of 4"),
            Severity.UNKNOWN,
        )
    elif vm.memory_mib % _MEMORY_STEP_MIB:
        rounded = max(vm.memory_mib // _MEMORY_STEP_MIB * _MEMORY_STEP_MIB, _MEMORY_STEP_MIB)
        yield Hit(
            f"memsize is {vm.memory_mib}, which is not a multiple of 4; VMware does not start the VM",
            (document.evidence("memsize"),),
            manual(f"set memsize to a multiple of 4, such as {rounded}"),
        )


@rule(
    "CPU406",
    "odd-vcpu-count",
    Severity.WARNING,
    about=About.TARGET,
    sources=("libvirt:src/vmx/vmx.c", "general"),
    only_if=lambda vm: vm.cpu.smp,
)
def odd_vcpu_count(case: Case) -> Iterator[Hit]:
    """The VM has an odd number of virtual processors above one, which products before hardware version 7 refuse.

    ESX of that time took one processor or an even number of them; that later ones take any is unverified.
    """
    now = case.now
    odd = now.vcpus > 1 and now.vcpus % 2
    if odd and now.version is not None and not features()["takes-odd-processor-counts"].holds_of(now.version):
        yield Hit(
            f"{now.vcpus} virtual processors; with hardware version {now.version} products took one or an even number",
            case.vm.cpu.evidence,
            manual(f"set numvcpus to {now.vcpus - 1}"),
            unverified=True,
        )


@rule(
    "CPU407",
    "uniprocessor-guest-kernel",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p21", "mpg:p22"),
    short="whether the guest suits Virtual SMP",
)
def uniprocessor_guest_kernel(case: Case) -> Iterator[Hit]:
    """The guide lets a VM with one processor go to ESX Server with Virtual SMP if its guest supports it.

    Some guests that were installed on one processor run in such a VM and some do not; their own documentation says
    which. No file of the VM shows it. Where a table names no such condition, it is a warning.
    """
    guide, to = case.guide, case.target
    if guide is None or guide.entry is None:
        return
    name = case.guest.name if case.guest is not None else case.now.guest or "the guest"
    if _GUEST_DECIDES not in guide.conditions:
        # The other tables leave the processors out; what page 21 says of them holds all the same.
        early = _gets_no_second(guide.entry.from_id) and not case.version_changed
        if is_smp_edition(to.id) and case.now.vcpus == 1 and not is_smp_edition(guide.entry.from_id):
            yield Hit(
                f"{name}, installed on one processor, may not run under {to.name}; its documentation says whether it "
                f"does{_NO_SECOND if early else ''}",
                (*case.vm.cpu.evidence, *case.vm.guest.evidence),
                manual("look into the documentation of the guest system"),
                Severity.WARNING,
                (guide.entry.cell,),
            )
        return
    yield Hit(
        f"does {name}, installed on one processor, run under {case.target.name}? If its documentation says so, the VM "
        "can move; if not, the guide does not support the move",
        (*case.vm.cpu.evidence, *case.vm.guest.evidence),
        manual("look into the documentation of the guest system"),
        None,
        (guide.entry.cell,),
    )


def _is_ruled_out(case: Case) -> bool:
    """Return whether the guide supports no move of a VM with several processors to the target (pages 17 and 27)."""
    to, guide = case.target, case.guide
    denied = guide is not None and guide.verdict == "not-supported"
    return case.now.vcpus > 1 and not to.smp and (denied or any(features()[it].holds(to) for it in _RULED_OUT))


def _takes(to: Product, most: Limit) -> str:
    if most.version is None or most.version == to.runs_max:
        return f"{to.name} takes"
    return f"{to.name} with hardware version {most.version} takes"
