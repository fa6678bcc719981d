"""Small VMs for tests: descriptors, disks, and configs of a few lines that are written and read back.

A disk holds zeros, and no more metadata than a reader looks at; binary headers are those of `vmdk.disks`, where the
tests of headers damage them.
"""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any, Literal

from vmdk.disks import cowd, sparse_disk, streamed

from vmxtool._files import last_part
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.products import products
from vmxtool.machine.read import read_machine
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine

Kind = Literal["flat", "sparse", "vmfs", "streamOptimized", "plain"]

SECTOR = 512
SECTORS = 2048
"""The capacity of a disk of which nothing else is said: 1 MiB."""
CID = "12345678"
NO_PARENT = "ffffffff"

_DISK_KEY = re.compile(r"((?:ide|scsi|sata|nvme)\d+):\d+\.(?:filename|name)")


# --- disks


def descriptor(
    *extents: str,
    create_type: str = "monolithicFlat",
    adapter: str | None = "ide",
    hw: int | None = 4,
    cid: str = CID,
    parent: str = NO_PARENT,
    hint: str | None = None,
    head: str = "",
    ddb: str | None = None,
) -> bytes:
    """The text of a descriptor as VMware lays it out.

    Args:
        extents: the lines of the extents. Without any it is one flat file of 1 MiB; "" is no extent at all.
        create_type: the disk's kind.
        adapter: `ddb.adapterType`, left out where None.
        hw: `ddb.virtualHWVersion`, left out where None.
        cid: the disk's content ID.
        parent: the content ID of its parent.
        hint: the file name of its parent, where it names one.
        head: further lines behind `createType`.
        ddb: the lines of the disk data base, in place of those for adapter, geometry and `hw`.
    """
    if ddb is None:
        ddb = "" if adapter is None else f'ddb.adapterType = "{adapter}"\n'
        ddb += 'ddb.geometry.cylinders = "2"\nddb.geometry.heads = "16"\nddb.geometry.sectors = "63"\n'
        ddb += "" if hw is None else f'ddb.virtualHWVersion = "{hw}"\n'
    lines = ["# Disk DescriptorFile", "version=1", f"CID={cid}", f"parentCID={parent}", f'createType="{create_type}"']
    lines += [head.rstrip("\n")] if head else []
    lines += [f'parentFileNameHint="{hint}"'] if hint is not None else []
    lines += ["", "# Extent description"]
    lines += [line for line in extents or (f'RW {SECTORS} FLAT "disk-flat.vmdk" 0',) if line]
    lines += ["", "# The Disk Data Base ", "#DDB", ""]
    return ("\n".join(lines) + "\n" + ddb).encode()


def sparse_descriptor(sectors: int = SECTORS, file: str = "disk.vmdk", **more: Any) -> bytes:
    """The descriptor inside a sparse disk; `more` goes to `descriptor`."""
    return descriptor(f'RW {sectors} SPARSE "{file}"', create_type="monolithicSparse", **more)


