"""The documentation names only what there is: links, commands, scenarios, verbs, dependencies."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyros.config import ROOT
from pyros.front.__main__ import COMMANDS
from pyros.simulation import scenarios

FOLDERS = ("docs", "src", "apps", "simulators", "deploy", "benchmarks", "fixtures", "tests")
PAGES = sorted([*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md"))])
REFERENCE = ROOT / "docs" / "reference"
WRITTEN_BY_HAND = [page for page in PAGES if page.parent == ROOT or page.is_relative_to(ROOT / "docs")]

_LINK = re.compile(r"\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"\./pyrosrun\.sh +([a-z][a-z-]*)")
_APPENDED = re.compile(
    r"(?:\bappend\(\s*(?:f?\"[^\"]*\"|[\w.]+),\s*|\bverb=|\b_order\(telescope, )\"([a-z_]+\.[a-z_]+)\""
)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def anchors(page: Path) -> Iterator[str]:
    """The anchors of a page's headings, as forges make them."""
    for heading in re.findall(r"^#+ +(.+)$", re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL), re.MULTILINE):
        yield re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_relative_link_leads_to_a_file_and_its_heading(page: Path) -> None:
    broken = []
    for target in _LINK.findall(without_code(text_of(page))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_named_is_a_command(page: Path) -> None:
    assert {name for name in _COMMAND.findall(text_of(page)) if name not in COMMANDS} == set()


def test_the_readme_names_both_commands() -> None:
    readme = text_of(ROOT / "README.md")
    assert "\n./pyrosrun.sh simulate " in readme
    assert "\n./pyrosrun.sh test " in readme


def test_every_command_is_in_the_reference() -> None:
    reference = text_of(REFERENCE / "commands.md")
    assert [name for name in COMMANDS if f"`./pyrosrun.sh {name}`" not in reference] == []


def test_every_scenario_is_in_the_reference() -> None:
    reference = text_of(REFERENCE / "scenarios.md")
    assert [name for name in scenarios.names() if f"| `{name}`" not in reference] == []


def test_every_verb_that_is_appended_to_the_journal_is_in_the_reference() -> None:
    reference = text_of(REFERENCE / "journal.md")
    sources = [p for folder in ("apps", "src/pyros") for p in (ROOT / folder).rglob("*.py") if "tests" not in p.parts]
    verbs = {verb for path in sources for verb in _APPENDED.findall(text_of(path))}
    assert "run.started" in verbs  # else nothing was looked at
    unknown = []
    for verb in verbs:
        kind, _, what = verb.partition(".")
        if not re.search(rf"^\| `{kind}\.[^|]*\.{what}`", reference, re.MULTILINE) and f"`{verb}`" not in reference:
            unknown.append(verb)
    assert sorted(unknown) == []


def test_every_key_of_the_report_is_in_the_reference() -> None:
    source = text_of(ROOT / "src" / "pyros" / "simulation" / "running.py")
    document = re.search(r"document = \{\n(.*?)\n        \}", source, re.DOTALL)
    assert document is not None
    keys = re.findall(r"^            \"(\w+)\":", document[1], re.MULTILINE)
    assert "invariants" in keys
    reference = text_of(REFERENCE / "report.md")
    assert [key for key in keys if f"`{key}`" not in reference] == []


def test_every_dependency_has_its_licence_and_its_reason() -> None:
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))
    wanted = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["mysql"],
        *project["dependency-groups"]["test"],
    ]
    names = {re.split(r"[<>=\[; ]", line)[0] for line in wanted}
    rows = re.findall(r"^\| ([^|]+) \|", text_of(ROOT / "docs" / "decisions" / "0011-dependencies.md"), re.MULTILINE)
    told = {name.strip() for row in rows for name in re.sub(r"\(.*?\)", "", row).split(",")}
    assert sorted(names - told) == []


def test_every_decision_is_in_the_list() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = text_of(folder / "README.md")
    assert [p.name for p in sorted(folder.glob("0*.md")) if f"({p.name})" not in listed] == []


@pytest.mark.parametrize("page", WRITTEN_BY_HAND, ids=name_of)
def test_a_page_has_one_title_and_stands_on_its_own(page: Path) -> None:
    text = re.sub(r"```.*?```", "", text_of(page), flags=re.DOTALL)
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert text.startswith("# ")
