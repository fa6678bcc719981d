"""How many VMs one process reads in a second: parsing, disks and the Machine model, no output.

Run it as `.venv/bin/python tests/benchmarks/throughput.py [--rounds N] [FOLDER]`. Without a folder it reads the
corpus of real files beside the project, and the samples where there is none.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median

from vmxtool.errors import VmxtoolError
from vmxtool.machine.read import read_machine

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus" / "vmx"
USUAL_LINES = 100
"""Length of the config that figures are normalised to."""


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", nargs="?", type=Path, default=CORPUS if CORPUS.is_dir() else ROOT / "samples")
    parser.add_argument("--rounds", type=int, default=7, help="how often all configs are read (default: 7)")
    options = parser.parse_args()
    configs = sorted(options.folder.rglob("*.vmx"))
    if not configs:
        parser.error(f"{options.folder} holds no .vmx file")

    # The first round pays for imports and grammars, which is what cold_start.py is about.
    start = time.perf_counter()
    readable = [config for config in configs if reads(config)]
    first = time.perf_counter() - start
    lines = sum(len(config.read_bytes().splitlines()) for config in readable)
    rounds = []
    for _ in range(options.rounds):
        start = time.perf_counter()
        for config in readable:
            read_machine(config)
        rounds.append(time.perf_counter() - start)

    seconds = median(rounds)
    print(f"{len(readable)} configs with {lines} lines from {options.folder}, {len(configs) - len(readable)} refused")
    print(f"first round, cold      {first * 1000:10.1f} ms")
    print(f"median of {options.rounds} rounds    {seconds * 1000:10.1f} ms")
    print(f"VMs a second           {len(readable) / seconds:10.0f}")
    print(f"lines a second         {lines / seconds:10.0f}")
    print(f"VMs of {USUAL_LINES} lines a second{lines / seconds / USUAL_LINES:8.0f}")


def reads(config: Path) -> bool:
    """Whether vmxtool reads a config as a VM."""
    try:
        read_machine(config)
    except VmxtoolError:
        return False
    return True


if __name__ == "__main__":
    main()
