"""File names that harm whoever takes them for harmless, for every place where a file name can stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

# In the tree of each case: what lies outside the VM's folder, and the odd things that the mutators put into it.
OUTSIDE = "outside"
ODD = ("link.vmdk", "loop.vmdk", "fifo.vmdk", "socket.vmdk", "inner", "dangling.vmdk", "base.vmdk", "vm.vmx")

_WAYS_OUT = (
    *("", ".", "..", "/", "//", "./", "../", "../..", "/etc/passwd", "../../../../etc/passwd", "//etc/passwd"),
    *("../outside/base.vmdk", "../outside/vm.vmx", "..\\outside\\base.vmdk", "inner/../../outside/base.vmdk"),
    *("/proc/self/environ", "/proc/self/fd/0", "/dev/zero", "/dev/stdin", "/dev/null", "/dev/tty", "/dev/fd/3"),
    *("~", "~root/x.vmdk", "file:///etc/passwd", "http://localhost/x.vmdk", "vsan://5/6", "nbd://localhost"),
    *("C:\\x.vmdk", "C:x.vmdk", "\\\\host\\share\\x.vmdk", "\\\\.\\PhysicalDrive0", "Z:/x/base.vmdk"),
    *("[store] x.vmdk", "[store] ../outside/base.vmdk", "[] /etc/passwd", "vmhba0:0:0:1:base.vmdk", ":", "a:b:c"),
    *("/vmfs/volumes/x/../../etc/passwd", "/vmfs/devices/disks/x", ".vmxtool/0001.done", ".vmxtool", "vm.vmx/x"),
)
_FOR_SHELLS = (
    *("-", "-rf", "--help", "--format=json", "-o/tmp/x", "$(touch x)", "`touch x`", "${IFS}x", "a;touch x", "a&b"),
    *("a|b", "a>b", "a b", " a", "a ", "a'b", 'a"b', "a''b", "'", '"', "\\", "a\\", "a\\nb", "*", "?", "[a]", "{a,b}"),
    *(
        "!!",
        "#a",
        "a#b",
        "%s%n",
        "{}",
        "{0.__class__}",
        "=",
        "a=b",
        "\t",
        "@a",
        "con",
        "nul.vmdk",
        "a.",
        "...",
        "[/red]",
    ),
)
_FOR_TERMINALS = (
    *("\x1b[31mred", "\x1b]0;title\x07", "\x9b2J", "\x90q", "a\nb", "a\rb", "\x07", "\x08\x08", "\x7f", "\x85", "\x0b"),
    *("\u202egpj.kdmv", "\u2066a\u2069", "\u200ea", "\u061ca", "\u2028a", "\u2029", "\ufeffa", "\u200b", "\u00ada"),
    *("\udcff", "\udc80a", "\udce9t\udce9", "é", "e\u0301", "ｆｕｌｌ", "漢字", "😀", "ı", "ﬀ", "\U000e0041", "\ufffe"),
)
_LONG = ("x" * 255, "x" * 256, "é" * 127, "é" * 128, "x" * 4096, "x/" * 300, "../" * 200, "a" * 5000, "漢" * 85)
_ENDINGS = (
    "",
    ".vmdk",
    ".vmdk",
    ".vmx",
    "-flat.vmdk",
    "-000001.vmdk",
    ".iso",
    ".REDO_aaaaaa",
    ".pln",
    ".lck",
    ".nvram",
)


def any_name(rng: Random) -> str:
    """A name as a text inside a file may have it."""
    part = rng.choice(rng.choice((_WAYS_OUT, _FOR_SHELLS, _FOR_TERMINALS, _LONG, ODD)))
    if rng.random() < 0.2:
        part = rng.choice(("inner/", "../vm/", "./", "inner\\", "/")) + part
    return part + rng.choice(_ENDINGS) if rng.random() < 0.5 else part


def file_name(rng: Random) -> str:
    """A name that a file can have: no slash, no NUL, at most 255 bytes."""
    while True:
        part = rng.choice(rng.choice((_FOR_SHELLS, _FOR_TERMINALS, _LONG)))
        name = (part + rng.choice(_ENDINGS)).replace("/", "_")
        try:
            size = len(name.encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            continue
        if name not in {"", ".", ".."} and size <= 255:
            return name


def as_value(name: str, rng: Random) -> bytes:
    """A name as it stands between the quotes of a setting: escaped as VMware does, or raw."""
    data = name.encode("utf-8", "surrogateescape")
    if rng.random() < 0.6:
        data = b"".join(b"|%02X" % byte if byte < 32 or byte in b'"#|' else bytes([byte]) for byte in data)
    return data
