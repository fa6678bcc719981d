"""SEC8xx: encryption and policies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.rules._registry import Hit, target_rule
from vmxtool.rules._remedies import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Machine


@target_rule("SEC801", "encrypted", Severity.BLOCKER, "view-open-client:lib/bora/user/dictionary.c")
def encrypted(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM is encrypted.

    Where the whole config is encrypted its devices cannot be seen, so nothing about a target can be said. Where only
    keys are, products that know no encryption cannot open the disks. Decrypt the VM in the product that encrypted it.
    """
    if vm.encryption == "full":
        message = "the config is encrypted, so its devices cannot be judged"
    elif vm.encryption == "partial":
        message = f"the VM is partly encrypted; {to.name} may not open it"
    else:
        return
    yield Hit(
        message,
        vm.encryption_evidence,
        by_hand("remove the encryption in the product that made it"),
        Severity.WARNING if vm.encryption == "partial" and (to.runs_max or 0) >= 18 else None,
    )


@target_rule("SEC802", "ace-policy", Severity.WARNING, "mpg:p12")
def ace_policy(vm: Machine, to: Product) -> Iterator[Hit]:
    """The VM shows signs of VMware ACE policies.

    A VM made in ACE leaves it for other products only if it was not added to a package and has no policies set.
    """
    if to.family == "ace":
        return
    document = vm.config.document
    keys = [key for key in document.folded() if key.startswith("policy.") and document[key]]
    if keys:
        yield Hit(
            "the VM has ACE policies; only one without a package and policies leaves ACE",
            tuple(document.evidence(key) for key in keys[:5]),
            by_hand("remove the policies in ACE, and use a VM that was not added to a package"),
        )
