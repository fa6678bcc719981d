"""GST5xx: devices that products with guests for ARM processors do not have, and those that such a guest needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Safety, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.traits import traits
from vmxtool.rules.guest_hosts import is_arm
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule
from vmxtool.rules.state import is_off

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.traits import Trait
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case, Files

_SHOWN = 4
_KEYBOARD = "usb_xhci.present"


def may_run_arm(to: Product) -> bool:
    """Return whether a product may have guests for ARM processors at all."""
    return not features()["x86-guests-alone"].holds(to)


def not_for_arm(files: Files) -> tuple[tuple[Trait, tuple[str, ...]], ...]:
    """Return the kinds of devices that products for ARM do not have, each with the lines of the VM's own, folded."""
    document = files.vm.config.document
    every = [(trait, trait.found_in(document.folded(), document)) for trait in traits("not-on-arm")]
    present = [
        (trait, tuple(key for key in keys if not is_off(document, key.partition(".")[0]))) for trait, keys in every
    ]
    return tuple((trait, keys) for trait, keys in present if keys)


@rule(
    "GST516",
    "device-not-for-arm",
    Severity.WARNING,
    about=About.TARGET,
    only_if=is_arm,
    only_on=may_run_arm,
    short="devices that ARM hosts lack",
)
def device_not_for_arm(case: Case) -> Iterator[Hit]:
    """The guest is one for ARM processors, and the VM has a device that products have for x86 guests alone.

    Fusion on Apple silicon has no LSI Logic controller, no IDE and no older network adapters for such a guest; a VM
    with one does not start, or its guest does not find the device. Templates that were written for x86 have them. Disks
    go to NVMe, SATA or paravirtual SCSI, CD drives to SATA, network adapters become vmxnet3 or e1000e. VMware's own
    list, KB 90364, was read by nobody for this.
    """
    if not case.is_place:
        return
    document = case.vm.config.document
    for trait, keys in case.files.once(not_for_arm):
        names = [document.spelling(key).partition(".")[0] for key in keys[:_SHOWN]]
        cdroms = {drive.id for drive in case.vm.drives if drive.kind == "cdrom"}
        fix = _cure(trait, names, cdroms)
        yield Hit(
            f"{', '.join(names)}: {trait.says}, which {case.target.name} does not have for a guest for ARM",
            tuple(document.evidence(key) for key in keys[:_SHOWN]),
            fix,
            sources=trait.sources,
            unverified=True,
            cure=Do.REWRITE if fix.safety is Safety.UNSAFE else None,
        )


def _cure(trait: Trait, names: list[str], cdroms: set[str]) -> Fix:
    if trait.becomes is not None:
        return by_rewrite(
            f"{', '.join(names)} becomes {trait.becomes}, if the guest has the driver for it", unsafe=True
        )
    if trait.instead == "SATA" and {name.lower() for name in names} <= cdroms:
        return by_rewrite(f"{', '.join(names)} goes to SATA, if the guest has the driver for it", unsafe=True)
    if trait.instead is None:
        return manual(f"take {', '.join(names)} out")
    return manual(f"move what is on {', '.join(names)} to {trait.instead}, for which the guest needs a driver")


@rule(
    "GST517",
    "arm-guest-with-bios",
    Severity.WARNING,
    about=About.FILES,
    sources=("general",),
)
def arm_guest_with_bios(vm: Machine) -> Iterator[Hit]:
    """The guest is one for ARM processors, and the config says that the firmware is BIOS.

    There is no BIOS for ARM processors; such guests are installed with EFI and start with it alone.
    """
    document = vm.config.document
    if is_arm(vm) and "firmware" in document and vm.firmware != "efi":
        yield Hit(
            "a guest for ARM processors starts with EFI firmware alone, and the config names another",
            (document.evidence("firmware"), *vm.guest.evidence),
            manual('set firmware = "efi"'),
            unverified=True,
        )


@rule(
    "GST518",
    "arm-guest-without-keyboard",
    Severity.WARNING,
    about=About.FILES,
    sources=("packer-arm-issues:108",),
)
def arm_guest_without_keyboard(vm: Machine) -> Iterator[Hit]:
    """The guest is one for ARM processors, and the VM has no USB 3 controller.

    Keyboard and mouse of such a VM are USB devices behind the controller `usb_xhci`; without it the guest cannot be
    typed to.
    """
    document = vm.config.document
    if is_arm(vm) and not document.flag(_KEYBOARD, False):
        yield Hit(
            "a guest for ARM processors has its keyboard and mouse on a USB 3 controller, and the VM has none",
            ((document.evidence(_KEYBOARD),) if _KEYBOARD in document else ()) + vm.guest.evidence,
            manual(f'set {_KEYBOARD} = "TRUE"'),
            unverified=True,
        )