def make_disk(
    path: Path,
    kind: Kind = "flat",
    *,
    sectors: int = SECTORS,
    adapter: str = "ide",
    hw: int | None = 4,
    cid: str = CID,
    parent: Path | None = None,
    head: str = "",
    **header: Any,
) -> Path:
    """Make a disk, with the file of its data beside it where it has one, and return its path.

    Args:
        path: the file that a config names; its folder is made too.
        kind: "flat" (preallocated) or "sparse" (growing) as hosted products write them, "vmfs" as ESX does,
            "streamOptimized" for transport, or "plain", the `.pln` of Workstation 2 and 3.
        sectors: capacity.
        adapter: the adapter that it is for.
        hw: the hardware version that it is for, left out where None.
        cid: its content ID.
        parent: the disk that it is a delta over: a sparse one, or with "vmfs" one of ESX, which says no adapter.
        head: further lines in the head of its descriptor.
        header: fields of its binary header that differ from those of a sound disk, such as `uncleanShutdown=1`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    more: dict[str, Any] = {"adapter": adapter, "hw": hw, "cid": cid, "head": head}
    more |= {} if parent is None else {"parent": _cid_of(parent), "hint": _hint(path, parent)}
    flat, delta = (path.with_name(f"{path.stem}-{part}.vmdk") for part in ("flat", "delta"))
    match kind, parent:
        case "plain", _:
            data = path.with_suffix(".dat")
            path.write_text(_plain_text(data.name, sectors, adapter))
            _make_data(data, sectors)
        case "flat", None:
            path.write_bytes(descriptor(f'RW {sectors} FLAT "{flat.name}" 0', **more))
            _make_data(flat, sectors)
        case "vmfs", None:
            path.write_bytes(descriptor(f'RW {sectors} VMFS "{flat.name}"', create_type=kind, **more))
            _make_data(flat, sectors)
        case "vmfs", _:
            line = f'RW {sectors} VMFSSPARSE "{delta.name}"'
            path.write_bytes(descriptor(line, create_type="vmfsSparse", ddb="", **more))
            entries = -(-sectors // 4096)  # each leads to a table of 4096 grains of one sector
            delta.write_bytes(cowd(**{"numSectors": sectors, "numGDEntries": entries} | header))
        case "streamOptimized", _:
            text = descriptor(f'RDONLY {sectors} SPARSE "{path.name}"', create_type=kind, **more)
            path.write_bytes(streamed(text, **{"capacity": sectors} | header))
        case _:
            text = sparse_descriptor(sectors, path.name, **more)
            path.write_bytes(sparse_disk(text, **{"capacity": sectors} | header))
    return path


def _cid_of(disk: Path) -> str:
    found = re.search(rb"^CID=(\w+)", disk.read_bytes()[: 21 * SECTOR], re.MULTILINE)
    assert found is not None, f"{disk.name} has no content ID"
    return found[1].decode()


def _hint(delta: Path, parent: Path) -> str:
    return parent.name if parent.parent == delta.parent else str(parent)


def _plain_text(data: str, sectors: int, adapter: str) -> str:
    drive, heads, per_track = ("ide", 16, 63) if adapter == "ide" else ("scsi", 64, 32)
    geometry = f"CYLINDERS {sectors // (heads * per_track)}\nHEADS {heads}\nSECTORS {per_track}\n"
    return f'DRIVETYPE {drive}\n{geometry}ACCESS "{data}" 0 {sectors}\n'


def _make_data(path: Path, sectors: int) -> None:
    with path.open("wb") as file:
        file.truncate(sectors * SECTOR)


# --- VMs


def adapter_for(place: str) -> str:
    """What the descriptor of a disk on a bus, or at a place on it such as "scsi0:1", says for its adapter."""
    return "lsilogic" if place.startswith(("scsi", "nvme")) else "ide"


def disk_lines(place: str = "ide0:0", file: str = "disk.vmdk") -> str:
    """The settings of a disk at a place such as "scsi0:1", and those of its controller where the bus has one."""
    bus = place.partition(":")[0]
    controller = "" if bus.startswith("ide") else f'{bus}.present = "TRUE"\n'
    return f'{controller}{place}.present = "TRUE"\n{place}.fileName = "{file}"\n'


IDE_DISK = disk_lines("ide0:0")
SCSI_DISK = disk_lines("scsi0:0")


def write_config(
    folder: Path,
    *lines: str,
    hw: int | None = 6,
    guest: str | None = "winxppro",
    config: int = 8,
    name: str = "vm.vmx",
    files: Iterable[str] = (),
) -> Path:
    """Write a config and return its path; its folder is made too.

    Args:
        folder: where.
        lines: settings beyond those below, one or several a string; blank lines and indents go.
        hw: `virtualHW.version`, left out where None.
        guest: `guestOS`, left out where None.
        config: `config.version`.
        name: its file name.
        files: names of empty files (or folders, "name/") to make beside it.
    """
    head = [f'config.version = "{config}"']
    head += [] if hw is None else [f'virtualHW.version = "{hw}"']
    head += [] if guest is None else [f'guestOS = "{guest}"']
    rest = [line.strip(" \t") for text in lines for line in text.split("\n")]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes("".join(f"{line}\n" for line in (*head, *filter(None, rest))).encode())
    for file in files:
        beside = folder / file
        beside.parent.mkdir(parents=True, exist_ok=True)
        if file.endswith("/"):
            beside.mkdir()
        else:
            beside.touch()
    return path


def make_vm(
    folder: Path,
    lines: str = "",
    hw: int = 6,
    guest: str | None = "winxppro",
    *,
    disks: bool = True,
    kind: Kind = "flat",
    name: str = "vm.vmx",
) -> Machine:
    """Write a config with `write_config` and read it, once the disks that it names are there.

    Args:
        folder: where.
        lines: settings beyond version and guest.
        hw: hardware version, of the disks too.
        guest: `guestOS`, left out where None.
        disks: make the disks, each with the adapter of its bus, where no file of that name is there already.
        kind: the kind of the disks.
        name: the config's file name.
    """
    path = write_config(folder, lines, hw=hw, guest=guest, name=name)
    for bus, file in _named_disks(path) if disks else ():
        if not (folder / file).exists():
            make_disk(folder / file, _kind_of(file, kind), adapter=adapter_for(bus), hw=hw)
    return read_machine(path)


def plainest_vm(folder: Path, product_id: str, guest: str = "win2000serv", vcpus: int = 1) -> Machine:
    """The plainest VM that a product makes, or that it was made for.

    One SCSI disk in the product's own format, the product's own hardware version, and nothing that any other product
    could mind.
    """
    product = products()[product_id]
    version = _first_version(product)
    kind: Kind = "plain" if "legacy" in product.native_formats else "vmfs" if product.esx else "flat"
    disk = make_disk(folder / ("disk.pln" if kind == "plain" else "disk.vmdk"), kind, adapter="buslogic", hw=version)
    write_config(
        folder,
        f"""
        displayName = "Canon"
        memsize = "256"
        numvcpus = "{vcpus}"
        scsi0.virtualDev = "buslogic"
        scsi0:0.deviceType = "scsi-hardDisk"
        """,
        disk_lines("scsi0:0", disk.name),
        hw=version,
        guest=guest,
        config=8 if version > 3 else 6,
        name="canon.vmx",
    )
    return read_machine(folder)


def set_up_corpus_vm(vmx_file: Path, folder: Path) -> Path:
    """Copy a real config into a folder as `vm.vmx`, and give it each disk that it names beside itself; its new path.

    The disks are flat ones of 1 MiB, for the adapter of their bus.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "vm.vmx"
    shutil.copyfile(vmx_file, path)
    for bus, file in _named_disks(path):
        if not set(file) & set("/\\:") and not (folder / file).exists():
            make_disk(folder / file, _kind_of(file), adapter=adapter_for(bus))
    return path


