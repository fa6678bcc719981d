"""The guide's tables as data: their shape, what the hard cells say, and that every pair of products has one answer."""

from __future__ import annotations

import shutil
from collections import Counter
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from vmxtool.errors import KnowledgeError, UsageError
from vmxtool.knowledge import _kept, guide_names, transcript
from vmxtool.knowledge import tables as guide
from vmxtool.knowledge.cells import CONDITIONS, CONVERTER_VERDICTS, DOS, EFFORT_VERDICTS, VERDICTS
from vmxtool.knowledge.guide_names import names, read_names
from vmxtool.knowledge.transcript import read_table, read_text
from vmxtool.report.documents.guide_values import entry_value

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FOLDER = Path(transcript.__file__).parent / "guide"

# Counted on the printed pages: rows, columns, page of the section.
SHAPES = {
    1: (12, 2, 8),
    2: (5, 5, 11),
    3: (2, 2, 13),
    4: (3, 2, 13),
    5: (3, 2, 14),
    6: (2, 2, 15),
    7: (2, 3, 16),
    8: (3, 3, 16),
    9: (3, 4, 18),
    10: (2, 3, 19),
    11: (2, 3, 20),
    12: (3, 3, 21),
    13: (3, 3, 22),
    14: (2, 3, 23),
    15: (2, 3, 24),
    16: (2, 2, 25),
    17: (2, 2, 26),
    18: (2, 2, 27),
    19: (2, 2, 28),
}
IN_TABLES = {
    2: ["esx1", "gsx1", "ws2"],
    3: ["esx1.5", "gsx2", "ws3"],
    4: ["esx2-smp", "esx2", "gsx3", "ws4"],
    5: ["ws5.0", "ws5.5", "server1", "esx3"],
    6: ["ws6", "fusion1"],
}
RULED_OUT = {(6, 3): 25, (5, 3): 25, (4, 3): 25, (6, 2): 27, (5, 2): 27, (4, 2): 27, (2, 5): 20, (2, 6): 15}

VC2 = "esx2.5-managed-by-vc2"
GUEST = "guest-os-supports-it"


def told(from_id: str, to_id: str) -> tuple[str, str, list[str]]:
    """Address, verdict and ways of a pair, the ways as short text."""
    entry = guide.lookup(from_id, to_id)
    assert entry is not None
    ways = []
    for way in entry.ways:
        steps = " > ".join(step.do + ("/" + "+".join(step.products) if step.products else "") for step in way.steps)
        ways.append(steps + (f" if {' and '.join(way.when)}" if way.when else "") + (" ONE-WAY" if way.one_way else ""))
    return entry.cell.removeprefix("mpg:"), entry.verdict, ways


@pytest.mark.parametrize("number", SHAPES)
def test_a_table_has_the_rows_columns_and_page_of_the_print(number: int) -> None:
    table = guide.table(number)
    assert (len(table.rows), len(table.columns), table.page) == SHAPES[number]
    assert table.number == number
    assert all(len(row.cells) == len(table.columns) for row in table.rows)
    assert table.title
    assert table.read[0].by == "first reading"


def test_every_cell_is_found_under_its_own_address() -> None:
    cells = [cell for table in guide.tables() for cell in table.cells()]
    assert len(cells) == sum(rows * columns for rows, columns, _ in SHAPES.values()) == 154
    assert all(guide.cell(cell.address) is cell for cell in cells)
    assert len({cell.address for cell in cells}) == len(cells)


def test_the_words_are_those_of_the_contract() -> None:
    for table in guide.tables():
        allowed = {1: CONVERTER_VERDICTS, 2: EFFORT_VERDICTS}.get(table.number, VERDICTS)
        for cell in table.cells():
            assert cell.verdict in allowed
            for way in cell.ways:
                assert set(way.when) <= CONDITIONS
                assert {step.do for step in way.steps} <= DOS


def test_every_printed_cell_answers_for_its_pairs_through_lookup() -> None:
    reached: Counter[str] = Counter()
    for entry in guide.entries():
        cell = guide.cell(entry.cell)
        assert guide.lookup(entry.from_id, entry.to_id) is entry
        if entry.table > 2:
            assert (entry.verdict, entry.ways, entry.source) == (cell.verdict, cell.ways, f"mpg:p{cell.page:02d}")
        reached[entry.cell] += 1
    printed = [cell.address for table in guide.tables()[2:] for cell in table.cells()]
    assert set(printed) <= set(reached)
    assert sum(reached[address] for address in printed) == 178


