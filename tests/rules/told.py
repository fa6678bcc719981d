"""Findings as the plain text of a case's `finding.txt`, and the cases themselves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.knowledge.products import find_target
from vmxtool.machine.read import read_machine
from vmxtool.planner.check import check
from vmxtool.rules._registry import all_rules, judge_files

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmxtool.findings import Finding
    from vmxtool.knowledge.products import Product

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """One case folder, named `<code>-<name>` or `<code>-<name>.<variant>`.

    It holds `fires.vmx` and `silent.vmx`, or `fires/till.vmx` and `silent/till.vmx` where files beside the config
    differ; `target`, the product the VM is checked for; `origin`, the product it is said to come from; either of the
    two with the suffix `.fires` and `.silent` where that is what differs; and `finding.txt`.
    """

    folder: Path

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def code(self) -> str:
        return self.folder.name[:6]

    @property
    def rule_name(self) -> str:
        return self.folder.name[7:].partition(".")[0]

    @property
    def expected(self) -> str:
        return (self.folder / "finding.txt").read_text()

    def config(self, kind: str) -> Path:
        """The config, relative to the case's folder."""
        return Path(f"{kind}.vmx") if (self.folder / f"{kind}.vmx").exists() else Path(kind) / "till.vmx"

    def product(self, what: str, kind: str) -> Product | None:
        for name in (what, f"{what}.{kind}"):
            if (self.folder / name).exists():
                return find_target((self.folder / name).read_text().strip())
        return None

    def findings(self, kind: str) -> list[Finding]:
        """What the rule says; the current folder has to be the case's, as that of a user beside the VM would be."""
        vm, target = read_machine(self.config(kind)), self.product("target", kind)
        found = judge_files(vm) if target is None else check(vm, target, self.product("origin", kind)).findings
        return [item for item in found if item.code == self.code]


def cases() -> list[Case]:
    return [Case(folder) for folder in sorted(FOLDER.iterdir())]


def told(findings: Iterable[Finding]) -> str:
    """All of findings, as text."""
    lines: list[str] = []
    for item in findings:
        lines.append(f"{item.severity.value}: {item.message}")
        lines += [f"  at {place}" for place in item.evidence]
        lines += [f"  rests on {source}" for source in item.sources]
        if item.fix is None:
            lines.append("  no cure")
            continue
        lines.append(f"  {item.fix.safety.value} cure: {item.fix.text}")
        if item.fix.command is not None:
            lines.append(f"    {item.fix.command}" + (f"  ({item.fix.product})" if item.fix.product else ""))
    return "".join(f"{line}\n" for line in lines)


def _write_expectations() -> None:
    """Write every `finding.txt` anew; each has to be read before it is believed."""
    import os

    known = {rule.code for rule in all_rules()}
    for case in cases():
        os.chdir(case.folder)
        Path("finding.txt").write_text(told(case.findings("fires")))
        quiet = case.findings("silent")
        sys.stdout.write(f"{'  ' if case.code in known else '??'} {case.id}{' NOT SILENT' if quiet else ''}\n")


if __name__ == "__main__":
    _write_expectations()
