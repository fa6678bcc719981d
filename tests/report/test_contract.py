"""The JSON that the commands print is what the shipped schemas say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import vmxtool

SCHEMAS = Path(vmxtool.__file__).parent / "report" / "schema"
SAMPLES = Path(__file__).parents[2] / "samples"
VMS = sorted(path.parent.relative_to(SAMPLES) for path in SAMPLES.rglob("*.vmx"))


def told(*words: str) -> Any:
    """What a vmxtool command prints as JSON."""
    run = subprocess.run(
        [sys.executable, "-m", "vmxtool", *words, "--format", "json"], capture_output=True, check=False, timeout=60
    )
    assert run.returncode in {0, 1, 4}, run.stderr
    return json.loads(run.stdout)


def conforms(value: Any, schema: str) -> None:
    rules = json.loads((SCHEMAS / f"{schema}.json").read_text())
    jsonschema.Draft202012Validator.check_schema(rules)
    jsonschema.validate(value, rules, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("vm", VMS, ids=str)
def test_inspect_keeps_its_contract(vm: Path) -> None:
    conforms(told("inspect", str(SAMPLES / vm)), "inspect")


@pytest.mark.parametrize("vm", VMS, ids=str)
@pytest.mark.parametrize("target", ["esx3", "esxi-6.7"])
def test_check_keeps_its_contract(vm: Path, target: str) -> None:
    conforms(told("check", "--target", target, str(SAMPLES / vm)), "check")


@pytest.mark.parametrize("vm", VMS, ids=str)
def test_rewrite_keeps_its_contract(vm: Path) -> None:
    conforms(told("rewrite", "--hwversion", "4", "--dry-run", str(SAMPLES / vm)), "rewrite")


def test_targets_keep_their_contract() -> None:
    conforms(told("targets"), "targets")


def test_guide_keeps_its_contract() -> None:
    conforms(told("guide"), "guide")


def test_a_schema_refuses_what_it_should() -> None:
    machine = told("inspect", str(SAMPLES / VMS[0]))
    machine["power"]["state"] = "asleep"
    with pytest.raises(jsonschema.ValidationError, match="asleep"):
        conforms(machine, "inspect")
