"""The table of formats: every writer is there, and what a kind cannot be written in is refused."""

from __future__ import annotations

import pytest

from vmxtool.cli.app import COMMANDS
from vmxtool.errors import UsageError
from vmxtool.report import formats


@pytest.mark.parametrize("kind", formats._WRITERS)
def test_every_writer_of_the_table_is_there(kind: str) -> None:
    for writer in formats._WRITERS[kind].values():
        assert callable(formats.load(writer))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_writes_text_and_json(command: str) -> None:
    assert formats.formats_of(command)[:2] == ("text", "json")


def test_a_format_that_a_kind_does_not_have_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="there is no html of this; it comes as text and json") as caught:
        formats.write("targets", "html", [])
    assert caught.value.candidates == ("text", "json")
    assert capsys.readouterr().out == ""
