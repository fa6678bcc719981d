"""NET3xx: network adapters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.rules.guest_options import has_offer, has_options, listed, offer_for
from vmxtool.rules.limits import or_raise
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.findings import Fix
    from vmxtool.machine.model import Machine, Nic
    from vmxtool.rules.case import Case, Files
    from vmxtool.vmx.document import Document

_DEVICE_OF_HOST = "monitor_dev"
_HOSTED_NETWORKS = {"bridged": "bridged", "nat": "NAT", "hostonly": "host-only", "custom": "a VMnet of its host"}
# The models that a config names; an enhanced vmxnet is a vmxnet with features.
_MODELS = ("vlance", "vmxnet", "vmxnet2", "e1000", "e1000e", "vmxnet3")
_ENHANCED = "15"
_SLOTS = "nic-slot-numbers"  # the row of devices.toml


@rule(
    "NET301",
    "too-many-nics",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.REWRITE,
    only_if=lambda vm: len(vm.nics) + len(vm.devices_beyond_version) > 1,  # every product gives a VM one,
    short="fewer network adapters",
    stopping="too many network adapters",
)
def too_many_nics(case: Case) -> Iterator[Hit]:
    """The VM has more network adapters than the target gives a VM.

    The limit is the product's own or that of the hardware version the VM has there, whichever is lower. Which of the
    adapters the guest can do without is for its owner to say.
    """
    to = case.target
    most = case.over("nics", case.now.nics)
    if most is None:
        return
    kept = most.version is None or most.version == to.runs_max
    holder = to.name if kept else f"{to.name} with hardware version {most.version}"
    text = f"remove network adapters until {most.figure} are left{or_raise(case, 'nics', case.now.nics)}"
    yield Hit(
        f"{case.now.nics} network adapters; {holder} takes {most.figure}",
        tuple(nic.evidence[0] for nic in case.vm.nics[most.figure :] if nic.evidence),
        by_rewrite(text, unsafe=True) if most.verified else manual(text),
        sources=(most.source,),
        unverified=not most.verified,
        cure=None if most.verified else Do.CHANGE_SETTINGS,
        leaves=(("nics", most.figure),),
    )


@rule(
    "NET302",
    "network-not-there",
    Severity.INFO,
    about=About.TARGET,
    cure=Do.CONNECT_NETWORK,
    sources=("libvirt:src/vmx/vmx.c",),
    only_if=lambda vm: bool(vm.nics),
    short="network",
)
def network_not_there(case: Case) -> Iterator[Hit]:
    """A network adapter is connected to a network that the target has not.

    Hosted products have bridged, NAT and host-only networks; an ESX host has networks with names of its own. The VM
    starts, and the adapter is connected to nothing until its owner chooses a network.
    """
    to = case.target
    if not case.is_place or to.esx is None:
        return
    by_device = features()["reads-disk-names-in-name"].holds(to)
    over = case.over("nics", case.now.nics)
    most = case.now.nics if over is None else over.figure
    loose = case.files.once(_loose_nics, not to.esx, by_device, most)
    if not loose.nics:
        return
    had = f"network {loose.networks}" if not to.esx else f"{loose.networks} network"
    yield Hit(f"{loose.nics}: {to.name} has no {had}; you choose one there", loose.evidence, loose.remedy)


@rule(
    "NET304",
    "network-card-may-be-renamed",
    Severity.INFO,
    about=About.TARGET,
    sources=devices()[_SLOTS].sources,
    only_if=lambda vm: vm.guest.family == "linux" and any(map(vm.config.document.get, _slot_keys(vm))),
)
def network_card_may_be_renamed(case: Case) -> Iterator[Hit]:
    """The VM gets new PCI slot numbers with its new hardware version, and a Linux guest names its network by them.

    Names such as ens33 and ens160 follow the slot of the adapter. Where one changes, the guest starts without its
    network until its settings have the new name.
    """
    if not case.version_changed:
        return
    keys = [key for key in _slot_keys(case.vm) if key in case.vm.config.document]
    yield Hit(
        "PCI slots: new ones with the new hardware version, so Linux may rename its network card",
        tuple(case.vm.config.document.evidence(key) for key in keys),
        manual("look for the new name in the guest (ip link), and put it into the guest's network settings"),
    )


def _slot_keys(vm: Machine) -> list[str]:
    return [f"{nic.id}.pciSlotNumber" for nic in vm.nics]


@rule(
    "NET303",
    "nic-not-offered-for-guest",
    Severity.WARNING,
    about=About.TARGET,
    only_if=lambda vm: bool(vm.nics) and has_options(vm),
    only_on=has_offer,
)
def nic_not_offered_for_guest(case: Case) -> Iterator[Hit]:
    """A network adapter is of a model that the target does not offer for the guest.

    ESX offers the e1000 not for Windows from 8 on and for newer Linux, which get e1000e or vmxnet3, and the vlance not
    for systems of 64 bits. What is not offered is not thereby refused: the VM starts, and the adapter works where the
    guest still has a driver. Only ESX 9 has been asked; earlier hosts may differ.
    """
    offer = offer_for(case)
    if offer is None:
        return
    options, to = offer.options, case.target
    for model, nics in case.files.once(_nics_by_model):
        if model not in _MODELS or model in options.nics:
            continue
        offered = listed(word for word in options.nics if word in _MODELS)
        yield Hit(
            f"{listed(nics)}: {to.name} offers no {model} adapter for {offer.guest}, but {offered}",
            tuple(place for nic in case.vm.nics if nic.id in nics for place in _model_evidence(case.files, nic)),
            manual(
                f'keep it if the guest has its network; else set {nics[0]}.virtualDev = "{options.nic}", for which the '
                "guest needs its address set again"
            ),
            sources=options.sources,
            unverified=offer.unverified,
        )


def _nics_by_model(files: Files) -> list[tuple[str, list[str]]]:
    """Return the network adapters by model, where the config names it; else the product chooses one that fits."""
    document, found = files.vm.config.document, dict[str, list[str]]()
    for nic in files.vm.nics:
        model = (nic.model or "").lower()
        if model == "vmxnet" and document.get(f"{nic.id}.features") == _ENHANCED:
            model = "vmxnet2"
        found.setdefault(model, []).append(nic.id)
    return list(found.items())


def _model_evidence(files: Files, nic: Nic) -> tuple[Evidence, ...]:
    key = f"{nic.id}.virtualDev"
    return (files.vm.config.document.evidence(key),) if key in files.vm.config.document else nic.evidence[:1]


class _LooseNics(Record):
    """The network adapters of a VM that are connected to what hosted products, or ESX hosts, have not."""

    nics: str
    networks: str
    evidence: tuple[Evidence, ...]
    remedy: Fix


def _loose_nics(files: Files, named: bool, by_device: bool, most: int) -> _LooseNics:
    """Return the adapters connected by the name of a network, or those that are not.

    They are the same for all targets of a kind. ESX Server 1 and 2 connect an adapter by a device of the host. Of
    adapters that are too many the last ones go.
    """
    document = files.vm.config.document
    loose = [nic for nic in files.vm.nics[:most] if _is_loose(nic, named, by_device)]
    before = [
        _HOSTED_NETWORKS.get(nic.connection or "bridged", nic.connection or "")
        if nic.connection != _DEVICE_OF_HOST
        else document.get(f"{nic.id}.devName", "of its host")
        for nic in loose
    ]
    networks = dict.fromkeys(nic.network or word for nic, word in zip(loose, before, strict=True))
    evidence = tuple(place for nic in loose for place in _network_evidence(document, nic))
    nics = ", ".join(nic.id for nic in loose)
    wanted = "bridged, NAT or host-only" if named else "a network of the ESX host"
    return _LooseNics(nics, " or ".join(networks), evidence, manual(f"connect {nics} to {wanted}"))


def _is_loose(nic: Nic, to_hosted: bool, by_device: bool) -> bool:
    if nic.connection == _DEVICE_OF_HOST:
        return to_hosted or not by_device
    return _is_named(nic) == to_hosted


def _network_evidence(document: Document, nic: Nic) -> tuple[Evidence, ...]:
    """Return the line that names the network; an adapter that has none is bridged, and its presence has to do."""
    words = (
        ("devName", "connectionType")
        if nic.connection == _DEVICE_OF_HOST
        else ("networkName", "vnet", "connectionType")
    )
    named = (f"{nic.id}.{word}" for word in words)
    key = next((key for key in named if key in document), None)
    return nic.evidence[:1] if key is None else (document.evidence(key),)


def _is_named(nic: Nic) -> bool:
    """Return whether an adapter is connected to a network by its name, as on ESX."""
    return nic.network is not None and nic.connection in {None, "network"}
