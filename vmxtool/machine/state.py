"""Power state and encryption: what decides whether a VM may be touched at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.machine.model import Power

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.machine.folder import Folder
    from vmxtool.machine.model import Drive, Encryption
    from vmxtool.vmx.document import Document

_LOCKS = (".lck", ".writelock", ".vmx~", ".vswp")


def read_power(document: Document, folder: Folder, stem: str, drives: Sequence[Drive]) -> Power:
    """Running where a lock or swap file lies beside the VM, suspended where the config names a state file, else off."""
    stems = (stem, *{(drive.found.path.stem if drive.found and drive.found.path else "") for drive in drives})
    locks = [name for name in folder.belonging_to(stems) if name.lower().endswith(_LOCKS)]
    if locks:
        dirty = [document.evidence("cleanShutdown")] if not document.flag("cleanShutdown", True) else []
        return Power("running", (*(Evidence(name) for name in locks), *dirty))
    if document.get("checkpoint.vmState"):
        return Power("suspended", (document.evidence("checkpoint.vmState"),))
    return Power("off")


def read_encryption(document: Document, drives: Sequence[Drive]) -> tuple[Encryption, tuple[Evidence, ...]]:
    """How much of a VM is encrypted.

    "full": the settings are inside `encryption.data` and cannot be seen. "partial": the settings are plain, but the VM
    holds keys (`vmx.encryptionType`, since Workstation 16.2) or a disk is encrypted.
    """
    keys = tuple(document.evidence(key) for key in ("encryption.keySafe", "encryption.data") if key in document)
    shown = tuple(Evidence(item.file, item.line, item.key) for item in keys)  # the values are long and secret
    if keys:
        partial = document.get("vmx.encryptionType", "").lower() == "partial" or "guestOS" in document
        return ("partial" if partial else "full"), shown
    disks = tuple(
        Evidence(link.file, None, "encryptionKeys")
        for drive in drives
        if drive.chain is not None
        for link in drive.chain.links
        if link.encrypted
    )
    return ("partial" if disks else "none"), disks
