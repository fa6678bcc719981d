"""Read a VM with dissect.hypervisor: the config, and every VMDK that it names; `cold_start.py` starts this."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from dissect.hypervisor.descriptor.vmx import VMX
from dissect.hypervisor.disk.vmdk import VMDK


def main(config: Path) -> None:
    """Print the config's values and the size of each disk as JSON."""
    vmx = VMX.parse(config.read_text(encoding="utf-8", errors="replace"))
    disks = [config.parent / name for name in vmx.disks()]
    sizes = {disk.name: VMDK(disk).size for disk in disks if disk.is_file()}
    json.dump({"values": vmx.attr, "disks": sizes}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
