"""The files beside a config, listed once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folder:
    """A VM's folder and the names in it, spelt as they are."""

    path: Path
    names: tuple[str, ...]

    @classmethod
    def list(cls, path: Path) -> Folder:
        """List a folder; one that cannot be listed counts as empty, since its config was readable all the same."""
        try:
            return cls(path, tuple(sorted(os.listdir(path))))  # noqa: PTH208 names alone are wanted
        except OSError:
            return cls(path, ())

    def belonging_to(self, stems: tuple[str, ...]) -> tuple[str, ...]:
        """Names that begin with one of the stems in any case: the files of this VM where several share a folder."""
        lower = tuple(stem.lower() for stem in stems if stem)
        return tuple(name for name in self.names if name.lower().startswith(lower)) if lower else ()
