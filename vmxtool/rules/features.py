"""PRD111: what a VM uses beside its hardware, and the target does not offer."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.devices import matches
from vmxtool.knowledge.features import features
from vmxtool.rules.registry import About, Hit, rule
from vmxtool.rules.state import is_off
from vmxtool.vmx.values import as_bool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.features import Feature
    from vmxtool.knowledge.product import Product
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_SHOWN = 4
_OFF = frozenset({"", "none", "0", "no"})


@lru_cache(maxsize=1024)
def _lacked(target: Product) -> frozenset[str]:
    """Return ids of the features that say what a product lacks."""
    return frozenset(it.id for it in features().values() if it.loses and it.holds(target))


@rule(
    "PRD111",
    "feature-not-offered",
    Severity.INFO,
    about=About.TARGET,
    only_if=lambda vm: bool(_used(vm)),
    only_on=lambda to: bool(_lacked(to)),
)
def feature_not_offered(case: Case) -> Iterator[Hit]:
    """The VM uses something beside its hardware that the target does not offer.

    Shared folders, the VNC server of a VM, teams, Unity and starting with the host belong to some products. The VM runs
    without them, and its settings for them stay in the config, where the product passes them over. Snapshots,
    encryption and ACE policies that a product does not take have rules of their own.

    Reported for shared folders as "vmware: using physical ntfs data partition" in the Ubuntu Forums in August 2006, and
    for VNC as issue 8984 of hashicorp/packer on 2020-04-02.
    """
    document = case.vm.config.document
    lacked = _lacked(case.target)
    for row, keys in _used(case.vm).items():
        if row not in lacked:
            continue
        feature = features()[row]
        first = document.spelling(keys[0])
        more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
        does = feature.says.removeprefix("It ").rstrip(".")
        yield Hit(
            f"{first}{more}: {case.target.name} {does}; {feature.loses}",
            tuple(document.evidence(key) for key in keys[:_SHOWN]),
            sources=feature.sources,
            unverified="since" in feature.unverified,
            subject=row,
        )


def _used(vm: Machine) -> dict[str, list[str]]:
    """Return what a VM uses of all that some products lack: the settings that show it, by the id of the feature."""
    found: dict[str, list[str]] | None = vm.memo.get("features used")
    if found is None:
        found = vm.memo["features used"] = {
            it.id: keys for it in features().values() if it.loses and (keys := _showing(vm, it))
        }
    return found


def _showing(vm: Machine, feature: Feature) -> list[str]:
    document = vm.config.document
    if any(document.get(key, "").lower() == value for key, value in feature.unless.items()):
        return []
    words = {pattern.partition("*")[0].partition(".")[0] for pattern in feature.shown_by}
    return [
        key
        for key in document.folded()
        if key.startswith(tuple(words))
        and any(matches(pattern, key) for pattern in feature.shown_by)
        and _is_on(document[key])
        and not is_off(document, key.partition(".")[0])
    ]


def _is_on(value: str) -> bool:
    return as_bool(value) or value.lower() not in {*_OFF, "false"}
