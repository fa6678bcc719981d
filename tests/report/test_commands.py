"""Commands that a person copies: whatever a VM's files are called, a shell reads back the vector that was meant."""

from __future__ import annotations

import io
import json
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, make_disk, make_vm, write_config
from hypothesis import example, given
from hypothesis import strategies as st

import vmxtool
from vmxtool.knowledge.products import products
from vmxtool.report.documents.fit import to_text
from vmxtool.report.documents.plan_values import check_value, rewrite_value
from vmxtool.report.text.changes import print_rewrite
from vmxtool.report.text.route import print_routes
from vmxtool.report.text.verdict import print_verdict
from vmxtool.report.text.vm import print_vm
from vmxtool.rules.commands import NOT_FOR_PASTING, as_argument, can_be_pasted, in_a_sentence, shell
from vmxtool.vmx import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.planner.verdict import Verdict

# To each kind of target leads a plan with other commands: a rewrite, a conversion here, an export, an import.
TARGETS = ("esxi6.7", "esx3", "esx2", "ws4", "ws17", "gsx3")
NEXT = [[it.id for it in products().values() if it.family == family][-1] for family in ("esx", "workstation")]
PROGRAMS = ("vmxtool", "qemu-img", "vmkfstools", "vim-cmd", "esxcli", "mkdir", "cp")

EVIL = (
    "x'$(touch pwn)'",
    "-rf",
    "--help",
    "a b",
    '"',
    "`id`",
    "$HOME",
    "a;b|c&d",
    "*",
    "~",
    "nbd:h:1",
    "json:{}",
    "#x",
)
UNSEEN = ("a\nb", "a\tb", "a\x1b[2Jb", "\u202ecod", "a\u2028b", "\x7f", "a\x85b")
names = st.one_of(
    st.sampled_from(EVIL + UNSEEN),
    st.text(st.sampled_from("ab '\"$`\\-;&|<>*?~!#=:%(){}[]^,+@é漢\n\t\x1b\u202e"), min_size=1, max_size=12),
).filter(lambda name: name not in {".", ".."} and not name.endswith((" ", ".")))


def vm_with(folder: Path, name: str, disk: str, place: str) -> Machine:
    """A VM whose folder, config, disk and nvram have hostile names; a disk that cannot be made is not there."""
    home = folder / name
    written = {
        f"{place}.present": "TRUE",
        f"{place.partition(':')[0]}.present": "TRUE",
        f"{place}.fileName": f"{disk}.vmdk",
        "nvram": f"{disk}.nvram",
        "displayName": name,
    }
    make_disk(home / f"{disk}.vmdk", "sparse" if place.startswith("ide") else "vmfs")
    (home / f"{disk}.nvram").write_bytes(b"")
    lines = [f'{key} = "{values.escape(value.encode()).decode()}"' for key, value in written.items()]
    config = write_config(home, '.encoding = "UTF-8"', *lines, hw=4, guest="rhel4", name=f"{name}.vmx")
    return vmxtool.inspect(config)


