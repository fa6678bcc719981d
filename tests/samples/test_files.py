"""The samples are what their README says, seen with plain bytes and nothing of vmxtool."""

from __future__ import annotations

import re
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from samples.make_disks import build

SAMPLES = Path(__file__).parents[2] / "samples"
FOLDERS = sorted(entry.name for entry in SAMPLES.iterdir() if entry.is_dir())
FILES = sorted(path.relative_to(SAMPLES) for path in SAMPLES.rglob("*") if path.is_file())
DICTIONARIES = [path for path in FILES if path.suffix in {".vmx", ".vmsd"}]

# VMware's line grammar, for the part of it that products write.
ENTRY = re.compile(rb'([^\x00 \t=#\r\n]+) = "((?:[^"|\x00\r\n]|\|[0-9A-F]{2})*)"')

# folder: hardware version, config version, guest, encoding, line end
WRITTEN_AS = {
    "damaged": ("9", "8", "debian6-64", "UTF-8", b"\n"),
    "encrypted": (None, None, None, "windows-1252", b"\r\n"),
    "esx2-smp": ("3", "6", "winNetEnterprise", None, b"\n"),
    "esx3-vmfs": ("4", "8", "rhel4", None, b"\n"),
    "esxi67": ("14", "8", "centos7-64", "UTF-8", b"\n"),
    "Budget.vmwarevm": ("6", "8", "winxphome", "UTF-8", b"\n"),
    "gsx3-linux": ("3", "6", "redhat", None, b"\n"),
    "linked-clone": ("12", "8", "windows9-64", "windows-1252", b"\r\n"),
    "suspended": ("7", "8", "ubuntu", "UTF-8", b"\n"),
    "Ubuntu 64-bit": ("21", "8", "ubuntu-64", "UTF-8", b"\n"),
    "ws17-modern": ("21", "8", "windows11-64", "UTF-8", b"\r\n"),
    "ws4-undoable": ("3", "7", "win98", None, b"\r\n"),
    "ws5-snapshots": ("4", "8", "other26xlinux", None, b"\n"),
    "ws6-scsi-smp": ("6", "8", "winNetEnterprise-64", "UTF-8", b"\n"),
    "ws6-windows-ide": ("6", "8", "winxppro", "windows-1252", b"\r\n"),
}

# The sample whose disks are as large as those of a usual VM.
OF_USUAL_SIZE = "Ubuntu 64-bit"

# What a sample lacks on purpose, as its README section tells.
ABSENT = {
    ("damaged", "archive-s002.vmdk"),
    ("linked-clone", "D:\\Golden\\Windows 10 x64\\Windows 10 x64-000001.vmdk"),
}


def entries(path: Path) -> dict[str, str]:
    """The keys of a dictionary file, in lower case, with their values, escapes kept."""
    found = {}
    for line in (SAMPLES / path).read_bytes().splitlines():
        if match := ENTRY.fullmatch(line):
            found[match[1].decode("ascii").lower()] = match[2].decode("utf-8", "surrogateescape")
    return found


def config(folder: str) -> dict[str, str]:
    (path,) = (path for path in DICTIONARIES if path.parts[0] == folder and path.suffix == ".vmx")
    return entries(path)


def descriptor(path: Path) -> str:
    """The text of a descriptor, embedded or on its own."""
    content = (SAMPLES / path).read_bytes()
    if content.startswith(b"KDMV"):
        offset, size = struct.unpack_from("<QQ", content, 28)
        content = content[offset * 512 : (offset + size) * 512]
        text, _, padding = content.partition(b"\0")
        assert not padding.strip(b"\0")
        return text.decode("ascii")
    return content.decode("ascii") if content.startswith(b"# Disk DescriptorFile\n") else ""


def field(text: str, name: str) -> str | None:
    match = re.search(rf'^{name}="?([^"\n]*)"?$', text, re.MULTILINE)
    return match[1] if match else None


DISK_FILES = [path for path in FILES if ".vmdk" in path.name]
DESCRIPTORS = [path for path in DISK_FILES if descriptor(path)]
SPARSE = [path for path in DISK_FILES if (SAMPLES / path).read_bytes().startswith(b"KDMV")]


