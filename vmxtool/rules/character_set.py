"""VMX027: text beyond ASCII on a product that reads a config in the character set of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Do, Severity
from vmxtool.knowledge.features import features
from vmxtool.rules.registry import About, Hit, by_rewrite, manual, rule
from vmxtool.rules.state import TEXT_WRITTEN
from vmxtool.vmx import encodings
from vmxtool.vmx.document import ENCODING_KEYS
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vmxtool.evidence import Evidence
    from vmxtool.knowledge.product import Product
    from vmxtool.rules.case import Case, Files
    from vmxtool.vmx.document import Document

# Settings with a name that is looked up on the host: of a file, a folder or a network.
_LOOKED_UP = (".filename", ".name", ".hostpath", ".networkname", ".vnet", ".devname", "nvram", "dir", ".directory")
_NAMED = 2  # settings that a message names
_WESTERN = "windows-1252"
WESTERN = frozenset({"cp1252", "iso8859_1"})
"""The character sets that are guessed where nothing tells one."""


def beyond_ascii(files: Files) -> tuple[str, ...]:
    """Return the settings with a name or a value beyond ASCII, in their order."""
    return files.vm.config.document.beyond_ascii


def declared_in(document: Document) -> list[str]:
    """Return the settings that name the config's character set."""
    return [key for key in ENCODING_KEYS if key in document]


def is_sure(files: Files) -> bool:
    """Return whether the config's character set is certain.

    It is where it is named, is UTF-8, or the disks are found by names in it.
    """
    document = files.vm.config.document
    if declared_in(document) or document.encoding.codec not in WESTERN:
        return True
    named = (drive for drive in files.vm.disks if drive.file is not None and not drive.file.isascii())
    return any(drive.found is not None and drive.found.exists for drive in named)


def likely_of_host(document: Document, beyond: Sequence[str]) -> str:
    """Return the character set that the host may well use.

    It is what the config was written in, unless every host reads that.
    """
    encoding = document.encoding
    if encoding.declared is None and encoding.codec == "cp1252":
        return _WESTERN
    if encoding.codec not in {"utf-8", "ascii"} and not encodings.is_shifting(encoding.codec):
        return encodings.plain_name(encoding.declared or "", encoding.codec)
    western = all(encodings.holds(text, "cp1252") for key in beyond for text in (key, document[key]))
    return _WESTERN if western else "utf-8"


def in_words(keys: Sequence[str]) -> str:
    """Say that settings have characters beyond ASCII, as a sentence begins."""
    named = ", ".join(keys[:_NAMED]) + " and others" if len(keys) > _NAMED else " and ".join(keys)
    return f"{named} {'has' if len(keys) == 1 else 'have'} characters beyond ASCII"


def _told_of(files: Files) -> tuple[list[str], Sequence[str], tuple[Evidence, ...]]:
    """Return the settings beyond ASCII that name disks, those that are told, and their places.

    What is looked up on the host is told before what is only shown.
    """
    document, beyond = files.vm.config.document, files.once(beyond_ascii)
    disks = {f"{drive.id}.{word}" for drive in files.vm.disks for word in ("filename", "name")}
    of_disks = [key for key in beyond if fold(key) in disks]
    looked_up = [key for key in beyond if fold(key).endswith(_LOOKED_UP)]
    keys = of_disks or looked_up or beyond
    return of_disks, keys, tuple(document.evidence(key) for key in keys)


def _reads_that_of_its_host(product: Product) -> bool:
    return not features()["writes-encoding"].holds(product)


@rule(
    TEXT_WRITTEN,
    "text-in-host-character-set",
    Severity.UNKNOWN,
    about=About.TARGET,
    cure=Do.REWRITE,
    sources=("field-observations",),
    short="which character set the host has",
    only_if=lambda vm: bool(vm.config.document.beyond_ascii),
    only_on=_reads_that_of_its_host,
)
def text_in_host_character_set(case: Case) -> Iterator[Hit]:
    """The config has text beyond ASCII, and the target reads it in the character set of its host.

    Products before 2007 write no `.encoding` and know none. Where the config is in another character set than the host
    reads, they look for a disk or a network of another name, and show other letters than were meant. A rewrite puts the
    config into the character set that `--encoding` names; a name of ASCII alone is the same in all.
    """
    document, to = case.vm.config.document, case.target
    if not case.is_place:
        return
    beyond = case.files.once(beyond_ascii)
    of_disks, keys, places = case.files.once(_told_of)
    has, sure = in_words(keys), case.files.once(is_sure)
    effect = "finds nothing of that name" if keys is not beyond else "shows other letters"
    name = likely_of_host(document, beyond)
    into_that = by_rewrite(f"let a rewrite put the config into what the new host uses: {name} is likely")
    if declared_in(document) and of_disks:
        written = document.encoding.name
        yield Hit(
            f"{has}: does the host of {to.name} use {written}, too? If it does, the disk is found; if not, only once "
            "the config is in what it uses",
            places,
            into_that,
        )
    elif declared_in(document):
        reads = f"{to.name} reads them in its host's character set, not in {document.encoding.name}"
        yield Hit(f"{has}, and {reads}: it {effect} (unverified)", places, into_that, Severity.WARNING)
    elif case.made_by is not to:
        as_before = manual("see that the new host has the character set of the old one, or give names of ASCII first")
        yield Hit(
            f"{has}, and nothing says in which character set; {to.name} {effect} on a host of another language",
            places,
            into_that if sure else as_before,
            Severity.WARNING if of_disks else Severity.INFO,
            cure=Do.REWRITE if sure else Do.CHANGE_SETTINGS,
        )
