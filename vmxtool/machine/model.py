"""What a VM is: frozen facts, each of which knows the places in the files it was read from.

Units are in the names: MiB for memory, 512-byte sectors and bytes for disks.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from vmxtool._record import Record

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool._files import Named
    from vmxtool.evidence import Evidence
    from vmxtool.machine.snapshot_model import Snapshots
    from vmxtool.vmdk.chain import Chain
    from vmxtool.vmx.document import Document

Bus = Literal["ide", "scsi", "sata", "nvme", "floppy"]
DriveKind = Literal["disk", "cdrom", "floppy", "passthrough"]
PowerState = Literal["off", "suspended", "running"]
Encryption = Literal["none", "partial", "full"]
LockState = Literal["held", "unknown", "stale", "empty"]


class Config(Record):
    """The config file itself.

    Attributes:
        path: where it lies, symbolic links followed.
        file: its name as shown to the reader.
        document: its lines and values.
        config_version: `config.version`, or None.
    """

    path: Path
    file: str
    document: Document
    config_version: int | None

    @property
    def folder(self) -> Path:
        """The VM's folder: nothing outside it is ever opened."""
        return self.path.parent


class OriginCandidate(Record):
    """A product that may have made this VM, with what speaks for it. `confidence` runs from 0 to 1."""

    product: str
    confidence: float
    evidence: tuple[Evidence, ...]


class Hardware(Record):
    """Virtual hardware version (`virtualHW.version`) and the guide's generation 2 to 6, where it has one."""

    version: int | None
    generation: int | None
    evidence: tuple[Evidence, ...] = ()


class Guest(Record):
    """Guest operating system as the config names it. `bits` is 16, 32 or 64, or None where nothing tells."""

    id: str | None
    bits: int | None
    family: str | None
    evidence: tuple[Evidence, ...] = ()


class Cpu(Record):
    """Virtual processors; `count` is None where the config's line for it cannot be read as a number."""

    count: int | None
    cores_per_socket: int
    evidence: tuple[Evidence, ...] = ()

    @property
    def smp(self) -> bool:
        """Whether the VM is known to have more than one virtual processor."""
        return self.count is not None and self.count > 1


class Controller(Record):
    """A disk controller that is present, such as "scsi0".

    Attributes:
        id: "scsi0".
        bus: its bus.
        model: `virtualDev` in lower case, such as "lsilogic"; None where the config leaves it to the product.
        shared_bus: `sharedBus` in lower case, such as "virtual"; None where the bus is not shared.
        evidence: `present`, the model and the sharing, where the config has them.
    """

    id: str
    bus: Bus
    model: str | None
    shared_bus: str | None = None
    evidence: tuple[Evidence, ...] = ()


class Drive(Record):
    """A drive that is really present: its controller and itself (vmx facts, `present` scoping).

    Attributes:
        id: "scsi0:1", "ide1:0", "floppy0".
        bus: the bus it sits on.
        unit: number on the controller; for a floppy its own number.
        kind: what it is.
        file: file name as the config has it, or None where it names a device or nothing.
        mode: disk mode in lower case, such as "persistent" or "independent-nonpersistent".
        connected: `startConnected`.
        redo: active redo log as the config names it, or None.
        device_type: `deviceType` in lower case, or None.
        found: where `file` leads to, for a disk with a file.
        chain: the disk's files, for a disk whose file is here.
        evidence: `present`, the file name, the type, the mode and the redo log, where the config has them.
    """

    id: str
    bus: Bus
    unit: int
    kind: DriveKind
    file: str | None
    mode: str
    connected: bool
    redo: str | None = None
    device_type: str | None = None
    found: Named | None = None
    chain: Chain | None = None
    evidence: tuple[Evidence, ...] = ()

    def __repr__(self) -> str:
        return f"<{self.kind} {self.id}{f': {self.file[:60]}' if self.file else ''}>"

    @property
    def file_evidence(self) -> tuple[Evidence, ...]:
        """The place that names its file: `fileName`, or `name` in configs of ESX Server 1 and 2."""
        return tuple(place for place in self.evidence if (place.key or "").lower().endswith(("filename", ".name")))


class Nic(Record):
    """A network adapter that is present; `mac` is the address that counts (static before generated)."""

    id: str
    model: str | None
    mac: str | None
    connection: str | None
    network: str | None
    connected: bool = True
    evidence: tuple[Evidence, ...] = ()


class Holder(Record):
    """Who holds a lock, as the lock's own file says; nothing in it is more than printable ASCII.

    Attributes:
        host: name of an ESX host, or the id that a hosted product gives its host; None where the file has none.
        process: process id on that host, or None.
        program: name of that process, or None.
        here: whether that host is this one, as far as that can be known.
        runs: whether the process still runs; None where that cannot be known, as on any other host.
    """

    host: str | None
    process: int | None = None
    program: str | None = None
    here: bool = False
    runs: bool | None = None


