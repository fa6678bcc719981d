"""The JSON contract of `vmxtool inspect`."""

from typing import Annotated, Literal, TypedDict

from vmxtool.machine.model import Bus, DriveKind, Encryption, PowerState
from vmxtool.report.documents.constraints import OneOf
from vmxtool.report.documents.parts import ContentId, Count, FindingValue, HardwareValue, Number, OriginValue, Place
from vmxtool.vmdk.model import Format as DiskFormat

LineEnding = Annotated[str, OneOf("LF", "CRLF", "CR", "mixed", "none")]


class ConfigValue(TypedDict):
    """The config file itself."""

    file: str
    encoding: str
    line_ending: LineEnding
    config_version: int | None
    lines: Count


class GuestValue(TypedDict):
    """Guest operating system as the config names it; bits are 16, 32 or 64."""

    id: str | None
    bits: int | None
    family: str | None


class CpuValue(TypedDict):
    """Virtual processors."""

    count: Number
    cores_per_socket: Number
    smp: bool


class ControllerValue(TypedDict):
    """A disk controller."""

    id: str
    bus: Bus
    model: str | None
    shared_bus: str | None


class LinkValue(TypedDict):
    """One link of a disk's chain."""

    file: str
    create_type: str | None
    format: DiskFormat
    cid: ContentId | None
    parent_cid: ContentId | None


class ExtentValue(TypedDict):
    """One extent of a disk; a sector has 512 bytes."""

    access: str
    sectors: int
    type: str
    file: str | None
    exists: bool


class DiskValue(TypedDict):
    """A virtual disk; the chain begins with this link and ends with the base."""

    descriptor: str
    embedded: bool
    create_type: str | None
    format: DiskFormat
    capacity_bytes: Count | None
    adapter: str | None
    hw_version: int | None
    cid: ContentId | None
    parent_cid: ContentId | None
    chain: list[LinkValue]
    extents: list[ExtentValue]


class DriveValue(TypedDict):
    """A drive that is really present."""

    id: str
    bus: Bus
    kind: DriveKind
    file: str | None
    mode: str
    connected: bool
    redo: str | None
    disk: DiskValue | None


class NicValue(TypedDict):
    """A network adapter."""

    id: str
    model: str | None
    mac: str | None
    connection: str | None
    network: str | None
    connected: bool


class SnapshotDiskValue(TypedDict):
    """A disk file that a snapshot froze."""

    file: str
    node: str | None


class SnapshotValue(TypedDict):
    """One snapshot."""

    id: int
    name: str
    parent: int | None
    created: str | None
    description: str | None
    disks: list[SnapshotDiskValue]


class SnapshotsValue(TypedDict):
    """The snapshot state."""

    present: bool
    count: Count
    current: int | None
    tree: list[SnapshotValue]
    needs_consolidation: bool
    signs: list[Place]
    redo_signs: list[Place]


class PowerValue(TypedDict):
    """Power state with what shows it."""

    state: PowerState
    evidence: list[Place]


class InspectDocument(TypedDict):
    """What a VM is: `vmxtool inspect`."""

    schema: Literal["vmxtool.inspect/1"]
    path: str
    name: str
    config: ConfigValue
    hardware: HardwareValue
    origin: list[OriginValue]
    guest: GuestValue
    cpu: CpuValue
    memory_mib: int
    firmware: str
    secure_boot: bool
    tpm: bool
    controllers: list[ControllerValue]
    drives: list[DriveValue]
    nics: list[NicValue]
    snapshots: SnapshotsValue
    power: PowerValue
    encryption: Encryption
    findings: list[FindingValue]
    left_out: Count
