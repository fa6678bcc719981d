"""`vmxtool route`: how a VM gets to a product, over others where it has to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.cli import exits
from vmxtool.cli.options import As, Format, Have, Origin, Target, Vm

if TYPE_CHECKING:
    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


def command(
    target: Target,
    vm: Vm = Path(),
    origin: Origin = None,
    have: Have = None,
    format: As = Format.text,  # noqa: A002 the option's own name
) -> None:
    """Find the shortest honest ways of this VM to a product, over other products where no direct one exists.

    With --from and no VM in the folder, the ways of a new VM of that product.
    """
    with exits.told():
        from vmxtool.knowledge.products import find_target
        from vmxtool.planner.routes import find_routes

        wanted = find_target(target)
        named = find_target(origin) if origin is not None else None
        at_hand = None if have is None else {find_target(word).id for word in have.split(",") if word.strip()}
        machine = _read(vm, named)
        start = named if named is not None else _detected(machine)
        version = machine.hardware.version if machine is not None else None
        _prove_fit(start, version)
        found = find_routes(start.id, version, wanted.id, at_hand, machine=machine)
        if format is Format.json:
            from vmxtool.report.as_json import to_text

            sys.stdout.write(to_text(found.as_json()))
        else:
            from vmxtool.report.route_text import print_routes

            print_routes(found, machine.name if machine is not None else None, have=have is not None)


def _read(vm: Path, named: Product | None) -> Machine | None:
    from vmxtool.errors import UsageError
    from vmxtool.machine.read import read_machine

    try:
        return read_machine(vm)
    except UsageError:
        # Without a VM a named product is enough; a folder that someone named has to hold one.
        if named is None or vm != Path():
            raise
        return None


def _detected(machine: Machine | None) -> Product:
    from vmxtool.errors import UsageError
    from vmxtool.knowledge.products import products

    if machine is None or not machine.origin:
        raise UsageError("nothing tells which product made this VM; name it with --from")
    return products()[machine.origin[0].product]


def _prove_fit(start: Product, version: int | None) -> None:
    from vmxtool.errors import UsageError

    if version is not None and not start.runs(version):
        raise UsageError(
            f"the VM has hardware version {version}, which {start.name} does not run; name another product with --from"
        )
