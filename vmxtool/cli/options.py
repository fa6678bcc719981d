"""Every argument and option of the command line, once, and what several commands do with them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import vmxtool
from vmxtool.cli.wrong_words import long_name
from vmxtool.errors import NoVm, UsageError
from vmxtool.report.formats import formats_of

_DIGITS = 6

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine


# The groups in which `--help` shows options; those without one are about how the answer is shown.
_PLACES = "Which products"
_CHANGES = "What to change"
_BACK = "What to restore"
_TABLES = "Which part of the guide"


def _checked_format(context: typer.Context, form: str) -> str:
    command = context.command.name or ""
    known = formats_of(command)
    if form not in known:
        raise UsageError(f"vmxtool {command} has no format {form[:80]!r}", hint=f"say {' or '.join(known)}")
    return form


def _value(param: typer.CallbackParam, value: str | list[str] | None) -> str | list[str] | None:
    """Refuse an option in the place of a value: the value of the option before it was forgotten."""
    for word in [value] if isinstance(value, str) else value or ():
        if word.startswith("--"):
            raise UsageError(f"{long_name(param)} needs a value, and {word[:80]!r} is an option")
    return value


def _number(name: str, value: str) -> int:
    """Read a whole number above zero."""
    if not (value.isascii() and value.isdigit() and len(value) <= _DIGITS and int(value) > 0):
        raise UsageError(f"{name} takes a whole number above zero, not {value[:80]!r}")
    return int(value)


def _option(*names: str, value: str, help: str, group: str | None = None) -> Any:  # noqa: A002 as Typer calls it
    """Return an option with a value."""
    return typer.Option(*names, metavar=value, help=help, callback=_value, rich_help_panel=group)


def _numbered(name: str, help: str, group: str | None = None) -> Any:  # noqa: A002 as Typer calls it
    """Return an option with a number."""
    return typer.Option(name, metavar="N", help=help, parser=partial(_number, name), rich_help_panel=group)


def _switch(*names: str, help: str, group: str | None = None) -> Any:  # noqa: A002 as Typer calls it
    """Return an option without a value."""
    return typer.Option(*names, help=help, rich_help_panel=group)


def _format(kind: str, help: str) -> Any:  # noqa: A002 as Typer calls it
    return typer.Option(
        "--format", metavar="|".join(formats_of(kind)), help=help, callback=_checked_format, show_default=False
    )


Vm = Annotated[
    Path | None,
    typer.Argument(
        metavar="[VM]",
        help="The VM: its folder, its config (.vmx .vmtx .cfg) or its Fusion bundle; without it the current folder.",
        show_default=False,
        # What can be read is told by what reads it.
        readable=False,
    ),
]
As = Annotated[str, _format("inspect", "Text for people (if nothing is said) or JSON for programs.")]
AsGuide = Annotated[str, _format("guide", "Text (if nothing is said), JSON, or one HTML page with all tables.")]
_TARGET = _option(
    *("-t", "--target", "--to"),
    value="PRODUCT",
    help="The product that is to run the VM, such as esxi6.7; `vmxtool targets` lists them.",
    group=_PLACES,
)
Target = Annotated[str, _TARGET]
MaybeTarget = Annotated[str | None, _TARGET]
Origin = Annotated[
    str | None,
    _option("--from", value="PRODUCT", help="The product that made the VM, if vmxtool guesses wrong.", group=_PLACES),
]
Family = Annotated[
    str | None,
    _option(
        "--family", value="FAMILY", help="Only the products of one family, such as esx or workstation.", group=_PLACES
    ),
]
Have = Annotated[
    str | None,
    _option("--have", value="PRODUCTS", help="Only over products that you have, such as ws4,ws6.", group=_PLACES),
]
HwVersion = Annotated[int | None, _numbered("--hwversion", "Give the VM this virtual hardware version.", _CHANGES)]
Legacy = Annotated[
    bool,
    _switch(
        "--legacy",
        help="With --target: the newest hardware version that both products run, so that the VM can go back.",
        group=_CHANGES,
    ),
]
IdeToScsi = Annotated[bool, _switch("--ide-to-scsi", help="Move IDE disks to a SCSI controller.", group=_CHANGES)]
MoveDisks = Annotated[
    bool,
    _switch(
        "--move-disks", help="Move SATA and NVMe disks to another bus if the new version needs it.", group=_CHANGES
    ),
]
Adapter = Annotated[
    str | None,
    _option(
        "--adapter",
        value="MODEL",
        help="The controller for moved disks: a SCSI model, or sata for disks that leave NVMe.",
        group=_CHANGES,
    ),
]
VmfsPath = Annotated[
    str | None,
    _option(
        "--vmfs-path",
        value="VOLUME",
        help="For ESX Server 2: the volume of the disks, vmhba0:0:0:5 or a label, for their names.",
        group=_CHANGES,
    ),
]
Networks = Annotated[
    list[str] | None,
    _option(
        "--network",
        value="ADAPTER=NAME",
        help="A network of the new host, such as ethernet0='VM Network'; once for each adapter.",
        group=_CHANGES,
    ),
]
Encoding = Annotated[
    str | None,
    _option(
        "--encoding",
        value="NAME",
        help="For products before 2007: the character set of the new host, such as windows-1252.",
        group=_CHANGES,
    ),
]
Limit = Annotated[
    bool,
    _switch("--limit", help="Lowers memory and network adapters to what the target holds.", group=_CHANGES),
]
Unsafe = Annotated[
    bool,
    _switch("--unsafe", help="Also make changes after which the guest may need work to start.", group=_CHANGES),
]
DryRun = Annotated[
    bool, _switch("-n", "--dry-run", help="Show the changes and write nothing.", group="How it is written")
]
ListJournals = Annotated[bool, _switch("--list", help="List the rewrites that can be undone.", group=_BACK)]
OnlyFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--only",
        metavar="FILE",
        help="Restore this file only, named as undo names it; may be given several times.",
        rich_help_panel=_BACK,
    ),
]
PrintFile = Annotated[
    str | None,
    typer.Option(
        "--print",
        metavar="FILE",
        help="Print this file as it was before the rewrite, and change nothing.",
        rich_help_panel=_BACK,
    ),
]
Why = Annotated[bool, _switch("--why", help="Also show the evidence and the sources.")]
Each = Annotated[bool, _switch("--all", help="Each product on a line of its own.")]
WayNumber = Annotated[int | None, _numbered("--way", "Show this way in full, where there are several.")]
TableNumber = Annotated[int | None, _numbered("--table", "One table of the guide, 1 to 19.", _TABLES)]
FromProduct = Annotated[
    str | None, _option("--from", value="PRODUCT", help="The product that has the VM.", group=_TABLES)
]
ToProduct = Annotated[
    str | None,
    _option(*("-t", "--target", "--to"), value="PRODUCT", help="The product that is to run the VM.", group=_TABLES),
]
Words = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[WORD]...",
        help="A rule (DSK201), a product (esxi6.7), a hardware version (hw19), a place in the guide (mpg:t07:r1c3), "
        "a source (kb:1003746), or a word that rules mention (NVMe).",
        show_default=False,
    ),
]


def read_vm(vm: Path | None, origin: str | None = None) -> Machine | None:
    """Read the VM that was named, or else the one in the current folder.

    None only where no VM was named, none lies in the current folder, and `origin` says which product one would be of.

    Raises:
        UsageError: there is none, or there are several.
        InputError: it cannot be read.
    """
    try:
        return vmxtool.inspect(vm or Path())
    except NoVm:
        if vm is not None or origin is None:
            raise
        return None


def known_family(family: str | None) -> str | None:
    """Return a family of products.

    Raises:
        UsageError: there is no such family.
    """
    from vmxtool.knowledge.products import products

    known = list(dict.fromkeys(product.family for product in products().values()))
    if family is not None and family not in known:
        raise UsageError(f"unknown family {family[:80]!r}", hint=f"choose one of {', '.join(known)}", candidates=known)
    return family