def test_every_pair_of_products_in_the_tables_has_exactly_one_answer() -> None:
    everything = [product_id for ids in IN_TABLES.values() for product_id in ids]
    pairs = [(entry.from_id, entry.to_id) for entry in guide.entries()]
    assert len(pairs) == 256
    assert Counter(pairs) == Counter(product(everything, everything))


@pytest.mark.parametrize("generations", list(product(IN_TABLES, IN_TABLES)), ids=lambda pair: f"{pair[0]}-to-{pair[1]}")
def test_a_pair_of_generations_is_covered_by_one_place_only(generations: tuple[int, int]) -> None:
    left, reached = generations
    entries = [guide.lookup(*pair) for pair in product(IN_TABLES[left], IN_TABLES[reached])]
    places = {(entry.table, entry.source) for entry in entries if entry is not None}
    assert None not in entries
    assert len(places) == 1
    if generations in RULED_OUT:
        assert places == {(2, f"mpg:p{RULED_OUT[generations]}")}
        assert all(entry is not None and entry.verdict == "not-supported" and entry.notes for entry in entries)
    else:
        assert places.pop()[0] > 2


EXPORTED_OR_LEGACY = ["export-disks > upgrade-hardware ONE-WAY", "export-disks > run-legacy"]
TRICKY: list[tuple[str, str, str, str, list[str]]] = [
    ("ws5.5", "ws6", "t04:r1c1", "ok-in-most-cases", ["upgrade-hardware", "run-legacy"]),
    ("server1", "fusion1", "t04:r2c2", "ok-in-most-cases", ["upgrade-hardware"]),
    ("esx3", "ws6", "t04:r3c1", "special-steps", ["export-disks > upgrade-hardware", "export-disks > run-legacy"]),
    ("ws4", "ws6", "t05:r3c1", "special-steps", ["upgrade-hardware", "run-legacy"]),
    ("ws3", "ws6", "t06:r2c1", "special-steps", ["upgrade-hardware/ws4+ws5 > upgrade-hardware ONE-WAY"]),
    (
        "esx1.5",
        "fusion1",
        "t06:r1c2",
        "special-steps",
        ["export-disks > upgrade-hardware/ws4+ws5 > upgrade-hardware ONE-WAY"],
    ),
    ("ws6", "ws5.0", "t07:r1c1", "ok-in-most-cases", ["import-wizard", "downgrade-hardware/ws6"]),
    (
        "ws6",
        "esx3",
        "t07:r1c3",
        "ok-in-most-cases",
        ["import-wizard", "downgrade-hardware/ws6 > converter", "downgrade-hardware/ws6 > import-disks"],
    ),
    ("fusion1", "ws5.5", "t07:r2c1", "special-steps", ["move-to/ws6 > downgrade-hardware/ws6"]),
    (
        "fusion1",
        "esx3",
        "t07:r2c3",
        "special-steps",
        ["move-to/ws6 > downgrade-hardware/ws6 > converter", "move-to/ws6 > downgrade-hardware/ws6 > import-disks"],
    ),
    ("esx3", "server1", "t08:r3c2", "ok-in-most-cases", ["converter", "export-disks"]),
    ("esx2-smp", "ws5.0", "t09:r1c1", "not-supported", []),
    ("esx2-smp", "ws5.5", "t09:r1c2", "ok-in-most-cases", [f"converter if {VC2}", *EXPORTED_OR_LEGACY]),
    ("esx2", "ws5.0", "t09:r2c1", "special-steps", EXPORTED_OR_LEGACY),
    (
        "esx2",
        "esx3",
        "t09:r2c4",
        "ok-in-most-cases",
        [f"converter if {VC2}", "upgrade-hardware ONE-WAY", "run-legacy"],
    ),
    ("gsx3", "ws5.5", "t09:r3c2", "ok-in-most-cases", ["converter", "upgrade-hardware ONE-WAY", "run-legacy"]),
    (
        "ws4",
        "esx3",
        "t09:r3c4",
        "ok-in-most-cases",
        ["converter", "import-disks > create-vm > upgrade-hardware ONE-WAY"],
    ),
    ("ws3", "esx3", "t10:r2c3", "special-steps", ["import-disks > create-vm > upgrade-hardware ONE-WAY"]),
    (
        "ws6",
        "esx2",
        "t11:r1c2",
        "ok-in-most-cases",
        ["import-wizard", "downgrade-hardware/ws6 > import-disks"],
    ),
    ("fusion1", "esx2-smp", "t11:r2c1", "special-steps", ["move-to/ws6 > downgrade-hardware/ws6 > import-disks"]),
    ("ws5.0", "esx2", "t12:r1c2", "ok-in-most-cases", [f"converter if {VC2}", "create-legacy-vm > import-disks"]),
    ("esx3", "ws4", "t12:r3c3", "ok-in-most-cases", ["converter"]),
    ("esx2-smp", "esx2", "t13:r1c2", "ok-in-most-cases", [f"converter if {VC2}"]),
    ("esx2", "esx2-smp", "t13:r2c1", "maybe", [f"copy if {GUEST}"]),
    ("gsx3", "esx2-smp", "t13:r3c1", "maybe", [f"import-disks if {GUEST}"]),
    ("esx1.5", "esx2-smp", "t14:r1c1", "special-steps", ["upgrade-hardware ONE-WAY", "run-legacy"]),
    ("gsx2", "esx2-smp", "t14:r2c1", "not-supported", []),
    ("ws2", "ws4", "t15:r2c3", "special-steps", ["upgrade-hardware ONE-WAY"]),
    ("gsx2", "esx1.5", "t16:r2c1", "special-steps", ["import-disks"]),
    ("gsx2", "ws3", "t16:r2c2", "ok", ["copy"]),
    ("ws2", "gsx2", "t17:r2c2", "special-steps", ["upgrade-hardware", "run-legacy"]),
    ("esx1.5", "esx1", "t18:r1c1", "ok", ["copy"]),
    ("ws3", "ws2", "t18:r2c2", "not-supported", []),
    ("esx1", "gsx1", "t19:r1c2", "special-steps", ["export-disks"]),
    ("ws5.5", "ws3", "t02:r2c4", "not-supported", []),
    ("esx1", "fusion1", "t02:r5c1", "not-supported", []),
]


