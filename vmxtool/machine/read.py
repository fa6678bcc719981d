"""Read a VM: its config, disks, snapshot database and folder, joined into one frozen Machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.knowledge.guests import bits_of, family_of
from vmxtool.knowledge.hardware import generation_of
from vmxtool.machine.devices import find_slots, read_nics, read_storage
from vmxtool.machine.folder import Folder
from vmxtool.machine.locate import find_config, read_config
from vmxtool.machine.model import Config, Cpu, Guest, Hardware, Machine
from vmxtool.machine.origin import read_origin
from vmxtool.machine.snapshots import read_snapshots
from vmxtool.machine.state import read_encryption, read_power

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.evidence import Evidence
    from vmxtool.vmx.document import Document

_DEFAULT_MEMORY_MIB = 32  # what VMware gives a VM whose config does not say (libvirt's key map)
JOURNAL_FOLDER = ".vmxtool"
"""Name of the folder beside a config that holds the journals of rewrites."""


def read_machine(path: Path) -> Machine:
    """Read the VM that a path names: a config file, a folder with one, or a Fusion bundle.

    Raises:
        UsageError: no config is there, or several are.
        InputError: the config cannot be read as one.
    """
    config = find_config(path)
    document = read_config(config)
    return describe(document, config, path)


def describe(document: Document, path: Path, asked: Path | None = None) -> Machine:
    """The Machine of a config that has been read already; `path` is where it lies, `asked` the path the user gave."""
    real = path.resolve()
    folder = Folder.list(real.parent)
    stem = real.name.rpartition(".")[0] or real.name
    slots = find_slots(document)
    storage = read_storage(document, real.parent, slots)
    version = document.number("virtualHW.version")
    encryption, encryption_evidence = read_encryption(document, storage.drives)
    guest = document.get("guestOS") or None
    memory = document.number("memsize")
    return Machine(
        path=path if asked is None else asked,
        name=document.get("displayName") or stem,
        config=Config(real, document.name, document, document.number("config.version")),
        hardware=Hardware(version, generation_of(version), _evidence(document, "virtualHW.version")),
        origin=read_origin(document, real, version, storage.controllers, storage.drives),
        guest=Guest(guest, bits_of(guest), family_of(guest), _evidence(document, "guestOS")),
        cpu=Cpu(
            max(document.number("numvcpus") or 1, 1),
            max(document.number("cpuid.coresPerSocket") or 1, 1),
            _evidence(document, "numvcpus", "cpuid.coresPerSocket"),
        ),
        memory_mib=_DEFAULT_MEMORY_MIB if memory is None else memory,
        firmware=document.get("firmware", "").lower() or "bios",
        secure_boot=document.flag("uefi.secureBoot.enabled", False),
        tpm=document.flag("vtpm.present", False) or bool(document.get("managedVM.autoAddVTPM")),
        controllers=storage.controllers,
        drives=storage.drives,
        nics=read_nics(document, slots),
        snapshots=read_snapshots(folder, stem, storage.drives),
        power=read_power(document, folder, stem, storage.drives),
        encryption=encryption,
        encryption_evidence=encryption_evidence,
        idle_devices=storage.idle,
        unfinished_rewrite=None,
    )


def _evidence(document: Document, *keys: str) -> tuple[Evidence, ...]:
    return tuple(document.evidence(key) for key in keys if key in document)
