"""What only the VM's owner can say of the new host, and what products of 2007 and before write besides devices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import replace
from vmxtool.changes.model import (
    CONTROLLER_NAME,
    DISK_MODE,
    DISK_NAMES,
    NETWORK,
    Kept,
    SettingChange,
    Topic,
)
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.machine.network import HOSTED_NETWORKS
from vmxtool.rules import writing
from vmxtool.rules.registry import findings_of
from vmxtool.vmdk.paths import is_device
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.rules.case import Files

_LIBVIRT = "libvirt:src/vmx/vmx.c"
_PLACES = ("networkName", "connectionType", "vnet", "devName")
_MODEL = r"scsi[0-3]\.virtualdev"
_AS_VMX = {"buslogic": "vmxbuslogic", "lsilogic": "vmxlsilogic"}
_DISK_MODE = re.compile(r"(?:ide|scsi|sata|nvme)[0-9]+:[0-9]+\.mode")
_INDEPENDENT = "independent-"
_DISK_ENDS = (".vmdk", ".dsk")


def network_changes(files: Files, wanted: Wanted) -> Iterator[SettingChange]:
    """Connect adapters to the networks of the new host that the owner named, as the product writes it."""
    document = files.vm.config.document
    for device, network in wanted.told.networks:
        connection = _connection(network, wanted)
        why = f"the network that --network names for {device}"
        for name in _PLACES:
            key, value = f"{device}.{name}", connection.get(name)
            if value == document.get(key):
                continue
            source = "general" if name == "devName" else _LIBVIRT
            yield SettingChange(
                document.spelling(key) if key in document else key,
                value,
                why if value is not None else f"{why} stands elsewhere",
                source,
                beside=f"{device}.present",
                topic=Topic(NETWORK, device),
            )
        for key in document.folded():
            if key.startswith((f"{device}.dvs.", f"{device}.opaquenetwork.")):
                why = f"a network of another kind than the one that --network names for {device}"
                yield SettingChange(document.spelling(key), None, why, _LIBVIRT, topic=Topic(NETWORK, device))


def _connection(network: str, wanted: Wanted) -> dict[str, str]:
    """Return the settings of an adapter, without its name, that connect it to a network."""
    if wanted.product is not None and features()["reads-disk-names-in-name"].holds(wanted.product):
        return {"connectionType": "monitor_dev", "devName": network}
    if wanted.esx:
        return {"networkName": network}
    if network.lower() in HOSTED_NETWORKS:
        return {"connectionType": network.lower()}
    return {"connectionType": "custom", "vnet": network}


def as_esx2_names(files: Files, wanted: Wanted, made: Sequence[SettingChange]) -> tuple[SettingChange, ...]:
    """Return changes for ESX Server 2 with its own names of controllers, and of disks where their volume is told.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        made: all changes to the config so far.
    """
    product = _as_esx2(wanted)
    if product is None:
        return tuple(made)
    document, source = files.vm.config.document, features()["names-controllers-as-vmx"].source
    changes = {fold(change.key): change for change in made}
    for key in [*changes, *document.folded()]:
        change = changes.get(key)
        model = change.after if change is not None else document.get(key)
        if re.fullmatch(_MODEL, key) and model is not None and model.lower() in _AS_VMX:
            named = _AS_VMX[model.lower()]
            why = f"{product.name} calls the controller so"
            changes[key] = (
                replace(change, after=named)
                if change is not None
                else SettingChange(document.spelling(key), named, why, source, topic=Topic(CONTROLLER_NAME))
            )
    for key in document.folded():
        change, mode = changes.get(key), document[key]
        goes = change is not None and change.after is None and change.name is None
        if _DISK_MODE.fullmatch(key) and mode.lower().startswith(_INDEPENDENT) and not goes:
            why = (
                f"{product.name} has no snapshots that a disk could be independent of, and four modes without the word"
            )
            old = change or SettingChange(document.spelling(key), None, why, source, topic=Topic(DISK_MODE))
            changes[key] = replace(old, after=mode[len(_INDEPENDENT) :])
    if wanted.told.vmfs is not None:
        for key, name in _disk_files(files, changes, wanted.holder):
            file = f"{wanted.told.vmfs}:{last_part(document[key])}"
            named = f"{name.rpartition('.')[0]}.name"
            why = f"{product.name} reads a disk's place on VMFS here, which --vmfs-path says"
            old = changes.get(fold(key)) or SettingChange(key, None, why, _LIBVIRT, topic=Topic(DISK_NAMES))
            old = replace(old, why=why)
            if fold(named) != fold(key) and named in document:  # left over from another host
                changes[fold(named)] = replace(old, key=document.spelling(named), after=file, name=None)
                changes[fold(key)] = replace(old, after=None, name=None)
            elif file != document[key] or fold(named) != fold(key):
                changes[fold(key)] = replace(old, after=file, name=named if fold(named) != fold(key) else None)
    for controller in files.vm.controllers if changes else ():  # no reason to write by itself
        key = f"{controller.id}.virtualDev"
        if controller.bus == "scsi" and controller.model is None and fold(key) not in changes:
            why = f"{product.name} names a controller's model; without a name it is this one (unverified)"
            beside, topic = f"{controller.id}.present", Topic(CONTROLLER_NAME)
            changes[fold(key)] = SettingChange(key, _AS_VMX["buslogic"], why, source, beside=beside, topic=topic)
    return tuple(changes.values())


def volume_not_told(files: Files, wanted: Wanted, made: Sequence[SettingChange]) -> Kept | None:
    """Report disks that keep a name that ESX Server 2 does not read, because nobody said on which volume they will lie.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        made: all changes to the config.
    """
    product = _as_esx2(wanted)
    if product is None or wanted.told.vmfs is not None:
        return None
    named = [name for _, name in _disk_files(files, {fold(it.key): it for it in made}, wanted.holder)]
    untold = [name for name in named if name.lower().endswith(".filename")]
    if not untold:
        return None
    effect = f"{product.name} reads them in name, with their volume"
    note = f"{untold[0]}: {effect}; --vmfs-path says which, where the VM's config is taken along"
    return Kept(Topic(DISK_NAMES), note, effect, "vmfs-path")


def devices_of_host(files: Files, wanted: Wanted) -> Kept | None:
    """Report disks that map a device of ESX Server 1 or 2, which a later ESX does not find by its name.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
    """
    product, document = wanted.product, files.vm.config.document
    if product is None or not product.esx or features()["reads-disk-names-in-name"].holds(product):
        return None
    keys = [f"{it.id}.name" for it in files.vm.disks if is_device(it.file or "") and f"{it.id}.name" in document]
    if not keys:
        return None
    named = ", ".join(document.spelling(key) for key in keys)
    effect = f"a device of the old host, which is mapped anew in {product.name}"
    return Kept(Topic(DISK_NAMES), f"{named}: {effect}", effect)


def disks_of_one_name(files: Files, made: Sequence[SettingChange], holder: str | None) -> Iterator[Finding]:
    """Report disks that lie in two places and would have one name in the place that they come to.

    Args:
        files: the VM's files.
        made: all changes to the config.
        holder: id of the product that has the VM, or None.
    """
    document = files.vm.config.document
    named = {fold(it.key): it.after for it in made if it.after is not None}
    found: dict[str, list[str]] = {}
    # One that is switched off has its name written anew, too.
    keys = [key for drive in files.vm.disks if (key := _file_key(files, drive, holder)) is not None]
    for key in dict.fromkeys([*keys, *files.named_as_esx2]):
        after = named.get(fold(key))
        if after is not None:
            found.setdefault(after, []).append(key)
    for name, keys in found.items():
        if len({document[key] for key in keys}) > 1:
            yield from findings_of(writing.disks_of_one_name, name, [document.evidence(key) for key in keys])


def disks_in_folders(files: Files, made: Sequence[SettingChange], holder: str | None) -> Iterator[Finding]:
    """Report disks that are here, and would be named as if they lay beside the config.

    Args:
        files: the VM's files.
        made: all changes to the config.
        holder: id of the product that has the VM, or None.
    """
    folder = files.vm.config.folder
    named = {fold(it.key): it.after for it in made if it.after is not None}
    for drive in files.vm.disks:
        key, found = _file_key(files, drive, holder), drive.found
        after = named.get(fold(key)) if key is not None else None
        if after is None or "/" in after or found is None or not found.exists:
            continue  # one that keeps its folder is found there
        if found.path is None or found.path.parent != folder:
            yield from findings_of(writing.disk_not_beside_config, drive, after)


def _as_esx2(wanted: Wanted) -> Product | None:
    """Return the product, where it is ESX Server 2 and the config gets hardware that it makes; else None."""
    product = wanted.product
    if not wanted.fit or product is None or wanted.version != product.creates:
        return None
    return product if features()["names-controllers-as-vmx"].holds(product) else None


def _file_key(files: Files, drive: Drive, holder: str | None) -> str | None:
    """Return the setting that names a disk's file; None for a device of the host, which is no file on VMFS.

    The product that has the VM reads the one or the other first.
    """
    document, known = files.vm.config.document, products().get(holder or "")
    by_name = known is not None and features()["reads-disk-names-in-name"].holds(known)
    for word in ("name", "filename") if by_name else ("filename", "name"):
        key = f"{drive.id}.{word}"
        if key in document and document[key].lower().endswith(_DISK_ENDS):
            return document.spelling(key)
    return None


def _disk_files(files: Files, changes: dict[str, SettingChange], holder: str | None) -> Iterator[tuple[str, str]]:
    """Yield the setting of each SCSI disk's file, and its name after the changes."""
    for drive in files.vm.disks:
        key = _file_key(files, drive, holder)
        change = changes.get(fold(key)) if key is not None else None
        name = change.name if change is not None and change.name is not None else key
        if key is not None and name is not None and name.lower().startswith("scsi"):
            yield key, name
