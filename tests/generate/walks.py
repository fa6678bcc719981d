"""The walks of docs/what-a-rewrite-changes.md: console blocks that are run in a copy of a sample VM.

Each holds what was printed. `python tests/generate/walks.py` writes the page anew after a change of output;
`test_walks.py` compares.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

# As a script, this one has its own folder on the path, and not the one above.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from make_readme import output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "what-a-rewrite-changes.md"
BLOCK = re.compile(r"(<!-- walk (\S+)(?: (\S+))? -->\n```console\n)(.*?)(```\n)", re.DOTALL)


class Walk(NamedTuple):
    """A block after it was run: the sample, its new text, and what the VM's files were at first and at last."""

    sample: str
    text: str
    before: dict[str, str]
    after: dict[str, str]
    config: str


def without_snapshots(folder: Path) -> None:
    """What Workstation 5 leaves when all snapshots are removed; nothing had been written since the last one."""
    config = next(folder.glob("*.vmx"))
    config.write_bytes(config.read_bytes().replace(b"-000003.vmdk", b".vmdk"))
    for path in [*folder.glob("*-00000?.vmdk"), *folder.glob("*.vmsn")]:
        path.unlink()
    for path in folder.glob("*.vmsd"):
        path.write_bytes(b"")


PREPARED: dict[str, Callable[[Path], None]] = {"without-snapshots": without_snapshots}


def walks(page: str) -> Iterator[Walk]:
    """Every block of the page, run."""
    for hit in BLOCK.finditer(page):
        yield _run(hit[2], hit[3], hit[4])


def filled(page: str) -> str:
    """The page with every block as it is printed now."""
    found = walks(page)
    return BLOCK.sub(lambda hit: hit[1] + next(found).text + hit[5], page)


def _run(sample: str, preparation: str | None, block: str) -> Walk:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(shutil.copytree(ROOT / "samples" / sample, Path(scratch) / sample))
        if preparation is not None:
            PREPARED[preparation](folder)
        before = _digests(folder)
        commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        text = "\n".join(f"$ {command}\n{output(command, folder)}" for command in commands)
        config = next(folder.rglob("*.vmx")).read_text("latin-1")
        return Walk(sample, text, before, _digests(folder), config)


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir()) if path.is_file()}


if __name__ == "__main__":
    PAGE.write_text(filled(PAGE.read_text("utf-8")), "utf-8")
