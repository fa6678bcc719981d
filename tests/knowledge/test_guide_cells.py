"""The notation of the guide's cells: what it means, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vmxtool.errors import KnowledgeError
from vmxtool.knowledge.cells import CONDITIONS, DOS, VERDICTS, WITHOUT_WAYS, Note, ParsedCell, Step, Way, read_cell
from vmxtool.report.documents.guide_values import way_value

PRODUCTS = ("ws4", "ws5", "ws6", "esx3", "gsx3")
GUEST = "guest-os-supports-it"
VC2 = "esx2.5-managed-by-vc2"


def read(text: str) -> ParsedCell:
    return read_cell(text, "t99.toml, row 1, column 2", PRODUCTS)


def write(cell: ParsedCell) -> str:
    """The notation again, written on its own so that the reader has something to agree with."""
    ways = []
    for way in cell.ways:
        steps = [step.do + (f"({','.join(step.products)})" if step.products else "") for step in way.steps]
        tags = [f" @{condition}" for condition in way.when] + ([" !one-way"] if way.one_way else [])
        ways.append(" > ".join(steps) + "".join(tags))
    body = cell.verdict + (": " + " | ".join(ways) if ways else "")
    return body + "".join(f" #{mark}" for mark in cell.marks)


steps = st.builds(Step, st.sampled_from(sorted(DOS - {"copy"})), st.lists(st.sampled_from(PRODUCTS)).map(tuple))
ways = st.lists(
    st.builds(
        Way,
        st.lists(steps, min_size=1, max_size=4).map(tuple),
        st.lists(st.sampled_from(sorted(CONDITIONS - {GUEST})), unique=True).map(tuple),
        st.booleans(),
    ),
    min_size=1,
    max_size=4,
    unique=True,
).map(tuple)
marks = st.lists(st.from_regex(r"n[1-9]|p[0-3][0-9]", fullmatch=True).filter(str.isascii), max_size=3).map(tuple)
cells = st.one_of(
    st.builds(ParsedCell, st.sampled_from(sorted(VERDICTS - WITHOUT_WAYS - {"maybe"})), ways, marks),
    st.builds(ParsedCell, st.just("not-supported"), st.just(()), marks),
)


@given(cells)
def test_a_written_cell_reads_back_as_itself(cell: ParsedCell) -> None:
    assert read(write(cell)) == cell


def test_ways_steps_products_conditions_and_notes_are_told_apart() -> None:
    text = "ok: converter @esx2.5-managed-by-vc2 | move-to(ws6) > upgrade-hardware(ws4,ws5) !one-way #n2 #p16"
    assert read(text) == ParsedCell(
        "ok",
        (
            Way((Step("converter"),), (VC2,)),
            Way((Step("move-to", ("ws6",)), Step("upgrade-hardware", ("ws4", "ws5"))), (), one_way=True),
        ),
        ("n2", "p16"),
    )


def test_condition_and_one_way_stand_in_any_order() -> None:
    either = read("ok: converter @esx2.5-managed-by-vc2 !one-way")
    assert either == read("ok: converter !one-way @esx2.5-managed-by-vc2")
    assert either.ways[0] == Way((Step("converter"),), (VC2,), one_way=True)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "'' is no verdict"),
        ("fine", "'fine' is no verdict"),
        ("varies", "'varies' is no verdict"),
        ("ok:copy", "'ok:copy' is no verdict"),
        ("ok: ", "'' is no step"),
        ("ok: copy | ", "'' is no step"),
        ("ok: copy > > converter", "'> converter' is no step"),
        ("ok: teleport", "'teleport' is no step"),
        ("ok: move-to(ws6", "'move-to(ws6' is no step"),
        ("ok: move-to(ws9)", "'ws9' in the step 'move-to(ws9)' is no product"),
        ("ok: move-to()", "'' in the step 'move-to()' is no product"),
        ("ok: copy @full-moon", "'@full-moon' is neither"),
        ("ok: copy !two-way", "'!two-way' is neither"),
        ("ok: copy !one-way !one-way", "says something twice"),
        ("ok: copy | copy", "the same way stands there twice"),
        ("ok: copy #7", "'7' is no note"),
        ("special-steps: copy", "no special step"),
        ("maybe: copy", "go together"),
        ("maybe: copy @guest-os-supports-it | import-disks", "go together"),
        ("ok: copy @guest-os-supports-it", "go together"),
    ],
)
def test_what_is_not_in_the_notation_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(KnowledgeError) as caught:
        read(text)
    assert str(caught.value).startswith("t99.toml, row 1, column 2: ")
    assert problem in str(caught.value)


PIECES = ["ok", "maybe", "not-supported", ": ", "copy", "move-to", "(ws6)", "(", " | ", " > ", " @", VC2, GUEST]


@given(st.lists(st.sampled_from([*PIECES, " !one-way", " #n1", " ", ","]), max_size=12).map("".join) | st.text())
def test_any_text_is_either_refused_or_means_one_thing(text: str) -> None:
    try:
        cell = read(text)
    except KnowledgeError:
        return
    assert read(write(cell)) == cell
    assert (cell.verdict == "maybe") == any(GUEST in way.when for way in cell.ways)


def test_a_note_concerns_only_the_pairs_it_names() -> None:
    note = Note("n1", "", "mpg:p17", from_ids=("esx3",), to_ids=("ws4",))
    assert note.concerns("esx3", "ws4")
    assert not note.concerns("esx3", "ws6")
    assert not note.concerns("gsx3", "ws4")
    assert Note("n2", "", "mpg:p17").concerns("gsx3", "ws6")


def test_a_way_in_json_has_the_words_of_the_contract() -> None:
    way = Way((Step("move-to", ("ws6",)), Step("import-disks")), (GUEST,), one_way=True)
    assert way_value(way) == {
        "steps": [{"do": "move-to", "with": ["ws6"]}, {"do": "import-disks", "with": []}],
        "when": [GUEST],
        "one_way": True,
    }
