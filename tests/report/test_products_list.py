"""`vmxtool targets` shows every figure whole, at any width and in a pipe, and lists what people look for first."""

from __future__ import annotations

import re
from io import StringIO

import pytest

from vmxtool.knowledge.dates import newest_look
from vmxtool.knowledge.products import products
from vmxtool.report.text.products import print_products


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, stream: StringIO, width: int, family: str | None = None) -> list[str]:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    print_products([it for it in products().every() if family in {None, it.family}], stream)
    return re.sub("\x1b\\[[0-9;]*m", "", stream.getvalue()).splitlines()


@pytest.mark.parametrize("make", [StringIO, Terminal])
def test_every_figure_is_whole_at_80_columns(monkeypatch: pytest.MonkeyPatch, make: type[StringIO]) -> None:
    lines = printed(monkeypatch, make(), 80)
    assert max(len(line) for line in lines if not line.startswith(("A name", "The data"))) <= 80
    assert not any("…" in line for line in lines)
    for product in products().every():
        if not product.releases:
            (line,) = (it for it in lines if it.split()[:1] == [product.id])
            low, high = product.runs_min, product.runs_max
            assert {f"{low}-{high}" if low < high else str(low)} <= set(line.split())
            assert line.endswith(product.released)


def test_a_narrow_terminal_folds_the_names_and_cuts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, Terminal(), 60)
    assert max(map(len, lines)) <= 60
    told = " ".join(word for line in lines for word in line.split())
    assert "2003" in told
    assert {"ESX", "Virtual", "SMP"} <= set(told.split())


def test_in_a_pipe_a_line_has_its_id_first_and_no_blanks_last(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, StringIO(), 40)
    assert lines[0].split() == ["id", "product", "gen", "runs", "makes", "released"]
    assert lines == [line.rstrip() for line in lines]
    assert any(line.startswith("esx2-smp  ") and "ESX Server 2.x with Virtual SMP" in line for line in lines)


def test_the_newest_comes_first_and_names_for_several_are_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, StringIO(), 80, "workstation")
    ids = [line.split()[0] for line in lines[1:] if line and not line.startswith(("A name", "The data"))]
    assert ids[:5] == ["ws26h1u1", "ws26h1", "ws25h2u1", "ws25h2", "ws17.6"]
    assert ids[-1] == "ws2"
    assert "ws17, ws16, ws7" in lines[-2]
    assert lines[-1].startswith(f"The data is of {newest_look()}")
