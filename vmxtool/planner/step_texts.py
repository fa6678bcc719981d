"""Which step cures which finding, what steps are called for a person, and what they rest on."""

from __future__ import annotations

from vmxtool.knowledge.products import products

# What kind of step cures a finding. First what brings the VM to rest and its files in order, whichever way is taken;
# then, in each way, its settings and hardware, and what carries the disks over.
BEFORE = {
    "rewrite-unfinished": "undo-rewrite",
    "running": "power-off",
    "suspended": "power-off",
    "unknown-line": "repair-config",
    "duplicate-key": "repair-config",
    "unknown-encoding": "repair-config",
    "hardware-version-unknown": "repair-config",
    "disk-file-missing": "repair-disk",
    "chain-broken": "repair-disk",
    "encrypted": "decrypt",
    "redo-log-open": "commit-redo-logs",
    "snapshot-present": "remove-snapshots",
    "too-many-snapshots": "remove-snapshots",
}
SETTINGS = {
    "smp-not-offered": "change-settings",
    "too-many-vcpus": "change-settings",
    "too-many-nics": "change-settings",
    "more-than-hardware-holds": "change-settings",
    "device-not-in-hardware-version": "change-devices",
}

TEXTS = {
    "copy": "copy all files of the VM's folder to {target}",
    "export-disks": "export the virtual disks from ESX Server",
    "import-disks": "import the virtual disks on {target}",
    "upgrade-hardware": "upgrade the virtual hardware with {tool}",
    "downgrade-hardware": "lower the virtual hardware version with {tool}",
    "run-legacy": "leave the hardware as it is and run the VM in legacy mode on {target}, so that it can go back",
    "create-legacy-vm": "create a legacy VM in Workstation 5, with the VM's disks",
    "create-vm": "create a new VM on {target} with the imported disks; configs of hosted products cannot be registered",
    "converter": "move the VM with VMware Converter 3, which converts disks and hardware on the way",
    "import-wizard": "move the VM with the Converter Import wizard of Workstation 6",
    "move-to": "move the VM to {tool} first",
}
NEW_VM_SOURCE, NEW_VM_GENERATION = "mpg:t09:r3c4", 5
GUEST_SOURCE, MOVE_SOURCE = "mpg:p10", "mpg:p07"
REGISTER = "put the config beside the imported disks, let it name them, and register the VM on {target}"
TAKE_ALONG = "copy the config and the exported disks to {target}, and let the config name them"

_GROUPS = {"ws5": "Workstation 5"}


def named(ids: tuple[str, ...], otherwise: str) -> str:
    """Products in words; `otherwise` where there are none."""
    known = products()
    return " or ".join(known[name].name if name in known else _GROUPS.get(name, name) for name in ids) or otherwise


def listed(words: list[str]) -> str:
    """Words with commas, and "and" before the last."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
