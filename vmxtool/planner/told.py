"""What the owner says of the new host, from the words of the command line and back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool._text import is_safe
from vmxtool.changes.model import NOTHING_TOLD, Told
from vmxtool.errors import UsageError
from vmxtool.knowledge.features import features
from vmxtool.knowledge.runs import OLDEST_WRITTEN
from vmxtool.machine.character_set import read_in
from vmxtool.machine.network import HOSTED_NETWORKS
from vmxtool.machine.read import build_machine
from vmxtool.rules.character_set import WESTERN, is_sure
from vmxtool.rules.judging import facts_of
from vmxtool.vmx import encodings
from vmxtool.vmx.document import ENCODING_KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Files

_NETWORK = re.compile(r"(ethernet[0-9])=(.+)", re.IGNORECASE)
_VOLUME = re.compile(
    r"vmhba[0-9]{1,4}(?::[0-9]{1,4}){2}:[1-9][0-9]{0,3}|(?!vmhba[0-9]+$)\w(?:[\w .()-]*[\w)])?", re.IGNORECASE
)
_LONGEST = 200  # characters of a name; no product takes more
_SHOWN = 80
_OF_ESX2 = re.compile(r"(?:vmnic|bond|vmnet_)[0-9]{1,3}")
_VMNET = re.compile(r"(?:/dev/)?vmnet[0-9]{1,3}", re.IGNORECASE)


def told(
    vmfs: str | None = None, networks: Sequence[str] = (), encoding: str | None = None, *, limit: bool = False
) -> Told:
    """Return what options say of the new host.

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
    """Return the options again, as they are typed."""
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
    if said == NOTHING_TOLD or (hwversion is not None and said == replace(NOTHING_TOLD, limit=True)):
        return
    if target is None:
        raise UsageError(f"{told_words(said)[0]} needs --target, the product that the VM is to run on")
    if said.vmfs is not None:
        if not features()["names-controllers-as-vmx"].holds(target):
            raise UsageError("--vmfs-path is for ESX Server 2, whose configs name a disk by its volume")
        if not _VOLUME.fullmatch(said.vmfs) or len(said.vmfs) > _LONGEST:
            raise UsageError(
                f"--vmfs-path {said.vmfs[:_SHOWN]!r} is no volume",
                hint="it looks like vmhba0:0:0:5, or is a volume's label",
            )
    if said.encoding is not None:
        if features()["writes-encoding"].holds(target):
            raise UsageError(f"--encoding is for products before 2007; {target.name} reads .encoding")
        codec = encodings.codec(said.encoding)
        if codec is None or (said.encoding != encodings.plain_name(said.encoding, "") and not said.encoding.isascii()):
            raise UsageError(
                f"VMware knows no character set {said.encoding[:_SHOWN]!r}", hint="windows-1252 and UTF-8 are two"
            )
        if encodings.is_shifting(codec):
            raise UsageError(
                f"no host has {said.encoding[:_SHOWN]!r} as its character set", hint="say windows-1252 or UTF-8"
            )
    _refuse_networks(said, target)


def _refuse_networks(said: Told, target: Product) -> None:
    """Refuse networks that the target cannot have."""
    for device, network in said.networks:
        if network != network.strip() or not network or len(network) > _LONGEST or not is_safe(network):
            raise UsageError(
                f"--network {device}: {network[:_SHOWN]!r} is no name of a network",
                hint=f"it has no blanks at its ends, no control characters, and at most {_LONGEST} characters",
            )
        if features()["names-controllers-as-vmx"].holds(target) and not _OF_ESX2.fullmatch(network):
            raise UsageError(
                f"{target.name} has no network {network[:_SHOWN]!r}",
                hint="its configs name a network adapter of the host, such as vmnic1 or bond0, or a network within it, "
                "such as vmnet_0",
            )
        if not target.esx and network.lower() not in HOSTED_NETWORKS and not _VMNET.fullmatch(network):
            raise UsageError(
                f"{target.name} has no network {network[:_SHOWN]!r}",
                hint="it takes bridged, nat, hostonly, or a network of the host such as VMnet2",
            )


def read_as_told(files: Files, said: Told) -> Files:
    """Return the files read in the character set that the owner says, where the config names none and is text in it.

    A host of one language wrote it, and mostly it goes to another: what --encoding says of that one holds for both.
    """
    document, codec = files.vm.config.document, encodings.codec(said.encoding or "")
    if codec is None or codec == document.encoding.codec or files.once(is_sure):
        return files
    other = read_in(document, codec)
    return files if other is None else facts_of(build_machine(other, files.vm.config.path, files.vm.path))


def refuse_for(files: Files, said: Told, target: Product | None) -> None:
    """Refuse what a VM cannot have: networks for adapters that it has not, a volume for a config that is not written.

    Raises:
        UsageError: it cannot have it.
    """
    vm = files.vm
    have = [nic.id for nic in vm.nics]
    for device, _ in said.networks:
        if device not in have:
            raise UsageError(f"the VM has no {device}", hint=f"it has {', '.join(have) or 'no network adapter'}")
    own = vm.hardware.version
    if said.vmfs is not None and own is not None and own < OLDEST_WRITTEN:
        raise UsageError(
            f"--vmfs-path is for configs from hardware version {OLDEST_WRITTEN} on, and the VM has {own}",
            hint="leave it out: the VM's disks go into a new VM there",
        )
    if target is not None:
        _refuse_text(vm, said, target)


def _refuse_text(vm: Machine, said: Told, target: Product) -> None:
    """Refuse names that the config cannot hold."""
    document, old = vm.config.document, not features()["writes-encoding"].holds(target)
    told_text = [*([said.vmfs] if said.vmfs is not None else []), *(network for _, network in said.networks)]
    beyond = [text for text in told_text if not text.isascii()]
    if not beyond:
        return
    if old and said.encoding is None:
        raise UsageError(
            f"{target.name} reads {beyond[0][:_SHOWN]!r} in its host's character set",
            hint="say in which with --encoding",
        )
    codec = (encodings.codec(said.encoding) if said.encoding is not None else None) or document.encoding.codec
    if not all(encodings.holds(text, codec) for text in beyond):
        name = said.encoding or document.encoding.name
        raise UsageError(f"the config is in {name}, which does not have all of {beyond[0][:_SHOWN]!r}")
    unsure = not any(key in document for key in ENCODING_KEYS) and document.encoding.codec in WESTERN
    if old and unsure and document.encoding.codec != codec:
        raise UsageError(f"the config's own text is not in {said.encoding}", hint="give the network a name of ASCII")


def refuse_gone(said: Told, gone: Sequence[str]) -> None:
    """Refuse a network for an adapter that --limit takes out.

    Raises:
        UsageError: it is named.
    """
    named = next((device for device, _ in said.networks if device in gone), None)
    if named is not None:
        raise UsageError(f"--limit takes {named} out, and --network connects it", hint="leave one of them out")
