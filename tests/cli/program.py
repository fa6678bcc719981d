"""Run the command line of vmxtool in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS = 60  # a hang guard, not a measurement


class Run(NamedTuple):
    """What a command came to."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


def vmxtool(*words: str | Path, **environment: str) -> Run:
    """Run a command, 80 columns wide and without colours unless the environment says otherwise."""
    run = subprocess.run(
        [sys.executable, "-m", "vmxtool", *map(str, words)],
        check=False,
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONUTF8": "1", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=_SECONDS,
    )
    assert "Traceback" not in run.stderr
    return Run(run.returncode, run.stdout, run.stderr)
