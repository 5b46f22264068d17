"""Which code made a run: the commit and whether it had been changed, else the version of the installed package."""

import hashlib
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "vbot-tui"

# What may differ between two trials that ran the same code: words, tests, and what is only looked at.
NO_CODE = ("tests", "docs", "examples", "vbot_tui", "*.md", "*.svg")
_CODE = (":(top)", *(f":(top,exclude){path}" for path in NO_CODE))


def code_version(source: Path = Path(__file__).parent) -> str:
    """`<version>+g<commit>`, with `.dirty-<hash>` of what differs from it; only the version outside a checkout.

    The commit is the last one that changed code, and only changes of code make it dirty.
    """
    base = _package_version()
    commit = _git(source, "log", "-1", "--format=%h", "--abbrev=12", "--", *_CODE)
    tracked = _git(source, "ls-files", "--", ".")  # an environment inside somebody else's repository is not its code
    if not commit or not tracked:
        return base
    changes = _git(source, "diff", "HEAD", "--", *_CODE)  # two trials with different changes did not run the same code
    mark = hashlib.blake2b(changes.encode(errors="replace"), digest_size=4).hexdigest()
    return f"{base}+g{commit}" + (f".dirty-{mark}" if changes else "")


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
