"""GST51x: what an ESX host offers and supports for the guest, by VMware's own option tables."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.knowledge.guest_options import GuestOptions
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

NAMES = {
    "buslogic": "BusLogic",
    "lsilogic": "LSI Logic",
    "lsisas1068": "LSI Logic SAS",
    "pvscsi": "paravirtual SCSI",
    "ide": "IDE",
    "sata": "SATA",
    "nvme": "NVMe",
}
"""What disk controllers are called in a message."""

_FIRMWARE = {"bios": "BIOS", "efi": "EFI"}
_EARLY = "techPreview"
_LEVELS = {
    "terminated": "it is no longer supported",
    "unsupported": "it is not supported",
    "legacy": "it is not fully supported, and may have been before",
    "deprecated": "its support will end",
    _EARLY: "it may not be supported yet",
}


class Offer(Record):
    """What a target offers for the guest of a VM.

    Attributes:
        options: the tables' row for the guest.
        guest: what people call it.
        unverified: whether the target itself was never asked, but a later one for the same hardware versions.
    """

    options: GuestOptions
    guest: str
    unverified: bool


def has_options(vm: Machine) -> bool:
    """Return whether the tables have a row for the guest of a VM."""
    return vm.guest.id is not None and _offer(vm.guest.id, unverified=False) is not None


def offer_for(case: Case) -> Offer | None:
    """Return what the target offers for the guest, or None where that is not known."""
    guest = case.now.guest
    unverified = _is_supposed(case.target) if guest else None
    return None if unverified is None or guest is None else _offer(guest, unverified=unverified)


def has_offer(target: Product) -> bool:
    """Return whether it is known, or can be supposed, what a target offers for guests."""
    return _is_supposed(target) is not None


@cache
def _is_supposed(target: Product) -> bool | None:
    """Return whether what a product offers is only supposed; None where not even that."""
    if features()["guest-options"].holds(target):
        return False
    return True if features()["guest-options-supposed"].holds(target) else None


@lru_cache(maxsize=512)
def _offer(guest_id: str, *, unverified: bool) -> Offer | None:
    guest = find_guest(guest_id)
    options = guest.options if guest is not None else None
    return None if guest is None or options is None else Offer(options, guest.name, unverified)


def listed(words: Iterable[str], last: str = "and") -> str:
    """Return words as they stand in a sentence."""
    every = list(words)
    return f" {last} ".join(filter(None, (", ".join(every[:-1]), *every[-1:])))


@rule(
    "GST507",
    "guest-support-ended",
    Severity.WARNING,
    about=About.TARGET,
    sources=("vsphere-json-api:GuestOsDescriptorSupportLevel",),
    only_if=has_options,
    only_on=has_offer,
)
def guest_support_ended(case: Case) -> Iterator[Hit]:
    """The target does not fully support the guest, or soon will no longer.

    ESX says of every guest how far it supports it: "supported", "techPreview", "legacy", "deprecated", "unsupported" or
    "terminated"; the word is quoted. It tells whether VMware helps when something fails, and not whether the guest
    starts. Only ESX 9 has been asked.
    """
    offer = offer_for(case)
    if offer is None or offer.unverified or offer.options.level not in _LEVELS:
        return
    level = offer.options.level
    made = "" if offer.options.creates else ", and no new VM is made with it"
    yield Hit(
        f'{case.target.name} lists {offer.guest} as "{level}": {_LEVELS[level]}{made}',
        case.vm.guest.evidence,
        manual("plan for a newer release of the guest; the VM may run as it is until then"),
        Severity.INFO if level == _EARLY else None,
        sources=offer.options.sources,
    )


@rule(
    "GST508",
    "firmware-not-for-guest",
    Severity.WARNING,
    about=About.TARGET,
    only_if=has_options,
    only_on=has_offer,
    short="firmware",
)
def firmware_not_for_guest(case: Case) -> Iterator[Hit]:
    """The VM has firmware that the target does not offer for its guest.

    Windows 11 and macOS are offered EFI alone, and most systems of 32 bits BIOS alone. A guest starts only from the
    firmware that it was installed with, so that had better stay: look whether the guest's name is the right one.
    """
    offer, firmware = offer_for(case), case.vm.firmware
    if offer is None or firmware in offer.options.firmware or firmware not in _FIRMWARE:
        return
    document = case.vm.config.document
    named = (document.evidence("firmware"),) if "firmware" in document else ()
    offered = listed(_FIRMWARE[word] for word in offer.options.firmware)
    yield Hit(
        f"the firmware is {_FIRMWARE[firmware]}; {case.target.name} offers {offered} alone for {offer.guest}",
        (*named, *case.vm.guest.evidence),
        manual(
            "leave the firmware as the guest was installed, and choose the guest's name anew if it is another; a guest "
            "that needs the other firmware has to be installed with it"
        ),
        sources=offer.options.sources,
        unverified=offer.unverified,
    )


@rule(
    "GST511",
    "too-many-vcpus-for-guest",
    Severity.WARNING,
    about=About.TARGET,
    only_if=lambda vm: vm.cpu.smp and has_options(vm),
    only_on=has_offer,
)
def too_many_vcpus_for_guest(case: Case) -> Iterator[Hit]:
    """The VM has more virtual processors than the target offers for its guest.

    The guest does not use more than it knows, and may not start with them. Lower their number, if its kernel runs on
    fewer.
    """
    offer, count = offer_for(case), case.now.vcpus
    if offer is None or count <= offer.options.max_vcpus:
        return
    yield Hit(
        f"{count} virtual processors; {case.target.name} offers {offer.options.max_vcpus} at most for {offer.guest}",
        case.vm.cpu.evidence,
        manual(f"set numvcpus to {offer.options.max_vcpus}, if the guest's kernel runs on as many"),
        sources=offer.options.sources,
        unverified=offer.unverified,
    )


@rule(
    "GST512", "too-much-memory-for-guest", Severity.WARNING, about=About.TARGET, only_if=has_options, only_on=has_offer
)
def too_much_memory_for_guest(case: Case) -> Iterator[Hit]:
    """The VM has more memory than the target offers for its guest.

    A guest of 32 bits and some editions of Windows use a part of it alone; Windows before Vista may not start.
    """
    offer, memory = offer_for(case), case.now.memory_mib
    if offer is None or memory <= (most := offer.options.max_memory_mib):
        return
    yield Hit(
        f"{memory} MiB of memory; {case.target.name} offers {most} MiB at most for {offer.guest}",
        (case.vm.config.document.evidence("memsize"),),
        manual(f"set memsize to {most}, if the guest does not start with more"),
        sources=offer.options.sources,
        unverified=offer.unverified,
    )