@pytest.mark.parametrize(
    ("from_id", "to_id", "address", "verdict", "ways"), TRICKY, ids=[f"{row[0]}-to-{row[1]}" for row in TRICKY]
)
def test_a_hard_cell_reads_as_a_person_reads_it(
    from_id: str, to_id: str, address: str, verdict: str, ways: list[str]
) -> None:
    assert told(from_id, to_id) == (address, verdict, ways)


def test_an_entry_in_json_is_the_guide_part_of_the_contract() -> None:
    entry = guide.lookup("fusion1", "server1")
    assert entry is not None
    assert entry_value(entry) == {
        "table": 7,
        "cell": "mpg:t07:r2c2",
        "from": "fusion1",
        "to": "server1",
        "verdict": "special-steps",
        "ways": [
            {
                "steps": [{"do": "move-to", "with": ["ws6"]}, {"do": "downgrade-hardware", "with": ["ws6"]}],
                "when": [],
                "one_way": False,
            }
        ],
        "notes": [],
        "source": "mpg:p16",
    }


@pytest.mark.parametrize("from_id", ["esx3", "ws6", "server1"])
def test_the_limits_of_workstation_5_0_are_noted_for_it_and_not_for_5_5(from_id: str) -> None:
    older, newer = guide.lookup(from_id, "ws5.0"), guide.lookup(from_id, "ws5.5")
    assert older is not None
    assert newer is not None
    assert older.cell == newer.cell
    assert any("64-bit" in note for note in older.notes)
    assert not any("64-bit" in note for note in newer.notes)


def test_cells_carry_what_else_the_guide_says_of_them() -> None:
    def notes(from_id: str, to_id: str) -> str:
        entry = guide.lookup(from_id, to_id)
        assert entry is not None
        return " ".join(entry.notes)

    assert "cannot register" in notes("gsx3", "esx3")
    assert "second one cannot be added" in notes("esx1.5", "esx2-smp")
    assert "second one cannot be added" not in notes("esx1.5", "esx2")
    assert "not supported" in notes("esx2-smp", "gsx3")
    assert "legacy mode" in notes("ws4", "ws3")


@pytest.mark.parametrize("from_id", ["ace1", "ace2", "player1", "player2", "ws5", "ws7", ""])
def test_products_outside_the_tables_have_no_cell(from_id: str) -> None:
    assert guide.lookup(from_id, "ws6") is None
    assert guide.lookup("ws6", from_id) is None


