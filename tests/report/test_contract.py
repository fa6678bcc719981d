"""The JSON that the commands print is what the shipped schemas say, on every exit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import jsonschema
import pytest
from build import IDE_DISK, make_vm, write_config
from cli.program import vmxtool
from generate import schemas
from typer.testing import CliRunner

from vmxtool.cli.app import build
from vmxtool.findings import Do
from vmxtool.knowledge import tables
from vmxtool.machine.state import JOURNAL_FOLDER
from vmxtool.report.documents.contract import CONTRACTS
from vmxtool.rules.commands import shell
from vmxtool.rules.registry import all_rules

if TYPE_CHECKING:
    from conftest import CopySample

SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.parent.relative_to(SAMPLES) for path in SAMPLES.rglob("*.vmx"))


def conforms(value: Any, schema: str) -> Any:
    rules = json.loads((schemas.FOLDER / f"{schema}.json").read_text(encoding="utf-8"))
    jsonschema.validate(value, rules, cls=jsonschema.Draft202012Validator)
    return value


def printed(schema: str, *words: str | Path, codes: tuple[int, ...] = (0,)) -> Any:
    """What a command prints as JSON, once it is held against its schema."""
    line = [*map(str, words), "--format", "json"]
    run = CliRunner().invoke(build(line), line)
    assert run.exit_code in codes, run.output
    assert run.stderr == ""
    return conforms(json.loads(run.stdout), schema)


# The schemas themselves


def test_the_schemas_are_those_of_the_types() -> None:
    shipped = {path.name: path.read_text(encoding="utf-8") for path in schemas.FOLDER.glob("*.json")}
    assert shipped == schemas.files(), "run python tests/generate/schemas.py"


@pytest.mark.parametrize("name", CONTRACTS)
def test_a_schema_is_one_and_leaves_no_field_open(name: str) -> None:
    rules = json.loads(schemas.files()[f"{name}.json"])
    jsonschema.Draft202012Validator.check_schema(rules)

    def objects(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("type") == "object":
                yield node
            node = list(node.values())
        for part in node if isinstance(node, list) else ():
            yield from objects(part)

    found = list(objects(rules))
    assert found
    assert all(it["additionalProperties"] is False or "properties" not in it for it in found)


def test_a_schema_refuses_what_it_should() -> None:
    machine = printed("inspect", "inspect", SAMPLES / VMS[0])
    machine["power"]["state"] = "asleep"
    with pytest.raises(jsonschema.ValidationError, match="asleep"):
        conforms(machine, "inspect")
    machine["power"]["state"] = "off"
    machine["powre"] = {}
    with pytest.raises(jsonschema.ValidationError, match="powre"):
        conforms(machine, "inspect")


# Every command over the samples


@pytest.mark.parametrize("vm", VMS, ids=str)
def test_inspect_keeps_its_contract(vm: Path) -> None:
    assert printed("inspect", "inspect", SAMPLES / vm)["path"] == str(SAMPLES / vm)


@pytest.mark.parametrize("vm", VMS, ids=str)
@pytest.mark.parametrize("target", ["esx3", "esxi-6.7", "ws4", "hw4"])
def test_check_keeps_its_contract(vm: Path, target: str) -> None:
    answer = printed("check", "check", "--target", target, SAMPLES / vm, codes=(0, 1))
    assert [step["n"] for step in answer["steps"]] == list(range(1, len(answer["steps"]) + 1))
    assert [way["way"] for way in answer["ways"]] == [way["n"] for way in answer["ways"]]
    assert {step["way"] for step in answer["steps"]} - {None} <= {way["way"] for way in answer["ways"]}
    legs = [leg for route in answer["route"] for leg in route["legs"]]
    for step in [*answer["steps"], *(step for leg in legs for step in leg["steps"])]:
        assert step["command"] == (shell(step["commands"][0]) if len(step["commands"]) == 1 else None)
        assert step["text"]
    for finding in answer["findings"]:
        assert finding["after"] in {None, *(step["n"] for step in answer["steps"])}


@pytest.mark.parametrize("vm", VMS, ids=str)
def test_check_of_every_product_keeps_its_contract(vm: Path) -> None:
    answer = printed("check-all", "check", "--family", "workstation", SAMPLES / vm)
    assert answer["path"] == str(SAMPLES / vm)
    ids = [it["target"]["id"] for it in answer["targets"]]
    assert len(set(ids)) == len(ids) > 10


@pytest.mark.parametrize("vm", VMS, ids=str)
def test_the_answer_for_all_products_is_that_for_each(vm: Path) -> None:
    words = ["check", str(SAMPLES / vm), "--format", "json"]
    run = CliRunner().invoke(build(words), words)
    assert len(run.stdout) < 300_000
    every = conforms(json.loads(run.stdout), "check-all")
    told = [item["code"] for item in every["findings"]]
    by_id = {it["target"]["id"]: it for it in every["targets"]}
    for target in ("ws5.5", "esx3", "esxi6.7", "fusion13.5"):
        one, mine = printed("check", "check", "--target", target, SAMPLES / vm, codes=(0, 1)), by_id[target]
        for field in ("verdict", "effort", "guide", "ways", "steps"):
            assert mine[field] == one[field], field
        assert (every["path"], every["name"], every["origin"]) == (one["path"], one["name"], one["origin"])
        assert every["unseen"] == one["unseen"]
        # What the files show is told once, and everything else with its product.
        whole = {(item["code"], item["message"]) for item in one["findings"]}
        there = {(item["code"], item["message"]) for item in (*every["findings"], *mine["findings"])}
        assert there == whole
        assert not set(told) & {item["code"] for item in mine["findings"]}
        blocking = {item["code"] for item in one["findings"] if item["severity"] == "blocker"}
        assert set(mine["stopped_by"]) == blocking & set(told)


def test_check_of_every_product_takes_a_product_where_no_vm_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    answer = printed("check-all", "check", "--from", "ws6")
    assert answer["path"] is None
    assert answer["unseen"]
    assert {it["verdict"] for it in answer["targets"]} == {"depends", "not-supported"}
    assert printed("check-all", "check", "--from", "ws6", "--family", "hardware")["targets"] == []


@pytest.mark.parametrize("vm", VMS, ids=str)
@pytest.mark.parametrize("words", [["--hwversion", "4"], ["--target", "esx3", "--ide-to-scsi", "--unsafe"]], ids=str)
def test_rewrite_keeps_its_contract(vm: Path, words: list[str]) -> None:
    answer = printed("rewrite", "rewrite", *words, "--dry-run", SAMPLES / vm, codes=(0, 4))
    assert not (answer["refused"] and answer["changes"])


def test_rewrite_and_undo_keep_their_contracts(copy_sample: CopySample) -> None:
    vm = copy_sample("ws6-windows-ide")
    assert printed("rewrite", "rewrite", "--hwversion", "4", vm)["applied"]
    assert printed("rewrites", "undo", "--list", vm)["rewrites"][0]["state"] == "done"
    assert printed("undo", "undo", vm)["number"] == 1
    assert printed("rewrites", "undo", "--list", vm)["rewrites"][0]["state"] == "undone"


def test_undo_of_a_part_and_its_refusal_keep_their_contract(copy_sample: CopySample) -> None:
    vm = copy_sample("ws6-windows-ide")
    assert printed("rewrite", "rewrite", "--hwversion", "4", vm)["applied"]
    config = next(vm.glob("*.vmx"))
    config.write_bytes(config.read_bytes() + b"# by hand")
    refused = conforms(vmxtool("undo", vm, "--format", "json").json(), "error")
    assert [file["blocks"] for file in refused["undo"]["files"]] == [True, False]
    assert refused["undo"]["files"][0]["lines"][0]["was"] is None
    (vm / ".vmxtool" / "0001.done").rename(vm / ".vmxtool" / "0001.journal")
    again = conforms(vmxtool("undo", vm, "--format", "json").json(), "error")
    assert again["undo"]["state"] == "cut-short"
    (vm / ".vmxtool" / "0001.journal").rename(vm / ".vmxtool" / "0001.done")
    part = printed("undo", "undo", "--only", *refused["candidates"], vm)
    assert (part["state"], part["left"]) == ("done", [config.name])
    assert conforms(vmxtool("undo", vm, "--format", "json").json(), "error")["undo"]["undo_alone"] is None


@pytest.mark.parametrize(
    "words",
    [
        ["--from", "ws2", "--target", "fusion1"],
        ["--from", "ws2", "--target", "fusion1", "--have", "ws6"],
        ["--from", "ws6", "--target", "ws3"],
        ["--from", "ws25h2", "--target", "esxi6.5"],
    ],
    ids=" ".join,
)
def test_route_keeps_its_contract(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = printed("route", "route", *words)
    assert answer["path"] is None
    assert "not seen" in answer["name"]
    for leg in (leg for route in answer["routes"] for leg in route["legs"]):
        assert [step["do"] for step in leg["way"]["steps"]] == [step["do"] for step in leg["steps"]]
        assert [step["n"] for step in leg["steps"]] == list(range(1, len(leg["steps"]) + 1))


def test_route_of_a_vm_names_it() -> None:
    answer = printed("route", "route", "--target", "esx3", SAMPLES / "ws6-windows-ide")
    assert (answer["path"], answer["name"]) == (str(SAMPLES / "ws6-windows-ide"), "Buchhaltung Zürich – alt")
    assert answer["hardware"] == {"version": 6, "generation": 6}


def test_targets_keep_their_contract() -> None:
    assert len(printed("targets", "targets")) > len(printed("targets", "targets", "--family", "esx")) > 0


def test_guide_keeps_its_contract() -> None:
    printed("guide", "guide")
    printed("guide", "guide", "--from", "fusion1")
    printed("guide", "guide", "--to", "player1")
    for number in (1, 2, 7):
        printed("guide-table", "guide", "--table", str(number))
    for pair in (("fusion1", "esx3"), ("server1", "ace2"), ("ws17", "esx3")):
        printed("guide-pair", "guide", "--from", pair[0], "--to", pair[1])


@pytest.mark.parametrize(
    "code",
    [
        *(rule.code for rule in all_rules()),
        *("mpg:t07:r1c3", "mpg:t01:r1c1", "mpg:t07", "mpg:p17", "kb:1003746", "general"),
        *("ws17", "ws17.5", "esxi8.0u3", "hw17", "vmc"),
        *("DSK", "NVMe", "snapshot"),
    ],
)
def test_explain_keeps_its_contract(code: str) -> None:
    answer = printed("explain", "explain", code)
    assert answer["kind"] in {"rule", "cell", "table", "text", "source", "product", "families", "mentions"}


def test_several_words_are_explained_in_one_document_each_as_it_is_alone() -> None:
    words = ("PRD101", "hw19", "esxi6.7", "mpg:t07:r1c3", "mpg:p17", "kb:1003746", "TPM")
    answer = printed("explain", "explain", *words)
    assert answer["subjects"] == [printed("explain", "explain", word) for word in words]
    assert printed("explain", "explain")["kind"] == "families"


def test_every_cell_and_every_fact_keeps_the_contract_of_explain() -> None:
    for table in tables.tables():
        printed("explain", "explain", f"mpg:t{table.number:02d}")
    for fact in tables.text_facts():
        printed("explain", "explain", fact.address)


# Every exit


class Exit(NamedTuple):
    words: tuple[str, ...]
    code: int
    message: str
    hint: str | None = None
    candidates: tuple[str, ...] = ()


EXITS = [
    Exit(("inspect", "EMPTY"), 2, "no .vmx, .vmtx or .cfg file lies here", "name the VM's folder or its .vmx file"),
    Exit(("inspect", "TWO"), 2, "2 VMs lie in this folder (a.vmx, b.vmx)", None, ("a.vmx", "b.vmx")),
    Exit(("inspect", "gone.vmx"), 2, "there is no such file or folder", "name the VM's folder or its .vmx file"),
    Exit(("inspect", "BROKEN"), 3, "the file is empty", "name the VM's .vmx file"),
    Exit(("check", "--target", "exs3", "VM"), 2, "unknown target 'exs3'"),
    Exit(("check", "--family", "esks", "VM"), 2, "unknown family 'esks'"),
    Exit(("check", "--target", "esx3", "--from", "ws6", "EMPTY"), 2, "no .vmx, .vmtx or .cfg file lies here"),
    Exit(("route", "VM"), 2, "--target is missing", "`vmxtool targets` lists the products"),
    Exit(("route", "--format=json", "--target"), 2, "--target needs a value", "see vmxtool route --help"),
    Exit(("check", "--target"), 2, "--target needs a value, and '--format' is an option"),
    Exit(("inspect", "--colour", "VM"), 2, "there is no option --colour"),
    Exit(("inspect", "VM", "many"), 2, "many: one word too many"),
    Exit(("inspect", "--format", "json", "VM", "--format", "json"), 2, "--format is given twice"),
    Exit(("inspekt", "VM"), 2, "there is no command 'inspekt'", "did you mean inspect?", ("inspect",)),
    Exit(
        ("rewrite", "VM"),
        2,
        "nothing to change is named",
        "say --hwversion N, --target PRODUCT, --ide-to-scsi or --move-disks",
    ),
    Exit(("rewrite", "--hwversion", "four", "VM"), 2, "--hwversion takes a whole number above zero, not 'four'"),
    Exit(("rewrite", "--hwversion", "4", "FULL"), 4, ""),
    Exit(("undo", "VM"), 4, ""),
    Exit(("undo", "--only", "x", "--list", "VM"), 2, "--only, --print and --list do not go together"),
    Exit(("undo", "--print", "x", "VM"), 2, "--print prints a file", "leave --format out"),
    Exit(("guide", "--table", "20"), 2, "the guide has tables 1 to 19, not 20"),
    Exit(("guide", "--table", "7", "--from", "ws6"), 2, ""),
    Exit(("explain", "mpg:t07:r9c9"), 2, "the guide has no cell 'mpg:t07:r9c9'", None, ("mpg:t07:r2c3",)),
    Exit(("explain", "smp-not-ofered"), 2, "'smp-not-ofered' is no rule, product or source, and no rule mentions it"),
    Exit(("explain", "mpg:p02"), 2, "vmxtool holds nothing of page 2 of the guide"),
]


def at(path: Path, *words: str) -> list[str]:
    """Words with the places that they name made in a folder."""
    write_config(path / "VM", IDE_DISK)
    (path / "EMPTY").mkdir()
    for name in ("a.vmx", "b.vmx"):
        write_config(path / "TWO", name=name)
    write_config(path / "BROKEN").write_bytes(b"")
    make_vm(path / "FULL", IDE_DISK, guest="rhel4")
    (path / "FULL" / JOURNAL_FOLDER).mkdir()
    (path / "FULL" / JOURNAL_FOLDER / "99999999.done").touch()  # no number is left for the journal of another rewrite
    return [str(path / word) if (path / word).exists() or word == "gone.vmx" else word for word in words]


@pytest.mark.parametrize("case", EXITS, ids=lambda case: " ".join(case.words))
def test_an_exit_without_an_answer_is_one_document_and_one_line(case: Exit, tmp_path: Path) -> None:
    words = at(tmp_path, *case.words)
    asked = any(word.startswith("--format") for word in words)
    run = vmxtool(*words, *([] if asked else ["--format", "json"]))
    assert run.code == case.code
    told = conforms(run.json(), "error")
    assert told["exit"] == case.code
    assert told["message"].startswith(case.message)
    assert case.hint is None or told["hint"] == case.hint
    assert set(case.candidates) <= set(told["candidates"])
    assert run.err.startswith("vmxtool: ")
    assert run.err.count("\n") == 1
    assert told["message"] in run.err
    assert told["hint"] is None or told["hint"] in run.err
    assert told["file"] is None or told["file"] in run.err


def test_an_unknown_target_names_the_nearest_ids() -> None:
    run = vmxtool("route", "--target", "exs3", "--from", "ws6", "--format", "json")
    assert "esx3" in run.json()["candidates"]


def test_an_error_about_a_line_has_its_number(tmp_path: Path) -> None:
    config = tmp_path / "vm.vmx"
    config.write_bytes(b"# a text\nnothing = \n")
    told = conforms(vmxtool("inspect", config, "--format", "json").json(), "error")
    assert (told["file"], told["exit"]) == (str(config), 3)


def test_a_fault_of_vmxtool_is_a_document_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*words: object) -> None:
        raise RuntimeError("no such luck")

    monkeypatch.setattr("vmxtool.inspect", broken)
    words = ["inspect", str(write_config(tmp_path)), "--format", "json"]
    run = CliRunner().invoke(build(words), words)
    assert run.exit_code == 3
    assert "RuntimeError: no such luck" in conforms(json.loads(run.stdout), "error")["message"]
    assert run.stderr.count("\n") == 1


def test_a_refused_rewrite_is_its_own_document(copy_sample: CopySample) -> None:
    run = vmxtool("rewrite", "--hwversion", "4", copy_sample("ws17-modern"), "--format", "json")
    assert (run.code, run.err) == (4, "")
    assert conforms(run.json(), "rewrite")["refused"]


def test_a_rewrite_of_a_vm_that_is_marked_read_only_is_refused_in_its_own_document(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, IDE_DISK, guest="rhel4")
    vm.config.path.chmod(0o444)
    before = vm.config.path.read_bytes()
    run = vmxtool("rewrite", "--hwversion", "4", tmp_path, "--format", "json")
    assert (run.code, run.err) == (4, "")
    told = conforms(run.json(), "rewrite")
    assert (told["applied"], told["changes"], told["journal"]) == (False, [], None)
    (refused,) = told["refused"]
    assert (refused["name"], refused["severity"]) == ("marked-read-only", "blocker")
    assert refused["fix"]["commands"] == [["chmod", "u+w", str(vm.config.path)]]
    assert vm.config.path.read_bytes() == before


def test_without_json_standard_output_stays_empty(tmp_path: Path) -> None:
    for words in (["inspect", tmp_path], ["inspect", "--colour"], ["inspect", "--format", "yaml"]):
        run = vmxtool(*words)
        assert (run.code, run.out) == (2, "")
        assert run.err.count("\n") == 1


# A product without a VM


def test_check_takes_a_product_where_no_vm_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = printed("check", "check", "--target", "esx3", "--from", "ws6", codes=(1,))
    assert (answer["path"], answer["verdict"]) == (None, "depends")
    assert answer["unseen"]
    assert {step["do"] for step in answer["steps"]} <= {do.value for do in Do}
    assert vmxtool("check", "--target", "esx3", "--format", "json").code == 2


@pytest.mark.parametrize("command", ["check", "route"])
def test_what_was_named_has_to_hold_a_vm(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    words = (command, "--target", "esx3", "--from", "ws6", "--format", "json")
    assert vmxtool(*words).json()["path"] is None
    assert vmxtool(*words, ".").code == 2
    write_config(tmp_path, hw=3)
    assert vmxtool(*words).json()["path"] == "."
    write_config(tmp_path, name="other.vmx")
    assert vmxtool(*words).json()["candidates"] == ["other.vmx", "vm.vmx"]
