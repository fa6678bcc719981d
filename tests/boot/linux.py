"""Linux guests: Debian's kernel with an initial RAM disk that holds the drivers asked for and no others.

Each is a disk of two partitions: loader, kernel and RAM disk on the first, the system on the second. Nothing is mounted
and nothing needs root's rights to build it.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
import tarfile
from dataclasses import dataclass
from hashlib import md5
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from boot.disks import make_vm, partitioned
from boot.programs import attempt, run

import vmxtool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vmxtool.rewriter.rewrite import Rewrite

_SCRIPTS = Path(__file__).parent / "guests"
_MBR = Path("/usr/lib/SYSLINUX/mbr.bin")
_LINUX, _FAT16 = 0x83, 0x0E
_MIB = 2**20
_DATA = random.Random(16).randbytes(_MIB)
DATA_MD5 = md5(_DATA, usedforsecurity=False).hexdigest()
"""What a guest says of the data on its disk, as long as every byte of it is there."""
ROOT_UUID = "5b0e1c3a-7d52-4f4e-9a35-0c2f6d1e8b11"
BY_UUID = f"UUID={ROOT_UUID}"
BOOT_ID = "1A2B-3C4D"
UUID_FSTAB = (f"{BY_UUID} / ext4", f"UUID={BOOT_ID} /boot vfat")

PCI_IDS = {
    "buslogic": (0x104B, 0x1040, "bc01sc00i00"),
    "lsilogic": (0x1000, 0x0030, "bc01sc00i00"),
    "lsisas1068": (0x1000, 0x0054, "bc01sc00i00"),
    "pvscsi": (0x15AD, 0x07C0, "bc01sc07i00"),
    "sata": (0x15AD, 0x07E0, "bc01sc06i01"),
}
"""VMware's disk controllers by vendor, device and class, as the PCI ID Repository has them."""
ALIASES = {
    name: f"pci:v{vendor:08X}d{device:08X}sv000015ADsd{device:08X}{kind}"
    for name, (vendor, device, kind) in PCI_IDS.items()
}
"""How a kernel asks for a module for each."""

# Folders of a kernel package that hold what a guest here may need, and of which nothing else is unpacked.
_MODULES = re.compile(
    r"kernel/(?:drivers/(?:ata|scsi|nvme|message|net/(?:ethernet/(?:amd|intel)|vmxnet3|mii|mdio))|"
    r"fs/(?:ext4|jbd2|fat|nls|mbcache)|fs/mbcache\.ko|lib|crypto|arch/x86/crypto|block)\b"
)
_ALWAYS = ("sd_mod", "ext4", "vfat", "nls_cp437", "nls_ascii", "crc32c_generic", "crc32c_intel")
_SLOWEST_DOWNLOAD = 120


@dataclass(frozen=True)
class Kernel:
    """A kernel with its modules, unpacked.

    Attributes:
        version: its release, as its modules' folder is called.
        folder: the root of what was unpacked.
    """

    version: str
    folder: Path

    @property
    def image(self) -> Path:
        return self.folder / "boot" / f"vmlinuz-{self.version}"

    @property
    def modules(self) -> Path:
        return self.folder / "lib" / "modules" / self.version

    def module_for(self, alias: str) -> str | None:
        """The module that says it drives a device, by the alias that the kernel gives the device."""
        said = attempt(["modprobe", "-d", str(self.folder), "-S", self.version, "-R", alias]).stdout.decode().split()
        return said[-1] if said else None

    def has(self, module: str) -> bool:
        """Whether it can drive what a module drives: the module is there, or built in."""
        known = (self.modules / name for name in ("modules.dep", "modules.builtin"))
        return any(f"/{module}.ko" in path.read_text(encoding="ascii") for path in known)

    def files_of(self, names: Iterable[str]) -> set[str]:
        """The files of modules, and of those that they rest on, relative to the modules' folder."""
        needs = dict(
            line.split(":", 1) for line in (self.modules / "modules.dep").read_text(encoding="ascii").splitlines()
        )
        by_name = {Path(file).stem.replace("-", "_"): file for file in needs}
        found = [by_name[name.replace("-", "_")] for name in names if name.replace("-", "_") in by_name]
        return set(chain(found, *(needs[file].split() for file in found)))


def fetch_kernel(flavour: str, folder: Path) -> Kernel:
    """Download Debian's kernel package of a flavour ("cloud-amd64", "amd64") and unpack what guests need of it.

    The test that asks is skipped where no package can be had.
    """
    folder.mkdir(parents=True, exist_ok=True)
    said = attempt(["apt-cache", "depends", f"linux-image-{flavour}"]).stdout.decode()
    names = re.findall(r"Depends: (linux-image-\d\S+)", said)
    if not names:
        pytest.skip(f"apt knows no package linux-image-{flavour}: run apt-get update")
    try:
        done = subprocess.run(
            ["apt-get", "-qq", "download", names[0]],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=folder,
            timeout=_SLOWEST_DOWNLOAD,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"{names[0]} did not come in {_SLOWEST_DOWNLOAD} s")
    packages = list(folder.glob("*.deb"))
    if not packages:
        why = done.stderr.decode(errors="replace").strip().splitlines()
        pytest.skip(f"{names[0]} cannot be downloaded: {why[-1] if why else 'apt-get says nothing'}")
    version = names[0].removeprefix("linux-image-")
    _unpack(packages[0], folder)
    run("depmod", "-b", folder, version)
    return Kernel(version, folder)


