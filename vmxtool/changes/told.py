"""What only the VM's owner can say of the new host, and what products of 2007 and before write besides devices."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import replace
from vmxtool.changes.model import (
    CHARACTER_SET,
    CONTROLLER_NAME,
    DISK_MODE,
    DISK_NAMES,
    NETWORK,
    Changes,
    Kept,
    Needs,
    SettingChange,
    Topic,
)
from vmxtool.knowledge.features import features
from vmxtool.rules import writing
from vmxtool.rules.registry import findings_of
from vmxtool.vmx import edits, encodings
from vmxtool.vmx.document import ENCODING_KEYS, Document
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.findings import Finding
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive
    from vmxtool.rules.case import Files

_LIBVIRT = "libvirt:src/vmx/vmx.c"
KINDS = frozenset({"bridged", "nat", "hostonly"})
_PLACES = ("networkName", "connectionType", "vnet", "devName")
_MODEL = r"scsi[0-3]\.virtualdev"
_AS_VMX = {"buslogic": "vmxbuslogic", "lsilogic": "vmxlsilogic"}
_OF_ESX2 = 3  # its hardware version
_DISK_MODE = re.compile(r"(?:ide|scsi|sata|nvme)[0-9]+:[0-9]+\.mode")
_INDEPENDENT = "independent-"
_HALF = r"\\u[dD][89a-fA-F]"  # half a character, which UTF-7 alone can spell
_DISK_ENDS = (".vmdk", ".dsk")
_NAMED = 2  # settings that a reason names
_WESTERN = "windows-1252"


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
        if _DISK_MODE.fullmatch(key) and mode.lower().startswith(_INDEPENDENT):
            why = (
                f"{product.name} has no snapshots that a disk could be independent of, and four modes without the word"
            )
            old = change or SettingChange(document.spelling(key), None, why, source, topic=Topic(DISK_MODE))
            changes[key] = replace(old, after=mode[len(_INDEPENDENT) :])
    if wanted.told.vmfs is not None:
        for key, name in _disk_files(files, changes):
            file = f"{wanted.told.vmfs}:{last_part(document[key])}"
            named = f"{name.rpartition('.')[0]}.name"
            why = f"{product.name} reads a disk's place on VMFS here, which --vmfs-path says"
            old = changes.get(fold(key)) or SettingChange(key, None, why, _LIBVIRT, topic=Topic(DISK_NAMES))
            if file != document[key] or fold(named) != fold(key):
                changes[fold(key)] = replace(old, after=file, name=named if fold(named) != fold(key) else None)
    return tuple(changes.values())


def volume_not_told(files: Files, wanted: Wanted, made: Sequence[SettingChange]) -> Kept | None:
    """Report disks that keep a name that ESX Server 2 does not read, because nobody said on which volume they will lie.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        made: all changes to the config.
    """
    product = wanted.product
    if not wanted.fit or wanted.version != _OF_ESX2 or product is None or not _is_esx2(product) or wanted.told.vmfs:
        return None
    named = [name for _, name in _disk_files(files, {fold(it.key): it for it in made})]
    untold = [name for name in named if name.lower().endswith(".filename")]
    if not untold:
        return None
    effect = f"{product.name} reads them in name, with their volume"
    note = f"{untold[0]}: {effect}; --vmfs-path says which, where the VM's config is taken along"
    return Kept(Topic(DISK_NAMES), note, effect, "vmfs-path")


def disks_of_one_name(files: Files, made: Sequence[SettingChange]) -> Iterator[Finding]:
    """Report disks that lie in two places and would have one name in the place that they come to.

    Args:
        files: the VM's files.
        made: all changes to the config.
    """
    document = files.vm.config.document
    named = {fold(it.key): it.after for it in made if it.topic.kind == DISK_NAMES and it.after is not None}
    found: dict[str, list[str]] = {}
    for drive in files.vm.disks:
        key = _file_key(document, drive)
        after = named.get(fold(key)) if key is not None else None
        if key is not None and after is not None:
            found.setdefault(after, []).append(key)
    for name, keys in found.items():
        if len({document[key] for key in keys}) > 1:
            yield from findings_of(writing.disks_of_one_name, name, [document.evidence(key) for key in keys])


def _is_esx2(product: Product) -> bool:
    return features()["names-controllers-as-vmx"].holds(product)


def _file_key(document: Document, drive: Drive) -> str | None:
    """The setting that names a disk's file; None for a device of the host, which is no file on VMFS."""
    for word in ("name", "filename"):
        key = f"{drive.id}.{word}"
        if key in document and document[key].lower().endswith(_DISK_ENDS):
            return document.spelling(key)
    return None


def _disk_files(files: Files, changes: dict[str, SettingChange]) -> Iterator[tuple[str, str]]:
    """The setting of each SCSI disk's file, and its name after the changes."""
    for drive in files.vm.disks:
        key = _file_key(files.vm.config.document, drive)
        change = changes.get(fold(key)) if key is not None else None
        name = change.name if change is not None and change.name is not None else key
        if key is not None and name is not None and name.lower().startswith("scsi"):
            yield key, name


