"""GST50x and GST52x: the machine that a guest needs its host to be, and the loader that its firmware takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_ARM = "arm-"
_LOOK = "look under \"About This Mac\": it names a chip of Apple's, or a processor of Intel's"
_TO_FUSION = "take the VM to Fusion on a Mac with an Intel processor"
_DENIED = "SECUREBOOT: Image DENIED"
_OTHER_ARCHITECTURE = (
    "This virtual machine cannot be powered on because it requires the X86 machine architecture, which is incompatible "
    "with this Arm machine architecture host."
)


def is_arm(vm: Machine) -> bool:
    """Return whether the guest is one for ARM processors."""
    return vm.guest.id is not None and vm.guest.id.lower().startswith(_ARM)


def is_macos(vm: Machine) -> bool:
    """Return whether the guest is macOS for Intel processors."""
    return vm.guest.family == "darwin" and not is_arm(vm)


def _named(vm: Machine) -> str:
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    return guest.name if guest is not None else vm.guest.id or "the guest"


@rule(
    "GST506",
    "guest-for-arm",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("field-observations",),
    only_if=is_arm,
    short="whether the host is an ARM one",
    stopping="guest for ARM processors",
)
def guest_for_arm(case: Case) -> Iterator[Hit]:
    """The guest is one for ARM processors, which run on hosts with such a processor only.

    VMware says that a VM requires another machine architecture where the host's processor differs. Fusion runs it on a
    Mac with Apple silicon and ESXi where it is the edition for ARM; which of them the host is no file of the VM shows.
    Workstation and Player do not run it.
    """
    vm, to, known = case.vm, case.target, features()
    if not case.is_place:
        return
    if known["x86-guests-alone"].holds(to):
        yield Hit(
            f"{vm.guest.id} is a guest for ARM processors; {to.name} runs guests for x86 processors alone",
            vm.guest.evidence,
            severity=Severity.BLOCKER,
            sources=known["x86-guests-alone"].sources,
            unverified="since" in known["x86-guests-alone"].backing.unverified,
        )
    elif known["runs-on-apple-silicon"].holds(to):
        yield Hit(
            f"has the Mac Apple silicon? If it has, the steps below do; if not, {to.name} does not run "
            f"{vm.guest.id}, a guest for ARM processors",
            vm.guest.evidence,
            manual(_LOOK),
            sources=known["runs-on-apple-silicon"].sources,
        )
    elif known["has-edition-for-arm"].holds(to):
        yield Hit(
            f"is the {to.name} the edition for ARM processors? If it is, the steps below do; if not, it does not run "
            f"{vm.guest.id}, a guest for ARM processors",
            vm.guest.evidence,
            manual("look which processor the host has"),
            sources=known["has-edition-for-arm"].sources,
        )
    else:
        yield Hit(
            f"has the host of {to.name} an ARM processor? If it has, the steps below may do, though no {to.name} for "
            f"ARM is known; if not, it does not run {vm.guest.id}, a guest for ARM processors",
            vm.guest.evidence,
            manual("look which processor the host has"),
        )


def _may_be_apple_silicon(target: Product) -> bool:
    return features()["runs-on-apple-silicon"].holds(target)


@rule(
    "GST513",
    "guest-for-x86",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_if=lambda vm: vm.guest.id is not None and not is_arm(vm),
    only_on=_may_be_apple_silicon,
    short="which Mac (Intel or Apple silicon)",
    stopping="guest for x86 processors",
    messages=((_OTHER_ARCHITECTURE, "mobexler-issue"),),
)
def guest_for_x86(case: Case) -> Iterator[Hit]:
    """The guest is one for x86 processors, and the target may be on a Mac with Apple silicon.

    Fusion from 13 on is one program for both kinds of Macs. On one with an Intel processor it runs the guests that it
    always ran, and on one with Apple silicon those for ARM processors alone; VMware supports no other there. Nothing
    converts a guest from x86 to ARM or back: it has to be installed anew from a release for the other processor.
    """
    yield Hit(
        f"has the Mac an Intel processor? If it has, the steps below do; on Apple silicon {case.target.name} does not "
        f"run {_named(case.vm)}, a guest for x86 processors",
        case.vm.guest.evidence,
        manual(f"{_LOOK}; for Apple silicon the guest has to be installed anew from a release for ARM"),
        sources=features()["runs-on-apple-silicon"].sources,
    )


@rule(
    "GST514",
    "macos-needs-apple-host",
    Severity.UNKNOWN,
    about=About.TARGET,
    only_if=is_macos,
    short="whether the host is by Apple",
    stopping="not on a host by Apple",
)
def macos_needs_apple_host(case: Case) -> Iterator[Hit]:
    """The guest is macOS, which runs on a host by Apple alone, and the target may be on another.

    The option tables of ESX say so of every macOS. ESXi 7 was the last version to support it, on Macs of its list of
    hardware; later ones do not. Only Fusion is always on a Mac.
    """
    vm, to, known = case.vm, case.target, features()
    if not case.is_place or known["host-is-a-mac"].holds(to):
        return
    options = case.guest.options if case.guest is not None else None
    sources = options.sources if options is not None else ("general",)
    ended = known["supports-no-macos"]
    if ended.holds(to):
        yield Hit(
            f"{_named(vm)} runs on a Mac alone, and {to.name} supports no guests with macOS",
            vm.guest.evidence,
            manual(_TO_FUSION),
            Severity.BLOCKER,
            sources=(*sources, *ended.sources),
            unverified="since" in ended.backing.unverified,
        )
        return
    yield Hit(
        f"is the host of {to.name} a Mac? If it is, the steps below do; if not, it does not run {_named(vm)}",
        vm.guest.evidence,
        manual(_TO_FUSION),
        sources=sources,
    )


@rule(
    "GST509",
    "secure-boot-without-efi",
    Severity.WARNING,
    about=About.FILES,
    sources=("general",),
)
def secure_boot_without_efi(vm: Machine) -> Iterator[Hit]:
    """Secure Boot is on, and the firmware is not EFI.

    BIOS firmware has no Secure Boot, so nothing is checked when the VM starts, whatever the setting says. Libvirt reads
    it all the same and asks for EFI. Take the setting out, or give the guest EFI firmware if it was installed with it.
    """
    document = vm.config.document
    if vm.secure_boot and vm.firmware != "efi":
        named = (document.evidence("firmware"),) if "firmware" in document else ()
        yield Hit(
            "Secure Boot is on, which EFI firmware alone has, and the firmware is BIOS",
            (document.evidence("uefi.secureBoot.enabled"), *named),
            manual('take uefi.secureBoot.enabled out, or set firmware = "efi" if the guest was installed with EFI'),
            unverified=True,
        )


@rule(
    "GST510",
    "secure-boot-refuses-older-loader",
    Severity.WARNING,
    about=About.TARGET,
    sources=("kb:88737",),
    only_if=lambda vm: vm.secure_boot and vm.firmware == "efi" and vm.guest.family == "linux",
)
def secure_boot_refuses_older_loader(case: Case) -> Iterator[Hit]:
    """Secure Boot with a hardware version that refuses older loaders of Linux, and the guest may have such a loader.

    The firmware of hardware version 20 and later is said to refuse loaders that were revoked since the guest was
    installed; the guest then does not start, and vmware.log has "SECUREBOOT: Image DENIED". Which systems it concerns
    stands in KB 88737, which nobody has read for this. It is told of guests whose name is older than that version,
    where the VM gets the version or another firmware with the move.
    """
    feature, version = features()["refuses-older-loaders"], case.now.version
    host = products().get(f"hw{version}")
    if host is None or not feature.holds(host) or not case.target.runs(host.runs_max):
        return
    made_by = case.vm.origin[0].product if case.vm.origin else None
    if not case.version_changed and made_by is not None and products()[made_by].esx == case.target.esx:
        return  # it starts already with the loader that it has
    guest = case.guest
    options = guest.options if guest is not None else None
    if options is not None and feature.holds(products()[f"hw{options.known_at}"]):
        return
    yield Hit(
        f"Secure Boot with hardware version {version} may refuse the loader of {_named(case.vm)} if it is an older one "
        f'("{_DENIED}")',
        (case.vm.config.document.evidence("uefi.secureBoot.enabled"), *case.vm.hardware.evidence),
        manual(
            "update the guest's loader (shim and GRUB) before the move; if it does not start, switch Secure Boot off, "
            "start the guest, update it and switch Secure Boot on again"
        ),
        sources=feature.sources,
        unverified=True,
    )
