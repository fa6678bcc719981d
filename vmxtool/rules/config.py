"""VMX0xx: the config file itself, as VMware's reader takes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vmxtool._files import is_absolute, last_part
from vmxtool.evidence import Evidence
from vmxtool.findings import LEAVING, Do, Severity
from vmxtool.rules.case import name_evidence
from vmxtool.rules.character_set import WESTERN
from vmxtool.rules.commands import file_argument, vmxtool_command
from vmxtool.rules.old_host import HARMFUL, leads_nowhere
from vmxtool.rules.registry import About, Hit, manual, rule
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.vmx.document import Document

_SHOWN = 5
_CUT = 200
# Files and folders of its own that a config names, beside its drives (libvirt's and VMware's own key lists).
_PATHS = (
    "workingDir",
    "redoLogDir",
    "suspend.directory",
    "snapshot.directory",
    "sched.swap.dir",
    "nvram",
    "extendedConfigFile",
)
# A name, and a value of several words.
_WITHOUT_QUOTES = re.compile(r'\s*([\w.:-]+)\s*=\s*([^\s"#|\\][^"#|\\]*?)\s*')
# What a product writes elsewhere, or not at all, where the path leads nowhere.
_WRITTEN = ("log.fileName",)


@rule(
    "VMX001",
    "unknown-line",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("open-vm-tools:lib/dict/dictll.c",),
    short="a line that cannot be read",
    messages=(
        ("'<file>' is not a valid virtual machine configuration file.", "general"),
        ("Cannot read the virtual machine configuration file.", "general"),
        ("VMX file is corrupt.", "general"),
    ),
)
def unknown_line(vm: Machine) -> Iterator[Hit]:
    """A line is neither a setting nor a comment nor blank.

    VMware stops reading the file at such a line and refuses the VM. Text after a closing quote, a value with blanks
    that has no quotes, and an unclosed quote are the usual causes; `;` and `//` do not begin comments.
    Correct the line by hand: only its author knows what it was meant to say.
    """
    document = vm.config.document
    for number in document.unknown[:_SHOWN]:
        why, raw = document.problem_of_line(number), _raw(document, number)
        yield Hit(
            f"line {number} of {document.name} is not a setting: {why}; VMware stops reading there",
            (Evidence(document.name, number, None, raw),),
            manual(f"write line {number} of {document.name} as {_meant(raw)}, or put # in front of it"),
        )
    rest = len(document.unknown) - _SHOWN
    if rest > 0:
        yield Hit(
            f"{rest} more line{'s' if rest > 1 else ''} of {document.name} {'are' if rest > 1 else 'is'} not a setting",
            (Evidence(document.name, document.unknown[_SHOWN]),),
            manual("check that this is a VM's config and not a template of one"),
        )


@rule(
    "VMX002",
    "duplicate-key",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
    short="a setting that stands twice",
    messages=(("Variable '<name>' is already defined.", "view-open-client:lib/bora/user/dictionary.c"),),
)
def duplicate_key(vm: Machine) -> Iterator[Hit]:
    """A setting stands twice.

    Names are the same in any case: `msg.autoAnswer` repeats `msg.autoanswer`. VMware reports that the variable is
    already defined and refuses the file, even where both values are equal.
    Keep the line that is meant and delete the other.
    """
    document = vm.config.document
    for key, first, second in document.duplicates[:_SHOWN]:
        yield Hit(
            f"{document.spelling(key)} is set on line {first} and again on line {second}; VMware refuses the file",
            (document.evidence(key), Evidence(document.name, second, None, _raw(document, second))),
            manual(f"delete line {first} or line {second} of {document.name}"),
        )
    rest = len(document.duplicates) - _SHOWN
    if rest > 0:
        yield Hit(
            f"{rest} more setting{'s stand' if rest > 1 else ' stands'} twice",
            (Evidence(document.name, document.duplicates[_SHOWN][2]),),
            manual("keep one line of each"),
        )


@rule(
    "VMX003",
    "unknown-encoding",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops=LEAVING,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
    short="an unknown encoding",
)
def unknown_encoding(vm: Machine) -> Iterator[Hit]:
    """The file names a character encoding that VMware does not know.

    VMware refuses such a file. The values shown here were read by a guess.
    Put in the name of the encoding that the file is really in.
    """
    encoding = vm.config.document.encoding
    if not encoding.known:
        yield Hit(
            f'"{encoding.declared}" is not a character encoding that VMware knows; values are read as {encoding.codec}',
            (vm.config.document.evidence(".encoding"),),
            manual('give .encoding the file\'s real encoding, such as "UTF-8" or "windows-1252"'),
        )


@rule(
    "VMX004",
    "undecodable-value",
    Severity.WARNING,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
)
def undecodable_value(vm: Machine) -> Iterator[Hit]:
    """A value has bytes that do not exist in the file's encoding.

    VMware reports an error that names the setting. It happens where a file was edited in another encoding than the
    one it declares; file names in such values lead nowhere.
    Save the file in the encoding that it declares.
    """
    document = vm.config.document
    if document.encoding.declared is None or not document.encoding.known:
        return
    declared = document.encoding.name
    for key in document.undecodable[:_SHOWN]:
        yield Hit(
            f"{document.spelling(key)} has bytes that are not {declared}, the encoding that the file declares",
            (document.evidence(key),),
            manual(f"save the file as {document.encoding.name}, or correct .encoding"),
        )


@rule(
    "VMX005",
    "byte-order-mark",
    Severity.INFO,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
)
def byte_order_mark(vm: Machine) -> Iterator[Hit]:
    """The file begins with a UTF-8 byte order mark.

    VMware's reader of 2010 skips it; users have reported that products refuse such a file as corrupt, which is
    unverified. Most other programs read the first setting wrongly.
    Save the file without the mark.
    """
    if vm.config.document.bom:
        yield Hit(
            "the file begins with a byte order mark, which some products are reported to refuse (unverified)",
            (Evidence(vm.config.file, 1),),
            manual("save the file as UTF-8 without a byte order mark"),
        )


@rule(
    "VMX006",
    "rewrite-unfinished",
    Severity.BLOCKER,
    about=About.FILES,
    cure=Do.UNDO_REWRITE,
    stops=LEAVING,
    short="a rewrite that was cut short",
)
def rewrite_unfinished(vm: Machine) -> Iterator[Hit]:
    """An earlier rewrite of this VM was cut short.

    Some of its files may be changed and others not. The journal has the old bytes of every one.
    Undo it before anything else is done with the VM.
    """
    if vm.unfinished_rewrite is not None:
        journal = f"{vm.unfinished_rewrite.parent.name}/{vm.unfinished_rewrite.name}"
        yield Hit(
            f"a rewrite was cut short; its journal is {journal}",
            (Evidence(journal),),
            manual("put the files back as they were", vmxtool_command(vm, "undo")),
        )


@rule(
    "VMX008",
    "absolute-path",
    Severity.WARNING,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
)
def absolute_path(vm: Machine) -> Iterator[Hit]:
    """The config names a file or folder of the VM by its full path.

    After a move the path leads nowhere, or to the files that were left behind, which is worse. Names without a folder
    are looked for beside the config. A disc image of another host is only disconnected, so that is told as a note.
    A rewrite takes the paths along that no host of its target has: ESX Server 1 and 2, ESX since and hosted products
    are of three kinds.
    """
    document = vm.config.document
    for key in (*_PATHS, *_WRITTEN):
        name = document.get(key, "")
        if is_absolute(name):
            remedy = f"give {document.spelling(key)} a name beside the config, or take the line out"
            if fold(key) in HARMFUL and leads_nowhere(vm, name):
                goes = "names it beside the config" if key == "nvram" else "takes the line out"
                remedy = f"a rewrite for a product of another kind {goes}; for one of the same kind, {remedy}"
            yield Hit(
                f"{document.spelling(key)} is a full path: {name}",
                (document.evidence(key),),
                manual(remedy),
                Severity.INFO if key in _WRITTEN else None,
            )
    for drive in vm.drives:
        if drive.file is None or not is_absolute(drive.file):
            continue
        # What is said of disks that lie elsewhere, or were found beside the config, is said by rules of their own.
        inside = drive.found is not None and drive.found.path is not None and not drive.found.moved
        if drive.kind == "disk" and inside:
            cure = manual(f"name the disk {last_part(drive.file)}")
            yield Hit(f"{drive.id}: {drive.file} is a full path", name_evidence(drive), cure)
        elif drive.kind != "disk":
            cure = manual("choose a medium of the new host, or disconnect the drive")
            yield Hit(f"{drive.id}: {drive.file} is a full path", name_evidence(drive), cure, Severity.INFO)


@rule(
    "VMX009",
    "file-not-read",
    Severity.UNKNOWN,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops={Do.REWRITE},
    short="a file that could not be read",
)
def file_not_read(vm: Machine) -> Iterator[Hit]:
    """A file or folder of the VM could not be looked into.

    What it holds is not in this answer. Give yourself the right to read it, or decrypt it, and ask again.
    """
    for item in vm.unread:
        if item.key == "encryption.data":
            message = f"{item.file} is encrypted, so snapshots cannot be seen; does the VM have any?"
            cure = "look at its snapshots in the product that encrypted it, and remove the encryption there"
        else:
            message = f"{item.file} could not be read ({item.value}); what does it hold?"
            cure = f"make {item.file} readable, then ask again"
        yield Hit(message, (item,), manual(cure))


@rule(
    "VMX010",
    "marked-read-only",
    Severity.INFO,
    about=About.FILES,
    cure=Do.REPAIR_CONFIG,
    stops={Do.REWRITE},
    short="a file marked read-only",
)
def marked_read_only(vm: Machine) -> Iterator[Hit]:
    """A file of the VM is marked read-only for everybody, or its folder is.

    Somebody may have meant that nothing changes it, so vmxtool does not. Take the mark off if it is to change.
    """
    if vm.read_only:
        names = [item.file for item in vm.read_only]
        folder = vm.config.folder
        paths = [file_argument(vm, "." if name == folder.name else name) for name in names]
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        yield Hit(
            f"marked read-only: {shown}",
            vm.read_only[:_SHOWN],
            manual("take the read-only mark off", ("chmod", "u+w", *paths)),
        )


def _meant(raw: str) -> str:
    """Return a line as it was likely meant: one whose value has blanks and no quotes gets them."""
    found = _WITHOUT_QUOTES.fullmatch(raw)
    return f'{found[1]} = "{found[2]}"' if found is not None and len(raw) < _CUT else 'name = "value"'


def _raw(document: Document, number: int) -> str:
    return document.line(number).raw.rstrip(b"\r\n").decode("utf-8", "backslashreplace")[:_CUT]


@rule(
    "VMX026",
    "encoding-not-declared",
    Severity.INFO,
    about=About.FILES,
    sources=("view-open-client:lib/bora/user/dictionary.c",),
)
def encoding_not_declared(vm: Machine) -> Iterator[Hit]:
    """The config has text beyond ASCII, is not UTF-8, and does not name its character set.

    VMware reads such a file in the character set of the host that it runs on, so a name is another one on a host of
    another language. What is shown here is a guess; the bytes of the file stay as they are.
    Name the character set of the host that wrote the file, where the guess shows wrong names.
    """
    document = vm.config.document
    if document.encoding.declared is not None or document.encoding.codec == "utf-8":
        return
    key = next((key for key in document if not document[key].isascii()), None)
    if key is not None:
        codec = document.encoding.codec
        how = "as Western European, by a guess" if codec in WESTERN else f"in {codec}, in which its files are found"
        yield Hit(
            f"no .encoding says in which characters the file is written; it is shown {how}",
            (document.evidence(key),),
            manual('where a name looks wrong, add a line that says it, such as .encoding = "GBK"'),
        )
