"""Fill the console blocks of README.md with what the commands in them print; run it after a change of output.

`python tests/make_readme.py` rewrites the file; `tests/test_packaging.py` compares.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SAMPLE = ROOT / "samples" / "ws6-windows-ide"
BLOCK = re.compile(r"(^<!-- (?:transcript|overview|help) -->\n```console\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
COLOUR_SWITCHES = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}


def main() -> None:
    """Rewrite README.md in place."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")


def filled(text: str) -> str:
    """The text with every console block run anew, each in a fresh copy of the sample VM."""
    return BLOCK.sub(lambda block: block[1] + _run(block[2]) + block[3], text)


def _run(block: str) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    with tempfile.TemporaryDirectory() as scratch:
        vm = Path(shutil.copytree(SAMPLE, Path(scratch) / SAMPLE.name))
        return "\n".join(f"{command}\n{output(command, vm)}" for command in commands)


def output(command: str, folder: Path) -> str:
    """What a vmxtool command prints in a folder, as in a plain terminal of 80 columns, without blanks at line ends."""
    words = shlex.split(command.removeprefix("$ "))
    inherited = {key: value for key, value in os.environ.items() if key not in COLOUR_SWITCHES}
    plain = {"COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", "PYTHONUTF8": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-m", "vmxtool", *words[1:]],
        check=False,
        cwd=folder,
        env={**inherited, **plain},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip("\n").splitlines()) + "\n"


if __name__ == "__main__":
    main()
