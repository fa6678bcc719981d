"""`vmxtool route`: how a VM gets to a product, over others where it has to."""

import vmxtool
from vmxtool.cli.exits import errors_to_exit_codes
from vmxtool.cli.options import As, Have, Origin, Target, Vm, Why, read_vm
from vmxtool.report import formats

EXAMPLES = """
vmxtool route --to ws4 my-vm  the ways there
vmxtool route --to ws4 --have ws6,ws5.5 my-vm  only over these
vmxtool route --from esx3 --to ws17  of a VM that is not here
"""


def command(  # noqa: PLR0917 one for each option
    target: Target,
    vm: Vm = None,
    origin: Origin = None,
    have: Have = None,
    why: Why = False,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Find the ways of a VM to a product, over others if needed.

    With --from and no VM in the folder, the ways of a new VM of that product.
    """
    with errors_to_exit_codes(format):
        at_hand = None if have is None else [word for word in have.split(",") if word.strip()]
        machine = read_vm(vm, origin)
        routes = vmxtool.route(machine, target, origin, at_hand)
        formats.write("route", format, routes, have=have is not None, vm=machine, why=why)
