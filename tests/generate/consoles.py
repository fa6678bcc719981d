"""Console blocks of a page that are run beside VMs: each holds what its commands print on a terminal of 80 columns.

A block begins with a comment, `<!-- walk WORD ... -->`. The words say which VMs are there, in a way of the page's own.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

# As a script, a page's generator has its own folder on the path, and not the one above.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from terminal import on_a_terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    SetUp = Callable[[Path, list[str]], Path]
    """Puts the VMs that the words of a block name into an empty folder; returns where its commands are run."""

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"(<!-- walk ([^>\n]+) -->\n```console\n)(.*?)(```\n)", re.DOTALL)


class Console(NamedTuple):
    """A block after it was run: the words of its comment, its new text, and the VMs' files at first and at last.

    Files have their name where the commands were run, and the SHA-256 of what is in them; the journals of vmxtool are
    left out. The config is the last text of the first one there.
    """

    words: list[str]
    text: str
    before: dict[str, str]
    after: dict[str, str]
    config: str


def consoles(page: str, set_up: SetUp) -> Iterator[Console]:
    """Every block of a page, run, each with VMs of its own."""
    for hit in BLOCK.finditer(page):
        yield _run(hit[2].split(), hit[3], set_up)


def filled(page: str, set_up: SetUp) -> str:
    """The page with every block as it is printed now."""
    found = consoles(page, set_up)
    return BLOCK.sub(lambda hit: hit[1] + next(found).text + hit[4], page)


def _run(words: list[str], block: str, set_up: SetUp) -> Console:
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch)
        tools, vms = place / "tools", place / "vms"
        tools.mkdir()
        vms.mkdir()
        _make_tool(tools / "vmxtool", "-m", "vmxtool")
        _make_tool(tools / "python3")
        start = set_up(vms, words)
        before = _digests(start)
        commands = [line.removeprefix("$ ") for line in block.splitlines() if line.startswith("$ ")]
        text = "\n".join(f"$ {command}\n{_printed(command, start, tools)}" for command in commands)
        config = min(path for path in start.rglob("*") if path.suffix in {".vmx", ".cfg"}).read_text("latin-1")
        return Console(words, text, before, _digests(start), config)


def _make_tool(path: Path, *options: str) -> None:
    path.write_text(f'#!/bin/sh\nexec {shlex.join([sys.executable, *options])} "$@"\n')
    path.chmod(0o755)


def _printed(command: str, folder: Path, tools: Path) -> str:
    environment = {"PYTHONPATH": str(ROOT), "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
    shown = on_a_terminal(["sh", "-c", command], folder=folder, environment=environment)
    return "".join(f"{line.rstrip()}\n" for line in shown.strip("\n").splitlines())


def _digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    names = {path.relative_to(folder): path for path in files}
    return {
        name.as_posix(): sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if ".vmxtool" not in name.parts
    }
