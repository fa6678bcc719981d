"""What a VM is made of, as rows: disks with what they are based on, drives, networks, other devices, snapshots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.machine.peripherals import peripherals_of
from vmxtool.machine.storage import AUTOMATIC
from vmxtool.report.text.printable import shortened, size
from vmxtool.report.text.rows import Branch, Row
from vmxtool.report.text.terminal import safe_text
from vmxtool.report.text.vm_facts import NAME_LENGTH, grows
from vmxtool.report.words import count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Drive, Machine, Nic
    from vmxtool.machine.peripherals import Peripherals, Port
    from vmxtool.machine.snapshot_model import Snapshot
    from vmxtool.vmdk.chain import Chain, Link

_LINKS_SHOWN = 6
_SNAPSHOTS_SHOWN = 100
_DEEPEST = 8
_STEP = 2  # columns that a level of a tree is set in
_MADE_FOR = {
    "hosted": "Workstation",
    "esx": "ESX",
    "transport": "for transport",
    "legacy": "Workstation 3 and older",
    "unknown": "unknown format",
}
_CONNECTIONS = {"nat": "NAT", "hostonly": "host-only", "monitor_dev": "a network of its ESX host"}
_BACKINGS = {"thinprint": "printers of the host", "device": "a port of the host"}
_SOUND = {
    "sb16": "Sound Blaster 16",
    "es1371": "AudioPCI",
    "hdaudio": "HD Audio",
    "default": "a card of a model that the product chooses",
}
_USB = {"uhci": "1.1", "ehci": "2.0", "xhci": "3"}


def disk_rows(vm: Machine) -> list[Row]:
    """Return the hard disks: size, file, how the file is made, whose format it is."""
    models = {it.id: it for it in vm.controllers}
    rows = []
    for drive in vm.disks:
        controller = models.get(drive.id.partition(":")[0])
        cells = _disk_cells(drive)
        if controller is not None and controller.model is not None:
            cells.append(safe_text(shortened(controller.model, NAME_LENGTH)))
        if controller is not None and controller.shared_bus is not None:
            cells.append(safe_text(f"bus shared ({shortened(controller.shared_bus, NAME_LENGTH)})", "yellow"))
        if drive.mode != "persistent":
            cells.append(safe_text(shortened(drive.mode, NAME_LENGTH), "yellow"))
        rows.append(Row(Text(drive.id), cells, _chain_lines(drive.chain) if drive.chain is not None else ()))
    return rows


def _disk_cells(drive: Drive) -> list[Text]:
    name = safe_text(shortened(drive.file or "no file", NAME_LENGTH))
    chain = drive.chain
    if chain is None or not chain.links:
        found = drive.found
        if found is not None and found.exists:
            return [name, Text("not read" if not found.outside else "outside this folder, not opened", "yellow")]
        return [name, Text("not here", "red")]
    top = chain.links[0]
    capacity = Text(size(top.capacity_bytes) if top.capacity_bytes is not None else "size unknown")
    cells = [capacity, safe_text(shortened(top.file, NAME_LENGTH)), _made_of(top)]
    if top.encrypted:
        cells.append(Text("encrypted", "yellow"))
    made_for = _MADE_FOR.get(top.format)
    return [*cells, Text(made_for)] if made_for is not None else cells


def _made_of(link: Link) -> Text:
    """Return how a disk's files are made; an extent of zeros has no file."""
    if link.format == "device":
        return Text("a disk of the host")
    files = [extent for extent in link.extents if extent.file is not None]
    how = "compressed" if link.format == "transport" else "grows" if grows(link) else "full size"
    text = Text(how)
    if len(files) > 1:
        text.append(f", in {len(files)} pieces")
    elif how == "grows" and link.location != "text":
        text.append(", one file")
    missing = sum(not extent.exists for extent in files)
    if missing and link.location == "text":
        text.append(f", {missing} missing", "red")
    return text


def _chain_lines(chain: Chain) -> list[Branch]:
    """Return the disks that a disk is based on, each under the one above it, down to the base or one not reached."""
    names = [safe_text(shortened(link.file, NAME_LENGTH)) for link in chain.links[1 : 1 + _LINKS_SHOWN]]
    rest = len(chain.links) - 1 - len(names)
    if rest > 0:
        last = shortened(chain.links[-1].file, NAME_LENGTH)
        names.append(safe_text(f"{count(rest, 'more disk')}, down to {last}"))
    end = chain.links[-1] if chain.links else None
    if end is not None and end.is_child and end.parent_hint is not None:
        parent = safe_text(shortened(end.parent_hint, NAME_LENGTH))
        names.append(parent.append(", not read", "red"))
    return [
        Branch(f"{' ' * (_STEP * depth)}└", Text("based on ").append_text(name)) for depth, name in enumerate(names)
    ]


def other_drive_rows(vm: Machine) -> list[Row]:
    """Return CD and floppy drives, with the image in them or whose drive they show."""
    rows = []
    for drive in vm.drives:
        if drive.kind in {"cdrom", "floppy"}:
            cells = [Text("CD" if drive.kind == "cdrom" else "floppy"), safe_text(_medium(vm, drive))]
            rows.append(Row(Text(drive.id), _with_state(cells, drive.connected)))
    return rows