def test_the_generator_writes_every_disk_and_state_file_byte_for_byte(tmp_path: Path) -> None:
    written = build(tmp_path)
    kept = [path for path in FILES if ".vmdk" in path.name or path.suffix in {".vmss", ".vmsn", ".nvram"}]
    assert sorted(written) == kept
    differing = [path for path in kept if (tmp_path / path).read_bytes() != (SAMPLES / path).read_bytes()]
    assert differing == []


def test_the_samples_stay_small() -> None:
    sizes = {path: (SAMPLES / path).stat().st_size for path in FILES if path.parts[0] != OF_USUAL_SIZE}
    assert sum(sizes.values()) < 2_000_000
    assert max(sizes.values()) <= 128 * 1024


def test_the_grain_tables_of_large_disks_pack_to_little() -> None:
    sizes = [(SAMPLES / path).stat().st_size for path in FILES if path.parts[0] == OF_USUAL_SIZE]
    assert sum(sizes) < 4_200_000
    # What a clone or a wheel costs.
    packed = [len(zlib.compress((SAMPLES / path).read_bytes())) for path in FILES if path.parts[0] == OF_USUAL_SIZE]
    assert sum(packed) < 16 * 1024


def test_the_readme_has_one_section_for_each_sample() -> None:
    sections = re.findall(r"^## (.+)$", (SAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sections == FOLDERS == sorted(WRITTEN_AS)


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_config_is_written_as_its_product_wrote_it(folder: str) -> None:
    hardware, version, guest, encoding, line_end = WRITTEN_AS[folder]
    (path,) = (path for path in DICTIONARIES if path.parts[0] == folder and path.suffix == ".vmx")
    values = entries(path)
    assert values.get("virtualhw.version") == hardware
    assert values.get("config.version") == version
    assert values.get("guestos") == guest
    assert values.get(".encoding") == encoding
    content = (SAMPLES / path).read_bytes()
    assert content.count(b"\n") == content.count(line_end)
    assert content.count(b"\r") == (content.count(b"\n") if line_end == b"\r\n" else 0)


@pytest.mark.parametrize("path", DICTIONARIES, ids=str)
def test_a_dictionary_is_clean(path: Path) -> None:
    content = (SAMPLES / path).read_bytes()
    keys = []
    for line in content.splitlines():
        if line and not line.startswith(b"#"):
            match = ENTRY.fullmatch(line)
            assert match, line
            keys.append(match[1].lower())
    assert len(keys) == len(set(keys))
    content.decode(entries(path).get(".encoding", "ascii"))


def test_only_the_esxi_config_lacks_its_last_newline() -> None:
    unfinished = {
        path.parts[0] for path in DICTIONARIES if (content := (SAMPLES / path).read_bytes()) and content[-1:] != b"\n"
    }
    assert unfinished == {"esxi67"}


def test_the_windows_config_cannot_be_taken_for_utf_8() -> None:
    content = (SAMPLES / "ws6-windows-ide/Windows XP Professional.vmx").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    assert 'displayName = "Buchhaltung Zürich – alt"' in content.decode("cp1252")


@pytest.mark.parametrize("folder", ["Budget.vmwarevm", "ws17-modern"])
def test_utf_8_configs_hold_what_ascii_cannot(folder: str) -> None:
    assert not config(folder)["displayname"].isascii()


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "encrypted"])
def test_addresses_follow_the_rules_for_generated_and_static_ones(folder: str) -> None:
    values = config(folder)
    tail = int(values["uuid.bios"].replace(" ", "").replace("-", "")[-6:], 16)
    adapters = [key.split(".")[0] for key in values if re.fullmatch(r"ethernet\d\.addresstype", key)]
    assert adapters
    for adapter in adapters:
        if values[f"{adapter}.addresstype"] == "static":
            assert re.fullmatch(r"00:50:56:[0-3][0-9a-f](:[0-9a-f]{2}){2}", values[f"{adapter}.address"])
        else:
            offset = int(values[f"{adapter}.generatedaddressoffset"])
            mac = values[f"{adapter}.generatedaddress"].replace(":", "")
            assert mac == f"000c29{tail + offset:06x}"


