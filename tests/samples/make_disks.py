"""Write the disks and state files of `samples/` byte for byte: `python tests/samples/make_disks.py FOLDER`.

Everything is computed from this file and `layouts.py`, so two runs give the same bytes on every machine. Sizes are in
sectors of 512 bytes unless a name says so.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from samples.layouts import (
    GRAIN,
    SECTOR,
    Geometry,
    boot_grain,
    change_tracking,
    checkpoint,
    database,
    database_sorted,
    descriptor,
    geometry_ide,
    geometry_scsi,
    noise,
    note_grain,
    sparse,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def ws6_windows_ide() -> Iterator[tuple[str, bytes]]:
    """Workstation 6.0: one growing IDE disk in one file."""
    name, capacity = "Windows XP Professional.vmdk", 819200
    text = descriptor(
        "monolithicSparse",
        "4c8f21d7",
        [f'RW {capacity} SPARSE "{name}"'],
        database(6, "ide", geometry_ide(capacity), "7201"),
    )
    yield name, sparse(capacity, text, {0: boot_grain("ws6-windows-ide", capacity, 0x07)})


def ws5_snapshots() -> Iterator[tuple[str, bytes]]:
    """Workstation 5.5: a base disk, a delta for a branch, and two deltas in a row that the VM runs on."""
    capacity = 524288
    ddb = database(4, "lsilogic", geometry_scsi(capacity), "6309")

    def link(name: str, cid: str, parent: tuple[str, str] | None, grains: Mapping[int, bytes]) -> tuple[str, bytes]:
        text = descriptor("monolithicSparse", cid, [f'RW {capacity} SPARSE "{name}"'], ddb, parent=parent)
        return name, sparse(capacity, text, grains)

    base = "Build Host.vmdk"
    yield link(base, "b0a1734e", None, {0: boot_grain("ws5-snapshots, base", capacity, 0x83)})
    yield link("Build Host-000001.vmdk", "5d27c90a", ("b0a1734e", base), {})
    delta = {1500: note_grain("ws5-snapshots, delta")}
    yield link("Build Host-000002.vmdk", "e3184f62", ("b0a1734e", base), delta)
    # Nothing was written since the last snapshot, so the newest link still has the content id of its parent.
    yield link("Build Host-000003.vmdk", "e3184f62", ("e3184f62", "Build Host-000002.vmdk"), {})
    for number in (1, 2, 3):
        yield f"Build Host-Snapshot{number}.vmsn", checkpoint()


def esx3_vmfs() -> Iterator[tuple[str, bytes]]:
    """ESX 3.5: a descriptor and its flat file."""
    capacity = 128
    yield (
        "web01.vmdk",
        descriptor(
            "vmfs",
            "7a90d35c",
            [f'RW {capacity} VMFS "web01-flat.vmdk"'],
            database(4, "lsilogic", Geometry(1, 4, 32), "7302"),
        ),
    )
    yield "web01-flat.vmdk", boot_grain("esx3-vmfs", capacity, 0x83).ljust(capacity * SECTOR, b"\0")


def gsx3_linux() -> Iterator[tuple[str, bytes]]:
    """GSX Server 3: a growing SCSI disk in two files."""
    pieces = (409600, 204800)
    names = ("intranet-s001.vmdk", "intranet-s002.vmdk")
    yield (
        "intranet.vmdk",
        descriptor(
            "twoGbMaxExtentSparse",
            "1f66b8e4",
            [f'RW {size} SPARSE "{name}"' for size, name in zip(pieces, names, strict=True)],
            database(3, "buslogic", geometry_scsi(sum(pieces))),
        ),
    )
    yield names[0], sparse(pieces[0], None, {0: boot_grain("gsx3-linux", sum(pieces), 0x83)})
    yield names[1], sparse(pieces[1])


def ws4_undoable() -> Iterator[tuple[str, bytes]]:
    """Workstation 4: an IDE disk and the redo log of its undoable mode."""
    capacity, name, redo = 409600, "Win98.vmdk", "Win98.vmdk.REDO_a03600"
    ddb = database(3, "ide", geometry_ide(capacity), "5321")
    text = descriptor("monolithicSparse", "93ce07b1", [f'RW {capacity} SPARSE "{name}"'], ddb)
    yield name, sparse(capacity, text, {0: boot_grain("ws4-undoable", capacity, 0x0C)})
    text = descriptor(
        "monolithicSparse", "0c41e98d", [f'RW {capacity} SPARSE "{redo}"'], ddb, parent=("93ce07b1", name)
    )
    yield redo, sparse(capacity, text, {40: note_grain("ws4-undoable, redo log")})


def suspended() -> Iterator[tuple[str, bytes]]:
    """Workstation 7: a SCSI disk and the head of a suspended state."""
    capacity, name = 819200, "Ubuntu.vmdk"
    text = descriptor(
        "monolithicSparse",
        "d81b5f20",
        [f'RW {capacity} SPARSE "{name}"'],
        database_sorted(
            7,
            "lsilogic",
            geometry_scsi(capacity),
            longContentID="6bd2aa07f1c83e9450e6129bd81b5f20",
            toolsVersion="8384",
            uuid="60 00 C2 95 1e 83 f0 47-b9 2a 6c d5 70 14 ee 3b",
        ),
        encoding="UTF-8",
    )
    yield name, sparse(capacity, text)
    yield "Ubuntu.vmss", checkpoint()


def fusion1() -> Iterator[tuple[str, bytes]]:
    """Fusion 1: an IDE disk in a bundle."""
    capacity, name = 614400, "Budget.vmdk"
    text = descriptor(
        "monolithicSparse",
        "2e95c06a",
        [f'RW {capacity} SPARSE "{name}"'],
        database(6, "ide", geometry_ide(capacity), "7206"),
    )
    yield name, sparse(capacity, text, {0: boot_grain("fusion1", capacity, 0x07)})


def encrypted() -> Iterator[tuple[str, bytes]]:
    """Workstation 10: a disk whose grains are cipher text and whose descriptor holds the locked key."""
    capacity, piece = 409600, "Payroll-s001.vmdk"
    keys = (
        "vmware:key/list/(pair/(rawkey/QmFzZSA2NCBvZiBub3RoaW5n/cipher%3dAES%2d256,"
        "HMAC%2dSHA%2d1,aGVyZSB3b3VsZCBiZSB0aGUga2V5IG9mIHRoaXMgZGlzaywgbG9ja2Vk))"
    )
    yield (
        "Payroll.vmdk",
        descriptor(
            "twoGbMaxExtentSparse",
            "a47d1c83",
            [f'RW {capacity} SPARSE "{piece}"'],
            database_sorted(
                10,
                "lsilogic",
                geometry_scsi(capacity),
                longContentID="0f5b3e77c29186da4e90d15ba47d1c83",
                toolsVersion="9541",
                uuid="60 00 C2 9c 44 d1 07 be-58 f3 92 0a e6 7d 31 c5",
            ),
            version=2,
            encoding="windows-1252",
            native=True,
            keys=keys,
        ),
    )
    yield piece, sparse(capacity, None, {0: noise("encrypted disk", GRAIN * SECTOR)})


def damaged() -> Iterator[tuple[str, bytes]]:
    """Workstation 9: a split disk that lacks its second file, and a delta whose parent was changed behind its back."""
    pieces = (262144, 131072)
    yield (
        "archive.vmdk",
        descriptor(
            "twoGbMaxExtentSparse",
            "c85e2b19",
            [f'RW {size} SPARSE "archive-s00{number}.vmdk"' for number, size in enumerate(pieces, 1)],
            database_sorted(
                9,
                "lsilogic",
                geometry_scsi(sum(pieces)),
                longContentID="91f0a4cd3be8527706d1e03fc85e2b19",
                uuid="60 00 C2 93 b7 2e 5c 91-0d 48 f6 a3 1b e2 74 d9",
            ),
            encoding="UTF-8",
            native=True,
        ),
    )
    yield "archive-s001.vmdk", sparse(pieces[0])
    capacity, name, delta = 262144, "system.vmdk", "system-000001.vmdk"
    text = descriptor(
        "monolithicSparse",
        "47b0e6fd",
        [f'RW {capacity} SPARSE "{name}"'],
        database_sorted(
            9,
            "lsilogic",
            geometry_scsi(capacity),
            longContentID="d27c5508ae41f39b60c2187e47b0e6fd",
            uuid="60 00 C2 9e 08 c6 3f 75-d4 91 2b e7 56 a0 cf 12",
        ),
        encoding="UTF-8",
        native=True,
    )
    yield name, sparse(capacity, text)
    text = descriptor(
        "monolithicSparse",
        "8e13d95a",
        [f'RW {capacity} SPARSE "{delta}"'],
        [("longContentID", "3ac9e0b752d4681f97fb04c68e13d95a")],
        encoding="UTF-8",
        native=True,
        parent=("31f4a8c2", name),
    )
    yield delta, sparse(capacity, text)
    yield "Mail Relay-Snapshot1.vmsn", checkpoint()


def ws6_scsi_smp() -> Iterator[tuple[str, bytes]]:
    """Workstation 6: a SCSI disk with all its space allocated."""
    capacity = 128
    yield (
        "Windows Server 2003 x64.vmdk",
        descriptor(
            "monolithicFlat",
            "6f02ba95",
            [f'RW {capacity} FLAT "Windows Server 2003 x64-flat.vmdk" 0'],
            database(6, "lsilogic", Geometry(1, 4, 32), "7201"),
        ),
    )
    flat = boot_grain("ws6-scsi-smp", capacity, 0x07).ljust(capacity * SECTOR, b"\0")
    yield "Windows Server 2003 x64-flat.vmdk", flat


def firmware_settings() -> bytes:
    """The settings of an EFI firmware: the head of such a file, and no variables."""
    return b"MRVN" + bytes(60) + b"VMWNVRAM" + bytes(952)


def ws17_modern() -> Iterator[tuple[str, bytes]]:
    """Workstation 17.5: a disk for NVMe, which the descriptor calls lsilogic."""
    capacity, name = 819200, "Atelier.vmdk"
    text = descriptor(
        "monolithicSparse",
        "f3607d4b",
        [f'RW {capacity} SPARSE "{name}"'],
        database_sorted(
            21,
            "lsilogic",
            geometry_scsi(capacity),
            longContentID="b8e2461cd05f793a1e44c8aaf3607d4b",
            toolsInstallType="1",
            toolsVersion="12389",
            uuid="60 00 C2 9f d3 60 8b 12-47 fe 05 c9 ab 38 91 e4",
        ),
        encoding="UTF-8",
    )
    yield name, sparse(capacity, text, {0: boot_grain("ws17-modern", capacity, 0xEE)})
    yield "Atelier.nvram", firmware_settings()


def ws17_linux() -> Iterator[tuple[str, bytes]]:
    """Workstation 17.5 on Linux: a disk for NVMe in ten files and one for SATA in one, both called lsilogic."""
    pieces = [1 << 22] * 10
    names = [f"Ubuntu 64-bit-s{number:03}.vmdk" for number in range(1, len(pieces) + 1)]
    capacity = sum(pieces)
    yield (
        "Ubuntu 64-bit.vmdk",
        descriptor(
            "twoGbMaxExtentSparse",
            "2d8c70f5",
            [f'RW {size} SPARSE "{name}"' for size, name in zip(pieces, names, strict=True)],
            database_sorted(
                21,
                "lsilogic",
                geometry_scsi(capacity),
                longContentID="74e1b95c0a3fd8626b90c7e42d8c70f5",
                toolsInstallType="4",
                toolsVersion="12389",
                uuid="60 00 C2 97 5a e3 0d 94-b1 c6 28 7f 43 d9 6e 10",
            ),
            encoding="UTF-8",
        ),
    )
    yield names[0], sparse(pieces[0], None, {0: boot_grain("Ubuntu 64-bit", capacity, 0xEE)})
    for size, name in zip(pieces[1:], names[1:], strict=True):
        yield name, sparse(size)
    capacity, name = 10485760, "Ubuntu 64-bit-data.vmdk"
    text = descriptor(
        "monolithicSparse",
        "95b3e64a",
        [f'RW {capacity} SPARSE "{name}"'],
        database_sorted(
            21,
            "lsilogic",
            geometry_scsi(capacity),
            longContentID="c0527fa83d16e9b4587e20dd95b3e64a",
            toolsInstallType="4",
            toolsVersion="12389",
            uuid="60 00 C2 94 e0 71 ba 36-8d 5f 02 c3 98 14 f7 ab",
        ),
        encoding="UTF-8",
    )
    yield name, sparse(capacity, text, {0: note_grain("Ubuntu 64-bit, data")})
    yield "Ubuntu 64-bit.nvram", firmware_settings()


def esxi67() -> Iterator[tuple[str, bytes]]:
    """ESXi 6.7: a thin disk whose changed blocks are tracked."""
    capacity = 128
    yield (
        "build01.vmdk",
        descriptor(
            "vmfs",
            "58d9014f",
            [f'RW {capacity} VMFS "build01-flat.vmdk"'],
            database_sorted(
                14,
                "lsilogic",
                Geometry(1, 4, 32),
                longContentID="e6a07bf2948dc3150b2c7fde58d9014f",
                thinProvisioned="1",
                toolsInstallType="4",
                toolsVersion="10336",
                uuid="60 00 C2 9a 6d 15 e8 b3-f2 07 94 5a c1 de 80 37",
            ),
            version=3,
            encoding="UTF-8",
            change_track="build01-ctk.vmdk",
        ),
    )
    yield "build01-flat.vmdk", boot_grain("esxi67", capacity, 0x83).ljust(capacity * SECTOR, b"\0")
    yield "build01-ctk.vmdk", change_tracking()


def linked_clone() -> Iterator[tuple[str, bytes]]:
    """Workstation 12: the one disk of a linked clone; its parent belongs to another VM."""
    capacity, name = 819200, "Windows 10 x64-cl1.vmdk"
    text = descriptor(
        "monolithicSparse",
        "b16ce8f0",
        [f'RW {capacity} SPARSE "{name}"'],
        database_sorted(
            12,
            "lsilogic",
            geometry_scsi(capacity),
            longContentID="4703d9be85a1f26c0b97e45fb16ce8f0",
            toolsInstallType="1",
            toolsVersion="10246",
            uuid="60 00 C2 91 a8 4c f7 03-9b 62 de 15 70 b4 2f c8",
        ),
        encoding="windows-1252",
        native=True,
        parent=("7e40a9d2", "D:\\Golden\\Windows 10 x64\\Windows 10 x64-000001.vmdk"),
    )
    yield name, sparse(capacity, text)


SAMPLES = {
    "damaged": damaged,
    "encrypted": encrypted,
    "esx3-vmfs": esx3_vmfs,
    "esxi67": esxi67,
    "Budget.vmwarevm": fusion1,
    "gsx3-linux": gsx3_linux,
    "linked-clone": linked_clone,
    "suspended": suspended,
    "Ubuntu 64-bit": ws17_linux,
    "ws17-modern": ws17_modern,
    "ws4-undoable": ws4_undoable,
    "ws5-snapshots": ws5_snapshots,
    "ws6-scsi-smp": ws6_scsi_smp,
    "ws6-windows-ide": ws6_windows_ide,
}


def build(folder: Path) -> list[Path]:
    """Write every disk and state file below `folder`, as in `samples/`; gives their paths relative to it."""
    written = []
    for sample, files in SAMPLES.items():
        for name, content in files():
            path = Path(sample, name)
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
            written.append(path)
    return written


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/samples/make_disks.py FOLDER")
    build(Path(sys.argv[1]))
