"""Judge a VM: its files once, and each point of a plan by the rules that may have a hit there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.rules.case import Files
from vmxtool.rules.names_of_host import disk_name_keys
from vmxtool.rules.registry import all_rules, judge_files, of_a_real_vm, rules_for_target, silent_on
from vmxtool.rules.state import lowered_mark, settings_of

if TYPE_CHECKING:
    from vmxtool.findings import Finding
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case
    from vmxtool.rules.registry import Rule


def facts_of(vm: Machine) -> Files:
    """Return a VM's files judged once, for any number of targets: the same again while it is the same `Machine`."""
    rules = all_rules()
    judged_by, files = vm.memo.get(facts_of, (None, None))
    # A rule that has been registered since is asked too.
    if judged_by is not rules or not isinstance(files, Files):
        files = facts_now(vm)
        vm.memo[facts_of] = rules, files
    return files


def facts_now(vm: Machine) -> Files:
    """Return a VM's files judged anew, as before a rewrite: what lies beside them may have changed since."""
    return files_of(vm, tuple(judge_files(vm)))


def files_of(vm: Machine, findings: tuple[Finding, ...] = ()) -> Files:
    """Return a VM's files with what was found in them."""
    document = vm.config.document
    settings = settings_of(document)
    limited = tuple(it for it in settings if it.rule.limit is not None)
    return Files(
        vm=vm,
        settings=settings,
        findings=findings,
        limited=limited,
        figures=frozenset(lowered_mark(it.rule) for it in limited),
        drives={drive.id: drive for drive in vm.disks},
        rules=rules_for_target(vm),
        named_as_esx2=tuple(disk_name_keys(document)),
    )


def judge(case: Case) -> list[Finding]:
    """Return the findings about a VM at one point of a plan on a target, but for those that a step has settled.

    Findings about the files are not among them; they are judged once a VM and lie in `case.files`.
    """
    settled = case.now.settled
    rules = case.files.once(_rules_but, silent_on(case.target))
    found = of_a_real_vm([it.finding(hit) for it in rules for hit in it.check(case)])
    return [item for item in found if settled.isdisjoint(item.keys)] if settled else found


def _rules_but(files: Files, silent: frozenset[str]) -> list[Rule]:
    return [it for it in files.rules if it.code not in silent]
