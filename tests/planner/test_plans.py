"""Plans: the guide's ways with this VM's own commands, in the order of the work, and nothing that it does not need."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, make_disk, make_vm
from planner.plans import codes, commands, dos, ways

from vmxtool import Answer, Do, Safety, UsageError, check, check_all, inspect, plan_rewrite, route
from vmxtool.report.step_words import step_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from vmxtool import Machine, Verdict

    Judged = list[tuple[Machine, Verdict]]
    Make = Callable[..., Machine]

IDE = disk_lines("ide0:0", "shop.vmdk")
SCSI = disk_lines("scsi0:0", "shop.vmdk")
NVME = disk_lines("nvme0:0", "shop.vmdk")
AT_REST_FIRST = (
    {"undo-rewrite", "repair-config"},
    {"power-off", "remove-lock", "decrypt"},
    {"repair-disk"},  # no product merges a delta disk of a broken chain
    {"remove-snapshots", "commit-redo-logs"},
    {"change-settings"},
    {"prepare-guest"},
)
"""What is settled before a VM is changed or taken anywhere, by its turn."""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """Makes the VM `shop.vmx` with a growing disk, in the folder that one is in."""
    monkeypatch.chdir(tmp_path)

    def make(hw: int, lines: str = SCSI, kind: str = "sparse", **more: Any) -> Machine:
        made = make_vm(tmp_path, lines, hw, kind=kind, name="shop.vmx", **more)  # type: ignore[arg-type]
        return inspect(made.path.relative_to(tmp_path))

    return make


# --- the two journeys of the guide that everybody takes


def test_workstation_6_windows_on_ide_goes_to_esx_3_by_the_three_ways_of_its_cell(
    samples: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(samples)
    verdict = check("ws6-windows-ide", "esx3")
    assert codes(verdict, "blocker") == {"DSK201", "DSK202", "PRD101"}
    assert ways(verdict) == [
        ["import-wizard", "connect-network"],
        ["downgrade-hardware", "converter", "connect-network"],
        ["prepare-guest", "downgrade-hardware", "copy", "import-disks", "create-vm", "connect-network"],
    ]
    wizard, converter, by_hand = verdict.plans
    # Converter makes the devices anew and changes IDE to SCSI for Windows XP by itself, so that the wizard of the cell
    # lowers the version alone; by hand one rewrite does hardware and disk together.
    assert commands(wizard) == []
    assert commands(converter) == []
    lowered = converter.steps[0]
    assert (lowered.by, lowered.products, lowered.before, lowered.after) == ("ws6", ("ws6",), 6, 4)
    assert by_hand.own_step is not None
    assert by_hand.own_step.products == ("ws6",)
    assert commands(by_hand) == ["vmxtool rewrite --target esx3 --ide-to-scsi --encoding windows-1252 ws6-windows-ide"]
    disk, folder = "'{}Windows XP Professional.vmdk'", "/vmfs/volumes/DATASTORE/ws6-windows-ide"
    assert commands(by_hand, "esx3")[:2] == [
        f"mkdir {folder}",
        f"vmkfstools -i {disk.format(f'{folder}-old/')} {disk.format(f'{folder}/')}",
    ]
    assert {"mpg:t07:r1c3", "mpg:t09:r3c4"} <= {step.source for step in verdict.steps}


def test_workstation_5_goes_to_esx_2_by_two_ways_after_its_snapshots_are_gone(samples: Path) -> None:
    verdict = check(samples / "ws5-snapshots", "esx2", "ws5")
    assert ways(verdict) == [
        ["remove-snapshots", "create-legacy-vm", "copy", "import-disks", "create-vm", "connect-network"],
        ["remove-snapshots", "converter", "connect-network"],
    ]
    assert [way.when for way in verdict.ways] == [(), ("esx2.5-managed-by-vc2",)]
    sources = {step.do.value: step.source for step in verdict.steps}
    assert sources["remove-snapshots"] == "mpg:p08"
    assert {sources[do] for do in ("create-legacy-vm", "import-disks", "converter")} == {"mpg:t12:r1c2"}
    assert verdict.verdict is Answer.NEEDS_STEPS
    # How vmkfstools of ESX 2 wants its arguments no source tells.
    assert commands(verdict.plans[0], "esx2") == []


def test_a_linux_on_ide_is_prepared_and_moved_to_scsi_before_converter_takes_it(make: Make) -> None:
    verdict = check(make(6, IDE, guest="rhel4"), "esx3", "ws6")
    assert ways(verdict) == [
        ["prepare-guest", "move-disks", "import-wizard"],
        ["prepare-guest", "downgrade-hardware", "converter"],
        ["prepare-guest", "downgrade-hardware", "copy", "import-disks", "create-vm"],
    ]
    assert [commands(plan) for plan in verdict.plans] == [
        ["vmxtool rewrite --ide-to-scsi shop.vmx"],
        ["vmxtool rewrite --hwversion 4 --ide-to-scsi shop.vmx"],
        ["vmxtool rewrite --target esx3 --from ws6 --ide-to-scsi shop.vmx"],
    ]


def test_a_fusion_vm_goes_over_workstation_6(make: Make) -> None:
    verdict = check(make(6), "esx3", "fusion1")
    assert ways(verdict) == [
        ["move-to", "downgrade-hardware", "converter"],
        ["move-to", "downgrade-hardware", "copy", "import-disks", "create-vm"],
    ]
    for plan in verdict.plans:
        # Its owner takes it there, and comes away with other hardware.
        moved, lowered = plan.steps[:2]
        assert (moved.by, moved.products, lowered.products) == ("you", ("ws6",), ("ws6",))
        assert (lowered.before, lowered.after) == (6, 4)
    assert [plan.steps[1].by for plan in verdict.plans] == ["ws6", "vmxtool"]
    # What vmxtool lowers here does not have to go there first.
    assert [plan.steps[0].spared for plan in verdict.plans] == [False, True]


# --- only what this VM needs


def test_a_fusion_vm_with_older_hardware_needs_no_workstation_6_to_lower_it(make: Make) -> None:
    assert ways(check(make(4), "ws5", "fusion1"))[0] == ["copy"]
    assert ways(check(make(4), "esx3", "fusion1"))[:2] == [["converter"], ["copy", "import-disks", "create-vm"]]


def test_a_vm_that_workstation_6_made_for_workstation_5_is_only_copied_there(make: Make) -> None:
    verdict = check(make(4), "ws5", "ws6")
    assert verdict.guide is not None
    assert verdict.guide.cell == "mpg:t08:r1c1"  # in legacy mode it moves like one of its own generation
    assert ways(verdict) == [["copy"]]
    assert verdict.verdict is Answer.READY


def test_disks_that_are_exported_already_are_not_exported_again(make: Make) -> None:
    there = ["copy", "create-vm", "run-legacy"], ["copy", "create-vm", "upgrade-hardware"]
    by_cell = [["export-disks", *way] for way in there]
    assert ways(check(make(4, kind="vmfs"), "ws6", "esx3")) == [*by_cell, ["converter"], ["import-wizard"]]


def test_disks_that_lie_there_exported_go_into_a_new_vm_as_the_others_do(make: Make) -> None:
    verdict = check(make(4, kind="flat"), "ws6", "esx3")
    assert ways(verdict)[:2] == [["copy", "create-vm", "run-legacy"], ["copy", "create-vm", "upgrade-hardware"]]
    assert verdict.verdict is Answer.NEEDS_STEPS
    # Where the text names no new VM, they are only copied.
    assert check(make(4, kind="flat"), "ws5.5", "esx3").verdict is Answer.READY


def test_disks_that_cannot_be_seen_are_exported_for_safety(make: Make) -> None:
    verdict = check(make(4, kind="vmfs", disks=False), "ws6", "esx3")
    assert ways(verdict)[0] == ["export-disks", "copy", "create-vm", "run-legacy"]
    assert verdict.verdict is Answer.DEPENDS
    assert verdict.unseen == ("shop.vmdk",)


# --- ACE and Player, which stand in no table


@pytest.mark.parametrize(
    ("hw", "origin", "target", "wanted", "source"),
    [
        (6, "ws6", "ace2", ["copy"], "mpg:p12:ace2-in-generation-6"),
        (4, "ws5", "ace2", ["upgrade-hardware", "copy"], "mpg:p12:ace2-in-generation-5"),
        (4, "ws5", "player1", ["copy"], "mpg:p12:player1-in"),
        (3, "ws4", "ace1", ["copy"], "mpg:p12:ace1-in"),
        (6, "fusion1", "player2", ["copy"], "mpg:p12:player2-in"),
    ],
)
def test_the_text_gives_the_way_into_ace_and_player(
    make: Make, hw: int, origin: str, target: str, wanted: list[str], source: str
) -> None:
    verdict = check(make(hw), target, origin)
    assert verdict.guide is None
    assert ways(verdict) == [wanted]
    assert verdict.steps[0].source == source


def test_an_esx_3_vm_reaches_ace_2_by_converter_and_an_upgrade_with_workstation_6(make: Make) -> None:
    verdict = check(make(4, kind="vmfs"), "ace2", "esx3")
    assert ways(verdict) == [["converter", "upgrade-hardware", "copy"]]
    assert verdict.steps[1].by == "ws6"


def test_player_makes_no_vms_so_another_product_changes_the_hardware(make: Make) -> None:
    verdict = check(make(6), "player1")
    assert "target-makes-no-vms" in {item.name for item in verdict.findings}
    assert commands(verdict.plans[0]) == ["vmxtool rewrite --target player1 shop.vmx"]


# --- one-way steps, questions


@pytest.mark.parametrize(
    ("hw", "origin", "target", "final"),
    [(3, "esx2", "esx3", True), (3, "ws4", "ws5", True), (4, "ws5", "ws6", False), (4, "server1", "fusion1", False)],
)
def test_an_upgrade_that_cannot_be_taken_back_is_marked(
    make: Make, hw: int, origin: str, target: str, final: bool
) -> None:
    verdict = check(make(hw, kind="vmfs" if "esx" in origin else "flat"), target, origin)
    upgrades = [step for step in verdict.steps if step.do == "upgrade-hardware"]
    assert [step.one_way for step in upgrades] == [final]
    assert [plan.one_way for plan in verdict.plans] == ["upgrade-hardware" in dos(it) and final for it in verdict.plans]
    assert {step.by for step in upgrades} == {"ws5.5" if target == "ws5" else target}


def test_a_way_that_can_be_taken_back_comes_before_one_that_cannot(make: Make) -> None:
    verdict = check(make(3, kind="vmfs"), "esx3", "esx2")
    assert ways(verdict)[0] == ["copy", "register-vm", "run-legacy"]
    assert [plan.one_way for plan in verdict.plans] == [False, True, False]
    assert verdict.plans[-1].when == ("esx2.5-managed-by-vc2",)


def test_a_condition_that_every_way_hangs_on_becomes_a_question_with_both_outcomes(make: Make) -> None:
    verdict = check(make(4), "esx2", "server1")
    (question,) = [item for item in verdict.findings if item.severity == "unknown"]
    assert verdict.verdict is Answer.DEPENDS
    assert question.code == "PRD107"
    assert "If it is" in question.message
    assert "if not" in question.message
    assert "mpg:t12:r2c2" in question.sources


def test_a_condition_of_one_way_of_two_is_told_with_the_way(make: Make) -> None:
    verdict = check(make(3, kind="vmfs"), "gsx3", "esx2")
    assert [way.when for way in verdict.ways] == [(), ("esx2.5-managed-by-vc2",)]
    assert verdict.verdict is Answer.NEEDS_STEPS


# --- where the guide is silent


def test_a_vm_older_than_any_that_vmxtool_writes_is_upgraded_by_a_product(make: Make) -> None:
    verdict = check(make(2), "ws17")
    assert verdict.verdict is Answer.NEEDS_STEPS
    upgrade = next(step for step in verdict.steps if step.do == "upgrade-hardware")
    assert (upgrade.commands, upgrade.one_way) == ((), True)
    assert upgrade.by != "vmxtool"


@pytest.mark.parametrize(("target", "cell"), [("esx3", "mpg:t10:r2c3")])
def test_hardware_that_vmxtool_does_not_write_is_upgraded_before_its_disks_move_to_scsi(
    make: Make, target: str, cell: str
) -> None:
    verdict = check(make(2, disk_lines("ide0:0", "disk.pln"), guest="winxppro"), target, "ws3")
    assert verdict.verdict is Answer.NEEDS_STEPS
    (plan,) = verdict.plans
    before = ["move-to", "upgrade-hardware", "prepare-guest", "move-disks", "copy", "import-disks", "create-vm"]
    assert dos(plan)[: len(before)] == before
    upgrade, moved = plan.steps[1], plan.steps[3]
    assert (upgrade.by, upgrade.before, upgrade.after, upgrade.one_way) == ("ws4", 2, 3, True)
    assert commands(plan) == [f"vmxtool rewrite --target {target} --from ws3 --ide-to-scsi shop.vmx"]
    assert (moved.before, moved.after) == (3, 3)
    assert plan.steps[5].source == cell
    refused = plan_rewrite(verdict.path or "", target=target, origin="ws3", ide_to_scsi=True)
    assert [it.name for it in refused.refused] == ["hardware-version-not-written"]


def test_an_esx_vm_of_old_hardware_is_not_taken_to_a_hosted_product_for_an_upgrade(make: Make) -> None:
    assert not check(make(2, disk_lines("ide0:0", "disk.pln")), "esx3", "esx1.5").plans


def test_a_version_that_no_product_had_becomes_the_younger_of_its_neighbours(make: Make) -> None:
    for target, version in (("fusion1", 6), ("ws6", 6), ("esxi6.5", 7), ("ws5.5", 4)):
        (plan,) = check(make(5, ""), target).plans
        assert (plan.end.version, plan.one_way) == (version, False)


def test_a_figure_over_the_limit_is_told_once_as_the_plan_needs_it(make: Make) -> None:
    verdict = check(make(6, 'numvcpus = "500"'), "esxi5.5")
    lines = [it.message for it in verdict.findings if it.code == "CPU403"]
    assert lines == ["500 virtual processors; ESXi 5.5 with hardware version 4 takes 4"]
    (question,) = [it for it in verdict.findings if it.code == "CPU402"]
    assert "run on 4 virtual processors" in question.message
    assert verdict.steps[0].remedy == "set numvcpus to 4 or less, if the guest runs on fewer"
    refused = plan_rewrite(verdict.path or "", target="esxi5.5").refused
    assert [it.message for it in refused] == lines


def test_a_legacy_vm_of_workstation_5_is_a_way_beside_converter(make: Make) -> None:
    verdict = check(make(4), "gsx3", "ws5.5")
    assert ways(verdict) == [["converter"], ["create-legacy-vm", "copy"]]
    assert [plan.steps[0].source for plan in verdict.plans] == ["mpg:t12:r1c3", "mpg:p21:legacy-vm"]


def test_memory_over_the_limit_is_lowered_by_the_rewrite_or_before_converter_by_hand(make: Make) -> None:
    alone = check(make(4, SCSI + 'memsize = "8192"'), "ws5.5", "ws8")
    assert ways(alone) == [["change-settings", "copy"]]
    assert commands(alone.plans[0]) == ["vmxtool rewrite --target ws5.5 --from ws8 --limit shop.vmx"]
    both = check(make(6, SCSI + 'memsize = "8192"'), "server1", "ws6")
    assert ways(both) == [["downgrade-hardware", "copy"], ["change-settings", "import-wizard"]]
    assert commands(both.plans[0]) == ["vmxtool rewrite --target server1 --from ws6 --limit shop.vmx"]
    by_hand = both.plans[1].steps[0]
    assert by_hand.by == "you"
    assert "3600" in (by_hand.remedy or "")


def test_an_esx_disk_is_exported_by_the_console_of_esx_3_and_otherwise_on_later_hosts(make: Make) -> None:
    vm = make(4, kind="vmfs")
    (console,) = check(vm, "ws17", "esx3").plans
    assert commands(console, "esx3") == [
        "mkdir converted",
        "vmkfstools -e converted/shop.vmdk shop.vmdk",
        "cp shop.vmx converted",
    ]
    (later,) = check(vm, "ws17", "esxi6.0").plans
    assert commands(later, "esxi6.0") == [
        "esxcli system module load -m multiextent",
        "mkdir converted",
        "vmkfstools -d 2gbsparse -i shop.vmdk converted/shop.vmdk",
        "cp shop.vmx converted",
    ]


def test_disks_that_the_target_reads_go_along_with_those_that_are_exported_or_imported(make: Make) -> None:
    vm = make(7, disk_lines("scsi0:0", "one.vmdk"), kind="vmfs")
    make_disk(vm.config.folder / "two.vmdk", adapter="lsilogic")
    with vm.config.path.open("a") as config:
        config.write('scsi0:1.present = "TRUE"\nscsi0:1.fileName = "two.vmdk"\n')
    (out,) = check(vm.path, "ws7", "esx4.1").plans
    assert commands(out, "esx4.1")[-2:] == [
        "vmkfstools -d 2gbsparse -i one.vmdk converted/one.vmdk",
        "cp shop.vmx converted",
    ]
    # A disk that no host of ESX runs is not looked for there.
    assert [step.stays for step in out.steps if step.do == "copy"] == [("two.vmdk",)]
    (into,) = check(vm.path, "esx4.1", "ws7").plans
    new = f"/vmfs/volumes/DATASTORE/{vm.config.folder.name}"
    assert [line for line in commands(into, "esx4.1") if line.startswith("vmkfstools")] == [
        f"vmkfstools -d thin -i {new}-old/{name} {new}/{name}" for name in ("two.vmdk", "one.vmdk")
    ]


def test_a_copy_knows_which_folder_it_takes_and_where_it_goes(make: Make) -> None:
    vm = make(7, kind="vmfs")
    (out,) = check(vm, "ws7", "esx4.1").plans
    (over,) = check(vm, "esx4.1", "ws7").plans
    new = f"/vmfs/volumes/DATASTORE/{vm.config.folder.name}"
    assert [(step.takes, step.path) for step in out.steps if step.do == "copy"] == [("converted", None)]
    assert [(step.takes, step.path) for step in over.steps if step.do == "copy"] == [(None, new)]
    lowered = [step for step in check(make(11, kind="vmfs"), "ws7", "esxi6.0").steps if step.do == "export-disks"]
    assert [step.rewritten for step in lowered] == ["config"]  # no descriptor changes


def test_a_modern_vm_goes_to_an_older_host_by_one_rewrite_an_import_and_a_registration(make: Make) -> None:
    (plan,) = check(make(19, NVME, guest="centos7-64"), "esxi6.0").plans
    assert dos(plan) == ["prepare-guest", "downgrade-hardware", "copy", "import-disks", "register-vm"]
    assert commands(plan) == ["vmxtool rewrite --target esxi6.0 --move-disks shop.vmx"]
    imported, registered = plan.steps[3:]
    assert [argv[0] for argv in imported.commands] == ["mkdir", "vmkfstools", "cp"]
    assert [argv[:2] for argv in registered.commands] == [("vim-cmd", "solo/registervm")]
    # What is registered is what the import has put there.
    assert registered.commands[0][-1].startswith(imported.commands[-1][-1])


def test_a_controller_that_the_older_hardware_lacks_is_changed_when_asked_for(make: Make) -> None:
    (plan,) = check(make(8, SCSI + 'scsi0.virtualDev = "lsisas1068"', guest="windows7"), "ws6").plans
    guest, rewrite, _ = plan.steps
    assert guest.do == "prepare-guest"
    assert commands(plan) == ["vmxtool rewrite --target ws6 --unsafe shop.vmx"]
    assert rewrite.safety is Safety.UNSAFE
    assert rewrite.needs == ("unsafe",)


def test_hosted_to_hosted_of_the_same_range_is_a_copy(make: Make) -> None:
    verdict = check(make(18), "ws17")
    assert ways(verdict) == [["copy"]]
    assert verdict.verdict is Answer.READY


def test_on_esx_4_and_later_a_vm_is_registered(make: Make) -> None:
    verdict = check(make(7, kind="vmfs"), "esx4.1", "esx4.0")
    assert ways(verdict) == [["copy", "register-vm"]]
    assert verdict.verdict is Answer.READY


def test_what_is_not_supported_has_no_steps(make: Make) -> None:
    verdict = check(make(8, SCSI + 'firmware = "efi"'), "ws7")
    assert verdict.verdict is Answer.NOT_SUPPORTED
    assert (verdict.steps, verdict.plans, verdict.ways, verdict.effort) == ((), (), (), None)


# --- what a bare hardware version asks for


def test_a_hardware_version_is_a_gate_and_no_place(make: Make) -> None:
    assert ways(check(make(4), "hw4")) == [[]]
    assert check(make(4), "hw4").verdict is Answer.READY
    assert ways(check(make(6), "hw4")) == [["downgrade-hardware"]]
    assert commands(check(make(6), "hw4").plans[0]) == ["vmxtool rewrite --hwversion 4 shop.vmx"]


# --- all samples and all products


@pytest.fixture(scope="module")
def everything(samples: Path) -> Judged:
    vms = [inspect(path) for path in sorted(samples.glob("*/*.vmx"))]
    return [(vm, verdict) for vm in vms for verdict in check_all(vm)]


def test_steps_are_numbered_and_what_every_way_needs_comes_first(everything: Judged) -> None:
    seen: set[str] = set()
    for _, verdict in everything:
        assert [step.n for step in verdict.steps] == list(range(1, len(verdict.steps) + 1))
        order = [step.way or 0 for step in verdict.steps]
        assert order == sorted(order)
        assert set(order) - {0} <= {way.way for way in verdict.ways}
        for plan in verdict.plans:
            turns = [next((n for n, turn in enumerate(AT_REST_FIRST) if do in turn), None) for do in dos(plan)]
            first = [turn for turn in turns if turn is not None]
            # In their order, and before everything else, but for a guest prepared in the product on the way.
            assert first == sorted(first), (verdict.target.id, dos(plan))
            late = set(dos(plan)[len(first) :]) & set().union(*AT_REST_FIRST)
            assert late <= {"prepare-guest", "change-settings"}, (verdict.target.id, dos(plan))
            seen.update(dos(plan)[: len(first)])
    assert {"power-off", "decrypt", "repair-disk", "remove-snapshots"} <= seen


def test_no_plan_asks_for_two_rewrites_or_rewrites_disks_that_it_has_carried_over(
    everything: Judged,
) -> None:
    for _, verdict in everything:
        for plan in verdict.plans:
            own = [at for at, step in enumerate(plan.steps) if step.is_ours]
            carried = [at for at, do in enumerate(dos(plan)) if do in {"import-disks", "export-disks", "converter"}]
            assert len(own) <= 1
            assert not own or not carried or own[0] < carried[0], (verdict.target.id, dos(plan))


def test_every_rewrite_that_a_plan_names_changes_something_once_the_owner_has_done_his_part(
    everything: Judged,
) -> None:
    taken = 0
    for vm, verdict in everything:
        for plan in verdict.plans:
            if plan.own_step is None:
                continue
            (argv,) = plan.own_step.commands
            made = plan_rewrite(vm, **_wishes(argv[2:]))
            # What refuses it is told beside it, and a step before it cures that.
            assert {reason.code for reason in made.refused} <= codes(verdict), (verdict.target.id, made.refused)
            assert made.refused or made.changes, (verdict.target.id, argv)
            taken += bool(made.changes)
    assert taken > 50


def _wishes(words: tuple[str, ...]) -> dict[str, Any]:
    """Words of a command line as the arguments of `plan_rewrite`."""
    names = {"hwversion": int, "target": str, "from": str, "adapter": str, "encoding": str}
    found: dict[str, Any] = {}
    rest = iter(words)
    for word in rest:
        name = word.removeprefix("--")
        if name in names:
            found["origin" if name == "from" else name] = names[name](next(rest))
        elif name != word:
            found[name.replace("-", "_")] = True
        else:
            assert os.path.lexists(word), word
    return found


# --- the order of the work


def test_disks_leave_esx_before_a_hosted_product_gets_the_vm(make: Make) -> None:
    (plan,) = check(make(2, kind="vmfs"), "ws6.5", "esx1.5").plans
    assert dos(plan)[:3] == ["export-disks", "move-to", "upgrade-hardware"]
    assert plan.steps[1].takes == "converted"
    assert plan.steps[-1].takes is None  # Workstation 4 has it in a folder of its own by then
    assert commands(plan, "esx1.5") == []  # how vmkfstools of ESX Server 1 is called no source tells
    (plan,) = check(make(4, IDE.replace("shop", "till"), kind="vmfs"), "ace2", "ws5.5").plans
    assert dos(plan) == ["export-disks", "upgrade-hardware", "copy"]


def test_what_is_rewritten_here_goes_back_to_its_host_before_the_export(make: Make) -> None:
    (plan,) = check(make(13, disk_lines("sata0:0", "shop.vmdk"), kind="vmfs"), "ws8", "esxi6.5").plans
    export = next(step for step in plan.steps if step.do == "export-disks")
    assert export.rewritten
    assert step_text(export).startswith("put the rewritten files in the place of those on the host, then export")
    assert commands(plan, "esxi6.5")[-1] == "cp shop.vmx converted"


def test_no_rewrite_is_printed_before_what_cannot_be_read_is_readable(make: Make) -> None:
    vm = make(4)
    (vm.config.folder / "shop.vmsd").mkdir()
    verdict = check(vm.path, "ws4", "ws5.5")
    assert verdict.verdict is Answer.DEPENDS
    (own,) = (plan for plan in verdict.plans if plan.own is not None)
    assert dos(own)[:2] == ["repair-config", "create-legacy-vm"]
    assert own.steps[0].remedy == "make shop.vmsd readable, then ask again"


def test_what_a_config_keeps_encrypted_leaves_the_answer_open(make: Make) -> None:
    vm = make(20, 'encryption.keySafe = "vmware:key/list/()"\nencryption.data = "YWJjZA=="\n')
    verdict = check(vm, "ws17")
    assert verdict.verdict is Answer.DEPENDS
    assert verdict.unseen == ("the encrypted part of shop.vmx",)


def test_legacy_mode_leads_back_only_where_the_products_say_so(make: Make) -> None:
    for origin, hw, target in (("gsx2", 2, "ws4"), ("esx2", 3, "ws5.5")):
        vm = make(hw, "")
        step = next(step for step in check(vm, target, origin).steps if step.do == "run-legacy")
        (hop,) = route(vm, target, origin).routes[0].hops
        assert step.back
        assert hop.can_go_back
        assert not plan_rewrite(vm, target=target, origin=origin, legacy=True).refused
        assert "so that it can go back" in step_text(step)
    # Table 15 has an upgrade alone, and no legacy mode.
    vm = make(2, "")
    assert all(step.do != "run-legacy" for step in check(vm, "ws4", "gsx1").steps)
    assert plan_rewrite(vm, target="ws4", origin="gsx1", legacy=True).refused


def test_all_products_answer_for_a_vm_that_nobody_has_seen() -> None:
    every = list(check_all(None, "ws6"))
    assert {verdict.path for verdict in every} == {None}
    assert {verdict.target.id: verdict.verdict for verdict in every}["ws6"] is Answer.DEPENDS
    with pytest.raises(UsageError, match="--from"):
        list(check_all(None))


def test_a_command_behind_changes_of_the_owner_says_for_which_product_it_is(make: Make) -> None:
    vm = make(4, 'numvcpus = "32"\n')
    verdict = check(vm.path, "esx2")
    assert verdict.guide is not None
    assert verdict.steps[0].do == "change-settings"
    command = next(command for plan in verdict.plans for command in commands(plan))
    assert command == f"vmxtool rewrite --target esx2 --from {verdict.guide.from_id} shop.vmx"


def test_a_tpm_goes_with_the_encryption_and_is_no_step_of_its_own(tmp_path: Path) -> None:
    lines = 'vtpm.present = "TRUE"\nencryption.keySafe = "vmware:key/list/(pair/(null/x))"\n'
    vm = make_vm(tmp_path, lines, hw=19, guest="windows9-64")
    verdict = check(vm, "esxi6.5")
    first, *others = [step for step in verdict.steps if step.way in {None, 1}]
    assert first.do is Do.DECRYPT
    assert {"SEC805", "DEV701"} <= set(first.cures)
    assert not any(step.do is Do.CHANGE_SETTINGS for step in others)
    of_tpm = next(it for it in verdict.findings if it.subject == "vtpm" and it.code == "DEV701")
    assert of_tpm.after is None


@pytest.mark.parametrize("model", ["lsisas1068", "pvscsi"])
def test_a_controller_that_the_version_lacks_is_met_by_a_newer_version(make: Make, model: str) -> None:
    lines = f'{SCSI}\nscsi0.virtualDev = "{model}"\n'
    vm = make(6, lines)
    verdict = check(vm, "ws17")
    assert "DSK247" in {it.code for it in verdict.findings if it.blocks}
    assert [(step.do, step.after) for step in verdict.steps] == [("upgrade-hardware", 7), ("copy", 7)]
    assert check(make(7, lines), "ws17").verdict is Answer.READY