def _unpack(package: Path, folder: Path) -> None:
    with (
        subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE) as unpacked,
        tarfile.open(fileobj=unpacked.stdout, mode="r|") as archive,
    ):
        for member in archive:
            wanted = "/boot/" in member.name or "/modules." in member.name or _MODULES.search(member.name)
            source = archive.extractfile(member) if wanted and member.isfile() else None
            if source is not None:
                path = folder / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as file:
                    shutil.copyfileobj(source, file)


def make_initrd(kernel: Kernel, folder: Path, drivers: Iterable[str]) -> Path:
    """Make an initial RAM disk with these drivers, those that any guest needs, and what they rest on."""
    root = folder / "initrd"
    for file in kernel.files_of((*_ALWAYS, *drivers)):
        path = root / "lib" / "modules" / kernel.version / file
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(kernel.modules / file, path)
    for name in ("modules.builtin", "modules.order"):
        shutil.copyfile(kernel.modules / name, root / "lib" / "modules" / kernel.version / name)
    run("depmod", "-b", root, kernel.version)
    _put_program(root / "init", _SCRIPTS / "initramfs.sh")
    _put_busybox(root)
    names = b"\n".join(str(path.relative_to(root)).encode() for path in sorted(root.rglob("*")))
    made = folder / "initrd.img"
    made.write_bytes(run("cpio", "--quiet", "-o", "-H", "newc", cwd=root, given=names))
    return made


def make_system(folder: Path, fstab: Iterable[str] = UUID_FSTAB) -> bytes:
    """Make the system's partition: a script that says how it finds itself, with its data."""
    root = folder / "system"
    for name in ("dev", "proc", "sys", "run", "boot", "etc", "sbin"):
        (root / name).mkdir(parents=True)
    _put_busybox(root)
    for name in ("cat", "cut", "findfs", "grep", "ls", "md5sum", "mount", "poweroff", "sync", "umount"):
        (root / "bin" / name).symlink_to("busybox")
    _put_program(root / "sbin" / "init", _SCRIPTS / "init.sh")
    (root / "etc" / "fstab").write_text("".join(f"{line} defaults 0 0\n" for line in fstab), encoding="ascii")
    (root / "data").write_bytes(_DATA)
    (root / "starts").write_text("0\n", encoding="ascii")
    image = folder / "system.img"
    run("mke2fs", "-q", "-t", "ext4", "-U", ROOT_UUID, "-d", root, image, "8M")
    return image.read_bytes()


def make_guest(
    kernel: Kernel,
    folder: Path,
    drivers: Iterable[str],
    *,
    root: str = BY_UUID,
    fstab: Iterable[str] = UUID_FSTAB,
    initrd: Path | None = None,
    words: str = "",
) -> Path:
    """Make the disk of a guest that a BIOS starts, and return its raw image.

    Args:
        kernel: its kernel.
        folder: where the pieces are made.
        drivers: the modules in its initial RAM disk.
        root: what its kernel is told to start from.
        fstab: the lines of its /etc/fstab, without options.
        initrd: another initial RAM disk instead.
        words: further words for its kernel.
    """
    folder.mkdir(parents=True)
    initrd = initrd or make_initrd(kernel, folder, drivers)
    boot = folder / "boot.img"
    kib = (kernel.image.stat().st_size + initrd.stat().st_size + 4 * _MIB) // 1024
    run("mkfs.fat", "-C", "-F", "16", "-i", BOOT_ID.replace("-", ""), boot, str(max(kib, 10_000)))
    config = folder / "syslinux.cfg"
    words = f"initrd=/initrd.img root={root} ro console=ttyS0 quiet panic=-1 {words}"
    config.write_text(f"DEFAULT linux\nLABEL linux\nKERNEL /vmlinuz\nAPPEND {words}\n", encoding="ascii")
    run("mcopy", "-i", boot, kernel.image, "::vmlinuz")
    run("mcopy", "-i", boot, initrd, "::initrd.img")
    run("mcopy", "-i", boot, config, "::syslinux.cfg")
    run("syslinux", "--install", boot)
    image = folder / "guest.raw"
    image.write_bytes(partitioned(_MBR.read_bytes(), (_FAT16, boot.read_bytes()), (_LINUX, make_system(folder, fstab))))
    return image


def _put_busybox(root: Path) -> None:
    found = shutil.which("busybox")
    assert found is not None
    (root / "bin").mkdir(parents=True, exist_ok=True)
    shutil.copy(found, root / "bin" / "busybox")


def _put_program(path: Path, source: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
    path.chmod(0o755)


def vm_of(
    folder: Path,
    guest: Path,
    *lines: str,
    place: str = "ide0:0",
    hw: int = 7,
    kind: str = "vmfs",
    memory: int = 256,
) -> Path:
    """A VM with a Linux guest, and its config; `make_vm` tells the rest."""
    return make_vm(folder, guest, *lines, place=place, hw=hw, guest="debian6", subformat=kind, memory=memory)


def modules_named(rewrite: Rewrite) -> list[str]:
    """The kernel modules that a rewrite names for the guest's new controllers."""
    return re.findall(r"the kernel module (\w+)", "\n".join(fix.text for fix in rewrite.manual))


def named_module(folder: Path, adapter: str) -> str:
    """The module that the step from IDE to a SCSI controller names, before any guest is made."""
    raw = folder / "empty.raw"
    raw.write_bytes(bytes(_MIB))
    vm = vm_of(folder / f"asked-{adapter}", raw)
    (name,) = modules_named(vmxtool.plan_rewrite(vm, ide_to_scsi=True, adapter=adapter))
    return name