def character_set(files: Files, wanted: Wanted) -> Changes:
    """Take out `.encoding` for a product that writes none, and write the text in the character set of its host.

    Which that is only the owner can say; a config of ASCII alone reads the same in all. Where he does not say it, a
    config that names none is left as its host wrote it, and so is one that need not change at all.
    """
    product, told, document = wanted.product, wanted.told.encoding, files.vm.config.document
    feature = features()["writes-encoding"]
    declared = [key for key in ENCODING_KEYS if key in document]
    if product is None or not wanted.fit or feature.holds(product) or (told is None and not declared):
        return Changes()
    beyond = files.once(_beyond_ascii)
    if not declared and document.encoding.codec != "utf-8":
        # It is as its host wrote it, or as an earlier rewrite did; which of the two, nothing tells.
        note = "the config names no character set, so its text is left as it is, whatever --encoding says"
        return Changes(notes=(note,) if beyond and encodings.codec(told or "") != document.encoding.codec else ())
    name = told if told is not None else _likely(document, beyond)
    codec = (encodings.codec(name) or "utf-8") if beyond or told is not None else "utf-8"
    why = f"{product.name} writes none, and reads a config in its host's character set"
    settings = tuple(
        SettingChange(document.spelling(key), None, why, feature.source, topic=Topic(CHARACTER_SET, name))
        for key in declared
    )
    lost = files.once(_lost_in, codec)
    if lost is not None and told is not None:
        key, reason = lost
        place = document.evidence(key) if key in document else document.evidence(declared[0] if declared else key)
        return Changes(refused=tuple(findings_of(writing.encoding_cannot_hold, reason.format(name=name), key, place)))
    notes = tuple(_about_other_names(files, codec, product)) if lost is None else ()
    if not beyond and lost is None:
        return Changes(settings, recode=codec if told is not None else "utf-8", notes=notes)
    beyond = beyond or tuple(declared)
    if told is None and wanted.optional:
        topic, effect = Topic(CHARACTER_SET, name), f"{product.name} may read text beyond ASCII otherwise"
        note = f"{beyond[0]} has characters beyond ASCII, which {product.name} reads in its host's character set"
        kept = Kept(topic, f"{note}; --encoding {name}, or another, writes them so", effect, f"encoding {name}")
        return Changes(notes=(*notes, kept.note), kept=(kept,))
    keys = ", ".join(beyond[:_NAMED]) + " and others" if len(beyond) > _NAMED else " and ".join(beyond)
    has = "has" if len(beyond) == 1 else "have"
    reason = f"{keys} {has} characters beyond ASCII, which {product.name} reads in its host's character set"
    option = f"encoding={name}"
    needs = Needs((option,), ((option, reason, document.evidence(beyond[0])),))
    return Changes(settings, needs=needs, recode=codec, notes=notes)


def _about_other_names(files: Files, codec: str, product: Product) -> Iterator[str]:
    """What the person should know of names beyond ASCII that stand in other files too, and of the text from now on."""
    names = dict.fromkeys(
        link.file
        for drive in files.vm.disks
        for link in (drive.chain.links if drive.chain is not None else ())
        if not link.file.isascii()
    )
    if names:
        listed = ", ".join(list(names)[:_NAMED])
        yield (
            f"{listed}: the disk's files and what its descriptor says keep their names in the character set that they "
            f"have (unverified: whether {product.name} finds them); a name of ASCII alone is surer"
        )
    text = bytes(edits.recode(files.vm.config.document, codec))
    if encodings.guess(text) != codec and not text.isascii():
        yield (
            "the config names no character set any more, and is read here by a guess that does not find it: copy it to "
            "its new host before it is asked about again"
        )


def _lost_in(files: Files, codec: str) -> tuple[str, str] | None:
    """The first setting that a character set cannot say, and why, with a place for its name; None where it says all."""
    document, encoding = files.vm.config.document, files.vm.config.document.encoding
    if encoding.conflict is not None or not encoding.known:
        return ".encoding", "the config's own character set is not clear"
    halves = (key for key in document if encoding.codec == "utf-7" and re.search(_HALF, document[key]))
    misspelt = filter(None, map(_misspelt(document), document))
    unreadable = next(chain(document.undecodable, halves, misspelt), None)
    if unreadable is not None:
        return unreadable, f"{unreadable} has bytes that are no text in the config's own character set"
    missing = "{key} has a character that {{name}} does not have"
    for key in document:
        if not (encodings.holds(key, codec) and encodings.holds(document[key], codec)):
            return key, missing.format(key=key)
    after = edits.recode(document, codec)
    again = Document.parse(bytes(after), document.name, codec)
    kept = {fold(key): document[key] for key in document if fold(key) not in ENCODING_KEYS}
    now = {fold(key): again[key] for key in again}
    wrong = next((key for key in kept.keys() | now.keys() if kept.get(key) != now.get(key)), None)
    if wrong is None and (len(again.duplicates) > len(document.duplicates) or again.unknown != after.unknown):
        wrong = ".encoding"
    return None if wrong is None else (wrong, f"{wrong} would not read the same in {{name}}")


def _misspelt(document: Document) -> Callable[[str], str | None]:
    """Of a setting whose name has bytes that are no text in the config's character set, its name."""
    codec = document.encoding.codec

    def found(key: str) -> str | None:
        line = document.where(key)
        if (key.isascii() and "\\" not in key) or line is None:
            return None
        raw = document.line(line).raw.partition(b"=")[0]
        return None if encodings.is_valid(raw, codec) else key

    return found


def _beyond_ascii(files: Files) -> tuple[str, ...]:
    """The settings with a name or a value beyond ASCII, in their order."""
    document = files.vm.config.document
    return tuple(key for key in document if not (key.isascii() and document[key].isascii()))


def _likely(document: Document, beyond: Sequence[str]) -> str:
    """The character set that the host may well use: what the config was written in, unless every host reads that."""
    encoding = document.encoding
    if encoding.codec not in {"utf-8", "ascii"} and not encodings.is_shifting(encoding.codec):
        return encodings.plain_name(encoding.declared or "", encoding.codec)
    western = all(encodings.holds(text, "cp1252") for key in beyond for text in (key, document[key]))
    return _WESTERN if western else "utf-8"
