"""Why a rewrite cannot be undone, for a person at a terminal: what was changed by hand, and what can be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from vmxtool.report.text.terminal import console, print_command, print_hanging, print_heading, print_title, safe_text
from vmxtool.report.text.undo import undo_title
from vmxtool.report.words import count

if TYPE_CHECKING:
    from typing import IO

    from rich.console import Console

    from vmxtool.errors import VmxtoolError
    from vmxtool.rewriter.journal.refusal import FoundFile, Refusal

# A rewrite changes a config and its disks; more files than these are not read in a terminal.
_LISTED = 20
_FOUND = {
    "before": "is as it was before the rewrite",
    "after": "is as the rewrite left it",
    "mixed": "is changed in part",
    "missing": "is gone",
    "other": "is not as the rewrite left it",
}
_WRITTEN_SINCE = (
    "another program has written to it since, as a product does once the VM is started, so no undo restores this disk; "
    "what helps is a copy of the VM from before"
)
_ALONE = (
    "{} keeps all that was written to it, and what the rewrite put into its descriptor; inspect tells whether that "
    "fits the config"
)
_SIDES = {"after": "as it left it", "before": "as it was before"}


def print_refusal(error: VmxtoolError, _exit_code: int, stream: IO[str] | None = None) -> None:
    """Print how a rewrite's files are now, which of them can be undone alone, and where the old bytes are."""
    refusal: Refusal = error.details
    out = console(stream)
    title = undo_title(refusal.name, refusal.asked, refusal.path)
    print_title(out, title.append(f": rewrite {refusal.number:04} not undone, nothing was changed", "bold red"))
    files = sorted(refusal.files, key=lambda file: not file.blocks)
    for file in files[:_LISTED]:
        _print_file(out, file, refusal)
    if len(files) > _LISTED:
        print_hanging(out, " ", Text(f"and {count(len(files) - _LISTED, 'more file')}; --format json has them all"), 2)
    for warning in refusal.warnings:
        print_hanging(out, Text("!", "bold red"), safe_text(warning), indent=2)
    if not refusal.get_old:
        print_hanging(out, "·", safe_text(f"the old bytes are in {refusal.journal}"), indent=2)
    if refusal.undo_alone:
        written = [file.name for file in files if file.blocks and _is_disk(file)]
        disks = {file.name for file in files if _is_disk(file)}
        print_heading(out, f"restore {'the others' if disks & {*refusal.alone} else 'the config'} alone")
        if written:
            print_hanging(out, "·", safe_text(_ALONE.format("each disk" if written[1:] else written[0])), indent=2)
        print_command(out, refusal.undo_alone, indent=2)
    if refusal.get_old:
        print_heading(out, f"print the old bytes, which are in {refusal.journal}")
    for command in refusal.get_old[:_LISTED]:
        print_command(out, command, indent=2)


def _is_disk(file: FoundFile) -> bool:
    return not file.is_text or file.name.lower().endswith((".vmdk", ".pln"))


def _print_file(out: Console, file: FoundFile, refusal: Refusal) -> None:
    # Half of a change is one of ours only where that can be put back.
    found = "other" if file.found == "mixed" and file.name not in refusal.alone else file.found
    text = safe_text(f"{file.name} {_FOUND[found]}")
    if file.lines.count:
        text.append(f" (- {_SIDES[file.side]}, + as it is now)")
    print_hanging(out, Text("✖", "bold red") if file.blocks else Text("·"), text, indent=2)
    if file.blocks and file.is_text and found == "other" and not file.lines.count:
        print_hanging(out, "·", Text("it is too big, or cannot be read, to compare its lines"), indent=4)
    if file.blocks and not file.is_text and found == "other":
        print_hanging(out, "·", Text(_WRITTEN_SINCE), indent=4)
    for line in file.lines.shown:
        label = f"line {line.number}"
        for sign, style, what in (("-", "red", line.was), ("+", "green", line.now)):
            if what is not None:
                print_hanging(out, f"{label} {sign}", safe_text(what, style), indent=4)
                label = " " * len(label)
    if file.lines.more:
        print_hanging(out, "·", Text(f"and {count(file.lines.more, 'more line')}"), indent=4)
