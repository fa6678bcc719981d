"""The JSON contract of `vmxtool inspect`."""

from typing import Annotated, Literal, TypedDict

from vmxtool.machine.model import Bus, DriveKind, Encryption, PowerState
from vmxtool.machine.named_files import FileRole
from vmxtool.machine.peripherals import PortKind, TpmState, UsbKind
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


class UuidValue(TypedDict):
    """What tells the VM from all others: as the guest sees it, by its place, and for vCenter."""

    bios: str | None
    location: str | None
    vc: str | None


class CpuValue(TypedDict):
    """Virtual processors; the count is null where the config's line for it is no number."""

    count: Number | None
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
    """One extent of a disk; a sector has 512 bytes. `exists` is null where the extent has no file."""

    access: str
    sectors: int
    type: str
    file: str | None
    exists: bool | None


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


class PortValue(TypedDict):
    """A serial or parallel port; the backing is the config's word for what is behind it: file, pipe, device."""

    id: str
    kind: PortKind
    backing: str
    path: str | None
    connected: bool


class UsbValue(TypedDict):
    """A USB controller, or a device that the config connects to one; the model is that of the controller."""

    id: str
    kind: UsbKind
    model: Annotated[str, OneOf("uhci", "ehci", "xhci")]
    device: str | None


class SharedFolderValue(TypedDict):
    """A folder of the host that the guest sees."""

    name: str
    host_path: str
    enabled: bool
    writable: bool


class PassedThroughValue(TypedDict):
    """A device of the host that the VM has, with what the config says of it."""

    id: str
    device: str | None


class TpmValue(TypedDict):
    """The virtual TPM: "asked-for" where no product has made it yet; null where the config is encrypted."""

    state: TpmState | None


class SecurityValue(TypedDict):
    """What protects the guest; null is what an encrypted config does not show."""

    tpm: TpmValue
    secure_boot: bool | None
    vbs: bool | None


class FileValue(TypedDict):
    """A file that the config, a disk or the snapshot database names; sizes are in bytes, null where not known."""

    name: str
    role: FileRole
    named_by: str | None
    exists: bool
    inside: bool
    bytes: Count | None
    allocated: Count | None
    needed: bool


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
    clone_of: str | None
    needs_consolidation: bool
    signs: list[Place]
    redo_signs: list[Place]


class PowerValue(TypedDict):
    """Power state with what shows it."""

    state: PowerState
    evidence: list[Place]


class InspectDocument(TypedDict):
    """What a VM is: `vmxtool inspect`; the memory is null where the config's line for it is no number."""

    schema: Literal["vmxtool.inspect/1"]
    path: str
    name: str
    config: ConfigValue
    hardware: HardwareValue
    origin: list[OriginValue]
    uuids: UuidValue
    guest: GuestValue
    cpu: CpuValue
    memory_mib: int | None
    firmware: str
    secure_boot: bool
    tpm: bool
    controllers: list[ControllerValue]
    drives: list[DriveValue]
    nics: list[NicValue]
    ports: list[PortValue]
    sound: str | None
    usb: list[UsbValue]
    shared_folders: list[SharedFolderValue]
    passthrough: list[PassedThroughValue]
    security: SecurityValue
    files: list[FileValue]
    snapshots: SnapshotsValue
    power: PowerValue
    encryption: Encryption
    findings: list[FindingValue]
    left_out: Count
