"""Every argument and option of the command line, once, and what several commands do with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

import vmxtool
from vmxtool.errors import NoVm, UsageError
from vmxtool.report.formats import formats_of

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine


def _checked_format(context: typer.Context, form: str) -> str:
    known = formats_of(context.command.name or "")
    if form not in known:
        raise typer.BadParameter(f"{form!r} is not one of {', '.join(known)}.")
    return form


def _value(value: str | None) -> str | None:
    """Refuse an option in the place of a value: the value of the option before it was forgotten."""
    if value is not None and value.startswith("--"):
        raise typer.BadParameter(f"{value!r} is an option, not a value.")
    return value


Vm = Annotated[
    Path | None,
    typer.Argument(
        metavar="[VM]",
        help="A config file (.vmx .vmtx .cfg), a VM's folder or a Fusion bundle; the current folder if left out.",
        show_default=False,
    ),
]
As = Annotated[
    str,
    typer.Option(
        "--format",
        metavar=f"[{'|'.join(formats_of('inspect'))}]",
        help="Text for people, JSON for programs.",
        callback=_checked_format,
    ),
]
AsGuide = Annotated[
    str,
    typer.Option(
        "--format",
        metavar=f"[{'|'.join(formats_of('guide'))}]",
        help="Text, JSON, or one HTML page of all tables.",
        callback=_checked_format,
    ),
]
_TARGET = typer.Option(
    "--target", metavar="PRODUCT", help="Where the VM is to run, such as esx3; see vmxtool targets.", callback=_value
)
Target = Annotated[str, _TARGET]
MaybeTarget = Annotated[str | None, _TARGET]
Origin = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="PRODUCT", help="The product that made the VM, instead of the detected one.", callback=_value
    ),
]
Family = Annotated[
    str | None,
    typer.Option(
        "--family",
        metavar="FAMILY",
        help="Only products of one family, such as esx or workstation.",
        callback=_value,
    ),
]
Have = Annotated[
    str | None,
    typer.Option("--have", metavar="PRODUCTS", help="Only over products at hand, such as ws4,ws6.", callback=_value),
]
HwVersion = Annotated[
    int | None, typer.Option("--hwversion", metavar="N", help="Give the VM this virtual hardware version.", min=1)
]
Legacy = Annotated[
    bool, typer.Option("--legacy", help="The newest version that both its own product and the target run.")
]
IdeToScsi = Annotated[bool, typer.Option("--ide-to-scsi", help="Move IDE disks to a SCSI controller.")]
MoveDisks = Annotated[bool, typer.Option("--move-disks", help="Move SATA and NVMe disks where they must go.")]
Adapter = Annotated[
    str | None,
    typer.Option(
        "--adapter",
        metavar="MODEL",
        help="Controller for moved disks: a SCSI model, or sata for disks that leave NVMe.",
        callback=_value,
    ),
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Also change what may need work in the guest.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the changes and write nothing.")]
ListJournals = Annotated[bool, typer.Option("--list", help="List the rewrites that can be undone.")]
OnlyFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--only", metavar="FILE", help="Put back this file alone, named as undo names it; can be said several times."
    ),
]
PrintFile = Annotated[
    str | None,
    typer.Option("--print", metavar="FILE", help="Write what this file was before the rewrite, and change nothing."),
]
TableNumber = Annotated[int | None, typer.Option("--table", metavar="N", help="One table of the guide, 1 to 19.")]
FromProduct = Annotated[
    str | None, typer.Option("--from", metavar="PRODUCT", help="Where a VM comes from.", callback=_value)
]
ToProduct = Annotated[str | None, typer.Option("--to", metavar="PRODUCT", help="Where it goes.", callback=_value)]
Code = Annotated[str, typer.Argument(metavar="CODE", help="A rule such as DSK201, or a place such as mpg:t07:r1c3.")]


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
        raise UsageError(f"unknown family {family[:80]!r}", hint=f"there are {', '.join(known)}", candidates=known)
    return family
