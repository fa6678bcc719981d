"""SEC8xx: encryption and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.rules._registry import Hit, guide_rule, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules._registry import Asked

_SHOWN = 5


@target_rule(
    "SEC801", "encrypted", Severity.BLOCKER, "view-open-client:lib/bora/user/dictionary.c", "field-observations"
)
def encrypted(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM is encrypted.

    Where the whole config is encrypted its devices cannot be seen, so nothing about a target can be said. Partial
    encryption leaves the settings readable; Workstation knows it from 16.2 on and Fusion from 13. ESX does not open
    what hosted products encrypted, nor do they open its own encryption. Remove the encryption, and a virtual TPM with
    it, in the product that encrypted the VM, and save the TPM's keys first.
    """
    if vm.encryption == "none":
        return
    tpm = "the virtual TPM and " if vm.tpm else ""
    # What is sealed to the TPM is lost with it: BitLocker asks for its recovery key at the next start.
    first = (
        "suspend disk encryption in the guest that rests on the TPM and note its recovery key; then " if vm.tpm else ""
    )
    cure = by_hand(f"{first}remove {tpm}the encryption in the product that encrypted the VM")
    if vm.encryption == "full":
        yield Hit("the config is encrypted, so its devices cannot be seen", vm.encryption_evidence, cure)
        return
    on_esx = any(
        link.encrypted and link.format == "esx" for drive in vm.disks if drive.chain for link in drive.chain.links
    )
    if on_esx == bool(to.esx) and (on_esx or features()["opens-partial-encryption"].holds(to)):
        needs = "the host needs the key provider that has its keys" if on_esx else "it asks for the password there"
        yield Hit(f"the VM is encrypted in part; {needs}", vm.encryption_evidence, None, Severity.INFO)
    else:
        yield Hit(f"the VM is encrypted in part; {to.name} does not open it", vm.encryption_evidence, cure)


@target_rule("SEC804", "encrypted-settings-unseen", Severity.UNKNOWN, "view-open-client:lib/bora/user/dictionary.c")
def encrypted_settings_unseen(vm: Machine, to: Product) -> Iterator[Hit]:
    """The settings of the VM are encrypted, so whether a target runs it is open.

    Hardware version, devices and disks of such a VM are inside the cipher text. Decrypt it and ask again.
    """
    if vm.encryption == "full":
        yield Hit(
            f"which hardware has the VM? Its config is encrypted, so {to.name} cannot be judged",
            vm.encryption_evidence,
            by_hand("remove the encryption in the product that encrypted the VM, then ask again"),
        )


@target_rule("SEC802", "ace-policy", Severity.WARNING, "mpg:p12")
def ace_policy(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM shows signs of VMware ACE policies.

    A VM made in ACE leaves it for other products only if it was not added to a package and has no policies set.
    """
    if to.family == "ace":
        return
    document = vm.config.document
    keys = [key for key in document.folded() if key.startswith("policy.") and document[key]]
    if keys:
        yield Hit(
            "the VM has ACE policies; only a VM without policies and outside a package leaves ACE",
            tuple(document.evidence(key) for key in keys[:_SHOWN]),
            by_hand("remove the policies in ACE, and use a VM that was not added to a package"),
        )


@guide_rule("SEC803", "ace-package-unknown", Severity.UNKNOWN, "mpg:p12")
def ace_package_unknown(vm: Machine, to: Product, asked: Asked) -> Iterator[Hit]:
    """The VM was made in VMware ACE, and whether it is in a package no file beside it shows.

    A VM made in ACE leaves it for other products only while it is in no package and has no policies set.
    """
    first = products()[asked.origins[0]] if asked.origins else None
    if first is not None and first.family == "ace" and to.family != "ace":
        yield Hit(
            "is the VM in an ACE package, or has it policies? If neither, it can leave ACE; if it is or has, the guide "
            "does not support the move",
            next((it.evidence for it in vm.origin if it.product == first.id), ()),
            by_hand("look into the ACE project that the VM belongs to"),
        )
