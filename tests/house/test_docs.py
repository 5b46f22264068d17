"""The papers say what is true: links lead somewhere, commands exist."""

import argparse
import re
import shlex
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, files, module_name, sources
from vbot_tui.cli.__main__ import build_parser

PAPERS = [path for path in files(".md") if "tests" not in path.relative_to(ROOT).parts]
REQUIRED = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """The anchors that headings make."""
    heads = re.findall(r"^#+ +(.+?) *$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def local_links(path: Path) -> list[str]:
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", path.read_text())
    return [link for pair in targets for link in pair if link and not re.match(r"[a-z]+:", link)]


def commands(path: Path) -> list[str]:
    """The lines of a paper's shell blocks."""
    blocks = re.findall(r"^```(?:sh|bash|console)\n(.*?)^```", path.read_text(), flags=re.MULTILINE | re.DOTALL)
    lines = [line.removeprefix("$ ").split("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("name", REQUIRED)
def test_the_papers_of_the_house_are_there(name):
    assert (ROOT / name).stat().st_size > 500


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_links_between_papers_lead_somewhere(paper):
    for link in local_links(paper):
        name, _, anchor = link.partition("#")
        target = (paper.parent / name).resolve() if name else paper
        assert target.exists(), f"{link} leads nowhere"
        if anchor:
            assert anchor in anchors(target.read_text()), f"{link}: no such heading"


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_make_commands_in_papers_exist(paper):
    for line in commands(paper):
        words = shlex.split(line)
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= make_targets(), line


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_vbot_commands_in_papers_are_understood(paper):
    for line in commands(paper):
        words = shlex.split(line)
        if words[0] == "vbot" and not {"--help", "--version"} & set(words):
            build_parser().parse_args(words[1:])


def test_the_readme_leads_with_its_two_commands():
    lines = commands(ROOT / "README.md")
    assert lines[:1] == ["make cockpit"]
    assert "make test" in lines


def table(head: str, paper: str = "README.md") -> dict[str, str]:
    """The rows of a paper's table whose first column has this head: the code in it, and the cells beside it."""
    found = re.search(rf"^\| {head} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", (ROOT / paper).read_text(), flags=re.MULTILINE)
    assert found, f"there is no table of {head}"
    return dict(re.findall(r"^\| `(.+?)` \| (.+) \|$", found[1], flags=re.MULTILINE))


def test_the_keys_in_the_readme_do_what_the_cockpit_says_they_do():
    from vbot_tui.bindings import of

    known = {key.shown: key.help for key in of("trials")}
    written = table("Key")
    assert len(written) >= 15
    assert {key: known.get(key) for key in written} == written


def test_every_key_that_acts_on_processes_is_in_the_readme():
    from vbot_tui.bindings import of

    assert {key.shown for key in of("trials") if key.acts} <= set(table("Key"))


def test_the_verbs_in_the_readme_are_the_verbs_of_the_command():
    verbs = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    assert table("Verb") == {f"vbot {item.dest}": item.help for item in verbs._choices_actions}


def test_the_flags_in_the_papers_are_the_flags_there_are():
    from automl.flags import FLAG_NAMES

    assert list(table("Flag", "docs/flags.md")) == list(FLAG_NAMES)
    assert set(table("Flag")) <= set(FLAG_NAMES)


def test_the_changelog_names_every_verb():
    verbs = next(a for a in build_parser()._actions if isinstance(a, argparse._SubParsersAction))
    text = (ROOT / "CHANGELOG.md").read_text()
    assert [verb for verb in verbs.choices if f"`{verb}`" not in text and f"`vbot {verb}" not in text] == []


def test_every_paper_can_be_reached_from_the_readme():
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        paper = ahead.pop()
        reached.add(paper)
        linked = {(paper.parent / link.partition("#")[0]).resolve() for link in local_links(paper)}
        ahead += [path for path in linked if path.suffix == ".md" and path not in reached]
    assert [ids(path) for path in files(".md") if path not in reached and "docs" in path.parts] == []


def test_study_files_in_papers_are_studies_with_keys_that_exist():
    from automl.spec import complete, from_yaml

    text = (ROOT / "docs/studies.md").read_text()
    studies = re.findall(r"^```yaml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert studies
    for study in studies:
        assert all(dimension.around is not None for dimension in complete(from_yaml(study)).space.values())


def test_the_workspace_in_the_architecture_is_the_workspace():
    from sessions.workspace import FOLDERS

    text = (ROOT / "ARCHITECTURE.md").read_text()
    assert [folder for folder in FOLDERS if f"{folder}/" not in text] == []


def test_the_picture_is_of_the_cockpit():
    picture = (ROOT / "docs/cockpit.svg").read_text()
    assert "<svg" in picture
    assert "TRIAL" in picture


def test_pictures_load_nothing_from_elsewhere():
    for path in files(".svg"):
        assert set(re.findall(r"https?://[^\s\"<)]+", path.read_text())) <= {"http://www.w3.org/2000/svg"}, path.name


def test_the_modules_that_papers_name_are_there():
    known = {module_name(path) for path in sources()}
    names = {path.name for path in files(".py")}
    for paper in (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"):
        text = paper.read_text()
        assert {name for name in re.findall(r"`(?:[\w./]+/)?(\w+\.py)`", text) if name not in names} == set()
        dotted = set(re.findall(rf"\b((?:{'|'.join(PACKAGES)})(?:\.[a-z_0-9]+)+)\b", text))
        assert {name for name in dotted if name not in known and name.rpartition(".")[0] not in known} == set()
