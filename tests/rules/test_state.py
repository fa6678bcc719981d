"""The state of a VM: what its hand-written comparisons say of every field that it has."""

from __future__ import annotations

from typing import Any

import pytest

from vmxtool.rules.state import DISKS_NAMED, DiskState, VmState

STATE = VmState(
    holder="ws6",
    arrived=False,
    version=6,
    vcpus=2,
    memory_mib=512,
    nics=1,
    guest="winxppro",
    disks=(DiskState("scsi0:0", "scsi", "hosted"),),
    devices=frozenset({"usb-2"}),
    settled=frozenset({"SNP601"}),
)
OTHER: dict[str, Any] = {
    "version": 4,
    "vcpus": 1,
    "memory_mib": 256,
    "nics": 0,
    "guest": None,
    "disks": (),
    "devices": frozenset(),
    "settled": frozenset({"SNP601", DISKS_NAMED}),
}


def test_a_vm_that_another_product_has_is_the_same_in_all_else() -> None:
    assert STATE.held("esx3") == STATE._replace(holder="esx3", arrived=True)
    assert STATE.held(None, arrived=False, settled=frozenset()) == STATE._replace(holder=None, settled=frozenset())


def test_a_state_is_like_another_of_whoever_has_the_vm_and_whatever_was_settled() -> None:
    assert STATE.is_like(STATE._replace(holder=None, arrived=True, settled=frozenset()))


@pytest.mark.parametrize("field", [name for name in VmState._fields if name not in {"holder", "arrived"}])
def test_a_state_that_differs_in_any_other_field_is_not_like_it(field: str) -> None:
    assert not STATE.is_like(STATE._replace(**{field: OTHER[field]}))
