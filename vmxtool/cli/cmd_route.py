"""`vmxtool route`: how a VM gets to a product, over others where it has to."""

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Have, Origin, Target, Vm, read_vm
from vmxtool.report import formats


def command(
    target: Target,
    vm: Vm = None,
    origin: Origin = None,
    have: Have = None,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Find the shortest honest ways of this VM to a product, over other products where no direct one exists.

    With --from and no VM in the folder, the ways of a new VM of that product.
    """
    with errors_to_exit_codes(format):
        at_hand = None if have is None else [word for word in have.split(",") if word.strip()]
        machine = read_vm(vm, origin)
        routes = vmxtool.route(machine, target, origin, at_hand)
        formats.write("route", format, routes, have=have is not None, vm=machine)
