"""Which settings products are known to read, and which of them a misspelt one is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from peers import CORPUS, needs_corpus

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.known_keys import distance, known_keys, meant_by, nearest_word, read_known_keys
from vmxtool.knowledge.sources import source
from vmxtool.vmx.document import Document

WORDS = st.text("abcd", max_size=6)
ROW = '[[device]]\nid = "x"\nwords = "a#"\nnames = "present"\nsource = "general"\nchecked = 2026-11-30\n'


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("scsi0:0.filname", "scsi0:0.fileName"),
        ("scsi0:0.presnet", "scsi0:0.present"),
        ("ethernet0.conectiontype", "ethernet0.connectionType"),
        ("memsiz", "memsize"),
        ("guetsos", "guestOS"),
        ("virtualhw.verison", "virtualHW.version"),
        ("noneencryption.keysafe", "encryption.keySafe"),
        # Known ones, rare ones, and ones that somebody put aside.
        ("scsi0:0.filename", None),
        ("serial0.pipe.endpoint", None),
        ("usb_xhci:4.present", None),
        ("foo.bar", None),
        ("_hypervisor.cpuid.v0", None),
        ("guestinfo.memsize", None),
        # As near as another setting is that has its name from another thing.
        ("sev.enable", None),
        ("vbs.present", None),
        ("hgfs.tools.present", None),
        ("x" * 5000, None),
    ],
)
def test_what_a_setting_is_a_misspelling_of(key: str, meant: str | None) -> None:
    assert meant_by(key, ()) == meant


def test_what_stands_in_its_right_spelling_is_not_meant_once_more() -> None:
    assert meant_by("memsiz", {"memsize": None}) is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [("ethrnet0", "ethernet0"), ("scis0:0", "scsi0:0"), ("floopy1", "floppy1"), ("vwheels0", None), ("scsi0", None)],
)
def test_what_device_a_word_is_a_misspelling_of(word: str, meant: str | None) -> None:
    assert nearest_word(word) == meant


@given(WORDS, WORDS, WORDS)
def test_the_distance_is_one(one: str, other: str, third: str) -> None:
    far = 20
    assert (distance(one, other, far) == 0) == (one == other)
    assert distance(one, other, far) == distance(other, one, far) <= max(len(one), len(other))
    assert distance(one + third, other + third, far) <= distance(one, other, far)


@given(WORDS, WORDS, st.integers(0, 5))
def test_what_is_too_far_away_is_above_the_most(one: str, other: str, most: int) -> None:
    exact = distance(one, other, 20)
    found = distance(one, other, most)
    assert found == exact if exact <= most else found > most


def test_every_source_is_known() -> None:
    assert all(source(reference) for row in known_keys().values() for reference in row.sources)


@pytest.mark.corpus
@needs_corpus
def test_no_setting_of_a_real_config_is_taken_for_misspelt() -> None:
    configs = [*CORPUS.glob("vmx/*"), *CORPUS.glob("libvirt/*.vmx")]
    assert configs
    for path in configs:
        keys = Document.read(path).folded()
        assert [key for key in keys if meant_by(key, keys)] == []


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (ROW, ROW + ROW, "column id: it stands twice"),
        (ROW, "", "no device is in it"),
        ('words = "a#"\n', "", "missing"),
    ],
)
def test_a_broken_file_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"known_keys\.toml: .*{says}"):
        read_known_keys(ROW.replace(old, new))
