"""What the owner says of the new host, from the words of the command line and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool.changes.model import NOTHING_TOLD, Told
from vmxtool.changes.told import KINDS
from vmxtool.errors import UsageError
from vmxtool.knowledge.features import features
from vmxtool.vmx import encodings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine

_NETWORK = re.compile(r"(ethernet[0-9])=(.+)", re.IGNORECASE)
_VOLUME = re.compile(r"vmhba[0-9]+(?::[0-9]+){3}|[^:/\\\[\]\s][^:/\\\[\]]*", re.IGNORECASE)
_VMNET = re.compile(r"(?:/dev/)?vmnet[0-9]{1,3}", re.IGNORECASE)


def told(
    vmfs: str | None = None, networks: Sequence[str] = (), encoding: str | None = None, *, limit: bool = False
) -> Told:
    """What options say of the new host.

    Raises:
        UsageError: a network is not of the form ethernet0=NAME, or one adapter is named twice.
    """
    found: dict[str, str] = {}
    for text in networks:
        match = _NETWORK.fullmatch(text)
        if match is None:
            raise UsageError(
                f"--network {text[:80]!r} names no adapter", hint="it looks like --network ethernet0='VM Network'"
            )
        device = match[1].lower()
        if device in found:
            raise UsageError(f"--network names {device} twice")
        found[device] = match[2]
    return Told(vmfs, tuple(found.items()), encoding, limit)


def told_words(said: Told) -> tuple[str, ...]:
    """The options again, as they are typed."""
    return (
        *(("--vmfs-path", said.vmfs) if said.vmfs is not None else ()),
        *(word for device, network in said.networks for word in ("--network", f"{device}={network}")),
        *(("--encoding", said.encoding) if said.encoding is not None else ()),
        *(("--limit",) if said.limit else ()),
    )


def refuse_told(said: Told, target: Product | None, hwversion: int | None) -> None:
    """Refuse what does not go with the target.

    Raises:
        UsageError: an option is for another product, or what it names cannot be one.
    """
    if said == NOTHING_TOLD or (hwversion is not None and said == NOTHING_TOLD._replace(limit=True)):
        return
    if target is None:
        raise UsageError(f"{told_words(said)[0]} needs --target, the product that the VM is to run on")
    if said.vmfs is not None:
        if not features()["names-controllers-as-vmx"].holds(target):
            raise UsageError("--vmfs-path is for ESX Server 2, whose configs name a disk by its volume")
        if not _VOLUME.fullmatch(said.vmfs) or not said.vmfs.isprintable():
            raise UsageError(
                f"--vmfs-path {said.vmfs!r} is no volume", hint="it looks like vmhba0:0:0:5, or is a volume's label"
            )
    if said.encoding is not None:
        if features()["writes-encoding"].holds(target):
            raise UsageError(f"--encoding is for products before 2007; {target.name} reads .encoding")
        if encodings.codec(said.encoding) is None:
            raise UsageError(f"VMware knows no character set {said.encoding}", hint="windows-1252 and UTF-8 are two")
    for device, network in said.networks:
        if not network.isprintable():
            raise UsageError(f"--network {device}: a name with control characters is no network")
        if not target.esx and network.lower() not in KINDS and not _VMNET.fullmatch(network):
            raise UsageError(
                f"{target.name} has no network {network!r}",
                hint="it takes bridged, nat, hostonly, or a network of the host such as VMnet2",
            )


def refuse_adapters(said: Told, vm: Machine) -> None:
    """Refuse networks for adapters that a VM does not have.

    Raises:
        UsageError: it has no such adapter.
    """
    have = [nic.id for nic in vm.nics]
    for device, _ in said.networks:
        if device not in have:
            raise UsageError(f"the VM has no {device}", hint=f"it has {', '.join(have) or 'no network adapter'}")
