"""Mutators that make one thing as large as its reader lets it be: what a bound holds back shows at the bound only."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from build import descriptor
from fuzz.disks import any_extent
from fuzz.names import any_name, as_value
from fuzz.texts import any_setting, any_value
from fuzz.trees import Node, Tree, file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from fuzz.seeds import Seeds

_CONFIG_BYTES, _CONFIG_LINES = 12 * 2**20 - 2000, 299_000
_COUNTS = (5000, 30_000, 30_000, _CONFIG_LINES)
_DESCRIPTOR_BYTES, _DESCRIPTOR_LINES = 2**20 - 2000, 2**16 - 100
_LINE_BYTES = 2**20 - 200
_HEAD = b'config.version = "8"\nvirtualHW.version = "7"\nguestOS = "winxppro"\n'
_PARTS = (
    *(
        b"|",
        b"|22",
        b"|0A",
        b'"',
        b"\\",
        b" ",
        b"\t",
        b"=",
        b"#",
        b"x",
        b"\xff",
        "é".encode(),
        b"'",
        b"|zz",
        b"a=",
        b"//",
    ),
    *(
        b"../",
        b"/",
        b"[a] ",
        b"a:",
        b"0",
        b"-000001",
        b".vmdk",
        b",",
        b";",
        b"\x1b[",
        b"\x00",
        "漢".encode(),
        b".",
        b"*",
    ),
)
_KEYS = (
    *(
        b"scsi%d:0.present",
        b"scsi0:%d.fileName",
        b"ide0:0.x%d",
        b"ethernet%d.present",
        b"usb:%d.present",
        b"sata%d.present",
    ),
    *(b"serial%d.fileName", b"x%d", b"snapshot%d.uid", b"pciBridge%d.present", b"nvme0:%d.present", b"a.b.c.d.e%d.f.g"),
    *(
        b"sharedFolder%d.hostPath",
        b"floppy%d.present",
        b"ethernet0.x%d",
        b"guestinfo.%d",
        b"monitor.%d",
        b"cpuid.%d.eax",
    ),
    *(b"scsi%d.virtualDev", b"parallel%d.present", b"sched.cpu%d", b"vmotion.checkpoint%d", b"hpet%d.present"),
)


def swell(tree: Tree, rng: Random, seeds: Seeds, config: str, disk: str) -> None:
    """Let one thing in a tree be enormous; `config` and `disk` are the paths of one of each."""
    folder = config.rpartition("/")[0]
    place, node = rng.choice(_THINGS)(rng, seeds, config, disk)
    tree[place or f"{folder}/large"] = node
    if rng.random() < 0.2:
        tree |= _many_files(rng, folder, config.rpartition("/")[2].rpartition(".")[0][:60])


def _config(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    """Many settings, few or many different ones."""
    key = rng.choice(_KEYS) if rng.random() < 0.7 else _numbered(rng.choice(seeds.words.keys))
    value, many = any_value(rng, seeds.words, key)[:2000], rng.choice((1, 1, 1, 7, 4000))
    lines = (
        b'%s = "%s"\n' % (key.replace(b"%d", b"%d" % (number // many)), value) for number in range(rng.choice(_COUNTS))
    )
    return config, file(_up_to(_CONFIG_BYTES, lines, _HEAD))


def _mixed_config(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    lines = (any_setting(rng, seeds.words)[:300] + b"\n" for _ in range(rng.choice((5000, 40_000))))
    return config, file(_up_to(_CONFIG_BYTES, lines, _HEAD))


def _long_line(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    key = rng.choice((rng.choice(seeds.words.keys), b"displayName", b"scsi0:0.fileName", b"annotation", b"guestOS"))
    inner = b"".join(rng.choices(_PARTS, k=rng.choice((1, 1, 2, 3))))
    inner *= rng.choice((1000, _LINE_BYTES // len(inner)))
    start, end = rng.choice(((b' = "', b'"'), (b" = ", b""), (b' = "', b""), (b"", b""), (b"=", b'"')))
    line = key + start + inner + end if rng.random() < 0.8 else inner + b" = 1"
    return config, file(_HEAD + line + b"\n")


def _descriptor(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    make: Callable[[int], bytes] = rng.choice(
        (
            lambda _number: any_extent(rng)[:300],
            lambda number: b'RW 8 SPARSE "s%d.vmdk"' % number,
            lambda _number: b'RW 8 FLAT "disk-flat.vmdk" 0',
            lambda number: b'ddb.x%d = "1"' % number,
            lambda _number: b'ddb.adapterType = "ide"',
            lambda _number: b'parentFileNameHint="../outside/base.vmdk"',
            lambda _number: b"#",
            lambda _number: b"x",
        )
    )
    head, _, tail = descriptor().partition(b"# Extent")
    lines = (make(number) + b"\n" for number in range(_DESCRIPTOR_LINES))
    return disk, file(_up_to(_DESCRIPTOR_BYTES, lines, head) + b"# Extent" + tail)


def _long_descriptor_line(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    inner = b"".join(rng.choices(_PARTS, k=rng.choice((1, 1, 2, 3)))).replace(b"\n", b"")
    inner *= _DESCRIPTOR_BYTES // len(inner)
    line = rng.choice(
        (b'RW 8 FLAT "%s" 0', b'ddb.x = "%s"', b"%s", b'parentFileNameHint="%s"', b"RW %s", b"RW 8 FLAT %s")
    )
    return disk, file(descriptor(head="X").replace(b"X", line % inner))


def _database(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    """Snapshots in a long line, in a star, in a ring; each with a few disks or one with many."""
    many = rng.choice((3000, 60_000))
    parent: Callable[[int], int] = rng.choice((lambda n: n - 1, lambda _n: 0, lambda n: (n + 1) % many, lambda n: n))
    name = as_value(any_name(rng), rng)[:200]

    def lines() -> Iterator[bytes]:
        for n in range(many):
            yield b'snapshot%d.uid = "%d"\nsnapshot%d.parent = "%d"\n' % (n, n + 1, n, parent(n) + 1)
            yield b'snapshot%d.displayName = "%s"\nsnapshot%d.numDisks = "%d"\n' % (n, name, n, rng.choice((1, 2**31)))
            yield b'snapshot0.disk%d.fileName = "x%d.vmdk"\nsnapshot0.disk%d.node = "scsi0:%d"\n' % (n, n, n, n)

    head = b'snapshot.numSnapshots = "%d"\nsnapshot.current = "%d"\n' % (many, many)
    return config.rpartition(".")[0] + ".vmsd", file(_up_to(_CONFIG_BYTES, lines(), head))


def _journal(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    entry = {"name": "vm.vmx", "kind": "in-place", "mode": 420, "uid": 0, "gid": 0, "mtime_ns": 0} | {
        "sha256_before": "0" * 64,
        "sha256_after": "0" * 64,
        "ranges": [{"offset": n, "before": "", "after": ""} for n in range(rng.choice((1, 150_000)))],
    }
    files = [entry | {"name": f"{n}.vmdk"} for n in range(rng.choice((1, 1000)) if len(entry["ranges"]) == 1 else 1)]  # type: ignore[arg-type]
    whole = {"schema": "vmxtool.journal/1", "created": "2026-01-01T00:00:00.000000+00:00", "about": {}, "files": files}
    text = rng.choice(
        (
            lambda: json.dumps(whole, indent=1),
            lambda: json.dumps(whole | {"about": {"config": "\x1b" * 2**20}}, indent=1),
            lambda: json.dumps(whole | {"about": {str(n): "x" for n in range(100_000)}}, indent=1),
            lambda: "[" * 200_000,
            lambda: '{"a":' * 100_000,
            lambda: json.dumps(whole, indent=1).replace('"mtime_ns": 0', '"mtime_ns": ' + "9" * 10_000),
            lambda: json.dumps(whole, indent=1).replace('"mtime_ns": 0', '"mtime_ns": 1e999'),
            lambda: "[" + "0," * 10_000_000 + "0]",
            lambda: '"' + "\\u001b" * 3_000_000 + '"',
        )
    )()
    state = rng.choice(("done", "journal", "undone"))
    return f"{config.rpartition('/')[0]}/.vmxtool/{rng.choice(('0001', '9999', '99999999'))}.{state}", file(
        text.encode()
    )


def _log(rng: Random, seeds: Seeds, config: str, disk: str) -> tuple[str, Node]:
    part = rng.choice((b"Log for VMware Workstation pid=1 version=6.0.0 build=build-1\n", b"x", b"\n", b"version="))
    return f"{config.rpartition('/')[0]}/vmware.log", file(part * (2**22 // len(part)))


def _many_files(rng: Random, folder: str, vm: str) -> Tree:
    """Folders in one another, or thousands of files in one, which may all begin with the name of the VM."""
    if rng.random() < 0.3:
        return {folder + "/a" * rng.choice((100, 400)): Node("folder")}
    form = rng.choice(
        ("{}.vmdk", "{}.vmx", "{}.cfg", "vmware-{}.log", ".vmxtool/{:04}.done", "{}.lck", "d-{:06}.vmdk", "{}.vmsn")
    )
    if not form.startswith(".") and rng.random() < 0.3:
        form = f"{vm.replace('{', '{{').replace('}', '}}')}-{form}"
    node = rng.choice((file(b""), Node("folder"), Node("link", target="nowhere"), file(descriptor()), file(_HEAD)))
    return {f"{folder}/{form.format(number)}": node for number in range(rng.choice((300, 3000)))}


def _up_to(size: int, lines: Iterator[bytes], head: bytes) -> bytes:
    held = bytearray(head)
    for line in lines:
        if len(held) + len(line) > size:
            break
        held += line
    return bytes(held)


def _numbered(key: bytes) -> bytes:
    counted, found = re.subn(rb"\d+", b"%d", key.replace(b"%", b""), count=1)
    return counted if found else counted + b"%d"


_THINGS = (
    *(
        _config,
        _config,
        _mixed_config,
        _long_line,
        _long_line,
        _descriptor,
        _long_descriptor_line,
        _database,
        _journal,
        _log,
    ),
)
