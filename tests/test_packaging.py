"""The project's frame: shipped files are found, and what its documents say of the program is what the program does."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import make_readme
import pytest

from vmxtool import _resources

if TYPE_CHECKING:
    from conftest import CopySample

ROOT = Path(__file__).parents[1]
GRAMMARS = sorted(path.name for path in (ROOT / "grammars").glob("*.lark"))
DOCUMENTS = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
# Build services set these, and help then comes out coloured.
COLOUR_SWITCHES = {"FORCE_COLOR", "PY_COLORS", "GITHUB_ACTIONS"}
SCRIPTS = [".ci/venv", ".ci/run"]
needs_sh = pytest.mark.skipif(shutil.which("sh") is None, reason="no POSIX shell")


def pyproject() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def project(key: str) -> object:
    table = pyproject()["project"]
    assert isinstance(table, dict)
    return table[key]


def names(requirements: object) -> set[str]:
    """The distributions that a list of requirements names, without the project itself."""
    assert isinstance(requirements, list)
    return {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in requirements} - {"vmxtool"}


def block(name: str) -> str:
    """The code block that README has between its markers."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(rf"^<!-- {name} -->\n+```\w*\n(.*?)^```\n+<!-- /{name} -->$", readme, re.DOTALL | re.MULTILINE)
    assert found, f"README.md has no code block between <!-- {name} --> and <!-- /{name} -->"
    return found[1]


def python(*arguments: str) -> str:
    """What a fresh interpreter prints, as in a plain terminal of 80 columns."""
    inherited = {key: value for key, value in os.environ.items() if key not in COLOUR_SWITCHES}
    return subprocess.run(
        [sys.executable, *arguments],
        check=True,
        cwd=ROOT,
        env={**inherited, "COLUMNS": "80", "TERM": "dumb", "NO_COLOR": "1", "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ).stdout


@pytest.mark.parametrize("name", GRAMMARS)
def test_each_grammar_is_found_and_is_the_one_of_this_checkout(name: str) -> None:
    assert _resources.text("grammars", name) == (ROOT / "grammars" / name).read_text(encoding="utf-8")


def test_the_wheel_takes_every_top_level_folder_that_the_program_reads() -> None:
    tool = pyproject()["tool"]
    assert isinstance(tool, dict)

    taken = tool["hatch"]["build"]["targets"]["wheel"]["force-include"]

    assert taken == {"grammars": "vmxtool/grammars", "samples": "vmxtool/samples"}
    assert all((ROOT / folder).is_dir() for folder in taken)


def test_a_copied_sample_is_whole_and_writable(copy_sample: CopySample, samples: Path) -> None:
    def listing(folder: Path) -> dict[str, bytes]:
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    copy = copy_sample("ws6-windows-ide")

    assert listing(copy) == listing(samples / "ws6-windows-ide") != {}
    assert all(path.stat().st_mode & 0o200 for path in (copy, *copy.rglob("*")))


def test_the_package_says_that_it_is_typed() -> None:
    assert (ROOT / "vmxtool" / "py.typed").is_file()


def test_there_is_one_version() -> None:
    version = project("version")

    assert python("-c", "import vmxtool; print(vmxtool.__version__)").strip() == version
    assert re.search(
        rf"^## .*\b{re.escape(str(version))}\b", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )


def test_importing_the_library_loads_no_engine() -> None:
    engines = ("lark", "construct", "typer", "click", "rich", "pydantic")

    loaded = python("-c", f"import sys, vmxtool; print(*sorted(set(sys.modules) & {set(engines)!r}))")

    assert loaded.split() == []


@pytest.mark.parametrize("name", make_readme.PICTURES)
@pytest.mark.skipif(metadata.version("rich") != make_readme.DRAWN_BY, reason="another rich draws other details")
def test_the_pictures_show_what_the_program_prints(name: str) -> None:
    drawn = make_readme.picture_file(name).read_text(encoding="utf-8")
    assert drawn == make_readme.picture(name), "run python tests/make_readme.py"
    assert "@font-face" not in drawn


def test_readme_shows_what_the_program_prints() -> None:
    readme = make_readme.README.read_text(encoding="utf-8")

    assert readme == make_readme.filled(readme), "run python tests/make_readme.py"


@pytest.mark.parametrize(
    ("name", "command"),
    [("try-command", "sh .ci/try"), ("test-command", "sh .ci/venv test && .venv/bin/pytest -n auto")],
)
def test_readme_has_the_commands_that_ci_runs(name: str, command: str) -> None:
    assert block(name).strip() == command


def test_the_example_for_the_library_runs(
    copy_sample: CopySample, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = copy_sample("ws6-windows-ide")
    config = next(folder.glob("*.vmx")).rename(folder / "vm.vmx")
    before = config.read_bytes()
    monkeypatch.chdir(folder)
    example = re.search(
        r"^```python\n(.*?)^```$", make_readme.README.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    assert example
    names: dict[str, Any] = {}

    exec(example[1], names)

    assert capsys.readouterr().out == names["rewrite"].diff + "\n"
    assert names["verdict"].verdict == "needs-steps"
    assert names["routes"].routes
    assert {"ws6", "ws17.0"} <= set(names["ready"])
    assert bytes(names["config"]) == config.read_bytes() == before


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_link_to_files_that_are_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")

    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", text)

    assert [link for link in links if not (ROOT / link).exists()] == []


def test_contributing_argues_for_every_dependency() -> None:
    extras = project("optional-dependencies")
    assert isinstance(extras, dict)
    wanted = names(project("dependencies")) | names(extras["test"]) | names(extras["dev"])
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert wanted - set(re.findall(r"^- \*\*([\w.-]+)\*\*", text, re.MULTILINE)) == set()


def test_contributing_lists_the_layers_that_imports_are_held_to() -> None:
    contract = (ROOT / ".importlinter").read_text(encoding="utf-8").partition("\nlayers =\n")[2].partition("\n\n")[0]
    kept = [sorted(re.split(r" \| ", line.strip())) for line in contract.splitlines()]
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| layer | holds |")[2].partition("\n\n")[0]

    listed = [sorted(re.findall(r"`(\w+)`", row.split("|")[1])) for row in text.splitlines()[2:]]

    siblings = ["planner", "rewriter"]  # which have a row each
    assert siblings in kept
    upwards = kept[::-1]
    place = upwards.index(siblings)
    assert listed == [*upwards[:place], ["planner"], ["rewriter"], *upwards[place + 1 :]]


def test_licence_is_the_declared_one() -> None:
    title = (ROOT / "LICENSE").read_text(encoding="utf-8").split("\n\n")[0]

    assert project("license") == "Apache-2.0"
    assert [line.strip() for line in title.splitlines()[:2]] == ["Apache License", "Version 2.0, January 2004"]


@needs_sh
@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_are_whole_and_executable(script: str) -> None:
    path = ROOT / script
    shell = re.sub(r"^#!(?:/usr/bin/env |/bin/)", "", path.read_text(encoding="utf-8").splitlines()[0])
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} here")

    assert subprocess.run([shell, "-n", str(path)], check=False).returncode == 0
    assert os.access(path, os.X_OK)


@needs_sh
def test_the_environment_script_refuses_an_unknown_extra_in_one_line() -> None:
    done = subprocess.run(
        ["sh", str(ROOT / ".ci" / "venv"), "everything"], check=False, capture_output=True, encoding="utf-8"
    )

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "venv: there is no extra called 'everything': sh .ci/venv [test|dev]\n"
