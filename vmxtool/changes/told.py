"""What only the VM's owner can say of the new host, and what products of 2007 and before write besides devices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool.changes.model import (
    ADAPTERS_OVER,
    CHARACTER_SET,
    CONTROLLER_NAME,
    DISK_NAMES,
    NETWORK,
    Changes,
    Needs,
    SettingChange,
    Topic,
)
from vmxtool.knowledge.features import features
from vmxtool.machine.sections import MANY_NICS_FROM
from vmxtool.rules import writing
from vmxtool.rules.limits import exceeded
from vmxtool.rules.registry import findings_of
from vmxtool.vmx import encodings
from vmxtool.vmx.document import ENCODING_KEYS
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.knowledge.products import Product
    from vmxtool.rules.case import Files
    from vmxtool.vmx.document import Document

_LIBVIRT = "libvirt:src/vmx/vmx.c"
KINDS = frozenset({"bridged", "nat", "hostonly"})
_PLACES = ("networkName", "connectionType", "vnet", "devName")
_MODEL = re.compile(r"scsi[0-3]\.virtualdev")
_AS_VMX = {"buslogic": "vmxbuslogic", "lsilogic": "vmxlsilogic"}
_OF_ESX2 = 3  # its hardware version
_NAMED = 2  # settings that a reason names
_WESTERN = "windows-1252"
_LAST_OF_FEW = 3  # ethernet0 to ethernet3 before hardware version 7


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


def _connection(network: str, wanted: Wanted) -> dict[str, str]:
    """The settings of an adapter, without its name, that connect it to a network."""
    if wanted.product is not None and features()["reads-disk-names-in-name"].holds(wanted.product):
        return {"connectionType": "monitor_dev", "devName": network}
    if wanted.esx:
        return {"networkName": network}
    if network.lower() in KINDS:
        return {"connectionType": network.lower()}
    return {"connectionType": "custom", "vnet": network}


def as_esx2_names(files: Files, wanted: Wanted, made: Sequence[SettingChange]) -> tuple[SettingChange, ...]:
    """Changes to a config for ESX Server 2 with its own names of controllers, and of disks where their volume is told.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        made: all changes to the config so far.
    """
    product = wanted.product
    if not wanted.fit or wanted.version != _OF_ESX2 or product is None or not _is_esx2(product):
        return tuple(made)
    document, source = files.vm.config.document, features()["names-controllers-as-vmx"].source
    changes = {fold(change.key): change for change in made}
    for key in [*changes, *document.folded()]:
        change = changes.get(key)
        model = change.after if change is not None else document.get(key)
        if _MODEL.fullmatch(key) and model is not None and model.lower() in _AS_VMX:
            named = _AS_VMX[model.lower()]
            why = f"{product.name} calls the controller so"
            changes[key] = (
                change._replace(after=named)
                if change is not None
                else SettingChange(document.spelling(key), named, why, source, topic=Topic(CONTROLLER_NAME))
            )
    if wanted.told.vmfs is not None:
        for key, name in _disk_files(files, changes):
            file = f"{wanted.told.vmfs}:{last_part(document[key])}"
            named = f"{name.rpartition('.')[0]}.name"
            why = f"{product.name} reads a disk's place on VMFS here, which --vmfs-path says"
            old = changes.get(fold(key)) or SettingChange(key, None, why, _LIBVIRT, topic=Topic(DISK_NAMES))
            changes[fold(key)] = old._replace(after=file, name=named)
    return tuple(changes.values())


def _is_esx2(product: Product) -> bool:
    return features()["names-controllers-as-vmx"].holds(product)


def _disk_files(files: Files, changes: dict[str, SettingChange]) -> Iterator[tuple[str, str]]:
    """The setting of each SCSI disk's file, and its name after the changes."""
    document = files.vm.config.document
    for drive in files.vm.disks:
        key = document.spelling(f"{drive.id}.filename") if f"{drive.id}.filename" in document else None
        change = changes.get(fold(key)) if key is not None else None
        name = change.name if change is not None and change.name is not None else key
        if key is not None and name is not None and name.lower().startswith("scsi") and document[key]:
            yield key, name


