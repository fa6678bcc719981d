"""How long cold commands of vmxtool take, beside dissect.hypervisor and libvirt with qemu-img reading the same VM.

Run it as `.venv/bin/python tests/benchmarks/cold_start.py [--runs N] [VM ...]` in an environment made by
`sh .ci/venv dev`. Each process is new each time, the kinds take turns, and the files are in the page cache. As after
an installation, Python modules are compiled: they lie in a folder that goes with the run, and the first start of each
kind, which fills it, does not count.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

# A script's own folder is on the path, and the peers lie one higher.
sys.path.append(str(Path(__file__).resolve().parents[1]))

from peers import virsh_command

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "samples"
DISK = re.compile(r'^\s*(?:ide|scsi|sata|nvme)\d+:\d+\.filename\s*=\s*"([^"]+\.vmdk)"', re.IGNORECASE | re.MULTILINE)

OURS = "vmxtool inspect --format json"
CHECK = "vmxtool check --target esxi6.7"
ANSWERS = {CHECK: (0, 1)}  # 1: the VM does not run there as it is
Commands = list[tuple[list[str], "Mapping[str, str] | None"]]
"""What one reading of a VM starts, one process after the other, each with its environment."""


def main() -> None:
    """Measure and print one table for each VM."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("vms", nargs="*", type=Path, default=[SAMPLES / "ws6-windows-ide"], metavar="VM")
    parser.add_argument("--runs", type=int, default=21, help="how often each kind is started (default: 21)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        # Where modules may not be kept compiled, the time to compile them is all that would be measured.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(scratch) / "modules")
        for vm in options.vms:
            measure(vm.resolve(), options.runs, Path(scratch))


def measure(vm: Path, runs: int, scratch: Path) -> None:
    """Print the table of one VM; a kind that fails on it is told with its exit code and not timed."""
    config = config_of(vm)
    kinds = readers(config, scratch)
    codes = {kind: take(commands)[1] for kind, commands in kinds.items()}
    times: dict[str, list[float]] = {kind: [] for kind, code in codes.items() if code in ANSWERS.get(kind, (0,))}
    for _ in range(runs):
        for kind, series in times.items():
            series.append(take(kinds[kind])[0])
    print(f"\n{config.name}: {runs} cold runs of each kind, taking turns")
    print(f"{'':44}{'median ms':>10}{'fastest ms':>12}{'times vmxtool':>15}")
    for kind, code in codes.items():
        if kind not in times:
            print(f"{kind:44}{f'ends with {code}':>22}")
            continue
        middle = median(times[kind])
        ratio = f"{middle / median(times[OURS]):.2f}" if OURS in times else ""
        print(f"{kind:44}{middle * 1000:>10.1f}{min(times[kind]) * 1000:>12.1f}{ratio:>15}")


def readers(config: Path, scratch: Path) -> dict[str, Commands]:
    """Each kind of reader that is installed, with what it starts for this VM."""
    disks = disks_of(config)
    python = [sys.executable]
    kinds: dict[str, Commands] = {
        command: [([*python, "-m", *command.split(), str(config)], None)]
        for command in (OURS, "vmxtool inspect", CHECK)
    }
    if find_spec("dissect") is not None and find_spec("dissect.hypervisor") is not None:
        reader = Path(__file__).with_name("read_with_dissect.py")
        kinds["dissect.hypervisor, VMX and each VMDK"] = [([*python, str(reader), str(config)], None)]
    if shutil.which("virsh") and shutil.which("qemu-img"):
        commands: Commands = [virsh_command(config, scratch)]
        commands += [(["qemu-img", "info", "--output=json", str(disk)], None) for disk in disks]
        kinds[f"virsh domxml-from-native, qemu-img info x{len(disks)}"] = commands
    kinds["Python itself, doing nothing"] = [([*python, "-c", "pass"], None)]
    return kinds


def take(commands: Commands) -> tuple[float, int]:
    """Run the commands once: the seconds it took, and the first exit code that is not 0."""
    start = time.perf_counter()
    codes = [started(command, environment) for command, environment in commands]
    return time.perf_counter() - start, next(filter(None, codes), 0)


def started(command: Sequence[str], environment: Mapping[str, str] | None) -> int:
    """The exit code of a command whose output nobody reads."""
    return subprocess.run(
        command,
        check=False,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ).returncode


def config_of(vm: Path) -> Path:
    """The config of a VM named by its folder or by the config itself."""
    return vm if vm.is_file() else next(iter(sorted(vm.rglob("*.vmx"))))


def disks_of(config: Path) -> list[Path]:
    """The VMDKs that a config names and that lie beside it."""
    text = config.read_text(encoding="utf-8", errors="replace")
    return [config.parent / name for name in DISK.findall(text) if (config.parent / name).is_file()]


if __name__ == "__main__":
    main()
