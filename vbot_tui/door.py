"""The entrance of ``vbot-tui``: shows the first picture at once, then loads the rest behind it."""

import os
import sys
from pathlib import Path

NO_SCREEN = ("--once", "--screenshot", "--help", "-h", "--version")


def main() -> int:
    """Run ``vbot-tui``."""
    words = sys.argv[1:]
    from vbot_tui import curtain

    root = workspace_of(words)
    if root is not None and not any(word.split("=")[0] in NO_SCREEN for word in words):
        curtain.raise_(root, plain=not _speaks_utf8() or bool({"--ascii", "--plain"} & set(words)))
    try:
        from vbot_tui.start import run

        return run(words)
    except KeyboardInterrupt:
        return 130
    finally:
        curtain.lower()


def workspace_of(words: list[str]) -> Path | None:
    """Return the workspace that these words mean, as far as that can be seen without loading anything."""
    for index, word in enumerate(words):
        if word == "--workspace" and index + 1 < len(words):
            return Path(words[index + 1])
        if word.startswith("--workspace="):
            return Path(word.partition("=")[2])
    named = os.environ.get("VBOT_WORKSPACE")
    return Path(named) if named else _default()


def _default() -> Path:
    from sessions.workspace import default_root

    return default_root(None)


def _speaks_utf8() -> bool:
    words = os.environ.get("LC_ALL") or os.environ.get("LC_CTYPE") or os.environ.get("LANG") or ""
    return "utf-8" in words.lower() or "utf8" in words.lower()


if __name__ == "__main__":
    sys.exit(main())
