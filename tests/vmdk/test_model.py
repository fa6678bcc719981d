"""The kinds of a disk's problems are sorted, each of them, by what a problem of that kind means."""

from __future__ import annotations

from typing import get_args

from vmxtool.vmdk.model import BREAKING, DAMAGED, HIDING, LOSING, UNREACHED, ProblemKind


def test_every_kind_is_of_one_rule() -> None:
    # Of chain-broken, disk-damaged and disk-file-missing; "outside" is of the first or, where the parent is only in
    # another folder, of the rule about that.
    of_rules = [BREAKING, DAMAGED, frozenset({"extent-missing"}), frozenset({"outside"})]
    assert sorted(kind for kinds in of_rules for kind in kinds) == sorted(get_args(ProblemKind))


def test_what_loses_data_is_damage_and_hides_what_the_disk_holds() -> None:
    assert LOSING < DAMAGED
    assert LOSING | UNREACHED < HIDING
