"""Locks as VMware's products leave them beside a VM, held by processes of this host that run and that have ended."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmxtool.machine.holders import start_time

ELSEWHERE = "uuid=56-4d-11-22-33-44-55-66-77-88-99-aa-bb-cc-dd-ee"
"""The id of a host with another system."""

needs_linux = pytest.mark.skipif(
    sys.platform != "linux" or os.uname().nodename.startswith("localhost"),
    reason="only a Linux host with a name of its own knows its id",
)


def lock_folder(path: Path, *members: bytes, first: int = 10001) -> Path:
    """Make a lock folder with a file for each holder."""
    path.mkdir(parents=True)
    for number, member in enumerate(members, first):
        (path / f"M{number:05}.lck").write_bytes(member)
    return path


def member(execution: str, lock: Path, host: str | None = None, rest: str = "1 X 0") -> bytes:
    """What is in the file of one holder: of this host, where no other is named."""
    text = f"{this_host() if host is None else host} {execution} {rest} lc={checksum(os.fsencode(lock.resolve()))}"
    return text.encode().ljust(512, b"\x00")


def running(lock: Path) -> bytes:
    """The file of a holder that runs: the process of the test."""
    return member(f"{os.getpid()}-{start_time(os.getpid())}(vmware-vmx)", lock)


def ended(lock: Path) -> bytes:
    """The file of a holder that ran on this host and has ended."""
    return member(f"{dead_process()}-1(vmware-vmx)", lock)


def dead_process() -> int:
    """The id of a process of this host that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def on_nfs(path: Path, number: int, host: bytes = b"esx1.example.com") -> Path:
    """Make the lock file of an ESX host for the file of an inode, and return it."""
    lock = path / f".lck-{number.to_bytes(8, 'little').hex()}"
    lock.write_bytes(bytes(0x14) + host + bytes(0x40))
    return lock


def this_host(network: Path = Path("/sys/class/net"), name: str | None = None) -> str:
    """The id that a hosted product gives a Linux host."""
    address = bytes(6)
    for number in reversed(range(8)):
        if (network / f"eth{number}").exists():
            address = bytes.fromhex((network / f"eth{number}" / "address").read_text().strip().replace(":", ""))
    hashed = checksum(os.uname().nodename.encode() if name is None else name.encode(), signed=False)
    raw = hashed.to_bytes(4, sys.byteorder) + address + bytes(2)
    return base64.b64encode(raw).decode().replace("/", "-")


def checksum(text: bytes, *, signed: bool = True) -> int:
    """The checksum of a path, or without signs that of a host's name."""
    total = 5381
    for byte in text:
        total = (total * 33 + (byte - 256 if signed and byte > 127 else byte)) % 2**32
    return total
