"""Linux guests as Debian makes them: started by EFI, or with the initial RAM disk of Debian's own tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from boot.disks import partitioned
from boot.linux import BOOT_ID, ROOT_UUID, make_initrd, make_system
from boot.programs import attempt, run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from boot.linux import Kernel

_LINUX, _ESP = 0x83, 0xEF
_GRUB_MODULES = ("part_msdos", "fat", "search", "search_fs_uuid", "linux", "boot")
_TOOLS = """
MODULES={}
BUSYBOX=auto
COMPRESS=gzip
"""

# The tools look for modules in the system's own folder, which need not be there: a layer that only they see holds it.
_IN_OWN_NAMESPACE = """
mkdir "$1/layer"
mount -t tmpfs layer "$1/layer"
mkdir "$1/layer/upper" "$1/layer/work"
mount -t overlay -o "lowerdir=/usr/lib,upperdir=$1/layer/upper,workdir=$1/layer/work" layer /usr/lib
mkdir -p /usr/lib/modules
mount --bind "$2/lib/modules" /usr/lib/modules
mount --bind "$2/boot" /boot
exec mkinitramfs -d "$3" -o "$4" "$5"
"""


def make_efi_guest(kernel: Kernel, folder: Path, drivers: Iterable[str]) -> Path:
    """Make the disk of a guest that EFI starts from the loader's default path, and return its raw image."""
    folder.mkdir(parents=True)
    initrd = make_initrd(kernel, folder, drivers)
    script = folder / "grub.cfg"
    script.write_text(
        f"search --no-floppy --fs-uuid --set=root {BOOT_ID}\n"
        f"linux /vmlinuz root=UUID={ROOT_UUID} ro console=ttyS0 quiet panic=-1\n"
        "initrd /initrd.img\nboot\n",
        encoding="ascii",
    )
    loader = folder / "BOOTX64.EFI"
    run("grub-mkimage", "-O", "x86_64-efi", "-p", "/", "-c", script, "-o", loader, *_GRUB_MODULES)
    boot = folder / "boot.img"
    kib = (kernel.image.stat().st_size + initrd.stat().st_size) // 1024 + 8192
    run("mkfs.fat", "-C", "-F", "16", "-i", BOOT_ID.replace("-", ""), boot, str(kib))
    run("mmd", "-i", boot, "::EFI", "::EFI/BOOT")
    for source, name in ((loader, "EFI/BOOT/BOOTX64.EFI"), (kernel.image, "vmlinuz"), (initrd, "initrd.img")):
        run("mcopy", "-i", boot, source, f"::{name}")
    image = folder / "guest.raw"
    image.write_bytes(partitioned(b"", (_ESP, boot.read_bytes()), (_LINUX, make_system(folder))))
    return image


def make_debian_initrd(kernel: Kernel, folder: Path, which: str, modules: Iterable[str] = ()) -> Path:
    """Make an initial RAM disk with Debian's initramfs-tools; skip where no mount namespace can be had for it.

    Args:
        kernel: the kernel, whose modules the tools look for in the system's own folder.
        folder: where it is made.
        which: what /etc/initramfs-tools/initramfs.conf says for MODULES, such as "most" or "list".
        modules: the lines of /etc/initramfs-tools/modules.
    """
    config = folder / "initramfs-tools"
    for name in ("conf.d", "hooks", "scripts"):
        (config / name).mkdir(parents=True)
    (config / "initramfs.conf").write_text(_TOOLS.format(which), encoding="ascii")
    (config / "modules").write_text("".join(f"{name}\n" for name in modules), encoding="ascii")
    made = folder / "debian.img"
    words = (
        "sh",
        "-e",
        "-c",
        _IN_OWN_NAMESPACE,
        "sh",
        str(folder),
        str(kernel.folder),
        str(config),
        str(made),
        kernel.version,
    )
    done = attempt(("unshare", "--mount", *words))
    if not made.exists():
        pytest.skip(f"initramfs-tools cannot be used here: {done.stderr.decode(errors='replace').strip()[-200:]}")
    return made