class Lock(Record):
    """What a product left beside a VM's file while it has that open.

    Attributes:
        place: the lock file or lock folder, relative to the VM's folder.
        file: the file that it locks, relative to the VM's folder; None where nothing tells.
        state: "held" by a process that runs on this host; "stale" where all its holders were processes of this host
            and none runs any more; "empty" for a lock folder without anybody in it; else "unknown".
        holders: who holds it, where its own files say so.
    """

    place: str
    file: str | None
    state: LockState = "unknown"
    holders: tuple[Holder, ...] = ()

    @property
    def is_left(self) -> bool:
        """Whether nobody holds it any more, and it was only not removed."""
        return self.state in {"stale", "empty"}


class Power(Record):
    """Power state with what shows it.

    A VM that is off may have evidence too: `cleanShutdown = "FALSE"`, which a product writes when it starts a VM and
    takes back when it ends it. Without a lock it tells of a crash, or of a copy made while the VM was running.

    Attributes:
        state: "running" where a lock may be held by somebody; a lock that was left behind does not make it so.
        evidence: the places that show the state.
        locks: all locks of the VM, those that were left behind too.
    """

    state: PowerState
    evidence: tuple[Evidence, ...] = ()
    locks: tuple[Lock, ...] = ()


class Memo(dict[object, Any]):
    """What has been worked out of a machine, kept as long as the machine; a copy of the machine starts without."""

    def __reduce__(self) -> tuple[type[Memo], tuple[()]]:
        return Memo, ()


class Uuids(Record):
    """What tells the VM from all others, each as 32 hexadecimal digits in groups, or None.

    Attributes:
        bios: `uuid.bios`, which the guest sees and licences go by.
        location: `uuid.location`, by which a product sees that the VM was moved or copied.
        vc: `vc.uuid`, by which vCenter knows it.
    """

    bios: str | None = None
    location: str | None = None
    vc: str | None = None


NO_UUIDS = Uuids()


class Machine(Record):
    """Everything the VM's files say about it.

    Attributes:
        path: as the user gave it.
        name: `displayName`, else the config's own name.
        config: the config file.
        hardware: virtual hardware version.
        origin: the products that may have made it, the likeliest first; empty where nothing tells.
        guest: guest operating system.
        cpu: virtual processors.
        memory_mib: memory in MiB; None where the config's line for it cannot be read as a number.
        firmware: "bios" or "efi".
        secure_boot: whether it boots what is signed only.
        tpm: whether it has a virtual TPM.
        controllers: disk controllers that are present; an IDE channel is where a drive is on it.
        drives: drives that are present.
        nics: network adapters that are present.
        snapshots: snapshot state.
        power: power state.
        encryption: how much of it is encrypted.
        encryption_evidence: what shows that; never a key or cipher text.
        idle_devices: drives that say they are present, on a controller that is not.
        devices_beyond_version: devices that say they are present under a number that the hardware version does not
            have, so that no product looks at them.
        read_only: files of the VM that are marked read-only for everybody, and its folder where that is.
        unread: files and folders that belong to the VM and could not be looked into, with the reason as the value.
        unfinished_rewrite: the journal of a rewrite that was cut short, or None.
        saved_states: files beside it in which a product keeps the state of a suspended VM.
        ace_files: files beside it that VMware ACE keeps policies and packages in.
        uuids: what tells it from all others.
    """

    path: Path
    name: str
    config: Config
    hardware: Hardware
    origin: tuple[OriginCandidate, ...]
    guest: Guest
    cpu: Cpu
    memory_mib: int | None
    firmware: str
    secure_boot: bool
    tpm: bool
    controllers: tuple[Controller, ...]
    drives: tuple[Drive, ...]
    nics: tuple[Nic, ...]
    snapshots: Snapshots
    power: Power
    encryption: Encryption
    encryption_evidence: tuple[Evidence, ...] = ()
    idle_devices: tuple[Evidence, ...] = ()
    devices_beyond_version: tuple[Evidence, ...] = ()
    read_only: tuple[Evidence, ...] = ()
    unread: tuple[Evidence, ...] = ()
    unfinished_rewrite: Path | None = None
    saved_states: tuple[Evidence, ...] = ()
    ace_files: tuple[Evidence, ...] = ()
    uuids: Uuids = NO_UUIDS

    def __repr__(self) -> str:
        version = self.hardware.version
        return f"<machine {self.name[:40]}, hardware version {version}, {len(self.disks)} hard disks>"

    @cached_property
    def memo(self) -> Memo:
        """What the layers above have worked out of all this, so that the second target does not ask again."""
        return Memo()

    @property
    def disks(self) -> tuple[Drive, ...]:
        """The hard disks."""
        found: tuple[Drive, ...] | None = self.memo.get("disks")
        if found is None:
            found = self.memo["disks"] = tuple([drive for drive in self.drives if drive.kind == "disk"])
        return found
