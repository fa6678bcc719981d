"""Mutators of whole folders: links, pipes and odd names in them, files missing or changed, several VMs in one."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from build import descriptor, sparse_descriptor
from fuzz.disks import mutate_disk
from fuzz.enormous import swell
from fuzz.names import OUTSIDE, any_name, as_value, file_name
from fuzz.seeds import journal_texts
from fuzz.texts import NUMBERS, add_noise, mutate_lines
from fuzz.trees import Node, Tree, file
from vmdk.disks import sparse_disk

if TYPE_CHECKING:
    from random import Random

    from fuzz.seeds import Seeds

VM = "vm"
"""The folder of the VM in the tree of each case; its neighbour is `OUTSIDE`."""

_CONFIGS = (".vmx", ".vmtx", ".cfg")
_DISKS = (".vmdk", ".pln", ".dat", ".redo")
_LINKS = (
    *(
        "../outside/base.vmdk",
        "../outside/vm.vmx",
        "../outside",
        "/etc/passwd",
        "/etc",
        "/dev/zero",
        "/dev/tty",
        "/proc/self",
    ),
    *("/proc/self/mem", ".", "..", "loop.vmdk", "nowhere", "inner/x", "base.vmdk", "vm.vmx", "fifo.vmdk", "../vm", "/"),
)
_BESIDE = (
    *(
        "vm.vmx.lck",
        "disk.vmdk.lck",
        "vm.vmsd",
        "vm.vmxf",
        "vm.nvram",
        "vmware.log",
        "vmware-1.log",
        "vm.vmss",
        "vm.vmem",
    ),
    *("vm-Snapshot1.vmsn", "disk-000001.vmdk", "disk-flat.vmdk", "other.cfg", "other.vmx", "x.vmwarevm", "vm.vmx.sav"),
    *(
        ".vmxtool",
        ".vmxtool/0001.journal",
        ".vmxtool/0001.done",
        ".vmxtool/lock",
        ".vmxtool-0001-0.tmp",
        "disk.vmdk.REDO_a",
    ),
    *(
        "vm.vmx.lck/M1.lck",
        "converted",
        "disk-ctk.vmdk",
        "vm.vmtx",
        ".vmxtool/9999.done",
        ".vmxtool/0002.tmp",
        "~vm.vmx",
    ),
)


def start(rng: Random, seeds: Seeds) -> Tree:
    """A sound VM with a neighbour that is none of its business."""
    tree = {f"{VM}/{place}": node for place, node in rng.choice(seeds.vms).items()}
    if rng.random() < 0.5:
        config = rng.choice(_of(tree, _CONFIGS) or [f"{VM}/vm.vmx"])
        tree[config] = file(rng.choice(seeds.configs))
        if rng.random() < 0.8:
            _make_disks(tree, tree[config].data)
    return tree | {
        f"{OUTSIDE}/base.vmdk": file(descriptor()),
        f"{OUTSIDE}/vm.vmx": file(b'config.version = "8"\nvirtualHW.version = "9"\n'),
        f"{OUTSIDE}/disk-flat.vmdk": file(b"", 2**20),
    }


def _make_disks(tree: Tree, config: bytes) -> None:
    """Give a config the disks that it names."""
    for bus, name in re.findall(
        rb'(?im)^(ide|scsi|sata|nvme)[\d:]+\.filename\s*=\s*"([^"/\\:|]{1,100}\.vmdk)"', config
    ):
        adapter = "ide" if bus.lower() == b"ide" else "lsilogic"
        shown = name.decode("utf-8", "surrogateescape")
        text = sparse_descriptor(8192, "disk.vmdk", adapter=adapter, hw=None).replace(b"disk.vmdk", name)
        tree.setdefault(f"{VM}/{shown}", file(sparse_disk(text)))


def mutate(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Change a tree once, in place."""
    rng.choices(tuple(_CHANGES), tuple(_CHANGES.values()))[0](tree, rng, seeds)


def configs_of(tree: Tree) -> list[str]:
    """The paths in the VM's folder that are named like configs."""
    return _of(tree, _CONFIGS)


