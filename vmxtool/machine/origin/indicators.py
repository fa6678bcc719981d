"""What in a VM's files shows which products made it: habits that only some of them have, and what only some offer.

What each product writes was counted on real configs of every family (libvirt's test configs, configs in public
repositories with the log of the product beside them), and read in VMware's manuals where those say it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.knowledge.guests import bits_of
from vmxtool.machine.folder import OLD_CONFIG_ENDING
from vmxtool.machine.network import HOSTED_NETWORKS
from vmxtool.machine.origin.candidates import group, offering_disks_on, offering_vcpus, told_as
from vmxtool.machine.origin.last_run import read_last_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive
    from vmxtool.machine.sections import Section, Sections, Units
    from vmxtool.machine.snapshot_model import Snapshots
    from vmxtool.vmx.document import Document

# Weights are odds: how many times likelier an indicator is under the products it speaks for than under the others. A
# strong one is a thing that the others do not write at all, a weak one a habit.
_STRONG, _MEDIUM, _WEAK = 25.0, 6.0, 2.5

# Settings that speak by being there: first word, the rest (None for any), whom they speak for, how strongly.
_SETTINGS: tuple[tuple[str, str | None, str, float], ...] = (
    # Windows, shared folders and devices of the desktop: in configs that a log shows to be of Workstation, Player or
    # Fusion, and in none of ESX.
    ("gui", None, "hosted", _STRONG),
    ("sharedfolder", "maxnum", "hosted", _STRONG),
    ("usb", "vbluetooth.startconnected", "hosted", _STRONG),
    ("unity", None, "hosted", _MEDIUM),
    ("roamingvm", None, "hosted", _MEDIUM),
    ("memallowautoscaledown", "", "hosted", _MEDIUM),
    ("memtrimrate", "", "hosted", _MEDIUM),
    ("policy", "vm.mvmtid", "hosted", _MEDIUM),
    ("isolation", "tools.hgfs.disable", "hosted", _WEAK),
    ("mks", "enable3d", "hosted", _WEAK),
    ("priority", "grabbed", "on-windows", _MEDIUM),
    # In every config of Fusion, and in few others, which may have come from it.
    ("proxyapps", None, "on-mac", _MEDIUM),
    ("hgfs", None, "on-mac", _MEDIUM),
    # Teams are Workstation's; starting with the host is what the servers of generation 4 and before offer.
    ("invmteam", "", "teams", _MEDIUM),
    ("autostart", "", "gsx-or-early-esx", _MEDIUM),
    # Resources, clusters and inventories: libvirt's configs of ESX 3 to 7, and none of hosted products.
    ("sched", "swap.derivedname", "esx-3-up", _STRONG),
    ("sched", "cpu.units", "esx-3-up", _STRONG),
    ("sched", "cpu.shares", "esx", _MEDIUM),
    ("guestosaltname", "", "esx", _MEDIUM),
    ("vc", "uuid", "esx", _MEDIUM),
    ("evccompatibilitymode", "", "esx-4-up", _STRONG),
    ("vm", "createdate", "esx-4-up", _STRONG),
    ("viv", "moid", "esx-4-up", _STRONG),
    ("nvp", None, "esx-4-up", _STRONG),
    ("migrate", "encryptionmode", "esx-4-up", _MEDIUM),
    ("remotedisplay", "maxconnections", "esx-4-up", _MEDIUM),
    ("ctkenabled", "", "esx-4-up", _MEDIUM),
)
_ADAPTER_SETTINGS: tuple[tuple[str, str, float], ...] = (
    ("uptcompatibility", "esx-4-up", _STRONG),
    ("dvs.switchid", "esx-4-up", _STRONG),
    ("opaquenetwork.id", "esx-4-up", _STRONG),
    ("linkstatepropagation.enable", "on-mac", _MEDIUM),
    ("bsdname", "on-mac", _MEDIUM),
)
_CONNECTIONS = {
    "nat": ("hosted", _STRONG),
    "hostonly": ("hosted", _STRONG),
    "custom": ("hosted", _MEDIUM),
    "pvn": ("hosted", _MEDIUM),
    "bridged": ("hosted", _WEAK),
}
# Whose paths and devices these are. "C:" is a drive of Windows and "vmhba0:0:0:1:x.vmdk" a volume of ESX.
_PATHS = (
    (re.compile(r"[a-z]:(?:[\\/]|$)|\\\\|\.\\|com[0-9]$", re.IGNORECASE), "on-windows", _STRONG),
    (re.compile(r"/(?:Users|Volumes|Applications)/"), "on-mac", _STRONG),
    (re.compile(r"/vmfs/|vmhba[0-9]|\[[^\]]+\] ", re.IGNORECASE), "esx", _STRONG),
    (
        re.compile(r"/(?:home|media|mnt|root)/|/dev/(?:cdrom|dvd|hd|s[drg]|scd|fd|tty|lp|parport)"),
        "linux-console",
        _MEDIUM,
    ),
    (re.compile(r"/dev/vmnet"), "on-linux-or-mac", _MEDIUM),
)
_NOT_PLAIN = re.compile(r"[/\\:\]]|^com[0-9]$", re.IGNORECASE)
# What the vSphere client calls a drive that has no medium.
_CLIENT_NAME = re.compile(r"emptyBackingString$|vmware-null-remote-floppy$|(?:Floppy|CD/DVD drive) [0-9]$")
_PATH_SETTINGS = (
    ("serial0", "filename"),
    ("serial1", "filename"),
    ("parallel0", "filename"),
    ("sharedfolder0", "hostpath"),
    ("migrate", "hostlog"),
    ("filesearchpath", ""),
    ("workingdir", ""),
    ("vmxstats", "filename"),
    ("sched", "swap.derivedname"),
    ("suspend", "directory"),
)
# A volume of ESX by its SCSI address or by its label, before the name of the disk.
_ESX_VOLUME = r"(?i)vmhba[0-9]|[^:/\\\[]{2,}:[^:/\\]+$"
# 6 for generation 4, 7 seen in a config of Workstation 4, 8 from Workstation 5 and ESX 3 on, in legacy mode too.
_CONFIG_VERSIONS = {
    "6": ("generation-4", _STRONG),
    "7": ("generation-4-hosted", _STRONG),
    "8": ("after-generation-4", _MEDIUM),
}
_UNCOUNTED = (1, 2)  # of these hardware versions no config was seen
_MANY_VCPUS = 1024  # more than any product offers
_ESX2_CONTROLLERS = frozenset({"vmxbuslogic", "vmxlsilogic"})


class VmFacts(Record):
    """What is known of a VM before its origin, and all that indicators are looked for in.

    Attributes:
        document: the config.
        sections: its settings by device.
        units: the devices it has settings for.
        config: where it lies.
        hw_version: virtual hardware version.
        vcpus: how many virtual processors it has.
        drives: its drives.
        snapshots: its snapshot state.
        folder: the folder it lies in.
        ace_files: what VMware ACE keeps beside it.
    """

    document: Document
    sections: Sections
    units: Units
    config: Path
    hw_version: int | None
    vcpus: int
    drives: tuple[Drive, ...]
    snapshots: Snapshots
    folder: Folder
    ace_files: tuple[Evidence, ...] = ()


class Indicator(Record):
    """Something seen: the products it speaks for, how strongly, and where it is: a setting's name, or another place."""

    products: frozenset[str]
    odds: float
    place: str | Evidence


