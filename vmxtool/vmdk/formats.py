"""Which kind of product a virtual disk is native to, by its `createType` and by its extents."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmxtool.vmdk.model import Format

# Names in lower case. From Virtual Disk Format 5.0 (EN-000777), which also prints "2GbMax..." and "vmfsSeSparse" for
# what files spell "twoGbMax..." and "seSparse"; the two names of raw device mappings are those that real descriptors
# have. vSAN's type is left out: no descriptor of one has been seen.
_BY_CREATE_TYPE: dict[str, Format] = {
    "monolithicsparse": "hosted",
    "monolithicflat": "hosted",
    "twogbmaxextentsparse": "hosted",
    "twogbmaxextentflat": "hosted",
    "2gbmaxextentsparse": "hosted",
    "2gbmaxextentflat": "hosted",
    "custom": "hosted",
    "streamoptimized": "transport",
    "fulldevice": "device",
    "partitioneddevice": "device",
    "vmfsrawdevicemap": "device",
    "vmfspassthroughrawdevicemap": "device",
    "vmfsrdm": "device",
    "vmfsrdmp": "device",
    "vmfsraw": "device",
    "vmfs": "esx",
    "vmfspreallocated": "esx",
    "vmfseagerzeroedthick": "esx",
    "vmfsthick": "esx",
    "vmfsthin": "esx",
    "vmfssparse": "esx",
    "sesparse": "esx",
    "vmfssesparse": "esx",
}
_BY_EXTENT_TYPE: dict[str, Format] = {
    "FLAT": "hosted",
    "SPARSE": "hosted",
    "VMFS": "esx",
    "VMFSSPARSE": "esx",
    "SESPARSE": "esx",
    "VMFSRDM": "device",
    "VMFSRAW": "device",
}


def format_of(create_type: str | None, extent_types: Iterable[str]) -> Format:
    """Return the format of a disk with a descriptor; "unknown" where neither its type nor its extents say it alike."""
    known = _BY_CREATE_TYPE.get((create_type or "").lower())
    if known is not None:
        return known
    kinds = {_BY_EXTENT_TYPE.get(kind, "unknown") for kind in extent_types if kind != "ZERO"}
    return kinds.pop() if len(kinds) == 1 else "unknown"