def _of(tree: Tree, endings: tuple[str, ...]) -> list[str]:
    return [place for place in sorted(tree) if place.startswith(f"{VM}/") and place.lower().endswith(endings)]


def _files(tree: Tree, endings: tuple[str, ...] = ("",)) -> list[str]:
    return [place for place in _of(tree, endings) if tree[place].kind == "file"]


def _config(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _files(tree, _CONFIGS), min(1, len(found))):
        tree[place] = file(mutate_lines(tree[place].data, rng, seeds.words, seeds.configs))


def _disk(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _files(tree, _DISKS), min(1, len(found))):
        tree[place] = file(mutate_disk(tree[place].data, rng, seeds.disk_words, seeds.descriptors), tree[place].size)


def _other_disk(tree: Tree, rng: Random, seeds: Seeds) -> None:
    places = _files(tree, _DISKS) or [f"{VM}/disk.vmdk"]
    tree[rng.choice(places)] = file(rng.choice(seeds.disks))


def _resize(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _files(tree), min(1, len(found))):
        size = rng.choice((0, 1, 511, 513, 2**20 - 1, 2**21, 2**32, 2**40))
        tree[place] = Node("file", tree[place].data[:size], size)


def _database(tree: Tree, rng: Random, seeds: Seeds) -> None:
    found = _files(tree, (".vmsd",))
    place = rng.choice(found) if found else _beside_config(tree, rng, ".vmsd")
    data = tree[place].data if found and tree[place].data else rng.choice(seeds.databases)
    tree[place] = file(mutate_lines(data, rng, seeds.database_words, seeds.databases))


