"""What the owner says of the new host: networks, the volume on VMFS, the character set, and what may be lowered."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from build import disk_lines, make_vm, write_config
from hypothesis import given
from hypothesis import strategies as st

import vmxtool
from vmxtool import UsageError, check, plan_rewrite
from vmxtool.vmx import edits
from vmxtool.vmx.document import Document

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.machine.model import Machine

NIC = 'ethernet0.present = "TRUE"\nethernet0.connectionType = "nat"\n'
NAMED = '.encoding = "UTF-8"\ndisplayName = "Büro"\n'


def made(tmp_path: Path, lines: str = "", hw: int = 6, **more: Any) -> Machine:
    return make_vm(tmp_path, f"{disk_lines('scsi0:0', 'disk.vmdk')}\n{lines}", hw=hw, **more)


def written(vm: Machine, **wishes: Any) -> Document:
    """The config after a rewrite that was carried out."""
    rewrite = plan_rewrite(vm, **wishes)
    assert not rewrite.refused, rewrite.refused
    rewrite.apply()
    return vmxtool.open_config(vm.config.path)


# --- networks


@pytest.mark.parametrize(
    ("target", "network", "expected"),
    [
        ("esx3", "VM Network", {"networkname": "VM Network"}),
        ("esx2", "vmnic1", {"connectiontype": "monitor_dev", "devname": "vmnic1"}),
        ("ws4", "hostonly", {"connectiontype": "hostonly"}),
        ("ws4", "VMnet2", {"connectiontype": "custom", "vnet": "VMnet2"}),
        ("esxi6.7", "Prod | 5", {"networkname": "Prod | 5"}),
    ],
)
def test_an_adapter_is_connected_as_the_product_writes_it(
    tmp_path: Path, target: str, network: str, expected: dict[str, str]
) -> None:
    document = written(made(tmp_path, NIC), target=target, networks=[f"ethernet0={network}"])
    places = ("connectiontype", "networkname", "vnet", "devname")
    found = {name: document[f"ethernet0.{name}"] for name in places if f"ethernet0.{name}" in document}
    assert found == expected


@pytest.mark.parametrize("target", ["esx4.1", "esx2"])
def test_a_network_that_was_named_is_not_asked_for_again(tmp_path: Path, target: str) -> None:
    vm = made(tmp_path, NIC)
    assert "NET302" in {it.code for it in check(vm, target).findings}
    written(vm, target=target, networks=["ethernet0=vmnic0"])
    assert "NET302" not in {it.code for it in check(tmp_path, target).findings}


# --- ESX Server 2


def test_a_config_for_esx_server_2_looks_like_one_of_its_own(tmp_path: Path) -> None:
    vm = made(tmp_path, f'scsi0.virtualDev = "lsilogic"\n{NIC}')
    document = written(vm, target="esx2", vmfs_path="vmhba0:0:0:5", networks=["ethernet0=vmnic0"])
    assert document["scsi0.virtualDev"] == "vmxlsilogic"
    assert document["scsi0:0.name"] == "vmhba0:0:0:5:disk.vmdk"
    assert "scsi0:0.fileName" not in document
    assert (document["virtualHW.version"], document["config.version"]) == ("3", "6")
    vmxtool.undo(tmp_path)
    assert bytes(vmxtool.open_config(vm.config.path)) == bytes(vm.config.document)


def test_a_disk_that_moves_to_scsi_gets_its_name_on_vmfs_too(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("ide0:0", "disk.vmdk"), hw=6, guest="redhat")
    document = written(vm, target="esx2", ide_to_scsi=True, vmfs_path="local")
    assert document["scsi0:0.name"] == "local:disk.vmdk"
    assert not [key for key in document if key.startswith("ide0")]


def test_without_the_volume_a_disk_keeps_the_name_that_can_work(tmp_path: Path) -> None:
    document = written(made(tmp_path), target="esx2")
    assert document["scsi0:0.fileName"] == "disk.vmdk"


# --- the character set, and config.version


def test_no_encoding_is_left_for_a_product_before_2007(tmp_path: Path) -> None:
    document = written(made(tmp_path, '.encoding = "windows-1252"\ndisplayName = "plain"'), target="ws5.5")
    assert ".encoding" not in document


def test_text_beyond_ascii_waits_for_the_character_set_of_the_host(tmp_path: Path) -> None:
    vm = made(tmp_path, NAMED)
    refused = plan_rewrite(vm, target="gsx3").refused
    assert [it.code for it in refused] == ["VMX024"]
    assert "displayName" in refused[0].message
    step = next(step for plan in check(vm, "gsx3").plans for step in plan.steps if step.is_ours)
    assert step.commands[0][-3:-1] == ("--encoding", "windows-1252")
    document = written(vm, target="gsx3", encoding="windows-1252")
    assert "Büro".encode("cp1252") in bytes(document)
    assert ".encoding" not in document
    vmxtool.undo(tmp_path)
    assert bytes(vmxtool.open_config(vm.config.path)) == bytes(vm.config.document)


def test_products_since_keep_the_encoding(tmp_path: Path) -> None:
    document = written(made(tmp_path, NAMED), target="esxi6.7")
    assert document[".encoding"] == "UTF-8"


def test_workstation_4_writes_its_own_config_version(tmp_path: Path) -> None:
    assert written(made(tmp_path), target="ws4")["config.version"] == "7"
    vmxtool.undo(tmp_path)
    assert written(vmxtool.inspect(tmp_path), target="gsx3")["config.version"] == "6"


@given(
    name=st.text(st.characters(codec="cp1252", exclude_categories=["Cc"]), min_size=1, max_size=30),
    start=st.sampled_from(["utf-8", "cp1252", "iso8859_1", "utf-7"]),
    end=st.sampled_from(["utf-8", "cp1252"]),
)
def test_a_config_says_the_same_in_another_character_set(name: str, start: str, end: str) -> None:
    shown = {"cp1252": "windows-1252", "iso8859_1": "ISO-8859-1"}.get(start, start.upper())
    before = Document.parse(f'.encoding = "{shown}"\n# a remark\nmemsize = "64"\n'.encode(), "vm.vmx")
    try:
        before = edits.apply(before, [edits.SetValue("displayName", name)])
    except edits.EncodingRefused:
        return
    after = edits.recode(before, end)
    again = Document.parse(bytes(after), "vm.vmx", end)
    assert (again["displayName"], again["memsize"], ".encoding" in again) == (name, "64", False)
    assert b"# a remark\n" in bytes(after)


# --- what may be lowered


SIX_NICS = "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(6))


@pytest.mark.parametrize("hw", [6, 7])
def test_what_is_over_the_figures_of_a_product_goes_where_it_is_allowed(tmp_path: Path, hw: int) -> None:
    vm = made(tmp_path, f'memsize = "6000"\n{SIX_NICS}', hw=hw)
    refused = plan_rewrite(vm, target="ws4").refused
    assert [it.name for it in refused] == ["not-asked-for"]
    assert "3 network adapters" not in refused[0].message
    assert "6 network adapters" in refused[0].message
    remedies = " ".join(it.fix.text for it in refused if it.fix is not None)
    assert "say --limit too" in remedies
    document = written(vm, target="ws4", limit=True)
    assert document["memsize"] == "3600"
    assert [key for key in document if key.startswith("ethernet")] == [f"ethernet{n}.present" for n in range(3)]
    again = check(tmp_path, "ws4")
    assert not {it.code for it in again.findings} & {"DEV702", "CPU404", "DEV792", "NET301"}


@pytest.mark.parametrize(
    ("order", "left"),
    [
        ("ethernet3", None),
        ("ethernet3, ethernet5", None),
        ("cdrom,ethernet3,hdd", "cdrom,hdd"),
        ("ethernet0,Ethernet4", "ethernet0"),
        ("cdrom,hdd", "cdrom,hdd"),
    ],
)
def test_the_boot_order_names_no_adapter_that_goes(tmp_path: Path, order: str, left: str | None) -> None:
    vm = made(tmp_path, f'bios.bootOrder = "{order}"\n{SIX_NICS}')
    assert written(vm, target="ws4", limit=True).get("bios.bootOrder") == left


def test_a_boot_order_loses_an_adapter_and_follows_a_disk_in_one_change(tmp_path: Path) -> None:
    lines = f'bios.hddOrder = "ide0:0"\nbios.bootOrder = "ethernet4,ide0:0"\n{SIX_NICS}{disk_lines("ide0:0", "b.vmdk")}'
    document = written(made(tmp_path, lines), target="ws4", limit=True, ide_to_scsi=True, adapter="buslogic")
    assert document["bios.bootOrder"] == document["bios.hddOrder"] == "scsi1:0"


def test_memory_that_a_source_limits_is_lowered_with_limit_or_unsafe(tmp_path: Path) -> None:
    vm = made(tmp_path, 'memsize = "6000"\nsched.mem.min = "6000"\n')
    (refused,) = plan_rewrite(vm, target="ws5.5").refused
    assert refused.fix is not None
    assert refused.fix.text.endswith("say --limit too")
    for rewrite in (plan_rewrite(vm, target="ws5.5", limit=True), plan_rewrite(vm, target="ws5.5", unsafe=True)):
        after = {it.key: it.after for it in rewrite.changes}
        assert after["memsize"] == 'memsize = "3600"'
        assert after["sched.mem.min"] == 'sched.mem.min = "3600"'


def test_adapters_that_a_version_has_no_number_for_wait_for_their_owner_or_limit(tmp_path: Path) -> None:
    vm = made(tmp_path, "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(5)), hw=7)
    assert "DEV792" in {it.code for it in plan_rewrite(vm, target="esx2").refused}
    rewrite = plan_rewrite(vm, target="esx2", limit=True)
    assert "ethernet4.present" in {it.key for it in rewrite.changes if it.after is None}


@pytest.mark.parametrize(("target", "most"), [("ws4", 3), ("ws5.5", 3), ("gsx3", 4), ("server1", 4), ("esx3", 4)])
def test_adapters_beyond_what_a_product_holds_go_in_the_step_of_the_plan(
    tmp_path: Path, target: str, most: int
) -> None:
    vm = made(tmp_path, SIX_NICS, hw=7)
    plans = [plan for plan in check(vm, target).plans if plan.own is not None and not plan.by_converter]
    (step,) = [step for step in plans[0].steps if step.is_ours]
    assert "limit" in step.needs
    document = written(vm, target=target, limit=True)
    assert [key for key in document if key.startswith("ethernet")] == [f"ethernet{n}.present" for n in range(most)]
    assert "NET301" not in {it.code for it in check(tmp_path, target).findings}


def test_a_rewrite_says_which_disk_it_has_not_seen(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "gone.vmdk"), hw=6, disks=False)
    assert any(note.startswith("not seen: gone.vmdk; ") for note in plan_rewrite(vm, target="esx3").notes)
    vm = made(tmp_path)
    assert not any("not seen" in note for note in plan_rewrite(vm, target="ws5.5").notes)


# --- wishes that cannot be


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"target": "esx3", "vmfs_path": "vmhba0:0:0:5"}, "--vmfs-path is for ESX Server 2"),
        ({"target": "esx2", "vmfs_path": "../x"}, "is no volume"),
        ({"target": "esx2", "vmfs_path": "a:b"}, "is no volume"),
        ({"target": "ws17", "encoding": "utf-8"}, "--encoding is for products before 2007"),
        ({"target": "ws4", "encoding": "klingon"}, "VMware knows no character set 'klingon'"),
        ({"target": "ws4", "networks": ["VM Network"]}, "names no adapter"),
        ({"target": "ws4", "networks": ["ethernet0=nat", "ethernet0=bridged"]}, "twice"),
        ({"target": "ws4", "networks": ["ethernet0=VM Network"]}, "has no network 'VM Network'"),
        ({"target": "esx3", "networks": ["ethernet0=a\nb"]}, "names no adapter"),
        ({"target": "esx3", "networks": ["ethernet3=a"]}, "the VM has no ethernet3; it has ethernet0"),
        ({"ide_to_scsi": True, "limit": True}, "--limit needs --target"),
        ({"hwversion": 4, "networks": ["ethernet0=nat"]}, "--network needs --target"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(tmp_path: Path, wishes: dict[str, Any], said: str) -> None:
    vm = made(tmp_path, NIC)
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        plan_rewrite(vm, **wishes)
    assert "\n" not in str(caught.value)


def test_a_config_that_names_no_character_set_is_left_as_its_host_wrote_it(tmp_path: Path) -> None:
    path = write_config(tmp_path, 'displayName = "B\u00fcro"\n', hw=6, guest="winxppro")
    path.write_bytes(path.read_bytes().replace("Büro".encode(), b"B\xfcro"))
    (refused,) = plan_rewrite(vmxtool.inspect(tmp_path), target="ws5.5").refused
    assert refused.code == "VMX024"
    assert refused.message.startswith("displayName has characters beyond ASCII")
    document = written(vmxtool.inspect(tmp_path), target="ws5.5", encoding="windows-1252")
    assert b"B\xfcro" in bytes(document)


# --- what an attacker has tried


HEAD = f'scsi0.virtualDev = "lsilogic"\n{disk_lines("scsi0:0", "disk.vmdk")}\n'


def raw_vm(folder: Path, text: bytes, hw: int = 6) -> Machine:
    """A VM whose config ends with bytes as they are given."""
    vm = make_vm(folder, HEAD, hw=hw)
    data = vm.config.path.read_bytes()
    first, rest = (text, b"") if text.startswith(b".encoding") else (b"", text)
    vm.config.path.write_bytes(first + data + rest)
    return vmxtool.inspect(folder)


@pytest.mark.parametrize(
    ("text", "encoding", "key"),
    [
        (b'.encoding = "UTF-8"\ndisplayName = "\xc3\xbc\xff"\n', "windows-1252", "displayname"),
        (b'.encoding = "UTF-8"\ndisplayName = "\xff"\n', "windows-1252", "displayname"),
        (b'.encoding = "UTF-8"\nguestinfo.\xc3\xbc\xff = "1"\n', "windows-1252", "guestinfo"),
        (b'.encoding = "UTF-8"\nguestinfo.\xff = "1"\n', "windows-1252", "guestinfo"),
        (b'.encoding = "Shift_JIS"\nannotation = "\x93\xfa\x96"\n', "Shift_JIS", "annotation"),
        (b'.encoding = "windows-1252"\nannotation = "\xfc\x81"\n', "UTF-8", "annotation"),
        (b'.encoding = "UTF-7"\ndisplayName = "+2AA-"\n', "UTF-8", "displayname"),
        ('.encoding = "UTF-8"\ndisplayName = "〜"\n'.encode(), "Shift_JIS", "displayname"),
        ('.encoding = "UTF-8"\nguestinfo.ア = "1"\nguestinfo.ヂ = "2"\n'.encode(), "Shift_JIS", "guestinfo"),
        ('.encoding = "UTF-8"\n.encoding = "GBK"\ndisplayName = "ü"\n'.encode(), "windows-1252", ".encoding"),
    ],
)
def test_text_that_another_character_set_cannot_say_is_refused_by_its_name(
    tmp_path: Path, text: bytes, encoding: str, key: str
) -> None:
    vm = raw_vm(tmp_path, text)
    before = vm.config.path.read_bytes()
    refused = plan_rewrite(vm, target="ws5.5", encoding=encoding).refused
    assert refused
    assert {it.code for it in refused} <= {"VMX025", "VMX002", "VMX003", "VMX004"}
    assert key in " ".join(place.key or "" for it in refused for place in it.evidence).lower() or key == ".encoding"
    assert vm.config.path.read_bytes() == before


@pytest.mark.parametrize(
    "text",
    [
        b'.encoding = "UTF-7"\ndisplayName = "C+-"\nannotation = "+APw-"\n',
        b'.encoding = "UTF-8"\ndisplayName = "B\xc3\xbcro"\n.encoding = "UTF-8"\n',
        b'.encoding = "windows-1252"\na = "|FC"\nb = "|7C"\ndisplayName = "B\xfcro"\n',
        b'displayName = "B\xc3\xbcro"\n',
    ],
)
def test_every_spelling_of_text_is_rewritten_once_and_undone(tmp_path: Path, text: bytes) -> None:
    vm = raw_vm(tmp_path, text)
    values = {key.lower(): value for key, value in vm.config.document.items() if key != ".encoding"}
    before = vm.config.path.read_bytes()
    written(vm, target="ws5.5", encoding="windows-1252")
    document = Document.parse(vm.config.path.read_bytes(), "vm.vmx", "cp1252")
    changed = {"virtualhw.version", "config.version"}
    assert {key.lower(): document[key] for key in document if key.lower() not in changed} == {
        key: value for key, value in values.items() if key not in changed
    }
    assert ".encoding" not in document
    assert not plan_rewrite(vmxtool.inspect(tmp_path), target="ws5.5", encoding="windows-1252").changes
    vmxtool.undo(tmp_path)
    assert vm.config.path.read_bytes() == before


def test_the_character_set_alone_is_a_change_too(tmp_path: Path) -> None:
    vm = raw_vm(tmp_path, b'displayName = "B\xc3\xbcro"\n', hw=4)
    rewrite = plan_rewrite(vm, target="ws5.5", encoding="windows-1252")
    assert len(rewrite.changes) == 1
    rewrite.apply()
    assert b"B\xfcro" in vm.config.path.read_bytes()


def test_two_disks_get_no_single_name_on_vmfs(tmp_path: Path) -> None:
    lines = disk_lines("scsi0:0", "a/disk.vmdk") + "\n" + disk_lines("scsi0:1", "b/disk.vmdk")
    vm = make_vm(tmp_path, lines, hw=6)
    every = plan_rewrite(vm, target="esx2", vmfs_path="local").refused
    refused = next(it for it in every if it.name == "disks-of-one-name")
    assert refused.message.startswith("2 disks would be local:disk.vmdk, ")


@pytest.mark.parametrize(
    ("name", "after"),
    [
        ("vmhba0:0:0:5:disk.vmdk", "disk.vmdk"),
        ("local:disk.vmdk", "disk.vmdk"),
        ("vdisk:san_1:o disk.vmdk", "o disk.vmdk"),
        ("/vmfs/local/disk.vmdk", "disk.vmdk"),
        ("disk.vmdk", "disk.vmdk"),
    ],
)
def test_a_disk_of_esx_2_leaves_its_volume_behind(tmp_path: Path, name: str, after: str) -> None:
    lines = f'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "{name}"\n'
    write_config(tmp_path, lines, hw=3, guest="win2000serv", config=6)
    document = written(vmxtool.inspect(tmp_path), target="ws5.5", origin="esx2")
    assert document["scsi0:0.fileName"] == after


@pytest.mark.parametrize("name", ["vmhba1:0:3:0", "vmhba1:0:3:0:0"])
def test_a_raw_device_of_esx_2_is_no_file(tmp_path: Path, name: str) -> None:
    lines = f'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "{name}"\n'
    write_config(tmp_path, lines, hw=3, guest="win2000serv", config=6)
    rewrite = plan_rewrite(vmxtool.inspect(tmp_path), target="ws5.5", origin="esx2")
    assert not any(it.key == "scsi0:0.name" for it in rewrite.changes)
    assert check(tmp_path, "ws5.5", "esx2").verdict != "ready"


@pytest.mark.parametrize(("target", "config"), [("ws4", 7), ("gsx3", 6), ("esx2", 6), ("ws5.5", 8)])
def test_a_config_is_of_no_newer_version_than_its_product_writes(tmp_path: Path, target: str, config: int) -> None:
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "disk.vmdk"), hw=3, guest="win2000serv")
    after = {it.key: it.after for it in plan_rewrite(vm, target=target, origin="ws4").changes}
    assert after.get("config.version", 'config.version = "8"') == f'config.version = "{config}"'


def test_limit_lowers_memory_to_the_lowest_of_several_limits(tmp_path: Path) -> None:
    vm = made(tmp_path, 'memsize = "98304"', hw=4)
    assert written(vm, target="esx3", limit=True)["memsize"] == "16384"


def test_limit_takes_out_lines_of_adapters_that_no_version_has(tmp_path: Path) -> None:
    nics = "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(10))
    document = written(made(tmp_path, f'bios.bootOrder = "ethernet9,hdd"\n{nics}', hw=4), target="ws4", limit=True)
    assert [key for key in document if key.startswith("ethernet")] == [f"ethernet{n}.present" for n in range(3)]
    assert document["bios.bootOrder"] == "hdd"


@pytest.mark.parametrize("network", ["vmnic0", "bond1", "vmnet_3"])
def test_esx_2_has_networks_by_the_names_of_devices(tmp_path: Path, network: str) -> None:
    document = written(made(tmp_path, NIC), target="esx2", networks=[f"ethernet0={network}"])
    assert document["ethernet0.devName"] == network


@pytest.mark.parametrize("network", ["bridged", "NAT", "hostonly", "VM Network", "vmnic", "bond"])
def test_esx_2_has_no_other_network(tmp_path: Path, network: str) -> None:
    with pytest.raises(UsageError, match="has no network"):
        plan_rewrite(made(tmp_path, NIC), target="esx2", networks=[f"ethernet0={network}"])


def test_a_disk_that_has_a_place_on_vmfs_gets_the_one_that_is_told(tmp_path: Path) -> None:
    lines = 'scsi0.present = "TRUE"\nscsi0:0.present = "TRUE"\nscsi0:0.name = "vmhba0:0:0:5:disk.vmdk"\n'
    write_config(tmp_path, lines, hw=3, guest="win2000serv", config=6)
    document = written(vmxtool.inspect(tmp_path), target="esx2", vmfs_path="vmhba1:0:0:1")
    assert document["scsi0:0.name"] == "vmhba1:0:0:1:disk.vmdk"


def test_a_device_of_the_host_gets_no_name_on_vmfs(tmp_path: Path) -> None:
    raw = '\nscsi0:1.present = "TRUE"\nscsi0:1.fileName = "/dev/sdb"\nscsi0:1.deviceType = "rawDisk"\n'
    vm = made(tmp_path, raw)
    after = {it.key: it.after for it in plan_rewrite(vm, target="esx2", vmfs_path="local").changes}
    assert "scsi0:1.fileName" not in after


def test_a_network_that_is_named_takes_the_place_of_a_distributed_one(tmp_path: Path) -> None:
    lines = 'ethernet0.dvs.switchId = "50 01"\nethernet0.dvs.portId = "5"\nethernet0.opaqueNetwork.id = "x"\n'
    document = written(made(tmp_path, NIC + lines, hw=14), target="esxi6.7", networks=["ethernet0=VM Network"])
    assert [key for key in document if key.startswith("ethernet0.")] == ["ethernet0.present", "ethernet0.networkName"]


def test_memory_is_lowered_with_what_is_reserved_of_it(tmp_path: Path) -> None:
    reserved = 'memsize = "6000"\nsched.mem.min = "6000"\nsched.mem.minsize = "6000"\nsched.mem.max = "6000"\n'
    document = written(made(tmp_path, reserved, hw=7), target="esx2", limit=True)
    assert {document[key] for key in ("memsize", "sched.mem.min", "sched.mem.minsize", "sched.mem.max")} == {"3600"}


@pytest.mark.parametrize(
    ("wishes", "said"),
    [
        ({"target": "esx2", "vmfs_path": ".."}, "is no volume"),
        ({"target": "esx2", "vmfs_path": "a "}, "is no volume"),
        ({"target": "esx2", "vmfs_path": "vmhba0:0:0:99999999999"}, "is no volume"),
        ({"target": "esx2", "vmfs_path": "x" * 5000}, "is no volume"),
        ({"target": "esx3", "networks": ["ethernet0= "]}, "is no name of a network"),
        ({"target": "esx3", "networks": ["ethernet0=" + "a" * 5000]}, "is no name of a network"),
        ({"target": "esx3", "networks": ["ethernet0=Büro"]}, "say in which with --encoding"),
        ({"target": "esx3", "networks": ["ethernet0=日本"], "encoding": "windows-1252"}, "does not have all of"),
        ({"target": "esx2", "vmfs_path": "vmhba0:0:0:0"}, "is no volume"),
        ({"target": "ws4", "encoding": "utf-7"}, "no host has 'utf-7'"),
        ({"target": "ws4", "encoding": ""}, "VMware knows no character set ''"),
        ({"target": "ws4", "networks": ["ethernet0=nat"], "limit": True}, None),
    ],
)
def test_names_that_cannot_work_are_refused(tmp_path: Path, wishes: dict[str, Any], said: str | None) -> None:
    vm = made(tmp_path, NIC)
    if said is None:
        assert not plan_rewrite(vm, **wishes).refused
        return
    with pytest.raises(UsageError, match=re.escape(said)) as caught:
        plan_rewrite(vm, **wishes)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_network_is_not_named_for_an_adapter_that_goes(tmp_path: Path) -> None:
    vm = made(tmp_path, "".join(f'ethernet{number}.present = "TRUE"\n' for number in range(6)), hw=7)
    with pytest.raises(UsageError, match="--limit takes ethernet5 out"):
        plan_rewrite(vm, target="esx3", limit=True, networks=["ethernet5=VM Network"])


def test_a_hint_can_be_pasted_however_the_config_spells_its_character_set(tmp_path: Path) -> None:
    vm = raw_vm(tmp_path, '.encoding = "$(windows|0A1252)"\ndisplayName = "Büro"\n'.encode("cp1252"))
    (refused,) = plan_rewrite(vm, target="ws5.5").refused
    assert refused.fix is not None
    assert "--encoding cp1252," in refused.fix.text


def test_a_config_that_is_not_written_gets_no_volume(tmp_path: Path) -> None:
    vm = make_vm(tmp_path, disk_lines("scsi0:0", "disk.pln"), hw=2, kind="plain")
    with pytest.raises(UsageError, match="--vmfs-path is for configs from hardware version 3 on, and the VM has 2"):
        plan_rewrite(vm, target="esx2", origin="ws3", vmfs_path="local")


@pytest.mark.parametrize(
    ("mode", "after"),
    [
        ("independent-persistent", "persistent"),
        ("Independent-nonpersistent", "nonpersistent"),
        ("persistent", "persistent"),
    ],
)
def test_esx_2_has_disk_modes_without_the_word_independent(tmp_path: Path, mode: str, after: str) -> None:
    vm = made(tmp_path, f'scsi0:0.mode = "{mode}"\n')
    assert written(vm, target="esx2")["scsi0:0.mode"] == after


def test_a_disk_that_moves_to_scsi_takes_its_mode_along(tmp_path: Path) -> None:
    lines = disk_lines("ide0:0", "disk.vmdk") + '\nide0:0.mode = "independent-persistent"\n'
    vm = make_vm(tmp_path, lines, hw=6)
    document = written(vm, target="esx2", ide_to_scsi=True, adapter="lsilogic")
    assert document["scsi0:0.mode"] == "persistent"


@pytest.mark.parametrize(
    ("wishes", "named"),
    [
        ({"target": "esx2", "vmfs_path": "vmhba1:0:0:2"}, {"scsi0:0.name": "vmhba1:0:0:2:disk.vmdk"}),
        ({"target": "esx2"}, {"scsi0:0.fileName": "disk.vmdk"}),
        ({"target": "ws5.5"}, {"scsi0:0.fileName": "disk.vmdk"}),
    ],
)
def test_the_name_that_counts_is_the_one_that_is_kept(
    tmp_path: Path, wishes: dict[str, Any], named: dict[str, str]
) -> None:
    document = written(made(tmp_path, 'scsi0:0.name = "vmhba0:0:0:5:old.vmdk"\n'), **wishes)
    assert {key: document[key] for key in document if key.lower().endswith(("0:0.name", "0:0.filename"))} == named


def test_what_forbids_writing_forbids_nothing_where_nothing_is_written(tmp_path: Path) -> None:
    vm = made(tmp_path, hw=4)
    vm.config.path.chmod(0o444)
    rewrite = plan_rewrite(vmxtool.inspect(tmp_path), target="ws5.5")
    assert (rewrite.refused, rewrite.changes) == ((), ())
    assert [it.code for it in plan_rewrite(vmxtool.inspect(tmp_path), target="ws4").refused] == ["VMX010"]


def test_an_adapter_beyond_the_version_goes_with_the_others_where_limit_is_asked_for(tmp_path: Path) -> None:
    lines = NIC + 'ethernet7.present = "TRUE"\nmemsize = "5000"\n'
    vm = made(tmp_path, lines, hw=7)
    step = check(vm, "ws4").plans[0].steps[0]
    assert (step.is_ours, step.needs) == (True, ("limit",))
    document = written(vm, target="ws4", limit=True)
    assert not [key for key in document if key.startswith("ethernet7")]
    refused = plan_rewrite(made(tmp_path / "alone", NIC + 'ethernet7.present = "TRUE"\n', hw=7), target="ws4").refused
    assert [it.code for it in refused] == ["DEV792"]


@pytest.mark.parametrize(("memory", "code"), [(3600, None), (4096, "VMX092")])
def test_esx_2_gives_a_vm_no_more_memory_than_its_page_does(tmp_path: Path, memory: int, code: str | None) -> None:
    refused = plan_rewrite(made(tmp_path, f'memsize = "{memory}"\n'), target="esx2").refused
    assert [it.code for it in refused] == ([] if code is None else [code])


@pytest.mark.parametrize(("target", "config"), [("ws5.5", "8"), ("server1", "8"), ("esx2", "6"), ("ws4", "7")])
def test_a_config_of_version_3_is_of_the_version_that_the_product_writes(
    tmp_path: Path, target: str, config: str
) -> None:
    hardware = {} if target in {"esx2", "ws4"} else {"hwversion": 3}
    assert written(made(tmp_path), target=target, **hardware)["config.version"] == config


def test_networks_of_esx_2_are_chosen_anew_on_a_hosted_product(tmp_path: Path) -> None:
    nic = 'ethernet0.present = "TRUE"\nethernet0.connectionType = "monitor_dev"\nethernet0.devName = "vmnic1"\n'
    vm = made(tmp_path, nic, hw=3)
    found = {
        target: [it.message for it in check(vm, target, "esx2").findings if it.code == "NET302"]
        for target in ("ws5.5", "esx3", "esx2")
    }
    assert found["ws5.5"] == ["ethernet0: Workstation 5.5 has no network vmnic1; you choose one there"]
    assert found["esx3"] == ["ethernet0: ESX Server 3.x has no vmnic1 network; you choose one there"]
    assert found["esx2"] == []
