"""A virtual disk from the file that the VM names down to its base."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from vmxtool import _files
from vmxtool._record import Record
from vmxtool.evidence import Evidence
from vmxtool.vmdk import paths
from vmxtool.vmdk.link import LinkReader
from vmxtool.vmdk.model import ExtentFile, Link, Problem
from vmxtool.vmdk.problems import quoted_name

if TYPE_CHECKING:
    from pathlib import Path

    from vmxtool.vmdk.problems import Problems

__all__ = ["MAX_DEPTH", "Chain", "ExtentFile", "Link", "Problem", "read_chain"]

# VMware's disk library has a limit too, and answers "too many redo logs" (VDDK error 16028).
MAX_DEPTH = 64


class Chain(Record):
    """A disk with all that it rests on.

    Attributes:
        links: the file that the VM names first, its parent next, the base last; empty where nothing could be read.
        problems: what is wrong, in the order in which it was met.
    """

    links: tuple[Link, ...]
    problems: tuple[Problem, ...]

    @property
    def top(self) -> Link | None:
        """The link that the VM names, or None."""
        return self.links[0] if self.links else None

    @property
    def capacity_sectors(self) -> int | None:
        """Capacity in sectors of 512 bytes, as the top link has it, or None."""
        return self.links[0].capacity_sectors if self.links else None

    @property
    def capacity_bytes(self) -> int | None:
        """Capacity in bytes, or None."""
        return self.links[0].capacity_bytes if self.links else None

    @property
    def adapter_link(self) -> Link | None:
        """The newest link that says for which adapter the disk was made; that one counts (Virtual Disk Format 5.0)."""
        return next((link for link in self.links if link.adapter is not None), None)

    @property
    def adapter(self) -> str | None:
        """The adapter the disk was made for, as it is spelt: "ide", "buslogic", "lsilogic", "legacyESX", or None."""
        link = self.adapter_link
        return None if link is None else link.adapter

    @property
    def hw_version(self) -> int | None:
        """The virtual hardware version of the newest link that has one, or None."""
        return next((link.hw_version for link in self.links if link.hw_version is not None), None)

    @property
    def unclean_shutdown(self) -> bool:
        """Whether a file of any link was not closed."""
        return any(link.unclean_shutdown for link in self.links)

    @property
    def incomplete(self) -> tuple[str, ...]:
        """The files that are there, and whose data is not all there."""
        return tuple(dict.fromkeys(problem.file for problem in self.problems if problem.file is not None))

    @property
    def encrypted(self) -> bool:
        """Whether any link is encrypted."""
        return any(link.encrypted for link in self.links)


def read_chain(path: Path, *, folder: Path, name: str | None = None) -> Chain:
    """Read a disk and every parent of it.

    Nothing that is wrong with a disk is an exception: it is a problem of the chain.

    Args:
        path: the disk's file.
        folder: the VM's folder; no file outside it is opened, whatever its files say.
        name: how the file is called for the reader, if not by its place in the folder.
    """
    reader = LinkReader(folder)
    file = paths.shown(path, folder) if name is None else name
    links = _links(reader, path, file)
    _compare(links, reader.problems)
    return Chain(tuple(links), reader.problems.found)


def _links(reader: LinkReader, path: Path, file: str) -> list[Link]:
    problems, links = reader.problems, list[Link]()
    seen: set[tuple[int, int] | None] = set()
    status = _files.status_of(path)
    if status is None:
        problems.add("missing", f"{quoted_name(file)} is not there", Evidence(file))
        return links
    if not _files.is_inside(reader.folder, path):
        problems.add(
            "outside", f"{quoted_name(file)} is outside the VM's folder, where nothing is opened", Evidence(file)
        )
        return links
    while True:
        identity = None if status is None else (status.st_dev, status.st_ino)
        if identity in seen:
            problems.add("loop", f"{quoted_name(file)} is its own ancestor", *_hint(links[-1]))
            return links
        if len(links) == MAX_DEPTH:
            problems.add(
                "too-deep",
                f"{quoted_name(links[0].file)} is based on more than {MAX_DEPTH - 1} others",
                *_hint(links[-1]),
            )
            return links
        link = reader.read(path, file, status)
        if link is None:
            return links
        links.append(link)
        seen.add(identity)
        parent = _parent_of(link, reader)
        if parent is None:
            return links
        path, file, status = parent, paths.shown(parent, reader.folder), _files.status_of(parent)


def _parent_of(link: Link, reader: LinkReader) -> Path | None:
    """Return the file of a link's parent; None for a base, and where it cannot be reached, which is a problem."""
    if not link.is_child:
        return None
    if link.parent_hint is None:
        problem = f"{quoted_name(link.file)} is based on another disk and does not name it"
        reader.problems.add("missing", problem, *(link.evidence("parentCID") or (Evidence(link.file),)))
        return None
    place = paths.locate(link.parent_hint, link.path.parent, reader.folder)
    if place.path is not None:
        return place.path
    named = f"{quoted_name(link.file)} is based on {quoted_name(link.parent_hint)}"
    if place.outside and place.exists:
        problem = f"{named}, which is outside the VM's folder and was not opened"
        reader.problems.add("outside", problem, *_hint(link))
    elif place.outside:
        reader.problems.add(
            "outside", f"{named}, which is not in the VM's folder, and not in its old place either", *_hint(link)
        )
    else:
        reader.problems.add("missing", f"{named}, which is not there", *_hint(link))
    return None


def _compare(links: list[Link], problems: Problems) -> None:
    """Note where links do not fit each other."""
    for child, parent in pairwise(links):
        expected, found = child.parent_cid, parent.cid
        if expected is not None and found is not None and expected != found:
            was, now = f"had CID {expected:08x}", f"it has {found:08x}"
            message = f"{quoted_name(child.file)} was made when {quoted_name(parent.file)} {was}; now {now}"
            problems.add("cid-mismatch", message, *child.evidence("parentCID"), *parent.evidence("CID"))
        if (
            None not in {child.capacity_sectors, parent.capacity_sectors}
            and child.capacity_sectors != parent.capacity_sectors
        ):
            message = (
                f"{quoted_name(child.file)} has {child.capacity_sectors} sectors, its parent "
                f"{quoted_name(parent.file)} {parent.capacity_sectors}"
            )
            problems.add("capacity-mismatch", message, Evidence(child.file), Evidence(parent.file))
    places_of = [place for link in links for place in link.adapter_evidence]
    adapters = list(dict.fromkeys((place.value or "").lower() for place in places_of))
    if len(adapters) > 1:
        message = f"{quoted_name(links[0].file)} is made for several adapters: {', '.join(map(quoted_name, adapters))}"
        problems.add("adapter-conflict", message, *places_of)


def _hint(link: Link) -> tuple[Evidence, ...]:
    stated = link.evidence("parentFileNameHint")
    return stated or (Evidence(link.file, None, "parentFileNameHint", link.parent_hint),)