def collect(facts: VmFacts) -> Iterator[Indicator]:
    """Yield every indicator in a VM's files."""
    yield from _of_form(facts)
    yield from _of_settings(facts.sections)
    for number in facts.units.nics:
        yield from _of_adapter(facts.sections[f"ethernet{number}"])
    yield from _of_paths(facts)
    for drive in facts.drives:
        yield from _of_drive(drive, facts.sections)
    yield from _of_needs(facts)
    yield from _of_folder(facts)


def _indicator(word: str, odds: float, place: str | Evidence) -> Indicator:
    return Indicator(group(word), odds, place)


def _of_form(facts: VmFacts) -> Iterator[Indicator]:
    """Yield what shows in how the file is written: its first line, its encoding, its version, its booleans."""
    document = facts.document
    if document.lines:
        first = document.line(1).raw
        if first.startswith(b"#!"):
            shown = first.rstrip().decode("ascii", "backslashreplace")[:80]
            yield _indicator("linux-console", _STRONG, Evidence(document.name, 1, None, shown))
    encoding = document.encoding
    if encoding.declared is not None and encoding.known:
        yield _indicator("writes-encoding", _STRONG, ".encoding")
        if encoding.codec not in {"utf-8", "ascii"}:
            # Only hosts that run Windows have another character set than UTF-8.
            yield _indicator("on-windows", _STRONG, ".encoding")
    habit = _CONFIG_VERSIONS.get(document.get("config.version", ""))
    if habit is not None and facts.hw_version not in _UNCOUNTED:
        yield _indicator(*habit, "config.version")
    if "true" in {document.get("scsi0.present"), document.get("ethernet0.present")}:
        key = "scsi0.present" if document.get("scsi0.present") == "true" else "ethernet0.present"
        yield _indicator("mixed-booleans", _MEDIUM, key)


