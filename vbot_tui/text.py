"""Numbers, ages and foreign text as short strings of known width.

Everything the cockpit prints goes through here: a value that is missing or not finite becomes a dash, and text that
came from a file cannot move the cursor or change a colour. No widget, no clock, no file.
"""

import math
import unicodedata
from datetime import datetime
from functools import lru_cache

MISSING = "-"
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def finite(value: float | None) -> bool:
    """Tell whether there is a number to show."""
    return value is not None and math.isfinite(value)


def count(value: float | None) -> str:
    """Return a quantity in at most five characters: ``950``, ``12.3k``, ``1.24M``, ``120M``."""
    if value is None or not math.isfinite(value):
        return MISSING
    for size, unit in _UNITS:
        if abs(value) >= size * 0.9995:
            scaled = value / size
            decimals = 2 if abs(scaled) < 9.995 else 1 if abs(scaled) < 99.95 else 0
            return f"{scaled:.{decimals}f}{unit}"
    return f"{value:.0f}"


def span(seconds: float | None) -> str:
    """Return a length of time in at most five characters: ``4s``, ``2m05``, ``3h20``, ``12d``."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    total = max(0, round(seconds))
    if total < 60:
        return f"{total}s"
    if total < 3600:
        return f"{total // 60}m{total % 60:02d}"
    if total < 86400:
        return f"{total // 3600}h{total % 3600 // 60:02d}"
    return f"{total // 86400}d"


def age(seconds: float | None) -> str:
    """Return how long ago something was, coarse enough to stand still: ``4s``, ``2m``, ``3h``, ``12d``."""
    if seconds is None or not math.isfinite(seconds) or seconds < 60:
        return span(seconds)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return MISSING


def number(value: float | None, decimals: int = 3) -> str:
    """Return a plain number with fixed decimals, or a dash."""
    if value is None or not math.isfinite(value):
        return MISSING
    return f"{value:.{decimals}f}"


def counted(number: int, what: str) -> str:
    """Return a number of things: ``1 run``, ``2 runs``."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def signed(value: float | None, digits: int = 3) -> str:
    """Return a number that always shows its sign, with ``digits`` significant digits."""
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e5 or size < 1e-4:
        return f"{value:+.{max(digits - 2, 0)}e}".replace("e-0", "e-").replace("e+0", "e+")
    decimals = min(6, max(0, digits - 1 - math.floor(math.log10(size))))
    return f"{value:+.{decimals}f}"


def percent(fraction: float | None) -> str:
    """Return a fraction as whole per cent."""
    if fraction is None or not math.isfinite(fraction):
        return MISSING
    return f"{100 * fraction:.0f}%"


def when(stamp: str) -> float:
    """Return the Unix time of an ISO-8601 stamp, or NaN where it is none."""
    try:
        return datetime.fromisoformat(stamp.replace("Z", "+00:00")).timestamp()
    except (ValueError, AttributeError):
        return math.nan


def clean(text: str) -> str:
    """Return foreign text with every control or formatting character made harmless."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(" " if ch in "\t\r\n" else "?" if unicodedata.category(ch)[0] == "C" else ch for ch in text)


def width(text: str) -> int:
    """Return the number of terminal cells a text takes."""
    return len(text) if text.isascii() else _width(text)


@lru_cache(maxsize=4096)
def _width(text: str) -> int:
    from rich.cells import cell_len

    return cell_len(text)


def fit(text: str, cells: int, align: str = "<", more: str = "…") -> str:
    """Return text cut or padded to exactly ``cells`` cells; a cut is marked with ``more``."""
    have = width(text)
    if have > cells:
        mark = more if cells > len(more) else ""
        text = _head(text, cells - len(mark)) + mark
        have = width(text)
    pad = " " * (cells - have)
    return pad + text if align == ">" else text + pad


def _head(text: str, cells: int) -> str:
    if text.isascii():
        return text[:cells]
    used, out = 0, []
    for ch in text:
        used += width(ch)
        if used > cells:
            break
        out.append(ch)
    return "".join(out)


def wrap(text: str, cells: int) -> list[str]:
    """Return text folded at spaces into lines of at most ``cells`` cells (a longer word is cut)."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        while width(word) > cells:
            if line:
                lines.append(line)
                line = ""
            part = _head(word, max(1, cells))
            lines.append(part)
            word = word[len(part) :]
        if line and width(line) + 1 + width(word) > cells:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    if line or not lines:
        lines.append(line)
    return lines
