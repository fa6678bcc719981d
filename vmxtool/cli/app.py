"""The list of commands, and the program that runs one."""

from __future__ import annotations

import io
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from vmxtool.cli import exits
from vmxtool.errors import UsageError

# In the order of the story: what is it, will it run there, how does it get there, change it, take that back; then the
# knowledge behind the answers.
COMMANDS = ("inspect", "check", "route", "rewrite", "undo", "guide", "targets", "explain")

_HELP = "Says what a VMware VM is, whether it runs on another VMware product, and makes the changes its files need."


class Program(TyperGroup):
    """The commands as one program; words that it does not understand are told as every other error is."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        """Run the command that the words name, and end the process.

        Raises:
            SystemExit: always.
        """
        words = options.get("args") or (arguments[0] if arguments else None)
        words = list(sys.argv[1:] if words is None else words)
        try:
            code = super().main(*arguments, **{**options, "standalone_mode": False})
            sys.stdout.flush()
        except typer.Abort:
            raise SystemExit(1) from None
        except OSError as error:  # of the help; a command tells its own
            exits.fail_to_answer(error)
        except _wrong_words() as error:
            if not words:
                error.show()  # the help
                raise SystemExit(error.exit_code) from None
            exits.fail(_as_usage_error(error, words), exits.asked_format(words))
        raise SystemExit(code if isinstance(code, int) else exits.DONE)


def build(words: list[str]) -> typer.Typer:
    """The Typer application; where the first word names a command that one alone is loaded, which saves time."""
    app = typer.Typer(
        name="vmxtool",
        cls=Program,
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
    sys.stdout = _written_whole(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its code instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    build(sys.argv[1:])(prog_name="vmxtool")


def _written_whole(stream: TextIO) -> TextIO:
    """A stream that writes all it is given or raises: one without a buffer takes what fits, and loses the rest."""
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors)


def _wrong_words() -> Any:
    """The class of what Typer raises about the words of a command line; it keeps its own copy of click."""
    return typer.BadParameter.__mro__[1]


def _as_usage_error(error: Any, words: list[str]) -> UsageError:
    problem = error.format_message().rstrip(".")
    command = " ".join(["vmxtool", *(name for name in words[:1] if name in COMMANDS)])
    near = getattr(error, "possibilities", None) or ()
    return UsageError(problem[0].lower() + problem[1:], hint=f"see {command} --help", candidates=near)


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
