"""PRD1xx: what the guide says of a move between products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import ESX2_MANAGED
from vmxtool.knowledge.products import products
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.product import Product
    from vmxtool.rules.case import Case, GuideAnswer


def _is_of_guide(target: Product) -> bool:
    return tables.generation_of(target.id) is not None


@rule(
    "PRD105",
    "origin-uncertain",
    Severity.INFO,
    about=About.TARGET,
    short="which product made it",
)
def origin_uncertain(case: Case) -> Iterator[Hit]:
    """The guide has other steps for another product that may have made this VM.

    Configs of one generation look alike, so the files alone may leave several products. The answer shown is the one
    for the likeliest. Name the product with `--from`.
    """
    first = case.guide.entry if case.guide is not None else None
    if case.guide is None or first is None:
        return
    others = case.guide.unlike
    if others:
        named = [f"{products()[it.from_id].name} (Table {it.table}: {it.verdict.replace('-', ' ')})" for it in others]
        yield Hit(
            f"{_made_by(case.guide)} is assumed to have made the VM; if it was another, the guide has other steps: "
            f"{' and '.join(named)}",
            next((it.evidence for it in case.vm.origin if it.product == first.from_id), ()),
            manual("say which product made it with --from"),
            None,
            tuple(dict.fromkeys(entry.cell for entry in (first, *others))),
        )


@rule(
    "PRD107",
    "virtualcenter-2-unknown",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("mpg:p08", "mpg:p15"),
    short="whether VirtualCenter 2 manages ESX 2.5",
)
def virtualcenter_2_unknown(case: Case) -> Iterator[Hit]:
    """The guide allows the move if an ESX Server 2.5 is managed by VirtualCenter 2, which no file of a VM shows.

    VMware Converter 3 reaches ESX Server 2 through VirtualCenter 2 alone. Where the guide has no other way for the two
    products, the move stands and falls with it.
    """
    guide = case.guide
    if guide is None or guide.entry is None or ESX2_MANAGED not in guide.conditions:
        return
    host = case.target if case.target.esx else products()[guide.entry.from_id]
    yield Hit(
        f"is the {host.name} a 2.5 that VirtualCenter 2 manages? If it is, VMware Converter 3 moves the VM; if not, "
        "the guide names no other way between the two",
        (),
        manual("look in VirtualCenter which version it has, and whether it lists the host"),
        None,
        (guide.entry.cell,),
    )


@rule(
    "PRD108",
    "move-ruled-out",
    Severity.BLOCKER,
    about=About.TARGET,
    short="ruled out by the guide",
)
def move_ruled_out(case: Case) -> Iterator[Hit]:
    """The guide does not support the move between the two products.

    Its tables and their text say so for this pair; nothing in a VM's files changes that. A move over products in
    between may do: `vmxtool route` looks for one.
    """
    guide = case.guide
    if guide is None or guide.verdict != "not-supported":
        return
    made_by = _made_by(guide)
    evidence = next((it.evidence for it in case.vm.origin if guide.entry and it.product == guide.entry.from_id), ())
    message = f"the guide does not support moving a VM from {made_by} to {case.target.name}"
    yield Hit(message, evidence, sources=tuple(filter(None, (guide.source,))))


@rule(
    "PRD112",
    "move-not-in-guide",
    Severity.INFO,
    about=About.TARGET,
    sources=("mpg:p12",),
    only_on=_is_of_guide,
    short="not treated by the guide",
)
def move_not_in_guide(case: Case) -> Iterator[Hit]:
    """The guide names both products and no move between them, and the VM's hardware has to be lowered for it.

    ACE 1 takes VMs of Workstation 4 and GSX Server 3 (page 12), and no page lowers a younger one for it; that moves of
    its generation are easy in most cases is all that Table 2 says. The steps are those that the hardware versions ask
    for, and a copy of the VM is worth keeping.
    """
    guide, version, to = case.guide, case.now.version, case.target
    holder = next(iter(guide.origins), "") if guide is not None else ""
    if guide is None or guide.verdict is not None or tables.generation_of(holder) is None or holder == to.id:
        return
    if version is not None and version > to.runs_max:
        pair = f"{products()[holder].name} to {to.name}"
        yield Hit(
            f"no page of the guide has a way from {pair}, and Table 2 has their generations alone; the hardware is "
            "lowered all the same",
            case.vm.hardware.evidence,
        )


@rule(
    "PRD113",
    "exported-disks-go-into-a-new-vm",
    Severity.BLOCKER,
    about=About.TARGET,
    cure=Do.CREATE_VM,
    only_on=_is_of_guide,
    short="a new VM for exported disks",
)
def exported_disks_go_into_a_new_vm(case: Case) -> Iterator[Hit]:
    """The VM was one of ESX, its disks have been exported, and the guide gives them to a new VM of the target.

    Pages 13 and 14 have Workstation 6 make a custom VM with the hardware compatibility of the host's generation and the
    option ESX Server Compatible, which takes the exported disks as existing ones. The config of ESX stays behind.
    """
    holder, guide = products().get(case.now.holder or ""), case.guide
    if guide is None or holder is None or not holder.esx or not case.now.disks:
        return
    fact = next((it for it in guide.beside if it.adds == Do.CREATE_VM), None)
    if fact is not None and all(disk.format in case.target.readable_formats for disk in case.now.disks):
        yield Hit(
            f"the VM is one of {_made_by(guide)}; {case.target.name} makes a new VM for the exported disks",
            case.vm.hardware.evidence,
            manual(f"make a new VM in {case.target.name}, and give it the exported disks"),
            sources=(fact.address,),
        )


def _made_by(guide: GuideAnswer) -> str:
    """Say whose VM the guide was asked about.

    VMs of ACE and Player, for which it has no rows, go by those of others.
    """
    if guide.entry is None:
        return products()[guide.origins[0]].name if guide.origins else "the VM's own product"
    like, holder = products()[guide.entry.from_id], products()[next(iter(guide.origins), guide.entry.from_id)]
    apart = tables.generation_of(holder.id) is not None and not tables.has_rows_for(holder.id)
    return f"{holder.name} (like one of {like.name})" if apart else like.name
