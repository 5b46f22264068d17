"""From bytes of doubtful origin to text.

History comes from Windows shells, two code pages and interrupted copies, so the encoding is found out, the size is
bounded, and everything that was not read in full is said. What the text means does not belong here.
"""

import codecs
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path

LIMIT_BYTES = 16 * 2**20
"""Most that is read of one file: far above any record the older tools wrote."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROL = bytes([*range(0x01, 0x09), *range(0x0E, 0x1B), *range(0x1C, 0x20), 0x7F])


@dataclass(frozen=True)
class Decoded:
    """Text with the encoding it was read in, and what was wrong with it (None: nothing)."""

    text: str
    encoding: str
    problem: str | None = None


@dataclass(frozen=True)
class TextFile:
    """One file as text; `sha256` and `size` are of the whole file, `problem` says what of it was not read."""

    text: str
    size: int
    sha256: str
    encoding: str
    problem: str | None = None


def read_text(path: Path, limit: int = LIMIT_BYTES) -> TextFile:
    """Read `path` as text.

    Args:
        path: A regular file; anything else (a pipe, a device, a link) is refused, because reading it could block.
        limit: Most bytes that are decoded; the rest is only hashed.

    Raises:
        OSError: When the file cannot be opened or is not a regular file.
    """
    if not stat.S_ISREG(path.lstat().st_mode):
        raise OSError("not a regular file")
    digest = hashlib.sha256()
    size = 0
    head = b""
    with path.open("rb") as stream:
        while block := stream.read(2**20):
            digest.update(block)
            size += len(block)
            if len(head) < limit:
                head += block[: limit - len(head)]
    decoded = decode(head)
    problem = decoded.problem
    if size > limit:
        cut = f"only the first {limit} of {size} bytes were read"
        problem = f"{cut}; {problem}" if problem else cut
    return TextFile(decoded.text, size, digest.hexdigest(), decoded.encoding, problem)


def decode(data: bytes) -> Decoded:
    """Turn bytes into text with the first encoding that explains them; line ends become newlines."""
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            return _as(data[len(bom) :], encoding)
    wide = _wide_encoding(data)
    if wide is not None:
        return _as(data, wide)
    if b"\0" in data or _controls(data) > len(data) // 50:
        return _with_nuls(data)
    return _narrow(data)


def _wide_encoding(data: bytes) -> str | None:
    """UTF-16 without a mark: nearly every second byte is NUL, on one side only."""
    pairs = len(data) // 2
    if pairs < 2:
        return None
    even, odd = data[0::2].count(0), data[1::2].count(0)
    if odd > 0.7 * pairs and even < 0.1 * pairs:
        return "utf-16-le"
    if even > 0.7 * pairs and odd < 0.1 * pairs:
        return "utf-16-be"
    return None


def _as(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, errors="replace")
    bad = text.count("\ufffd")
    return Decoded(_unix(text), encoding, _bad_bytes(bad, encoding))


def _with_nuls(data: bytes) -> Decoded:
    """A shell that appended UTF-16 to a narrow file leaves NULs between letters; a binary file has more than that."""
    nuls = data.count(0)
    rest = data.replace(b"\0", b"").replace(codecs.BOM_UTF16_LE, b"").replace(codecs.BOM_UTF16_BE, b"")
    if _controls(rest) > max(2, len(rest) // 100) or nuls > 0.6 * len(data):
        return Decoded("", "binary", "binary data, not text")
    narrow = _narrow(rest)
    problem = f"{nuls} NUL bytes were dropped" if nuls else "control characters inside"
    return Decoded(narrow.text, narrow.encoding, f"{problem}; {narrow.problem}" if narrow.problem else problem)


def _controls(data: bytes) -> int:
    return len(data) - len(data.translate(None, _CONTROL))


def _narrow(data: bytes) -> Decoded:
    try:
        return Decoded(_unix(data.decode("utf-8")), "utf-8")
    except UnicodeDecodeError:
        pass
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(1 for char in text if char > "\x7f" and char != "\ufffd")
    # A file in the Chinese code page has almost no valid UTF-8 sequence; a damaged UTF-8 file has few bad bytes.
    if bad >= 4 and good * 4 < bad:
        try:
            return Decoded(_unix(data.decode("gb18030")), "gb18030")
        except UnicodeDecodeError:
            pass
    return Decoded(_unix(text), "utf-8", _bad_bytes(bad, "utf-8"))


def _bad_bytes(bad: int, encoding: str) -> str | None:
    return f"{bad} places are not {encoding} and were replaced" if bad else None


def _unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
