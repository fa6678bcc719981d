"""The facts of a VM in words: what runs it, what made it, its guest, its machine, its state, its files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.machine.named_files import named_files
from vmxtool.report.text.printable import shortened, size
from vmxtool.report.text.terminal import safe_text
from vmxtool.report.words import count, listed, short_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.machine.named_files import NamedFile
    from vmxtool.vmdk.chain import Link

NAME_LENGTH = 250
"""Characters of one name or path that are shown: what a file system takes, and a line or a few on a terminal."""

_FAMILIES = ("workstation", "fusion", "esx", "server", "gsx")
_SURE = ((0.9, "almost certainly"), (0.55, "very likely"), (0.3, "likely"))
_GUESSED = 0.55  # below it the next candidate is named too
_GROWING = frozenset({"SPARSE", "VMFSSPARSE", "SESPARSE"})
_TOLD_BY_FINDINGS = frozenset({"disk", "extent", "parent", "device"})
_POWER = {"off": "powered off", "suspended": "suspended", "running": "running"}
_FAMILY_NAMES = {
    "windows": "Windows",
    "linux": "Linux",
    "netware": "NetWare",
    "solaris": "Solaris",
    "freebsd": "FreeBSD",
    "darwin": "macOS",
    "dos": "MS-DOS",
    "os2": "OS/2",
    "vmkernel": "ESXi",
}


_OF_UUID = {"bios": "BIOS", "location": "location", "vc": "vCenter"}


def facts(vm: Machine, *, why: bool) -> Iterator[tuple[str, Text]]:
    """Yield the facts, each with its word.

    With `why` they also tell how sure the origin is in figures, and how the config is written. What is inside an
    encrypted config has defaults here, and a default is not a fact about this VM.
    """
    if vm.encryption != "full":
        yield "hardware", safe_text(_hardware(vm))
        yield "made by", safe_text(_origin(vm, why=why))
        yield "guest", safe_text(_guest(vm))
        yield "machine", safe_text(_machine(vm))
    if vm.snapshots.clone_of is not None:
        yield "clone", safe_text(f"linked clone of {shortened(vm.snapshots.clone_of, NAME_LENGTH)}")
    yield "state", _state(vm)
    yield "files", safe_text(_files(vm))
    if why:
        document = vm.config.document
        config = f"{vm.config.file}, {count(document.lines, 'line')}, {document.encoding.name}, {document.line_ending}"
        if vm.config.config_version is not None:
            config += f", config version {vm.config.config_version}"
        yield "config", safe_text(config)
        known = [f"{uuid} ({said})" for name, said in _OF_UUID.items() if (uuid := getattr(vm.uuids, name)) is not None]
        if known:
            yield "uuid", safe_text(", ".join(known))


def grows(link: Link) -> bool:
    """Return whether a disk's files grow with what the guest writes."""
    if link.descriptor is not None and link.descriptor.ddb.get("thinProvisioned") == "1":
        return True
    return any(extent.type in _GROWING for extent in link.extents)


def _hardware(vm: Machine) -> str:
    version = vm.hardware.version
    if version is None:
        return "version unknown" if "virtualHW.version" in vm.config.document else "the config gives no version"
    ranges = [words for family in _FAMILIES if (words := _range(family, version)) is not None]
    return f"version {version}: {', '.join(ranges)}" if ranges else f"version {version}, which no known product runs"


def _range(family: str, version: int) -> str | None:
    """Return the products of a family that run a hardware version: "Workstation 17.5+"; None where none is known to."""
    members = [it for it in products().values() if it.family == family]
    running = [it.id for it in members if it.runs(version)]
    if not running:
        return None
    first, last = (_brief(name) for name in (running[0], running[-1]))
    if running[-1] == members[-1].id and len(members) > 1 and len(running) > 1:
        return f"{first}+"
    if first == last:
        return first
    words, number = last.rpartition(" ")[::2]
    return f"{first} to {number if first.startswith(f'{words} ') else last}"


