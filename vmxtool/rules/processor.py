"""CPU4xx: processors and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules._registry import Hit, file_rule, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@target_rule("CPU401", "smp-not-offered", Severity.BLOCKER, "mpg:p10", "mpg:p14", "mpg:p18")
def smp_not_offered(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has several virtual processors and the target gives a VM one.

    A guest that was installed on several processors has a kernel or hardware abstraction layer for them and in general
    does not start on one. VMware supports moving such a VM only to products with Virtual SMP: ESX Server with Virtual
    SMP, VMware Server, Workstation 5.5 and later, Fusion.
    """
    if vm.cpu.smp and not to.smp:
        yield Hit(
            f"{vm.cpu.count} virtual processors; {to.name} gives a VM one",
            vm.cpu.evidence,
            None,
            Severity.WARNING if "smp" in to.unverified else None,
            (to.source,),
        )


@target_rule("CPU402", "smp-guest-kernel", Severity.UNKNOWN, "mpg:p10", "mpg:p21", "mpg:p22")
def smp_guest_kernel(vm: Machine, to: Product) -> Iterator[Hit]:
    """Whether the guest's kernel is for one processor or for several is inside the guest, not in the VM's files.

    It matters where the number of processors changes: a kernel for several generally fails on one, and some kernels
    for one run on several and some do not. Look in the guest, or ask who installed it.
    """
    if vm.cpu.smp and (not to.smp or (to.max_vcpus is not None and vm.cpu.count > to.max_vcpus)):
        left = 1 if not to.smp else to.max_vcpus
        yield Hit(
            f"does the guest run on {left} virtual processor{'s' if left != 1 else ''}? no file shows which kernel it has",
            vm.cpu.evidence,
            by_hand("look in the guest which kernel or hardware abstraction layer it has"),
        )


@target_rule("CPU403", "too-many-vcpus", Severity.BLOCKER)
def too_many_vcpus(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more virtual processors than the target gives a VM."""
    if to.max_vcpus is None or not to.smp or vm.cpu.count <= to.max_vcpus:
        return
    yield Hit(
        f"{vm.cpu.count} virtual processors; {to.name} takes {to.max_vcpus}",
        vm.cpu.evidence,
        by_hand(f"set numvcpus to {to.max_vcpus} or less, if the guest runs on fewer"),
        Severity.WARNING if "max_vcpus" in to.unverified else None,
        (to.source,),
    )


@target_rule("CPU404", "memory-over-limit", Severity.BLOCKER)
def memory_over_limit(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM has more memory than the target gives a VM."""
    if to.max_memory_mib is None or vm.memory_mib <= to.max_memory_mib:
        return
    document = vm.config.document
    yield Hit(
        f"{vm.memory_mib} MiB of memory; {to.name} takes {to.max_memory_mib} MiB",
        (document.evidence("memsize"),),
        by_hand(f"set memsize to {to.max_memory_mib} or less"),
        Severity.WARNING if "max_memory_mib" in to.unverified else None,
        (to.source,),
    )


@file_rule("CPU405", "memory-size-invalid", Severity.WARNING, "sanbarrow:vmx-syntax")
def memory_size_invalid(vm: Machine) -> Iterator[Hit]:
    """The memory size is not a multiple of 4 MiB, or not above zero; VMware refuses to start such a VM."""
    if "memsize" in vm.config.document and (vm.memory_mib <= 0 or vm.memory_mib % 4):
        yield Hit(
            f"memsize is {vm.memory_mib}, which is not a positive multiple of 4",
            (vm.config.document.evidence("memsize"),),
            by_hand("set memsize to a multiple of 4"),
        )
