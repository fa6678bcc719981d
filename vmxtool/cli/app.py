"""The list of commands."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import typer

# In the order of the story: what is it, will it run there, how does it get there, change it, take that back; then the
# knowledge behind the answers.
COMMANDS = ("inspect", "check", "route", "rewrite", "undo", "guide", "targets", "explain")

_HELP = "Says what a VMware VM is, whether it runs on another VMware product, and makes the changes its files need."


def build(words: list[str]) -> typer.Typer:
    """The Typer application; where the first word names a command that one alone is loaded, which saves time."""
    app = typer.Typer(
        name="vmxtool",
        help=_HELP,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_main)
    wanted = [name for name in words[:1] if name in COMMANDS] or COMMANDS
    for name in wanted:
        module: Any = import_module(f"vmxtool.cli.cmd_{name}")
        app.command(name)(module.command)
    return app


def run() -> None:
    """Run the command line of this process."""
    # A program started without standard streams has None in their place.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 until the end
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its code instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    build(sys.argv[1:])(prog_name="vmxtool")


def _version(asked: bool) -> None:
    if asked:
        from vmxtool import __version__

        typer.echo(f"vmxtool {__version__}")
        raise typer.Exit


def _main(
    version: bool = typer.Option(
        False, "--version", help="Show the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    pass
