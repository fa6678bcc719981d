"""Fill the console blocks of README.md with what the commands in them print, and draw its picture of an answer.

`python tests/make_readme.py` writes both after a change of output; `tests/test_packaging.py` compares.
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import tempfile
from pathlib import Path

from build import copy_vm
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME, SVG_EXPORT_THEME, TerminalTheme
from rich.text import Text
from terminal import on_a_terminal

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
SAMPLES = ROOT / "samples"
# Which sample the commands of a block are run in, or beside.
INSIDE = {"transcript": "ws6-windows-ide", "help": "ws6-windows-ide"}
BESIDE = {"today": "Ubuntu 64-bit"}
BLOCK = re.compile(r"(^<!-- (transcript|today|help) -->\n```console\n)(.*?)(^```$)", re.DOTALL | re.MULTILINE)
PICTURED = "$ vmxtool check 'Ubuntu 64-bit'"
PICTURES: dict[str, TerminalTheme] = {"light": DEFAULT_TERMINAL_THEME, "dark": SVG_EXPORT_THEME}
DRAWN_BY = "15.0.0"
"""The version of rich that the pictures are compared with; another draws other details."""
# Without rich's own fonts, which a reader's browser would fetch from elsewhere.
_FONT_FACES = re.compile(r"    @font-face \{.*?\}\n", re.DOTALL)


def main() -> None:
    """Rewrite README.md and its pictures in place."""
    README.write_text(filled(README.read_text(encoding="utf-8")), encoding="utf-8")
    for name in PICTURES:
        picture_file(name).write_text(picture(name), encoding="utf-8")


def filled(text: str) -> str:
    """The text with every console block run anew, each with a fresh copy of its sample VM."""
    return BLOCK.sub(lambda block: block[1] + _run(block[2], block[3]) + block[4], text)


def picture_file(name: str) -> Path:
    """Where the picture in one of the two themes lies."""
    return ROOT / "docs" / f"check-{name}.svg"


def picture(name: str) -> str:
    """The picture of an answer as a terminal shows it, as SVG."""
    with tempfile.TemporaryDirectory() as scratch:
        _copy_of(BESIDE["today"], Path(scratch))
        shown = output(PICTURED, Path(scratch), colour=True)
    width = max(Text.from_ansi(line).cell_len for line in shown.splitlines())
    out = Console(record=True, width=width, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    out.print(Text(PICTURED, "bold"))
    out.print(Text.from_ansi(shown.rstrip()))
    drawn = out.export_svg(title="vmxtool", theme=PICTURES[name], unique_id=f"vmxtool-{name}")
    lines = [line for line in _FONT_FACES.sub("", drawn).splitlines() if not line.lstrip().startswith("<!--")]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _copy_of(sample: str, folder: Path) -> Path:
    return copy_vm(SAMPLES / sample, folder / sample)


def _run(name: str, block: str) -> str:
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    with tempfile.TemporaryDirectory() as scratch:
        folder = _copy_of(INSIDE.get(name) or BESIDE[name], Path(scratch))
        return "\n".join(
            f"{command}\n{output(command, folder if name in INSIDE else folder.parent)}" for command in commands
        )


def output(command: str, folder: Path, *, colour: bool = False) -> str:
    """What a vmxtool command prints in a folder, on a terminal of 80 columns, without blanks at line ends."""
    words = shlex.split(command.removeprefix("$ "))
    shown = on_a_terminal(
        [sys.executable, "-m", "vmxtool", *words[1:]],
        folder=folder,
        environment={"PYTHONPATH": str(ROOT)},
        colour=colour,
    )
    return "\n".join(line.rstrip() for line in shown.strip("\n").splitlines()) + "\n"


if __name__ == "__main__":
    main()
