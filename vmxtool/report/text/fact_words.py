"""The facts of products and hardware versions in plain words: their names, and their figures with units."""

from __future__ import annotations

from vmxtool.report.text.printable import size

_LABELS = {
    "generation": "generation in the guide",
    "runs_min": "oldest version it runs",
    "runs_max": "newest version it runs",
    "runs_except": "does not run version",
    "creates": "version of its new VMs",
    "converts_to": "versions it can give a VM",
    "max_vcpus": "most processors",
    "max_memory_mib": "most memory",
    "max_nics": "most network adapters",
    "max_passthrough": "most host devices",
    "smp": "several processors",
    "guest_64bit": "64-bit guests",
    "disk_buses": "buses for disks",
    "native_formats": "disk formats it writes",
    "readable_formats": "disk formats it reads",
    "snapshots": "snapshots",
    "creates_vms": "makes new VMs",
    "arrives_by": "a VM gets there by",
    "released": "released",
    "config_version": "config.version",
    "ide": "IDE",
    "scsi": "SCSI",
    "sata": "SATA",
    "nvme": "NVMe",
    "vcpus": "most processors",
    "memory_mib": "most memory",
    "nics": "most network adapters",
    "cores_per_socket": "most cores in a socket",
    "pvscsi_units": "paravirtual SCSI units",
    "pci_slots": "PCI slots",
    "pci_passthrough": "most host devices",
    "pvrdma_nics": "most RDMA adapters",
    "displays": "most displays",
    "video_memory_mib": "most video memory",
    "graphics_memory_mib": "most 3D memory",
    "disk_bytes": "largest disk",
}
_KINDS = {"_hosted": ", Workstation", "_esx": ", ESX"}
_BUSES = ("ide", "scsi", "sata", "nvme")
_WORDS = {
    "native_formats": {"hosted": "Workstation's", "esx": "ESX's", "legacy": "that before Workstation 4"},
    "snapshots": {"single": "one", "many": "several"},
    "arrives_by": {
        "copy": "a copy of its folder",
        "register-vm": "a copy of its folder that is registered",
        "create-vm": "a new VM with its disks",
        "import": "an import",
    },
}
_WORDS["readable_formats"] = _WORDS["native_formats"]


def label(name: str) -> str:
    """Return the name of a fact for a reader."""
    for ending, kind in _KINDS.items():
        if name.endswith(ending) and name not in _LABELS:
            return _LABELS.get(name.removesuffix(ending), name) + kind
    return _LABELS.get(name, name.replace("_", " "))


def figure(name: str, value: str) -> str:
    """Return the value of a fact for a reader, with its unit."""
    bare = name
    for ending in _KINDS:
        bare = bare.removesuffix(ending)
    number = value.replace(",", "")
    if bare.endswith("_mib") and number.isdigit():
        return size(int(number) << 20)
    if bare == "disk_bytes" and number.isdigit():
        return size(int(number))
    if bare in _BUSES:
        controllers, _, units = value.partition(" x ")
        return f"{controllers} controllers with {units} units" if controllers != "0" else "no"
    words = _WORDS.get(bare)
    parts = value.split()
    return ", ".join(words.get(part, part) for part in parts) if words is not None else _listed(bare, parts)


def _listed(name: str, parts: list[str]) -> str:
    return (", " if name in {"converts_to", "runs_except", "disk_buses"} else " ").join(parts)
