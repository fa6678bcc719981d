"""Make everything that is generated: `python tests/generate/everything.py`.

What the rules' cases are expected to say is written first, since pages show it; each change of it has to be read.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
SCRIPTS = (
    "generate/generated.py",
    "rules/cases.py",
    "generate/rules_page.py",
    "generate/sources_page.py",
    "generate/schemas.py",
    "generate/walks.py",
    "generate/questions.py",
    "generate/golden_screens.py",
    "make_readme.py",
)


def main() -> int:
    """Run every script; the exit code is that of the first that fails."""
    for script in SCRIPTS:
        sys.stdout.write(f"{script}\n")
        sys.stdout.flush()
        done = subprocess.run(
            [sys.executable, TESTS / script], cwd=TESTS.parent, stdout=subprocess.DEVNULL, check=False
        )
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