def give_disks(vm: Machine, hw: int | None = 4) -> None:
    """Put a flat disk of 1 MiB beside a VM's config for each of its disks that is not there; `hw` is for `make_disk`.

    The name may be one of another host's path; then the file beside the config is the one that is read.
    """
    for drive in vm.disks:
        name = last_part(drive.file) if drive.file is not None else ""
        if name and not (vm.config.folder / name).exists():
            make_disk(vm.config.folder / name, adapter=adapter_for(drive.bus), hw=hw)


def copy_vm(source: Path, folder: Path) -> Path:
    """Copy a VM's files into a folder, where they can be written though the originals may not; return the folder."""
    shutil.copytree(source, folder, symlinks=True, dirs_exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() else 0o644)
    return folder


def _named_disks(config: Path) -> Iterator[tuple[str, str]]:
    document = Document.read(config)
    for key in document.folded():
        match = _DISK_KEY.fullmatch(key)
        if match is not None and document[key].lower().endswith((".vmdk", ".pln")):
            yield match[1], document[key]


def _kind_of(file: str, kind: Kind = "flat") -> Kind:
    return "plain" if file.lower().endswith(".pln") else kind


def _first_version(product: Product) -> int:
    """The hardware version of a product's VMs, also where it makes none itself (Player)."""
    if product.creates is not None:
        return product.creates
    versions = hardware_versions().values()
    own = (row.version for row in versions if row.generation is not None and row.generation == product.generation)
    return next(own, product.runs_max)
