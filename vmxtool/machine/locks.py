"""What a lock of VMware's products looks like, for whoever has to know that a VM is in use."""

from __future__ import annotations

# What lies beside a VM's files while a product has them open: lock files and lock folders of the hosted products, the
# older lock files of GSX Server and Workstation on Linux, the spare config and the swap file of ESX.
_ENDINGS = (".lck", ".writelock", ".vmx~", ".vswp")
# What ESX makes on NFS has the id of the locked file in its name, and not that file's name (knowledge base article
# 340515, read 2026-11-29).
_ON_NFS = ".lck-"


def is_lock(name: str) -> bool:
    """Whether a file or folder of that name is a lock, or shows like one that a product has the VM open."""
    return name.lower().endswith(_ENDINGS) or is_nameless(name)


def is_nameless(name: str) -> bool:
    """Whether it is a lock whose name does not tell what it locks, so that it counts for every VM in its folder."""
    return name.lower().startswith(_ON_NFS)
