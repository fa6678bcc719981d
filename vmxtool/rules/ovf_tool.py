"""Commands of VMware's OVF Tool, which carries a VM to and from an ESX host without a shell there."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from vmxtool.rules.commands import as_argument, file_argument

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine
    from vmxtool.rules.commands import Argv


def upload_command(vm: Machine, *, rewritten: bool) -> Argv:
    """Upload a VM to an ESX host from here with the OVF Tool, which converts its disks on the way and registers it.

    It takes a network of the host by itself only where the VM and the host have one each, so every one is named. What
    a hosted product calls a network is the kind of connection (josenk/terraform-provider-esxi issue 219). A rewrite for
    ESX takes that out, and an adapter without one is bridged.

    Args:
        vm: the VM.
        rewritten: whether its config has been rewritten for the host by then.
    """
    kinds = (it.network if it.connection == "network" else "bridged" if rewritten else it.connection for it in vm.nics)
    networks = list(dict.fromkeys(map(str, kinds)))
    mapped = (
        [f"--net:{name}=NETWORK" for name in networks] if len(networks) > 1 else ["--network=NETWORK"] * len(networks)
    )
    return (
        "ovftool",
        "--diskMode=thin",
        "--datastore=DATASTORE",
        *mapped,
        f"--name={vm.name}",
        file_argument(vm, vm.config.path.name),
        "vi://USER@HOST/",
    )


def download_commands(vm: Machine) -> tuple[Argv, ...]:
    """Fetch a VM from an ESX host with the OVF Tool as a package, and unpack that in the format of Workstation."""
    stem = as_argument(vm.config.path.stem)
    return (
        ("ovftool", f"vi://USER@HOST/{quote(vm.name, safe='')}", f"{stem}.ova"),
        ("ovftool", f"{stem}.ova", f"{stem}.vmx"),
    )
