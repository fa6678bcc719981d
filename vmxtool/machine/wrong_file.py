"""What a file is that somebody named in the place of a VM's config, and which config was likely meant."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PACKAGE = "this is a package of a VM, not the VM itself"
_UNPACK = (
    "import it in Workstation, Fusion or ESXi, or unpack it with ovftool PACKAGE NEW-FOLDER/, then name the new VM's "
    "folder"
)
_NEW_VM = "where it is lost, make a new VM with the disk in a VMware product"
_OTHER_DISK = "this is a virtual disk of a kind that is not VMware's"
_IMAGE = "this is an image of a machine, which VMware Converter imports if it takes images of that program"
_KINDS = {
    ".vmdk": "this is a virtual disk",
    ".vmsd": "this is the list of a VM's snapshots",
    ".vmxf": "this is a file that goes with the config of a VM",
    ".nvram": "this is what a VM's BIOS or EFI firmware has stored",
    ".vmss": "this is the state of a suspended VM",
    ".vmsn": "this is the state that a snapshot of a VM keeps",
    ".vmem": "this is the memory of a VM that is suspended or runs",
    ".vswp": "this is the swap file of a VM that runs",
    ".iso": "this is the image of a CD or DVD",
    ".flp": "this is the image of a floppy disk",
    ".log": "this is a log",
    ".ovf": _PACKAGE,
    ".ova": _PACKAGE,
    ".vdi": _OTHER_DISK,
    ".vhd": _OTHER_DISK,
    ".vhdx": _OTHER_DISK,
    ".qcow2": _OTHER_DISK,
    ".vbox": "this is a VM of VirtualBox",
    ".v2i": _IMAGE,
    ".sv2i": _IMAGE,
    ".spf": _IMAGE,
    ".tib": _IMAGE,
    ".vmc": "this is a VM of Microsoft Virtual PC or Virtual Server, which VMware Converter imports",
}
_REMEDY = "name the VM's .vmx file"
_OF_OTHERS = frozenset({".v2i", ".sv2i", ".spf", ".tib", ".vmc"})  # what table 1 of the guide has beside VMware's own
_CONVERT = "import it with VMware Converter on a Windows computer, then name the new VM's folder"
_PIECE = re.compile(r"(?:-s\d{3}|-f\d{3}|-flat|-delta|-sesparse|-ctk|-\d{6})+$")
_SEARCHED = 20  # configs beside the file
_SEARCHED_BYTES = 2**20
_LOOKED_AT = 10_000  # files of a folder without a config


def kind_of(name: str) -> str | None:
    """Return what a file is by its name, as a clause; None where its name does not tell, or it may be a config."""
    return _KINDS.get(os.path.splitext(name)[1].lower())


def error_for(path: Path, what: str, configs: Sequence[Path]) -> InputError:
    """Return the error for a file that is no config.

    Args:
        path: the file, as the reader named it.
        what: what it is.
        configs: the configs beside it.
    """
    if what == _PACKAGE:
        return InputError(path, what, _UNPACK)
    config = _config_of(path, configs)
    if config is None:
        lost = path.suffix.lower() == ".vmdk" and not configs
        return InputError(path, what, f"{_REMEDY}; {_NEW_VM}" if lost else _REMEDY)
    error = InputError(path, what, f"the VM's config is {config.name}")
    error.instead = config
    error.candidates = (config.name,)
    return error


def what_a_folder_lacks(folder: Path) -> tuple[str, str]:
    """Return what is wrong with a folder without a config, and what to do, as two clauses."""
    found: dict[str, str] = {}
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in islice(entries, _LOOKED_AT):
            found.setdefault(os.path.splitext(entry.name)[1].lower(), entry.name)
    for suffix in (".ova", ".ovf"):
        if suffix in found:
            return f"no VM lies here, only a package of one ({found[suffix]})", _UNPACK
    for suffix, name in found.items():
        if suffix in _OF_OTHERS:
            said = _KINDS[suffix].removeprefix("this is ").replace(", which", f" ({name}), which", 1)
            return f"no VMware VM lies here, but {said}", _CONVERT
    if ".vmdk" in found:
        return "no config (.vmx, .vmtx or .cfg) lies here, only disks", f"bring the VM's .vmx file too; {_NEW_VM}"
    return "no .vmx, .vmtx or .cfg file lies here", "name the VM's folder or its .vmx file"


def _config_of(path: Path, configs: Sequence[Path]) -> Path | None:
    """Return the config that names a file or the disk it is a piece of; else that of the same name, or the only one."""
    stem = os.path.splitext(path.name)[0]
    wanted = (path.name.lower(), f"{_PIECE.sub('', stem)}.vmdk".lower())
    texts = {config: _text_of(config) for config in configs[:_SEARCHED]}
    for name in wanted:
        for config, text in texts.items():
            if re.search(rf'["/\\]{re.escape(name)}"', text):
                return config
    for config in configs:
        if config.name.rpartition(".")[0].lower() == stem.lower():
            return config
    return configs[0] if len(configs) == 1 else None


def _text_of(config: Path) -> str:
    try:
        return _files.read_range(config, 0, _SEARCHED_BYTES).decode("utf-8", "replace").lower()
    except InputError:
        return ""
