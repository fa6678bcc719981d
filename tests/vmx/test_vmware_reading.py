"""VMware as the judge: what it printed of a config into its log is what a `Document` of that config says.

Each reading in the corpus is the configuration that one start of a VM found; the file beside it is the config as it was
published, which may be from after that start. They are of one VM, at one time, where `uuid.bios` is the same. A VM's
first start has no `uuid.bios` yet; its reading belongs to the file of the same name, hardware and disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from vmxtool.vmx.document import Document
from vmxtool.vmx.lines import fold

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
READINGS = CORPUS / "vmware-reading"

# Keys whose value VMware itself changes while the VM runs, and why: the file has the value from after the run, or from
# before it, and the log has the other one.
VOLATILE = {
    "cleanshutdown": "FALSE while the VM runs, TRUE once it is off",
    "checkpoint.vmstate": "names the suspended state, and is emptied on resuming",
    "vmotion.checkpointfbsize": "the size of the screen when the VM ran last",
    "usb.autoconnect.device0": "the device plugged in when the VM ran last",
}
# The first start is what writes these into the file: addresses, slots, identity and sizes. Its own reading lacks them.
WRITTEN_BY_FIRST_START = "uuid.bios"
# VMware reads `.encoding` for itself; it is no variable, so its log does not have it.
NO_VARIABLE = ".encoding"
SAME_VM = ("displayName", "guestOS", "virtualHW.version", "nvram", "memsize")

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(not READINGS.is_dir(), reason="the corpus of real files is not beside the project"),
]


@dataclass(frozen=True)
class Pair:
    """A config, and what VMware said it holds."""

    document: Document
    reading: dict[str, str]
    first_start: bool


def read_log(path: Path) -> dict[str, str]:
    """Keys as VMware spells them, and values; Workstation 8 and later print these in quotes."""
    lines = [line for line in path.read_text("utf-8").split("\n")[2:] if line]
    settings = [(key, value) for key, _, value in (line.partition(" = ") for line in lines)]
    if all(value.startswith('"') and value.endswith('"') for _, value in settings):
        return {key: value[1:-1] for key, value in settings}
    return dict(settings)


def find_pairs() -> dict[str, Pair]:
    documents = [Document.read(path) for path in sorted((CORPUS / "vmx").glob("*.vmx"))]
    pairs = {}
    for path in sorted(READINGS.glob("*.txt")):
        reading = read_log(path)
        folded = {fold(key): value for key, value in reading.items()}
        first_start = WRITTEN_BY_FIRST_START not in folded
        shared = SAME_VM if first_start else (WRITTEN_BY_FIRST_START,)
        for document in documents:
            if all(document.get(key) == folded.get(fold(key)) is not None for key in shared):
                pairs[f"{path.name}-{document.name}"] = Pair(document, reading, first_start)
    return pairs


PAIRS = find_pairs() if READINGS.is_dir() else {}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_keys_and_values_are_those_that_vmware_read(pair: Pair) -> None:
    ours = {key: value for key, value in pair.document.items() if key != NO_VARIABLE}
    if pair.first_start:
        ours = {key: value for key, value in ours.items() if key in pair.reading}
    assert set(ours) == set(pair.reading)
    differing = {fold(key) for key, value in ours.items() if value != pair.reading[key]}
    assert differing <= VOLATILE.keys()


def test_there_are_pairs_in_every_encoding_and_each_exception_is_needed() -> None:
    assert len(PAIRS) >= 15
    assert {"utf-8", "gbk", "cp1251", "cp1252"} <= {pair.document.encoding.codec for pair in PAIRS.values()}
    assert {pair.first_start for pair in PAIRS.values()} == {True, False}
    seen = {
        fold(key)
        for pair in PAIRS.values()
        for key, value in pair.reading.items()
        if key in pair.document and pair.document[key] != value
    }
    assert seen == VOLATILE.keys()


def test_values_beyond_ascii_are_among_those_compared() -> None:
    values = [value for pair in PAIRS.values() for value in pair.reading.values()]
    assert any("\u0400" <= char <= "\u04ff" for value in values for char in value), "Cyrillic, from windows-1251"
    assert any("\u4e00" <= char <= "\u9fff" for value in values for char in value), "Chinese, from GBK"