def character_set(files: Files, wanted: Wanted) -> Changes:
    """Take out `.encoding` for a product that writes none, and write the text in the character set of its host.

    Which that is only the owner can say; a config of ASCII alone reads the same in all. A config that names none is
    left as its host wrote it, and so is one that need not change at all.
    """
    product, told, document = wanted.product, wanted.told.encoding, files.vm.config.document
    feature = features()["writes-encoding"]
    declared = [key for key in ENCODING_KEYS if key in document]
    if product is None or not wanted.fit or feature.holds(product) or not declared:
        return Changes()
    if wanted.optional and told is None:
        return Changes()
    beyond = files.once(_beyond_ascii)
    name = told if told is not None else _likely(document, beyond)
    codec = encodings.codec(name) or "utf-8"
    why = f"{product.name} writes none, and reads a config in its host's character set"
    settings = tuple(
        SettingChange(document.spelling(key), None, why, feature.source, topic=Topic(CHARACTER_SET, name))
        for key in declared
    )
    lost = next((key for key in beyond if not _fits(key, codec) or not _fits(document[key], codec)), None)
    if lost is not None and told is not None:
        refused = findings_of(writing.encoding_cannot_hold, lost, name, document.evidence(lost))
        return Changes(refused=tuple(refused))
    if not beyond:
        return Changes(settings, recode="utf-8")
    keys = ", ".join(beyond[:_NAMED]) + " and others" if len(beyond) > _NAMED else " and ".join(beyond)
    has = "has" if len(beyond) == 1 else "have"
    reason = f"{keys} {has} characters beyond ASCII, which {product.name} reads in its host's character set"
    option = f"encoding={name}"
    return Changes(settings, needs=Needs((option,), ((option, reason, document.evidence(beyond[0])),)), recode=codec)


def _beyond_ascii(files: Files) -> tuple[str, ...]:
    """The settings with a name or a value beyond ASCII, in their order."""
    document = files.vm.config.document
    return tuple(key for key in document if not (key.isascii() and document[key].isascii()))


def _likely(document: Document, beyond: Sequence[str]) -> str:
    """The character set that the host may well use: what the config was written in, unless every host reads that."""
    encoding = document.encoding
    if encoding.declared is not None and encoding.codec not in {"utf-8", "ascii"}:
        return encoding.declared.lower()
    western = all(_fits(text, "cp1252") for key in beyond for text in (key, document[key]))
    return _WESTERN if western else "utf-8"


def _fits(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def adapters_over(files: Files, wanted: Wanted, version: int | None) -> tuple[str, ...]:
    """The network adapters that go where --limit asks for it: those without a number in the version, then the last.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        version: the VM's hardware version before.
    """
    if not wanted.told.limit:
        return ()
    present = [nic.id for nic in files.vm.nics]
    lost = [it for it in present if wanted.version < MANY_NICS_FROM and int(it.removeprefix("ethernet")) > _LAST_OF_FEW]
    left = [it for it in present if it not in lost]
    product = wanted.product
    most = (
        exceeded(product, "nics", len(left), wanted.version, kept=wanted.version == version)
        if product is not None
        else None
    )
    return (*lost, *(left[most.figure :] if most is not None else ()))


def adapter_removals(files: Files, wanted: Wanted, gone: Sequence[str]) -> Iterator[SettingChange]:
    """All settings of network adapters that go."""
    document, holder = files.vm.config.document, wanted.name
    for key in document.folded():
        if key.partition(".")[0] in gone:
            why = f"{holder} holds fewer network adapters (--limit)"
            yield SettingChange(document.spelling(key), None, why, _LIBVIRT, topic=Topic(ADAPTERS_OVER))
