"""`vmxtool check`: whether a VM runs on a target, and what has to happen first."""

from __future__ import annotations

import sys
from pathlib import Path

from vmxtool.cli import exits
from vmxtool.cli.options import As, Family, Format, MaybeTarget, Origin, Vm


def command(
    vm: Vm = Path(),
    target: MaybeTarget = None,
    origin: Origin = None,
    family: Family = None,
    format: As = Format.text,  # noqa: A002 the option's own name
) -> None:
    """Say whether this VM runs on a target, and what has to happen first; without --target, for every product.

    Exit code 0 means ready as it is, 1 not ready as it is.
    """
    with exits.told():
        from vmxtool.knowledge.products import find_target
        from vmxtool.machine.read import read_machine
        from vmxtool.planner.check import check, check_all
        from vmxtool.planner.verdict import Answer
        from vmxtool.report import as_json

        wanted = find_target(target) if target is not None else None
        source = find_target(origin) if origin is not None else None
        machine = read_machine(vm)
        if wanted is None:
            results = list(check_all(machine, source, family))
            if format is Format.json:
                sys.stdout.write(as_json.to_text([as_json.verdict(result) for result in results]))
            else:
                from vmxtool.report.overview_text import print_overview

                print_overview(machine, results)
            return
        result = check(machine, wanted, source)
        if format is Format.json:
            sys.stdout.write(as_json.to_text(as_json.verdict(result)))
        else:
            from vmxtool.report.verdict_text import print_verdict

            print_verdict(machine, result)
        if result.answer is not Answer.READY:
            sys.stdout.flush()
            raise SystemExit(exits.NOT_READY)