def test_table_1_names_formats_conditions_and_third_parties() -> None:
    table = guide.table(1)
    sources = {row.label: row.cells[0] for row in table.rows}
    targets = {row.label: row.cells[1] for row in table.rows}
    esx25 = "VMware ESX Server 2.5.x"
    assert sources[esx25].ways[0].when == targets[esx25].ways[0].when == (VC2,)
    workstation6 = "VMware Workstation 6.x virtual machine"
    assert sources[workstation6].ways[0].steps[0].products == ("ws6", "player2", "fusion1", "server1")
    assert targets[workstation6].ways[0].steps[0].products == ("ws6", "player2", "ace2", "fusion1", "server1")
    third = [row for row in table.rows if row.group == "Third-Party Virtual Machines"]
    assert len(third) == 5
    assert {(row.cells[0].verdict, row.cells[1].verdict) for row in third} == {("supported", "blank")}
    assert len(table.hosts) == 5
    assert "experimental" in table.hosts[-1]


def test_table_2_sends_to_the_page_of_the_table_that_answers() -> None:
    for left, reached in product(IN_TABLES, IN_TABLES):
        cell = guide.cell(f"mpg:t02:r{7 - left}c{7 - reached}")
        assert (cell.row_label, cell.column_label) == (f"Generation {left}", f"Generation {reached}")
        entry = guide.lookup(IN_TABLES[left][0], IN_TABLES[reached][0])
        assert entry is not None
        assert cell.notes[-1].source == entry.source


def test_the_text_covers_the_points_that_no_table_has() -> None:
    said = {fact.address for fact in guide.text_facts()}
    assert said >= {
        "mpg:p07:esx-disk-format",
        "mpg:p08:redo-logs",
        "mpg:p08:snapshots",
        "mpg:p08:suspended",
        "mpg:p08:converter-hosts",
        "mpg:p09:ide-scsi",
        "mpg:p10:converter-reconfigures",
        "mpg:p10:converter-leaves",
        "mpg:p10:virtualcenter-1",
        "mpg:p10:virtualcenter-2",
        "mpg:p10:smp-products",
        "mpg:p11:smp-guest-on-one-cpu",
        "mpg:p12:ace-out",
        "mpg:p12:player-runs-only",
        "mpg:p17:ws5.0-limits",
        "mpg:p17:3d-tools",
        "mpg:p19:esx2-to-esx3",
        "mpg:p19:vm-importer-2",
        "mpg:p21:legacy-vm",
        "mpg:p21:uniprocessor-guest-on-two-cpus",
        "mpg:p24:generation-3-legacy",
    }


def test_facts_stand_in_the_order_of_their_pages_and_inside_the_guide() -> None:
    pages = [fact.page for fact in guide.text_facts()]
    assert pages == sorted(pages)
    assert pages[0] == 7
    assert pages[-1] <= 29


def test_a_fact_is_found_by_address_and_a_page_gives_its_first() -> None:
    assert guide.fact("mpg:p17:3d-tools").topic == "3-D and VMware Tools"
    assert guide.fact("MPG:P09") is guide.facts_on("mpg:p09")[0]
    assert {fact.page for fact in guide.facts_on("mpg:p12")} == {12}
    assert guide.facts_on("mpg:p02") == ()


@pytest.mark.parametrize(
    ("address", "near"), [("mpg:p17:3d-tool", "mpg:p17:3d-tools"), ("mpg:p03", "mpg:p"), ("", "mpg:p")]
)
def test_an_unknown_fact_names_near_ones(address: str, near: str) -> None:
    with pytest.raises(UsageError, match=near):
        guide.fact(address)


def test_generations_of_the_text_agree_with_the_map() -> None:
    for number in range(2, 7):
        listed = guide.fact(f"mpg:p10:generation-{number}").products
        assert {product_id for product_id in names().generation if guide.generation_of(product_id) == number} == set(
            listed
        )


@pytest.mark.parametrize(
    ("from_id", "to_id", "ways"),
    [
        ("ws4", "ace1", ["copy"]),
        ("ws5.0", "ace2", ["upgrade-hardware/ws6"]),
        ("esx3", "ace2", ["converter/ws5 > upgrade-hardware/ws6"]),
        ("server1", "player1", ["copy"]),
        ("esx2", "player1", ["export-disks"]),
        ("fusion1", "player2", ["copy"]),
        ("ws3", "player2", ["upgrade-hardware/ws4+ws5 > upgrade-hardware/ws6"]),
        ("ws4", "player2", ["upgrade-hardware/ws6"]),
        ("ws2", "player1", ["upgrade-hardware/ws4"]),
        ("esx3", "player2", ["export-disks > upgrade-hardware/ws6", "converter"]),
        ("ws4", "ace2", ["upgrade-hardware/ws6"]),
        ("ws6", "ace1", None),
    ],
)
def test_moves_into_ace_and_player_come_from_the_text(from_id: str, to_id: str, ways: list[str] | None) -> None:
    found = guide.moves(from_id, to_id)
    if ways is None:
        assert found == ()
        return
    assert len(found) == 1
    written = [
        " > ".join(step.do + ("/" + "+".join(step.products) if step.products else "") for step in way.steps)
        for way in found[0].ways
    ]
    assert written == ways


