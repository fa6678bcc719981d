"""How long the search for routes takes at worst: between all pairs of products, and for a config of three lines.

Run it as `.venv/bin/python tests/benchmarks/routes.py [--products ID ...]`. Every question is asked cold: what the
planner keeps from one search to the next is thrown away before each, while modules and data are loaded. The slowest are
asked again, the best of three times, so that a busy machine does not count.
"""

from __future__ import annotations

import argparse
import gc
import sys
import time
from functools import _lru_cache_wrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from build import write_config

import vmxtool
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.product import HARDWARE
from vmxtool.knowledge.products import products
from vmxtool.knowledge.runs import is_written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

LIMIT_SECONDS = 0.5
_AGAIN = 3
_SHOWN = 10

Question = tuple[str, "Callable[[], object]"]
"""What is asked, in words and as a call."""


def main() -> None:
    """Measure and print one table for each kind of question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--products", nargs="*", metavar="ID", help="only these (default: all)")
    wanted = parser.parse_args().products
    names = wanted or [product.id for product in products().values() if product.family != HARDWARE]
    report("route between two products, no VM", pairs(names))
    with TemporaryDirectory() as scratch:
        report("routes of check, config of three lines", small_configs(Path(scratch), names))


def pairs(names: Iterable[str]) -> Iterator[Question]:
    """Every product asked for a route to every product."""
    known = list(names)
    for origin in known:
        for target in known:
            yield f"{origin} to {target}", lambda origin=origin, target=target: vmxtool.route(None, target, origin)  # type: ignore[misc]


def small_configs(folder: Path, names: Iterable[str]) -> Iterator[Question]:
    """A config of three lines for each hardware version, checked on every product, with the routes looked for."""
    targets = list(names)
    for version in filter(is_written, hardware_versions()):
        vm = vmxtool.inspect(write_config(folder / f"hw{version}", hw=version))
        for target in targets:
            yield f"version {version} to {target}", lambda vm=vm, target=target: vmxtool.check(vm, target).routes  # type: ignore[misc]


def report(title: str, questions: Iterable[Question]) -> None:
    """Print how many questions there are, how long they take, and the slowest."""
    asked = list(questions)
    asked[0][1]()  # loads modules and data
    caches = kept()
    took = [(cold(ask, caches), words, ask) for words, ask in asked]
    took.sort(key=lambda it: -it[0])
    slowest = [(min(cold(ask, caches) for _ in range(_AGAIN)), words) for _, words, ask in took[: 3 * _SHOWN]]
    over = sum(seconds > LIMIT_SECONDS for seconds, _ in slowest)
    mean = sum(seconds for seconds, *_ in took) / len(took)
    print(f"{title}: {len(took)} questions, {mean * 1000:.0f} ms on average")
    print(f"  over {LIMIT_SECONDS} s: {over} of the {len(slowest)} slowest")
    for seconds, words in sorted(slowest, reverse=True)[:_SHOWN]:
        print(f"  {seconds * 1000:7.0f} ms  {words}")


def kept() -> list[_lru_cache_wrapper[object]]:
    """What the planner keeps from one search to the next."""
    caches = (it for it in gc.get_objects() if isinstance(it, _lru_cache_wrapper))
    return [it for it in caches if str(getattr(it, "__module__", "")).startswith("vmxtool.planner")]


def cold(ask: Callable[[], object], caches: Iterable[_lru_cache_wrapper[object]]) -> float:
    """How many seconds a question takes when nothing is kept."""
    for cache in caches:
        cache.cache_clear()
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
