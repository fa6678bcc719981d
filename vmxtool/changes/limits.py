"""What a VM has more of than a product or a hardware version holds: memory is lowered, network adapters go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from vmxtool._record import Record
from vmxtool.changes.model import ADAPTERS_OVER, Kept, SettingChange, Topic
from vmxtool.findings import Safety
from vmxtool.machine.sections import MANY_NICS_FROM
from vmxtool.rules.figures import exceeded
from vmxtool.rules.limits import amount, over_row
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vmxtool.changes.model import Wanted
    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.devices import DeviceRule
    from vmxtool.rules.case import Files
    from vmxtool.rules.figures import Limit
    from vmxtool.rules.state import VmState

_MEMORY = "memory_mib"
_RESERVED = ("sched.mem.min", "sched.mem.minsize", "sched.mem.max")
_LAST_OF_FEW = 3  # ethernet0 to ethernet3, of the versions without many
_LIBVIRT = "libvirt:src/vmx/vmx.c"


class _Change(Protocol):
    """A change of a setting, before it is made or as it is shown."""

    @property
    def key(self) -> str: ...

    @property
    def topic(self) -> Topic: ...


class Over(Record):
    """A figure of the config that is over a limit, and both things that can be done with it.

    Attributes:
        most: the limit.
        change: what lowers the figure to it.
        beside: what has to be lowered with it.
        kept: that it stays, where it does.
    """

    most: Limit
    change: SettingChange
    beside: tuple[SettingChange, ...]
    kept: Kept


def figure_over(files: Files, start: VmState, wanted: Wanted, row: DeviceRule, key: str) -> Over | None:
    """Return the figure that a setting has over the limit of a row of devices.toml; None where it has none to lower.

    Args:
        files: the VM's files.
        start: the state that the VM is in before.
        wanted: what is to be reached; without a product nothing is lowered.
        row: a row with a limit.
        key: the setting, as the file spells it.
    """
    product, version = wanted.product, wanted.version
    if row.below != "limit" or row.safety == "manual" or product is None:
        return None
    if row.limit == _MEMORY:
        kept = version == files.vm.hardware.version
        most = lower = exceeded(product, _MEMORY, start.memory_mib, version, kept=kept)
        while lower is not None and wanted.told.limit:  # what no source confirms counts too, where it is asked for
            most, lower = lower, exceeded(product, _MEMORY, lower.figure, version, kept=kept)
    else:
        # Of a VM that keeps its version ESX alone is known to refuse what is too much.
        counts = start.version != version or wanted.esx
        most = over_row(files, product, row, key, version) if counts else None
    if most is None:
        return None
    holder = product.name if most.version is None else f"hardware version {most.version}"
    have = amount(files, row, key, esx=wanted.esx)
    what = f"{row.reason.rstrip('.')}: {have}, where {holder} holds {most.figure}"
    why = what if most.verified else f"{what} (unverified)"
    return Over(
        most,
        SettingChange(key, str(most.figure * row.per_unit), why, most.source, topic=Topic(row.id)),
        tuple(_reservations(files, row, most.figure, why)),
        Kept(
            Topic(row.id, measured(row, have or 0)),
            f"{why}, so it stays as it is; --limit lowers it",
            _holds(most, product.name, measured(row, most.figure)),
            "limit",
        ),
    )


def _holds(most: Limit, product: str, figure: str) -> str:
    holder = product if most.version is None else f"version {most.version}"
    return f"{holder} holds {figure}" if most.verified else f"{holder} may hold {figure} (unverified)"


def measured(row: DeviceRule, figure: int) -> str:
    """Return a figure of a row's limit with its unit: "8 GiB", "10"."""
    if row.limit is None or not row.limit.endswith("_mib"):
        return str(figure)
    return f"{figure // 1024} GiB" if figure and figure % 1024 == 0 else f"{figure} MiB"


def _reservations(files: Files, row: DeviceRule, most: int, why: str) -> Iterator[SettingChange]:
    """Yield what is reserved of the memory, lowered to what is left of it."""
    document = files.vm.config.document
    for key in _RESERVED if row.limit == _MEMORY else ():
        reserved = document.number(key) if key in document else None
        if reserved is not None and reserved > most:
            yield SettingChange(document.spelling(key), str(most), why, row.source, topic=Topic(row.id))


def adapters_over(files: Files, wanted: Wanted, version: int | None) -> tuple[str, ...]:
    """Return the network adapters that are too many: those without a number in the version, then the last.

    Where --limit asks for it they go, also where no source confirms the figure; else where one does, and only once it
    is asked for.

    Args:
        files: the VM's files.
        wanted: what is to be reached.
        version: the VM's hardware version before.
    """
    present = [nic.id for nic in files.vm.nics]
    most = _most_adapters(wanted, len(present), version)
    if not wanted.told.limit and (most is None or not most.verified or not wanted.fit):
        return ()
    lost = [it for it in present if wanted.version < MANY_NICS_FROM and int(it.removeprefix("ethernet")) > _LAST_OF_FEW]
    left = [it for it in present if it not in lost]
    if wanted.version < MANY_NICS_FROM:
        # Those that the VM's own version does not have are no adapters of the VM, and their lines go all the same.
        places = [(place.key or "").lower().partition(".")[0] for place in files.vm.devices_beyond_version]
        lost += [word for word in places if word.startswith("ethernet")]
    most = _most_adapters(wanted, len(left), version)
    while most is not None and len(left) > most.figure:  # what no source confirms counts, too, where it is asked for
        lost += left[most.figure :]
        left = left[: most.figure]
        most = _most_adapters(wanted, len(left), version) if wanted.told.limit else None
    return tuple(lost)


def adapters_asked(files: Files, wanted: Wanted, gone: Sequence[str]) -> tuple[str, str, Evidence] | None:
    """Return why --limit has to be said for network adapters to go; None where none goes, or it was."""
    if wanted.told.limit or not gone:
        return None
    have = len(files.vm.nics)
    places = [place for nic in files.vm.nics if nic.id in gone for place in nic.evidence]
    most = _most_adapters(wanted, have, files.vm.hardware.version)
    if most is None or not places:
        return None
    listed = ", ".join(it for it in gone if any(nic.id == it for nic in files.vm.nics))
    why = f"{have} network adapters, and {_holds(most, wanted.name, str(most.figure))}: {listed} would go"
    return "limit", why, places[0]


def _most_adapters(wanted: Wanted, have: int, version: int | None) -> Limit | None:
    if wanted.product is None:
        return None
    return exceeded(wanted.product, "nics", have, wanted.version, kept=wanted.version == version)


def adapter_removals(files: Files, wanted: Wanted, gone: Sequence[str]) -> Iterator[SettingChange]:
    """Yield all settings of network adapters that go."""
    document, holder = files.vm.config.document, wanted.name
    for key in document.folded():
        if key.partition(".")[0] in gone:
            why = f"{holder} holds fewer network adapters (--limit)"
            safety = Safety.SAFE if wanted.told.limit else Safety.UNSAFE
            yield SettingChange(document.spelling(key), None, why, _LIBVIRT, safety, topic=Topic(ADAPTERS_OVER))


def adapters_gone(changes: Iterable[_Change]) -> frozenset[str]:
    """Return the network adapters that changes take out, such as "ethernet3"."""
    return frozenset(fold(it.key).partition(".")[0] for it in changes if it.topic.kind == ADAPTERS_OVER)
