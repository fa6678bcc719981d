"""What moving a 100 GB IDE disk to SCSI costs: time and bytes written, beside a 1 GB disk and qemu-img convert.

Run it as `.venv/bin/python tests/benchmarks/big_disk.py [--runs N]` in an environment made by `sh .ci/venv dev`. The
disks are sparse and empty, so they take next to no room; qemu-img has to copy their contents all the same, and that
there are none is in its favour.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

# A script's own folder is on the path, and the peers lie one higher.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from build import IDE_DISK, write_config
from peers import qemu_create

import vmxtool

GB = 10**9
SIZES = (1 * GB, 100 * GB)


def main() -> None:
    """Measure and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=7, help="how often each is done (default: 7)")
    runs = parser.parse_args().runs
    if shutil.which("qemu-img") is None:
        sys.exit("qemu-img is not here, and without it there is nothing to compare with")
    print(f"{'':34}{'median ms':>10}{'bytes written':>15}{'times vmxtool':>15}")
    with tempfile.TemporaryDirectory() as scratch:
        for size in SIZES:
            folder = Path(scratch) / str(size)
            # The first one also fills vmxtool's cache.
            rows = [measure(folder / str(run), size) for run in range(runs + 1)][1:]
            ours, theirs = median(row[0] for row in rows), median(row[2] for row in rows)
            label = f"{size // GB} GB"
            print(f"{f'{label}: rewrite --ide-to-scsi':34}{ours * 1e3:10.1f}{rows[0][1]:15,}{1:15.2f}")
            print(f"{f'{label}: qemu-img convert':34}{theirs * 1e3:10.1f}{rows[0][3]:15,}{theirs / ours:15.2f}")


def measure(folder: Path, size: int) -> tuple[float, int, float, int]:
    """Seconds and bytes written of one rewrite, then of one conversion, of a new VM with an empty sparse disk."""
    write_config(folder, IDE_DISK, hw=4)
    disk = folder / "disk.vmdk"
    qemu_create(disk, size, subformat="monolithicSparse", adapter="ide")
    machine = vmxtool.inspect(folder)
    before = written()
    start = time.perf_counter()
    vmxtool.plan_rewrite(machine, ide_to_scsi=True).apply()
    ours = time.perf_counter() - start
    our_bytes = written() - before
    copy = folder / "copy.vmdk"
    command = ["qemu-img", "convert", "-O", "vmdk", "-o", "adapter_type=lsilogic", str(disk), str(copy)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    theirs = time.perf_counter() - start
    return ours, our_bytes, theirs, copy.stat().st_blocks * 512


def written() -> int:
    """Bytes that this process has handed to the system so far, as Linux counts them."""
    counts = dict(line.split(": ") for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines())
    return int(counts["wchar"])


if __name__ == "__main__":
    main()
