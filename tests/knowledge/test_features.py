"""What products of a family do from some version on: the shipped rows, and rows that are broken."""

from __future__ import annotations

import pytest

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.features import features, read_features
from vmxtool.knowledge.product_names import find_target
from vmxtool.knowledge.sources import source

ROW = '[[feature]]\nid = "x"\nsince = ["ws6"]\nsource = "field-observations"\nchecked = 2026-11-22\nsays = "It does."\n'


@pytest.mark.parametrize(
    ("feature", "name", "holds"),
    [
        ("opens-partial-encryption", "ws16", False),
        ("opens-partial-encryption", "ws16.2", True),
        ("opens-partial-encryption", "ws25h2", True),
        ("opens-partial-encryption", "fusion12.2", True),
        ("opens-partial-encryption", "fusion13", True),
        ("opens-partial-encryption", "hw18", False),
        ("opens-partial-encryption", "hw19", True),
        ("opens-partial-encryption", "esxi8.0", False),
        ("refuses-buslogic", "fusion13", False),
        ("refuses-buslogic", "fusion13.5", True),
        ("refuses-buslogic", "ws17.5", False),
        ("guest-options", "esx9.0", True),
        ("guest-options", "esx9.1", True),
        ("guest-options", "esxi8.0u2", False),
        ("guest-options-supposed", "esxi8.0u2", True),
        ("guest-options-supposed", "esxi5.1", False),
        ("guest-options-supposed", "esx9.0", False),
        ("runs-on-apple-silicon", "fusion12.2", False),
        ("runs-on-apple-silicon", "fusion26h1", True),
        ("x86-guests-alone", "ws26h1", True),
        ("x86-guests-alone", "fusion12", False),
        ("refuses-uneven-sockets", "esx3", False),
        ("refuses-uneven-sockets", "esxi5.5", True),
        ("reserves-for-low-latency", "esxi5.1", False),
        ("reserves-for-low-latency", "esxi7.0", True),
        ("vbs-on-amd", "esxi7.0", False),
        ("vbs-on-amd", "esxi7.0u2", True),
        ("vbs-on-amd", "hw18", False),
        ("tpm-needs-efi", "esxi6.5", False),
        ("tpm-needs-efi", "esxi6.7", True),
        ("chooses-passwords", "fusion12.2", True),
        ("chooses-passwords", "fusion13.0", False),
        ("chooses-passwords", "ws16.2", False),
        ("supports-no-macos", "esxi7.0u2", False),
        ("supports-no-macos", "esx9.1", True),
        ("refuses-older-loaders", "hw19", False),
        ("refuses-older-loaders", "hw22", True),
        ("refuses-newer-disk-numbers", "server1", True),
        ("refuses-newer-disk-numbers", "server2", False),
        ("no-shared-folders", "ws3", True),
        ("no-shared-folders", "ws4", False),
        ("no-shared-folders", "server2", True),
        ("no-vnc-server", "esxi6.7", False),
        ("no-vnc-server", "esx9.1", True),
        ("no-teams", "ws7.1", False),
        ("no-teams", "ws17", True),
        ("no-start-by-config", "gsx3", False),
        ("no-start-by-config", "esx4.1", True),
    ],
)
def test_a_feature_holds_from_its_product_on(feature: str, name: str, holds: bool) -> None:
    assert features()[feature].holds(find_target(name)) is holds


def test_every_source_is_known() -> None:
    assert all(source(reference) for feature in features().values() for reference in feature.sources)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('["ws6"]', '["ws0"]', "'ws0' is no product"),
        ('["ws6"]', '["ws6", "ws8"]', "a family stands twice"),
        ('says = "It does."\n', "", "column says: it is missing"),
        (ROW, ROW + ROW, "column id: it stands twice"),
        (ROW, ROW + 'loses = "it"\n', "what is lost and what shows it belong together"),
        (ROW, ROW + 'shown_by = ["x"]\n', "what is lost and what shows it belong together"),
        (ROW, "", "no feature is in it"),
    ],
)
def test_a_broken_row_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"features\.toml.*{says}"):
        read_features(ROW.replace(old, new))
