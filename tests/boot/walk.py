"""Boot, rewrite, boot, undo, boot: what a guest says before a rewrite, after it, and once it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from boot.disks import digests
from boot.qemu import start
from boot.wiring import settings_of

import vmxtool

if TYPE_CHECKING:
    from pathlib import Path

    from boot.qemu import Console

    from vmxtool.rewriter.rewrite import Rewrite


class Walk(NamedTuple):
    """What the guest said at each start, the rewrite between them, and the config's settings after it."""

    before: Console
    after: Console
    undone: Console
    rewrite: Rewrite
    settings: dict[str, str]

    @property
    def consoles(self) -> tuple[Console, Console, Console]:
        return self.before, self.after, self.undone

    def said(self, key: str) -> list[str | None]:
        """What the guest said of one thing, start by start."""
        return [console.said.get(key) for console in self.consoles]


def walk(config: Path, **wish: Any) -> Walk:
    """Start a VM, rewrite it, start it, undo the rewrite and start it again.

    Args:
        config: the VM's config.
        wish: what the rewrite is asked for, as `vmxtool.plan_rewrite` takes it.
    """
    found = digests(config.parent)
    before = start(config)
    rewrite = rewritten(config, **wish)
    after, settings = start(config), settings_of(config)
    vmxtool.undo(config)
    assert digests(config.parent) == found, "undo gives back other bytes"
    return Walk(before, after, start(config), rewrite, settings)


def rewritten(config: Path, **wish: Any) -> Rewrite:
    """Rewrite a VM's files; they do change."""
    rewrite = vmxtool.plan_rewrite(config, **wish)
    assert not rewrite.refused, [finding.message for finding in rewrite.refused]
    assert rewrite.apply() is not None, "there was nothing to rewrite"
    return rewrite
