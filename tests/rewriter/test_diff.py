"""The diff of a rewrite: it leads from the one text to the other, and `patch` takes it."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from build import IDE_DISK, make_vm
from hypothesis import given
from hypothesis import strategies as st

from vmxtool import plan_rewrite
from vmxtool.rewriter.diff import TextChange

if TYPE_CHECKING:
    from pathlib import Path

LINES = st.lists(
    st.tuples(
        st.text(alphabet='ab"= é\x85\x0b', max_size=4),
        st.sampled_from(["stays", "goes", "comes", "changes"]),
        st.sampled_from(["\n", "\r\n", "\r"]),
    ),
    max_size=30,
)


@given(LINES, st.booleans())
def test_the_diff_leads_from_the_one_text_to_the_other(lines: list[tuple[str, str, str]], ends: bool) -> None:
    before, after, gone, new = [], [], set(), set()
    for number, (text, fate, end) in enumerate(lines):
        line = f"{number} {text}" + (end if ends or number + 1 < len(lines) else "")
        if fate != "comes":
            before.append(line)
            if fate != "stays":
                gone.add(len(before))
        if fate != "goes":
            after.append(line.replace(" ", "!") if fate == "changes" else line)
            if fate != "stays":
                new.add(len(after))
    change = TextChange("x", "".join(before), "".join(after), frozenset(gone), frozenset(new))
    rows = list(change.diff())
    assert bool(rows) == bool(gone or new)
    assert apply_diff(before, rows) == [line.rstrip("\r\n") for line in after]
    unchanged = sum(row.startswith(" ") for row in rows)
    assert unchanged <= 4 * sum(row.startswith("@@") for row in rows) + 4 * len(gone | new)


def test_a_line_that_no_change_names_and_that_differs_is_shown_all_the_same() -> None:
    change = TextChange("x", "a\rb\nc", "a\nb\nc\nd", frozenset(), frozenset())
    assert [row for row in change.diff() if row[0] in "+-"][2:] == ["-a", "+a", "-c", "+c", "+d"]


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not installed")
def test_patch_takes_the_diff(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK + 'ehci.present = "TRUE"\nmemsize = "64"', hw=6, guest="rhel4")
    made = plan_rewrite(vm, hwversion=4, ide_to_scsi=True)
    copy = shutil.copytree(tmp_path, tmp_path / "copy")
    subprocess.run(["patch", "-p1", "--quiet"], cwd=copy, input=made.diff.encode(), check=True)
    made.apply()
    assert (copy / "vm.vmx").read_bytes() == vm.config.path.read_bytes()
    assert (copy / "disk.vmdk").read_bytes() == (tmp_path / "disk.vmdk").read_bytes()


def test_a_config_of_many_lines_is_shown_whole(tmp_path: Path) -> None:
    many = "".join(f'x{n}.pciSlotNumber = "{n}"\ny{n}.foo = "1"\n' for n in range(10000))
    made = plan_rewrite(make_vm(tmp_path, many, hw=8, guest="rhel4"), hwversion=7)
    assert made.diff.count("\n-") == 10001  # a quadratic diff would take minutes


def apply_diff(lines: list[str], rows: list[str]) -> list[str]:
    """Do what `patch` does with the rows of a unified diff; line ends are left out."""
    old = [line.rstrip("\r\n") for line in lines]
    out: list[str] = []
    at = 0
    for row in rows[2:]:
        if row.startswith("@@"):
            start, _, count = row.split()[1][1:].partition(",")
            begin = int(start) - (count != "0")
            out += old[at:begin]
            at = begin
        elif not row.startswith("\\"):
            if row[0] != "+":
                assert old[at] == row[1:]
                at += 1
            if row[0] != "-":
                out.append(row[1:])
    return out + old[at:]
