"""The file that holds the settings of a VM's firmware: which firmware has written it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vmxtool import _files
from vmxtool.errors import InputError

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine

Firmware = Literal["bios", "efi"]

# It begins with the settings of the clock chip, whatever the firmware; EFI keeps its variables behind them.
_MAGIC, _VARIABLES = b"MRVN", b"VMWNVRAM"
_LONGEST = 2**20  # some 270,000 bytes with EFI


def nvram_name(vm: Machine) -> str:
    """Return the name that a config gives the file, or that a product gives it where the config does not."""
    return vm.config.document.get("nvram") or f"{vm.config.path.stem}.nvram"


def written_by(vm: Machine) -> Firmware | None:
    """Return the firmware that has written the file; None where it is not there, or is not such a file."""
    found = _files.resolve(vm.config.folder, nvram_name(vm))
    if found.path is None:
        return None
    try:
        data = _files.read_range(found.path, 0, _LONGEST)
    except InputError:
        return None
    if not data.startswith(_MAGIC):
        return None
    return "efi" if _VARIABLES in data else "bios"
