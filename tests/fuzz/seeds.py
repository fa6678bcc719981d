"""Whole and sound folders of VMs, from which every case starts: the samples, VMs built here, and real files."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from build import IDE_DISK, descriptor, disk_lines, make_disk, make_vm
from fuzz.texts import Vocabulary
from fuzz.trees import LONG_AGO_NS, Tree, file, take

import vmxtool
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.guests import guests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"
_LARGEST = 2**18  # a seed with more is cut off: all metadata of a small disk lies before
_KEY = re.compile(rb'(?m)^[ \t]*([^=#\s"]{1,80})\s*=\s*"?([^"\r\n]{0,200})')

# Buses, hardware version, kind of the disks and guest of VMs on which many rewrites succeed.
_PLAIN = (
    ("ide0:0", 6, "flat", "winxppro"),
    ("ide0:0 ide1:0", 4, "sparse", "linux"),
    ("scsi0:0", 7, "vmfs", "rhel5"),
    ("scsi0:0 scsi0:1 ide0:0", 9, "flat", "windows7-64"),
    ("sata0:0", 12, "sparse", "ubuntu-64"),
    ("nvme0:0 sata0:0", 17, "flat", "windows9-64"),
    ("ide0:0", 3, "plain", "win98"),
    ("scsi0:0", 10, "streamOptimized", "debian8-64"),
    ("scsi0:0 scsi1:0", 13, "vmfs", "win2000serv"),
)
_DEVICES = """
    ethernet0.present = "TRUE"
    ethernet0.virtualDev = "e1000"
    ethernet0.connectionType = "nat"
    ide1:1.present = "TRUE"
    ide1:1.deviceType = "cdrom-image"
    ide1:1.fileName = "linux.iso"
    usb.present = "TRUE"
    usb_xhci.present = "TRUE"
    sound.present = "TRUE"
    firmware = "efi"
    nvram = "vm.nvram"
    memsize = "512"
    numvcpus = "2"
    uuid.bios = "56 4d 00 00 00 00 00 00-00 00 00 00 00 00 00 00"
