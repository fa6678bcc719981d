"""Rows kept between runs: the same rows as the data files give, and read anew whenever anything behind them changed."""

from __future__ import annotations

import json
import marshal
import sys
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import pytest

from vmxtool import _cache, _resources
from vmxtool.errors import KnowledgeError
from vmxtool.knowledge import _kept, _load
from vmxtool.knowledge import devices as device_module
from vmxtool.knowledge import guest_options as option_module
from vmxtool.knowledge import guests as guest_module
from vmxtool.knowledge import hardware as hardware_module
from vmxtool.knowledge import product_names as name_module
from vmxtool.knowledge import products as product_module

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LOADERS: dict[str, Callable[[], Mapping[Any, Any]]] = {
    "guest": guest_module.guests,
    "guestoptions": option_module.guest_options,
    "devicerule": device_module.devices,
    "hardwareversion": hardware_module.hardware_versions,
    "product": product_module.products,
}
CACHED = (
    *LOADERS.values(),
    guest_module._by_name,
    device_module._index,
    name_module._names,
    product_module.shipped,
)


def forget() -> None:
    for cached in CACHED:
        cached.cache_clear()  # type: ignore[attr-defined]


@pytest.fixture
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A cache folder of its own for one test, with no rows in memory before or after."""
    monkeypatch.setattr(_cache, "user_folder", lambda: tmp_path)
    forget()
    yield tmp_path / "vmxtool"
    forget()


def values(rows: Mapping[Any, Any]) -> list[tuple[Any, list[Any]]]:
    """Every field of every row, for rows themselves are compared by identity."""
    return [(key, [getattr(row, field.name) for field in fields(row)]) for key, row in rows.items()]


@pytest.mark.parametrize("name", LOADERS)
def test_kept_rows_are_those_of_the_data_file(caches: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = LOADERS[name]()
    assert [place.name.partition("-")[0] for place in caches.iterdir() if place.name.startswith(f"{name}-")] == [name]
    forget()

    def refuse(*_: object) -> dict[str, Any]:
        raise AssertionError("a data file is read again")

    monkeypatch.setattr(_load, "document", refuse)
    kept = LOADERS[name]()
    assert kept is not read
    assert values(kept) == values(read)
    assert [list(map(type, cells)) for _, cells in values(kept)] == [
        list(map(type, cells)) for _, cells in values(read)
    ]


def test_names_of_products_are_kept_with_the_products(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name_module.find_target("ESXi 6.7 Update 2")
    assert len(list(caches.glob("word-*"))) == 1
    forget()
    monkeypatch.setattr(_load, "document", None)
    found = name_module.find_target("ESXi 6.7 Update 2")
    assert found.id == "esxi6.7u2"
    assert found is product_module.products()[found.id]


def test_a_changed_data_file_is_read(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = hardware_module.hardware_versions()[4].notes
    real = _resources.text
    changed = real("knowledge", hardware_module.FILE).replace(json.dumps(before, ensure_ascii=False), '"other notes"')
    for module, name in ((_load, "resource"), (_kept, "resource")):
        monkeypatch.setattr(
            module, name, lambda folder, file: changed if file == hardware_module.FILE else real(folder, file)
        )
    forget()
    assert before != hardware_module.hardware_versions()[4].notes == "other notes"
    assert len(list(caches.glob("hardwareversion-*"))) == 2


def test_changed_code_reads_its_data_again(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    guest_module.guests()
    real = _resources.text
    monkeypatch.setattr(_kept, "resource", lambda folder, file: real(folder, file) + "# more" * (file == "_load.py"))
    forget()
    guest_module.guests()
    assert len(list(caches.glob("guest-*"))) == 2


def test_without_the_code_nothing_is_kept(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = _resources.text

    def compiled_only(folder: str, file: str) -> str:
        if file.endswith(".py"):
            raise KnowledgeError(f"{folder}/{file} is missing")
        return real(folder, file)

    monkeypatch.setattr(_kept, "resource", compiled_only)
    assert len(guest_module.guests()) > 100
    assert not caches.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not marshal",
        marshal.dumps(7),
        marshal.dumps([]),
        marshal.dumps([7]),
        marshal.dumps([[]]),
        marshal.dumps([["winxppro"] * 16]),
        marshal.dumps([["winxppro"] * 17]),
    ],
    ids=str,
)
def test_what_are_no_rows_is_read_anew(caches: Path, content: bytes) -> None:
    read = values(guest_module.guests())
    (place,) = caches.glob("guest-*")
    place.write_bytes(_cache._digest(content) + content)
    forget()
    assert values(guest_module.guests()) == read


def test_a_broken_data_file_is_told_and_nothing_is_kept(caches: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_load, "resource", lambda *_: "no toml")
    with pytest.raises(KnowledgeError, match=r"guests\.toml: not TOML"):
        guest_module.guests()
    assert not caches.exists()


def test_rows_that_are_kept_load_no_toml_reader(caches: Path) -> None:
    import subprocess

    program = (
        "import sys; from pathlib import Path; from vmxtool import _cache; from vmxtool.knowledge import product_names;"
        f"_cache.user_folder = lambda: Path({str(caches.parent)!r}); product_names.find_target('ws6');"
        "print('tomllib' in sys.modules)"
    )
    told = [
        subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
        for _ in range(2)
    ]
    assert told == ["True", "False"]
