"""Which product made a VM: ranked candidates, each with what in the files speaks for it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from vmxtool.evidence import Evidence
from vmxtool.knowledge.products import products
from vmxtool.machine.model import OriginCandidate

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from vmxtool.knowledge.products import Product
    from vmxtool.machine.model import Controller, Drive
    from vmxtool.vmx.document import Document

# Weights are odds: how many times likelier a sign is on the families it names than on the others. Strong signs are
# things that the other families do not write at all, weak ones habits. What each product writes was counted on real
# configs of every family.
_STRONG, _MEDIUM, _WEAK = 25.0, 6.0, 2.5
_HOSTED = frozenset({"workstation", "player", "fusion", "server", "gsx", "ace"})
_ESX = frozenset({"esx"})
_MAKES_NEW = 40.0  # a product gives new VMs its default hardware version far more often than an older one
# ACE and Lab Manager were rare beside the products whose VMs they took.
_RARE = {"ace": 0.1, "labmanager": 0.05, "player": 0.5}
_SHOWN_AT_MOST = 6
_SHOWN_FROM = 0.03

_VMHBA = re.compile(r"vmhba\d+:\d+:\d+:\d+|^[^:/\\\[]+:[^:/\\]+\.(?:vmdk|dsk)$", re.IGNORECASE)
_ESX_PATH = re.compile(r"/vmfs/|^\[[^\]]+\] ", re.IGNORECASE)
_WINDOWS_PATH = re.compile(r"^[a-z]:\\|^\\\\", re.IGNORECASE)
_ESX_KEYS = ("sched.swap.derivedName", "evcCompatibilityMode", "migrate.hostLog", "vc.uuid", "viv.moid", "vm.createDate")
_HOSTED_KEYS = ("gui.exitAtPowerOff", "gui.fullScreenAtPowerOn", "proxyApps.publishToHost", "policy.vm.mvmtid", "cleanShutdown")
_SIGN_LIMIT = 8


class _Sign(NamedTuple):
    """Something seen: whom it speaks for and how strongly."""

    families: frozenset[str]
    odds: float
    evidence: Evidence
    products: frozenset[str] = frozenset()


def read_origin(
    document: Document, path: Path, hw_version: int | None, controllers: Sequence[Controller], drives: Sequence[Drive]
) -> tuple[OriginCandidate, ...]:
    """Rank the products that make VMs of this hardware version by the signs in the files; the best comes first.

    Confidence is each product's share of the odds, from 0 to 1. Where no hardware version is given nothing is ranked.
    """
    if hw_version is None:
        return ()
    signs = [*_document_signs(document, path), *_device_signs(document, controllers, drives)]
    base = document.evidence("virtualHW.version")
    scores: list[tuple[float, Product]] = []
    for product, odds in _makers(hw_version):
        score = odds
        for sign in signs:
            if product.family in sign.families or product.id in sign.products:
                score *= sign.odds
        scores.append((score, product))
    total = sum(score for score, _ in scores)
    ranked = sorted(scores, key=lambda pair: -pair[0])[:_SHOWN_AT_MOST]
    return tuple(
        OriginCandidate(
            product=product.id,
            confidence=round(score / total, 2),
            evidence=(base, *_spoken_for(product, signs)),
        )
        for score, product in ranked
        if score / total >= _SHOWN_FROM
    )


@cache
def _makers(hw_version: int) -> tuple[tuple[Product, float], ...]:
    makers: list[tuple[Product, float]] = []
    for product in products().values():
        if product.family == "hardware" or not product.creates_vms:
            continue
        share = _RARE.get(product.family, 1.0)
        if product.creates == hw_version:
            makers.append((product, _MAKES_NEW * share))
        elif hw_version in product.converts_to:
            makers.append((product, share))
    return tuple(makers)


def _spoken_for(product: Product, signs: Iterable[_Sign]) -> list[Evidence]:
    spoken = [sign.evidence for sign in signs if product.family in sign.families or product.id in sign.products]
    return spoken[:_SIGN_LIMIT]


def _document_signs(document: Document, path: Path) -> Iterator[_Sign]:
    if document.lines and document.line(1).raw.startswith(b"#!"):
        first = document.line(1).raw.rstrip().decode("ascii", "backslashreplace")
        # Linux hosts and the service console of ESX 3 write it; ESX from 4 on and Windows hosts do not.
        yield _Sign(frozenset({"gsx", "server", "workstation"}), _MEDIUM, Evidence(document.name, 1, None, first))
        yield _Sign(frozenset(), _WEAK, Evidence(document.name, 1, None, first), frozenset({"esx3"}))
    declared = document.encoding.declared
    if declared is not None and document.encoding.codec != "utf-8":
        # Only hosts that run on Windows write the code page of the host.
        windows = frozenset({"workstation", "player", "server", "gsx", "ace"})
        yield _Sign(windows, _STRONG, document.evidence(".encoding"))
    version = document.number("config.version")
    if version == 6:
        old = frozenset({"esx2", "esx2-smp", "ws4", "gsx3"})
        yield _Sign(frozenset(), _STRONG, document.evidence("config.version"), old)
    if document.get("virtualHW.productCompatibility", "").lower() == "esx":
        yield _Sign(_ESX, _STRONG, document.evidence("virtualHW.productCompatibility"))
    if path.parent.suffix.lower() == ".vmwarevm":
        yield _Sign(frozenset({"fusion"}), _STRONG, Evidence(path.parent.name))
    for key in _ESX_KEYS:
        if document.get(key):
            yield _Sign(_ESX, _MEDIUM, document.evidence(key))
    for key in _HOSTED_KEYS:
        if key in document:
            yield _Sign(_HOSTED, _WEAK, document.evidence(key))


def _device_signs(document: Document, controllers: Sequence[Controller], drives: Sequence[Drive]) -> Iterator[_Sign]:
    for controller in controllers:
        if controller.model in {"vmxbuslogic", "vmxlsilogic"}:
            old = frozenset({"esx1", "esx1.5", "esx2", "esx2-smp"})
            yield _Sign(frozenset(), _STRONG, document.evidence(f"{controller.id}.virtualDev"), old)
    for drive in drives:
        if drive.kind == "disk" and drive.file is not None:
            yield from _disk_signs(document, drive, drive.file)
    for number in range(4):
        connection = document.get(f"ethernet{number}.connectionType", "").lower()
        if connection in {"nat", "hostonly"}:
            yield _Sign(_HOSTED, _MEDIUM, document.evidence(f"ethernet{number}.connectionType"))
        elif document.get(f"ethernet{number}.networkName"):
            yield _Sign(_ESX, _MEDIUM, document.evidence(f"ethernet{number}.networkName"))
    if document.flag("sound.present", False):
        yield _Sign(_HOSTED, _MEDIUM, document.evidence("sound.present"))
    if (document.number("numvcpus") or 1) > 1:
        smp = frozenset(product.id for product in products().values() if product.smp)
        yield _Sign(frozenset(), _STRONG, document.evidence("numvcpus"), smp)


def _disk_signs(document: Document, drive: Drive, file: str) -> Iterator[_Sign]:
    key = f"{drive.id}.fileName" if f"{drive.id}.fileName" in document else f"{drive.id}.name"
    if key.endswith(".name"):
        yield _Sign(
            frozenset(), _STRONG, document.evidence(key), frozenset({"esx1", "esx1.5", "esx2", "esx2-smp"})
        )
    if _ESX_PATH.search(file) or (_VMHBA.search(file) and not _WINDOWS_PATH.match(file)):
        yield _Sign(_ESX, _STRONG, document.evidence(key))
    elif _WINDOWS_PATH.match(file):
        yield _Sign(_HOSTED, _STRONG, document.evidence(key))
    if drive.chain is not None and drive.chain.links:
        link = drive.chain.links[-1]
        if link.format == "esx":
            yield _Sign(_ESX, _STRONG, Evidence(link.file, None, "createType", link.create_type))
        elif link.format == "hosted":
            yield _Sign(_HOSTED, _STRONG, Evidence(link.file, None, "createType", link.create_type))
    if drive.bus == "ide":
        yield _Sign(_HOSTED, _WEAK, document.evidence(f"{drive.id}.present"))
