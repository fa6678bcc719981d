"""The list of commands, and the program that runs one."""

from __future__ import annotations

import io
import os
import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, TextIO

import typer
from typer.core import TyperGroup

from vmxtool.cli import exits, wrong_words
from vmxtool.cli.command import Command, write_groups
from vmxtool.errors import VmxtoolError
from vmxtool.report.text import plain

# In the order of the story: what is it, will it run there, how does it get there, change it, take that back; then the
# knowledge behind the answers.
COMMANDS = ("inspect", "check", "route", "rewrite", "undo", "guide", "targets", "explain")

_HELP = "Says what a VMware VM is, whether it runs on another VMware product, and makes the changes its files need."
_OF_HELP = "Show this page; `vmxtool help COMMAND` shows a command's options and examples."
_EXIT_CODES = [
    ("0", "done; check: the VM runs as it is"),
    ("1", "check: the VM does not run as it is"),
    ("2", "the words of the command are wrong"),
    ("3", "a file cannot be read"),
    ("4", "nothing was written"),
]
_NARROW = 52  # columns, below which Typer would write over the edge


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
        except VmxtoolError as error:  # of the words; a command tells its own
            exits.fail(error, exits.asked_format(words))
        except _wrong_words() as error:
            if not words:
                error.show()  # the help
                raise SystemExit(error.exit_code) from None
            exits.fail(wrong_words.in_our_words(error, words, COMMANDS, _takers), exits.asked_format(words))
        raise SystemExit(code if isinstance(code, int) else exits.DONE)

    def format_options(self, _: Any, formatter: Any) -> None:
        """Write the options, and the commands each with one line."""
        options = [("-V, --version", "Show the version of vmxtool and the date of its data."), ("-h, --help", _OF_HELP)]
        commands = [(name, _summary(self.commands[name])) for name in COMMANDS if name in self.commands]
        write_groups(formatter, (("Commands", commands), ("Options", options), ("Exit codes", _EXIT_CODES)))


def build(words: list[str]) -> typer.Typer:
    """Return the Typer application; where the first word names a command that one alone is loaded, which saves time."""
    app = typer.Typer(
        name="vmxtool",
        cls=Program,
        help=_HELP,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100, "terminal_width": _width()},
    )
    app.callback()(_main)
    wanted = [name for name in words[:1] if name in COMMANDS] or COMMANDS
    for name in wanted:
        module: Any = import_module(f"vmxtool.cli.cmd_{name}")
        app.command(name, cls=Command, epilog=module.EXAMPLES)(module.command)
    return app


def with_help_as_option(words: list[str]) -> list[str]:
    """Return the words of a command line; those that begin with "help" as the option that they stand for.

    Raises:
        UsageError: help is asked for what is no command.
    """
    if words[:1] != ["help"]:
        return words
    named = [word for word in words[1:2] if not word.startswith("-")]
    if named and named[0] not in COMMANDS:
        raise wrong_words.unknown_command(named[0], COMMANDS)
    return [*named, "--help"]


def run() -> None:
    """Run the command line of this process."""
    # A program started without standard streams has None in their place.
    sys.stdout = sys.stdout or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 until the end
    sys.stderr = sys.stderr or Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 until the end
    sys.stdout = _written_whole(sys.stdout)
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets its form in ASCII instead of a traceback.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=plain.HANDLER, **({"encoding": "ascii"} if _wants_ascii() else {}))
    try:
        sys.argv[1:] = with_help_as_option(sys.argv[1:])
    except VmxtoolError as error:
        exits.fail(error, exits.asked_format(sys.argv[1:]))
    build(sys.argv[1:])(prog_name="vmxtool")


def _wants_ascii() -> bool:
    """Return whether somebody asked for plain ASCII; Python takes UTF-8 for that, too, unless it was told."""
    return os.environ.get("LC_ALL") in {"C", "POSIX"} and os.environ.get("PYTHONUTF8") != "1"


def _written_whole(stream: TextIO) -> TextIO:
    """Return a stream that writes all it is given or raises.

    One without a buffer takes what fits, and loses the rest.
    """
    raw = getattr(stream, "buffer", None)
    if not isinstance(raw, io.RawIOBase):
        return stream
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=stream.encoding, errors=stream.errors)


def _wrong_words() -> Any:
    """Return the class of what Typer raises about the words of a command line; it keeps its own copy of click."""
    return typer.BadParameter.__mro__[1]


def _takers(option: str) -> list[str]:
    """Return the commands that take an option."""
    commands = typer.main.get_command(build([])).commands  # type: ignore[attr-defined]
    return [name for name in COMMANDS if any(option in param.opts for param in commands[name].params)]


def _width() -> int | None:
    """Return the columns of help on a narrow terminal; None where Typer knows better."""
    columns = shutil.get_terminal_size().columns
    return max(columns, 40) - 1 if columns < _NARROW else None


def _summary(command: Any) -> str:
    """Return the first line of a command's help."""
    return str(command.help or "").strip().partition("\n")[0].rstrip(".")


def _version(asked: bool) -> None:
    if asked:
        from vmxtool import __version__
        from vmxtool.knowledge.dates import newest_look

        typer.echo(f"vmxtool {__version__}, data of {newest_look()}")
        raise typer.Exit


def _main(
    version: bool = typer.Option(
        False, "-V", "--version", help="Show the version and exit.", callback=_version, is_eager=True
    ),
) -> None:
    pass
