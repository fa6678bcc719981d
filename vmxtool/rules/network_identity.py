"""NET3xx: the addresses of network adapters, and the networks of the old host that they name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._record import Record
from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.knowledge.mac_addresses import address_number, range_of
from vmxtool.rules.case import sections_of
from vmxtool.rules.guest_options import listed
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.mac_addresses import AddressRange
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.machine.sections import Section
    from vmxtool.rules.case import Case, Files

_RESERVED, _FOREIGN = "refuses-reserved-addresses", "refuses-foreign-addresses"
_MANUAL = "00:50:56:00:00:00 to 00:50:56:3f:ff:ff"
_COSTS = "what hangs on the old one, such as a licence or a lease, is set anew"
_MODELS = frozenset({"", "vlance", "vmxnet", "vmxnet2", "vmxnet3", "e1000", "e1000e", "pvrdma", "sriov"})
_FILTER = r"filter\d{1,2}\.name"
_DEFAULT_NETWORK = "vm network"  # what a host calls its first network
_NETWORK_KEYS = ("vnet", "networkname", "dvs.switchid", "dvs.portgroupid", "opaquenetwork.id", "pvnid")


class _Fixed(Record):
    """A network adapter with an address that somebody gave it; `number` is None where it is none."""

    nic: str
    address: str
    number: int | None
    checked: bool
    evidence: tuple[Evidence, ...]


def _fixed(files: Files) -> list[_Fixed]:
    sections = sections_of(files)
    return [_fixed_of(sections[nic.id]) for nic in files.vm.nics if _is_fixed(sections[nic.id])]


def _is_fixed(section: Section) -> bool:
    kind = section.word("addresstype")
    return kind == "static" or (not kind and bool(section.get("address")) and not section.get("generatedaddress"))


def _fixed_of(section: Section) -> _Fixed:
    address = section.get("address").strip()
    checked = section.flag("checkmacaddress", default=True)
    return _Fixed(section.id, address, address_number(address), checked, section.evidence("address", "addresstype"))


def _has_fixed(vm: Machine) -> bool:
    document = vm.config.document
    kinds = [(document.get(f"{nic.id}.addresstype", ""), f"{nic.id}.address" in document) for nic in vm.nics]
    return any(kind.lower() == "static" or (named and not kind) for kind, named in kinds)


def _checks_addresses(target: Product) -> bool:
    return any(features()[it].holds(target) for it in (_RESERVED, _FOREIGN))


@rule(
    "NET305",
    "fixed-address-not-allowed",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    only_if=_has_fixed,
    only_on=_checks_addresses,
    short="a network address",
    messages=(
        (
            "<address> is not an allowed static Ethernet address. It conflicts with VMware reserved MACs",
            "esxi-mac-article",
        ),
        (
            "Impermissible static Ethernet address: '<address>'. It conflicts with VMware reserved MACs.",
            "terraform-provider-esxi:issue-184",
        ),
        (
            "<address> is not a valid static Ethernet address. It conflicts with VMware reserved MACs for other usage.",
            "community-vmware:issue-1159",
        ),
    ),
)
def fixed_address_not_allowed(case: Case) -> Iterator[Hit]:
    """A network adapter has a fixed address that ESX does not allow.

    Of the addresses that begin as VMware's do, ESX takes those from 00:50:56:00:00:00 to 00:50:56:3f:ff:ff as fixed
    ones. The others are given out by hosts, by vCenter Server and by hosted products; with one of them as a fixed
    address the VM is not powered on. ESX Server 1 to 3 take no address of another maker either.

    There are three cures. Another address, fixed or generated, costs what hangs on the old one: a licence, a lease,
    a rule of a firewall. The same address as a generated one holds only where it is the VM's own and the VM is said to
    have been moved. With `checkMACAddress` off it stays, and nobody looks any more whether another VM has it too.
    """
    for one in case.files.once(_fixed):
        if one.number is None or not one.checked:
            continue
        found = range_of(one.number)
        feature = features()[_RESERVED if found is not None else _FOREIGN]
        if (found is not None and found.is_manual) or not feature.holds(case.target):
            continue
        yield Hit(
            f"{one.nic} has the fixed address {one.address}, {_whose(found)}; {case.target.name} does not start the VM "
            "with it",
            one.evidence,
            manual(_three_cures(case.vm, one, found)),
            sources=(*feature.sources, *(found.sources if found is not None else ())),
            unverified="since" in feature.unverified,
            subject=one.nic,
        )


def _whose(found: AddressRange | None) -> str:
    return "an address of another maker" if found is None else f"one of those {found.use}"


def _three_cures(vm: Machine, one: _Fixed, found: AddressRange | None) -> str:
    other = f"give {one.nic} an address from {_MANUAL}, or a generated one ({_COSTS})"
    if found is not None and _is_own(vm, one):
        other = (
            f'set {one.nic}.addressType = "generated" and {one.nic}.generatedAddress to this address, which was made '
            f"for this VM, and say there that the VM was moved; or {other}"
        )
    return f'{other}; or keep it with {one.nic}.checkMACAddress = "FALSE" (no other VM may have it)'


def _is_own(vm: Machine, one: _Fixed) -> bool:
    """Return whether the address ends as the VM's UUID does, as those that a product generates for it."""
    uuid = vm.uuids.bios
    return uuid is not None and one.number is not None and f"{one.number:012x}"[-6:] == uuid[-6:]


