"""The set-up: every version locked, no registry named, one command that refuses clearly where it cannot work."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.tree import ROOT, project

LOCK = ROOT / "requirements.lock"
SETUP_FILES = (
    "Makefile",
    "pyproject.toml",
    "requirements.lock",
    ".ci/run",
    "tools/make_venv.sh",
    "tools/write_lock.sh",
)


def locked() -> dict[str, str]:
    lines = [line for line in LOCK.read_text().splitlines() if line and not line.startswith("#")]
    pairs = [line.split("==") for line in lines]
    return {canonicalize_name(name): version for name, version in pairs}


def requirements() -> list[Requirement]:
    texts = [*project()["project"]["dependencies"], *project()["build-system"]["requires"]]
    for extra in project()["project"]["optional-dependencies"].values():
        texts += extra
    return [Requirement(text) for text in texts]


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_what_the_project_asks_for_is_locked_to_a_version_that_fits(requirement):
    assert requirement.specifier.contains(locked()[canonicalize_name(requirement.name)])


def test_torch_is_locked_without_a_build_so_that_each_machine_may_have_its_own():
    assert locked()["torch"] == "2.13.0"


@pytest.mark.parametrize("name", SETUP_FILES)
def test_no_registry_is_named(name):
    assert re.findall(r"https?://\S+|index-url|find-links|\S*pypi\S*", (ROOT / name).read_text()) == []


def test_continuous_integration_runs_the_readme_test_command():
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()


def fake_python(folder: Path, version: str, has_venv: bool) -> Path:
    """A `python3` that answers the questions of the set-up as a given machine would."""
    path = folder / "python3"
    major, minor = version.split(".")
    path.write_text(
        "#!/bin/sh\n"
        f'case "$2" in *print*) echo {version};;\n'
        f"*'< (3, 11)'*) [ {major} -gt 3 ] || [ {minor} -ge 11 ];;\n"
        f"*ensurepip*) {'true' if has_venv else 'false'};;\n"
        "*) echo unexpected; exit 9;; esac\n"
    )
    path.chmod(0o755)
    return path


def make_venv(python: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    words = ["sh", str(ROOT / "tools/make_venv.sh"), str(python), str(folder / ".venv")]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_an_old_python_is_refused_in_one_sentence(tmp_path):
    done = make_venv(fake_python(tmp_path, "3.9", has_venv=True), tmp_path)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "is 3.9" in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_venv_is_refused_with_the_package_to_install(tmp_path):
    done = make_venv(fake_python(tmp_path, "3.12", has_venv=False), tmp_path)
    assert done.returncode == 1
    assert "apt install python3.12-venv" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_python_is_named(tmp_path):
    done = make_venv("python3.99", tmp_path)
    assert done.returncode == 1
    assert "no 'python3.99' on this machine" in done.stderr


def test_a_second_set_up_does_nothing():
    """The stamp in the environment is newer than what it depends on, so make has no work."""
    stamp = ROOT / ".venv/.installed"
    if not stamp.exists():
        pytest.skip("these tests do not run in the environment that make install made")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    words = ["make", "--question", "install"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    newest = max(LOCK.stat().st_mtime, (ROOT / "pyproject.toml").stat().st_mtime)
    assert (done.returncode == 0) == (stamp.stat().st_mtime >= newest)
