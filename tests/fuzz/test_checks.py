"""Each check of the fuzzer can fail: faults are planted in vmxtool, and the fuzzer finds them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import IDE_DISK, sparse_descriptor
from fuzz import case, checks, store, trees
from fuzz.calls import Call
from fuzz.case import Case, case_of, run_case
from fuzz.checks import Find
from fuzz.minimise import minimise
from fuzz.trees import Node, Tree, file
from fuzz.worker import Worker
from vmdk.disks import sparse_disk

import vmxtool
from vmxtool.report import formats
from vmxtool.report.documents import fit
from vmxtool.rules import commands

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the fuzzer's folders and limits are those of Linux")

HEAD = b'config.version = "8"\nvirtualHW.version = "7"\nguestOS = "winxppro"\n'
TREE: Tree = {
    "vm/my vm.vmx": file(HEAD + IDE_DISK.encode()),
    "vm/disk.vmdk": file(sparse_disk(sparse_descriptor(8192))),
    "outside/vm.vmx": file(HEAD),
}
INSPECT = Call("inspect", "vm")
CLI = Call("cli", "vm", ("inspect",))
JSON = Call("cli", "vm", ("inspect", "--format", "json"))
APPLY = Call("apply", "vm", ("--hwversion", "4", "--unsafe"))
DRY_RUN = Call("cli", "vm", ("rewrite", "--hwversion", "4", "--unsafe", "--dry-run"))


def found(*calls: Call, tree: Tree = TREE) -> set[str]:
    """The names of the checks that find something."""
    return {find.check for find in run_case(Case(tree, calls))}


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets a public function of vmxtool do something before it does what it does."""

    def put(function: str, fault: Callable[[], Any], after: bool = False) -> None:
        real = getattr(vmxtool, function)

        def faulty(*arguments: Any, **options: Any) -> Any:
            result = None if not after else real(*arguments, **options)
            fault()
            return result if after else real(*arguments, **options)

        monkeypatch.setattr(vmxtool, function, faulty)

    return put


def fail(error: BaseException) -> Callable[[], None]:
    def fault() -> None:
        raise error

    return fault


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    rewrite = Call("cli", "vm", ("rewrite", "--hwversion", "4", "--unsafe"))
    check = Call("cli-colour", "vm", ("check", "--target", "esx3", "--format", "json"))
    assert found(INSPECT, CLI, JSON, APPLY, DRY_RUN, rewrite, check, Call("route", "vm", ("--target", "esx3"))) == set()


# --- crashes, exits, time, memory


@pytest.mark.parametrize("call", [INSPECT, CLI, JSON], ids=str)
def test_an_error_that_is_not_vmxtools_own(call: Call, plant: Callable[..., None]) -> None:
    plant("inspect", fail(ValueError("planted")))
    assert found(call) == {"crash"}


def test_an_exit_code_that_does_not_exist(plant: Callable[..., None]) -> None:
    plant("inspect", fail(SystemExit(9)))
    assert found(CLI) == {"crash"}


