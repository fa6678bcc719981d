"""The cures that rules name: vmxtool's own commands, and the exact commands of the products they belong to."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

# From ESXi 5.1 on disks in pieces of 2 GB are read and written by a module that has to be loaded first.
_MULTIEXTENT_FROM = 9
_LOAD_MULTIEXTENT = "esxcli system module load -m multiextent; "
_SPLIT = "2gbmaxextent", "twogbmaxextent"
# In the service console of ESX Server 2 and 3 `vmkfstools -e` exports; on ESXi the same letter checks a chain.
_LAST_WITH_CONSOLE = 5
_OLDEST_VMKFSTOOLS = 5


def own_command(vm: Machine, words: str) -> str:
    """A vmxtool command line for this VM, as it would be typed where vmxtool was started."""
    path = str(vm.path)
    return f"vmxtool {words}" if path == "." else f"vmxtool {words} {shlex.quote(path)}"


def by_hand(text: str, command: str | None = None, product: str | None = None) -> Fix:
    """Tell the reader what to do."""
    return Fix(Safety.MANUAL, text, command, product)


def import_disk(drive: Drive, link: Link, target: Product) -> Fix:
    """Bring a hosted or transport disk into the format of ESX.

    `vmkfstools -i source destination` since ESX Server 3 (vSphere documentation); ESX Server 2 imports with the same
    letter, but the order of its arguments is unverified.
    """
    source, copy = _disk_name(drive), _copy_name(drive)
    if target.generation is not None and target.generation < _OLDEST_VMKFSTOOLS:
        return by_hand(
            f"import {source} on {target.name} as its administration guide describes (vmkfstools; the order of the "
            f"arguments differs between versions and is unverified){_renamed(link, drive)}"
        )
    modern = target.generation is None
    split = is_split(link) and target.runs_max >= _MULTIEXTENT_FROM
    load, kind = _LOAD_MULTIEXTENT if split else "", " -d thin" if modern else ""
    command = f"{load}vmkfstools -i {shlex.quote(source)} {shlex.quote(copy)}{kind}"
    return by_hand(f"import {source} on the ESX host{_renamed(link, drive)}", command, target.id)


def export_disk(vm: Machine, drive: Drive) -> Fix:
    """Bring an ESX disk into a format that hosted products open.

    ESXi writes the hosted split format with `-d 2gbsparse`, flattening a chain; the service console of ESX Server 2
    and 3 exports with `-e`, destination first, which on ESXi means something else.
    """
    source, copy = _disk_name(drive), _copy_name(drive)
    host = esx_origin(vm)
    if host is not None and host.generation is not None and host.generation <= _LAST_WITH_CONSOLE:
        command = f"vmkfstools -e {shlex.quote(copy)} {shlex.quote(source)}"
        text = f"export {source} in the service console of {host.name} (destination first; not so on ESXi)"
        return by_hand(text, command, host.id)
    load = _LOAD_MULTIEXTENT if host is None or host.runs_max >= _MULTIEXTENT_FROM else ""
    command = f"{load}vmkfstools -i {shlex.quote(source)} {shlex.quote(copy)} -d 2gbsparse"
    return by_hand(f"export {source} on the ESX host", command, host.id if host is not None else "esxi")


def convert_offline(drive: Drive, subformat: str) -> Fix:
    """Convert a disk away from any VMware product, with qemu-img."""
    source, copy = _disk_name(drive), _copy_name(drive)
    adapter = _adapter_of(drive)
    command = (
        f"qemu-img convert -O vmdk -o subformat={subformat},adapter_type={adapter} "
        f"{shlex.quote(source)} {shlex.quote(copy)}"
    )
    return by_hand(f"convert {source} to {subformat}", command, "qemu-img")


def check_chain(drive: Drive) -> tuple[str, str]:
    """The command that looks at a disk with all that it rests on, and whose it is."""
    return f"qemu-img info --backing-chain {shlex.quote(_disk_name(drive))}", "qemu-img"


def esx_origin(vm: Machine) -> Product | None:
    """The likeliest ESX among the products that may have made a VM, or None."""
    return next((p for candidate in vm.origin if (p := products()[candidate.product]).esx), None)


def is_split(link: Link) -> bool:
    """Whether a disk is of the hosted kind that lies in pieces of 2 GB."""
    return (link.create_type or "").lower().startswith(_SPLIT)


def _renamed(link: Link, drive: Drive) -> str:
    # Which file a disk is left with when its snapshots are removed is the product's choice.
    several = drive.chain is not None and len(drive.chain.links) > 1
    return ", under the name it has once the snapshots are removed" if several and link.is_child else ""


def _adapter_of(drive: Drive) -> str:
    # Controllers other than IDE and BusLogic are written as lsilogic.
    if drive.bus == "ide":
        return "ide"
    known = drive.chain.adapter if drive.chain is not None else None
    return "buslogic" if (known or "").lower() == "buslogic" else "lsilogic"


def _disk_name(drive: Drive) -> str:
    if drive.chain is not None and drive.chain.links:
        return drive.chain.links[0].file
    return drive.file or drive.id


def _copy_name(drive: Drive) -> str:
    stem, _, _ = _disk_name(drive).rpartition(".")
    return f"{stem or drive.id.replace(':', '-')}-moved.vmdk"
