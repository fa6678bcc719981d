"""The programs that guests are built and started with, and the marks that skip where one of them is missing."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# What is needed, with Debian's package that has it: a program by its name, a file by its path.
_SECTOR = {"qemu-system-x86_64": "qemu-system-x86", "qemu-img": "qemu-utils", "nasm": "nasm"}
_GRUB = {**_SECTOR, "grub-mkimage": "grub-common", "/usr/lib/grub/i386-pc/boot.img": "grub-pc-bin"}
_LINUX = {
    **_SECTOR,
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
    "mke2fs": "e2fsprogs",
    "mkfs.fat": "dosfstools",
    "mcopy": "mtools",
    "syslinux": "syslinux",
    "/usr/lib/SYSLINUX/mbr.bin": "syslinux-common",
    "busybox": "busybox-static",
    "depmod": "kmod",
    "cpio": "cpio",
}
_EFI = {
    **_LINUX,
    "grub-mkimage": "grub-common",
    "/usr/lib/grub/x86_64-efi/moddep.lst": "grub-efi-amd64-bin",
    "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf",
}
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_SECONDS = 300
_INTERPRETER = b"/ld-linux"


def _needs(what: Mapping[str, str]) -> pytest.MarkDecorator:
    gone = sorted({package for name, package in what.items() if not _is_here(name)})
    return pytest.mark.skipif(bool(gone), reason=f"not installed (Debian packages): {' '.join(gone)}")


def _is_here(name: str) -> bool:
    path = name if name.startswith("/") else shutil.which(name, path=_PATH)
    if path is None or not Path(path).exists():
        return False
    # A guest has no libraries, and busybox comes with and without a need for them.
    return name != "busybox" or _INTERPRETER not in Path(path).read_bytes()


needs_qemu = _needs(_SECTOR)
needs_grub = _needs(_GRUB)
needs_linux = _needs(_LINUX)
needs_efi = _needs(_EFI)


def run(*command: str | Path, cwd: Path | None = None, given: bytes | None = None) -> bytes:
    """Run a program and return what it wrote to its standard output.

    Raises:
        AssertionError: it failed; the message is the program's.
    """
    done = attempt(command, cwd=cwd, given=given)
    said = done.stderr.decode(errors="replace").strip()
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}: {said}"
    return done.stdout


def attempt(
    command: Sequence[str | Path], *, cwd: Path | None = None, given: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run a program, with the folders where Debian keeps a system's own tools, and return how it ended."""
    return subprocess.run(
        command, check=False, input=given or b"", capture_output=True, cwd=cwd, timeout=_SECONDS, env=_environment()
    )


def _environment() -> dict[str, str]:
    return {**os.environ, "PATH": _PATH, "LC_ALL": "C"}