def test_a_call_that_takes_long(plant: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (checks, case):
        monkeypatch.setattr(module, "SECONDS", 0.1)
    slow = iter([0.2] * 4 + [0.2])

    def burn() -> None:
        end = time.process_time() + next(slow, 0.0)
        while time.process_time() < end:
            pass

    plant("inspect", burn)
    assert found(INSPECT) == {"time"}
    assert found(INSPECT) == set()  # slow once, and not when it is measured again


def test_a_call_that_takes_memory(plant: Callable[..., None]) -> None:
    plant("inspect", lambda: bytearray(100 * 2**20))
    assert found(INSPECT) == set()
    plant("inspect", lambda: bytearray(400 * 2**20))
    assert found(INSPECT) == {"memory"}
    assert found(CLI) == {"memory", "crash"}


@pytest.mark.parametrize(
    ("program", "check"),
    [
        ("import sys; sys.stdin.readline(); sys.exit(7)", "death"),
        ("import os; os.abort()", "death"),
        ("import faulthandler, time; faulthandler.dump_traceback_later(0.1, exit=True); time.sleep(9)", "hang"),
    ],
)
def test_a_worker_that_dies(program: str, check: str, tmp_path: Path) -> None:
    script = tmp_path / "worker.py"
    script.write_text(program)
    worker = Worker(script)
    try:
        assert [find.check for find in worker.run("samples-1")[0]] == [check]
        assert [find.check for find in worker.run("samples-1")[0]] == [check]  # it was started again
    finally:
        worker.close()


# --- what is opened and written


@pytest.mark.parametrize(
    "fault",
    [
        lambda: Path("/etc/hosts").read_bytes(),
        lambda: os.listdir("/etc"),  # noqa: PTH208
        lambda: os.close(os.open("/etc/hosts", os.O_RDONLY)),
        lambda: Path("outside/vm.vmx").read_bytes(),
        lambda: Path("vm/link").read_bytes(),
        lambda: list(Path().iterdir()),
        lambda: subprocess.run(["true"], check=True),
    ],
)
def test_what_lies_outside_is_opened(fault: Callable[[], Any], plant: Callable[..., None]) -> None:
    plant("inspect", fault)
    tree = TREE | {"vm/link": Node("link", target="../outside/vm.vmx")}
    assert found(INSPECT, tree=tree) == {"opened"}


@pytest.mark.parametrize(
    ("fault", "checks_found"),
    [
        (lambda: Path("vm/new").touch(), {"written", "undo"}),
        (lambda: Path("vm/disk.vmdk").rename("vm/other"), {"written", "undo"}),
        (lambda: Path("vm/disk.vmdk").unlink(), {"written", "undo"}),
        (lambda: Path("vm/new").mkdir(), {"written", "undo"}),
        (lambda: Path("vm/disk.vmdk").chmod(0o600), {"written", "undo"}),
        (lambda: os.utime("vm/disk.vmdk"), {"written", "undo"}),
        (lambda: Path("vm/new").symlink_to("disk.vmdk"), {"written", "undo"}),
        (lambda: Path("outside/new").touch(), {"written", "undo"}),
    ],
)
def test_something_is_written(fault: Callable[[], Any], checks_found: set[str], plant: Callable[..., None]) -> None:
    plant("inspect", fault)
    assert found(INSPECT) == checks_found


def test_nothing_is_written_outside_the_case(plant: Callable[..., None], tmp_path: Path) -> None:
    plant("undo", (tmp_path / "new").touch)
    assert found(Call("undo", "vm")) == {"written", "crash"}
    assert not (tmp_path / "new").exists()


# --- what is printed


def printing(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    real = formats.write

    def write(*values: Any, **options: Any) -> None:
        real(*values, **options)
        print(text, end="")

    monkeypatch.setattr(formats, "write", write)


@pytest.mark.parametrize("text", ["\x1b[2J", "\x07", "\u202e", "\x9b2J", "\r", "\t"])
@pytest.mark.parametrize("kind", ["cli", "cli-colour"])
def test_a_control_character(text: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printing(monkeypatch, text)
    assert found(Call(kind, "vm", ("inspect",))) == {"controls"}


def test_colours_only_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    printing(monkeypatch, "\x1b[31mred\x1b[0m")
    assert found(Call("cli-colour", "vm", ("inspect",))) == set()
    assert found(CLI) == {"controls"}


@pytest.mark.parametrize("text", ["{}", "x", "é", "\x00"])
def test_more_than_one_document(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    printing(monkeypatch, text)
    assert "json" in found(JSON)


@pytest.mark.parametrize(
    "text", ["", '{"a": NaN}', '{"a": 1, "a": 2}', '"\N{LATIN SMALL LETTER E WITH ACUTE}"', "{}", "[" * 10_000, "null"]
)
def test_json_that_is_none(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "to_text", lambda value, limit=None: text)
    assert found(JSON) == {"json"}


def test_more_than_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    printing(monkeypatch, "x" * 2**21)
    assert found(CLI) == {"size"}


def test_a_command_that_is_not_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "shell", " ".join)
    assert found(Call("cli", "vm/my vm.vmx", ("check", "--target", "esx3", "--format", "json"))) == {"commands"}


# --- the whole folder


@pytest.mark.parametrize("call", [APPLY, Call("cli", "vm", ("rewrite", "--hwversion", "4", "--unsafe"))], ids=str)
@pytest.mark.parametrize(
    "fault",
    [
        lambda: Path("vm/my vm.vmx").write_bytes(HEAD),
        lambda: os.utime("vm/disk.vmdk"),
        lambda: Path("vm/disk.vmdk").chmod(0o600),
        lambda: Path("vm/left.tmp").touch(),
    ],
)
def test_undo_that_gives_back_something_else(call: Call, fault: Callable[[], Any], plant: Callable[..., None]) -> None:
    plant("undo", fault, after=True)
    assert found(call) == {"undo"}


def test_undo_that_fails(plant: Callable[..., None]) -> None:
    plant("undo", fail(vmxtool.WriteError("planted")))
    assert found(APPLY) == {"undo"}


def test_a_rewritten_vm_that_cannot_be_checked(plant: Callable[..., None]) -> None:
    plant("check", fail(vmxtool.InputError("vm.vmx", "planted", "none")))
    assert found(APPLY) == {"undo"}


def test_a_dry_run_that_touches(plant: Callable[..., None]) -> None:
    plant("plan_rewrite", lambda: os.utime("vm/disk.vmdk"))
    assert found(DRY_RUN) == {"undo", "written"}


def test_a_refused_rewrite_that_touches(plant: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Call("apply", "vm", ("--target", "esx3"))
    assert found(refused) == set()
    plant("plan_rewrite", lambda: os.utime("vm/disk.vmdk"))
    assert "undo" in found(refused)


# --- trees


def test_a_tree_comes_back_from_disk_and_from_json(tmp_path: Path) -> None:
    tree = TREE | {
        "vm/folder": Node("folder"),
        "vm/link": Node("link", target="nowhere"),
        "vm/fifo": Node("fifo"),
        "vm/socket": Node("socket"),
        "vm/\udcff\n$(x)": file(b"x"),
        "vm/large": file(b"x", 2**24),
    }
    trees.make(tree, tmp_path / "made")
    taken = trees.take(tmp_path / "made")
    assert taken == tree | {"vm": Node("folder"), "outside": Node("folder")}
    assert trees.from_json(json.loads(json.dumps(trees.to_json(taken)))) == taken


def test_nothing_is_made_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    trees.make({"vm/a": Node("link", target=str(tmp_path / "away")), "vm/a/b": file(b"x")}, tmp_path / "made")
    assert list((tmp_path / "away").iterdir()) == []


# --- seeds, finds, cases


@pytest.mark.parametrize("seed", ["samples-1", "samples-2"])
def test_a_seed_is_the_same_case_in_every_process(seed: str) -> None:
    program = "import json, sys; from fuzz import case; print(json.dumps(case.to_json(case.case_of(sys.argv[1]))))"
    texts = {
        subprocess.run(
            [sys.executable, "-c", program, seed], env={**os.environ, "PYTHONPATH": f"{store.HERE.parent}",
            "PYTHONHASHSEED": salt}, cwd=store.HERE.parents[1], capture_output=True, check=True,
        ).stdout
        for salt in ("1", "2")
    }  # fmt: skip
    assert len(texts) == 1
    assert case.from_json(json.loads(texts.pop())) == case_of(seed)


def test_a_find_is_made_small() -> None:
    tree = TREE | {f"vm/{number}": file(b"x") for number in range(50)}
    lines = b"\n".join(b"line %d" % number for number in range(100))
    whole = Case(
        tree | {"vm/bad": file(lines.replace(b"line 77", b"bad bad bad line 77 is long"))}, (INSPECT, CLI, JSON)
    )

    def run(trial: Case) -> list[Find]:
        is_bad = b"77" in trial.tree.get("vm/bad", file(b"")).data and CLI in trial.calls
        return [Find("crash", "planted")] if is_bad else []

    small = minimise(whole, Find("crash", "planted"), run)
    assert small == Case({"vm/bad": file(b"77")}, (CLI,))


def test_a_find_that_is_kept_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "FINDS", store.HERE / "finds" / "of-a-test")
    more = {"vm": Node("folder"), "outside": Node("folder"), "vm/fifo": Node("fifo"), "vm/shut": Node("folder", mode=0)}
    kept = Case(TREE | more, (INSPECT, JSON))
    folder = store.keep(kept, Find("crash", "in a/b:c", "why"), "samples-1")
    try:
        assert store.read_case(folder) == kept
        assert f"--seed {folder.relative_to(store.HERE.parents[1])}" in (folder / "find.txt").read_text()
    finally:
        trees.remove(store.FINDS)
