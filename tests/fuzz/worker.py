"""A process that runs cases one after the other, held down in memory and time, and the handle of it."""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.case import Case, case_of, from_json, run_case, to_json
from fuzz.checks import Find

_HANG_SECONDS = 300
"""How long a case may take by the clock; a worker that takes longer says where it is, and ends."""
# Root reads and writes whatever its rights are. Without these two of its powers it is kept out as others are.
_POWERS = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
_CAPABILITY_VERSION = 0x20080522


class Worker:
    """A worker process, started again when it has died; `script` is what it runs."""

    def __init__(self, script: Path = Path(__file__)) -> None:
        self._script = script
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 it lives as long as the worker
        self._process: subprocess.Popen[bytes] | None = None

    def run(self, case: str | Case) -> tuple[list[Find], float]:
        """Run a case, or that of a seed: what was found, and the processor time that it took."""
        process = self._start()
        assert process.stdin is not None
        assert process.stdout is not None
        wanted = case if isinstance(case, str) else to_json(case)
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps(wanted).encode() + b"\n")
            process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            return [self._death(process)], 0.0
        value = json.loads(answer)
        return [Find(*find) for find in value["finds"]], value["seconds"]

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.communicate()
            self._process = None
        self._said.close()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._said.truncate(0)
            self._process = subprocess.Popen(
                [sys.executable, "-B", self._script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said
            )
        return self._process

    def _death(self, process: subprocess.Popen[bytes]) -> Find:
        process.communicate()  # waits for it, and closes its pipes
        self._process = None
        self._said.seek(0)
        said = self._said.read().decode("utf-8", "replace")
        if "Timeout (" in said:
            frames = [line for line in said.splitlines() if "/vmxtool/" in line]
            return Find("hang", frames[0].strip() if frames else "outside vmxtool", said[-3000:])
        return Find("death", f"exit {process.returncode}", said[-3000:])


def main() -> None:
    """Run the cases that come as lines on standard input, and answer each with a line."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with tempfile.TemporaryDirectory() as scratch:
        tempfile.tempdir = scratch
        _warm_up()
        _give_up_powers()
        for line in sys.stdin:
            wanted = json.loads(line)
            begun = time.process_time()
            case = case_of(wanted) if isinstance(wanted, str) else from_json(wanted)
            faulthandler.dump_traceback_later(_HANG_SECONDS, exit=True)
            finds = run_case(case)
            faulthandler.cancel_dump_traceback_later()
            value = {"finds": [[it.check, it.what, it.detail] for it in finds], "seconds": time.process_time() - begun}
            answers.write(json.dumps(value) + "\n")
            answers.flush()


def _warm_up() -> None:
    """Load what is loaded once and fill the cache, so that no case is charged for it."""
    for number in range(12):
        run_case(case_of(f"warm {number}"))


def _give_up_powers() -> None:
    if os.geteuid() != 0 or sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; then the same for the higher numbers
    if libc.capget(header, sets) == 0:
        sets[0] &= ~_POWERS
        libc.capset(header, sets)


if __name__ == "__main__":
    main()
