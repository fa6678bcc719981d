"""Generated rows: the same as the data files give, and read anew wherever anything behind them has changed."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from vmxtool import _resources
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
    _kept._word_of,
)


def forget() -> None:
    for cached in CACHED:
        cached.cache_clear()  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    """No rows in memory before a test or after it."""
    forget()
    yield
    forget()


def values(rows: Mapping[Any, Any]) -> list[tuple[Any, list[Any]]]:
    """Every field of every row, for rows themselves are compared by identity."""
    return [(key, [getattr(row, field) for field in row._fields]) for key, row in rows.items()]


@pytest.mark.parametrize("name", LOADERS)
def test_generated_rows_are_those_of_the_data_file(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(_kept, "_generated", lambda *_: None)
        read = LOADERS[name]()
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


def test_names_of_products_are_generated_with_the_products(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_load, "document", None)
    found = name_module.find_target("ESXi 6.7 Update 2")
    assert found.id == "esxi6.7u2"
    assert found is product_module.products()[found.id]


def test_a_changed_data_file_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    before = hardware_module.hardware_versions()[4].notes
    real = _resources.text
    changed = real("knowledge", hardware_module.FILE).replace(json.dumps(before, ensure_ascii=False), '"other notes"')
    for module, name in ((_load, "resource"), (_kept, "resource")):
        monkeypatch.setattr(
            module, name, lambda folder, file: changed if file == hardware_module.FILE else real(folder, file)
        )
    forget()
    assert before != hardware_module.hardware_versions()[4].notes == "other notes"


def is_read(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the data file of guests is read."""
    asked: list[str] = []
    real = _load.document

    def noted(name: str, text: str) -> dict[str, Any]:
        asked.append(name)
        return real(name, text)

    monkeypatch.setattr(_load, "document", noted)
    assert len(guest_module.guests()) > 100
    return guest_module.FILE in asked


def test_changed_code_reads_its_data_again(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _resources.text
    monkeypatch.setattr(_kept, "resource", lambda folder, file: real(folder, file) + "# more" * (file == "_load.py"))
    assert is_read(monkeypatch)


def test_without_the_code_the_data_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    real = _resources.text

    def compiled_only(folder: str, file: str) -> str:
        if file.endswith(".py"):
            raise KnowledgeError(f"{folder}/{file} is missing")
        return real(folder, file)

    monkeypatch.setattr(_kept, "resource", compiled_only)
    assert is_read(monkeypatch)


def test_without_a_generated_module_the_data_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_kept, "module_of", lambda _: "rows_nobody")
    assert is_read(monkeypatch)


def test_a_broken_data_file_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_load, "resource", lambda *_: "no toml")
    monkeypatch.setattr(_kept, "_generated", lambda *_: None)
    with pytest.raises(KnowledgeError, match=r"guests\.toml: not TOML"):
        guest_module.guests()


def test_generated_rows_load_no_toml_reader() -> None:
    import subprocess

    program = (
        "import sys; from vmxtool.knowledge import product_names; product_names.find_target('ws6');"
        "print('tomllib' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()
    assert told == "False"
