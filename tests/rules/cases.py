"""The cases of the rules, and findings as the plain text of a case's `finding.txt`.

`python tests/rules/cases.py` writes every `finding.txt` anew; each change has to be read before it is believed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import vmxtool
from vmxtool.findings import LEAVING
from vmxtool.rules.commands import shell
from vmxtool.rules.registry import all_rules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from vmxtool.findings import Finding

FOLDER = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class CaseFolder:
    """One case, named `<code>-<name>` or `<code>-<name>.<variant>`.

    It holds `fires.vmx` and `silent.vmx`, or `fires/till.vmx` and `silent/till.vmx` where files beside the config
    differ, and `finding.txt`, which is what the rule says. What is asked stands in files of one line: `target`, the
    product that the VM is checked for, and `origin`, the one it is said to come from; or `rewrite`, the options of a
    rewrite that is refused. Without any it is judged by its files alone. The suffixes `.fires` and `.silent` are for
    questions that differ. `mode` is the mode of the config, as chmod takes it, and `folder` the name of an empty folder
    beside it: git keeps none of these, so such a case is asked of a copy, from inside the VM's own folder.
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
        return (self.folder / "finding.txt").read_text("utf-8")

    def config(self, kind: str) -> Path:
        """The config, relative to the case's folder."""
        return Path(f"{kind}.vmx") if (self.folder / f"{kind}.vmx").exists() else Path(kind) / "till.vmx"

    def asked(self, what: str, kind: str) -> str | None:
        for name in (what, f"{what}.{kind}"):
            if (self.folder / name).exists():
                return (self.folder / name).read_text("utf-8").strip()
        return None

    def findings(self, kind: str) -> list[Finding]:
        """What the rule says; the current folder has to be the case's, as that of a user beside the VM would be."""
        mode, folder = self.asked("mode", kind), self.asked("folder", kind)
        if mode is None and folder is None:
            return self._found(self.config(kind), kind)
        with TemporaryDirectory() as scratch:
            config = Path(scratch) / "till.vmx"
            shutil.copyfile(self.folder / self.config(kind), config)
            if folder is not None:
                config.with_name(folder).mkdir()
            if mode is not None:
                config.chmod(int(mode, 8))
            with chdir(scratch):
                return self._found(Path(), kind)

    def _found(self, config: Path, kind: str) -> list[Finding]:
        target, rewrite = self.asked("target", kind), self.asked("rewrite", kind)
        found: Iterable[Finding]
        if rewrite is not None:
            found = vmxtool.plan_rewrite(config, **options(rewrite)).refused
        elif target is not None:
            found = vmxtool.check(config, target, self.asked("origin", kind)).findings
        else:
            found = vmxtool.judge(config)
        return [item for item in found if item.code == self.code]


def case_folders() -> list[CaseFolder]:
    return [CaseFolder(folder) for folder in sorted(FOLDER.iterdir())]


def options(line: str) -> dict[str, Any]:
    """The options of a rewrite, as they are typed, by the names that `plan_rewrite` has for them."""
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False, argument_default=argparse.SUPPRESS)
    parser.add_argument("--hwversion", type=int)
    parser.add_argument("--target")
    parser.add_argument("--from", dest="origin")
    parser.add_argument("--adapter")
    parser.add_argument("--vmfs-path")
    parser.add_argument("--encoding")
    for switch in ("--legacy", "--ide-to-scsi", "--move-disks", "--unsafe"):
        parser.add_argument(switch, action="store_true")
    return vars(parser.parse_args(line.split()))


def as_text(findings: Iterable[Finding]) -> str:
    """All of findings."""
    return "".join(f"{line}\n" for item in findings for line in _lines(item))


def _lines(item: Finding) -> Iterator[str]:
    yield f"{item.severity.value}: {item.message}"
    if item.after is not None:
        yield f"  after step {item.after}"
    yield from (f"  at {place}" for place in item.evidence)
    yield from (f"  rests on {source}" for source in item.sources)
    if item.fix is None:
        yield "  no fix"
    else:
        yield f"  {item.fix.safety.value} fix: {item.fix.text}"
        made_for = f"  ({item.fix.product})" if item.fix.product else ""
        yield from (f"    {shell(command)}{made_for}" for command in item.fix.commands)
    if item.cure is not None:
        yield f"  cure: {item.cure.value}"
    if item.stops:
        every = item.stops == LEAVING
        yield f"  stops: {'every move' if every else ', '.join(sorted(item.stops))}"


def _write_expectations() -> None:
    import os

    known = {rule.code for rule in all_rules()}
    for case in case_folders():
        os.chdir(case.folder)
        Path("finding.txt").write_text(as_text(case.findings("fires")), "utf-8")
        quiet = case.findings("silent")
        sys.stdout.write(f"{'  ' if case.code in known else '??'} {case.id}{' NOT SILENT' if quiet else ''}\n")


if __name__ == "__main__":
    _write_expectations()
