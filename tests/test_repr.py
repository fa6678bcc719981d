"""Values of the library are looked at in a terminal: each fits a screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from build import make_vm

import vmxtool

if TYPE_CHECKING:
    from collections.abc import Iterator

SAMPLES = sorted(path for path in (Path(__file__).parent.parent / "samples").iterdir() if path.is_dir())
SCREEN = 24 * 80


def public_values(folder: Path) -> Iterator[object]:
    vm = vmxtool.inspect(folder)
    yield vm
    yield from vmxtool.judge(vm)
    yield from vm.drives
    yield from (link for drive in vm.disks if drive.chain is not None for link in drive.chain.links)
    for target in ("esx3", "ws4", "esxi6.7", "fusion1"):
        verdict = vmxtool.check(vm, target)
        yield from (verdict, *verdict.plans, *verdict.steps, *verdict.findings, *verdict.routes, verdict.target)
        for plan in verdict.plans:
            yield from (plan.start, plan.end, plan.changes, *plan.made)
        yield vmxtool.plan_rewrite(vm, target=target)
        routes = vmxtool.route(None, target, "ws5.5")
        yield from (routes, *routes.routes, *(hop for route in routes.routes for hop in route.hops))
    yield vmxtool.open_config(vm.config.path)


def test_values_of_a_vm_with_many_disks_fit_a_screen(tmp_path: Path) -> None:
    units = [f"scsi{number}:{unit}" for number in range(4) for unit in range(15) if unit != 7]
    disks = "".join(
        f'{unit}.present = "TRUE"\n{unit}.fileName = "a long name of disk {number}.vmdk"\n'
        for number, unit in enumerate(units)
    )
    controllers = "".join(f'scsi{number}.present = "TRUE"\n' for number in range(4))
    make_vm(tmp_path, controllers + disks, hw=11)
    for value in public_values(tmp_path):
        assert len(repr(value)) <= SCREEN, type(value)


@pytest.mark.parametrize("folder", SAMPLES, ids=[path.name for path in SAMPLES])
def test_every_public_value_fits_a_screen(folder: Path) -> None:
    for value in public_values(folder):
        assert len(repr(value)) <= SCREEN, type(value)
