"""Whether a VM goes to another host than its own, and how the config spells what it leaves there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.knowledge.products import products

if TYPE_CHECKING:
    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case
    from vmxtool.vmx.document import Document


def has_new_host(case: Case) -> bool:
    """Return whether the target is a product on a host, and not the one that made the VM.

    With the product that made it a VM has run, and what it asks of a host was there: that is not asked about. What it
    leaves behind is told all the same, since a plan copies it from one host to another, whatever product they have.
    Where nothing tells who made it, any product is another.
    """
    if not case.is_place:
        return False
    origins = case.guide.origins if case.guide is not None else tuple(it.product for it in case.vm.origin)
    return not origins or products()[origins[0]].row != case.target.row


def first_words(vm: Machine) -> frozenset[str]:
    """Return the words that a config's settings begin with, such as "serial0", in lower case; gathered once a VM."""
    found = vm.memo.get(first_words)
    if not isinstance(found, frozenset):
        found = vm.memo[first_words] = frozenset([key.partition(".")[0] for key in vm.config.document.folded()])
    return found


def spelled(document: Document, key: str) -> str:
    """Return the device of a setting of the config as the file spells it: "pciPassthru0" of its key in lower case."""
    return document.spelling(key).rpartition(".")[0]
