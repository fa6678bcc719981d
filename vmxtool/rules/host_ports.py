"""DEV705 and DEV711: serial and parallel ports that are connected to the old host, or that the target has not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.machine.storage import AUTOMATIC
from vmxtool.rules.case import sections_of
from vmxtool.rules.guest_options import listed
from vmxtool.rules.new_host import first_words
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.machine.peripherals import Port
    from vmxtool.rules.case import Case, Files

_PRINTER, _NETWORK = "thinprint", "network"


def _has_ports(vm: Machine) -> bool:
    """Return whether a VM has a port that is not connected to a file alone."""
    if not any(word.startswith(("serial", "parallel")) for word in first_words(vm)):
        return False
    return any(port.backing != "file" or port.kind == "parallel" for port in peripherals_of(vm).ports)


def _ports(files: Files, *backings: str) -> list[Port]:
    """Return the ports that are connected to what one of the words says."""
    return [port for port in peripherals_of(files.vm).ports if port.backing in backings]


def _places(files: Files, ports: list[Port], *names: str) -> tuple[Evidence, ...]:
    sections = sections_of(files)
    return tuple(place for port in ports for place in sections[port.id].evidence(*names))


@rule(
    "DEV705",
    "port-of-old-host",
    Severity.INFO,
    about=About.TARGET,
    sources=("vim-api:CannotAccessVmDevice", "vsphere-port-docs"),
    only_if=_has_ports,
    messages=(
        ("Virtual device '<port>' will start disconnected.", "general"),
        ("Device '<port>' uses backing '<device>', which is not accessible.", "kb:1003794"),
        (
            "Migration of virtual machine with remote serial port connected is not possible unless a <device> is used.",
            "vic:issue-2202",
        ),
    ),
)
def port_of_old_host(case: Case) -> Iterator[Hit]:
    """A serial or parallel port is connected to a port of the old host, a pipe there, or a place in its network.

    Another host has another device under that name, or none; a port that cannot be connected starts disconnected, and
    what hangs on it in the guest, such as a dongle or a console, is not there. A host of ESX also needs a rule in its
    firewall for ports over the network.
    """
    if case.is_place:
        yield from case.files.once(_ports_left)
        if features()["serial-ports-over-network"].holds(case.target):
            yield from case.files.once(_ports_over_network)


def _ports_left(files: Files) -> list[Hit]:
    found: list[Hit] = []
    device = [it for it in _ports(files, "device") if (it.path or "").lower() not in AUTOMATIC and it.connected]
    if device:
        named = listed(f"{it.id} ({it.path})" for it in device)
        hit = Hit(
            f"{named}: a port of the old host; without one of that name on the new host it starts disconnected",
            _places(files, device, "filename"),
            manual(f"connect {listed(it.id for it in device)} there to a port of the new host, or take it out"),
        )
        found.append(hit)
    pipes = [it for it in _ports(files, "pipe") if it.connected]
    if pipes:
        named = listed(f"{it.id} ({it.path})" if it.path else it.id for it in pipes)
        hit = Hit(
            f"{named}: a pipe, whose other end has to be on the new host too",
            _places(files, pipes, "filename"),
            manual("set up the other end there, with a name that the new host's system takes"),
        )
        found.append(hit)
    return found


def _ports_over_network(files: Files) -> list[Hit]:
    remote = _ports(files, _NETWORK)
    if not remote:
        return []
    return [
        Hit(
            f"{listed(it.id for it in remote)}: a serial port over the network, whose other end the new host has to "
            "reach",
            _places(files, remote, "filename", "network.endpoint", "vspc"),
            manual("open the firewall of the host for serial ports over the network"),
        )
    ]


def _lacks_ports(target: Product) -> bool:
    known = features()
    return target.esx is not None and (
        target.esx
        or known["no-new-parallel-ports"].holds(target)
        or not known["serial-ports-over-network"].holds(target)
    )


@rule(
    "DEV711",
    "port-not-offered",
    Severity.WARNING,
    about=About.TARGET,
    only_if=_has_ports,
    only_on=_lacks_ports,
    short="a port that the target has not",
)
def port_not_offered(case: Case) -> Iterator[Hit]:
    """A serial or parallel port is of a kind that the target has not.

    Only ESX, from ESX 4.1 on, connects serial ports over the network. The virtual printer of Workstation and Fusion is
    theirs alone. From ESXi 8 on nobody can add or change a parallel port; what becomes of one that is there no source
    says.
    """
    files, to, known = case.files, case.target, features()
    if not case.is_place:
        return
    remote = files.once(_ports, _NETWORK)
    over_network = known["serial-ports-over-network"]
    if remote and not over_network.holds(to):
        yield Hit(
            f"{listed(it.id for it in remote)}: {to.name} has no serial ports over the network",
            _places(files, remote, "filetype"),
            manual("connect it to a pipe or a file there, or take it out"),
            sources=over_network.sources,
            unverified="since" in over_network.unverified,
        )
    printers = files.once(_ports, _PRINTER)
    if printers and to.esx:
        yield Hit(
            f"{listed(it.id for it in printers)}: the virtual printer, which {to.name} does not have",
            _places(files, printers, "filetype"),
            manual("take it out there, and print over the network"),
            Severity.INFO,
        )
    parallel = [it for it in peripherals_of(files.vm).ports if it.kind == "parallel" and it not in printers]
    if parallel and known["no-new-parallel-ports"].holds(to):
        yield Hit(
            f"{listed(it.id for it in parallel)}: on {to.name} parallel ports can be neither added nor changed",
            _places(files, parallel, "present"),
            manual("take it out before the move, and give the guest what hangs on it by USB or the network"),
            sources=known["no-new-parallel-ports"].sources,
        )