def _of_settings(sections: Sections) -> Iterator[Indicator]:
    for word, name, speaks_for, odds in _SETTINGS:
        if word in sections:
            section = sections[word]
            found = next(iter(section)) if name is None else name
            if found in section:
                yield _indicator(speaks_for, odds, section.key(found))
    sound = sections["sound"]
    if sound.flag("present", default=False):
        yield _indicator("hosted", _MEDIUM, sound.key("present"))
    if "policy" in sections:
        policy = sections["policy"]
        name = next(filter(policy.get, policy), None)
        if name is not None:
            yield _indicator("ace", _MEDIUM, policy.key(name))
    if "vmx" in sections and sections["vmx"].word("encryptiontype") == "partial":
        yield _indicator("partial-encryption", _STRONG, "vmx.encryptiontype")
    for word in ("serial0", "serial1"):
        if word in sections and sections[word].word("filetype") == "thinprint":
            yield _indicator("hosted", _STRONG, f"{word}.filetype")
            break


def _is_on_esx(adapter: Section) -> bool:
    """Return whether an adapter is connected as ESX Server 3 and later have it: by a network's name, and by no kind."""
    name = adapter.word("networkname")
    return bool(name) and name not in HOSTED_NETWORKS and "connectiontype" not in adapter


def _of_adapter(adapter: Section) -> Iterator[Indicator]:
    for name, speaks_for, odds in _ADAPTER_SETTINGS:
        if name in adapter:
            yield _indicator(speaks_for, odds, adapter.key(name))
    if "connectiontype" in adapter:
        habit = _CONNECTIONS.get(adapter.word("connectiontype"))
        if habit is not None:
            yield _indicator(*habit, adapter.key("connectiontype"))
    elif _is_on_esx(adapter):
        # ESX has one kind of connection and names the network; hosted products have several kinds.
        yield _indicator("esx", _STRONG, adapter.key("networkname"))
    if adapter.word("addresstype") == "vpx":
        yield _indicator("esx", _STRONG, adapter.key("addresstype"))


