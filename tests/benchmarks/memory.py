"""Peak memory and time of `vmxtool inspect` on a usual VM and on files made to make it large.

Run it as `.venv/bin/python tests/benchmarks/memory.py [VM ...]`. The hostile VMs are made in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
# The unit of ru_maxrss is the system's choice.
RSS_UNIT = 1 if sys.platform == "darwin" else 1024
HEAD = (
    'config.version = "8"\nvirtualHW.version = "6"\ndisplayName = "large"\nguestOS = "other"\nmemsize = "256"\n'
    'ide0:0.present = "TRUE"\nide0:0.fileName = "disk.vmdk"\n'
)
DESCRIPTOR = '# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\ncreateType="{kind}"\n'


def main() -> None:
    """Measure each case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("vms", nargs="*", type=Path, default=[ROOT / "samples" / "ws6-windows-ide"], metavar="VM")
    options = parser.parse_args()
    print(f"{'':52}{'peak MiB':>10}{'seconds':>10}{'exit':>6}")
    report("Python itself, doing nothing", ["-c", "pass"])
    for vm in options.vms:
        report(f"sample {vm.name}", inspect(vm.resolve()))
    with tempfile.TemporaryDirectory() as scratch:
        for number, (title, make) in enumerate(HOSTILE.items()):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            make(folder)
            report(title, inspect(folder))


def inspect(vm: Path) -> list[str]:
    """Arguments for the interpreter that inspect a VM."""
    return ["-m", "vmxtool", "inspect", "--format", "json", str(vm)]


def report(title: str, arguments: list[str]) -> None:
    """Run the interpreter once and print its line of the table.

    A child's peak counts from its parent's memory at the start, so this process stays small and writes in pieces.
    """
    start = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    peak = usage.ru_maxrss * RSS_UNIT / (1 << 20)
    print(f"{title:52}{peak:>10.1f}{seconds:>10.2f}{process.returncode:>6}")


def many_keys(folder: Path) -> None:
    """A config of 100,000 assignments, all different."""
    with (folder / "large.vmx").open("w", encoding="ascii") as config:
        config.write(HEAD)
        config.writelines(f'guestinfo.number{number} = "{number}"\n' for number in range(100_000))


def one_key(folder: Path) -> None:
    """A config of 100,000 assignments to one key."""
    with (folder / "large.vmx").open("w", encoding="ascii") as config:
        config.write(HEAD)
        config.writelines(f'guestinfo.again = "{number}"\n' for number in range(100_000))


def many_sentences(folder: Path) -> None:
    """A config of 100,000 lines that are no assignments."""
    with (folder / "large.vmx").open("w", encoding="ascii") as config:
        config.write(HEAD)
        config.writelines(f"sentence number {number} means nothing\n" for number in range(100_000))


def many_devices(folder: Path) -> None:
    """A config that says of 100,000 drives that they are present."""
    with (folder / "large.vmx").open("w", encoding="ascii") as config:
        config.write(HEAD)
        for number in range(100_000):
            config.write(f'scsi{number}:0.present = "TRUE"\nscsi{number}:0.fileName = "disk.vmdk"\n')


def long_line(folder: Path) -> None:
    """A config with one value of 16 MiB."""
    with (folder / "large.vmx").open("w", encoding="ascii") as config:
        config.write(HEAD + 'annotation = "')
        for _ in range(256):
            config.write("x" * 65536)
        config.write('"\n')


def many_extents(folder: Path) -> None:
    """A disk whose descriptor names 100,000 extents."""
    (folder / "large.vmx").write_text(HEAD, encoding="ascii")
    with (folder / "disk.vmdk").open("w", encoding="ascii") as disk:
        disk.write(DESCRIPTOR.format(kind="twoGbMaxExtentSparse"))
        disk.writelines(f'RW 4192256 SPARSE "disk-s{number:06}.vmdk"\n' for number in range(100_000))


def large_numbers(folder: Path) -> None:
    """A sparse disk of one sector whose header claims the largest numbers that fit."""
    (folder / "large.vmx").write_text(HEAD, encoding="ascii")
    header = struct.pack(
        "<4sII4QI3Q?4sH", b"KDMV", 1, 3, *[2**63 - 1] * 4, 2**32 - 1, *[2**63 - 1] * 3, False, b"\n \r\n", 0
    )
    (folder / "disk.vmdk").write_bytes(header.ljust(512, b"\0"))


def huge_disk(folder: Path) -> None:
    """A descriptor of text that goes on for 1 GiB, with holes so that it takes no room."""
    (folder / "large.vmx").write_text(HEAD, encoding="ascii")
    with (folder / "disk.vmdk").open("w", encoding="ascii") as disk:
        disk.write(DESCRIPTOR.format(kind="monolithicFlat"))
        disk.truncate(1 << 30)


def long_chain(folder: Path) -> None:
    """A disk whose chain of parents has 5,000 links."""
    links = 5_000
    (folder / "large.vmx").write_text(HEAD, encoding="ascii")
    for number in range(links):
        name = "disk.vmdk" if number == 0 else f"disk-{number}.vmdk"
        parent = f'parentFileNameHint="disk-{number + 1}.vmdk"\n' if number + 1 < links else ""
        text = DESCRIPTOR.format(kind="monolithicFlat").replace("parentCID=ffffffff", "parentCID=fffffffe")
        (folder / name).write_text(f'{text}{parent}RW 8 FLAT "none-flat.vmdk" 0\n', encoding="ascii")


def many_snapshots(folder: Path) -> None:
    """A snapshot database with 20,000 snapshots, each the child of the one before."""
    (folder / "large.vmx").write_text(HEAD, encoding="ascii")
    with (folder / "large.vmsd").open("w", encoding="ascii") as database:
        database.write('.encoding = "UTF-8"\nsnapshot.numSnapshots = "20000"\nsnapshot.current = "20000"\n')
        for number in range(20_000):
            database.write(f'snapshot{number}.uid = "{number + 1}"\nsnapshot{number}.displayName = "s"\n')
            if number:
                database.write(f'snapshot{number}.parent = "{number}"\n')


HOSTILE: dict[str, Callable[[Path], None]] = {
    "config of 100,000 keys": many_keys,
    "config of 100,000 times one key": one_key,
    "config of 100,000 lines without sense": many_sentences,
    "config of 100,000 drives": many_devices,
    "config with a value of 16 MiB": long_line,
    "disk of 100,000 extents": many_extents,
    "disk header with the largest numbers": large_numbers,
    "disk descriptor of 1 GiB": huge_disk,
    "disk chain of 5,000 links": long_chain,
    "snapshot database of 20,000 snapshots": many_snapshots,
}


if __name__ == "__main__":
    main()