@rule(
    "NET306",
    "fixed-address-missing",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CHANGE_SETTINGS,
    sources=("macos-vmware-guide:issue-5",),
    only_if=_has_fixed,
    short="a network address",
    messages=(
        ("Specify a static Ethernet address for '<adapter>'.", "macos-vmware-guide:issue-5"),
        ("Could not set up 'macAddress' for '<adapter>'.", "macos-vmware-guide:issue-5"),
        ("Module 'DevicePowerOn' power on failed.", "macos-vmware-guide:issue-5"),
    ),
)
def fixed_address_missing(case: Case) -> Iterator[Hit]:
    """A network adapter is to have a fixed address, and the config gives it none.

    It happens where `addressType` was set to static by hand and the address was left in `generatedAddress`, which no
    product reads then; the VM is not powered on.
    """
    for one in case.files.once(_fixed):
        if one.number is None and case.is_place:
            wrong = f"{one.nic}.address is no network address" if one.address else f"{one.nic} has no fixed address"
            yield Hit(
                f"{wrong}, though its addressType is static; {case.target.name} does not start the VM",
                one.evidence,
                manual(
                    f"write the address into {one.nic}.address, from {_MANUAL}; or set {one.nic}.addressType = "
                    '"generated"'
                ),
                unverified=bool(one.address),
                subject=one.nic,
            )


@rule(
    "NET307",
    "network-address-twice",
    Severity.WARNING,
    about=About.FILES,
    sources=("vsphere-networking-docs",),
    short="a network address twice",
)
def network_address_twice(vm: Machine) -> Iterator[Hit]:
    """Two network adapters of the VM have the same address.

    The VM starts, and on one network packets are lost, since switches do not know where to send them. Lines that were
    copied from one adapter to another are the usual reason.
    """
    by_number: dict[int, list[str]] = {}
    for nic in vm.nics:
        number = address_number(nic.mac) if nic.mac else None
        if number is not None:
            by_number.setdefault(number, []).append(nic.id)
    document = vm.config.document
    for number, nics in by_number.items():
        if len(nics) > 1:
            keys = [key for nic in nics for key in (f"{nic}.address", f"{nic}.generatedAddress") if key in document]
            yield Hit(
                f"{listed(nics)} have the same address {number.to_bytes(6, 'big').hex(':')}; on one network packets "
                "are lost",
                tuple(document.evidence(key) for key in keys),
                manual(f"give {nics[-1]} another address, or take its address lines out and it gets one"),
            )


def _asks(target: Product) -> bool:
    return features()["asks-moved-or-copied"].holds(target)


@rule(
    "NET308",
    "moved-or-copied",
    Severity.INFO,
    about=About.TARGET,
    only_if=lambda vm: any(vm.config.document.get(f"{nic.id}.generatedAddress") for nic in vm.nics),
    only_on=_asks,
    messages=(
        ("This virtual machine might have been moved or copied.", "general"),
        ("msg.uuid.altered: This virtual machine may have been moved or copied", "moved-copied-article"),
    ),
)
def moved_or_copied(case: Case) -> Iterator[Hit]:
    """The VM has addresses that a product generated, and the new host asks whether it was moved or copied.

    "I moved it" keeps the VM's UUID and its generated network addresses. "I copied it" gives it new ones, with which
    licences, leases and backups take it for another machine. `uuid.action` answers beforehand: "keep" or "create".
    """
    if not case.is_place or case.target.arrives_by not in {"copy", "register-vm"}:
        return
    yield from case.files.once(_moved_or_copied)


