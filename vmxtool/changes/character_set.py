"""The character set of the config, for products of before 2007, which read it in that of their host."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

from vmxtool.changes.model import CHARACTER_SET, Changes, Kept, Needs, SettingChange, Topic
from vmxtool.knowledge.features import features
from vmxtool.machine.character_set import as_its_files_say
from vmxtool.machine.folder import folder_of
from vmxtool.rules import writing
from vmxtool.rules.character_set import beyond_ascii, declared_in, in_words, is_sure, likely_of_host
from vmxtool.rules.registry import findings_of
from vmxtool.vmx import edits, encodings
from vmxtool.vmx.document import ENCODING_KEYS, Document
from vmxtool.vmx.lines import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vmxtool.changes.model import Wanted
    from vmxtool.knowledge.product import Product
    from vmxtool.rules.case import Files

_HALF = r"\\u[dD][89a-fA-F]"  # half a character, which UTF-7 alone can spell
_CORRECT = "write {key} in the character set that the config declares, or correct .encoding"
_NAMED = 2  # files that a note names


def character_set(files: Files, wanted: Wanted) -> Changes:
    """Take out `.encoding` for a product that writes none, and write the text in the character set of its host.

    Which that is only the owner can say; a config of ASCII alone reads the same in all. One that names none and keeps
    its hardware version is left as it is, until the owner says another.
    """
    product, told, document = wanted.product, wanted.told.encoding, files.vm.config.document
    feature = features()["writes-encoding"]
    declared, beyond = declared_in(document), files.once(beyond_ascii)
    if product is None or not wanted.fit or feature.holds(product) or not (declared or beyond):
        return Changes()
    settled = None if declared else _without_a_name(files, wanted, product, beyond)
    if settled is not None:
        return settled
    name = told if told is not None else likely_of_host(document, beyond)
    codec = (encodings.codec(name) or "utf-8") if beyond or told is not None else "utf-8"
    why = f"{product.name} writes none, and reads a config in its host's character set"
    settings = tuple(
        SettingChange(document.spelling(key), None, why, feature.source, topic=Topic(CHARACTER_SET, name))
        for key in declared
    )
    lost = files.once(_unreadable) or files.once(_lost_in, codec)
    if lost is not None and (told is not None or files.once(_unreadable) is not None):
        key, reason = lost
        place = document.evidence(key) if key in document else document.evidence(declared[0] if declared else key)
        remedy = _CORRECT.format(key=key) if files.once(_unreadable) is not None else ""
        said = findings_of(writing.encoding_cannot_hold, reason.format(name=name), key, place, remedy)
        return Changes(refused=tuple(said))
    notes = tuple(_about_other_names(files, codec, product)) if lost is None else ()
    if not beyond and lost is None:
        return Changes(settings, recode=codec if told is not None else "utf-8", notes=notes)
    beyond = beyond or tuple(declared)
    reason = f"{in_words(beyond)}, which {product.name} reads in its host's character set"
    option = f"encoding={name}"
    needs = Needs((option,), ((option, reason, document.evidence(beyond[0])),))
    return Changes(settings, needs=needs, recode=codec, notes=notes)


def _without_a_name(files: Files, wanted: Wanted, product: Product, beyond: tuple[str, ...]) -> Changes | None:
    """Return what becomes of text beyond ASCII where the config names no character set.

    It is None where the character set is sure and the text goes over. Where the set is not sure, the text is as its
    host wrote it, or as an earlier rewrite did; which of the two, nothing tells.
    """
    document, told, sure = files.vm.config.document, wanted.told.encoding, files.once(is_sure)
    likely, place = likely_of_host(document, beyond), document.evidence(beyond[0])
    if told is None and wanted.version == files.vm.hardware.version:
        return _as_it_is(beyond, product, likely if sure else "")
    if told is not None and encodings.codec(told) == document.encoding.codec:
        return Changes()
    if sure:
        return None
    if told is None:
        reason = f"{in_words(beyond)}, which {product.name} reads in its host's character set"
        option = f"encoding={likely}"
        return Changes(needs=Needs((option,), ((option, reason, place),)))
    reason = f"{in_words(beyond)}, and the config, which names no character set, is no text in {told}"
    return Changes(refused=tuple(findings_of(writing.encoding_cannot_hold, reason, beyond[0], place)))


def _as_it_is(beyond: tuple[str, ...], product: Product, name: str) -> Changes:
    """Return what is said of text that stays as it is, and of the character set that --encoding may write it in."""
    topic, effect = Topic(CHARACTER_SET, name), f"{product.name} may read text beyond ASCII otherwise"
    note = f"{in_words(beyond)}, which {product.name} reads in its host's character set, and nothing names the config's"
    written = f"; --encoding {name}, or another, writes them so" if name else ", so they stay as they are written"
    kept = Kept(topic, f"{note}{written}", effect, f"encoding {name}" if name else None)
    return Changes(notes=(kept.note,), kept=(kept,))


def _about_other_names(files: Files, codec: str, product: Product) -> Iterator[str]:
    """Yield what to know of names beyond ASCII that stand in other files too, and of the text from now on."""
    names = dict.fromkeys(
        link.file
        for drive in files.vm.disks
        for link in (drive.chain.links if drive.chain is not None else ())
        if not link.file.isascii()
    )
    if names:
        listed = ", ".join(list(names)[:_NAMED])
        yield (
            f"{listed}: the disk's files and what its descriptor says keep their names in the character set that they "
            f"have (unverified: whether {product.name} finds them); a name of ASCII alone is surer"
        )
    if files.once(_is_read_otherwise, codec):
        yield (
            "the config names no character set any more, and is read here by a guess that does not find it: copy it to "
            "its new host before it is asked about again"
        )


def _is_read_otherwise(files: Files, codec: str) -> bool:
    """Return whether the config, written in a character set and naming none, is read here in another one."""
    data = bytes(files.once(_recoded, codec))
    again = Document.parse(data, files.vm.config.document.name)
    return not data.isascii() and as_its_files_say(again, folder_of(files.vm)).encoding.codec != codec


def _recoded(files: Files, codec: str) -> Document:
    return edits.recode(files.vm.config.document, codec)


def _unreadable(files: Files) -> tuple[str, str] | None:
    """Return the first setting that is no text in the config's own character set, and why; None where all is."""
    document, encoding = files.vm.config.document, files.vm.config.document.encoding
    if encoding.conflict is not None or (not encoding.known and not bytes(document).isascii()):
        return declared_in(document)[0], "the config's own character set is not clear"
    halves = (key for key in document if encoding.codec == "utf-7" and re.search(_HALF, document[key]))
    misspelt = filter(None, map(_misspelt(document), document))
    unreadable = next(chain(document.undecodable, halves, misspelt), None)
    if unreadable is None:
        return None
    key = document.spelling(unreadable)
    return key, f"{key} has bytes that are no text in the config's own character set"


