"""From the fields of a binary header to its facts: which header counts, which era made it, what is wrong in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.vmdk import header_checks as checks
from vmxtool.vmdk import layout
from vmxtool.vmdk.header import REDUNDANT_DIRECTORY, CowdHeader, LegacyCowdHeader, SeSparseHeader, SparseHeader
from vmxtool.vmdk.sectors import SECTOR
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool.vmdk.layout import Fields

    Read = Callable[[int, int], bytes]

_FOOTER_MARKER = 3
# Footer marker, footer and end-of-stream marker are the last three sectors.
_FOOTER_SPAN = 3 * SECTOR
_CONTROLLERS = {b"ide": "ide", b"scsi": "scsi"}


def sparse(head: bytes, size: int, read: Read, where: Path | str) -> SparseHeader:
    """The header of a sparse file; its footer counts instead where the header leaves the grain directory to it."""
    fields = layout.parse("sparse", head, where)
    damage = [*checks.sparse_form(fields)]
    unclean, from_footer = bool(fields["uncleanShutdown"]), False
    if fields["gdOffset"] == checks.GD_AT_END:
        footer = _footer(size, read)
        if footer is None:
            damage.append("the grain directory should be named by a footer, and there is no footer")
        else:
            if any(footer[name] != fields[name] for name in ("capacity", "descriptorOffset", "descriptorSize")):
                damage.append("header and footer disagree")
            fields, from_footer = footer, True
            damage += checks.sparse_form(fields)
    damage += checks.sparse_places(fields, size)
    return SparseHeader(
        version=fields["version"],
        flags=fields["flags"],
        capacity=fields["capacity"],
        grain_size=fields["grainSize"],
        descriptor_offset=fields["descriptorOffset"],
        descriptor_size=fields["descriptorSize"],
        gtes_per_gt=fields["numGTEsPerGT"],
        rgd_offset=fields["rgdOffset"] if fields["flags"] & REDUNDANT_DIRECTORY else None,
        gd_offset=fields["gdOffset"],
        overhead=fields["overHead"],
        unclean_shutdown=unclean or bool(fields["uncleanShutdown"]),
        unfinished=head[:4] == b"kdmv",
        from_footer=from_footer,
        damage=tuple(dict.fromkeys(damage)),
    )


def _footer(size: int, read: Read) -> Fields | None:
    tail = read(size - _FOOTER_SPAN, _FOOTER_SPAN) if size >= _FOOTER_SPAN else b""
    if len(tail) < _FOOTER_SPAN:
        return None
    marker = layout.parse("marker", tail, "")
    footer = layout.parse("sparse", tail[SECTOR:], "")
    if marker["size"] != 0 or marker["type"] != _FOOTER_MARKER or footer["magicNumber"] != b"KDMV":
        return None
    return footer if footer["gdOffset"] != checks.GD_AT_END else None


def cowd(head: bytes, size: int, where: Path | str) -> CowdHeader | LegacyCowdHeader:
    """The header of a COWD file, of ESX or of Workstation 2 and 3."""
    # Both eras have the same magic and size. What ESX keeps reserved is the controller's name in the older one.
    fields = layout.parse("legacy-cowd", head, where)
    controller = _CONTROLLERS.get(_until_nul(fields["controller"]))
    if fields["version"] == 3 or fields["flags"] & checks.HARDWARE_SET or controller is not None:
        return _legacy_cowd(fields, controller, size)
    fields = layout.parse("cowd", head, where)
    return CowdHeader(
        capacity=fields["numSectors"],
        grain_size=fields["grainSize"],
        gd_offset=fields["gdOffset"],
        gd_entries=fields["numGDEntries"],
        free_sector=fields["freeSector"],
        parent=_text(fields["u"].get("parentFileName", b"")),
        unclean_shutdown=bool(fields["uncleanShutdown"]),
        damage=tuple(checks.cowd_damage(fields, size)),
    )


def _legacy_cowd(fields: Fields, controller: str | None, size: int) -> LegacyCowdHeader:
    root, newer = bool(fields["flags"] & checks.ROOT), fields["version"] == 3
    several = newer and bool(fields["flags"] & checks.MULTI_FILE)
    return LegacyCowdHeader(
        version=fields["version"],
        capacity=(fields["diskCapacity"] if newer else 0) or fields["capacity"],
        file_sectors=(fields["fileCapacity"] if newer else 0) or fields["capacity"],
        grain_size=fields["granularity"],
        root=root,
        parent=None if root else _text(fields["u"]["parentPath"]),
        controller=controller,
        file_ordinal=fields["fileOrdinal"] if several else 0,
        files_per_disk=max(fields["filesPerDisk"], 1) if several else 1,
        hw_version=(fields["virtualHWVersion"] or None) if newer and fields["flags"] & checks.HARDWARE_SET else None,
        parent_timestamp=fields["parentTimestamp"],
        timestamp=fields["timestamp"],
        unclean_shutdown=not fields["flags"] & checks.CLEAN,
        damage=tuple(checks.legacy_cowd_damage(fields, size)),
    )


def sesparse(head: bytes, size: int, read: Read, where: Path | str) -> SeSparseHeader:
    """Both headers of an SESparse file."""
    fields = layout.parse("sesparse", head, where)
    damage = list(checks.sesparse_damage(fields, size))
    journal = False
    place = fields["volatileHeaderOffset"]
    data = read(place * SECTOR, SECTOR) if 0 < place < size // SECTOR else b""
    if len(data) < SECTOR:
        damage.append("the volatile header is outside the file")
    else:
        volatile = layout.parse("sesparse-volatile", data, where)
        journal = volatile["replayJournal"] != 0
        if volatile["magic"] != checks.SESPARSE_VOLATILE_MAGIC or volatile["pad"].strip(b"\x00"):
            damage.append("the volatile header is none")
    return SeSparseHeader(
        capacity=fields["capacity"],
        grain_size=fields["grainSize"],
        unclean_shutdown=journal,
        damage=tuple(damage),
    )


def _until_nul(raw: bytes) -> bytes:
    return raw.partition(b"\x00")[0]


def _text(raw: bytes) -> str | None:
    name = _until_nul(raw)
    return encodings.decode(name, encodings.guess(name)) if name else None
