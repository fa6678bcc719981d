"""The screens of every sample in one file, for a reviewer to read: `python tests/generate/golden_screens.py`.

The file is `tests/report/screens/all.txt`; `test_golden_screens.py` compares it with what is printed on a terminal of
80 columns without colour.
"""

from __future__ import annotations

import os
import shlex
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from report.screens import shown

import vmxtool
from vmxtool.report.text.changes import print_rewrite
from vmxtool.report.text.overview import print_overview
from vmxtool.report.text.verdict import print_verdict
from vmxtool.report.text.vm import print_vm

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "tests" / "report" / "screens" / "all.txt"
# Where each sample is asked to go; an ESXi that many still have for those that are not here.
TARGETS = {
    "Budget.vmwarevm": "esx3",
    "esx2-smp": "ws17.5",
    "esx3-vmfs": "ws17.5",
    "esxi67": "ws16",
    "gsx3-linux": "esxi8.0",
    "suspended": "ws5.5",
    "ws4-undoable": "ws26h1",
    "ws5-snapshots": "ws4",
    "ws6-scsi-smp": "gsx3",
    "ws6-windows-ide": "esx3",
}
USUAL = "esxi6.7"


def screens() -> Iterator[tuple[str, str]]:
    """Every screen with the command that prints it; to be asked for in the project's folder."""
    for folder in sorted(path for path in Path("samples").iterdir() if path.is_dir()):
        target = TARGETS.get(folder.name, USUAL)
        vm = vmxtool.inspect(folder)
        place = shlex.quote(str(folder))
        findings, verdict = vmxtool.judge(vm), vmxtool.check(vm, target)
        rewrite = vmxtool.plan_rewrite(vm, target=target)
        yield f"vmxtool inspect {place}", shown(partial(print_vm, vm, findings), 80)
        yield f"vmxtool check {place}", shown(partial(print_overview, vm, list(vmxtool.check_all(vm))), 80)
        yield f"vmxtool check --target {target} {place}", shown(partial(print_verdict, verdict, vm), 80)
        command = f"vmxtool rewrite --target {target} --dry-run {place}"
        yield command, shown(partial(print_rewrite, rewrite, True, None), 80)


def page() -> str:
    """The whole file."""
    before = Path.cwd()
    os.chdir(ROOT)
    try:
        return "\n".join(f"$ {command}\n{text}" for command, text in screens())
    finally:
        os.chdir(before)


if __name__ == "__main__":
    FILE.write_text(page(), "utf-8")