def _brief(product_id: str) -> str:
    return short_name(product_id).replace(" Update ", " U").removeprefix("VMware ")


def _origin(vm: Machine, *, why: bool) -> str:
    if not vm.origin:
        return "unknown"
    if why:
        return ", or ".join(f"{short_name(it.product)} ({it.confidence:.0%})" for it in vm.origin)
    named = vm.origin[: 1 if vm.origin[0].confidence >= _GUESSED else 2]
    sure = _sure(sum(it.confidence for it in named))
    return f"{' or '.join(short_name(it.product) for it in named)} ({sure})"


def _sure(confidence: float) -> str:
    return next((words for least, words in _SURE if confidence >= least), "a guess")


def _guest(vm: Machine) -> str:
    if vm.guest.id is None:
        return "not named"
    known = find_guest(vm.guest.id)
    name = known.name if known is not None else _FAMILY_NAMES.get(vm.guest.family or "", "unknown")
    bits = f", {vm.guest.bits}-bit" if vm.guest.bits and "-bit" not in name else ""
    return f"{name}{bits} ({shortened(vm.guest.id, NAME_LENGTH)})"


def _machine(vm: Machine) -> str:
    memory = "memory unknown" if vm.memory_mib is None else f"{size(max(vm.memory_mib, 0) * 2**20)}"
    firmware = vm.firmware.upper() if vm.firmware in {"bios", "efi"} else shortened(vm.firmware, NAME_LENGTH)
    return f"{_processors(vm)}, {memory}, {firmware}{' with Secure Boot' if vm.secure_boot else ''}"


def _processors(vm: Machine) -> str:
    number, cores = vm.cpu.count, vm.cpu.cores_per_socket
    if number is None:
        return "number of CPUs unknown"
    if cores == 1 or number == 1:
        return count(number, "CPU")
    if number % cores:
        return f"{count(number, 'CPU')} ({cores} cores per socket)"
    return f"{count(number, 'CPU')} ({count(number // cores, 'socket')} x {count(cores, 'core')})"


def _state(vm: Machine) -> Text:
    off = vm.power.state == "off"
    parts = [Text(_POWER[vm.power.state], "" if off else "bold red")]
    if any(lock.is_left for lock in vm.power.locks):
        parts.append(Text("a lock was left behind", "bold red"))
    parts.append(Text(_snapshot_words(vm)))
    if vm.snapshots.redo_signs:
        parts.append(Text("a redo log", "bold red"))
    if vm.encryption == "full":
        parts.append(Text("encrypted: hardware, guest and devices cannot be seen", "bold red"))
    else:
        parts.append(Text("not encrypted") if vm.encryption == "none" else Text("partly encrypted", "bold red"))
    return Text(", ").join(parts)


def _snapshot_words(vm: Machine) -> str:
    state = vm.snapshots
    if state.tree:
        return count(len(state.tree), "snapshot")
    if any(place.file.lower().endswith(".vmsd") for place in vm.unread):
        return "snapshots unknown"
    if state.present and state.clone_of is None:
        return "signs of a snapshot"
    return "no snapshots"


def _files(vm: Machine) -> str:
    files = named_files(vm)
    here = [it for it in files if it.exists and it.inside]
    words = f"{count(len(here), 'file')}, {size(sum(it.bytes or 0 for it in here))} here"
    away = [it for it in files if _is_missed(it)]
    if away:
        words += f", {listed([shortened(it.name, NAME_LENGTH) for it in away[:2]])} missing"
    links = [drive.chain.links[0] for drive in vm.disks if drive.chain is not None and drive.chain.links]
    if any(grows(link) for link in links):
        most = sum(link.capacity_bytes or 0 for link in links)
        words += f"; disks can grow to {size(most)}" if most else ""
    return words


def _is_missed(file: NamedFile) -> bool:
    return file.needed and not file.exists and file.role not in _TOLD_BY_FINDINGS