def _journal(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Change a journal: as JSON at any place, or its bytes."""
    for place in rng.sample(found := journal_texts(tree), min(1, len(found))):
        if rng.random() < 0.3:
            tree[place] = file(add_noise(tree[place].data, rng))
            continue
        value = json.loads(tree[place].data)
        _change_inside(value, rng)
        tree[place] = file(json.dumps(value, indent=1).encode("ascii") + b"\n")


def _change_inside(value: Any, rng: Random) -> None:
    while isinstance(value, dict | list) and value:
        key: Any = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        inner = value[key]
        if not isinstance(inner, dict | list) or not inner or rng.random() < 0.15:
            value[key] = rng.choice(
                (
                    any_name(rng),
                    any_name(rng),
                    "",
                    None,
                    -1,
                    0,
                    2**64,
                    1.5,
                    True,
                    [],
                    {},
                    "QUJD",
                    [inner, inner],
                    "x" * 70_000,
                )
            )
            return
        value = inner


def _put(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Put something beside the VM's files, under a name that means something or anything."""
    name = rng.choice(_BESIDE) if rng.random() < 0.7 else file_name(rng)
    stem = (configs_of(tree) or [f"{VM}/vm.vmx"])[0].removeprefix(f"{VM}/").rpartition(".")[0]
    tree[f"{VM}/{name.replace('vm.', f'{stem}.') if rng.random() < 0.5 else name}"] = _any_node(rng, seeds)


def _turn(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Let a file of the VM be something else."""
    for place in rng.sample(found := _files(tree), min(1, len(found))):
        tree[place] = _any_node(rng, seeds)


def _any_node(rng: Random, seeds: Seeds) -> Node:
    return rng.choice(
        (
            Node("link", target=rng.choice(_LINKS)),
            Node("link", target=rng.choice(_LINKS)),
            Node("fifo"),
            Node("socket"),
            Node("folder"),
            Node("folder", mode=0),
            file(b""),
            file(rng.choice(seeds.configs)),
            file(rng.choice(seeds.disks)),
            file(rng.choice(seeds.databases)),
            file(rng.randbytes(rng.choice((1, 100, 5000)))),
            replace(file(b"secret"), mode=0),
        )
    )


def _odd_ones(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """The odd things that names in configs lead to."""
    tree |= {
        f"{VM}/link.vmdk": Node("link", target=rng.choice(_LINKS)),
        f"{VM}/loop.vmdk": Node("link", target="loop.vmdk"),
        f"{VM}/dangling.vmdk": Node("link", target="nowhere"),
        f"{VM}/fifo.vmdk": Node("fifo"),
        f"{VM}/socket.vmdk": Node("socket"),
        f"{VM}/inner/base.vmdk": file(descriptor()),
    }


def _rename(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Give a file another name, here and in the configs that name it."""
    for place in rng.sample(found := _files(tree), min(1, len(found))):
        old, ending = place.rpartition("/")[2], "." + place.rpartition(".")[2]
        new = file_name(rng)
        new = new if len(new) > 250 or rng.random() < 0.2 else new + ending[:5]
        if len(new.encode("utf-8", "surrogateescape")) > 255:
            continue
        tree[f"{place[: -len(old)]}{new}"] = tree.pop(place)
        for config in _files(tree, (*_CONFIGS, ".vmdk")):
            data = tree[config].data
            if b"\0" not in data[:100]:
                value = as_value(new, rng)
                tree[config] = file(data.replace(old.encode("utf-8", "surrogateescape"), value), tree[config].size)


def _lose(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _files(tree), min(1, len(found))):
        del tree[place]


def _rights(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _of(tree, ("",)), min(1, len(found))):
        tree[place] = replace(tree[place], mode=rng.choice((0, 0o200, 0o400, 0o444, 0o755, 0o4755, 0o666)))


def _join(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """Another VM in the folder, or in a folder in it; their files may have the same names."""
    inner = rng.choice(("", "", "inner/", "x.vmwarevm/"))
    for place, node in rng.choice(seeds.vms).items():
        tree.setdefault(f"{VM}/{inner}{place}", node)


def _swell(tree: Tree, rng: Random, seeds: Seeds) -> None:
    configs, disks = configs_of(tree), _files(tree, _DISKS)
    swell(tree, rng, seeds, rng.choice(configs or [f"{VM}/vm.vmx"]), rng.choice(disks or [f"{VM}/disk.vmdk"]))


def _move_in(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """All of the VM goes into a folder in its folder."""
    inner = rng.choice(("x.vmwarevm", "inner", file_name(rng)))
    for place in _of(tree, ("",)):
        tree[f"{VM}/{inner}/{place.removeprefix(f'{VM}/')}"] = tree.pop(place)


def _many(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """More files than a person would have."""
    ending = rng.choice((".vmx", ".cfg", ".lck", ".vmdk", "-000001.vmdk", ".log", ".vmsn", ".vmwarevm/a.vmx"))
    node = _any_node(rng, seeds)
    node = replace(node, data=node.data[:2000]) if node.kind == "file" else node
    for number in range(rng.choice((3, 30, 300))):
        tree[f"{VM}/{number}{ending}"] = node


def _noise(tree: Tree, rng: Random, seeds: Seeds) -> None:
    for place in rng.sample(found := _files(tree), min(1, len(found))):
        tree[place] = file(add_noise(tree[place].data[: 2**18], rng), tree[place].size)


def _numbers(tree: Tree, rng: Random, seeds: Seeds) -> None:
    """A number in the name of a file that is read as one."""
    number = rng.choice(NUMBERS)[:200].decode("latin-1").replace("\0", "")
    name = rng.choice(
        (f"disk-{number}.vmdk", f"vmware-{number}.log", f"vm-Snapshot{number}.vmsn", f".vmxtool/{number}.done")
    )
    tree[f"{VM}/{name}"] = _any_node(rng, seeds)


def _beside_config(tree: Tree, rng: Random, ending: str) -> str:
    return rng.choice(configs_of(tree) or [f"{VM}/vm.vmx"]).rpartition(".")[0] + ending


# How often each is made.
_CHANGES = {
    _config: 52, _disk: 28, _other_disk: 6, _resize: 4, _database: 10, _journal: 8, _put: 10, _turn: 6, _odd_ones: 10,
    _rename: 10, _lose: 4, _rights: 4, _join: 6, _move_in: 2, _many: 2, _noise: 4, _numbers: 2, _swell: 1,
}  # fmt: skip
