"""CPU4xx: what the processors of a VM have to be to each other: sockets, memory nodes, adding them while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_SOCKETS = "cores-per-socket"  # the row of devices.toml
_CORES = "cpuid.coresPerSocket"
_NODE = "numa.vcpu.maxPerVirtualNode"
_FEWEST_FOR_NODES = "numa.vcpu.min"
_FEWEST = 9  # what it is where the config does not say (virtual NUMA controls of vSphere)


def _is_uneven(vm: Machine) -> bool:
    # The cores of a socket count for nothing where there is one processor.
    return vm.cpu.count is not None and vm.cpu.smp and vm.cpu.count % vm.cpu.cores_per_socket != 0


@rule(
    "CPU408",
    "vcpus-make-no-whole-sockets",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=_is_uneven,
    short="processors and sockets",
    messages=(
        ("cannot support <n> CPUs using <n> cores per socket. CPU count must be a multiple", "vcd-provider-634"),
    ),
)
def vcpus_make_no_whole_sockets(case: Case) -> Iterator[Hit]:
    """The virtual processors of the VM do not fill its sockets.

    `numvcpus` has to be a multiple of `cpuid.coresPerSocket`. ESX then refuses to start the VM, and its vmware.log has
    `msg.cpuid.asymmetricalCores`; Workstation shows an invalid number of processors, "0.5". With one processor the
    setting counts for nothing. Programs that change one of the two lines leave the other behind.
    """
    now, to, cores = case.now, case.target, case.vm.cpu.cores_per_socket
    if now.vcpus <= 1 or now.vcpus % cores == 0 or _SOCKETS not in now.devices or _SOCKETS in case.lost:
        return
    refuses = features()["refuses-uneven-sockets"]
    known = refuses.holds(to)
    verb = "does not start the VM" if known else "may not start the VM"
    fitting = next(it for it in range(min(cores, now.vcpus), 0, -1) if now.vcpus % it == 0)
    yield Hit(
        f"{now.vcpus} virtual processors do not fill sockets of {cores} cores; {to.name} {verb}",
        case.vm.cpu.evidence,
        manual(f'set {_CORES} = "{fitting}", or numvcpus to a multiple of {cores}'),
        sources=refuses.sources if known else ("packer-cores-34",),
        unverified=not known or "since" in refuses.unverified,
    )


@rule(
    "CPU411",
    "hot-add-hides-memory-nodes",
    Severity.INFO,
    about=About.TARGET,
    sources=("kb:340275",),
    only_if=lambda vm: vm.cpu.smp and vm.config.document.flag("vcpu.hotadd", False),
)
def hot_add_hides_memory_nodes(case: Case) -> Iterator[Hit]:
    """Processors can be added while the VM runs, so ESX does not show it how the memory of the host is divided.

    With more than eight processors a guest is shown virtual memory nodes (vNUMA), by which it keeps its data near the
    processor that works on it; with hot-add of processors it is not. Nothing stops; large databases may be slower.
    """
    document = case.vm.config.document
    fewest = document.number(_FEWEST_FOR_NODES) or _FEWEST
    if case.is_place and case.now.vcpus >= fewest and features()["shows-memory-nodes"].holds(case.target):
        yield Hit(
            f"{case.now.vcpus} virtual processors, and more can be added while the VM runs; {case.target.name} then "
            "shows the guest one memory node",
            (document.evidence("vcpu.hotadd"),),
            manual('set vcpu.hotadd = "FALSE" where the guest gains from memory nodes of its own'),
        )


@rule(
    "CPU412",
    "processor-count-invalid",
    Severity.UNKNOWN,
    about=About.FILES,
    sources=("cores-article",),
    short="how many processors",
)
def processor_count_invalid(vm: Machine) -> Iterator[Hit]:
    """The number of processors, or that of cores in a socket, is no number above zero.

    ESX says that `cpuid.coresPerSocket` must be a number and does not start the VM. What a product makes of another
    `numvcpus` than a number no source says. Nothing that counts processors can be said of such a VM.
    """
    if vm.cpu.count is None or _is_below_one(vm, "numvcpus"):
        yield _no_number(vm, "numvcpus", "processors")
    if _is_below_one(vm, _CORES):
        yield _no_number(vm, _CORES, "cores in a socket")


def _is_below_one(vm: Machine, key: str) -> bool:
    document = vm.config.document
    return key in document and (document.number(key) or 0) < 1


def _no_number(vm: Machine, key: str, what: str) -> Hit:
    document = vm.config.document
    name = document.spelling(key) if key in document else key
    return Hit(
        f"how many {what} is the VM to have? In the config {name} is no number above zero, and what a product makes of "
        "that cannot be said; with a number the VM can be judged",
        (document.evidence(key),) if key in document else (),
        manual(f"set {name} to the number of {what}"),
    )


@rule(
    "CPU413",
    "vcpus-do-not-fill-memory-nodes",
    Severity.WARNING,
    about=About.TARGET,
    sources=("vsphere-numa-docs",),
    only_if=lambda vm: vm.cpu.smp and _NODE in vm.config.document,
)
def vcpus_do_not_fill_memory_nodes(case: Case) -> Iterator[Hit]:
    """The virtual processors do not divide evenly among the virtual memory nodes that the config asks for.

    ESX divides the processors evenly, `numa.vcpu.maxPerVirtualNode` of them on each node. What it does with those that
    are left over no source says; numbers that fit one host and one count of processors are often left behind in copies.
    """
    document, vcpus = case.vm.config.document, case.now.vcpus
    size = document.number(_NODE) or 0
    if size > 0 and vcpus > size and vcpus % size and features()["shows-memory-nodes"].holds(case.target):
        yield Hit(
            f"{vcpus} virtual processors on memory nodes of {size}, which do not divide evenly",
            (document.evidence(_NODE), *case.vm.cpu.evidence[:1]),
            manual(f"take {document.spelling(_NODE)} out, so that the host chooses, or let it divide {vcpus}"),
            unverified=True,
        )