@pytest.mark.parametrize(
    ("address", "nearest"),
    [("mpg:t07:r9c9", "mpg:t07:r2c3"), ("mpg:t07:r0c1", "mpg:t07:r1c1"), ("mpg:t42:r1c1", "mpg:t19:r1c1")],
)
def test_an_unknown_cell_names_the_nearest(address: str, nearest: str) -> None:
    with pytest.raises(UsageError, match=nearest):
        guide.cell(address)


@pytest.mark.parametrize("address", ["", "t07", "mpg:p17", "mpg:t07", "mpg:t07:r1c3:x", "mpg:t²7:r1c1"])
def test_what_is_no_address_is_answered_with_one(address: str) -> None:
    with pytest.raises(UsageError, match="looks like mpg:t07:r1c3"):
        guide.cell(address)


def test_an_address_may_be_written_loosely() -> None:
    assert guide.cell(" MPG:T7:R1C3 ").address == "mpg:t07:r1c3"


@pytest.mark.parametrize("number", [0, -1, 20])
def test_a_table_that_does_not_exist_is_refused(number: int) -> None:
    with pytest.raises(UsageError, match="tables 1 to 19"):
        guide.table(number)


DAMAGE: list[tuple[str, str, str, list[str]]] = [
    ("t07.toml", "import-wizard |", "import-wizzard |", ["row 1", "Workstation 6.x", "column 1", "import-wizzard"]),
    ("t07.toml", 'move-to(ws6) > downgrade-hardware(ws6)",', 'move-to(ws66)",', ["row 2", "column 2", "ws66"]),
    ("t07.toml", "size = [2, 3]", "size = [3, 2]", ["size"]),
    ("t07.toml", 'columns = ["Workstation 5.x", ', "columns = [", ["row 1", "3 cells for 2 columns"]),
    ("t07.toml", "#n1", "#n9", ["row 1", "column 1", "note n9"]),
    ("t07.toml", " #n1", "", ["no cell uses the note n1"]),
    ("t07.toml", 'source = "mpg:p17"', 'source = "page 17"', ["row n1", "column source", "page 17"]),
    ("t07.toml", 'to = ["ws5.0"]', 'to = ["ws5"]', ["row n1", "column to", "'ws5'"]),
    ("t07.toml", 'to = ["ws5.0"]', "too = []", ["row n1", "column too: no such column"]),
    ("t07.toml", "title =", "heading =", ["column heading: no such column"]),
    ("t07.toml", "page = 16", 'page = "16"', ["page"]),
    ("t07.toml", "table = 7", "table =", ["line 1"]),
    ("t07.toml", "on = 2026-11-22", 'on = "today"', ["row 1 of read", "column on: a date is wanted"]),
    (
        "t07.toml",
        '"ok-in-most-cases: import-wizard | downgrade-hardware(ws6)", ',
        "7, ",
        ["row 1 of rows: column cells"],
    ),
    ("t02.toml", '"not-supported #p25"', '"not-supported: copy #p25"', ["row 1", "column 4", "needs no way"]),
    ("t03.toml", "ok-in-most-cases: copy", "ok-in-most-cases", ["row 1", "column 1", "at least one way"]),
    ("t07.toml", 'title = "', 'title = 7 # "', ["column title: a text is wanted"]),
    ("t07.toml", "columns = [", "columns = 3 # [", ["column columns: a list of texts is wanted"]),
    ("t07.toml", "[notes]", "[[notes]]", ["column notes: a table is wanted"]),
    ("t07.toml", "read = [", "read = 3 # [", ["read: a list of tables is wanted"]),
    ("t16.toml", "[[rows]]", "[rows]", ["t16.toml"]),
]


