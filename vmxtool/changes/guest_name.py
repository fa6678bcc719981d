"""The guest's name in a config, where another product or hardware version may not know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.changes.model import GUEST_NAME, Kept, SettingChange, Topic
from vmxtool.findings import Safety
from vmxtool.knowledge.guests import find_guest

if TYPE_CHECKING:
    from vmxtool.changes.model import Wanted
    from vmxtool.knowledge.guests import Guest
    from vmxtool.rules.state import VmState
    from vmxtool.vmx.document import Document


def guest_name_change(document: Document, start: VmState, wanted: Wanted) -> SettingChange | Kept | None:
    """Return the change to the nearest older name of a guest, or that the name stays because none older is known.

    Of ESX it counts whether the hardware version knows the name, too. None where the name is known, or where no source
    says since when it is.

    Args:
        document: the config.
        start: the state that the VM is in before, with its guest.
        wanted: what is to be reached.
    """
    guest, product = find_guest(start.guest) if start.guest else None, wanted.product
    if guest is None or guest.min_hw is None or (product is None and start.version == wanted.version):
        return None
    newest = wanted.version if product is None else product.runs_max
    if wanted.esx:
        newest = min(newest, wanted.version)  # ESX knows some names with newer versions alone
    if guest.min_hw <= newest:
        return None
    older = _older_name(guest, newest)
    doubt = f"{wanted.name} may not know the guest name {guest.id}"
    if "min_hw" in guest.unverified or not wanted.esx:
        doubt += " (unverified)"
    topic = Topic(GUEST_NAME, guest.id)
    if older is None:
        return Kept(
            topic, f"{doubt}, and none older is known", f"{wanted.name} may not know it, and none older is known"
        )
    why, source = f"{doubt}; {older.id} is the nearest older one", guest.backing.of("min_hw")[0]
    return SettingChange(document.spelling("guestOS"), older.id, why, source, Safety.UNSAFE, topic=topic)


def _older_name(guest: Guest, newest: int) -> Guest | None:
    """Return the nearest older guest whose name is known at a hardware version, or None."""
    older: Guest | None = guest
    while older is not None and older.min_hw is not None and older.min_hw > newest:
        older = find_guest(older.older) if older.older is not None else None
    return older
