"""Size, colours and characters of the terminal, and whether work there outlives the line."""

import locale
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from vbot_tui.cli.checks import Check

KNOWN_GOOD = ("xterm", "screen", "tmux", "rxvt", "alacritty", "kitty", "foot", "wezterm", "ghostty", "linux", "vte")


def check_size(size: tuple[int, int] | None) -> Check:
    """80 columns by 24 rows at least; None when no terminal is attached."""
    if size is None:
        return Check("terminal", "size", "ok", "no terminal attached: the verbs work, the cockpit needs one")
    columns, rows = size
    found = f"{columns}x{rows}"
    if columns < 80 or rows < 24:
        return Check(
            "terminal", "size", "better", found, "Enlarge the window to 80x24 or more: the cockpit drops columns below."
        )
    return Check("terminal", "size", "ok", found)


def check_term(term: str) -> Check:
    """A TERM that moves the cursor."""
    if term in ("", "dumb", "unknown"):
        found = f"TERM={term or '(unset)'}"
        return Check(
            "terminal", "TERM", "broken", found, "Set TERM=xterm-256color, or what your terminal's manual says."
        )
    if not term.startswith(KNOWN_GOOD):
        return Check(
            "terminal",
            "TERM",
            "better",
            f"TERM={term}",
            "Unknown here; if the screen looks wrong, set TERM=xterm-256color.",
        )
    return Check("terminal", "TERM", "ok", f"TERM={term}")


def check_colours(environment: Mapping[str, str]) -> Check:
    """How many colours are announced; states are told by letters too, so 16 suffice."""
    term = environment.get("TERM", "")
    if environment.get("NO_COLOR"):
        return Check("terminal", "colours", "ok", "none (NO_COLOR is set): states are told by letters and shapes")
    if environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        return Check("terminal", "colours", "ok", "16 million (COLORTERM)")
    if "256color" in term or term.startswith(("alacritty", "kitty", "foot", "wezterm", "ghostty")):
        return Check("terminal", "colours", "ok", "256 (TERM); over a slow line that is the better choice")
    advice = "If your terminal can do more, set TERM=xterm-256color (in tmux: tmux-256color)."
    return Check("terminal", "colours", "better", "16", advice)


def check_characters(encoding: str) -> Check:
    """UTF-8, for sparklines and box drawing."""
    if encoding.replace("-", "").lower() == "utf8":
        return Check("terminal", "characters", "ok", encoding)
    advice = "Set LANG=C.UTF-8 (or another UTF-8 locale): sparklines and frames need it."
    return Check("terminal", "characters", "better", encoding or "unknown", advice)


def check_multiplexer(environment: Mapping[str, str], tmux_version: str) -> Check:
    """Inside tmux or screen a broken line costs nothing, not even the screen."""
    if environment.get("TMUX"):
        return Check("terminal", "multiplexer", "ok", f"inside {tmux_version or 'tmux'}")
    if environment.get("STY"):
        return Check("terminal", "multiplexer", "ok", "inside GNU screen")
    if environment.get("SSH_CONNECTION"):
        advice = "Training survives a lost line anyway; start the cockpit in tmux to find the same screen again."
        return Check("terminal", "multiplexer", "better", "none, over SSH", advice)
    return Check(
        "terminal", "multiplexer", "ok", f"none; {tmux_version or 'tmux'} is there" if tmux_version else "none"
    )


def attached_size() -> tuple[int, int] | None:
    """Columns and rows of the terminal behind any of the three standard streams."""
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            if stream is not None and stream.isatty():
                size = os.get_terminal_size(stream.fileno())
                return size.columns, size.lines
        except OSError:
            continue
    return None


def tmux_version() -> str:
    """What `tmux -V` says, or nothing."""
    if shutil.which("tmux") is None:
        return ""
    answer = subprocess.run(["tmux", "-V"], capture_output=True, text=True, timeout=5, check=False)
    return answer.stdout.strip()


def probe() -> Sequence[Check]:
    """Check the terminal this command runs in."""
    size = attached_size()
    checks = [check_size(size)]
    if size is not None:
        checks += [check_term(os.environ.get("TERM", "")), check_colours(os.environ)]
    encoding = locale.getpreferredencoding(False)
    return (*checks, check_characters(encoding), check_multiplexer(os.environ, tmux_version()))
