"""Every key of the real configs falls under a row of devices.toml, or is listed with the reason why none is needed."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from peers import CORPUS, needs_corpus

from vmxtool.knowledge.devices import devices, matches, rules_for
from vmxtool.vmx.document import Document

LIST = Path(__file__).with_name("keys_without_a_row.toml")
GROUPS = tomllib.loads(LIST.read_text("utf-8"))["group"]
PATTERNS = [pattern for group in GROUPS for pattern in group["keys"]]


def _keys() -> set[str]:
    """The keys of all configs, in lower case; of numbers any one is as good as another."""
    configs = [*CORPUS.glob("vmx/*"), *CORPUS.glob("libvirt/*.vmx"), *CORPUS.glob("threads/*/*.vmx")]
    assert configs
    return {key for path in configs for key in Document.read(path).folded()}


def _listed(key: str) -> list[str]:
    return [pattern for pattern in PATTERNS if matches(pattern, key)]


@pytest.mark.corpus
@needs_corpus
def test_every_key_has_a_row_or_a_reason() -> None:
    without = sorted(key for key in _keys() if not rules_for(key) and not _listed(key))
    assert not without, "give them rows in devices.toml, or patterns with a reason in keys_without_a_row.toml"


@pytest.mark.corpus
@needs_corpus
def test_every_pattern_is_needed() -> None:
    # What has a row for some of its values, such as a switch that is off, may be listed for the others.
    found = {pattern for key in _keys() for pattern in _listed(key)}
    assert {pattern for group in GROUPS if not group.get("unseen") for pattern in group["keys"]} <= found


def test_a_key_that_nobody_knows_is_not_covered() -> None:
    for key in ("vwheels.present", "scsi0.wheels", "svga.wheels", "wheels"):
        assert not rules_for(key)
        assert not _listed(key)


def test_the_list_gives_each_pattern_once_with_a_reason() -> None:
    assert len(PATTERNS) == len(set(PATTERNS))
    assert all(pattern == pattern.lower() for pattern in PATTERNS)
    for group in GROUPS:
        assert {"reason", "keys"} <= set(group) <= {"reason", "keys", "unseen"}
        assert re.fullmatch(r"[A-Z].{20,}\.", group["reason"])


def test_a_listed_device_is_none_that_has_a_row() -> None:
    """A pattern does not hide a whole device that devices.toml is about."""
    of_rows = {key for rule in devices().values() for key in rule.keys if key.endswith(".*") and rule.limit is None}
    assert not of_rows & set(PATTERNS)
