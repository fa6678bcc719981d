"""CPU4xx: processors and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Severity
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules._limits import exceeded
from vmxtool.rules._registry import Hit, file_rule, guide_rule, target_rule
from vmxtool.rules._remedies import by_hand
from vmxtool.rules._rewrites import rewrite_for, version_on

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules._limits import Limit
    from vmxtool.rules._registry import Asked

_GUEST_DECIDES = "guest-os-supports-it"
_ODD_COUNTS_FROM = 7
_MEMORY_STEP_MIB = 4


@target_rule("CPU401", "smp-not-offered", Severity.BLOCKER, "mpg:p10", "mpg:p14", "mpg:p18")
def smp_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has several virtual processors and the target gives a VM one.

    A guest that was installed on several processors has a kernel or hardware abstraction layer for them and in general
    does not start on one. VMware supports moving such a VM only to products with Virtual SMP: ESX Server with Virtual
    SMP, VMware Server, Workstation 5.5 and later, Fusion. Elsewhere the guest needs a kernel for one processor first.
    """
    if vm.cpu.smp and not to.smp:
        yield Hit(
            f"{vm.cpu.count} virtual processors; {to.name} gives a VM one",
            vm.cpu.evidence,
            by_hand("give the guest a kernel or hardware abstraction layer for one processor, then set numvcpus to 1"),
            sources=(to.source,),
            unverified="smp" in to.unverified,
        )


@target_rule("CPU402", "smp-guest-kernel", Severity.UNKNOWN, "mpg:p11", "mpg:p14", "mpg:p22")
def smp_guest_kernel(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM gets fewer processors, and which kernel its guest has is inside the guest, not in the VM's files.

    A guest installed on several processors generally fails on one. Look in the guest, or ask who installed it: where
    its kernel runs on one processor the VM can move, where not it needs another kernel or another target.
    """
    if not vm.cpu.smp:
        return
    most = exceeded(vm, to, "vcpus", vm.cpu.count, version_on(vm, to))
    if to.smp and (most is None or not most.verified):
        return
    left = most.figure if most is not None and to.smp else 1
    yield Hit(
        f"does the guest run on {left} virtual processor{'s' if left != 1 else ''}? If its kernel does, the VM can "
        "move with that many; if not, it needs another kernel or another target",
        vm.cpu.evidence,
        by_hand("look in the guest which kernel or hardware abstraction layer it has"),
    )


@target_rule("CPU403", "too-many-vcpus", Severity.BLOCKER)
def too_many_vcpus(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more virtual processors than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower. A guest may
    need another kernel or licence for fewer.
    """
    if not to.smp:
        return
    most = exceeded(vm, to, "vcpus", vm.cpu.count, version_on(vm, to))
    if most is not None:
        yield Hit(
            f"{vm.cpu.count} virtual processors; {_takes(to, most)} {most.figure}",
            vm.cpu.evidence,
            by_hand(f"set numvcpus to {most.figure} or less, if the guest runs on fewer"),
            sources=(most.source,),
            unverified=not most.verified,
        )


@target_rule("CPU404", "memory-over-limit", Severity.BLOCKER)
def memory_over_limit(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more memory than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower.
    """
    most = exceeded(vm, to, "memory_mib", vm.memory_mib, version_on(vm, to))
    if most is not None:
        yield Hit(
            f"{vm.memory_mib} MiB of memory; {_takes(to, most)} {most.figure} MiB",
            (vm.config.document.evidence("memsize"),),
            _less_memory(vm, to, most),
            sources=(most.source,),
            unverified=not most.verified,
        )


@file_rule("CPU405", "memory-size-invalid", Severity.WARNING, "vmx-notes", "libvirt:src/vmx/vmx.c")
def memory_size_invalid(vm: Machine) -> Iterator[Hit]:
    """The memory size is not a multiple of 4 MiB, or not above zero; VMware refuses to start such a VM.

    It says that the memory size is not a multiple of 4.
    """
    if "memsize" in vm.config.document and (vm.memory_mib <= 0 or vm.memory_mib % _MEMORY_STEP_MIB):
        rounded = max(vm.memory_mib // _MEMORY_STEP_MIB * _MEMORY_STEP_MIB, _MEMORY_STEP_MIB)
        yield Hit(
            f"memsize is {vm.memory_mib}, which is not a positive multiple of 4",
            (vm.config.document.evidence("memsize"),),
            by_hand(f"set memsize to a multiple of 4, such as {rounded}"),
        )


@target_rule("CPU406", "odd-vcpu-count", Severity.WARNING, "libvirt:src/vmx/vmx.c", "general")
def odd_vcpu_count(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has an odd number of virtual processors above one, which products before hardware version 7 refuse.

    ESX of that time took one processor or an even number of them; that later ones take any is unverified.
    """
    version = version_on(vm, to)
    if vm.cpu.smp and vm.cpu.count % 2 and version is not None and version < _ODD_COUNTS_FROM:
        yield Hit(
            f"{vm.cpu.count} virtual processors; with hardware version {version} products took one or an even number",
            vm.cpu.evidence,
            by_hand(f"set numvcpus to {vm.cpu.count - 1}"),
            unverified=True,
        )


@guide_rule("CPU407", "uniprocessor-guest-kernel", Severity.UNKNOWN, "mpg:p21", "mpg:p22")
def uniprocessor_guest_kernel(vm: Machine, to: Product, asked: Asked) -> Iterator[Hit]:
    """The guide lets a VM with one processor go to ESX Server with Virtual SMP if its guest supports it.

    Some guests that were installed on one processor run in such a VM and some do not; their own documentation says
    which. No file of the VM shows it.
    """
    if _GUEST_DECIDES not in asked.conditions:
        return
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    name = guest.name if guest is not None else vm.guest.id or "the guest"
    yield Hit(
        f"does {name}, installed on one processor, run under {to.name}? If its documentation says so, the VM can "
        "move; if not, the guide does not support the move",
        (*vm.cpu.evidence, *vm.guest.evidence),
        by_hand("look into the documentation of the guest system"),
        None,
        (asked.entries[0].cell,),
    )


def _less_memory(vm: Machine, to: Product, most: Limit) -> Fix:
    text = f"set memsize to {most.figure} or less, if the guest runs with it"
    return rewrite_for(vm, to, text) if most.verified else by_hand(text)


def _takes(to: Product, most: Limit) -> str:
    if most.version is None or most.version == to.runs_max:
        return f"{to.name} takes"
    return f"{to.name} with hardware version {most.version} takes"
