"""SEC8xx: encryption and policies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.findings import LEAVING, Do, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import products
from vmxtool.machine.state import KEYS_OF_ESX
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.findings import Fix
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case, Files

_SHOWN = 5
# The key safe names its cipher behind one or two layers of URL encoding.
_XTS = r"(?i)xts(?:-|%2d|%252d)aes"


@rule(
    "SEC801",
    "encrypted",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.DECRYPT,
    stops=LEAVING,
    sources=("view-open-client:lib/bora/user/dictionary.c", "field-observations"),
    short="encryption",
)
def encrypted(vm: Machine) -> Iterator[Hit]:
    """The whole config is encrypted.

    Its devices and disks cannot be seen, so nothing about a target can be said and nothing is changed. Remove the
    encryption, and a virtual TPM with it, in the product that encrypted the VM, and save the TPM's keys first.
    """
    if vm.encryption == "full":
        problem = "the config is encrypted, so its devices cannot be seen"
        yield Hit(problem, vm.encryption_evidence, _decrypt(vm))


@rule(
    "SEC805",
    "encrypted-in-part",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.DECRYPT,
    sources=("view-open-client:lib/bora/user/dictionary.c", "field-observations"),
    only_if=lambda vm: vm.encryption == "partial",
    short="encryption",
)
def encrypted_in_part(case: Case) -> Iterator[Hit]:
    """The VM holds keys, or has an encrypted disk, while its settings stay readable.

    Workstation knows partial encryption from 16.2 on and Fusion from 13. ESX does not open what hosted products
    encrypted, nor do they open its own encryption. With a virtual TPM, ESX keeps keys in the config
    (`encryption.bundle`) that only its key provider opens, though no disk is encrypted; what such keys without a TPM
    mean is unverified. Remove the encryption, and a virtual TPM with it, in the product that encrypted the VM, and save
    the TPM's keys and the guest's recovery keys first.
    """
    vm, to = case.vm, case.target
    if vm.encryption != "partial":
        return
    keys = has_keys_of_esx(vm)
    on_esx = keys or any(
        link.encrypted and link.format == "esx" for drive in vm.disks if drive.chain for link in drive.chain.links
    )
    if on_esx == bool(to.esx) and (on_esx or features()["opens-partial-encryption"].holds(to)):
        if keys and vm.tpm:
            return  # whether the host has them is a question of its own
        needs = "the host needs the key provider that has its keys" if on_esx else "it asks for the password there"
        yield Hit(f"the VM is encrypted in part; {needs}", vm.encryption_evidence, None, Severity.INFO)
    elif case.is_place or not keys:
        what = "has a virtual TPM with keys of ESX" if keys and vm.tpm else "is encrypted in part"
        yield Hit(
            f"the VM {what}; {to.name} does not open {'them' if keys and vm.tpm else 'it'}",
            vm.encryption_evidence,
            _decrypt(vm, on_esx=bool(to.esx) and _may_have_tpm(to)),
            sources=("vddk-tpm-guide",) if keys else (),
            unverified=keys and not vm.tpm and not _has_encrypted_disk(vm),
            subject=_taken_along(vm),
        )


def has_keys_of_esx(vm: Machine) -> bool:
    """Return whether the keys that a config holds are those of ESX."""
    return KEYS_OF_ESX in vm.config.document and "encryption.keySafe" not in vm.config.document


def _has_encrypted_disk(vm: Machine) -> bool:
    return any(drive.chain is not None and drive.chain.encrypted for drive in vm.disks)


def _may_have_tpm(to: Product) -> bool:
    """Return whether a product runs a version that has a virtual TPM."""
    return to.runs_max >= devices()["vtpm"].first_for(esx=bool(to.esx))


def _taken_along(vm: Machine) -> str | None:
    """Return the row of devices.toml that goes with the encryption: a virtual TPM is taken out first, or that fails."""
    return "vtpm" if vm.tpm else None


def _decrypt(vm: Machine, *, on_esx: bool = False) -> Fix:
    if not vm.tpm:
        return manual("remove the encryption in the product that encrypted the VM")
    # What is sealed to the TPM is lost with it: BitLocker asks for its recovery key at the next start.
    anew = "; to add a new TPM, the host needs a key provider" if on_esx else ""
    return manual(
        "suspend disk encryption in the guest that uses the TPM and note its recovery key; then remove the virtual "
        f"TPM and the encryption in the product that encrypted the VM{anew}"
    )


@rule(
    "SEC806",
    "tpm-without-key-provider",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("ansible-tpm-module",),
    only_if=lambda vm: vm.tpm and (vm.encryption == "none" or has_keys_of_esx(vm)),
    short="a key provider for the TPM",
)
def tpm_without_key_provider(case: Case) -> Iterator[Hit]:
    """The VM has a virtual TPM, and an ESX host starts it only with a key provider.

    ESX keeps the secrets of a TPM encrypted, with keys of a provider that is set up in vCenter Server. Without it the
    TPM can be neither added nor started there.
    """
    document = case.vm.config.document
    taken_out = "vtpm" in case.lost or "vtpm" not in case.now.devices
    if not case.is_place or not case.esx or taken_out or not document.flag("vtpm.present", False):
        return
    yield Hit(
        f"has the vCenter of {case.target.name} a key provider for the VM's TPM? If it has, the steps below do; if "
        "not, take the virtual TPM out in the VM's own product first",
        (document.evidence("vtpm.present"),),
        manual(
            "before a TPM is taken out: suspend disk encryption in the guest that uses it, and note its recovery key"
        ),
    )


@rule(
    "SEC807",
    "cipher-newer-than-product",
    Severity.WARNING,
    about=About.TARGET,
    cure=Do.DECRYPT,
    sources=("field-observations",),
    only_if=lambda vm: vm.encryption == "partial",
    short="encryption",
)
def cipher_newer_than_product(case: Case) -> Iterator[Hit]:
    """The VM is encrypted with XTS-AES, which older products do not read.

    Workstation encrypts so from 17.5 on and Fusion from 13.5 on. The key safe in the config tells the cipher; nothing
    else of it is looked at, and nothing of it is shown.
    """
    document, to = case.vm.config.document, case.target
    if not case.is_place or case.esx or re.search(_XTS, document.get("encryption.keySafe", "")) is None:
        return
    if features()["opens-partial-encryption"].holds(to) and not features()["opens-xts-encryption"].holds(to):
        place = document.evidence("encryption.keySafe")
        yield Hit(
            f"the VM is encrypted with XTS-AES, which {to.name} may not open",
            (Evidence(place.file, place.line, place.key),),
            _decrypt(case.vm),
            unverified=True,
            subject=_taken_along(case.vm),
        )


@rule(
    "SEC804",
    "encrypted-settings-unseen",
    Severity.UNKNOWN,
    about=About.TARGET,
    cure=Do.DECRYPT,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
    only_if=lambda vm: vm.encryption == "full",
    short="what the encrypted settings say",
)
def encrypted_settings_unseen(case: Case) -> Iterator[Hit]:
    """The settings of the VM are encrypted, so whether a target runs it is open.

    Hardware version, devices and disks of such a VM are inside the cipher text. Decrypt it and ask again.
    """
    if case.vm.encryption == "full":
        yield Hit(
            f"which hardware has the VM? Its config is encrypted, so {case.target.name} cannot be judged",
            case.vm.encryption_evidence,
            manual("remove the encryption in the product that encrypted the VM, then ask again"),
        )


@rule(
    "SEC802",
    "ace-policy",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p12",),
    only_if=lambda vm: bool(_ace_policies(vm)),
    short="policies of ACE",
)
def ace_policy(case: Case) -> Iterator[Hit]:
    """The VM shows signs of VMware ACE policies, or of a package.

    A VM made in ACE leaves it for other products only if it was not added to a package and has no policies set. The
    policies lie in a file with the ending .vmpl beside the config, those of a package in one with the ending .vmxa.
    """
    if _stays_in_ace(case) or not case.is_place:
        return
    yield Hit(
        "are the ACE policies of the VM removed, and is it in no package? If so, the steps below do; if not, the guide "
        "does not support the move",
        case.files.once(_policies_shown),
        manual(
            "in VMware ACE, remove the policies of the VM, and move one that was not added to a package, without the "
            "files of ACE beside it"
        ),
    )


def _stays_in_ace(case: Case) -> bool:
    """Return whether the target is the ACE that has the VM, or one with hardware of its generation.

    Else Workstation upgrades it on the way.
    """
    to, origins = case.target, case.guide.origins if case.guide is not None else ()
    alike = to.generation in {None, generation_of(case.now.version)}
    return to.family == "ace" and (alike or origins[:1] == (to.id,))


def _policies_shown(files: Files) -> tuple[Evidence, ...]:
    return _ace_policies(files.vm)[:_SHOWN]


def _ace_policies(vm: Machine) -> tuple[Evidence, ...]:
    """Return the settings and the files that tell of policies or packages of ACE."""
    document = vm.config.document
    keys = [key for key in document.folded() if key.startswith("policy.") and document[key]]
    return (*map(document.evidence, keys), *vm.ace_files)


@rule(
    "SEC803",
    "ace-package-unknown",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p12",),
    only_if=lambda vm: not _ace_policies(vm),
    short="whether it is in an ACE package",
)
def ace_package_unknown(case: Case) -> Iterator[Hit]:
    """The VM was made in VMware ACE, and whether it is in a package no file beside it shows.

    A VM made in ACE leaves it for other products only while it is in no package and has no policies set.
    """
    origins = case.guide.origins if case.guide is not None else ()
    first = products()[origins[0]] if origins else None
    if first is not None and first.family == "ace" and not _stays_in_ace(case) and case.is_place:
        yield Hit(
            "is the VM in an ACE package, or has it policies? If neither, it can leave ACE; if it is or has, the guide "
            "does not support the move",
            next((it.evidence for it in case.vm.origin if it.product == first.id), ()),
            manual("look into the ACE project that the VM belongs to"),
        )
