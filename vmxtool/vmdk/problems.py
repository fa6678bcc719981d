"""Gather what is wrong with the files of a disk, each with the places that show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.evidence import Evidence
from vmxtool.vmdk.descriptor_lines import LineProblem
from vmxtool.vmdk.headers.sparse import SparseHeader
from vmxtool.vmdk.model import Problem, ProblemKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.vmdk.descriptor import Descriptor
    from vmxtool.vmdk.headers.read import Header

# A descriptor may hold thousands of bad lines and extents; these many show what is wrong.
_MAX_OF_A_KIND = 100
_MAX_EVIDENCE = 100
_MAX_SHOWN = 120
_KNOWN_VERSIONS = (1, 2, 3)


class Problems:
    """The problems of a disk in the order in which they are met; of each kind, the first hundred."""

    def __init__(self) -> None:
        """Start with none."""
        self._found: list[Problem] = []
        self._counts: dict[ProblemKind, int] = {}

    @property
    def found(self) -> tuple[Problem, ...]:
        """All problems so far."""
        return tuple(self._found)

    def add(self, kind: ProblemKind, message: str, *evidence: Evidence, file: str | None = None) -> None:
        """Note a problem; `message` is a sentence without its full stop, `file` one whose data is not all there."""
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count <= _MAX_OF_A_KIND:
            self._found.append(Problem(kind, message + ".", evidence[:_MAX_EVIDENCE], file))

    def add_lines(self, problems: Sequence[LineProblem], file: str) -> None:
        """Note the lines of a file that are not as VMware writes them, all in one; nothing where there are none."""
        if not problems:
            return
        many = f"{len(problems)} lines" if len(problems) > 1 else "a line"
        reasons = "; ".join(dict.fromkeys(it.problem for it in problems))
        evidence = (Evidence(file, it.line, None, it.text) for it in problems)
        self.add("unknown-line", f"{quoted_name(file)} has {many} unlike any that VMware writes: {reasons}", *evidence)

    def of_descriptor(self, descriptor: Descriptor, file: str) -> None:
        """Note the odd lines and the repeated keys of a descriptor."""
        self.add_lines((*descriptor.unknown, *line_problems(descriptor)), file)
        for same in descriptor.duplicates[:_MAX_OF_A_KIND]:
            evidence = (Evidence(file, place.line, place.key, descriptor.value_of(place)) for place in same)
            self.add(
                "duplicate-key", f"{quoted_name(file)} has {quoted_name(same[0].key)} on {len(same)} lines", *evidence
            )

    def of_header(self, header: Header, file: str) -> None:
        """Note an unfinished file and a damaged header."""
        if isinstance(header, SparseHeader) and header.unfinished:
            evidence = Evidence(file, None, "magicNumber", "kdmv")
            self.add(
                "unfinished",
                f"{quoted_name(file)} was still being written when its writer stopped",
                evidence,
                file=file,
            )
        if header.problems:
            evidence = Evidence(file, None, None, "; ".join(header.problems))
            message = f"{quoted_name(file)} has a damaged header: {'; '.join(header.problems)}"
            self.add("header-damaged", message, evidence, file=file)


def line_problems(descriptor: Descriptor) -> tuple[LineProblem, ...]:
    """Return what is odd in a descriptor and still readable, besides `unknown` and `duplicates`.

    Some reader refuses each.
    """
    found = [LineProblem(extent.line, str(extent), extent.problem) for extent in descriptor.extents if extent.problem]
    if descriptor.bom:
        found.append(LineProblem(1, "", "a byte order mark before the first line"))
    if not descriptor.padding_clean:
        found.append(LineProblem(None, "", "bytes after the end of the text"))
    checks: tuple[tuple[str, bool, str], ...] = (
        ("version", descriptor.version in _KNOWN_VERSIONS, "not a descriptor version of 1 to 3"),
        ("CID", descriptor.cid is not None, "not a content ID of 1 to 8 hexadecimal digits"),
        ("parentCID", descriptor.parent_cid is not None, "not a content ID of 1 to 8 hexadecimal digits"),
    )
    for key, good, problem in checks:
        if good:
            continue
        places = descriptor.places(key)
        if places:
            text = f"{places[0].key} = {descriptor.value_of(places[0])}"
            found.append(LineProblem(places[0].line, text, problem))
        else:
            found.append(LineProblem(None, key, f"no {key} line"))
    return tuple(found)


def quoted_name(name: str) -> str:
    """Return a name from a file for a message: in quotes, control characters spelt out, cut where it is too long."""
    shown = "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in name)
    return f'"{shown}"' if len(shown) <= _MAX_SHOWN else f'"{shown[:_MAX_SHOWN]}…"'
