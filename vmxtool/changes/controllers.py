"""The controllers that drives move behind: which SCSI model it is to be, and the settings that make one be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.changes.hardware import knows
from vmxtool.changes.model import CONTROLLER, SettingChange, Topic
from vmxtool.findings import Safety
from vmxtool.knowledge.guests import find_guest
from vmxtool.rules import writing
from vmxtool.rules.case import scsi_model
from vmxtool.rules.registry import findings_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine
    from vmxtool.vmx.document import Document

MOVE_SOURCE = "kb:1016192"
"""What a move of a disk to another controller rests on."""

FALLBACK = "lsilogic"
"""The SCSI model where nothing tells a better one, or the hardware version does not know that."""


_OLDEST = "buslogic"  # what hardware has that is older than LSI Logic


class ScsiChoice(Record):
    """The SCSI model that disks move behind.

    Attributes:
        model: the model.
        options: what has to be asked for because of it, as `Needs` has it.
        refused: why it is not the one that was asked for, or not one for the guest.
    """

    model: str
    options: tuple[str, ...]
    refused: tuple[Finding, ...]


def choose_scsi(vm: Machine, wanted: Wanted) -> ScsiChoice:
    """Choose the SCSI model: the one asked for, else the one that suits the guest, if the version knows it."""
    options: list[str] = []
    refused: list[Finding] = []
    asked = wanted.adapter
    fallback = FALLBACK if knows("scsi0.virtualDev", FALLBACK, wanted.version, wanted.esx) else _OLDEST
    model = asked or scsi_model(vm)
    if model is None:
        options.append(f"adapter={fallback}")
        model = fallback
    elif asked is not None:
        options.append(f"adapter={asked}")
    if not knows("scsi0.virtualDev", model, wanted.version, wanted.esx):
        if asked is not None:
            refused += findings_of(writing.adapter_not_offered, wanted.name, model, vm.hardware.evidence)
        elif _has_no_driver(vm):
            options.append(f"adapter={fallback}")
        model = fallback
    if model == "buslogic" and vm.guest.bits == 64:
        refused += findings_of(writing.adapter_not_for_guest, vm.guest.id, vm.guest.evidence)
    return ScsiChoice(model, tuple(options), tuple(refused))


def _has_no_driver(vm: Machine) -> bool:
    """Return whether the guest is known to have none for LSI Logic, of which older versions know no other."""
    guest = find_guest(vm.guest.id) if vm.guest.id else None
    options = guest.options if guest is not None else None
    return options is not None and FALLBACK not in options.controllers


def spelling_of(document: Document, key: str) -> str | None:
    """Return a setting as the file spells it, or None where it is not there."""
    return document.spelling(key) if key in document else None


def be_present(document: Document, name: str, moving: str, beside: str | None) -> Iterator[SettingChange]:
    """Switch a controller on where it is not.

    Args:
        document: the config.
        name: the controller, such as "scsi0".
        moving: what moves behind it, for the reason: "disks".
        beside: the setting below which a new one goes.
    """
    key = f"{name}.present"
    if not document.flag(key, False):
        why = f"{name} is the controller that the {moving} move to"
        key = spelling_of(document, key) or key
        topic = Topic(CONTROLLER, name)
        yield SettingChange(key, "TRUE", why, MOVE_SOURCE, Safety.UNSAFE, beside=beside, topic=topic)


def be_model(document: Document, name: str, model: str, have: str | None, *, asked: bool) -> Iterator[SettingChange]:
    """Make a SCSI controller one of this model where it is none.

    Args:
        document: the config.
        name: the controller, such as "scsi0".
        model: the model that it is to be.
        have: the one that it is once the changes made already are written, or None.
        asked: whether somebody named the model.
    """
    if (have or "").lower() != model:
        why = f"{model} is the SCSI controller that {'was asked for' if asked else 'suits the guest'}"
        key, topic = f"{name}.virtualDev", Topic(CONTROLLER, name)
        key = spelling_of(document, key) or key
        yield SettingChange(key, model, why, MOVE_SOURCE, Safety.UNSAFE, beside=f"{name}.present", topic=topic)
