"""CPU4xx: memory that has to be reserved, and memory and processors that cannot be added while a VM runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.machine.peripherals import security_of
from vmxtool.rules.devices import passed_through
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_LATENCY = "sched.cpu.latencySensitivity"
_LEAST, _PINNED = "sched.mem.min", "sched.mem.pin"


def _is_low_latency(vm: Machine) -> bool:
    return vm.config.document.get(_LATENCY, "").lower() == "high"


def _hot_added(vm: Machine) -> tuple[Evidence, ...]:
    document = vm.config.document
    return tuple(document.evidence(key) for key in ("vcpu.hotadd", "mem.hotadd") if document.flag(key, False))


@rule(
    "CPU409",
    "memory-not-reserved",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=lambda vm: _is_low_latency(vm) or bool(passed_through(vm)),
    short="memory that is not reserved",
    messages=(
        (
            "Invalid memory setting: memory reservation (sched.mem.min) should be equal to memsize(<number>).",
            "bosh-cpi-372",
        ),
    ),
)
def memory_not_reserved(case: Case) -> Iterator[Hit]:
    """The VM has a device of the host, or high latency sensitivity, and its memory is not all reserved.

    A device of the host writes into the VM's memory by itself, so ESX may not move that memory elsewhere: it starts
    such a VM only where `sched.mem.min` equals the memory or `sched.mem.pin` is TRUE ("Reserve all guest memory"). The
    client sets it with the device; a config that was written by a program, or whose memory was raised afterwards, has
    not.
    """
    document, to, memory = case.vm.config.document, case.target, case.now.memory_mib
    if not case.esx or memory <= 0 or document.flag(_PINNED, False) or (document.number(_LEAST) or 0) >= memory:
        return
    least = (document.evidence(_LEAST),) if _LEAST in document else ()
    fix = manual(
        f'set sched.mem.min = "{memory}" and sched.mem.pin = "TRUE" (reserve all guest memory); the host needs so much '
        "memory free"
    )
    devices = passed_through(case.vm)
    if devices and "pci-passthrough" in case.now.devices:
        known = features()["reserves-for-passthrough"]
        if known.holds(to):
            yield Hit(
                f"{memory} MiB of memory are not reserved, which {to.name} asks for with a device of the host",
                (*devices[:1], *least),
                fix,
                sources=known.sources,
                unverified="since" in known.unverified,
            )
    elif _is_low_latency(case.vm):
        known = features()["reserves-for-low-latency"]
        if known.holds(to):
            yield Hit(
                f"{memory} MiB of memory are not reserved, which {to.name} asks for with high latency sensitivity",
                (document.evidence(_LATENCY), *least),
                fix,
                sources=known.sources,
                unverified=True,  # that it is wanted is written, and not that the start is refused
            )


@rule(
    "CPU410",
    "hot-add-not-with-vbs",
    Severity.WARNING,
    about=About.TARGET,
    sources=("vsphere-vbs-docs",),
    only_if=lambda vm: bool(_hot_added(vm)) and bool(security_of(vm).vbs),
)
def hot_add_not_with_vbs(case: Case) -> Iterator[Hit]:
    """Processors or memory can be added while the VM runs, which ESX does not support with the VM's VBS.

    With virtualization-based security of Windows a hypervisor of the guest's own stands between, which takes the
    machine as it was at its start. Switch hot-add off.
    """
    if case.esx and case.is_place and "vbs" not in case.lost and "vbs" in case.now.devices:
        places = _hot_added(case.vm)
        yield Hit(
            f"{' and '.join(it.key or '' for it in places)}: {case.target.name} does not support adding processors or "
            "memory with virtualization-based security",
            places,
            manual(f'set {" and ".join(it.key or "" for it in places)} to "FALSE"'),
        )
