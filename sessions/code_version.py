"""Which code made a run: the commit and whether it had been changed, else the version of the installed package."""

import hashlib
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGE = "vbot-tui"


def code_version(source: Path = Path(__file__).parent) -> str:
    """`<version>+g<commit>`, with `.dirty-<hash>` of what differs from it; only the version outside a checkout."""
    base = _package_version()
    commit = _git(source, "rev-parse", "--short=12", "HEAD")
    tracked = _git(source, "ls-files", "--", ".")  # an environment inside somebody else's repository is not its code
    if not commit or not tracked:
        return base
    changes = _git(source, "diff", "HEAD")  # two trials with different changes did not run the same code
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
