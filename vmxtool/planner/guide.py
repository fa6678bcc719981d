"""Which of the products that may have made a VM the guide is asked about, and what it says.

A VM belongs to the generation of its hardware version, whichever product has it. Run in legacy mode under a younger
product it moves like one of the older products, and can go back to them (pages 19, 23, 24 and 27). So what a table
denies to it, it denies wherever the VM is.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool._record import replace
from vmxtool.findings import BY_CONVERTER, LOWERING, Do
from vmxtool.knowledge import tables
from vmxtool.knowledge.cells import ESX2_MANAGED
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guide_names import names
from vmxtool.knowledge.hardware import generation_of
from vmxtool.knowledge.products import is_smp_edition, products
from vmxtool.knowledge.runs import Ternary, runs
from vmxtool.rules.case import GuideAnswer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.knowledge.cells import Way
    from vmxtool.knowledge.product import Product
    from vmxtool.knowledge.tables import GuideEntry
    from vmxtool.knowledge.transcript import Fact
    from vmxtool.machine.model import OriginCandidate

LIKELY = 0.1
"""A candidate below this share of the odds does not make an answer uncertain."""


def ask_guide(
    origins: Sequence[OriginCandidate], version: int | None, target: Product, *, named: bool, smp: bool
) -> GuideAnswer:
    """Look the move up for every likely origin that the guide knows.

    Args:
        origins: the products that may have made the VM, the likeliest first.
        version: the VM's hardware version, or None.
        target: where it goes.
        named: whether the user named the one origin; it then counts although the VM is of another generation.
        smp: whether the VM has several processors; on ESX it is then one of the edition with Virtual SMP.
    """
    likely = tuple(candidate.product for candidate in origins if candidate.confidence >= LIKELY)
    if tables.generation_of(target.id) is None or version is None:
        return _silent(likely)
    generation = generation_of(version)
    asked = [name for name in likely if named or (generation is not None and tables.generation_of(name) == generation)]
    if likely[:1] == (target.id,) and not tables.has_rows_for(target.id):
        asked = [target.id]  # of an ACE that has the VM the text speaks as of one that it comes to from others
    # Where none of them makes such hardware, it is run in legacy mode by one of them.
    edition = _smp_edition(generation) if smp else None
    answers = [hop_guide(*_as_edition(name, edition, version, target.id)) for name in asked or likely]
    found = [answer for answer in answers if answer.entry is not None]
    spoken = [answer for answer in answers if answer.fact is not None] or [it for it in answers if it.beside]
    first = next(iter(found or spoken), GuideAnswer())
    others = [(answer.entry, _steps_of(answer)) for answer in found[1:] if answer.entry is not None]
    unlike = tuple(entry for entry, steps in others if steps != _steps_of(first))
    return GuideAnswer(first.entry, first.fact, likely, tuple(entry for entry, _ in others), unlike, first.beside)


@lru_cache(maxsize=64)
def _smp_edition(generation: int | None) -> str | None:
    return next((it for it, of in names().generation.items() if of == generation and is_smp_edition(it)), None)


def _as_edition(name: str, edition: str | None, version: int, to_id: str) -> tuple[str, int, str, str]:
    """Return the question for a VM on ESX that has several processors.

    It was made under Virtual SMP, wherever it is now.
    """
    if edition is None or not products()[name].esx:
        return name, version, to_id, name
    alike = tables.generation_of(name) == tables.generation_of(edition)
    return (edition if alike else name), version, to_id, edition


def _steps_of(answer: GuideAnswer) -> tuple[object, ...]:
    """Return what an answer comes to; that VMware Converter can do it as well makes no other one of it."""
    printed = answer.entry.ways if answer.entry is not None else ()
    beside = answer.fact.ways if answer.fact is not None else ()
    own = tuple(way for way in beside if any(Do(step.do) not in BY_CONVERTER for step in way.steps))
    return answer.verdict, printed, own


@lru_cache(maxsize=1024)
def _silent(origins: tuple[str, ...]) -> GuideAnswer:
    return GuideAnswer(origins=origins)


@lru_cache(maxsize=16384)
def hop_guide(holder: str, version: int | None, to_id: str, made_by: str) -> GuideAnswer:
    """Return what the guide says about a move of a VM from the product that has it.

    Args:
        holder: id of that product.
        version: the VM's hardware version, or None.
        to_id: id of the product it goes to.
        made_by: id of the product that it set out from; where several older products stand for it, that one does.
    """
    silent = GuideAnswer(origins=(holder,))
    if tables.generation_of(to_id) is None or tables.generation_of(holder) is None or version is None:
        return silent
    # Between hosts of one product a VM is copied, whatever its hardware (page 10).
    stays = holder == to_id and runs(products()[to_id], version) is Ternary.YES
    own = stays or (holder == made_by and _may_be_own(holder, version))
    generation = tables.generation_of(holder) if own else generation_of(version)
    like = holder if own else _like(holder, version, made_by)
    of_text = (
        fact
        for name in dict.fromkeys(filter(None, (holder, like)))
        if tables.generation_of(name) == generation
        for fact in tables.moves(name, to_id)
    )
    fact = next(of_text, None)
    on_esx2 = any(_is_esx2(name) for name in (holder, to_id))
    if fact is not None and not on_esx2:
        fact = replace(fact, ways=tuple(map(_of_no_esx2, fact.ways)))
    if like != holder == made_by and _lowers_freely(tables.lookup(holder, to_id)):
        found = tables.lookup(like or holder, to_id)
        if found is not None and all(way.when for way in found.ways):
            like = holder  # the cell of its own product is surer of VMs whose hardware has been lowered
    if fact is not None and tables.lookup(like or holder, to_id) is None:
        beside = _remarks(like, holder, to_id, version, generation) if fact.ways else ()
        return GuideAnswer(None, fact, (holder,), beside=beside)
    entry = tables.lookup(like, to_id) if like is not None else None
    denied = tables.lookup(holder, to_id) if like != holder else None
    older = (tables.generation_of(to_id) or 0) < (generation or 0)
    if denied is not None and denied.verdict == "not-supported" and (older or _leaves_for_good(like, holder)):
        entry = denied  # in legacy mode a VM goes back to products of its own generation, and to no older ones
    if made_by != holder and (tables.generation_of(made_by) == generation or _was_imported(made_by, holder)):
        # A product in between gives a VM new disks, and no newer hardware (pages 23, 26 and 27).
        origin = tables.lookup(made_by, to_id)
        if origin is not None and origin.verdict == "not-supported":
            entry = denied = origin
    denies = entry is not None and entry.verdict == "not-supported"
    beside = () if denies else _remarks(like, holder, to_id, version, generation)
    if entry is not None and not on_esx2:
        entry = replace(entry, ways=tuple(map(_of_no_esx2, entry.ways)))
    return GuideAnswer(entry, fact if entry is not denied else None, (holder,), beside=beside)


def _leaves_for_good(like: str | None, holder: str) -> bool:
    """Return whether the guide has no way by which a VM of one product runs as it is under another."""
    entry = tables.lookup(like, holder) if like is not None else None
    ways = entry.ways if entry is not None else ()
    return bool(ways) and all(any(step.do == Do.UPGRADE_HARDWARE for step in way.steps) for way in ways)


def _may_be_own(holder: str, version: int) -> bool:
    """Return whether a product has hardware younger than it by the tables, which no source says is not its own.

    Which version the products of generation 2 gave their VMs is not confirmed; one that is said to be on such a product
    is taken for one of it, since the guide rules more out for those.
    """
    younger = (generation_of(version) or 0) > (tables.generation_of(holder) or 0)
    return younger and runs(products()[holder], version) is not Ternary.NO


def upgrade_guide(holder: str, version: int | None) -> GuideAnswer:
    """Return what the guide says of an upgrade by the product that runs a VM of an older generation in legacy mode.

    It is what that product does with a VM that comes to it from one of that generation (pages 19, 23, 24 and 27).

    Args:
        holder: id of the product.
        version: the VM's hardware version, or None.
    """
    own = tables.generation_of(holder)
    if version is None or own is None or (generation_of(version) or own) >= own:
        return GuideAnswer(origins=(holder,))
    like = _like(holder, version, holder)
    return GuideAnswer(tables.lookup(like, holder) if like is not None else None, None, (holder,))


def maker_after(made_by: str, holder: str, to_id: str, before: int | None, after: int | None) -> str:
    """Return the product that a VM is like after a hop.

    It is one of its hardware's generation, and where that is new the one that gave it. A VM that was imported into ESX
    Server stays what it was, whatever ESX Server makes of its hardware: page 23 keeps generation 3 from ESX Server with
    Virtual SMP for its guest, which was installed before.

    Args:
        made_by: id of the product that it was like before.
        holder: id of the product that had it before.
        to_id: id of the product that has it now.
        before: its hardware version before.
        after: its hardware version now.
    """
    generation = generation_of(before or 0)
    if generation == generation_of(after or 0):
        if before is None or tables.generation_of(made_by) == generation:
            return made_by
        stays = _was_imported(made_by, holder) and products()[to_id].esx
        return made_by if stays else _like(made_by, before, made_by) or made_by
    return made_by if _was_imported(made_by, holder) and products()[to_id].esx else to_id


def _was_imported(made_by: str, holder: str) -> bool:
    """Return whether ESX Server has a VM of a hosted product."""
    return products()[made_by].esx is False and products()[holder].esx is True


def _is_esx2(product_id: str) -> bool:
    return features()["names-controllers-as-vmx"].holds(products()[product_id])


def _of_no_esx2(way: Way) -> Way:
    """Return a way of a VM like those of ESX Server 2 that is on no such host: how one is managed does not count."""
    return replace(way, when=tuple(word for word in way.when if word != ESX2_MANAGED))


def _remarks(like: str | None, holder: str, to_id: str, version: int, generation: int | None) -> tuple[Fact, ...]:
    """Return what the text adds to a move.

    Of hosts it speaks of the product that has the VM, of hardware of one like it. A VM with hardware that its host does
    not run was upgraded elsewhere, and what is done after an export lies behind.
    """
    was_there = runs(products()[holder], version) is not Ternary.NO
    found = [
        it
        for name in filter(None, (holder, like))
        for it in tables.remarks(name, to_id)
        if it.on or (was_there and tables.generation_of(name) == generation if it.adds is not None else name == holder)
    ]
    return tuple(dict.fromkeys(found))


def can_go_back(maker: str | None, version: int | None, at: str) -> bool:
    """Return whether a VM can go back to the product that had it.

    That one has to run the version, and the guide must not deny it.

    Args:
        maker: id of the product that had it, or None.
        version: the hardware version that it has now, or None.
        at: id of the product that has it now.
    """
    if maker is None or version is None or runs(products()[maker], version) is Ternary.NO:
        return False
    return hop_guide(at, version, maker, at).verdict != "not-supported"


def _lowers_freely(entry: GuideEntry | None) -> bool:
    """Return whether a cell has a way over lowered hardware that hangs on no condition."""
    ways = entry.ways if entry is not None else ()
    return any(step.do in LOWERING for way in ways if not way.when for step in way.steps)


@lru_cache(maxsize=2048)
def _like(holder_id: str, version: int, made_by: str) -> str | None:
    """Return the product of the tables whose VMs are like this one.

    It is of its hardware's generation, and hosted or not as it is.
    """
    holder = products()[holder_id]
    ids = dict.fromkeys(name for label in names().labels.values() for name in label)
    alike = [
        name
        for name in ids
        if tables.generation_of(name) == generation_of(version) and products()[name].esx == holder.esx
    ]
    for name in (holder_id, made_by):
        if name in alike:
            return name

    def strangeness(name: str) -> tuple[bool, bool, bool, int]:
        product = products()[name]
        # That a product has Virtual SMP says nothing of a VM that it only runs.
        edition = is_smp_edition(name) and not is_smp_edition(holder_id)
        return product.family != holder.family, edition, product.smp != holder.smp, -product.released_order

    return min(alike, key=strangeness, default=None)
