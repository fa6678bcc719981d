"""An answer is at most four times as long as what was read, and a MiB, however the files of a VM are made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from build import make_vm
from hypothesis import given
from hypothesis import strategies as st
from report.test_contract import conforms
from typer.testing import CliRunner

from vmxtool import inspect
from vmxtool.cli.app import build
from vmxtool.report.documents.fit import to_text
from vmxtool.rules.registry import MOST

if TYPE_CHECKING:
    from pathlib import Path

UNITS = [f"scsi{bus}:{unit}" for bus in range(4) for unit in range(16) if unit != 7]
BUSES = "".join(f'scsi{bus}.present = "TRUE"\n' for bus in range(4))


def disks(*names: str) -> str:
    """Disks of these names; none of them is there."""
    return BUSES + "".join(
        f'{unit}.present = "TRUE"\n{unit}.fileName = "{name}"\n' for unit, name in zip(UNITS, names, strict=False)
    )


HOSTILE = {
    "eleven names of a megabyte": disks(*(f"{n}{'x' * 1_000_000}.vmdk" for n in range(11))),
    "sixty names as long as any": disks(*(f"{n:02}{'x' * 240}.vmdk" for n in range(60))),
    "sixty paths as long as any": disks(*(f"{n:02}{('y' * 200 + '/') * 19}.vmdk" for n in range(60))),
    "letters of six characters in JSON": disks(*(f"{n:02}{'ä' * 120}.vmdk" for n in range(60))),
    "a display name of a megabyte": 'displayName = "' + "n" * 900_000 + '"\n' + disks("a.vmdk"),
    "a display name of controls": 'displayName = "' + "|1B" * 300_000 + '"\n' + disks("a.vmdk"),
    "a guest of a megabyte": 'guestOS = "' + "g" * 900_000 + '"\n' + disks("a.vmdk"),
    "2,000 devices of the host": "".join(f'pciPassthru{n}.present = "TRUE"\n' for n in range(2_000)),
    "20,000 lines without sense": "".join(f"line {n}\n" for n in range(20_000)),
    "2,000 PCI slots": "".join(f'x{n}.pciSlotNumber = "{n}"\n' for n in range(2_000)),
    "2,000 network adapters": "".join(f'ethernet{n}.present = "TRUE"\n' for n in range(2_000)),
}
COMMANDS = {
    "inspect": ["inspect"],
    "check": ["check", "--target", "esx3"],
    "check-all": ["check"],
    "route": ["route", "--target", "esx3", "--from", "ws6.5"],
    "rewrite": ["rewrite", "--hwversion", "4", "--dry-run", "--unsafe"],
}


def answer(config: Path, words: list[str], form: str) -> str:
    line = [*words, str(config), "--format", form]
    run = CliRunner().invoke(build(line), line)
    assert run.exit_code in {0, 1, 4}, run.stderr
    return run.stdout


@pytest.mark.parametrize("lines", HOSTILE.values(), ids=HOSTILE)
def test_an_answer_about_hostile_files_is_bounded_and_says_what_it_leaves_out(tmp_path: Path, lines: str) -> None:
    guest = None if "guestOS" in lines else "winxppro"
    config = make_vm(tmp_path, lines, hw=7, guest=guest, disks=False).config.path
    most = 4 * config.stat().st_size + 2**20
    for schema, words in COMMANDS.items():
        text = answer(config, words, "json")
        assert len(text) <= most, schema
        value = conforms(json.loads(text), schema)
        assert value["left_out"] >= 0
        # However little is told of each product, each is there.
        assert schema != "check-all" or len(value["targets"]) > 80
        if schema != "check":  # that of all products is told by the same code
            assert len(answer(config, words, "text").encode()) <= most, schema


def test_what_is_left_out_is_counted(tmp_path: Path) -> None:
    config = make_vm(tmp_path, HOSTILE["sixty names as long as any"], hw=7, disks=False).config.path
    one = json.loads(answer(config, COMMANDS["check"], "json"))
    every = json.loads(answer(config, COMMANDS["check-all"], "json"))
    assert one["left_out"] == 0
    (same,) = [it for it in every["targets"] if it["target"]["id"] == "esx3"]
    assert every["left_out"] > 0
    assert same["verdict"] == one["verdict"]
    # Of a plan all steps or none are there, and of a step all commands or none, each as it is.
    assert len(same["steps"]) in {0, len(one["steps"])}
    for mine, whole in zip(same["steps"], one["steps"], strict=False):
        assert mine["commands"] in ([], whole["commands"])
        assert mine["command"] in (None, whole["command"])


def test_of_an_ordinary_vm_nothing_is_left_out(samples: Path) -> None:
    for folder in sorted(path for path in samples.iterdir() if path.is_dir()):
        assert json.loads(answer(folder, ["check"], "json"))["left_out"] == 0


def test_findings_and_places_are_counted_where_they_are_too_many(tmp_path: Path) -> None:
    lines = "".join(f'ethernet{n}.present = "TRUE"\n' for n in range(10, 1_000))
    value = json.loads(answer(make_vm(tmp_path, lines, hw=7).config.path, ["inspect"], "json"))
    told = [item for item in value["findings"] if item["code"] == "DEV703"]
    assert len(told) == MOST + 1
    assert told[-1]["message"] == f"{990 - MOST} more like the {MOST} before"
    for number in range(MOST + 50):
        (tmp_path / f"vm-Snapshot{number}.vmsn").touch()
    value = json.loads(answer(tmp_path, ["inspect"], "json"))
    (found,) = [item for item in value["findings"] if item["code"] == "SNP601"]
    assert (len(found["evidence"]), found["more_places"]) == (MOST, 50)
    assert "and 50 more places" in answer(tmp_path, ["inspect", "--why"], "text")


def test_a_name_longer_than_any_path_is_cut_where_it_is_read(tmp_path: Path) -> None:
    make_vm(tmp_path, disks("x" * 5_000 + ".vmdk"), hw=7, disks=False)
    (disk,) = inspect(tmp_path).disks
    assert disk.file == "x" * 100 + "…"
    assert disk.found is not None
    assert not disk.found.exists


texts = st.text(max_size=40) | st.text("ä\ud800\x1b", max_size=2_000)
values: st.SearchStrategy[Any] = st.recursive(
    texts | st.integers() | st.none(),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(texts, inner),
    max_leaves=40,
)


@given(st.dictionaries(st.sampled_from(["steps", "findings", "diff", "commands", "name"]), values, min_size=1))
def test_any_document_that_fits_is_as_it_was_and_any_text_is_strict_json(document: dict[str, Any]) -> None:
    document = {**document, "commands": [["a", "b"]], "left_out": 0}
    text = to_text(document, 2**20)
    json.loads(text).__repr__().encode()
    assert text.isascii()
    assert json.loads(text)["left_out"] == 0
    short = to_text(document, 600)
    assert len(short) <= max(600, 30_000)
    json.loads(short).__repr__().encode()
