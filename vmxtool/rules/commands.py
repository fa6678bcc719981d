"""Commands as argument vectors, and the one place where they are quoted for a shell.

Disks are converted under their own names into a new folder, so that the config goes on naming them truly. What only the
person knows stands in capitals: DATASTORE is the name of a datastore of the ESX host. No vmxtool command has any.
"""

from __future__ import annotations

import os
import re
import shlex
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, is_inside, is_on_esx, last_part, size_of
from vmxtool._record import Record
from vmxtool._text import is_safe, safe
from vmxtool.knowledge.features import features
from vmxtool.rules.case import top
from vmxtool.vmdk.paths import descriptor_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Drive, Machine
    from vmxtool.vmdk.chain import Link

Argv = tuple[str, ...]


class DiskFile(Record):
    """The file of a disk that its VM opens, as commands in the VM's folder name it.

    Attributes:
        name: its name in the VM's folder.
        split: whether it is of the hosted kind that lies in pieces of 2 GB.
        adapter: the adapter that its descriptor is to name, as qemu-img calls it.
        at: where it lies on its ESX host, where it is not in the VM's folder: a path, an address or a label.
    """

    name: str
    split: bool
    adapter: str
    at: str | None = None

    @property
    def source(self) -> str | None:
        """How a command on its host names it; None where it lies at an address of VMFS before ESX Server 3."""
        if self.at is None:
            return as_argument(self.name)
        store = re.fullmatch(r"\[([^/\]]+)\] *(.+)", self.at)
        path = f"/vmfs/volumes/{store[1]}/{store[2]}" if store is not None else self.at
        return path if path.startswith("/") else None


NOT_FOR_PASTING = "a name in it has control characters, which are shown here by their codes"
_CONVERTED = "converted"
# Whoever uses Workstation mostly sits at Windows, and its shell of today is this one.
_IN_POWERSHELL = os.name == "nt"

_DATASTORES = "/vmfs/volumes/DATASTORE"
_SPLIT = "2gbmaxextent", "twogbmaxextent"
_WAYS_OUT_OF_ESX = "exports-with-vmkfstools", "clones-for-hosted-products"


def shell(argv: Sequence[str], *, here: bool = True) -> str:
    """Return a command as it is typed into a shell: for `here` that of this system, else that of an ESX host."""
    return " ".join(quoted(word, here=here) for word in argv)


def quoted(word: str, *, here: bool = True) -> str:
    """Return a word as a shell takes it: POSIX, or PowerShell for what runs here on Windows."""
    if not (here and _IN_POWERSHELL):
        return shlex.quote(word)
    plain = re.fullmatch(r"[\w%+=:./\\-]+", word, re.ASCII) is not None
    return word if plain else "'" + re.sub("(['‘’‚‛])", r"\1\1", word) + "'"


def line_end(*, here: bool = True) -> str:
    """Return what a line of a command ends with that goes on in the next."""
    return "`" if here and _IN_POWERSHELL else "\\"


def can_be_pasted(argv: Sequence[str]) -> bool:
    """Return whether a command, as `shell` writes it, is the same one when it is copied from where it is shown.

    A line break in a name ends the line, other control characters act on the terminal, and marks of direction show a
    name in another order than it has.
    """
    return all(map(is_safe, argv))


def in_a_sentence(argv: Sequence[str]) -> str:
    """Return a command as a sentence ends with it; one that cannot be pasted says so."""
    return shell(argv) if can_be_pasted(argv) else f"{safe(shell(argv))} (not to be pasted: {NOT_FOR_PASTING})"


def vmxtool_command(vm: Machine, *words: str) -> Argv:
    """Return a vmxtool command for this VM, as it is typed where vmxtool was started."""
    return vmxtool_at(vm.path, *words)


def vmxtool_at(path: Path, *words: str) -> Argv:
    """Return the same for the VM that a path names, whether or not it can be read."""
    typed = str(path)
    return ("vmxtool", *words) if typed == "." else ("vmxtool", *words, as_argument(typed))


def option_words(option: str) -> tuple[str, ...]:
    """Return an option that a rewrite needs as it is typed: "adapter=lsilogic" is `--adapter lsilogic`."""
    word, _, value = option.partition("=")
    return (f"--{word}", value) if value else (f"--{word}",)


def as_argument(name: str) -> str:
    """Return a file name that no program takes for an option, nor qemu-img for an address such as `nbd:host:port`."""
    address = os.name != "nt" and ":" in name.partition("/")[0]
    return f"./{name}" if name.startswith("-") or address else name


def file_argument(vm: Machine, name: str) -> str:
    """Return a file of the VM's folder, as it is named where vmxtool was started."""
    typed = vm.path if vm.path.is_dir() else vm.path.parent
    alike = typed == vm.config.folder or typed.resolve() == vm.config.folder.resolve()
    folder = typed if alike else vm.config.folder
    return as_argument(str(folder / name))


