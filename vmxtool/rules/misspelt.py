"""Settings, devices and kinds of devices that nobody knows: spelt wrongly, or such as no product has."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.known_keys import form_of, is_known_word, meant_by, nearest_word
from vmxtool.rules.case import scsi_model
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.rules.state import rows_for
from vmxtool.rules.unread_lines import lost_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine

# What a person may take for the name of a device: letters and a number, and often a unit.
_DEVICE_LIKE = re.compile(r"[a-z][a-z_-]*[0-9]{1,3}(?::[0-9]{1,3})?")
_LOOKED_AT = 2000  # settings; no real config has as many
_TOLD = 20  # of a kind
# The kinds of SCSI controllers, the last two as ESX Server 2 writes them; files have them in any case.
_CONTROLLERS = ("buslogic", "lsilogic", "lsisas1068", "pvscsi", "vmxbuslogic", "vmxlsilogic")
_BEGINNING = 4  # letters that tell one kind from another
_FIRMWARE = ("bios", "efi")


@rule(
    "VMX013",
    "setting-misspelt",
    Severity.WARNING,
    about=About.FILES,
    sources=("libvirt:src/vmx/vmx.c", "keysafe-issue"),
)
def setting_misspelt(vm: Machine) -> Iterator[Hit]:
    """A setting that nobody knows differs in a letter or two from one that products read.

    Products pass over a setting that they do not know and take what they take without it: `memsiz` leaves a VM with
    little memory, `ethernet0.conectionType` with another network. Only settings that vmxtool knows to be read are
    named here; one that is merely rare is left alone.

    Reported for `Noneencryption.keySafe`, which a program had written so that the VM could not be opened
    (RF3/VMwareVMX issue 10, 2021-10-05).
    """
    document = vm.config.document
    keys = document.folded()
    told = {lost.key for lost in lost_lines(vm)}
    asked = (key for key in islice(keys, _LOOKED_AT) if key not in told and not rows_for(key))
    found = ((key, meant_by(key, keys)) for key in asked)
    for key, meant in islice(((key, meant) for key, meant in found if meant is not None), _TOLD):
        yield Hit(
            f"{document.spelling(key)}: no product is known to read it; {meant} is what they read",
            (document.evidence(key),),
            manual(f"write {meant}, if that is meant"),
        )


@rule(
    "VMX014",
    "device-not-known",
    Severity.INFO,
    about=About.FILES,
    sources=("libvirt:src/vmx/vmx.c", "field-observations"),
)
def device_not_known(vm: Machine) -> Iterator[Hit]:
    """A device says that it is present, and no product is known to have such a device.

    Products pass over what they do not know, so the guest does not see it.
    """
    document = vm.config.document
    told = {lost.word for lost in lost_lines(vm)}
    words = (key.removesuffix(".present") for key in document.folded() if key.endswith(".present"))
    unknown = (it for it in words if it not in told and _DEVICE_LIKE.fullmatch(it) and not is_known_word(form_of(it)))
    for word in islice(unknown, _TOLD):
        if document.flag(f"{word}.present", False):
            place = document.evidence(f"{word}.present")
            shown = (place.key or word).rpartition(".")[0]
            meant = nearest_word(word)
            yield Hit(
                f"{shown}: no product is known to have such a device, so it is passed over",
                (place,),
                manual(f"write {meant or 'the name of the device that is meant'}, or take the lines of {shown} out"),
            )


@rule(
    "DSK270",
    "controller-model-unknown",
    Severity.WARNING,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictType.c", "libvirt:src/vmx/vmx.c"),
)
def controller_model_unknown(vm: Machine) -> Iterator[Hit]:
    """A SCSI controller is of a model that no product is known to have.

    A product that meets a word it does not know takes what it takes without one, so the guest may find another
    controller than it was installed on, for which it may have no driver. Libvirt refuses such a config.
    """
    document = vm.config.document
    for controller in vm.controllers:
        if controller.bus == "scsi" and controller.model is not None and controller.model not in _CONTROLLERS:
            key = f"{controller.id}.virtualDev"
            right = _nearest_kind(controller.model) or scsi_model(vm) or "lsilogic"
            yield Hit(
                f"{controller.id} is of the model {document[key]}, which no product is known to have; the guest may "
                "find another controller",
                (document.evidence(key),),
                manual(f'set {document.spelling(key)} = "{right}", or the model that the guest was installed on'),
                unverified=True,
            )


def _nearest_kind(model: str) -> str | None:
    """Return the one kind of controller that a word begins or that it begins with: "lsisas1068" for "lsisas"."""
    found = [it for it in _CONTROLLERS if len(model) >= _BEGINNING and (it.startswith(model) or model.startswith(it))]
    return found[0] if len(found) == 1 else None


@rule(
    "VMX030",
    "firmware-unknown",
    Severity.WARNING,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictType.c", "libvirt:src/vmx/vmx.c"),
)
def firmware_unknown(vm: Machine) -> Iterator[Hit]:
    """The firmware is neither `bios` nor `efi`.

    A product that meets a word it does not know takes what it takes without one, which is BIOS; in such words capitals
    count. A guest that was installed with EFI finds nothing to start from then.
    """
    document = vm.config.document
    firmware = document.get("firmware", "")
    if firmware and firmware not in _FIRMWARE:
        key, right = document.spelling("firmware"), "efi" if "efi" in firmware.lower() else "bios"
        yield Hit(
            f'{key} is "{firmware}", and products know "bios" and "efi", in small letters; the guest may find a BIOS',
            (document.evidence("firmware"),),
            manual(f'set {key} = "{right}"' + ", or efi where the guest was installed with it" * (right == "bios")),
            unverified=True,
        )
