"""A VM whose disks are a pipe, a socket, a link to itself and a link out, and a folder that nobody may enter."""

import os
import stat
from pathlib import Path


def make(tree: Path) -> None:
    """Add what git cannot hold."""
    vm = tree / "vm"
    os.mkfifo(vm / "pipe.vmdk")
    os.mknod(vm / "socket.vmdk", stat.S_IFSOCK | 0o600)
    (vm / "loop.vmdk").symlink_to("loop.vmdk")
    (vm / "away.vmdk").symlink_to("../outside/base.vmdk")
    (vm / "shut").mkdir()
    (vm / "shut" / "floppy.flp").touch()
    (tree / "outside").mkdir()
    (tree / "outside" / "base.vmdk").touch()
