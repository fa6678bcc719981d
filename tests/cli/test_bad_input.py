"""Whatever a path holds, the answer is one clear line and the right exit code, soon and in little memory."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from build import CID, IDE_DISK, SCSI_DISK, descriptor, disk_lines, make_disk, write_config

if TYPE_CHECKING:
    from conftest import CopySample

CONFIG = b'config.version = "8"\nvirtualHW.version = "6"\nguestOS = "winxppro"\nmemsize = "256"\ndisplayName = "x"\n'
SECONDS, MEBIBYTES = 5, 200


# What the system counts for a child includes what the process that started it had in memory until then, so on Linux the
# child says itself what it used.
MEASURED = """
import atexit, os, resource, runpy, sys
told = int(sys.argv.pop(1))
def tell():
    try:
        with open("/proc/self/status") as status:
            peak = next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:"))
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    os.write(told, str(peak).encode())
atexit.register(tell)
runpy.run_module("vmxtool", run_name="__main__", alter_sys=True)
"""


class Run(NamedTuple):
    code: int
    out: str
    err: str
    peak_mib: float


def vmxtool(*words: str | Path, cwd: Path | None = None) -> Run:
    """Run the command line in a process of its own, and measure the memory it used."""
    listening, told = os.pipe()
    with subprocess.Popen(
        [sys.executable, "-c", MEASURED, str(told), *map(str, words)],
        cwd=cwd,
        pass_fds=(told,),
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        watchdog = threading.Timer(4 * SECONDS, child.kill)  # a hang guard, not a measurement: the machine may be busy
        watchdog.start()
        assert child.stdout is not None
        assert child.stderr is not None
        out, err = child.stdout.read(), child.stderr.read()
        child.wait()
        watchdog.cancel()
    os.close(told)
    with os.fdopen(listening) as answer:
        peak = answer.read()
    assert child.returncode >= 0, "killed: it took too long"
    return Run(child.returncode, out.decode(), err.decode(), int(peak) / 2**20)


def assert_refused(run: Run, code: int, *words: str) -> None:
    assert (run.code, run.out) == (code, "")
    assert run.err.startswith("vmxtool: ")
    assert run.err.count("\n") == 1
    assert "Traceback" not in run.err
    for word in words:
        assert word in run.err
    assert run.peak_mib < MEBIBYTES


def folder(path: Path, **files: bytes) -> Path:
    for name, data in files.items():
        (path / name.replace("_", ".")).write_bytes(data)
    return path


def test_no_vm_in_the_folder(tmp_path: Path) -> None:
    assert_refused(vmxtool("inspect", tmp_path), 2, str(tmp_path), ".vmx")


def test_no_vm_in_the_current_folder(tmp_path: Path) -> None:
    assert_refused(vmxtool("check", "--target", "esx3", cwd=tmp_path), 2, ".vmx")


def test_without_a_vm_every_product_is_answered_for_one_that_nobody_has_seen(tmp_path: Path) -> None:
    told = vmxtool("check", "--from", "ws6", cwd=tmp_path)
    assert (told.code, told.out.splitlines()[0]) == (0, "a VM of Workstation 6.0, not seen, on every product")


def test_two_vms_in_the_folder_are_named(tmp_path: Path) -> None:
    folder(tmp_path, a_vmx=CONFIG, b_vmx=CONFIG)
    assert_refused(vmxtool("inspect", tmp_path), 2, "a.vmx", "b.vmx")


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    assert_refused(vmxtool("inspect", tmp_path / "gone.vmx"), 2, "gone.vmx", "no such file")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the super-user may read everything")
def test_a_folder_without_rights(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    assert_refused(vmxtool("inspect", closed), 3, "closed", "rights")


def test_a_disk_given_as_config(samples: Path) -> None:
    disk = next((samples / "ws6-windows-ide").glob("*.vmdk"))
    assert_refused(vmxtool("inspect", disk), 3, disk.name, "virtual disk")


def test_a_text_descriptor_given_as_config(samples: Path) -> None:
    assert_refused(vmxtool("inspect", samples / "esx3-vmfs" / "web01.vmdk"), 3, "virtual disk")


def test_an_empty_file(tmp_path: Path) -> None:
    assert_refused(vmxtool("inspect", folder(tmp_path, vm_vmx=b"")), 3, "vm.vmx", "empty")


def test_a_line_of_100_megabytes(tmp_path: Path) -> None:
    # Written in pieces: a child's peak counts from that of the process that started it.
    with (tmp_path / "vm.vmx").open("wb") as stream:
        stream.write(CONFIG + b'annotation = "')
        for _ in range(100):
            stream.write(b"x" * 1_000_000)
        stream.write(b'"\n')
    assert_refused(vmxtool("inspect", tmp_path), 3, "vm.vmx:6")


def test_a_file_of_line_ends_only(tmp_path: Path) -> None:
    with (tmp_path / "vm.vmx").open("wb") as stream:
        for _ in range(30):
            stream.write(b"\n" * 1_000_000)
    assert_refused(vmxtool("inspect", tmp_path), 3, "vm.vmx")


def test_a_config_of_100_000_lines_is_read(tmp_path: Path) -> None:
    lines = b"".join(b'guestinfo.key%06d = "some value or other"\n' % n for n in range(100_000))
    run = vmxtool("inspect", "--why", folder(tmp_path, vm_vmx=CONFIG + lines))
    assert (run.code, run.err) == (0, "")
    assert "100005 lines" in run.out
    assert run.peak_mib < MEBIBYTES


def test_nuls_end_their_line_and_nothing_else(tmp_path: Path) -> None:
    run = vmxtool("inspect", folder(tmp_path, vm_vmx=CONFIG + b'annotation = "a\x00b"\nnumvcpus = "2"\n'))
    assert run.code == 0
    assert "VMX001 line 6\n" in run.out
    assert "2 CPUs" in run.out


def test_a_file_of_nuls(tmp_path: Path) -> None:
    assert_refused(vmxtool("inspect", folder(tmp_path, vm_vmx=b"\x00" * 4096)), 3, "vm.vmx", "NUL")


def test_a_byte_order_mark_is_read_over_and_told(tmp_path: Path) -> None:
    run = vmxtool("inspect", "--why", folder(tmp_path, vm_vmx=b"\xef\xbb\xbf" + CONFIG))
    assert run.code == 0
    assert "VMX005" in run.out
    assert "config version 8" in run.out


def test_an_unknown_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    run = vmxtool("inspect", folder(tmp_path, vm_vmx=CONFIG + b'.encoding = "klingon-8"\n'))
    assert run.code == 0
    assert "VMX003 line 6\n" in run.out
    assert "klingon-8" in run.out


def test_an_unclosed_quote_is_told_with_its_line(tmp_path: Path) -> None:
    vm = folder(tmp_path, vm_vmx=CONFIG + b'annotation = "open\n')
    run = vmxtool("check", "--target", "ws6", vm)
    assert run.code == 1
    assert "line 6 of vm.vmx is not a setting: the closing quote is missing" in " ".join(run.out.split())
    assert 'vm.vmx:6: annotation = "open' in vmxtool("inspect", "--why", vm).out


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x.vmdk", "..\\\\..\\\\x.vmdk"])
def test_a_disk_outside_the_folder_is_not_opened(tmp_path: Path, name: str) -> None:
    run = vmxtool("inspect", folder(tmp_path, vm_vmx=CONFIG + disk_lines("scsi0:0", name).encode()))
    assert run.code == 0
    assert "root:" not in run.out
    assert " line 8\n" in run.out


def test_a_disk_that_is_its_own_parent(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "disk.vmdk")
    disk.write_bytes(descriptor(parent=CID, hint=disk.name))
    write_config(tmp_path, SCSI_DISK)
    run = vmxtool("inspect", tmp_path)
    assert run.code == 0
    assert "own ancestor" in run.out


def test_a_header_that_claims_2_to_the_62_sectors(tmp_path: Path, samples: Path) -> None:
    disk = bytearray(next((samples / "ws6-windows-ide").glob("*.vmdk")).read_bytes())
    disk[12:20] = (2**62).to_bytes(8, "little")
    (tmp_path / "disk.vmdk").write_bytes(disk)
    run = vmxtool("inspect", write_config(tmp_path, IDE_DISK))
    assert run.code == 0
    assert "DSK207" in run.out
    assert run.peak_mib < MEBIBYTES


def test_control_characters_reach_the_terminal_escaped(tmp_path: Path) -> None:
    evil = b'displayName = "a|1B]0;owned|07 \xc2\x9b31m\x1b[2J\xe2\x80\xaeb"\n'
    config = CONFIG.replace(b'displayName = "x"\n', evil) + b'.encoding = "UTF-8"\n'
    folder(tmp_path, vm_vmx=config)
    for words in (["inspect"], ["check", "--target", "esx3"], ["check"], ["rewrite", "--hwversion", "4", "--dry-run"]):
        run = vmxtool(*words, tmp_path)
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", run.out + run.err)
    assert "\\x1b" in vmxtool("inspect", tmp_path).out


def test_an_unknown_target_names_the_nearest(tmp_path: Path) -> None:
    assert_refused(vmxtool("check", "--target", "esx33", folder(tmp_path, vm_vmx=CONFIG)), 2, "esx33", "esx3")


def test_an_unknown_option_is_wrong_usage(tmp_path: Path) -> None:
    run = vmxtool("inspect", "--colour", tmp_path)
    assert run.code == 2
    assert "Traceback" not in run.err


def test_a_reader_that_closes_the_pipe_ends_it_quietly(samples: Path) -> None:
    command = [sys.executable, "-m", "vmxtool", "targets"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("words", "code"),
    [(["check", "--target", "esx3", "ws6-windows-ide"], 1), (["rewrite", "--hwversion", "4", "suspended"], 4)],
)
def test_the_code_of_an_answer_counts_also_where_its_reader_goes_away(
    samples: Path, words: list[str], code: int
) -> None:
    command = [sys.executable, "-m", "vmxtool", *words[:-1], str(samples / words[-1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(timeout=60) == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_that_cannot_be_written_is_told_and_so_is_what_was_done(copy_sample: CopySample) -> None:
    vm = copy_sample("ws6-windows-ide")
    command = [sys.executable, "-m", "vmxtool", "rewrite", "--hwversion", "4", str(vm)]
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    told = run.stderr.decode()
    assert run.returncode == 4
    assert told.count("\n") == 1
    assert "no space left" in told
    assert "0001.done" in told
    assert (vm / ".vmxtool" / "0001.done").exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("words", [["--help"], ["check", "--help"], ["--version"], ["targets"]])
def test_nothing_that_cannot_be_written_ends_with_a_traceback(words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, "-m", "vmxtool", *words], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (run.returncode, run.stderr.decode().count("\n")) == (4, 1)


@pytest.mark.skipif(sys.platform != "linux", reason="how a limit on a file shows is the system's")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_answer_that_is_cut_off_is_told(tmp_path: Path, unbuffered: str) -> None:
    # Where the limit of a file is reached within a write, the system takes a part of it and raises nothing.
    program = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)),) * 2);"
        "from vmxtool.__main__ import main; main()"
    )
    answers = []
    for limit in (10_001, 10**8):
        with (tmp_path / "answer").open("wb") as answer:
            run = subprocess.run(
                [sys.executable, "-c", program, str(limit), "targets", "--format", "json"],
                stdout=answer, stderr=subprocess.PIPE, check=False,
                env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
            )  # fmt: skip
        answers.append((run.returncode, (tmp_path / "answer").stat().st_size, run.stderr.decode()))
    (code, size, told), whole = answers
    assert (code, size) == (4, 10_001)
    assert "the answer could not be written out: file too large" in told
    assert (whole[0], whole[2]) == (0, "")
    assert whole[1] > 20_000


def test_without_standard_streams_it_ends_quietly(samples: Path) -> None:
    command = f'"{sys.executable}" -m vmxtool inspect "{samples / "esx3-vmfs"}" >&- 2>&-'
    assert subprocess.run(["sh", "-c", command], check=False).returncode == 0


def test_50_000_snapshots_in_a_row_are_not_drawn_one_below_the_other(tmp_path: Path) -> None:
    rows = [b'snapshot.numSnapshots = "50000"\n']
    for n in range(50_000):
        rows.append(b'snapshot%d.uid = "%d"\nsnapshot%d.parent = "%d"\n' % (n, n + 1, n, n))
    folder(tmp_path, vm_vmx=CONFIG, vm_vmsd=b"".join(rows))
    run = vmxtool("inspect", tmp_path)
    assert run.code == 0
    assert "and 49900 more" in run.out


def test_a_value_of_a_million_letters_is_cut_for_the_terminal(tmp_path: Path) -> None:
    config = CONFIG.replace(b"winxppro", b"w" * 1_000_000) + b'firmware = "' + b"f" * 1_000_000 + b'"\n'
    folder(tmp_path, vm_vmx=config)
    for words in (["inspect"], ["check", "--target", "esx3"]):
        assert len(vmxtool(*words, tmp_path).out) < 20_000


def test_a_fifo_named_as_a_disk_does_not_hang(tmp_path: Path) -> None:
    write_config(tmp_path, IDE_DISK)
    os.mkfifo(tmp_path / "disk.vmdk")
    run = vmxtool("inspect", tmp_path)
    assert run.code == 0
    assert "disk.vmdk" in run.out


def test_a_fifo_given_as_config_does_not_hang(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "vm.vmx")
    assert_refused(vmxtool("inspect", tmp_path / "vm.vmx"), 3, "vm.vmx", "regular file")


@pytest.mark.parametrize("name", ["004.j2", "006.vmx"])
@pytest.mark.corpus
def test_what_only_looks_like_a_config_is_refused(name: str) -> None:
    path = Path(__file__).parents[3] / "shared" / "corpus" / "not-vmx" / name
    if not path.exists():
        pytest.skip("the corpus is not here")
    assert_refused(vmxtool("inspect", path), 3, name)