def import_commands(
    vm: Machine, disks: Sequence[DiskFile], target: Product, holder: Product | None
) -> tuple[Argv, ...]:
    """Bring hosted disks, copied to the host with their folder, into the format of ESX; empty where nobody knows how.

    `vmkfstools -i source destination` since ESX Server 3 (vSphere documentation). ESX Server 2 imports with the same
    letter, but the order of its arguments is unverified.

    Args:
        vm: the VM.
        disks: all its disks, those that are cloned in the format of ESX among them.
        target: the ESX that it goes to.
        holder: the product that has it, or None.
    """
    if not features()["imports-with-vmkfstools"].holds(target):
        return ()
    thin = ("-d", "thin") if features()["thin-disks"].holds(target) else ()
    along = _own_files(vm) if takes_config(target, holder) else []
    made = list(_folders(vm, target, disks, along))
    made += [
        ("vmkfstools", *thin, "-i", f"{old_folder(vm)}/{name}", f"{new_folder(vm)}/{name}") for name in _names(disks)
    ]
    made += _copies(along, old_folder(vm), new_folder(vm))
    return tuple(made)


def takes_config(target: Product, holder: Product | None) -> bool:
    """Return whether a VM's config goes along: where a new VM is made for its disks, only that of another ESX does."""
    return target.arrives_by != "create-vm" or bool(holder is not None and holder.esx)


def _folders(vm: Machine, target: Product, disks: Sequence[DiskFile], along: Sequence[str]) -> Iterator[Argv]:
    if features()["needs-multiextent"].holds(target) and any(disk.split for disk in disks):
        yield ("esxcli", "system", "module", "load", "-m", "multiextent")
    yield _make_folders(new_folder(vm), [*_names(disks), *along])


def register_command(vm: Machine, target: Product) -> Argv | None:
    """Register a VM whose folder lies on the host's datastore; None where the product has no command for it."""
    if not features()["registers-by-command"].holds(target):
        return None
    return ("vim-cmd", "solo/registervm", f"{new_folder(vm)}/{vm.config.path.name}")


def export_commands(vm: Machine, disks: Sequence[DiskFile], host: Product | None) -> tuple[Argv, ...]:
    """Bring ESX disks into a format that hosted products open, in the VM's folder on its host.

    ESXi writes the hosted split format with `-d 2gbsparse`, flattening a chain; the service console of ESX Server 3
    exports with `-e`, destination first, which on ESXi means something else. For ESX Server 1 and 2 no source tells the
    order: empty.

    Args:
        vm: the VM.
        disks: those that are exported; others are not on the host.
        host: the ESX that has it, or None.
    """
    if host is not None and not any(features()[it].holds(host) for it in _WAYS_OUT_OF_ESX):
        return ()
    sources = {disk.name: disk.source for disk in disks}
    if len(sources) < len(disks) or None in sources.values():
        return ()  # two would have one name, or one cannot be named
    named = [(source or name, name) for name, source in sources.items()]
    along, new = _own_files(vm), converted_folder(vm)
    made: list[Argv] = [_make_folders(new, [*_names(disks), *along])]
    if host is not None and features()["exports-with-vmkfstools"].holds(host):
        made += [("vmkfstools", "-e", f"{new}/{name}", source) for source, name in named]
        return (*made, *_copies(along, "", new))
    if host is None or features()["needs-multiextent"].holds(host):
        made.insert(0, ("esxcli", "system", "module", "load", "-m", "multiextent"))
    made += [("vmkfstools", "-d", "2gbsparse", "-i", source, f"{new}/{name}") for source, name in named]
    return (*made, *_copies(along, "", new))


def convert_commands(vm: Machine, disks: Sequence[DiskFile], *, merged: bool = False) -> tuple[Argv, ...]:
    """Convert disks where vmxtool was started, with qemu-img, into a new folder in the VM's own.

    Args:
        vm: the VM.
        disks: those that are converted; the VM's others go along as they are.
        merged: whether the VM's snapshots are removed by then.
    """
    new = file_argument(vm, converted_folder(vm))
    along = [*_other_disks(vm, disks, merged=merged), *_own_files(vm)]
    made: list[Argv] = [_make_folders(new, [*_names(disks), *along])]
    for disk in disks:
        options = f"subformat=monolithicSparse,adapter_type={disk.adapter}"
        files = (file_argument(vm, disk.name), f"{new}/{disk.name}")
        made.append(("qemu-img", "convert", "-O", "vmdk", "-o", options, *files))
    return (*made, *_copies(along, as_argument(str(Path(new).parent)), new))


def converted_folder(vm: Machine) -> str:
    """Return the folder in the VM's own that converted disks go to: a new one, so that nothing there is written over.

    A disk of the VM may lie in a folder of that name, and one of an earlier conversion may have been used since.
    """
    named = {(drive.file or "").replace("\\", "/").partition("/")[0].lower() for drive in vm.drives}
    names = chain([_CONVERTED], (f"{_CONVERTED}-{number}" for number in count(2)))
    return next(it for it in names if it not in named and not os.path.lexists(vm.config.folder / it))