@pytest.mark.parametrize("folder", FOLDERS)
def test_files_that_a_config_names_are_there(folder: str) -> None:
    (place,) = {(SAMPLES / path).parent for path in DICTIONARIES if path.parts[0] == folder}
    values = config(folder)
    disks = [value for key, value in values.items() if key.endswith(".filename") and value.endswith(".vmdk")]
    others = [values[key] for key in ("extendedconfigfile", "checkpoint.vmstate", "ide0:0.redo") if values.get(key)]
    assert disks or folder in {"esx2-smp", "encrypted"}
    for name in disks + others:
        assert (place / name.removeprefix(".\\")).is_file(), name


@pytest.mark.parametrize("path", DESCRIPTORS, ids=str)
def test_extents_and_parents_are_there_but_for_those_missing_on_purpose(path: Path) -> None:
    text = descriptor(path)
    for access, sectors, kind, name in re.findall(r'^(\w+) (\d+) (\w+) "([^"]+)"', text, re.MULTILINE):
        extent = SAMPLES / path.parent / name
        if (path.parts[0], name) in ABSENT:
            assert not extent.exists()
            continue
        assert access == "RW"
        if kind in {"FLAT", "VMFS"}:
            assert extent.stat().st_size == int(sectors) * 512
        else:
            assert struct.unpack_from("<Q", extent.read_bytes(), 12) == (int(sectors),)
    parent = field(text, "parentFileNameHint")
    assert (parent is None) == (field(text, "parentCID") == "ffffffff")
    if parent and (path.parts[0], parent) not in ABSENT:
        matches = field(text, "parentCID") == field(descriptor(path.parent / parent), "CID")
        assert matches == (path.parts[0] != "damaged")


@pytest.mark.parametrize("path", DESCRIPTORS, ids=str)
def test_a_long_content_id_ends_with_the_content_id(path: Path) -> None:
    text = descriptor(path)
    assert re.fullmatch(r"[0-9a-f]{8}", field(text, "CID") or "")
    if long := re.search(r'^ddb\.longContentID = "([0-9a-f]{32})"$', text, re.MULTILINE):
        assert long[1].endswith(field(text, "CID") or "?")


@pytest.mark.parametrize("path", SPARSE, ids=str)
def test_a_sparse_extent_is_laid_out_as_vmware_lays_it_out(path: Path) -> None:
    content = (SAMPLES / path).read_bytes()
    header = struct.unpack_from("<4sIIQQQQIQQQB4sH", content)
    (
        magic,
        version,
        flags,
        capacity,
        grain,
        start,
        size,
        per_table,
        redundant,
        primary,
        overhead,
        unclean,
        newlines,
        packed,
    ) = header
    assert (magic, version, flags, grain, per_table) == (b"KDMV", 1, 3, 128, 512)
    assert (unclean, newlines, packed) == (0, b"\n \r\n", 0)
    assert (start, size, redundant) in {(1, 20, 21), (0, 0, 1)}
    assert capacity % grain == overhead % grain == len(content) % (grain * 512) == 0
    tables = -(-capacity // (grain * per_table))
    directories = [struct.unpack_from(f"<{tables}I", content, at * 512) for at in (redundant, primary)]
    # Tables lie one behind the other, each directory's own behind it.
    first = -(-tables * 4 // 512)
    assert directories[0] == tuple(range(redundant + first, primary, 4))
    assert directories[1] == tuple(range(primary + first, primary + first + 4 * tables, 4))
    copies = [
        [struct.unpack_from(f"<{per_table}I", content, at * 512) for at in directory] for directory in directories
    ]
    assert copies[0] == copies[1]
    used = sorted(entry for table in copies[0] for entry in table if entry)
    assert used == list(range(overhead, len(content) // 512, grain))


def test_the_snapshot_tree_has_one_root_and_two_branches() -> None:
    values = entries(Path("ws5-snapshots/Build Host.vmsd"))
    tree = {}
    for number in range(int(values["snapshot.numsnapshots"])):
        prefix = f"snapshot{number}."
        low = int(values[f"{prefix}createtimelow"]) & 0xFFFFFFFF
        microseconds = int(values[f"{prefix}createtimehigh"]) << 32 | low
        day = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)).date().isoformat()
        name, disk = values[f"{prefix}displayname"], values[f"{prefix}disk0.filename"]
        tree[values[f"{prefix}uid"]] = (name, values.get(f"{prefix}parent"), day, disk)
        for file in (disk, values[f"{prefix}filename"]):
            assert (SAMPLES / "ws5-snapshots" / file).is_file()
    assert tree == {
        "1": ("Installed", None, "2006-03-14", "Build Host.vmdk"),
        "2": ("Old tool chain", "1", "2006-05-02", "Build Host-000001.vmdk"),
        "3": ("New tool chain", "1", "2006-05-09", "Build Host-000002.vmdk"),
    }
    assert values["snapshot.current"] == "3"


def test_the_chain_of_snapshots_leads_from_the_config_to_the_base() -> None:
    chain = [config("ws5-snapshots")["scsi0:0.filename"]]
    while parent := field(descriptor(Path("ws5-snapshots", chain[-1])), "parentFileNameHint"):
        chain.append(parent)
    assert chain == ["Build Host-000003.vmdk", "Build Host-000002.vmdk", "Build Host.vmdk"]


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix in {".vmss", ".vmsn"}], ids=str)
def test_state_files_begin_with_the_magic_of_a_checkpoint(path: Path) -> None:
    assert struct.unpack_from("<I", (SAMPLES / path).read_bytes()) == (0xBED2BED2,)


