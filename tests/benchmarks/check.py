"""How long a check takes in one process: for one target and for all products, beside reading the VM and dissect.

Run it as `.venv/bin/python tests/benchmarks/check.py [--rounds N] [FOLDER]`. Without a folder it takes the corpus of
real files beside the project, each config with the disks that it names, and the samples where there is none. Times are
CPU times of the median VM, since other work on the machine takes part in wall times. Goals: 1.0 ms for one target,
15 ms for all products. A VM that has been checked once is quicker to check again, so both are shown.
"""

from __future__ import annotations

import argparse
import gc
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from statistics import fmean, median
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from build import set_up_corpus_vm
from dissect.hypervisor.descriptor.vmx import VMX

import vmxtool
from vmxtool.__main__ import _MANY_OBJECTS  # garbage is looked for as seldom as in the command

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "vmx"
TARGETS = ("esxi6.5", "esxi8.0", "ws17", "ws6", "esx3", "fusion13", "server2", "ws5.5")


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS if CORPUS.is_dir() else ROOT / "samples")
    parser.add_argument("--rounds", type=int, default=5, help="how often each VM is measured; the best counts")
    options = parser.parse_args()
    gc.set_threshold(_MANY_OBJECTS)
    with tempfile.TemporaryDirectory() as folder:
        configs = list(_set_up(options.folder, Path(folder)))
        # The first round fills the tables of products, devices and guests.
        for config in configs[:5]:
            list(vmxtool.check_all(config))
        rows = [_measure(config, options.rounds) for config in configs]
    names = (
        "inspect",
        "dissect: parse the config",
        "check, one target",
        "check, one more target",
        "check, all products",
    )
    print(f"{len(rows)} VMs of {options.folder}; median of a VM, best of {options.rounds}, CPU time")
    middle = [median(column) * 1000 for column in zip(*rows, strict=True)]
    for name, figure in zip(names, middle, strict=True):
        print(f"{name:28}{figure:8.2f} ms   {figure / middle[0]:6.2f} x inspect   {figure / middle[1]:6.2f} x dissect")


def _set_up(folder: Path, scratch: Path) -> list[Path]:
    found: list[Path] = []
    for number, config in enumerate(sorted(folder.rglob("*.vmx"))):
        place = scratch / str(number)
        place.mkdir()
        try:
            vm = set_up_corpus_vm(config, place)
            vmxtool.inspect(vm)
        except (vmxtool.VmxtoolError, OSError):
            continue
        found.append(vm)
    return found


def _measure(config: Path, rounds: int) -> tuple[float, ...]:
    text = config.read_bytes().decode("utf-8", "replace")
    fresh, checked = partial(vmxtool.inspect, config), partial(_checked, config)
    return (
        _best(fresh, rounds),
        _best(partial(VMX.parse, text), rounds),
        fmean(_best(partial(_check, target), rounds, fresh) for target in TARGETS),
        fmean(_best(partial(_check, target), rounds, checked) for target in TARGETS),
        _best(_check_all, rounds, fresh),
    )


def _checked(config: Path) -> vmxtool.Machine:
    machine = vmxtool.inspect(config)
    _check("ws16", machine)
    return machine


def _check(target: str, machine: vmxtool.Machine) -> None:
    verdict = vmxtool.check(machine, target)
    assert verdict.findings is not None
    assert verdict.steps is not None


def _check_all(machine: vmxtool.Machine) -> None:
    assert all(verdict.verdict for verdict in vmxtool.check_all(machine))


def _best(work: Callable[..., object], rounds: int, prepare: Callable[[], object] | None = None) -> float:
    """The least CPU time of some runs, in seconds; what is prepared for each is not counted."""
    times = []
    for _ in range(rounds):
        asked = () if prepare is None else (prepare(),)
        start = time.process_time()
        work(*asked)
        times.append(time.process_time() - start)
    return min(times)


if __name__ == "__main__":
    main()
