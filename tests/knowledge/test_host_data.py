"""What VMware has set aside of network addresses, and what VMs ask of hosts: shipped rows, and broken ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.host_needs import host_needs, lacks_driver, read_needs
from vmxtool.knowledge.mac_addresses import address_number, address_ranges, range_of, read_ranges
from vmxtool.knowledge.sources import source

RANGE = (
    '[[range]]\nid = "x"\nfirst = "00:50:56:00:00:00"\nlast = "00:50:56:3f:ff:ff"\nuse = "manual"\nsource = "general"\n'
    "checked = 2026-11-30\n"
)
NEED = (
    '[[need]]\nid = "x"\nkeys = ["vhv.enable"]\nvalue = "on"\ndevice = ""\ngroup = "g"\nwants = "w"\noffered = "o"\n'
    'set = "FALSE"\nloses = ""\nsource = "general"\nchecked = 2026-11-30\n'
)


@given(st.integers(0, 2**48 - 1), st.sampled_from(":-"), st.booleans())
def test_an_address_is_the_number_of_its_digits(number: int, between: str, upper: bool) -> None:
    text = number.to_bytes(6, "big").hex(between)
    assert address_number(text.upper() if upper else text) == number


@pytest.mark.parametrize("text", ["", "00:50:56:00:00", "00:50:56:00:00:0g", "005056000000", "00:50:56:00:00:00:00"])
def test_what_is_no_address_has_no_number(text: str) -> None:
    assert address_number(text) is None


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("00:50:55:ff:ff:ff", None),
        ("00:50:56:00:00:00", "manual"),
        ("00:50:56:3F:FF:FF", "manual"),
        ("00:50:56:40:00:00", "kernel"),
        ("00:50:56:80:00:00", "vcenter"),
        ("00:50:56:ff:ff:ff", "hosts"),
        ("00:0c:29:00:00:00", "generated"),
        ("00:0c:2a:00:00:00", None),
    ],
)
def test_an_address_is_in_the_range_of_its_use(address: str, name: str | None) -> None:
    number = address_number(address)
    assert number is not None
    found = range_of(number)
    assert (found.id if found else None) == name


@pytest.mark.parametrize(
    ("key", "value", "asks"),
    [
        ("vpmc.enable", "TRUE", "performance-counters"),
        ("vpmc.enable", "FALSE", None),
        ("featmask.vm.cpuid.avx2", "Min:1", "processor-features"),
        ("featmask.vm.cpuid.avx2", "Min:0x1", "processor-features"),
        ("featmask.vm.cpuid.avx2", "Min:0", None),
        ("featmask.vm.cpuid.model", "Val:0x9e", None),
        ("featmask.vm.cpuid.avx2", "Max:0", None),
        ("featmask.vm.hv.capable", "Min:1", "nested-capable"),
        ("monitor.virtual_exec", "Hardware", "hardware-execution"),
        ("monitor.virtual_exec", "software", None),
    ],
)
def test_a_setting_asks_something_of_the_host(key: str, value: str, asks: str | None) -> None:
    assert [it.id for it in host_needs() if it.asked_by(key, value)] == ([asks] if asks else [])


@pytest.mark.parametrize(("guest", "lacks"), [("windows7-64", True), ("winXPPro", True), ("windows8-64", False)])
def test_a_guest_lacks_a_driver(guest: str, lacks: bool) -> None:
    assert lacks_driver("usb_xhci", guest) is lacks


def test_every_source_is_known() -> None:
    assert all(source(reference) for row in (*address_ranges(), *host_needs()) for reference in row.sources)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("00:50:56:00:00:00", "00:50:56", "column first: an address such as"),
        ("00:50:56:00:00:00", "00:50:57:00:00:00", "column first: the lower address comes first"),
        (RANGE, RANGE + RANGE, "it stands twice"),
        (RANGE, RANGE + RANGE.replace('"x"', '"y"'), "row y: column first: it overlaps"),
        (RANGE, "", "no range is in it"),
    ],
)
def test_a_broken_range_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"mac_addresses\.toml.*{says}"):
        read_ranges(RANGE.replace(old, new))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"on"', '"maybe"', "'maybe' is none of"),
        ('device = ""', 'device = "nonsuch"', "'nonsuch' is no row of devices.toml"),
        (NEED, NEED + NEED, "it stands twice"),
        (NEED, "", "no need is in it"),
    ],
)
def test_a_broken_need_is_named(old: str, new: str, says: str) -> None:
    with pytest.raises(KnowledgeError, match=rf"host_needs\.toml.*{says}"):
        read_needs(NEED.replace(old, new))