@pytest.mark.parametrize("path", [path for path in FILES if path.suffix == ".vmxf"], ids=str)
def test_an_extended_config_names_the_config_beside_it(path: Path) -> None:
    (name,) = re.findall(
        r'<vmxPathName type="string">(.*?)</vmxPathName>', (SAMPLES / path).read_text(encoding="utf-8")
    )
    assert name == path.with_suffix(".vmx").name
    assert (SAMPLES / path.parent / name).is_file()


def test_a_fully_encrypted_config_shows_nothing_of_the_machine() -> None:
    assert set(config("encrypted")) == {
        ".encoding",
        "displayname",
        "encryptedvm.guid",
        "encryption.keysafe",
        "encryption.data",
    }
    text = descriptor(Path("encrypted/Payroll.vmdk"))
    assert field(text, "version") == "2"
    assert (field(text, "encryptionKeys") or "").startswith("vmware:key/list/(")


def test_a_split_disk_is_as_large_as_its_ten_pieces() -> None:
    extents = re.findall(
        r'^RW (\d+) SPARSE "(.+)"$', descriptor(Path("Ubuntu 64-bit/Ubuntu 64-bit.vmdk")), re.MULTILINE
    )
    assert [name for _, name in extents] == [f"Ubuntu 64-bit-s{number:03}.vmdk" for number in range(1, 11)]
    assert sum(int(sectors) for sectors, _ in extents) * 512 == 20 << 30


def test_a_partly_encrypted_config_stays_readable() -> None:
    values = config("ws17-modern")
    assert values["vmx.encryptiontype"] == "partial"
    assert {"encryption.keysafe", "encryption.data", "vtpm.present", "nvme0:0.filename", "firmware"} <= set(values)


def test_esx_2_names_disks_by_their_vmfs_volume_and_has_none_beside_the_config() -> None:
    values = config("esx2-smp")
    assert values["scsi0:0.name"] == "vmhba0:0:0:5:db01.vmdk"
    assert (values["numvcpus"], values["scsi0.virtualdev"]) == ("2", "vmxlsilogic")
    assert [path for path in FILES if path.parts[0] == "esx2-smp"] == [Path("esx2-smp/db01.vmx")]


def test_the_tracked_disk_names_its_change_tracking_file() -> None:
    text = descriptor(Path("esxi67/build01.vmdk"))
    assert field(text, "version") == "3"
    tracking = SAMPLES / "esxi67" / (field(text, "changeTrackPath") or "")
    assert tracking.read_bytes().startswith(b"\xa2\x72\x19\xf6")
