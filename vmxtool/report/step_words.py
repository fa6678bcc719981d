"""The words of a plan's steps: where each is done, and what to do, once for text, JSON and every other report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool._files import last_part
from vmxtool._text import as_clause
from vmxtool.changes.controllers import FALLBACK
from vmxtool.findings import LOWERING, Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guests import find_guest
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import first_version
from vmxtool.planner.moves import member
from vmxtool.report.text.printable import size
from vmxtool.report.words import facility_words, listed, product_words, short_name, some
from vmxtool.rules.buses import takes_sata
from vmxtool.rules.names_of_host import disk_name_keys

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine
    from vmxtool.planner.plan import Step

_MANAGED = "mpg:p15:esx2.5-converter"
_IF_MANAGED = ", which like Converter reaches an ESX Server 2.5 that VirtualCenter 2 manages"
_PLACES = {"here": "here", "guest": "in the guest"}

_NEW_CUSTOM_VM = (
    "make a new custom VM there, in the folder of the exported disks, with the hardware compatibility of {like} and "
    "the option ESX Server Compatible, choose those disks as existing ones, and give it the memory, processors, "
    "network adapters and SCSI controller of the old one"
)
_AS_THE_GUIDE_SAYS = "as the administration guide describes (vmkfstools; the order of its arguments is unverified)"
_AS_USERS_SAY = "vmkfstools -e as users tell of it; unverified"
_IMPORT_AS_USERS_SAY = "vmkfstools -i as users tell of it; unverified"
# Of a step of a plan, beside the place where it is done.
_SENTENCES = {
    Do.CREATE_VM: (
        "make a new VM with the disks, and give it the memory, processors, network adapters and SCSI controller of the "
        "old one"
    ),
    Do.REGISTER_VM: "register the VM",
    Do.CONVERTER: (
        "move the VM{as_it_is} to {tool} with VMware Converter 3 on a Windows computer, which converts disks and "
        "hardware on the way"
    ),
    Do.IMPORT_WIZARD: "move the VM to {to} with the Converter Import wizard of Workstation 6{if_managed}",
    Do.MOVE_TO: "move the VM to {tool}: copy {folder} there",
    Do.CHANGE_SETTINGS: "change what the target does not take",
    Do.DOWNLOAD: "download the VM with the OVF Tool of VMware as a package, and unpack it for {to}{room}",
    Do.UPLOAD: "upload the VM to {to} with the OVF Tool of VMware, which converts its disks{room}",
}


def place_words(step: Step, holder: str | None) -> str:
    """Return where a step is done: "here", "in the guest", or a product.

    Args:
        step: the step.
        holder: id of the product that has the VM before it, or None where nothing tells.
    """
    if step.do in LOWERING and step.products and not step.is_ours:
        return product_words(step.products)
    if step.where in _PLACES:
        return _PLACES[step.where]
    if step.do is Do.IMPORT_WIZARD:
        return short_name("ws6")
    if step.where == "target":
        elsewhere = step.products and step.by in products() and step.by != step.target
        return product_words(step.products) if elsewhere else short_name(step.target)
    return short_name(step.by) if step.by in products() else short_name(holder) if holder in products() else "its host"


def step_text(step: Step, vm: Machine | None = None) -> str:
    """Return what to do in one step of a plan: one sentence in the imperative, without its place and its commands."""
    text = _step_text(step, vm)
    if step.one_way:
        text += f"; {'once the VM has run, nothing takes it back' if step.is_ours else 'it cannot be taken back'}"
    if step.keeps:
        text += "; keep the old folder until the VM has started"
    return text


def _step_text(step: Step, vm: Machine | None) -> str:  # noqa: PLR0911, PLR0912 one answer for each kind
    if step.remedy is not None:
        in_it = step.do is Do.CHANGE_SETTINGS and step.takes is not None
        again = "; then export the disks again, with the config, and put them here" * step.anew
        again += "; then check again, since what it needs is seen only then" * step.unsure
        return _fetched(step) + (f"in that new folder, {step.remedy}" if in_it else step.remedy) + again
    tool = product_words(step.products) if step.products else short_name(step.target)
    if step.is_ours:
        return _rewrite_text(step, tool, vm)
    match step.do:
        case Do.PREPARE_GUEST:
            return _guest_text(step, vm)
        case Do.COPY:
            return _copy_text(step, vm)
        case Do.EXPORT_DISKS:
            # Disks are exported as they are on the host, and the config goes its way beside them.
            first = "put the rewritten files in the place of those on the host, then " * (step.rewritten == "files")
            then = "; then put the rewritten config over that one" * (step.rewritten == "config")
            return f"{first}{_export_text(step)}{_room(step)}{then}"
        case Do.IMPORT_DISKS:
            return _import_text(step, vm)
        case Do.CONVERT_DISKS:
            return f"convert {disk_words(step)} into a new folder{_config_too(step)}{_room(step)}"
        case Do.RUN_LEGACY:
            back = ", so that it can go back" if step.back else ""
            return f"leave the hardware as it is and run the VM in legacy mode{back}"
        case Do.UPGRADE_HARDWARE if step.products:
            there = f"copy all files of {_folder(step)}{_but_ace(step, vm)} there; "
            if step.in_place and step.takes is None:
                there = "make a copy of the VM's folder; " * (step.one_way and not step.held)
            opened = f"{_new_custom_vm(step)}; then" if step.custom else f"open the VM in {tool} and"
            return f"{there}{opened} upgrade its virtual hardware{_to_version(step)}"
        case Do.UPGRADE_HARDWARE:
            return f"upgrade the virtual hardware{_to_version(step)}{facility_words(step.target)}"
        case Do.CREATE_LEGACY_VM | Do.DOWNGRADE_HARDWARE:
            facility = facility_words(step.products[0]) if len(step.products) == 1 else ""
            return f"lower the virtual hardware{_to_version(step)}{facility or f' with {tool}'}"
        case Do.CREATE_VM if not products()[step.target].esx:
            return _new_custom_vm(step)
        case _:
            if step.spared:
                but = _but_ace(step, vm)
                return f"move the VM to {tool}, if that is to lower its hardware: copy its folder{but} there"
            return _SENTENCES.get(step.do, step.do.value.replace("-", " ")).format(
                to=short_name(step.target),
                tool=tool,
                folder=f"{_folder(step) if step.takes is not None else 'its folder'}{_but_ace(step, vm)}",
                room=_room(step),
                as_it_is=f", as {product_words(step.held)} has it now," if step.held else "",
                if_managed=_IF_MANAGED * (step.target in tables.fact(_MANAGED).to_ids),
            )


def _new_custom_vm(step: Step) -> str:
    like = next((it for it in ("ws5", "ws4") if first_version(products()[member(it)]) == step.before), "ws5")
    return _NEW_CUSTOM_VM.format(like=product_words((like,)))


def _rewrite_text(step: Step, tool: str, vm: Machine | None) -> str:
    parts: list[str] = []
    before, after = step.before or 0, step.after or 0
    if after < before:
        there = "; its folder then comes back here" * bool(step.held)
        too = f" ({tool} can do it too{there})" if step.products else ""
        parts.append(f"lower the hardware version from {before} to {after}, devices included{too}")
    elif after > before:
        parts.append(f"raise the hardware version from {before} to {after}{_tools_first(vm)}")
    if {"ide-to-scsi", "move-disks"} & set(step.needs):
        moved = {drive for drive, _ in step.drives}
        choice = ", or with --adapter sata to SATA" if vm is not None and _may_choose_sata(step, moved, vm) else ""
        if f"adapter={FALLBACK}" in step.needs:
            choice += " behind LSI Logic, or with another --adapter behind a controller that the guest has a driver for"
        parts.append(f"move {listed([drive for drive, _ in step.drives])} to {listed(step.buses)}{choice}")
    if "limit" in step.needs:
        parts.append(f"bring what is over the limits of {short_name(step.target)} below them")
    parts += [
        f"write its text in {need.partition('=')[2]}, if that is what the new host uses"
        for need in step.needs
        if need.startswith("encoding=")
    ]
    if not parts:
        parts.append("change what the target does not take")
    text = ", and ".join(parts)
    if step.held and not (after < before and step.products):
        text = f"copy the VM's folder from {product_words(step.held)} back here, then {text}"
    else:
        text = f"{_fetched(step)}{text}"
    return f"{text}, which makes it a legacy VM as Workstation 5 creates" if step.do is Do.CREATE_LEGACY_VM else text


def _fetched(step: Step) -> str:
    """Return what has to come here before a step, because the host has changed it."""
    if not step.fetches:
        return ""
    one = step.fetches == "config"
    what = "config from the host in the place of the one" if one else "VM's files from the host in the place of those"
    return f"put the {what} here, then "


def _tools_first(vm: Machine | None) -> str:
    """Return what a Windows guest needs before it starts on newer hardware: else it may lose its network settings."""
    windows = vm is not None and vm.guest.family == "windows"
    return " (install the newest VMware Tools in the guest first)" if windows else ""


def _may_choose_sata(step: Step, moved: set[str], vm: Machine) -> bool:
    """Return whether a rewrite that moves disks to SCSI can move one of them to SATA as well."""
    target = products()[step.target]
    drives = [drive for drive in vm.disks if drive.id in moved]
    return "SATA" not in step.buses and any(takes_sata(vm, drive, step.after, target) for drive in drives)


def _guest_text(step: Step, vm: Machine | None) -> str:
    guest = find_guest(vm.guest.id) if vm is not None and vm.guest.id else None
    name = guest.name if guest is not None else (vm.guest.id if vm is not None else None) or "the guest"
    if not step.drives:
        return f"prepare {name} for the devices that it gets instead, before it starts from them"
    buses = dict.fromkeys(drive.partition(":")[0].rstrip("0123456789") for drive, _ in step.drives)
    notes = ["give it the driver of the new controller"]
    if guest is not None:
        notes = list(dict.fromkeys(guest.notes[bus] for bus in buses if bus in guest.notes))
    told = "; ".join(as_clause(note) for note in notes)
    return f"prepare {name} for {listed(step.buses or ('SCSI',))} disks: {told}"


def _copy_text(step: Step, vm: Machine | None) -> str:
    folder = _folder(step) + (but := _but_ace(step, vm))
    if not but and step.bytes is not None and vm is not None:
        folder += f" ({size(step.bytes)})"
    to = short_name(step.target)
    if step.path is not None and vm is not None:
        to = f"{step.path} on the host of {to}"
    elif products()[step.target].esx and not features()["vmfs-folders"].holds(products()[step.target]):
        to = f"the host of {to}, whose VMFS has no folders{_volumes_named(vm)}"
    first = "put the config from the host in the place of the one here, then " * (step.fetches == "config")
    return f"{first}copy all files of {folder} to {to}"


def _but_ace(step: Step, vm: Machine | None) -> str:
    """Say what a copy that leaves VMware ACE does not take along: its policies and packages (page 12)."""
    to = products()[member(step.products[0]) if step.products else step.target]
    if vm is None or not vm.ace_files or to.family == "ace" or step.takes is not None or step.held:
        return ""
    return f" but the files of ACE ({some([it.file for it in vm.ace_files])})"


def _volumes_named(vm: Machine | None) -> str:
    """Say where the disks go that a config names by the volumes of its host, as ESX Server 1 and 2 do."""
    document = vm.config.document if vm is not None else None
    names = [document[key] for key in disk_name_keys(document)] if document is not None else []
    volumes = list(dict.fromkeys(name.rpartition(":")[0] for name in names if ":" in name))
    if not volumes:
        return ""
    return f"; the disks go to {'a volume' if len(volumes) == 1 else 'volumes'} of the name there, {listed(volumes)}"


def _folder(step: Step) -> str:
    """Say where the newest files are: in the folder of converted disks, with a product, on the host, or here.

    What an export left here is told with its folder.
    """
    if step.takes is None:
        place = f" in {product_words(step.held)}" if step.held else " on its host" * (step.fetches == "files")
        return f"the VM's folder{place}"
    if not step.stays:
        return "that new folder"
    parts = "all its parts" if len(step.stays) == 1 else "all their parts"
    return f"that new folder, and {listed(list(step.stays))} with {parts} from the VM's folder here,"


def _export_text(step: Step) -> str:
    disks, along = disk_words(step), _config_too(step)
    host = products().get(step.product or "")
    if host is None or features()["vmfs-folders"].holds(host):
        told = f" ({_AS_USERS_SAY})" if host is not None and features()["exports-with-vmkfstools"].holds(host) else ""
        return f"export {disks} from ESX, in the VM's folder there, into a new folder in it{along}{told}"
    same = f", under the same name{'s' * (len(step.drives) > 1)}"
    return f"export {disks} from VMFS into a new folder of the service console{same}{along}, {_AS_THE_GUIDE_SAYS}"


def _import_text(step: Step, vm: Machine | None) -> str:
    told = features()["imports-with-vmkfstools"], features()["thin-disks"]
    as_users = f" ({_IMPORT_AS_USERS_SAY})" * (told[0].holds(to := products()[step.target]) and not told[1].holds(to))
    if step.path is not None and vm is not None:
        how = f" into {step.path}"
    elif features()["imports-with-vmkfstools"].holds(products()[step.target]):
        how = " with vmkfstools -i"
    else:
        how = f" into VMFS, {_AS_THE_GUIDE_SAYS}"
    return f"import {disk_words(step)}{how}, {_names_there(step)}{as_users}{_room(step)}"


def _names_there(step: Step) -> str:
    """Return what imported disks are called; on VMFS without folders not all can have the names that they have here."""
    files = list(dict.fromkeys(file for drive, file in step.drives if file != drive))
    last = [last_part(file) for file in files]
    if features()["vmfs-folders"].holds(products()[step.target]) or last == files:
        return f"under the same name{'s' * (len(step.drives) > 1)}"
    if len({name.lower() for name in last}) < len(last):
        return "each under a name of its own"
    return f"as {listed(last)}"


def _room(step: Step) -> str:
    return f"; this needs up to {size(step.space)} there" if step.space is not None else ""


def _config_too(step: Step) -> str:
    return ", and the config with " + ("it" if len(step.drives) == 1 else "them")


def _to_version(step: Step) -> str:
    if step.after is None or step.after == step.before:
        return ""
    made = dict[int, list[str]]()
    for name in step.products:
        made.setdefault(first_version(products()[member(name)]), []).append(name)
    if step.is_ours or len(made) <= 1:
        return f" to version {step.after}"
    return f" to version {' or '.join(f'{version} ({product_words(names)})' for version, names in made.items())}"


def disk_words(step: Step) -> str:
    """Return the disks that a step is about: their files, or "the virtual disks"."""
    if not step.drives:
        return "the virtual disks"
    files = dict.fromkeys(file for _, file in step.drives)
    return listed(list(files) if len(files) == len(step.drives) else [drive for drive, _ in step.drives])