def _of_paths(facts: VmFacts) -> Iterator[Indicator]:
    """Yield what shows in the paths and drives that the config names, each kind once."""
    sections, seen = facts.sections, set[str]()
    drives = [sections[f"{bus}{number}:{unit}"] for bus, number, unit in facts.units.units]
    drives += [sections[f"floppy{number}"] for number in facts.units.floppies]
    for drive in drives:
        if drive.flag("clientdevice", default=False) or _CLIENT_NAME.match(drive.get("filename")):
            yield _indicator("esx", _MEDIUM, drive.key("clientdevice" if "clientdevice" in drive else "filename"))
            break
    named = [(drive, "filename") for drive in drives]
    named += [(sections[f"ethernet{number}"], "vnet") for number in facts.units.nics]
    named += [(sections[word], name) for word, name in _PATH_SETTINGS if word in sections]
    for section, name in named:
        value = section.get(name)
        for pattern, speaks_for, odds in _PATHS if _NOT_PLAIN.search(value) else ():
            if speaks_for not in seen and pattern.match(value):
                seen.add(speaks_for)
                yield _indicator(speaks_for, odds, section.key(name))


def _of_drive(drive: Drive, sections: Sections) -> Iterator[Indicator]:
    if drive.kind == "disk":
        section = sections[drive.id]
        if "name" in section and "filename" not in section:
            yield _indicator("esx-1-2", _STRONG, section.key("name"))
            if drive.file is not None and re.match(_ESX_VOLUME, drive.file):
                yield _indicator("esx", _STRONG, section.key("name"))
        if drive.mode == "append":
            yield _indicator("esx-1-2", _MEDIUM, section.key("mode"))
        yield Indicator(offering_disks_on(drive.bus), _STRONG, section.key("present"))
        if drive.bus == "ide":
            yield _indicator("hosted", _WEAK, section.key("present"))
        if drive.chain is not None and drive.chain.links:
            base = drive.chain.links[-1]
            if base.format in {"hosted", "esx"}:
                place = next(iter(base.evidence("createType")), Evidence(base.file))
                # A disk is exported from ESX by a command, and the config that comes with it stays what it was.
                exported = base.format == "hosted" and "ethernet0" in sections and _is_on_esx(sections["ethernet0"])
                yield _indicator(base.format, _MEDIUM if exported else _STRONG, place)
            elif base.format == "legacy":
                yield Indicator(group("before-generation-4") & group("hosted"), _STRONG, Evidence(base.file))
    if drive.bus == "scsi":
        controller = sections[drive.id.partition(":")[0]]
        if controller.word("virtualdev") in _ESX2_CONTROLLERS:
            yield _indicator("esx-1-2", _STRONG, controller.key("virtualdev"))


def _of_needs(facts: VmFacts) -> Iterator[Indicator]:
    """Yield what shows in things that the VM has and not every product offers."""
    most = facts.document.number("maxvcpus") if "maxvcpus" in facts.sections else None
    for key, count in (("numvcpus", facts.vcpus), ("maxvcpus", most or 1)):
        if count > 1:
            offers, unsure = offering_vcpus(min(count, _MANY_VCPUS))
            yield Indicator(offers, _STRONG, key)
            yield Indicator(unsure, _MEDIUM, key)
    if bits_of(facts.document.get("guestOS")) == 64:
        yield _indicator("64-bit-guests", _STRONG, "guestOS")
    if len(facts.snapshots.tree) > 1:
        yield _indicator("many-snapshots", _STRONG, facts.snapshots.signs[0])


def _of_folder(facts: VmFacts) -> Iterator[Indicator]:
    folder, config = facts.folder, facts.config.name
    if folder.path.name.lower().endswith(".vmwarevm"):
        yield _indicator("on-mac", _STRONG, Evidence(folder.path.name))
    if config.lower().endswith(".vmtx"):
        yield _indicator("esx", _MEDIUM, Evidence(config))
    elif config.lower().endswith(OLD_CONFIG_ENDING):
        yield _indicator("before-generation-4", _MEDIUM, Evidence(config))
    if facts.ace_files:
        yield _indicator("ace", _STRONG, facts.ace_files[0])
    ran = read_last_run(folder)
    if ran is not None:
        family = ran.product.family
        yield _indicator(
            "on-mac" if family == "fusion" else "esx" if ran.product.esx else "hosted", _MEDIUM, ran.evidence
        )
        yield Indicator(frozenset({told_as(ran.product)}), _MEDIUM, ran.evidence)
