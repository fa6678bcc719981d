"""Changes to a VM as values: what they are to reach, settings of the config, entries of disk descriptors."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from vmxtool._record import Record
from vmxtool.findings import Safety
from vmxtool.knowledge.product import HARDWARE
from vmxtool.rules.case import kind_of
from vmxtool.vmx import edits
from vmxtool.vmx.document import ENCODING_KEYS
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Finding, Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.rules.state import VmState
    from vmxtool.vmdk.chain import Link
    from vmxtool.vmx.document import Document


class Told(Record):
    """What only the VM's owner can say, and what he allows to be lowered.

    Attributes:
        vmfs: the volume of ESX Server 2 that its disks will lie on, such as "vmhba0:0:0:5", or None.
        networks: network adapters, each with the network of the new host that it is connected to.
        encoding: the character set of the new host, by VMware's name for it, or None.
        limit: whether memory and network adapters beyond what the target holds go, also where no source confirms that.
    """

    vmfs: str | None = None
    networks: tuple[tuple[str, str], ...] = ()
    encoding: str | None = None
    limit: bool = False


NOTHING_TOLD = Told()


class Wanted(NamedTuple):
    """What a rewrite is to reach.

    Attributes:
        version: the hardware version to end at, which may be the VM's own.
        why: why just this version.
        product: what the VM is to run on, or None.
        fit: whether the VM's devices are made fit for version and product; without that, only disks are moved.
        moves: ids of the hard disks that go to SCSI.
        adapter: SCSI controller model that they go to, where somebody named one.
        unsafe: whether what rests on unconfirmed facts, and the guest may not start after, is changed too.
        optional: whether nothing has to change; what the guest may not start after is left alone then, unless `unsafe`.
        told: what the owner has said.
        holder: id of the product that has the VM, or None where nothing tells; what its host is like hangs on it.
    """

    version: int
    why: str = ""
    product: Product | None = None
    fit: bool = True
    moves: frozenset[str] = frozenset()
    adapter: str | None = None
    unsafe: bool = False
    optional: bool = False
    told: Told = NOTHING_TOLD
    holder: str | None = None

    @property
    def esx(self) -> bool | None:
        """Whose devices it gets: those of ESX, of hosted products, or (None) of either."""
        return None if self.product is None else kind_of(self.product)

    @property
    def name(self) -> str:
        """What to call it within a sentence."""
        if self.product is None or self.product.family == HARDWARE:
            return f"hardware version {self.version}"
        return self.product.name


class Topic(Record):
    """What a change is about: what has one topic is told together, however many lines it comes to.

    Attributes:
        kind: the id of a row of devices.toml, or one of the words below.
        subject: what it is about where there are several: a drive, a controller, a disk's file or a guest's name.
        to: the new place of a drive that moves.
    """

    kind: str
    subject: str = ""
    to: str = ""


VERSION, GUEST_NAME, DISK_NAMES, PRODUCT_KIND = "version", "guest-name", "disk-names", "product-kind"
CONFIG_VERSION, DISK_MODE = "config-version", "disk-mode"
HOST_OF_ESX2, OLD_HOST, OLD_DEVICE, ARM_DEVICE = "host-of-esx2", "old-host", "old-device", "arm-device"
CHARACTER_SET, NETWORK, CONTROLLER_NAME, ADAPTERS_OVER = "character-set", "network", "controller-name", "adapters-over"
DISK_MOVE, CDROM_MOVE, SLAVE_MOVE, CONTROLLER = "disk-move", "cdrom-move", "slave-move", "controller"
LEFTOVER, BOOT_ORDER, ADAPTER, DISK_VERSION = "leftover", "boot-order", "adapter", "disk-version"
UNTOLD = Topic("setting")


class SettingChange(Record):
    """One setting of the config set, removed or given another name. A setting is changed once in a rewrite.

    Attributes:
        key: the setting, as the file spells it where it is there.
        after: its new value; None where it is removed or only renamed.
        why: one clause for the reader.
        source: what the reason rests on.
        safety: `SAFE`, or `UNSAFE` where an option has to ask for it.
        name: the setting's new name, or None.
        beside: the setting below which a new one goes.
        topic: what it is about.
    """

    key: str
    after: str | None
    why: str
    source: str
    safety: Safety = Safety.SAFE
    name: str | None = None
    beside: str | None = None
    topic: Topic = UNTOLD

    @property
    def edits(self) -> tuple[edits.Edit, ...]:
        """What it comes to in the file."""
        if self.name is None and self.after is None:
            return (edits.RemoveKey(self.key),)
        renamed = (edits.RenameKey(self.key, self.name),) if self.name is not None else ()
        if self.after is None:
            return renamed
        return (*renamed, edits.SetValue(self.name or self.key, self.after, self.beside))


class DescriptorChange(Record):
    """One `ddb.` entry of one link of a disk given another value."""

    link: Link
    key: str
    after: str
    why: str
    source: str
    safety: Safety = Safety.SAFE
    topic: Topic = UNTOLD


class Kept(Record):
    """What stays as it is, though it may not fit.

    Attributes:
        topic: what it is about.
        note: all of it in one sentence, as it also stands among the notes.
        effect: why, in a few words; empty where the topic says it.
        option: the option that changes it, without its dashes, or None.
    """

    topic: Topic
    note: str
    effect: str = ""
    option: str | None = None


class Needs(Record):
    """What has to be asked for by an option, because the guest may not start after it.

    Attributes:
        options: options of `rewrite` without their dashes, such as "ide-to-scsi" or "adapter=lsilogic".
        reasons: the option, why it is needed, and a place in the files that shows it.
    """

    options: tuple[str, ...] = ()
    reasons: tuple[tuple[str, str, Evidence], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.options)

    @property
    def of_guest(self) -> tuple[str, ...]:
        """The options without those about the new host, which the guest does not notice."""
        return tuple(option for option in self.options if not option.startswith("encoding="))


class Changes(Record):
    """What a rewrite comes to.

    Attributes:
        settings: changes to the config.
        descriptors: changes to disks.
        refused: why it cannot be done, all reasons at once.
        needs: what has to be asked for.
        manual: what the owner does in the guest.
        at_start: what of it is done when the VM starts for the first time.
        notes: what the person should know.
        kept: what stays though it may not fit; each has its note too.
        moved: the new place of every drive that moves, by its old one.
        recode: the codec that the config's text is written in anew, without `.encoding`; None where it keeps its own.
        end: the VM's state afterwards.
    """

    settings: tuple[SettingChange, ...] = ()
    descriptors: tuple[DescriptorChange, ...] = ()
    refused: tuple[Finding, ...] = ()
    needs: Needs = Needs()
    manual: tuple[Fix, ...] = ()
    at_start: tuple[Fix, ...] = ()
    notes: tuple[str, ...] = ()
    kept: tuple[Kept, ...] = ()
    moved: Mapping[str, str] = MappingProxyType({})
    recode: str | None = None
    end: VmState | None = None

    def __bool__(self) -> bool:
        return bool(self.settings or self.descriptors or self.recode)

    def apply_to(self, document: Document) -> Document:
        """Return the config with the changes made.

        Raises:
            ValueError: its lines or its encoding cannot hold one.
        """
        if self.recode is not None:
            document = edits.recode(document, self.recode)
        kept = [it for it in self.settings if self.recode is None or fold(it.key) not in ENCODING_KEYS]
        return edits.apply(document, [edit for change in kept for edit in change.edits])

    def __repr__(self) -> str:
        what = f"{len(self.settings)} settings, {len(self.descriptors)} disk entries, {len(self.moved)} drives moved"
        return f"<changes: {what}{', refused' if self.refused else ''}>"

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all to change or to say."""
        said = self.refused or self.needs or self.manual or self.notes
        return not (self.settings or self.descriptors or said or self.moved or self.recode)


