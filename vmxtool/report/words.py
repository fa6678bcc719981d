"""The words of the guide, of products and of lists, once for text, JSON and every other report.

What a plan comes to has its words in `verdict_words`, so that what needs no plan is said without loading one. What a
rule finds and what cures it is said beside the rule; what a device loses stands in devices.toml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do
from vmxtool.knowledge.guide_names import EFFORT_TABLE, names
from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vmxtool.knowledge.cells import Step as GuideStep
    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.tables import GuideEntry

GUIDE_VERDICTS = {
    "ok": "OK",
    "ok-in-most-cases": "OK in most cases",
    "special-steps": "Special steps",
    "maybe": "Maybe",
    "not-supported": "Not supported",
    "varies": "Varies",
    "supported": "Yes",
    "blank": "–",
}

CONDITIONS = {
    "esx2.5-managed-by-vc2": "if ESX 2.5 under VirtualCenter 2",
    "guest-os-supports-it": "if the guest supports it",
}

CELL_WORDS = {
    Do.COPY: "copy the files",
    Do.EXPORT_DISKS: "export disks",
    Do.IMPORT_DISKS: "import disks",
    Do.UPGRADE_HARDWARE: "upgrade hardware",
    Do.DOWNGRADE_HARDWARE: "downgrade hardware",
    Do.RUN_LEGACY: "run in legacy mode",
    Do.CREATE_LEGACY_VM: "make a legacy VM in Workstation 5",
    Do.CREATE_VM: "make a new VM with those disks",
    Do.CONVERTER: "VMware Converter",
    Do.IMPORT_WIZARD: "import wizard of Workstation 6",
    Do.MOVE_TO: "move to",
}
"""Inside a cell of the guide, where the row and the column say from where and to where."""

# Of a step as the guide names it, for a pair of products.
_GUIDE_SENTENCES = {
    Do.COPY: "copy all files of the VM's folder to {to}",
    Do.EXPORT_DISKS: "export the virtual disks from {start}",
    Do.IMPORT_DISKS: "import the virtual disks into {to}",
    Do.UPGRADE_HARDWARE: "upgrade the virtual hardware with {tool}",
    Do.DOWNGRADE_HARDWARE: "lower the virtual hardware with {tool}",
    Do.RUN_LEGACY: "leave the virtual hardware as it is and run the VM in legacy mode under {to}",
    Do.CREATE_LEGACY_VM: "make a legacy VM with {start}, and give it the VM's disks",
    Do.CREATE_VM: "make a new VM with {to}, and give it the imported disks",
    Do.CONVERTER: "let VMware Converter move the VM to {tool}",
    Do.IMPORT_WIZARD: "let the Converter Import wizard of Workstation 6 move the VM to {to}",
    Do.MOVE_TO: "move the VM to {tool}",
}


# --- the guide ---


_FACILITIES = {"ws6": "its Change Version wizard", "fusion1": "its Upgrade Virtual Machine facility"}


def cell_step_words(step: GuideStep) -> str:
    """Return one step of a cell: "upgrade hardware with Workstation 4 or 5"."""
    words = CELL_WORDS[Do(step.do)]
    if not step.products:
        return words
    link = {"move-to": " ", "converter": " to "}.get(step.do, " with ")
    return f"{words}{link}{product_words(step.products)}"


def guide_sentence(step: GuideStep, from_id: str, to_id: str) -> str:
    """Say one step of a cell for a pair of products, in full; a step without a product of its own is the target's."""
    to = short_name(to_id)
    tool = product_words(step.products) if step.products else to
    return _GUIDE_SENTENCES[Do(step.do)].format(start=short_name(from_id), to=to, tool=tool)


def facility_words(product_id: str) -> str:
    """Return what changes the hardware version in a product, where tables 4 to 7 of the guide name it; else nothing."""
    facility = _FACILITIES.get(product_id)
    return f" with {facility}" if facility is not None else ""


def way_words(way: Way) -> str:
    """Return one way of a cell on one line, with what it hangs on: "export disks, upgrade hardware (one-way)"."""
    # The first upgrade is the one that no product takes back; what comes after can be.
    final = next((n for n, it in enumerate(way.steps) if it.do == Do.UPGRADE_HARDWARE), len(way.steps) - 1)
    marked = [f"{cell_step_words(it)}{' (one-way)' * (way.one_way and n == final)}" for n, it in enumerate(way.steps)]
    said = ", ".join(marked)
    return f"{said} ({', '.join(CONDITIONS[condition] for condition in way.when)})" if way.when else said


# --- products and lists ---


def place_in_guide(entry: GuideEntry) -> str:
    """Say where the guide rules on a pair: a table, or the page that Table 2 names for a pair without its own table."""
    if entry.table != EFFORT_TABLE:
        return f"Table {entry.table}"
    return f"page {entry.source.rpartition('p')[2].lstrip('0')}"


def product_words(ids: Iterable[str]) -> str:
    """Return products in a few words, those of one family together: "Workstation 4 or 5"."""
    said: list[str] = []
    for name in map(short_name, ids):
        family, _, number = name.rpartition(" ")
        same = said and family and said[-1].rpartition(" ")[0] == family
        said.append(number if same else name)
    return " or ".join(said)


def short_name(product_id: str | None) -> str:
    """Return a product's name without an ending that only says "all of them": "Workstation 4", "Fusion 1"."""
    if product_id is None:
        return "nothing that is known"
    members = names().groups.get(product_id)
    if members is not None:
        return products()[members[0]].name.rpartition(".")[0]
    name = products()[product_id].name
    if name.endswith(".0") and not product_id.endswith(".0"):
        return name.removesuffix(".0")
    return name.removesuffix(".x")


def listed(words: Sequence[str]) -> str:
    """Return words with commas, and "and" before the last."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def some(words: Sequence[str], most: int = 3) -> str:
    """Return a few words of many: "a, b, c and 4 more"."""
    shown = list(words[:most])
    return listed([*shown, f"{len(words) - most} more"]) if len(words) > most else listed(shown)


def count(number: int, noun: str) -> str:
    """Return a number with its noun: "1 step", "no steps"."""
    return f"{number or 'no'} {noun}{'s' if number != 1 else ''}"