def _moved_or_copied(files: Files) -> list[Hit]:
    document, sources = files.vm.config.document, features()["asks-moved-or-copied"].sources
    action = document.get("uuid.action", "").lower()
    if action == "keep":
        return []
    if action == "create":
        message = 'uuid.action is "create": the VM gets new network addresses and a new UUID'
        fix = manual('set uuid.action = "keep" if licences or leases hang on them')
        return [Hit(message, (document.evidence("uuid.action"),), fix, sources=sources)]
    nics = [nic.id for nic in files.vm.nics if document.get(f"{nic.id}.generatedAddress")]
    message = 'where VMware asks "moved or copied?", "moved" keeps the network address and the UUID'
    return [Hit(message, (document.evidence(f"{nics[0]}.generatedAddress"),), sources=sources)]


@rule(
    "NET309",
    "network-of-another-host",
    Severity.INFO,
    about=About.TARGET,
    sources=("libvirt:src/vmx/vmx.c",),
    only_if=lambda vm: _has_filter(vm) or any(nic.network or nic.connection in {"custom", "pvn"} for nic in vm.nics),
    short="network",
)
def network_of_another_host(case: Case) -> Iterator[Hit]:
    """A network adapter names a network that its old host had: a VMnet of its own, a port group, a distributed port.

    The new host needs one of that name, or the adapter starts disconnected. Ids of distributed switches and of networks
    of NSX belong to one vCenter Server; elsewhere the adapter is connected anew. A filter of the old host, such as that
    of a firewall for VMs, may keep the adapter from its network where the new host has not got it.
    """
    if case.target.esx is None or not case.is_place:
        return
    yield from case.files.once(_foreign_networks, case.target.esx)


def _foreign_networks(files: Files, esx: bool) -> list[Hit]:
    sections, found = sections_of(files), list[Hit]()
    for nic in files.vm.nics:
        section = sections[nic.id]
        told = _of_esx(section) if esx else _of_hosted(section)
        if told is not None:
            message, remedy = told
            found.append(Hit(f"{nic.id}: {message}", section.evidence(*_NETWORK_KEYS), manual(remedy), subject=nic.id))
        filters = [name for name in section if re.fullmatch(_FILTER, name) and section.get(name)] if esx else []
        if filters:
            message = f"{nic.id}: a filter of its old host ({listed(map(section.get, filters))})"
            fix = manual("install it on the new host, or take its lines out; else the adapter may have no network")
            found.append(Hit(message, section.evidence(*filters), fix, sources=("cis-esxi",), subject=nic.id))
    return found


def _has_filter(vm: Machine) -> bool:
    return any(key.startswith("ethernet") and ".filter" in key for key in vm.config.document.folded())


def _of_hosted(section: Section) -> tuple[str, str] | None:
    kind, vnet = section.word("connectiontype"), section.get("vnet")
    if kind == "custom" and vnet:
        name = vnet.rpartition("/")[2]
        return f"the new host needs the network {name}", f"make {name} there, or connect {section.id} to another"
    if kind == "pvn":
        return "a LAN segment; VMs that stay behind are no longer on it", "move the VMs of the segment together"
    return None


def _of_esx(section: Section) -> tuple[str, str] | None:
    if section.get("dvs.switchid"):
        return "a port of a distributed switch, which one vCenter Server has", "connect it anew elsewhere"
    if section.get("opaquenetwork.id"):
        return "a network of NSX, which one vCenter Server has", "connect it anew elsewhere"
    name = section.get("networkname")
    if name and name.lower() != _DEFAULT_NETWORK:
        return f'the new host needs a port group "{name}"', "make one of that name there, or connect it to another"
    return None


@rule(
    "NET310",
    "adapter-model-unknown",
    Severity.WARNING,
    about=About.FILES,
    sources=("libvirt:src/vmx/vmx.c",),
)
def adapter_model_unknown(vm: Machine) -> Iterator[Hit]:
    """A network adapter is of a model that no product is known to have.

    Libvirt refuses such a config; what VMware's products do with it no source says.
    """
    document = vm.config.document
    for nic in vm.nics:
        if (nic.model or "") not in _MODELS:
            yield Hit(
                f"{nic.id} is of the model {nic.model}, which no product is known to have",
                (document.evidence(f"{nic.id}.virtualDev"),),
                manual(f'set {nic.id}.virtualDev = "e1000", or a model that the guest has a driver for'),
                unverified=True,
            )