"""


@dataclass(frozen=True)
class Seeds:
    """What cases start from, and the words that mutators put in.

    Attributes:
        vms: folders of VMs.
        configs: texts of configs.
        descriptors: texts of descriptors.
        databases: texts of snapshot databases.
        disks: files of disks, binary ones too.
        words: keys and values of configs.
        disk_words: those of descriptors.
        database_words: those of snapshot databases.
    """

    vms: tuple[Tree, ...]
    configs: tuple[bytes, ...]
    descriptors: tuple[bytes, ...]
    databases: tuple[bytes, ...]
    disks: tuple[bytes, ...]
    words: Vocabulary
    disk_words: Vocabulary
    database_words: Vocabulary


@cache
def seeds(*, corpus: bool) -> Seeds:
    """All seeds; with the corpus of real files only where that is asked for and there."""
    vms = [*_samples(), *_built()]
    texts = [node.data for tree in vms for node in tree.values() if node.data and b"\0" not in node.data]
    disks = [
        node.data for tree in vms for place, node in tree.items() if place.endswith((".vmdk", ".pln")) and node.data
    ]
    configs, descriptors, databases = (
        [text for text in texts if mark in text.lower()]
        for mark in (b"config.version", b"createtype", b"snapshot.numsnap")
    )
    if corpus and CORPUS.is_dir():
        vms += [_cut(take(folder)) for folder in sorted((CORPUS / "threads").iterdir()) if folder.is_dir()]
        configs += _files("vmx", "libvirt", "templates", "not-vmx", ending=".vmx")
        descriptors += _files("vmdk-text")
        disks += _files("vmdk-text", "vmdk-binary", "vmdk-synthetic")
        databases += _files("vmsd")
    keys, values = _table()
    return Seeds(
        tuple(vms),
        tuple(configs),
        tuple(descriptors),
        tuple(databases),
        tuple(disks),
        _vocabulary(configs, keys, values),
        _vocabulary(descriptors),
        _vocabulary(databases),
    )


def _samples() -> list[Tree]:
    root = ROOT / "samples"
    return [_cut(take(folder)) for folder in sorted(root.iterdir()) if folder.is_dir()]


def _built() -> Iterator[Tree]:
    for number, (places, hw, kind, guest) in enumerate(_PLAIN):
        with TemporaryDirectory() as name:
            folder = Path(name)
            disks = "".join(disk_lines(place, _disk_name(place, kind)) for place in places.split())
            lines = "\n".join(dict.fromkeys(disks.split("\n")))  # two disks may have one controller
            make_vm(folder, lines + (_DEVICES if number % 2 else ""), hw, guest, kind=kind)  # type: ignore[arg-type]
            (folder / "vmware.log").write_text("Log for VMware Workstation pid=1 version=6.0.0 build=build-45731\n")
            yield take(folder)
            yield from _rewritten(folder)
    with TemporaryDirectory() as name:
        folder = Path(name)
        base = make_disk(folder / "base.vmdk", "sparse", cid="00000001")
        middle = make_disk(folder / "base-000001.vmdk", "sparse", cid="00000002", parent=base)
        make_disk(folder / "disk.vmdk", "sparse", cid="00000003", parent=middle)
        make_vm(folder, IDE_DISK, 8)
        (folder / "vm.vmsd").write_text(
            'snapshot.numSnapshots = "1"\nsnapshot.current = "1"\nsnapshot0.uid = "1"\nsnapshot0.numDisks = "1"\n'
            'snapshot0.filename = "vm-Snapshot1.vmsn"\n'
            'snapshot0.disk0.fileName = "base.vmdk"\nsnapshot0.disk0.node = "ide0:0"\n'
        )
        yield take(folder)
    yield {"vm.vmx": file(b'config.version = "8"\n'), "disk.vmdk": file(descriptor())}


def _rewritten(folder: Path) -> Iterator[Tree]:
    """The folder with a journal in each of its states; none where this VM is not to be rewritten."""
    for goal in ({"hwversion": 4}, {"hwversion": 8}, {"ide_to_scsi": True, "adapter": "lsilogic"}):
        rewrite = vmxtool.plan_rewrite(folder, unsafe=True, **goal)
        journal = None if rewrite.refused else rewrite.apply()
        if journal is not None:
            yield _timeless(take(folder))
            journal.rename(journal.with_suffix(".journal"))
            yield _timeless(take(folder))
            vmxtool.undo(folder)
            yield _timeless(take(folder))
            return


def _timeless(tree: Tree) -> Tree:
    """A tree whose journals are the same in every process: they say when they were made."""
    for place in journal_texts(tree):
        data = re.sub(rb'"created": "[^"]*"', b'"created": "2026-01-01T00:00:00.000000+00:00"', tree[place].data)
        tree[place] = file(re.sub(rb'"mtime_ns": \d+', b'"mtime_ns": %d' % LONG_AGO_NS, data))
    return tree


def _disk_name(place: str, kind: str) -> str:
    return place.replace(":", "-") + (".pln" if kind == "plain" else ".vmdk")


def _files(*folders: str, ending: str = "") -> list[bytes]:
    paths = (path for name in folders for path in sorted((CORPUS / name).iterdir()))
    return [path.read_bytes()[:_LARGEST] for path in paths if path.is_file() and path.name.endswith(ending)]


def _cut(tree: Tree) -> Tree:
    return {
        place: file(node.data[:_LARGEST], node.size) if node.kind == "file" else node for place, node in tree.items()
    }


def _table() -> tuple[set[bytes], set[bytes]]:
    """The keys and values that vmxtool's own tables know."""
    keys = {key.replace("*", "0").encode() for device in devices().values() for key in device.keys}
    return keys, {guest.encode() for guest in guests()}


def _vocabulary(texts: Iterable[bytes], keys: Iterable[bytes] = (), values: Iterable[bytes] = ()) -> Vocabulary:
    found = [match for text in texts for match in _KEY.findall(text)]
    return Vocabulary(
        tuple(sorted({key for key, _ in found} | set(keys))), tuple(sorted({value for _, value in found} | set(values)))
    )


def journal_texts(tree: Tree) -> list[str]:
    """The paths of the journals in a tree that are JSON."""
    found = [place for place in tree if "/.vmxtool/" in f"/{place}" and tree[place].kind == "file"]
    return [place for place in found if _is_json(tree[place].data)]


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
