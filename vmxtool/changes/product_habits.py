"""What products write beside devices: the kind of product that a config is for, and where a disk's name stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import is_on_esx, last_part
from vmxtool._record import replace
from vmxtool.changes.model import (
    CONFIG_VERSION,
    CONTROLLER_NAME,
    DISK_NAMES,
    HOST_OF_ESX2,
    PRODUCT_KIND,
    VERSION,
    SettingChange,
    Topic,
)
from vmxtool.knowledge.features import features
from vmxtool.knowledge.hardware import hardware
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.rules.names_of_host import disk_paths_of_host, settings_of_esx_host
from vmxtool.rules.old_host import controllers_of_esx2, is_of_esx2, plain_controller
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Files

_KIND = "virtualHW.productCompatibility"
_NEWEST_BESIDE_3 = 7


def config_version_changes(vm: Machine, wanted: Wanted) -> Iterator[SettingChange]:
    """Give a config whose hardware version changes the version that such configs have, or the product's own."""
    row, product = hardware(wanted.version), wanted.product
    if row is None or row.config_version is None:
        return
    number, source = row.config_version, row.source
    why = f"configs of hardware version {wanted.version} are of this version"
    why += " (unverified)" if "config_version" in row.unverified else ""
    own = None if product is None or product.family == HARDWARE else newest_config_version(product)
    if product is not None and own is not None and own > number:
        # A product gives older hardware, too, a config of its own version, as those that were seen have it.
        number, source, why = own, features()["config-version-7"].source, f"{product.name} writes this version"
    if number != vm.config.config_version:
        topic = Topic(VERSION)
        yield SettingChange("config.version", str(number), why, source, beside="virtualHW.version", topic=topic)


def newest_config_version(product: Product) -> int | None:
    """Return the config version that a product writes beside its newest hardware; None where that is not known."""
    row = hardware(product.runs_max)
    if features()["config-version-7"].holds(product):
        return 7
    return None if row is None else row.config_version


def config_version_lowered(vm: Machine, wanted: Wanted) -> Iterator[SettingChange]:
    """Give a config that keeps its hardware version no newer version of its own than the product writes."""
    product = wanted.product
    most = None if product is None else newest_config_version(product)
    if product is None or most is None:
        return
    # A bare hardware version may be that of Workstation 4, which writes 7 beside it.
    highest = max(most, _NEWEST_BESIDE_3) if product.family == HARDWARE else most
    if (vm.config.config_version or 0) > highest:
        why = f"{product.name} writes configs up to this version (unverified)"
        yield _config_version(most, why)


def config_version_raised(vm: Machine, wanted: Wanted) -> Iterator[SettingChange]:
    """Give a config that keeps its hardware version the version that the product writes, where its own is older.

    Products read older ones, so this is no reason to write a config; one that is written anyway looks the same
    whichever product it came from.
    """
    product, row, have = wanted.product, hardware(wanted.version), vm.config.config_version
    if product is None or product.family == HARDWARE or row is None or row.config_version is None or have is None:
        return
    most = newest_config_version(product)
    if most is not None and have < most:
        yield _config_version(most, f"{product.name} writes this version")


def _config_version(number: int, why: str) -> SettingChange:
    source, topic = features()["config-version-7"].source, Topic(CONFIG_VERSION)
    return SettingChange("config.version", str(number), why, source, beside="virtualHW.version", topic=topic)


def name_changes(files: Files, wanted: Wanted) -> Iterator[SettingChange]:
    """Give a config the names that the product it goes to reads."""
    document, product = files.vm.config.document, wanted.product
    if product is not None and product.esx is False and document.get(_KIND, "").lower() == "esx":
        why = f"{product.name} is no ESX product (unverified)"
        yield SettingChange(document.spelling(_KIND), "hosted", why, "general", topic=Topic(PRODUCT_KIND))
    reads = features()["reads-disk-names-in-name"]
    reads_names = product is not None and reads.holds(product)
    holder = products().get(wanted.holder or "")
    is_read = reads_names and holder is not None and reads.holds(holder)  # it is the name that counts there and here
    for key in files.once(_leftover_names) if not is_read else ():
        why = "fileName beside it names the disk"
        yield SettingChange(key, None, why, "libvirt:src/vmx/vmx.c", topic=Topic(HOST_OF_ESX2))
    for key in (
        files.once(disk_paths_of_host) if product is not None and product.esx is not None and not is_read else ()
    ):
        if fold(key).partition(".")[0] not in wanted.moves:
            why = f"{product.name} finds a disk beside the config" if product is not None else ""
            yield SettingChange(key, last_part(document[key]), why, "libvirt:src/vmx/vmx.c", topic=Topic(DISK_NAMES))
    if reads_names:
        return
    names = features()["names-controllers-as-vmx"]
    for key in files.once(controllers_of_esx2) if product is not None and product.esx else ():
        why = "the name of ESX Server 2; that a later ESX reads it, no source says (unverified)"
        plain = plain_controller(document[key], wanted.version)
        yield SettingChange(key, plain, why, names.source, topic=Topic(CONTROLLER_NAME))
    for key in files.named_as_esx2:
        name = f"{key.rpartition('.')[0]}.fileName"
        why = "products other than ESX Server 1 and 2 read the disk's name here"
        # The volume that the name begins with is that of one host; the disk comes to lie beside the config.
        beside = last_part(document[key]) if is_on_esx(document[key]) else None
        topic, source = Topic(DISK_NAMES), "libvirt:src/vmx/vmx.c"
        if name in document:  # it is there, and empty
            yield SettingChange(document.spelling(name), beside or document[key], why, source, topic=topic)
            yield SettingChange(key, None, why, source, topic=topic)
        else:
            yield SettingChange(key, beside, why, source, name=name, topic=topic)
    for key in files.once(settings_of_esx_host):
        if not fold(key).startswith("ethernet") and not files.once(is_of_esx2, wanted.holder):
            continue  # a folder of a later ESX is judged with all other folders of the old host
        why = "a setting of the hosts of ESX Server 1 and 2, which others do not have (unverified)"
        yield SettingChange(key, None, why, "general", topic=Topic(HOST_OF_ESX2))


def moved_names(files: Files, wanted: Wanted, settings: Sequence[SettingChange]) -> tuple[SettingChange, ...]:
    """Return a rewrite's settings, where a disk that moves to another bus loses its old host's folder from its name."""
    product = wanted.product
    if product is None or product.esx is None:
        return tuple(settings)
    named = {fold(key) for key in files.once(disk_paths_of_host)}
    return tuple(
        replace(it, after=last_part(files.vm.config.document[it.key]), topic=Topic(DISK_NAMES))
        if it.name is not None and it.after is None and fold(it.key) in named
        else it
        for it in settings
    )


def _leftover_names(files: Files) -> tuple[str, ...]:
    """Return the settings that name a disk as ESX Server 1 and 2 do, beside the one that counts."""
    document = files.vm.config.document
    found = [f"{drive.id}.name" for drive in files.vm.disks if document.get(f"{drive.id}.filename")]
    return tuple(document.spelling(key) for key in found if key in document)
