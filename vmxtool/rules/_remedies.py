"""The cures that rules name: vmxtool's own commands, and the exact commands of the products they belong to."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from vmxtool.findings import Fix, Safety

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Drive, Machine


def own_command(vm: Machine, words: str) -> str:
    """A vmxtool command line for this VM, as it would be typed where vmxtool was started."""
    path = str(vm.path)
    return f"vmxtool {words}" if path == "." else f"vmxtool {words} {shlex.quote(path)}"


def rewrite(vm: Machine, options: str, text: str, safety: Safety = Safety.SAFE) -> Fix:
    """Let vmxtool change the files."""
    return Fix(safety, text, own_command(vm, f"rewrite {options}"))


def by_hand(text: str, command: str | None = None, product: str | None = None) -> Fix:
    """Tell the reader what to do."""
    return Fix(Safety.MANUAL, text, command, product)


def import_disk(drive: Drive, target: Product) -> Fix:
    """Bring a hosted or transport disk into the format of ESX.

    `vmkfstools -i source destination` since ESX Server 3 (vSphere documentation); ESX Server 2 imports with the same
    letter, but the order of its arguments is unverified.
    """
    source, copy = _disk_name(drive), _copy_name(drive)
    if target.generation is not None and target.generation < 5:
        return by_hand(
            f"import {source} with vmkfstools -i as the administration guide of {target.name} describes (the order of "
            "the arguments differs between versions and is unverified)"
        )
    thin = "" if target.generation == 5 else " -d thin"
    command = f"vmkfstools -i {shlex.quote(source)} {shlex.quote(copy)}{thin}"
    return by_hand(f"import {source} on the ESX host", command, target.id)


def export_disk(drive: Drive, origin_generation: int | None) -> Fix:
    """Bring an ESX disk into a format that hosted products open.

    ESXi writes the hosted split format with `-d 2gbsparse`, flattening a chain; the service console of ESX 2 and 3
    exports with `-e`, destination first, which on ESXi means something else (vmdk facts 4.2).
    """
    source, copy = _disk_name(drive), _copy_name(drive)
    if origin_generation is not None and origin_generation <= 5:
        command = f"vmkfstools -e {shlex.quote(copy)} {shlex.quote(source)}"
        text = f"export {source} in the service console of the ESX host (destination first; not for ESXi)"
        return by_hand(text, command, "esx3" if origin_generation == 5 else "esx2")
    command = f"vmkfstools -i {shlex.quote(source)} {shlex.quote(copy)} -d 2gbsparse"
    return by_hand(f"export {source} on the ESXi host", command, "esxi")


def convert_offline(drive: Drive, subformat: str, adapter: str) -> Fix:
    """Convert a disk away from any VMware product, with qemu-img."""
    source, copy = _disk_name(drive), _copy_name(drive)
    command = (
        f"qemu-img convert -O vmdk -o subformat={subformat},adapter_type={adapter} "
        f"{shlex.quote(source)} {shlex.quote(copy)}"
    )
    return by_hand(f"convert {source} to {subformat}", command, "qemu-img")


def adapter_of(drive: Drive) -> str:
    """The adapter word for a disk's descriptor: hosts other than IDE and BusLogic are written as lsilogic."""
    if drive.bus == "ide":
        return "ide"
    return "buslogic" if drive.chain is not None and drive.chain.adapter == "buslogic" else "lsilogic"


def _disk_name(drive: Drive) -> str:
    if drive.found is not None and drive.found.path is not None:
        return drive.found.path.name
    return drive.file or drive.id


def _copy_name(drive: Drive) -> str:
    stem, _, _ = _disk_name(drive).rpartition(".")
    return f"{stem or drive.id.replace(':', '-')}-moved.vmdk"
