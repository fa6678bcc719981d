"""Folders as values: built, taken from disk, written to disk, and pictured so that two states can be compared."""

from __future__ import annotations

import base64
import os
import re
import shutil
import stat
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

Kind = Literal["file", "folder", "link", "fifo", "socket"]

LONG_AGO_NS = 10**18
_DRAFT = re.compile(r"\.vmxtool-[0-9]{4,8}-[0-9]+\.tmp")
_WHOLE = 2**18  # bytes of a file that a picture looks at, from each end


@dataclass(frozen=True, slots=True)
class Node:
    """What lies at a path of a tree.

    Attributes:
        kind: what it is.
        data: the bytes of a file, without the zeros at its end.
        size: the size of a file.
        target: what a link says.
        mode: rights other than the usual ones.
    """

    kind: Kind = "file"
    data: bytes = b""
    size: int = 0
    target: str = ""
    mode: int | None = None


# Paths have "/" between their parts; bytes that are no UTF-8 stand in them as Python's `surrogateescape` has them.
Tree = dict[str, Node]


def file(data: bytes, size: int = 0) -> Node:
    """A file; what is missing up to `size` is zeros, which lie in memory and on disk as nothing."""
    held = data.rstrip(b"\0")
    return Node("file", held, max(len(data), size))


def take(root: Path) -> Tree:
    """The tree that lies in a folder."""
    tree: Tree = {}
    for folder, folders, names in os.walk(root):
        for name in sorted((*folders, *names)):
            path = Path(folder, name)
            status = path.lstat()
            place = str(path.relative_to(root))
            if stat.S_ISLNK(status.st_mode):
                tree[place] = Node("link", target=str(path.readlink()))
            elif stat.S_ISDIR(status.st_mode):
                tree[place] = Node("folder")
            elif stat.S_ISREG(status.st_mode):
                tree[place] = file(path.read_bytes())
            elif stat.S_ISFIFO(status.st_mode):
                tree[place] = Node("fifo")
            else:
                tree[place] = Node("socket")
    return dict(sorted(tree.items()))


def make(tree: Tree, root: Path) -> None:
    """Write a tree to an empty folder; what the system does not take, such as too long a name, is left out."""
    root.mkdir(parents=True, exist_ok=True)
    real_root = root.resolve()
    made: list[tuple[Path, Node]] = []
    for place, node in sorted(tree.items()):
        path = root / place
        try:
            # A link that was made before may lead out: nothing is ever made through one.
            if os.path.realpath(path.parent) != str(real_root / Path(place).parent):
                continue
            path.parent.mkdir(parents=True, exist_ok=True)
            _make_one(path, node)
        except (OSError, ValueError):
            continue
        made.append((path, node))
    # Folders last, and the inner before the outer: what is made in one changes its time, its rights keep others out.
    for path, node in reversed(made):
        if node.kind != "link":
            os.utime(path, ns=(LONG_AGO_NS, LONG_AGO_NS))
            if node.mode is not None:
                path.chmod(node.mode)


def _make_one(path: Path, node: Node) -> None:
    if node.kind == "folder":
        path.mkdir(exist_ok=True)
    elif os.path.lexists(path):
        return
    elif node.kind == "link":
        path.symlink_to(node.target)
    elif node.kind == "fifo":
        os.mkfifo(path)
    elif node.kind == "socket":
        os.mknod(path, stat.S_IFSOCK | 0o600)
    else:
        with path.open("wb") as stream:
            stream.write(node.data)
            stream.truncate(max(node.size, len(node.data)))


def remove(root: Path) -> None:
    """Remove a tree from disk, whatever rights its folders have."""
    for folder, folders, _ in os.walk(root):
        for name in folders:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(0o700)
    shutil.rmtree(root, ignore_errors=True)


# --- pictures


@dataclass(frozen=True, slots=True)
class Look:
    """How a path looks: what `lstat` says, what a link says, and the bytes."""

    mode: int
    owner: tuple[int, int]
    size: int
    mtime_ns: int
    target: str
    digest: str


Picture = dict[str, Look]


def picture(root: Path, *, leave_out: str | None = None) -> Picture:
    """How everything in a folder looks, but for what lies in folders of one name."""
    looks: Picture = {}
    for folder, folders, names in os.walk(root):
        if leave_out in folders:
            folders.remove(leave_out)
        for name in (*folders, *names):
            path = Path(folder, name)
            if name != leave_out:
                looks[str(path.relative_to(root))] = _look(path)
    return looks


def without_folder_times(looks: Picture) -> Picture:
    """A picture to which it does not matter that names came and went in a folder."""
    return {
        place: replace(look, mtime_ns=0, size=0) if stat.S_ISDIR(look.mode) else look for place, look in looks.items()
    }


def differences(before: Picture, after: Picture) -> list[str]:
    """What differs between two pictures, in words."""
    # What a rewrite that died left beside the files is vmxtool's own, and goes with the next one.
    gone = (place for place in before.keys() - after.keys() if not _DRAFT.fullmatch(Path(place).name))
    told = [f"{place!r} is gone" for place in gone]
    told += [f"{place!r} is new" for place in after.keys() - before.keys()]
    for place in before.keys() & after.keys():
        old, new = before[place], after[place]
        for name in Look.__slots__:
            if getattr(old, name) != getattr(new, name):
                told.append(f"{place!r} has another {name}: {getattr(old, name)!r}, now {getattr(new, name)!r}")
    return sorted(told)


def _look(path: Path) -> Look:
    try:
        status = path.lstat()
    except PermissionError:  # in a folder that may be listed and not entered
        return Look(0, (0, 0), 0, 0, "", "unreachable")
    is_link, is_file = stat.S_ISLNK(status.st_mode), stat.S_ISREG(status.st_mode)
    return Look(
        status.st_mode,
        (status.st_uid, status.st_gid),
        status.st_size,
        0 if is_link else status.st_mtime_ns,
        str(path.readlink()) if is_link else "",
        _digest(path, status.st_size) if is_file else "",
    )


def _digest(path: Path, size: int) -> str:
    try:
        with path.open("rb") as stream:
            found = sha256(stream.read(_WHOLE))
            if size > _WHOLE:
                stream.seek(max(_WHOLE, size - _WHOLE))
                found.update(stream.read(_WHOLE))
    except OSError:
        return "unreadable"
    return found.hexdigest()


# --- as JSON, for the way to another process


def to_json(tree: Tree) -> Any:
    """A tree as a value that JSON can hold."""
    return [
        [place, node.kind, base64.b64encode(node.data).decode(), node.size, node.target, node.mode]
        for place, node in tree.items()
    ]


def from_json(value: Any) -> Tree:
    """The tree that `to_json` made a value of."""
    return {
        place: Node(kind, base64.b64decode(data), size, target, mode) for place, kind, data, size, target, mode in value
    }
