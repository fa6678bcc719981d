"""The date of the data is that of its newest row."""

from __future__ import annotations

from vmxtool.knowledge.dates import newest_look
from vmxtool.knowledge.devices import devices
from vmxtool.knowledge.features import features
from vmxtool.knowledge.guest_options import guest_options
from vmxtool.knowledge.guests import guests
from vmxtool.knowledge.hardware import hardware_versions
from vmxtool.knowledge.products import products


def test_no_row_was_checked_later_than_the_date_of_the_data() -> None:
    tables = (products(), hardware_versions(), devices(), features(), guests(), guest_options())
    days = [row.checked for table in tables for row in table.values()]
    assert max(days) == newest_look()
