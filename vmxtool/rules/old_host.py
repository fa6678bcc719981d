"""What a config has of its host: full paths of folders and files, networks by name, and the words of ESX Server 2."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_on_esx, resolve
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.products import products
from vmxtool.machine.folder import folder_of
from vmxtool.machine.network import HOSTED_NETWORKS

if TYPE_CHECKING:
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Files

HARMFUL = frozenset({"workingdir", "redologdir", "suspend.directory", "snapshot.directory", "sched.swap.dir", "nvram"})
"""Settings by which the VM may not start, or not as it was, where the path that they name leads nowhere."""
HARMLESS = frozenset(
    {
        "sched.swap.derivedname",
        "log.filename",
        "migrate.hostlog",
        "checkpoint.cptconfigname",
        "filesearchpath",
        "extendedconfigfile",
    }
)
"""Settings that name what a product writes elsewhere, or works out anew."""
_NETWORK = r"ethernet[0-9]\.networkname"
_NETWORK_KIND, _VNET = r"ethernet[0-9]\.connectiontype", r"ethernet[0-9]\.vnet"
_KINDS = HOSTED_NETWORKS | {"custom"}
_CONTROLLER = r"scsi[0-3]\.virtualdev"
_NAMED_AS_VMX = frozenset({"vmxbuslogic", "vmxlsilogic"})
_WINDOWS_PATH = r"[A-Za-z]:|\\"
_OF_MACS = ("/Users/", "/Volumes/", "/Applications/", "/Library/", "/private/")
_OF_LINUX = ("/home/", "/media/", "/mnt/", "/root/", "/var/lib/vmware/", "/usr/lib/vmware/")


def paths_of_host(files: Files) -> tuple[str, ...]:
    """Return the settings, disks left out, that name a file or folder by a full path which leads nowhere here."""
    document = files.vm.config.document
    found = [key for key in document.folded() if key in HARMFUL or key in HARMLESS]
    return tuple(document.spelling(key) for key in found if leads_nowhere(files.vm, document[key]))


def leads_nowhere(vm: Machine, name: str) -> bool:
    """Return whether a name in a VM's config is a full path, and nothing is there on this host."""
    if not is_absolute(name):
        return False
    found = resolve(vm.config.folder, name)
    return not found.exists or found.moved


def networks_of_host(files: Files) -> tuple[str, ...]:
    """Return the settings that connect a network adapter to a network of its ESX host by name."""
    document = files.vm.config.document
    return tuple(document.spelling(key) for key in document.folded() if re.fullmatch(_NETWORK, key))


def networks_of_hosted(files: Files) -> tuple[str, ...]:
    """Return the settings that connect a network adapter to a network of a hosted product by its kind or its number."""
    document = files.vm.config.document
    return tuple(
        document.spelling(key)
        for key in document.folded()
        if (re.fullmatch(_NETWORK_KIND, key) and document[key].lower() in _KINDS) or re.fullmatch(_VNET, key)
    )


def has_other_separator(product: Product) -> bool:
    """Return whether the hosts of a product name files with / alone, where those of Windows have a backslash too."""
    return product.esx is True or features()["host-is-a-mac"].holds(product)


def with_backslash(files: Files, key: str) -> str | None:
    """Return what a setting names with the separator of Windows, with / instead; None where it names nothing so.

    On Linux, on a Mac and on ESX a name may have a backslash: a file that lies here under just that name has it.
    """
    value = files.vm.config.document.get(key, "")
    if "\\" not in value or is_absolute(value) or value in folder_of(files.vm).names:
        return None
    return re.sub(r"^(?:\./+)+", "", value.replace("\\", "/"))


def disks_with_backslash(files: Files) -> tuple[str, ...]:
    """Return the settings that name a disk with the separator of Windows."""
    keys = [f"{drive.id}.filename" for drive in files.vm.disks]
    return tuple(files.vm.config.document.spelling(key) for key in keys if with_backslash(files, key) is not None)


def controllers_of_esx2(files: Files) -> tuple[str, ...]:
    """Return the settings that call a SCSI controller as ESX Server 2 does."""
    document = files.vm.config.document
    return tuple(
        document.spelling(key)
        for key in document.folded()
        if re.fullmatch(_CONTROLLER, key) and document[key].lower() in _NAMED_AS_VMX
    )


def plain_controller(model: str, version: int | None) -> str:
    """Return what products other than ESX Server 2 call a SCSI controller of it, in hardware of a version.

    Hardware before that of LSI Logic has BusLogic alone.
    """
    plain = model.lower().removeprefix("vmx")
    row = devices().get(f"scsi-{plain}")
    known = row is None or version is None or row.known(version, esx=None)
    return plain if known or row is None or row.replacement is None else row.replacement


def is_of_esx2(files: Files, holder: str | None) -> bool:
    """Return whether a config looks like one of ESX Server 1 or 2: by its words, or by the product that has the VM."""
    document = files.vm.config.document
    by_host = any(document.get(f"{nic.id}.connectiontype", "").lower() == "monitor_dev" for nic in files.vm.nics)
    if files.named_as_esx2 or files.once(controllers_of_esx2) or by_host:
        return True
    known = products().get(holder or "")
    return known is not None and known.esx is True and features()["reads-disk-names-in-name"].holds(known)


def is_on_hosted(path: str, holder: str | None) -> bool:
    """Return whether a full path is one of a host of Workstation and the like.

    A path of Linux may be that of ESX's console.
    """
    if re.match(_WINDOWS_PATH, path) is not None:
        return True
    known = products().get(holder or "")
    return not is_on_esx(path) and not (known is not None and known.esx)


def is_of_another_kind(files: Files, path: str, product: Product, holder: str | None) -> bool:
    """Return whether a full path of the old host is one that no host of a product has.

    Args:
        files: the VM's files.
        path: the path.
        product: the product.
        holder: id of the product that has the VM, or None.
    """
    of_esx2 = files.once(is_of_esx2, holder)
    to_esx2 = features()["reads-disk-names-in-name"].holds(product)
    if of_esx2 or to_esx2:
        return of_esx2 != to_esx2
    if product.esx:
        return is_on_hosted(path, holder)
    if not is_on_hosted(path, holder):
        return True
    if features()["host-is-a-mac"].holds(product):
        return re.match(_WINDOWS_PATH, path) is not None or path.startswith(_OF_LINUX)
    return path.startswith(_OF_MACS)
