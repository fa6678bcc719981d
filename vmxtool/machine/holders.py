"""Who holds a lock, as the lock's own files say, and whether that process of this host still runs.

The member files of hosted products: open-vm-tools, lib/file/fileLockPrimitive.c (the fields), lib/file/fileLockPosix.c
(processes), lib/file/file.c, lib/misc/machineID.c and lib/misc/hostname.c (ids of hosts), read 2026-11-29. The lock
files of ESX on NFS: knowledge base article 340515, read 2026-11-29. Nothing here is taken for more than a claim.
"""

from __future__ import annotations

import binascii
import os
import re
import sys
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.machine.model import Holder

if TYPE_CHECKING:
    from collections.abc import Sequence

# A member file is text of 512 bytes, filled up with NUL, and its fields are divided by spaces: id of the host,
# execution id, Lamport number, S(hared) or (e)X(clusive), then the time that the process began or "[", then pairs.
_FEWEST_FIELDS, _MOST_FIELDS = 4, 16
# Of the execution id, the time that the process began and the program's name are optional.
_EXECUTION = r"([0-9]{1,10})(?:-([0-9]{1,20}))?(?:\(([!-~]{1,64})\))?"
_HOST_ID = r"[A-Za-z0-9+/=:-]{1,64}"
_NUMBER = r"[0-9]{1,20}"
# Where the article's dump of an ESX host's lock file has the host's name, and what names of hosts are made of.
_ESX_NAME = 0x14
_HOST_NAME = rb"([A-Za-z0-9][A-Za-z0-9._-]{0,254})(?:\x00|\Z)"

# On Linux the id of a host is 12 bytes in base 64, "-" for "/": a hash of its name, and the MAC address of the first
# of eth0 to eth7 with two zeros, or zeros alone where there is none of these.
_ID_LENGTH, _HASH_LENGTH, _MAC_LENGTH = 12, 4, 6
_INTERFACES = [f"eth{number}" for number in range(8)]
_LOCALLY_GIVEN = 0x02  # bit of a MAC address that no maker gave; containers and VMs of many hosts have the same ones
_NETWORK = "/sys/class/net"
_NAMES_OF_MANY = ("localhost", "(none)")
# The first space of process numbers that Linux makes has this number of its own (linux/proc_ns.h).
_OWN_NUMBERS, _FIRST_NUMBERS = "/proc/self/ns/pid", "pid:[4026531836]"
_LARGEST_PROCESS = 2**31 - 1
_START_TIME = 19  # of the fields of /proc/*/stat behind the program's name (proc(5))


def read_member(data: bytes, lock: Path) -> Holder | None:
    """Return who holds a lock of a hosted product, by the bytes of one of its member files.

    Args:
        data: what is in the member file.
        lock: the lock folder.

    Returns:
        None where the bytes are no member file's.
    """
    try:
        text = data.partition(b"\x00")[0].decode("ascii")
    except UnicodeDecodeError:
        return None
    fields = [field for field in text.split(" ") if field]
    if not _FEWEST_FIELDS <= len(fields) <= _MOST_FIELDS:
        return None
    host, execution, number, kind = fields[:4]
    made = re.fullmatch(_EXECUTION, execution)
    if not (made and re.fullmatch(_HOST_ID, host) and re.fullmatch(_NUMBER, number) and kind in {"S", "X"}):
        return None
    process, began, program = int(made[1]), made[2], made[3]
    if began is None and len(fields) > _FEWEST_FIELDS and re.fullmatch(_NUMBER, fields[_FEWEST_FIELDS]):
        began = fields[_FEWEST_FIELDS]  # older files have it there alone
    checksum = next((field[3:] for field in fields[_FEWEST_FIELDS:] if field.startswith("lc=")), None)
    here = is_this_host(host, checksum, lock)
    return Holder(host, process, program, here, does_run(process, int(began or 0)) if here else None)


def read_esx_host(data: bytes) -> Holder | None:
    """Return the ESX host that holds a lock on NFS, by the bytes of its lock file; None where no name stands there."""
    found = re.match(_HOST_NAME, data[_ESX_NAME:])
    return Holder(found[1].decode("ascii")) if found else None


def is_this_host(host: str, checksum: str | None, lock: Path, network: str = _NETWORK) -> bool:
    """Return whether the id of a host is this one's; False where that cannot be known, as on Windows and macOS.

    A MAC address that a maker gave is enough, since hosts are renamed. Where there is none, many hosts may have the
    same id; then the lock has to have been made at the very place where it lies, too.

    Args:
        host: the id in the member file.
        checksum: of the path that the lock was made at, as the member file has it.
        lock: the lock folder.
        network: the system's folder of network interfaces.
    """
    if sys.platform != "linux" or host.startswith("uuid="):
        return False
    try:
        raw = b64decode(host.replace("-", "/"), validate=True)
    except (binascii.Error, ValueError):
        return False
    address = _hardware_address(network)
    if len(raw) != _ID_LENGTH or raw[_HASH_LENGTH:] != address + bytes(2):
        return False
    if any(address) and not address[0] & _LOCALLY_GIVEN:
        return True
    name = os.uname().nodename
    if name.startswith(_NAMES_OF_MANY):
        return False
    same_name = int.from_bytes(raw[:_HASH_LENGTH], sys.byteorder) == _hash(os.fsencode(name))
    # The path's bytes are summed up as C's plain char, which has a sign.
    path = [byte - 256 if byte > 127 else byte for byte in os.fsencode(os.path.realpath(lock))]
    return same_name and checksum == str(_hash(path))


def _hardware_address(network: str) -> bytes:
    for name in _INTERFACES:
        text = _system_text(os.path.join(network, name, "address"))
        if text is not None:
            try:
                address = bytes.fromhex(text.strip().replace(":", ""))
            except ValueError:
                return bytes(_MAC_LENGTH)
            return address if len(address) == _MAC_LENGTH else bytes(_MAC_LENGTH)
    return bytes(_MAC_LENGTH)


def _hash(values: Sequence[int]) -> int:
    """Return Bernstein's hash of 32 bits, which both checksums are."""
    total = 5381
    for value in values:
        total = (total * 33 + value) & 0xFFFFFFFF
    return total


def does_run(process: int, began: int = 0) -> bool | None:
    """Return whether a process of this host still runs; None where that cannot be known.

    Args:
        process: its id.
        began: when it began, in the clock ticks since the start of the system that Linux counts; 0 if not known. A
            process of that id that began at another time is another one.
    """
    if sys.platform != "linux" or not 0 < process <= _LARGEST_PROCESS or not _sees_all_processes():
        return None
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    except OSError:
        return None
    now = start_time(process)
    return not began or now is None or now == began


def _sees_all_processes() -> bool:
    """Return whether this process is where every process of the host has its number, and not in a container."""
    try:
        return os.readlink(_OWN_NUMBERS) == _FIRST_NUMBERS  # noqa: PTH115 no path is meant
    except OSError:
        return False


def start_time(process: int) -> int | None:
    """Return when a process began, in clock ticks since the start of the system; None where nothing tells."""
    fields = (_system_text(f"/proc/{process}/stat") or "").rpartition(")")[2].split()
    return int(fields[_START_TIME]) if len(fields) > _START_TIME and fields[_START_TIME].isdecimal() else None


def _system_text(path: str) -> str | None:
    # Such files have no size that tells anything, so the read has a bound of its own.
    try:
        with Path(path).open(encoding="utf-8", errors="replace") as stream:
            return stream.read(4096)
    except OSError:
        return None