def _medium(vm: Machine, drive: Drive) -> str:
    if drive.file is not None:
        return shortened(drive.file, NAME_LENGTH)
    document = vm.config.document
    if document.flag(f"{drive.id}.clientDevice", False):
        return "a drive of the client's computer"
    name = document.get(f"{drive.id}.fileName", "")
    return "a drive of the host" + (f": {shortened(name, NAME_LENGTH)}" if name.lower() not in AUTOMATIC else "")


def network_rows(vm: Machine) -> list[Row]:
    """Return the network adapters: where to, model, address."""
    return [Row(Text(nic.id), _with_state(_nic_cells(nic), nic.connected)) for nic in vm.nics]


def _nic_cells(nic: Nic) -> list[Text]:
    kind = _CONNECTIONS.get(nic.connection or "", nic.connection or "")
    if nic.network is not None:
        kind = nic.network if kind == "network" else f"{kind} {nic.network}"
    words = (kind, nic.model or "", nic.mac or "no address yet")
    return [safe_text(shortened(word, NAME_LENGTH)) for word in words if word]


def device_rows(vm: Machine) -> list[Row]:
    """Return ports, sound, USB, what is passed through from the host, and the TPM."""
    more = peripherals_of(vm)
    rows = [Row(Text(port.id), _with_state(_port_cells(port), port.connected)) for port in more.ports]
    if more.sound is not None:
        rows.append(Row(Text("sound"), [safe_text(_SOUND.get(more.sound, shortened(more.sound, NAME_LENGTH)))]))
    rows += _usb_rows(more)
    rows += [
        Row(Text(it.id), [safe_text(f"a device of the host{f': {_name(it.device)}' if it.device else ''}", "yellow")])
        for it in more.passthrough
    ]
    if more.security.tpm == "there":
        rows.append(Row(Text("TPM"), [Text("a virtual one, there")]))
    elif more.security.tpm == "asked-for":
        rows.append(Row(Text("TPM"), [Text("asked for; no product has made it yet", "yellow")]))
    if more.security.vbs:
        rows.append(Row(Text("VBS"), [Text("virtualization-based security of Windows, on")]))
    return rows


def _name(text: str) -> str:
    return shortened(text, NAME_LENGTH)


def _port_cells(port: Port) -> list[Text]:
    cells = [safe_text(_BACKINGS.get(port.backing, _name(port.backing)))]
    # The virtual printer writes its own word for a path.
    return [*cells, safe_text(_name(port.path))] if port.path and port.path != port.backing else cells


def _usb_rows(more: Peripherals) -> Iterator[Row]:
    speeds = [_USB[it.model] for it in more.usb if it.kind == "controller"]
    if speeds:
        yield Row(Text("USB"), [Text(listed(speeds))])
    for it in more.usb:
        if it.kind == "device":
            yield Row(Text("USB device"), [safe_text(_name(it.device or it.id))])


def shared_folder_rows(vm: Machine) -> list[Row]:
    """Return the folders of the host that the guest sees, with their place there."""
    rows = []
    for folder in peripherals_of(vm).shared_folders:
        cells = [safe_text(_name(folder.host_path or "no path")), Text("writable" if folder.writable else "read only")]
        if not folder.enabled:
            cells.append(Text("off", "dim"))
        rows.append(Row(safe_text(_name(folder.name or "no name")), cells))
    return rows


def snapshot_lines(vm: Machine) -> list[Branch]:
    """Return the snapshots as a tree, with the place of the VM in it."""
    state = vm.snapshots
    shown = state.tree[:_SNAPSHOTS_SHOWN]
    last = {snapshot.parent: snapshot.id for snapshot in shown}
    under: dict[int, str] = {}  # what stands before the children of a snapshot
    lines = []
    for snapshot in shown:
        before = under.get(snapshot.parent) if snapshot.parent is not None else None
        is_last = last[snapshot.parent] == snapshot.id
        branch = "" if before is None else before + ("└" if is_last else "├")
        # Deeper than a line is wide, a long row of snapshots goes on at the same depth.
        deeper = (
            "" if before is None else before if len(before) >= _DEEPEST * _STEP else before + " │"[not is_last] + " "
        )
        under[snapshot.id] = deeper
        lines.append(Branch(branch, _snapshot_line(snapshot, snapshot.id == state.current)))
    rest = len(state.tree) - _SNAPSHOTS_SHOWN
    if rest > 0:
        lines.append(Branch("", Text(f"and {rest} more", "dim")))
    if state.needs_consolidation:
        lines.append(Branch("", Text("disks need consolidation", "yellow")))
    return lines


def _snapshot_line(snapshot: Snapshot, current: bool) -> Text:
    text = safe_text(shortened(snapshot.name or f"snapshot {snapshot.id}", NAME_LENGTH))
    if snapshot.created is not None:
        text.append(f"  {snapshot.created:%Y-%m-%d %H:%M} UTC", "dim")
    if current:
        text.append("  ← the VM runs on this", "green")
    return text


def _with_state(cells: list[Text], connected: bool) -> list[Text]:
    return cells if connected else [*cells, Text("not connected", "dim")]
