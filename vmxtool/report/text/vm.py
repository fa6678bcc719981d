"""A VM and its findings for a person at a terminal, readable at 80 columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from vmxtool.knowledge.products import products
from vmxtool.report.text.findings import EVIDENCE_SHOWN, place_text, show_finding
from vmxtool.report.text.printable import shortened, size
from vmxtool.report.text.terminal import console, print_hanging, print_title, safe_text, vm_title

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

    from rich.console import Console

    from vmxtool.findings import Finding
    from vmxtool.machine.model import Controller, Drive, Machine
    from vmxtool.machine.snapshot_model import Snapshot, Snapshots
    from vmxtool.vmdk.chain import Chain

_ORIGINS_SHOWN = 2
_LINKS_SHOWN = 6
_SNAPSHOTS_SHOWN = 100
_DEEPEST = 8


def print_vm(vm: Machine, findings: Iterable[Finding] = (), stream: IO[str] | None = None) -> None:
    """Print what a VM is: header, facts, drives on their controllers, networks, snapshots, findings."""
    out = console(stream)
    print_title(out, vm_title(vm.name, vm.path))
    _print_facts(vm, out)
    if vm.drives:
        out.print()
        out.print(_drives(vm))
    if vm.nics:
        out.print()
        _print_networks(vm, out)
    if vm.snapshots.present:
        out.print()
        out.print(_snapshots(vm.snapshots))
    if vm.snapshots.redo_signs:
        out.print()
        out.print(Text("redo logs", "dim"))
        for sign in vm.snapshots.redo_signs[:EVIDENCE_SHOWN]:
            print_hanging(out, " ", place_text(sign, "yellow"), indent=1)
    for number, finding in enumerate(findings):
        if number == 0:
            out.print()
        show_finding(out, finding)


def _print_facts(vm: Machine, out: Console) -> None:
    version = "none given" if vm.hardware.version is None else str(vm.hardware.version)
    generation = f", generation {vm.hardware.generation}" if vm.hardware.generation is not None else ""
    bits = f"{vm.guest.bits}-bit" if vm.guest.bits else "bits unknown"
    cores = f", {vm.cpu.cores_per_socket} cores per socket" if vm.cpu.cores_per_socket > 1 else ""
    processors = "1 processor" if vm.cpu.count == 1 else f"{vm.cpu.count} processors{cores}"
    machine = f"{processors}, {size(vm.memory_mib * 2**20)} memory, {_firmware(vm)}"
    guest = f"{vm.guest.id or 'not named'}, {', '.join(filter(None, (vm.guest.family, bits)))}"
    if vm.encryption == "full":
        # What is inside the envelope has defaults here, and a default is not a fact about this VM.
        machine = guest = "inside the encrypted part"
    document = vm.config.document
    config = f"{vm.config.file}, {document.lines} lines, {document.encoding.name}, {document.line_ending}"
    if vm.config.config_version is not None:
        config += f", config version {vm.config.config_version}"
    for word, text in (
        ("hardware", safe_text(f"version {version}{generation}")),
        ("made by", _origins(vm)),
        ("guest", safe_text(guest)),
        ("machine", safe_text(machine)),
        ("state", _state(vm)),
        ("config", safe_text(config)),
    ):
        print_hanging(out, Text(f"{word:8}", "dim"), text, indent=2)


def _origins(vm: Machine) -> Text:
    if not vm.origin:
        return Text("nothing tells")
    known = products()
    named = [
        f"{known[candidate.product].name} ({candidate.confidence:.0%})" for candidate in vm.origin[:_ORIGINS_SHOWN]
    ]
    return safe_text("probably " + ", or ".join(named))


def _firmware(vm: Machine) -> str:
    parts = [vm.firmware.upper() if vm.firmware in {"bios", "efi"} else vm.firmware]
    if vm.secure_boot:
        parts.append("secure boot")
    if vm.tpm:
        parts.append("virtual TPM")
    return " with ".join([parts[0], " and ".join(parts[1:])]) if len(parts) > 1 else parts[0]


def _state(vm: Machine) -> Text:
    text = safe_text(vm.power.state, "" if vm.power.state == "off" else "bold red")
    if any(lock.is_left for lock in vm.power.locks):
        text.append(", ")
        text.append("a lock was left behind", "bold red")
    if vm.encryption != "none":
        text.append(", ")
        text.append("encrypted" if vm.encryption == "full" else "partly encrypted", "bold red")
        if vm.encryption == "full":
            text.append(" (its devices cannot be seen)")
    return text


def _drives(vm: Machine) -> Tree:
    tree = Tree(Text("drives", "dim"), guide_style="dim")
    for controller in vm.controllers:
        branch = tree.add(_controller_line(controller))
        for drive in vm.drives:
            if drive.id.partition(":")[0] == controller.id:
                _add_drive(branch, drive)
    for drive in vm.drives:
        if drive.bus == "floppy":
            _add_drive(tree, drive)
    return tree


def _controller_line(controller: Controller) -> Text:
    text = Text(controller.id, "bold")
    text.append_text(safe_text(f"  {controller.model or _default_model(controller)}"))
    if controller.shared_bus is not None:
        text.append_text(safe_text(f", shared bus {controller.shared_bus}", "yellow"))
    return text


def _default_model(controller: Controller) -> str:
    return "default model" if controller.bus == "scsi" else controller.bus.upper()


def _add_drive(branch: Tree, drive: Drive) -> None:
    text = Text(drive.id, "bold")
    text.append(f"  {drive.kind}  ")
    if drive.kind == "disk":
        text.append_text(_disk_words(drive))
    else:
        text.append_text(safe_text(shortened(drive.file, 60) if drive.file else "host device"))
        if not drive.connected:
            text.append(", not connected", "dim")
    if drive.mode != "persistent":
        text.append_text(safe_text(f", {drive.mode}", "yellow"))
    node = branch.add(text)
    if drive.chain is not None:
        _add_chain(node, drive.chain)


def _disk_words(drive: Drive) -> Text:
    chain = drive.chain
    if chain is None or not chain.links:
        exists = drive.found is not None and drive.found.exists
        where = "outside the VM's folder, not opened" if exists else "not there"
        return safe_text(f"{shortened(drive.file or 'no file', 60)}  {where}", "yellow" if exists else "red")
    top = chain.links[0]
    capacity = size(top.capacity_bytes) if top.capacity_bytes is not None else "size unknown"
    words = [capacity, *filter(None, (top.create_type, chain.adapter and f"adapter {chain.adapter}"))]
    return safe_text(", ".join(words))


def _add_chain(node: Tree, chain: Chain) -> None:
    branch = node
    for place, link in enumerate(chain.links[:_LINKS_SHOWN]):
        words = shortened(link.file, 60)
        if place:
            words = f"on {words}"
        extra = len(link.extents)
        missing = sum(not extent.exists for extent in link.extents)
        text = safe_text(words)
        if extra > 1:
            text.append(f"  {extra} extents", "dim")
        if missing and link.location == "text":
            text.append(f"  {missing} missing", "red")
        branch = branch.add(text)
    rest = len(chain.links) - _LINKS_SHOWN
    if rest > 0:
        branch.add(safe_text(f"on {rest} more, down to {shortened(chain.links[-1].file, 40)}"))


def _print_networks(vm: Machine, out: Console) -> None:
    out.print(Text("networks", "dim"))
    for nic in vm.nics:
        network = " ".join(filter(None, (nic.connection, nic.network)))
        state = "" if nic.connected else "not connected"
        words = [nic.model or "default model", nic.mac or "no address yet", shortened(network, 40), state]
        print_hanging(out, Text(nic.id, "bold"), safe_text("  ".join(filter(None, words))), indent=2)


def _snapshots(state: Snapshots) -> Tree:
    tree = Tree(Text("snapshots", "dim"), guide_style="dim")
    nodes: dict[int, tuple[Tree, int]] = {}
    for snapshot in state.tree[:_SNAPSHOTS_SHOWN]:
        parent, depth = nodes.get(snapshot.parent, (tree, 0)) if snapshot.parent is not None else (tree, 0)
        line = _snapshot_line(snapshot, snapshot.id == state.current)
        # Deeper than a line is wide, a long row of snapshots goes on at the same depth.
        nodes[snapshot.id] = (parent.add(line), depth + 1) if depth < _DEEPEST else (_beside(parent, line), depth)
    rest = len(state.tree) - _SNAPSHOTS_SHOWN
    if rest > 0:
        tree.add(Text(f"and {rest} more", "dim"))
    if not state.tree:
        for sign in state.signs[:EVIDENCE_SHOWN]:
            tree.add(safe_text(f"seen at {shortened(str(sign), 90)}", "yellow"))
    if state.needs_consolidation:
        tree.add(Text("disks need consolidation", "yellow"))
    return tree


def _beside(branch: Tree, line: Text) -> Tree:
    branch.add(line)
    return branch


def _snapshot_line(snapshot: Snapshot, current: bool) -> Text:
    text = safe_text(shortened(snapshot.name or f"snapshot {snapshot.id}", 50), "bold")
    if snapshot.created is not None:
        text.append(f"  {snapshot.created:%Y-%m-%d %H:%M} UTC", "dim")
    if current:
        text.append("  ← the VM runs on this", "green")
    return text
