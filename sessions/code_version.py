"""Which code made a run: the commit and whether it had been changed, else the version of the installed package."""

import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "vbot-tui"


def code_version(source: Path = Path(__file__).parent) -> str:
    """`<version>+g<commit>`, with `.dirty` when tracked files differ from it; only the version outside a checkout."""
    base = _package_version()
    commit = _git(source, "rev-parse", "--short=12", "HEAD")
    tracked = _git(source, "ls-files", "--", ".")  # an environment inside somebody else's repository is not its code
    if not commit or not tracked:
        return base
    dirty = _git(source, "status", "--porcelain", "--untracked-files=no")
    return f"{base}+g{commit}" + (".dirty" if dirty else "")


def _package_version() -> str:
    try:
        return version(PACKAGE)
    except PackageNotFoundError:
        return "0"


def _git(folder: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(folder), *words],
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
