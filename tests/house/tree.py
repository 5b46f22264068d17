"""What the house tests look at: the repository's own files."""

import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("vbot_tui", "automl", "vbot_rl", "vbot_sim", "sessions")


@cache
def files(suffix: str) -> tuple[Path, ...]:
    """The repository's files of one kind, tracked or new, without what git ignores."""
    words = ["git", "ls-files", "--cached", "--others", "--exclude-standard", f"*{suffix}"]
    names = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return tuple(ROOT / name for name in sorted(set(names)) if (ROOT / name).is_file())


def sources() -> tuple[Path, ...]:
    """The Python files of the product."""
    return tuple(path for path in files(".py") if path.relative_to(ROOT).parts[0] in PACKAGES)


def module_name(path: Path) -> str:
    """The dotted name under which a source file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def project() -> dict[str, Any]:
    """The content of pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