def join(parts: Iterable[Changes]) -> Changes:
    """Return changes as one; what two of them say alike is said once."""
    every = [part for part in parts if not part.is_empty]
    if len(every) == 1:
        return every[0]
    reasons = {(item.code, item.message): item for part in reversed(every) for item in reversed(part.refused)}
    return Changes(
        settings=tuple(change for part in every for change in part.settings),
        descriptors=tuple(_once(change for part in every for change in part.descriptors)),
        refused=tuple(reversed(reasons.values())),
        needs=Needs(
            tuple(dict.fromkeys(option for part in every for option in part.needs.options)),
            tuple(dict.fromkeys(reason for part in every for reason in part.needs.reasons)),
        ),
        manual=tuple(dict.fromkeys(fix for part in every for fix in part.manual)),
        at_start=tuple(dict.fromkeys(fix for part in every for fix in part.at_start)),
        notes=tuple(dict.fromkeys(note for part in every for note in part.notes)),
        kept=tuple(dict.fromkeys(kept for part in every for kept in part.kept)),
        moved={old: new for part in every for old, new in part.moved.items()},
        recode=next((part.recode for part in every if part.recode is not None), None),
    )


def _once(changes: Iterable[DescriptorChange]) -> Iterator[DescriptorChange]:
    # Two drives may share a disk, whose descriptor then changes once.
    seen: set[tuple[str, str]] = set()
    for change in changes:
        place = (str(change.link.path), fold(change.key))
        if place not in seen:
            seen.add(place)
            yield change
