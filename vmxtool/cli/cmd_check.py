"""`vmxtool check`: whether a VM runs on a target, and what has to happen first."""

import vmxtool
from vmxtool.cli.exits import NOT_READY, errors_to_exit_codes
from vmxtool.cli.options import As, Each, Family, MaybeTarget, Origin, Vm, WayNumber, Why, known_family, read_vm
from vmxtool.errors import UsageError
from vmxtool.report import formats

EXAMPLES = """
vmxtool check my-vm  where it runs, for every product
vmxtool check --target esxi6.7 my-vm  one product, step by step
vmxtool check --family esx --all my-vm  every ESX release on a line
"""


def command(  # noqa: PLR0917 one for each option
    vm: Vm = None,
    target: MaybeTarget = None,
    origin: Origin = None,
    family: Family = None,
    way: WayNumber = None,
    each: Each = False,
    why: Why = False,
    format: As = formats.TEXT,  # noqa: A002 the option's own name
) -> None:
    """Say whether a VM runs on a product, and what has to happen first.

    Without --target the answer is for every product. With --from and no VM in the folder, the answer is for a new VM of
    that product. Exit code 0: the VM runs as it is; 1: it does not, or not yet.
    """
    with errors_to_exit_codes(format) as outcome:
        _refuse_contradictions(target, family, way, each=each)
        if target is None:
            machine = read_vm(vm, origin)
            verdicts = list(vmxtool.check_all(machine, origin, known_family(family)))
            formats.write("check/all", format, machine, verdicts, each=each)
            return
        seen = read_vm(vm, origin)
        verdict = vmxtool.check(seen, target, origin)
        if verdict.verdict is not vmxtool.Answer.READY:
            outcome.code = NOT_READY
        formats.write("check", format, verdict, seen, why=why, way=way)


def _refuse_contradictions(target: str | None, family: str | None, way: int | None, *, each: bool) -> None:
    """Refuse options that would change nothing.

    Raises:
        UsageError: one is there.
    """
    if target is not None and family is not None:
        raise UsageError("--target asks about one product and --family about several; leave one of them out")
    if target is not None and each:
        raise UsageError("--all shows each of all products; leave it or --target out")
    if target is None and way is not None:
        raise UsageError("--way is about the ways to one product; name it with --target")
