"""Network adapters that a VM has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.machine.model import Nic

if TYPE_CHECKING:
    from vmxtool.machine.sections import Section, Sections, Units

HOSTED_NETWORKS = frozenset({"bridged", "nat", "hostonly"})
"""The networks that every host of a hosted product has, as configs name them; in lower case."""
_NETWORK_KEYS = ("networkname", "vnet", "dvs.switchid", "opaquenetwork.id")


def read_nics(sections: Sections, units: Units) -> tuple[Nic, ...]:
    """Return the network adapters that are present; `present` is false where it is absent."""
    found = (sections[f"ethernet{number}"] for number in units.nics)
    return tuple([_nic(section) for section in found if section.flag("present", default=False)])


def _nic(section: Section) -> Nic:
    model = section.word("virtualdev")
    # The enhanced vmxnet of ESX 3.5 is told from the plain one by this setting alone (libvirt's key map).
    if model == "vmxnet" and section.get("features") == "15":
        model = "vmxnet2"
    network = next((value for key in _NETWORK_KEYS if (value := section.get(key))), None)
    return Nic(
        id=section.id,
        model=model or None,
        mac=_mac(section),
        # Hosted products bridge by default; ESX names the network and no kind.
        connection=section.word("connectiontype") or ("bridged" if network is None else "network"),
        network=network,
        connected=section.flag("startconnected", default=True),
        evidence=section.evidence("present", "virtualdev", "address", "generatedaddress"),
    )


def _mac(section: Section) -> str | None:
    """Return the address that counts; a generated one stays in the file after the user has given a static one."""
    kind = section.word("addresstype")
    address, generated = section.get("address"), section.get("generatedaddress")
    if kind == "static":
        return address or None
    # Without a type a manual address counts: the manuals of GSX Server 3 (page 255) and VMware Server 1 (page 177) have
    # the user remove the type with the generated address and write `address` alone.
    return generated or (address if not kind else "") or None