def told(vm: Machine) -> Iterator[tuple[list[list[str]], list[Any], str]]:
    """The commands of every screen about a VM: as vectors, as the pairs of its document, and as it is printed."""
    origin = "ws5.5" if vm.disks[0].bus == "ide" else "esx3"
    for target in TARGETS:
        verdict = vmxtool.check(vm, target, origin)
        fixes = [item.fix.commands for item in verdict.findings if item.fix is not None]
        vectors = [list(argv) for argvs in (*(step.commands for step in verdict.steps), *fixes) for argv in argvs]
        yield vectors, list(pairs(json.loads(to_text(check_value(verdict, vm))))), every_way(verdict, vm)
    rewrite = vmxtool.plan_rewrite(vm, hwversion=3)
    out = io.StringIO()
    print_rewrite(rewrite, dry_run=False, journal=Path("0001.done"), stream=out)
    refused = [item.fix.commands for item in rewrite.refused if item.fix is not None]
    vectors = [["vmxtool", word, as_argument(str(vm.path))] for word in ("undo", "check")]
    vectors += [list(argv) for argvs in refused for argv in argvs]
    value = rewrite_value(rewrite, dry_run=False, journal=None)
    yield vectors, list(pairs(json.loads(to_text(value)))), out.getvalue()
    routes = vmxtool.route(vm, "esx3", origin)
    out = io.StringIO()
    print_routes(routes, False, out)
    check = ["vmxtool", "check", "--target", "esx3", "--from", origin, as_argument(str(vm.path))]
    steps = [step for route in routes.routes for step in route.hops[0].plan.steps]
    yield [check, *(list(argv) for step in steps for argv in step.commands)], [], out.getvalue()
    out = io.StringIO()
    found = vmxtool.judge(vm)
    print_vm(vm, found, out)
    argument = as_argument(str(vm.path))
    asked = [["vmxtool", "check", argument], *(["vmxtool", "check", "--target", it, argument] for it in NEXT)]
    cures = [list(argv) for item in found if item.fix is not None for argv in item.fix.commands]
    yield [*asked, *cures], [], out.getvalue()


def every_way(verdict: Verdict, vm: Machine) -> str:
    """The screens of all the ways of a check."""
    out = io.StringIO()
    ways: list[int | None] = [it.way for it in verdict.ways]
    for way in ways or [None]:
        print_verdict(verdict, vm, out, way=way)
    return out.getvalue()


def pairs(value: Any) -> Iterator[tuple[str | None, list[list[str]]]]:
    """Every `command` of a document with the `commands` beside it."""
    if isinstance(value, dict):
        if "commands" in value:
            yield value["command"], value["commands"]
        for item in value.values():
            yield from pairs(item)
    elif isinstance(value, list):
        for item in value:
            yield from pairs(item)


def assert_can_be_copied(vectors: list[list[str]], documents: list[Any], text: str) -> int:
    """Each command of a screen is a line that a shell reads back as its vector, or is marked; how many are not."""
    marked = 0
    lines = text.split("\n")
    for at, labelled in enumerate(lines):
        line = labelled.removeprefix("undo  ").removeprefix("next  ")
        if not line.strip().startswith(tuple(f"{program} " for program in PROGRAMS)) or line.startswith(("+", "-")):
            continue
        if at + 1 < len(lines) and lines[at + 1].strip().startswith("! not to be pasted"):
            marked += 1
            continue
        assert shlex.split(line) in vectors, line
        assert can_be_pasted(shlex.split(line))
    for command, commands in documents:
        if command is not None:
            assert [shlex.split(command)] == commands
    return marked


