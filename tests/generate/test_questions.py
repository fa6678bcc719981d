"""The questions of docs/questions.md, asked: the page is current, and its answers are those that the text counts on."""

from __future__ import annotations

import re
from functools import cache

import pytest
from generate.consoles import BLOCK, Console, consoles
from generate.questions import MADE, PAGE, beside_vms

HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
OUTLINE = re.compile(r"^- \[(.+)\]\(#(\S+)\)$", re.MULTILINE)


@cache
def page() -> str:
    return PAGE.read_text("utf-8")


@cache
def asked() -> list[Console]:
    return list(consoles(page(), beside_vms))


def answer(question: str) -> str:
    """What is printed under a heading today; the heading is named by its beginning."""
    [part] = (part for part in page().split("\n## ")[1:] if part.startswith(question))
    shown = [hit[3] for hit in BLOCK.finditer(part)]
    first = next(number for number, hit in enumerate(BLOCK.finditer(page())) if hit[3] == shown[0])
    return "".join(console.text for console in asked()[first : first + len(shown)])


def test_the_page_shows_what_is_printed_today() -> None:
    shown = [hit[3] for hit in BLOCK.finditer(page())]
    for console, text in zip(asked(), shown, strict=True):
        assert console.text == text, "run python tests/generate/questions.py"


def test_there_are_twenty_questions_and_each_is_asked_of_the_program() -> None:
    _, *questions = page().split("\n## ")
    assert len(questions) == 20
    assert all(BLOCK.search(question) for question in questions)


def test_the_outline_names_every_question() -> None:
    headings = HEADING.findall(page())
    assert OUTLINE.findall(page()) == [(heading, anchor(heading)) for heading in headings]


def anchor(heading: str) -> str:
    """What a heading is called in an address on GitHub."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_page_is_read_in_a_quarter_of_an_hour() -> None:
    assert len(page().splitlines()) < 750


def test_each_small_vm_is_asked_about() -> None:
    assert {word.partition(":")[0] for console in asked() for word in console.words} >= set(MADE)


def test_no_question_goes_wrong() -> None:
    for console in asked():
        assert "\nvmxtool: " not in console.text
        assert "Traceback" not in console.text
        assert "not found\n" not in console.text


def test_only_the_rewrite_for_esxi_and_its_undo_change_a_vm() -> None:
    changed = {console.text.split("\n", 1)[0]: console for console in asked() if console.after != console.before}
    made = changed.pop("$ vmxtool rewrite --target esxi6.7 shop")
    undone = changed.pop("$ vmxtool undo shop")
    assert 'virtualHW.version = "14"' in made.config
    assert undone.before == made.after
    assert undone.after == made.before
    [script] = changed.values()
    assert {name for name in script.after if script.after[name] != script.before.get(name)} == {"till.json"}


def test_one_vm_of_the_script_is_ready() -> None:
    assert re.findall(r"^(\S+) is ready$", answer("Ask from a script"), re.MULTILINE) == ["esxi67/"]


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ('"No supported', "vmxtool rewrite --target esxi6.7 shop"),
        ('"Unsupported', '"Unsupported and/or invalid disk type"'),
        ('"Unsupported', "vmkfstools"),
        ('"Unsupported', "till-old"),
        ('"Object type', '"Object type requires hosted I/O"'),
        ('"device sata', '"device sata is not supported by current hwversion"'),
        ("Are all files here", "disk-flat.vmdk"),
        ("Are all files here", "5a6b7c8d"),
        ("The VM is a linked clone", "full clone"),
        ("The VM is encrypted", "encrypted"),
        ("The VM is suspended", "shut the guest down"),
        ("The VM has snapshots", "refused, nothing was changed"),
        ("An IDE disk", "--ide-to-scsi"),
        ("Windows 11 with a TPM", "recovery key"),
        ("Windows 11 with a TPM", "ovftool"),
        ("From ESXi back", "vmkfstools"),
        ("Fusion on a Mac", "Apple silicon"),
        ("An old VM", "redo log"),
        ("From GSX Server", "ovftool"),
        ("Ask from a script", "needs-steps"),
        ("Ask from a script", "DSK202 blocker"),
    ],
)
def test_the_answer_has_what_the_text_around_it_counts_on(question: str, told: str) -> None:
    assert words(told) in words(answer(question))


def words(text: str) -> str:
    """A text without its line ends, and without the codes that stand at the end of lines."""
    return " ".join(re.sub(r"  +[A-Z]{3}\d{3}\n", " ", text).split())
