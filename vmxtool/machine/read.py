"""Read a VM: its config, disks, snapshot database and folder, joined into one frozen Machine."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.knowledge.guests import bits_of, family_of
from vmxtool.knowledge.hardware import generation_of
from vmxtool.machine.character_set import as_its_files_say
from vmxtool.machine.folder import CONFIG_ENDINGS, Folder, stem_of
from vmxtool.machine.locate import find_config, read_config
from vmxtool.machine.model import Config, Cpu, Guest, Hardware, Machine, Uuids
from vmxtool.machine.network import read_nics
from vmxtool.machine.origin.indicators import VmFacts
from vmxtool.machine.origin.ranking import read_origin
from vmxtool.machine.sections import Sections
from vmxtool.machine.snapshots import read_snapshots
from vmxtool.machine.state import find_unfinished, read_encryption, read_only, read_power
from vmxtool.machine.storage import read_storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.machine.model import Drive
    from vmxtool.vmx.document import Document

_DEFAULT_MEMORY_MIB = 32  # what VMware gives a VM whose config does not say (libvirt's key map)
_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]")
_OF_ACE = (".vmpl", ".vmxa")  # policies, and the master of a package
_SAVED = (".vmss", ".std")
_LINES_TRIED = 1000  # of those that are no settings


def read_machine(path: Path) -> Machine:
    """Read the VM that a path names: a config file, a folder with one, or a Fusion bundle.

    Raises:
        UsageError: no config is there, or several are.
        InputError: the config cannot be read as one.
    """
    config = find_config(path)
    document = read_config(config)
    return build_machine(document, config, path)


def build_machine(document: Document, path: Path, asked: Path | None = None) -> Machine:
    """Build the Machine of a config that has been read; `path` is where it lies, `asked` the path the user gave."""
    real = Path(os.path.realpath(path))
    folder = Folder.list(real.parent)
    document = as_its_files_say(document, folder)
    sections = Sections(document)
    version = _hardware_version(document)
    units = sections.units(version)
    storage = read_storage(sections, units, folder)
    stem = real.stem
    owned = folder.owned((stem, *_stems(storage.drives)))
    snapshots, unread = read_snapshots(document, folder, stem, storage.drives, owned)
    encryption, encryption_evidence = read_encryption(document, storage.drives)
    unfinished, unlisted = find_unfinished(folder)
    if folder.problem is not None:
        unlisted = (Evidence(folder.path.name, value=folder.problem),)
    guest = document.get("guestOS") or None
    vcpus = _amount(document, "numvcpus", 1)
    vcpus = None if vcpus is None else max(vcpus, 1)
    # Where no other VM is beside it, whose policies they are is no question.
    alone = sum(name.lower().endswith(CONFIG_ENDINGS) for name in folder.names) <= 1
    ace_files = _ending(owned, _OF_ACE) or (_ending(folder.names, _OF_ACE) if alone else ())
    saved_states = _ending(owned, _SAVED)
    facts = VmFacts(document, sections, units, real, version, vcpus or 1, storage.drives, snapshots, folder, ace_files)
    vm = Machine(
        path=path if asked is None else asked,
        name=document.get("displayName") or stem,
        config=Config(real, document.name, document, document.number("config.version")),
        hardware=Hardware(version, generation_of(version), _evidence(document, "virtualHW.version")),
        origin=read_origin(facts),
        guest=Guest(guest, bits_of(guest), family_of(guest), _evidence(document, "guestOS")),
        cpu=Cpu(
            vcpus,
            max(document.number("cpuid.coresPerSocket") or 1, 1),
            _evidence(document, "numvcpus", "cpuid.coresPerSocket"),
        ),
        memory_mib=_amount(document, "memsize", _DEFAULT_MEMORY_MIB),
        firmware=document.get("firmware", "").lower() or "bios",
        secure_boot=document.flag("uefi.secureBoot.enabled", False),
        tpm=document.flag("vtpm.present", False) or bool(document.get("managedVM.autoAddVTPM")),
        controllers=storage.controllers,
        drives=storage.drives,
        nics=read_nics(sections, units),
        snapshots=snapshots,
        power=read_power(document, folder, owned, storage.drives, encryption),
        encryption=encryption,
        encryption_evidence=encryption_evidence,
        idle_devices=storage.idle,
        devices_beyond_version=_present(sections, units.beyond_version),
        read_only=read_only(real, storage.drives),
        unread=(*unlisted, *unread),
        unfinished_rewrite=unfinished,
        saved_states=saved_states,
        ace_files=ace_files,
        uuids=Uuids(*(_uuid(document, key) for key in ("uuid.bios", "uuid.location", "vc.uuid"))),
    )
    vm.memo[Folder] = folder
    return vm


def _ending(names: Iterable[str], ends: tuple[str, ...]) -> tuple[Evidence, ...]:
    return tuple([Evidence(name) for name in names if name.lower().endswith(ends)])


def _uuid(document: Document, key: str) -> str | None:
    """Return a UUID, which configs write as 16 pairs of digits with blanks and a dash; None where it is none."""
    digits = re.sub(r"[\s-]", "", document.get(key, "")).lower()
    if not re.fullmatch(r"[0-9a-f]{32}", digits):
        return None
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _hardware_version(document: Document) -> int | None:
    # A value that is no number reads as 0, which is no version.
    version = document.number("virtualHW.version")
    return version if version is not None and version > 0 else None


def _amount(document: Document, key: str, default: int) -> int | None:
    """Return a number, or the default where the config has no line for it; None where its line tells no number."""
    value = document.get(key)
    if value is not None:
        return document.number(key) if _NUMBER.match(value) else None
    return None if any(_key_of(document, line) == key for line in document.unknown[:_LINES_TRIED]) else default


def _key_of(document: Document, line: int) -> str:
    """Return the setting that a line was meant for which VMware cannot read, in lower case."""
    return document.line(line).raw.partition(b"=")[0].strip().decode("latin-1").lower()


def _stems(drives: Iterable[Drive]) -> Iterator[str]:
    for drive in drives:
        if drive.kind == "disk" and drive.file is not None:
            yield stem_of(drive.file)
            if drive.chain is not None:
                for link in drive.chain.links[1:]:
                    yield stem_of(link.file)


def _present(sections: Sections, words: Iterable[str]) -> tuple[Evidence, ...]:
    found = [sections[word] for word in words]
    return tuple(section.evidence("present")[0] for section in found if section.flag("present", default=False))


def _evidence(document: Document, *keys: str) -> tuple[Evidence, ...]:
    return tuple([document.evidence(key) for key in keys if key in document])
