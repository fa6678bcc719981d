"""The descriptors of one chain as text: how much of it may be read, and what each says of its link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.vmdk.descriptor import MAX_BYTES, MAX_LINES
from vmxtool.vmdk.formats import format_of
from vmxtool.vmdk.model import Link
from vmxtool.vmdk.problems import quoted_name

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool._files import OpenFile
    from vmxtool.vmdk.descriptor import Descriptor
    from vmxtool.vmdk.model import Location
    from vmxtool.vmdk.problems import Problems


class ChainTexts:
    """Reads the texts of one chain, and allows all of them together the lines of the longest one."""

    def __init__(self, problems: Problems) -> None:
        """Begin with nothing read; `problems` takes what is too long."""
        self._problems = problems
        self._lines_left = MAX_LINES

    def whole(self, file: str, head: bytes, stream: OpenFile) -> bytes | None:
        """Return all of a text file, or None where it is larger than any descriptor; then that is a problem."""
        data = head
        if stream.size > len(head):
            if stream.size > MAX_BYTES:
                problem = f"{quoted_name(file)} has {stream.size} bytes, more than any descriptor"
                self._problems.add("unreadable", problem, Evidence(file))
                return None
            data = stream.read(0, MAX_BYTES)
        return data if self.may_parse(data, file) else None

    def may_parse(self, data: bytes, file: str) -> bool:
        """Return whether so many lines more may be read for this chain; if not, that is a problem."""
        lines = data.count(b"\n") + 1
        if lines > self._lines_left:
            self._problems.add("unreadable", f"{quoted_name(file)} has more lines than any descriptor", Evidence(file))
            return False
        self._lines_left -= lines
        return True


def describe_link(file: str, path: Path, location: Location, descriptor: Descriptor) -> Link:
    """Return what a descriptor alone says of a link."""
    hw_version = descriptor.ddb.get("virtualHWVersion", "")
    return Link(
        file,
        path,
        location,
        create_type=descriptor.create_type,
        format=format_of(descriptor.create_type, (extent.type for extent in descriptor.extents)),
        adapter=descriptor.ddb.get("adapterType") or None,
        hw_version=int(hw_version) if hw_version.isdecimal() and len(hw_version) < 4 else None,
        cid=descriptor.cid,
        parent_cid=descriptor.parent_cid,
        parent_hint=descriptor.parent_file_name_hint,
        change_tracking=descriptor.change_track_path,
        encrypted=descriptor.encrypted,
        descriptor=descriptor,
    )
