"""DEV7xx: graphics of a VM, and what its host has to have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vmxtool.findings import Severity
from vmxtool.knowledge.features import features
from vmxtool.rules.new_host import has_new_host
from vmxtool.rules.registry import About, Hit, manual, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vmxtool.machine.model import Machine
    from vmxtool.rules.case import Case

_RENDERER, _ON = "mks.use3dRenderer", "mks.enable3d"
_ROW = "graphics-3d"  # of devices.toml


def _has_3d(vm: Machine) -> bool:
    return vm.config.document.flag(_ON, False)


@rule(
    "DEV714",
    "renderer-needs-graphics-card",
    Severity.UNKNOWN,
    about=About.TARGET,
    sources=("vsphere-3d-docs",),
    only_if=lambda vm: _has_3d(vm) and vm.config.document.get(_RENDERER, "").lower() == "hardware",
    short="whether the host has a graphics card",
)
def renderer_needs_graphics_card(case: Case) -> Iterator[Hit]:
    """The VM's 3D graphics are to be drawn by a graphics card of its host.

    With the renderer "hardware" ESX starts the VM only on a host with such a card and its driver. "automatic" uses a
    card where there is one, and "software" never.
    """
    to = case.target
    if (
        _ROW in case.now.devices
        and _ROW not in case.lost
        and has_new_host(case)
        and features()["has-3d-renderers"].holds(to)
    ):
        document = case.vm.config.document
        yield Hit(
            f"has the host of {to.name} a graphics card that VMs can use? If it has, the VM starts; if not, it does "
            "not, unless its renderer is changed",
            (document.evidence(_RENDERER),),
            manual(f'set {document.spelling(_RENDERER)} = "automatic" where the host has none'),
        )


@rule(
    "DEV715",
    "graphics-by-the-host",
    Severity.INFO,
    about=About.TARGET,
    sources=("no-3d-article",),
    only_if=_has_3d,
    only_on=lambda to: not to.esx,
    messages=(
        ("No 3D support is available from the host.", "no-3d-article"),
        ("Hardware graphics acceleration is not available.", "no-3d-article"),
    ),
)
def graphics_by_the_host(case: Case) -> Iterator[Hit]:
    """3D graphics are on in a VM of ESX, and hosted products draw them with the graphics card of the host.

    ESX draws them by itself where its host has no card. On another host without one, or with a driver that the product
    does not take, the VM starts without 3D and says that no 3D support is available from the host. Some drivers of
    Linux are left out on purpose; a setting admits them.
    """
    made_by = case.made_by
    if made_by is None or not made_by.esx:
        return
    if case.is_place and _ROW in case.now.devices and _ROW not in case.lost:
        yield Hit(
            f"3D graphics are on; {case.target.name} draws them with the graphics card of its host, and starts the VM "
            "without them where it cannot",
            (case.vm.config.document.evidence(_ON),),
            manual('on Linux, set mks.gl.allowBlacklistedDrivers = "TRUE" where the driver is one that is left out'),
        )
