"""The answer for a name that stands for several releases, where these differ: "ready on 17.5 and later; 17.0: ..."."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from vmxtool.planner.verdict import Answer, Effort
from vmxtool.report.verdict_words import ANSWERS, EFFORTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vmxtool.planner.verdict import ReleaseAnswer, Verdict


def releases_words(result: Verdict) -> str | None:
    """Return the answers for the releases in words, the newest first.

    It is None where they are all the same, or there is one.
    """
    releases = result.releases
    labels = _without_shared_words([it.product.name for it in releases])
    told: list[str] = []
    for words, places in groupby(range(len(releases)), key=lambda at: _words(releases[at])):
        own = list(places)
        first, last = labels[own[0]], labels[own[-1]]
        if own[-1] == len(releases) - 1:
            named = f"{first}{' and later' if len(own) > 1 else ''}"
            # "Depends on 7.0" would be read as what it depends on.
            depends = releases[own[0]].verdict is Answer.DEPENDS
            told.append(f"{named}: {words}" if depends else f"{words} on {named}")
        else:
            told.append(f"{first if first == last else f'{first} to {last}'}: {words}")
    if len(told) <= 1:
        return None
    open_words = "not as it is; " if all(it.verdict is Answer.NEEDS_STEPS for it in releases) else ""
    return open_words + "; ".join(told[::-1])


def oldest_release(result: Verdict) -> str | None:
    """Return the name of the release that the rest of an answer is for; None where it is for all alike."""
    return result.releases[0].product.name if releases_words(result) is not None else None


def _words(release: ReleaseAnswer) -> str:
    if release.verdict is not Answer.NEEDS_STEPS or release.effort is None:
        return "ready" if release.verdict is Answer.READY else ANSWERS[release.verdict]
    if release.version is None:
        return EFFORTS[release.effort]
    also = "" if release.effort is Effort.REWRITE else " and a rewrite"
    return f"{EFFORTS[release.effort]}{also} to version {release.version}"


def _without_shared_words(names: Sequence[str]) -> list[str]:
    """Return names without the words that all of them begin with."""
    words = [name.split() for name in names]
    shared = 0
    while words and all(len(it) > shared + 1 for it in words) and len({it[shared] for it in words}) == 1:
        shared += 1
    return [" ".join(it[shared:]) for it in words]
