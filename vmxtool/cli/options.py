"""Every argument and option of the command line, once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """How results are told."""

    text = "text"
    json = "json"


class GuideFormat(StrEnum):
    """How the guide's tables are told."""

    text = "text"
    json = "json"
    html = "html"


Vm = Annotated[
    Path,
    typer.Argument(
        metavar="[VM]",
        help="A config file (.vmx .vmtx .cfg), a VM's folder or a Fusion bundle; the current folder if left out.",
        show_default=False,
    ),
]
As = Annotated[Format, typer.Option("--format", help="Text for people, JSON for programs.")]
AsGuide = Annotated[GuideFormat, typer.Option("--format", help="Text, JSON, or one HTML page of all tables.")]
Target = Annotated[
    str, typer.Option("--target", metavar="PRODUCT", help="Where the VM is to run, such as esx3; see vmxtool targets.")
]
MaybeTarget = Annotated[
    str | None,
    typer.Option("--target", metavar="PRODUCT", help="Where the VM is to run, such as esx3; see vmxtool targets."),
]
Origin = Annotated[
    str | None,
    typer.Option("--from", metavar="PRODUCT", help="The product that made the VM, instead of the detected one."),
]
Family = Annotated[
    str | None,
    typer.Option("--family", metavar="FAMILY", help="Only products of one family, such as esx or workstation."),
]
Have = Annotated[
    str | None,
    typer.Option("--have", metavar="PRODUCTS", help="Only over products at hand, such as ws4,ws6."),
]
HwVersion = Annotated[
    int | None, typer.Option("--hwversion", metavar="N", help="Give the VM this virtual hardware version.", min=1)
]
Legacy = Annotated[
    bool, typer.Option("--legacy", help="The newest version that both its own product and the target run.")
]
IdeToScsi = Annotated[bool, typer.Option("--ide-to-scsi", help="Move IDE disks to a SCSI controller.")]
MoveDisks = Annotated[bool, typer.Option("--move-disks", help="Move SATA and NVMe disks to SCSI where they must go.")]
Adapter = Annotated[
    str | None,
    typer.Option("--adapter", metavar="MODEL", help="SCSI controller for moved disks, where the guest is not known."),
]
Unsafe = Annotated[bool, typer.Option("--unsafe", help="Also change what may need work in the guest.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the changes and write nothing.")]
ListJournals = Annotated[bool, typer.Option("--list", help="List the rewrites that can be undone.")]
TableNumber = Annotated[int | None, typer.Option("--table", metavar="N", help="One table of the guide, 1 to 19.")]
FromProduct = Annotated[str | None, typer.Option("--from", metavar="PRODUCT", help="Where a VM comes from.")]
ToProduct = Annotated[str | None, typer.Option("--to", metavar="PRODUCT", help="Where it goes.")]
Code = Annotated[str, typer.Argument(metavar="CODE", help="A rule such as DSK201, or a place such as mpg:t07:r1c3.")]