def _lost_in(files: Files, codec: str) -> tuple[str, str] | None:
    """Return the first setting that a character set cannot say, and why, with a place for its name.

    It is None where the character set says all.
    """
    document = files.vm.config.document
    missing = "{key} has a character that {{name}} does not have"
    for key in document:
        if not (encodings.holds(key, codec) and encodings.holds(document[key], codec)):
            return key, missing.format(key=key)
    after = files.once(_recoded, codec)
    again = Document.parse(bytes(after), document.name, codec)
    kept = {fold(key): document[key] for key in document if fold(key) not in ENCODING_KEYS}
    now = {fold(key): again[key] for key in again}
    wrong = next((key for key in kept.keys() | now.keys() if kept.get(key) != now.get(key)), None)
    if wrong is None and (len(again.duplicates) > len(document.duplicates) or again.unknown != after.unknown):
        wrong = ".encoding"
    return None if wrong is None else (wrong, f"{wrong} would not read the same in {{name}}")


def _misspelt(document: Document) -> Callable[[str], str | None]:
    """Return a function that finds settings whose names have bytes that are no text in the config's character set.

    It gives the name of such a setting, and None for any other.
    """
    codec = document.encoding.codec

    def found(key: str) -> str | None:
        line = document.where(key)
        if (key.isascii() and "\\" not in key) or line is None:
            return None
        raw = document.line(line).raw.partition(b"=")[0]
        return None if encodings.is_valid(raw, codec) else key

    return found
