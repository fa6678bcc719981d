"""The other programs that read VMware's files, used for real: qemu-img and libvirt's VMX reader."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
"""Real files beside the project; absent from a plain checkout."""

needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason=f"no corpus of real files at ../{CORPUS.parent.name}")
needs_qemu = pytest.mark.skipif(
    shutil.which("qemu-img") is None or shutil.which("qemu-io") is None,
    reason="qemu-img is not installed (Debian: qemu-utils)",
)
needs_virsh = pytest.mark.skipif(
    os.name != "posix" or shutil.which("virsh") is None,
    reason="virsh is not installed (Debian: libvirt-clients)",
)

Subformat = Literal[
    "monolithicSparse", "monolithicFlat", "twoGbMaxExtentSparse", "twoGbMaxExtentFlat", "streamOptimized"
]
SUBFORMATS: tuple[Subformat, ...] = (
    "monolithicSparse",
    "monolithicFlat",
    "twoGbMaxExtentSparse",
    "twoGbMaxExtentFlat",
    "streamOptimized",
)
"""Every kind of VMDK that qemu-img makes."""

Adapter = Literal["ide", "buslogic", "lsilogic", "legacyESX"]

# Generous for a loaded machine; a peer that waits for something must not hang the tests.
_SECONDS = 60


class PeerRefused(Exception):
    """A peer does not take a file; `str(error)` is what the peer said."""


def qemu_info(path: Path, *, chain: bool = False) -> dict[str, Any]:
    """What `qemu-img info` says of a disk, as its JSON; with `chain`, the key "chain" lists every link, top first.

    Raises:
        PeerRefused: qemu-img cannot read the disk.
    """
    said = _run(["qemu-img", "info", "--output=json", *(["--backing-chain"] if chain else []), str(path)])
    answer = json.loads(said)
    return {**answer[0], "chain": answer} if chain else dict(answer)


def qemu_create(
    path: Path,
    size: int,
    subformat: Subformat = "monolithicSparse",
    *,
    adapter: Adapter = "ide",
    hwversion: int | None = None,
    backing: Path | None = None,
) -> Path:
    """Make a VMDK of `size` bytes and return its path; with `backing`, a delta over that VMDK.

    Raises:
        PeerRefused: qemu-img cannot make such a disk.
    """
    options = [f"subformat={subformat}", f"adapter_type={adapter}"]
    if hwversion is not None:
        options.append(f"hwversion={hwversion}")
    parent = [] if backing is None else ["-b", str(backing), "-F", "vmdk"]
    _run(["qemu-img", "create", "-q", "-f", "vmdk", "-o", ",".join(options), *parent, str(path), str(size)])
    return path


def qemu_convert(source: Path, target: Path, subformat: Subformat, *, adapter: Adapter = "ide") -> Path:
    """Copy a VMDK's content into a new VMDK of another kind and return the new one's path.

    Raises:
        PeerRefused: qemu-img cannot read the one or make the other.
    """
    options = f"subformat={subformat},adapter_type={adapter}"
    _run(["qemu-img", "convert", "-q", "-f", "vmdk", "-O", "vmdk", "-o", options, str(source), str(target)])
    return target


def qemu_write(path: Path, offset: int, length: int, byte: int) -> None:
    """Fill `length` bytes of a VMDK's content from `offset` with `byte`; both are multiples of 512.

    Raises:
        PeerRefused: qemu-io cannot write there.
    """
    said = _run(["qemu-io", "-f", "vmdk", "-c", f"write -P {byte} {offset} {length}", str(path)])
    # Depending on its version, qemu-io ends with 0 though the write failed.
    if f"wrote {length}/{length}" not in said:
        raise PeerRefused(said.strip())


def qemu_compare(first: Path, second: Path) -> bool:
    """Whether two VMDKs hold the same content, whatever their kinds.

    Raises:
        PeerRefused: qemu-img cannot read one of them.
    """
    command = ["qemu-img", "compare", "-q", "-f", "vmdk", "-F", "vmdk", str(first), str(second)]
    return _finish(command, accepted=(0, 1)).returncode == 0


def qemu_check(path: Path) -> dict[str, Any]:
    """What `qemu-img check` says of a disk it could read through, as its JSON.

    Raises:
        PeerRefused: the disk is damaged so that qemu-img cannot check it; the message names the place.
    """
    # 2 and 3 are findings of a finished check: damage in the one case, lost clusters in the other.
    command = ["qemu-img", "check", "--output=json", "-f", "vmdk", str(path)]
    answer = json.loads(_finish(command, accepted=(0, 2, 3)).stdout)
    return dict(answer)


def virsh_domxml(vmx: Path, scratch: Path) -> ET.Element:
    """The libvirt domain that libvirt's own VMX reader makes of a config.

    Where libvirt opens no connection at all, whatever the config (it wants to see the host's processors in /sys), the
    test that asks is skipped.

    Args:
        vmx: the config file.
        scratch: a writable folder for what libvirt wants to find and keep.

    Raises:
        PeerRefused: libvirt does not take the config; the message is libvirt's.
    """
    command, environment = virsh_command(vmx, scratch)
    try:
        return ET.fromstring(_run(command, environment))
    except PeerRefused as refusal:
        # libvirt's log shares the stream with its errors.
        said = " ".join(line for line in str(refusal).splitlines() if line.startswith("error: ")) or str(refusal)
        if "failed to connect" in said and "vmrun" not in said and "vmplayer" not in said:
            pytest.skip(f"libvirt works on no config here: {said}")
        raise PeerRefused(said) from None


def virsh_command(vmx: Path, scratch: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the environment in which libvirt reads a config on a machine without any VMware product.

    libvirt's driver for VMware Player runs in the client itself. It opens a connection only where it finds `vmrun`
    and `vmplayer` in one folder; it asks the first for the running VMs and the second for its version, no more.
    """
    programs = scratch / "vmware-programs"
    programs.mkdir(exist_ok=True)
    _write_program(programs / "vmplayer", "VMware Player 6.0.1 build-1379776")
    _write_program(programs / "vmrun", "Total running VMs: 0")
    home = str(scratch)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": home,
        "XDG_CACHE_HOME": home,
        "XDG_CONFIG_HOME": home,
        "XDG_RUNTIME_DIR": home,
        "LC_ALL": "C",
    }
    uri = "vmwareplayer:///session"
    return ["virsh", "--quiet", "--connect", uri, "domxml-from-native", "vmware-vmx", str(vmx)], environment


def _write_program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="ascii")
    path.chmod(0o755)


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> str:
    return _finish(command, environment=environment).stdout


def _finish(
    command: Sequence[str], *, accepted: tuple[int, ...] = (0,), environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
        timeout=_SECONDS,
    )
    if done.returncode not in accepted:
        raise PeerRefused(done.stderr.strip() or done.stdout.strip() or f"{command[0]} ended with {done.returncode}")
    return done