@given(names, names, st.sampled_from(["ide0:0", "scsi0:0"]))
@example("vm", "x'$(touch pwn)'", "ide0:0")
@example("-vm", "-disk", "ide0:0")
@example("a\nb", "c\u202ed", "scsi0:0")
def test_a_shell_reads_back_every_command_or_it_is_marked(name: str, disk: str, place: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        vm = vm_with(Path(folder), name, disk, place)
        hidden = not can_be_pasted([name])
        for vectors, documents, text in told(vm):
            marked = assert_can_be_copied(vectors, documents, text)
            # The VM's own name is in every command about it.
            assert not hidden or marked or not vectors
            assert hidden or not can_be_pasted([disk]) or not marked


def test_a_command_that_cannot_be_pasted_is_marked_and_left_out_of_the_document(tmp_path: Path) -> None:
    vm = vm_with(tmp_path, "vm", "a\x1b[2Jb", "ide0:0")
    verdict = vmxtool.check(vm, "esx3", "ws5.5")
    text = every_way(verdict, vm)
    assert "a\\x1b[2Jb.vmdk" in text
    assert NOT_FOR_PASTING in text
    value = json.loads(to_text(check_value(verdict, vm)))
    unsafe = [command for command, argvs in pairs(value) if any("\x1b" in word for argv in argvs for word in argv)]
    assert unsafe
    assert set(unsafe) == {None}


@pytest.mark.parametrize(
    ("name", "argument"),
    [
        ("-x.vmdk", "./-x.vmdk"),
        ("nbd:localhost:1/x.vmdk", "./nbd:localhost:1/x.vmdk"),  # qemu-img would ask another host for it
        ("json:{}.vmdk", "./json:{}.vmdk"),
        ("a/b:c.vmdk", "a/b:c.vmdk"),
        ("/a:b/c.vmdk", "/a:b/c.vmdk"),
        ("x.vmdk", "x.vmdk"),
    ],
)
def test_a_name_is_taken_for_nothing_but_a_name(name: str, argument: str) -> None:
    assert as_argument(name) == argument


def test_a_command_in_a_sentence_is_marked_too() -> None:
    assert in_a_sentence(["vmxtool", "undo", "a b"]) == "vmxtool undo 'a b'"
    assert in_a_sentence(["vmxtool", "undo", "a\nb"]).startswith("vmxtool undo 'a\\x0ab' (not to be pasted: ")


def test_quoting_takes_place_in_one_module() -> None:
    root = Path(vmxtool.__file__).parent
    quoting = [path.relative_to(root).as_posix() for path in root.rglob("*.py") if "shlex" in path.read_text("utf-8")]
    assert quoting == ["rules/commands.py"]
    assert shlex.split(shell(["a b", "$(c)"])) == ["a b", "$(c)"]


def converting(folder: Path, *names: str) -> list[list[str]]:
    """The commands that convert disks for transport where they are."""
    for name in names:
        make_disk(folder / name, "streamOptimized", adapter="lsilogic")
    lines = "".join(disk_lines(f"scsi0:{unit}", name) for unit, name in enumerate(names))
    vm = make_vm(folder, lines.replace('scsi0.present = "TRUE"\n', "", len(names) - 1), hw=7)
    return [list(argv) for step in vmxtool.check(vm, "ws7").steps for argv in step.commands]


def test_nothing_that_is_there_is_converted_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    commands = converting(tmp_path / "vm", "disk.vmdk")
    assert ["mkdir", f"{tmp_path}/vm/converted"] in commands
    (tmp_path / "vm" / "converted").mkdir()
    commands = converting(tmp_path / "vm", "disk.vmdk")
    assert ["mkdir", f"{tmp_path}/vm/converted-2"] in commands
    # A disk of the VM may lie in such a folder, also where that is not here.
    commands = converting(tmp_path / "two", "disk.vmdk", "converted/disk.vmdk")
    assert commands
    assert not any(word.endswith("two/converted/disk.vmdk") for argv in commands for word in argv[-1:])


def test_a_folder_whose_name_begins_with_a_dash_is_no_option(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for argv in converting(Path("-dir"), "disk.vmdk"):
        assert not any(word.startswith("-dir") for word in argv), argv


def test_what_a_link_leads_to_outside_does_not_go_along(tmp_path: Path) -> None:
    make_disk(tmp_path / "disk.vmdk", "streamOptimized", adapter="lsilogic")
    (tmp_path / "vm.nvram").symlink_to("/etc/hosts")
    vm = make_vm(tmp_path, disk_lines("scsi0:0") + 'nvram = "vm.nvram"\n', hw=7)
    argvs = [argv for step in vmxtool.check(vm, "ws7").steps for argv in step.commands]
    assert any(argv[0] == "cp" for argv in argvs)
    assert not any("nvram" in word for argv in argvs for word in argv)


def test_a_name_that_no_document_can_hold_is_in_no_command_of_one(tmp_path: Path) -> None:
    home = tmp_path / os.fsdecode(b"v\xff")
    make_disk(home / "disk.vmdk", "streamOptimized", adapter="lsilogic")
    vm = make_vm(home, disk_lines("scsi0:0"), hw=7)
    value = json.loads(to_text(check_value(vmxtool.check(vm, "ws7"), vm)))
    assert list(pairs(value))
    assert all((command, commands) == (None, []) for command, commands in pairs(value))
