"""The screens of every sample are those that were read and found good."""

from __future__ import annotations

from generate.golden_screens import FILE, page


def test_the_screens_of_every_sample_are_as_they_were_read() -> None:
    assert page() == FILE.read_text("utf-8"), "run python tests/generate/golden_screens.py, and read what it changed"