def old_folder(vm: Machine) -> str:
    """Return where the VM's folder is copied to on a host that imports its disks."""
    return f"{_DATASTORES}/{vm.config.folder.name or vm.config.path.stem}-old"


def new_folder(vm: Machine) -> str:
    """Return where the VM lies on an ESX host in the end."""
    return f"{_DATASTORES}/{vm.config.folder.name or vm.config.path.stem}"


def is_split(link: Link) -> bool:
    """Return whether a disk is of the hosted kind that lies in pieces of 2 GB."""
    return (link.create_type or "").lower().startswith(_SPLIT)


def disk_name(drive: Drive) -> str:
    """Return the name of the file of a disk that its VM opens."""
    link = top(drive)
    return link.file if link is not None else drive.file or drive.id


def disk_file(drive: Drive, *, merged: bool = False) -> DiskFile:
    """Return the file of a disk that its VM opens, or will open once its snapshots are removed.

    Then the first disk is left. A disk whose first one lies in another folder is a linked clone's, and keeps its own
    name in a full clone.
    """
    link, links = top(drive), drive.chain.links if drive.chain is not None else ()
    if merged and links and link is not None and links[-1].path.parent == link.path.parent:
        link = links[-1]
    if link is None and is_on_esx(drive.file or ""):
        return DiskFile(last_part(drive.file or "") or drive.id, False, _adapter_word(drive), drive.file)
    name = link.file if link is not None else drive.file or drive.id
    if link is not None and link.location == "raw":
        name = descriptor_of(name) or name  # the config will name that
    if link is None and drive.file and (is_absolute(name) or (drive.found is not None and drive.found.outside)):
        name = last_part(name) or drive.id  # it has to come into the VM's folder first
    return DiskFile(name, link is not None and is_split(link), _adapter_word(drive))


def _make_folders(new: str, names: Iterable[str]) -> Argv:
    """Make a new folder, with the folders in it that files go to."""
    inner = {name.rpartition("/")[0] for name in names} - {""}
    return ("mkdir", "-p", *(f"{new}/{folder}" for folder in sorted(inner))) if inner else ("mkdir", new)


def _copies(names: Sequence[str], old: str, new: str) -> Iterator[Argv]:
    """Copy files of a folder into a new one, each to the place that it has there."""
    for folder in dict.fromkeys(name.rpartition("/")[0] for name in names):
        here = [name for name in names if name.rpartition("/")[0] == folder]
        sources = [f"{old}/{name}" if old not in {"", "."} else as_argument(name) for name in here]
        yield ("cp", *sources, f"{new}/{folder}" if folder else new)


def _own_files(vm: Machine) -> list[str]:
    """Return the files beside disks that a VM takes along: its config, what its firmware remembers, images of discs."""
    nvram = vm.config.document.get("nvram", "")
    remembered = [nvram.replace("\\", "/"), last_part(nvram)]  # one of them is here
    images = [drive.file for drive in vm.drives if drive.kind in {"cdrom", "floppy"} and drive.file]
    return [vm.config.path.name, *_inside(vm, [*remembered, *images])]


def _other_disks(vm: Machine, disks: Sequence[DiskFile], *, merged: bool) -> list[str]:
    """Return the files of the VM's disks that are not among some; of a merged chain, those of the first disk alone."""
    taken, found = set(_names(disks)), list[Path]()
    for drive in vm.disks:
        links = drive.chain.links if drive.chain is not None else ()
        if disk_file(drive, merged=merged).name not in taken:
            for link in links[-1:] if merged else links:
                found += [link.path, *(extent.path for extent in link.extents if extent.path is not None)]
    folder = vm.config.folder
    return _inside(vm, [path.relative_to(folder).as_posix() for path in found if path.is_relative_to(folder)])


def _inside(vm: Machine, names: Iterable[str]) -> list[str]:
    """Return those of some files that lie in the VM's folder, each once."""
    folder = vm.config.folder
    return [
        name
        for name in dict.fromkeys(names)
        if name
        and not Path(name).is_absolute()
        and ".." not in Path(name).parts
        and size_of(folder / name) is not None
        and is_inside(folder, folder / name)
    ]


def _names(disks: Sequence[DiskFile]) -> list[str]:
    return list(dict.fromkeys(disk.name for disk in disks))


def _adapter_word(drive: Drive) -> str:
    # Controllers other than IDE and BusLogic are written as lsilogic (vmware-vdiskmanager's own help).
    if drive.bus == "ide":
        return "ide"
    known = drive.chain.adapter if drive.chain is not None else None
    return "buslogic" if (known or "").lower() == "buslogic" else "lsilogic"