@pytest.mark.parametrize(("name", "before", "after", "named"), DAMAGE, ids=[f"{row[0]}-{row[2]}" for row in DAMAGE])
def test_a_damaged_table_is_named_with_its_place(
    name: str, before: str, after: str, named: list[str], tmp_path: Path
) -> None:
    copy = tmp_path / name
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert before in text
    copy.write_text(text.replace(before, after), encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        read_table(copy.read_text(encoding="utf-8"), name)
    for part in (f"guide/{name}", *named):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("reader", "name", "before", "after", "named"),
    [
        (read_text, "text.toml", "mpg:p08:snapshots", "page 8", ["row page 8", "column address"]),
        (read_text, "text.toml", "mpg:p08:snapshots", "mpg:p08:redo-logs", ["mpg:p08:redo-logs", "twice"]),
        (read_text, "text.toml", 'to = ["ace1"]', "", ["come together"]),
        (read_text, "text.toml", '["ace1", "ws4", "gsx3"]', '["ace9"]', ["ace9"]),
        (read_text, "text.toml", "[[facts]]", "[[fact]]", ["column fact: no such column"]),
        (read_names, "pairs.toml", '= ["ws6"]', '= ["ws66"]', ["ws66", "Workstation 6.x"]),
        (read_names, "pairs.toml", "6-6 = 3", "6-9 = 3", ["6-9"]),
        (read_names, "pairs.toml", "6-6 = 3", 'x-6 = "3"', ["x-6"]),
        (read_names, "pairs.toml", "\n2 = [", "\ntwo = [", ["generations"]),
        (read_names, "pairs.toml", "from = 5\nto = 3", "from = 5\nto = 4", ["row 2 of ruled_out", "already covered"]),
    ],
)
def test_a_damaged_text_or_map_is_named_with_its_place(
    reader: Any, name: str, before: str, after: str, named: list[str]
) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert before in text
    with pytest.raises(KnowledgeError) as caught:
        reader(text.replace(before, after), name)
    for part in (f"guide/{name}", *named):
        assert part in str(caught.value)


CACHED = (guide.table, guide.entries, guide.text_facts, guide._between, names)


@pytest.fixture
def damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str, str], None]]:
    """A copy of the whole folder that the loaders read instead, and a way to damage a file of it."""
    folder = tmp_path / "guide"
    shutil.copytree(FOLDER, folder)

    def replace(name: str, before: str, after: str) -> None:
        text = (folder / name).read_text(encoding="utf-8")
        assert before in text
        (folder / name).write_text(text.replace(before, after, 1), encoding="utf-8")

    def forget() -> None:
        for loader in CACHED:
            loader.cache_clear()

    for module in (transcript, guide_names):
        monkeypatch.setattr(module, "FOLDER", str(folder))
    monkeypatch.setattr(_kept, "made_of", lambda _: None)  # what is generated is not of that folder
    forget()
    yield replace
    forget()


@pytest.mark.parametrize(
    ("name", "before", "after", "pair", "named"),
    [
        ("t07.toml", "table = 7", "table = 8", ("ws6", "esx3"), "guide/t07.toml: it says that it is table 8"),
        ("t07.toml", '"VMware Fusion 1.x"', '"VMware Fusion"', ("ws6", "esx3"), "no product for 'VMware Fusion'"),
        ("t07.toml", '"VMware Fusion 1.x"', '"Workstation 6.x"', ("ws6", "esx3"), "ws6 to ws5.0 stands there twice"),
        (
            "t02.toml",
            'label = "Generation 2"',
            'label = "Gen 2"',
            ("ws2", "ws6"),
            "not one cell leads from Generation 2",
        ),
        ("pairs.toml", "6-5 = 7", "6-5 = 20", ("ws6", "esx3"), "6-5"),
    ],
)
def test_files_that_disagree_stop_the_lookup(
    damage: Callable[[str, str, str], None], name: str, before: str, after: str, pair: tuple[str, str], named: str
) -> None:
    damage(name, before, after)
    with pytest.raises(KnowledgeError) as caught:
        guide.lookup(*pair)
    assert named in str(caught.value)


def test_without_table_and_ruling_the_guide_is_silent(damage: Callable[[str, str, str], None]) -> None:
    damage("pairs.toml", "3-2 = 18", "")
    assert guide.lookup("esx1.5", "esx1") is None
    assert len(guide.entries()) == 256 - 9


def test_an_undamaged_copy_answers_like_the_original(damage: Callable[[str, str, str], None]) -> None:
    damage("t07.toml", "From generation 6", "Down from generation 6")
    assert guide.table(7).title == "Down from generation 6 to generation 5"
    assert len(guide.entries()) == 256
