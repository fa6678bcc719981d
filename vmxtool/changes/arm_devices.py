"""Devices of guests for ARM processors that get the model which products for ARM have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.changes.model import ARM_DEVICE, SettingChange, Topic
from vmxtool.findings import Safety
from vmxtool.knowledge.product import HARDWARE
from vmxtool.rules.architecture import may_run_arm, not_for_arm
from vmxtool.rules.guest_hosts import is_arm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.machine.model import Drive
    from vmxtool.rules.case import Files


def is_without_ide(files: Files, wanted: Wanted, drive: Drive) -> bool:
    """Return whether a CD-ROM drive of a guest for ARM is on IDE, which products do not have for one."""
    return wanted.fit and drive.bus == "ide" and drive.kind == "cdrom" and _is_for_arm(files, wanted)


def _is_for_arm(files: Files, wanted: Wanted) -> bool:
    product = wanted.product
    return product is not None and product.family != HARDWARE and is_arm(files.vm) and may_run_arm(product)


def arm_changes(files: Files, wanted: Wanted) -> Iterator[SettingChange]:
    """Give controllers and network adapters the models that a guest for ARM finds, where it may need another driver.

    No document of VMware's was read for it, so each change is made only where it is asked for.
    """
    if not _is_for_arm(files, wanted):
        return
    document = files.vm.config.document
    for trait, keys in files.once(not_for_arm):
        for key in keys if trait.becomes is not None else ():
            why = f"{trait.says}, which products do not have for a guest for ARM (unverified)"
            topic = Topic(ARM_DEVICE, key.partition(".")[0])
            yield SettingChange(
                document.spelling(key), trait.becomes, why, trait.sources[0], Safety.UNSAFE, topic=topic
            )
