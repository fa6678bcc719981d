"""Find a file that ships with vmxtool: in the installed package first, in a checkout second."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from vmxtool.errors import KnowledgeError

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable


def text(folder: str, name: str) -> str:
    """The text of `grammars/name`, `samples/name` or a file inside the package.

    Raises:
        KnowledgeError: it is in neither place.
    """
    return _find(folder, name).read_text(encoding="utf-8")


def _find(folder: str, name: str) -> Traversable:
    installed = files("vmxtool") / folder / name
    if installed.is_file():
        return installed
    checkout = Path(__file__).parents[1] / folder / name
    if checkout.is_file():
        return checkout
    raise KnowledgeError(f"{folder}/{name} is missing from this installation; install vmxtool again")
