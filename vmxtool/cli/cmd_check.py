"""`vmxtool check`: whether a VM runs on a target, and what has to happen first."""

import vmxtool
from vmxtool.cli.exits import NOT_READY, errors_to_exit_codes
from vmxtool.cli.options import As, Family, MaybeTarget, Origin, Vm, known_family, read_vm
from vmxtool.report import formats


def command(
    vm: Vm = None,
    target: MaybeTarget = None,
    origin: Origin = None,
    family: Family = None,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Say whether this VM runs on a target, and what has to happen first; without --target, for every product.

    With --from and no VM in the folder, of a VM of that product. Exit code 0 means ready as it is, 1 not ready.
    """
    with errors_to_exit_codes(format) as outcome:
        if target is None:
            machine = read_vm(vm, origin)
            verdicts = list(vmxtool.check_all(machine, origin, known_family(family)))
            formats.write("check/all", format, machine, verdicts)
            return
        seen = read_vm(vm, origin)
        verdict = vmxtool.check(seen, target, origin)
        if verdict.verdict is not vmxtool.Answer.READY:
            outcome.code = NOT_READY
        formats.write("check", format, verdict, seen)
