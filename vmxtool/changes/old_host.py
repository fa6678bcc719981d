"""What the old host of a VM left in its config, and a host of another kind does not have: folders, files, networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._record import replace
from vmxtool.changes.model import OLD_HOST, SettingChange, Topic
from vmxtool.findings import Fix, Safety
from vmxtool.knowledge.features import features
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.machine.network import HOSTED_NETWORKS
from vmxtool.machine.peripherals import peripherals_of
from vmxtool.rules.old_host import (
    HARMFUL,
    HARMLESS,
    has_other_separator,
    is_of_another_kind,
    is_of_esx2,
    networks_of_host,
    networks_of_hosted,
    paths_of_host,
    with_backslash,
)
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.rules.case import Files
    from vmxtool.vmx.document import Document

_BESIDE = frozenset({"nvram", "extendedconfigfile"})  # files of the VM's own, which lie beside its config


def network_to_choose(document: Document, changes: Sequence[SettingChange], wanted: Wanted) -> tuple[Fix, ...]:
    """Return what the owner chooses for adapters that have no network by a name any more, because of changes."""
    told = {device for device, _ in wanted.told.networks}
    gone = [fold(it.key) for it in changes if it.after is None and it.name is None]
    nics = dict.fromkeys(key.partition(".")[0] for key in gone if key.endswith((".connectiontype", ".networkname")))
    given = (fold(it.key) for it in changes if it.after is not None)
    connected = {
        key.partition(".")[0] for key in given if key.endswith((".connectiontype", ".networkname", ".devname"))
    }
    # A port group of the old host stays named: whether the new one has it, a rule asks.
    kept = {nic for nic in nics if wanted.esx and f"{nic}.networkname" not in gone and f"{nic}.networkName" in document}
    loose = [nic for nic in nics if nic not in told | connected | kept]
    if not loose or wanted.esx is None:
        return ()
    now = "bridged now, until bridged, NAT or host-only" if not wanted.esx else "without a network until one"
    return (Fix(Safety.MANUAL, f"{', '.join(loose)}: {now} is chosen in {wanted.name}"),)


def with_slashes(files: Files, wanted: Wanted, made: Sequence[SettingChange]) -> tuple[SettingChange, ...]:
    """Return changes to a config, where files are named with the separator of Windows for a host that has another.

    Args:
        files: the VM's files.
        wanted: where the VM is taken.
        made: all other changes to the config.
    """
    product = wanted.product
    if product is None or not has_other_separator(product):
        return tuple(made)
    document, changed = files.vm.config.document, {fold(it.key) for it in made}
    devices = [*(it.id for it in files.vm.drives), *(it.id for it in peripherals_of(files.vm).ports)]
    named = {*(f"{device}.filename" for device in devices), *HARMFUL, *HARMLESS}
    anew = {key: after for key in named if (after := with_backslash(files, key)) is not None}
    why = f"the hosts of {product.name} have another separator of folders (unverified)"
    # A rename takes its value along; what another change writes is written for the new host already.
    kept = [
        replace(it, after=after)
        if it.name is not None and it.after is None and (after := anew.get(fold(it.key))) is not None
        else it
        for it in made
    ]
    more = [
        SettingChange(document.spelling(key), anew[key], why, "general", topic=Topic(OLD_HOST))
        for key in sorted(anew.keys() - changed)
    ]
    return (*kept, *more)


def leftovers(files: Files, wanted: Wanted) -> Iterator[SettingChange]:
    """Yield the settings that a product of another kind finds nothing by.

    ESX and hosted products are of two kinds, and so are ESX Server 1 and 2 and all others: each has folders where the
    others have none.
    """
    product = wanted.product
    if product is None or product.family == HARDWARE:
        return
    document = files.vm.config.document
    for key in files.once(paths_of_host):
        if is_of_another_kind(files, document[key], product, wanted.holder):
            beside = last_part(document[key]) if fold(key) in _BESIDE else ""
            why = f"a full path of the old host, of a kind that {product.name} does not have (unverified)"
            yield SettingChange(key, beside or None, why, "general", topic=Topic(OLD_HOST))
    holder = products().get(wanted.holder or "")
    on_esx = holder is not None and bool(holder.esx)
    why = f"a network of the old host, which {product.name} does not have (unverified)"
    if product.esx is False and (files.once(is_of_esx2, wanted.holder) or on_esx):
        for key in files.once(networks_of_host):
            yield SettingChange(key, None, why, "general", topic=Topic(OLD_HOST))
    elif product.esx is False and not features()["names-hosted-networks"].holds(product):
        yield from _kinds_of_networks(files, why)
    elif product.esx and not on_esx:
        for key in files.once(networks_of_hosted):
            yield SettingChange(key, None, why, "general", topic=Topic(OLD_HOST))


def _kinds_of_networks(files: Files, why: str) -> Iterator[SettingChange]:
    """Yield the networks that VMware Server 2 names, each as the kind that other hosted products have."""
    document = files.vm.config.document
    for key in files.once(networks_of_host):
        kind, beside = document[key].lower(), f"{key.partition('.')[0]}.connectionType"
        if kind not in HOSTED_NETWORKS:
            continue
        yield SettingChange(key, None, why, "general", topic=Topic(OLD_HOST))
        if beside not in document:
            present = f"{key.partition('.')[0]}.present"
            yield SettingChange(beside, kind, why, "general", beside=present, topic=Topic(OLD_HOST))
