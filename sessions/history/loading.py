"""YAML and JSON of doubtful health to plain Python values, keeping whatever can be read.

A file that does not parse is read again in parts: YAML block by block, JSON up to the place of the damage with the
open brackets closed. The result is always plain (dict with text keys, list, str, int, float, bool, None), of bounded
size and depth, and says what is missing from it.
"""

import itertools
import json
import math
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sessions.history.yaml_tags import BadBinary, Data, Dtype, loader_class

MAX_DEPTH = 60
MAX_NODES = 500_000
_MAX_RETRIES = 6
_MAX_LOOSE = 2**20
_MAX_BLOCKS = 5_000
_KEY_LINE = re.compile(r"^(?![\s#-])[^:#]{1,200}:(?:\s|$)")
_ALIAS_LINE = re.compile(r"^(\s*(?:- |\w+: )+)\*\w+\s*$")


@dataclass(frozen=True)
class Loaded:
    """A value, what of the file is not in it (`problem`, None: nothing), and remarks that cost nothing."""

    value: Data
    problem: str | None = None
    notes: tuple[str, ...] = ()


def load_yaml(text: str) -> Loaded:
    """Parse YAML; on damage, the blocks that parse."""
    try:
        value, notes = _parse_yaml(text)
        return _plain(value, None, notes)
    except Exception as error:  # hostile input: the parser and its constructors fail in many ways, none may escape
        reason = _reason(error)
    value, lost, notes = _salvage_yaml(text)
    if value is None:
        return Loaded(None, f"not valid YAML: {reason}")
    return _plain(value, f"damaged YAML ({reason}); {lost}", notes)


def load_json(text: str) -> Loaded:
    """Parse JSON; on damage, the whole by YAML's looser rules (comments, single quotes), or the part before it."""
    notes: list[str] = []
    try:
        return _plain(_loads(text, notes), None, notes)
    except (ValueError, RecursionError) as error:
        reason, position = _reason(error), getattr(error, "pos", 0)
    if not text.strip():
        return Loaded(None, "empty")
    lines = _json_lines(text)
    if lines is not None:
        return _plain(lines, None, notes)
    try:
        value, notes = _parse_yaml(text) if len(text) <= _MAX_LOOSE else (None, notes)
        if isinstance(value, dict | list):
            return _plain(value, f"not strict JSON ({reason}), read by looser rules", notes)
    except Exception:  # hostile input, as above; the next attempt follows
        notes = []
    value = _repair_json(text[:position] if "Extra data" not in reason else text[:position].rstrip())
    if value is None:
        return Loaded(None, f"not valid JSON: {reason}")
    return _plain(value, f"damaged JSON ({reason}), read up to there", notes)


def _loads(text: str, notes: list[str]) -> Data:
    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in items:
            if key in found and found[key] != value:
                notes.append(f"key {key!r} is given twice, the last value counts")
            found[key] = value
        return found

    return json.loads(text, object_pairs_hook=pairs)


def _json_lines(text: str) -> list[Any] | None:
    """One JSON value per line, at least two lines; None when the text is not of that kind."""
    rows = [line for line in text.split("\n") if line.strip()]
    if len(rows) < 2 or not all(row.lstrip().startswith("{") and row.rstrip().endswith("}") for row in rows):
        return None
    try:
        return [json.loads(row) for row in rows]
    except (ValueError, RecursionError):
        return None


def _repair_json(text: str) -> Data:
    """The longest beginning of `text` that ends after a whole value, its open brackets closed; None without one."""
    stack: list[str] = []
    quoted = escaped = False
    ends: deque[tuple[int, str]] = deque(maxlen=4)
    for position, char in enumerate(text):
        if quoted:
            quoted = escaped or char != '"'
            escaped = char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and stack:
            stack.pop()
            ends.append((position + 1, "".join(reversed(stack[-MAX_DEPTH:]))))
        elif char == ",":
            ends.append((position, "".join(reversed(stack[-MAX_DEPTH:]))))
        if len(stack) > MAX_DEPTH:
            break
    for end, closers in [(len(text), "".join(reversed(stack))), *reversed(ends)]:
        try:
            value = json.loads(text[:end] + closers)
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict | list) and value else None
    return None


def _parse_yaml(text: str, pure: bool = False) -> tuple[Any, list[str]]:
    if _may_be_deep(text):
        _check_depth(text)
    loader = loader_class(pure)(text)
    try:
        values = []
        while loader.check_data():
            values.append(loader.get_data())
        notes = list(loader.notes)
    finally:
        loader.dispose()
    if len(values) > 1:
        return values, [*notes, f"{len(values)} documents in one file"]
    return (values[0] if values else None), notes


def _may_be_deep(text: str) -> bool:
    """Cheap test for text that could nest beyond the limit; the exact one costs a second parse."""
    return (
        text.count("[") + text.count("{") > MAX_DEPTH
        or re.search(r"(?:[-?:]\s+){12}", text) is not None
        or re.search(r"^ {60}", text, re.MULTILINE) is not None
    )


def _check_depth(text: str) -> None:
    """Refuse nesting that would overflow the parser's stack. The event parser itself does not recurse."""
    import yaml

    depth = 0
    for event in yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise ValueError(f"nested deeper than {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _salvage_yaml(text: str) -> tuple[Any, str, list[str]]:
    """Read the top-level blocks one by one. Returns (mapping or None, what was lost, notes)."""
    found: dict[str, Any] = {}
    lost: list[str] = []
    notes: list[str] = []
    for start, block in itertools.islice(_blocks(text, _KEY_LINE), _MAX_BLOCKS):
        key = block[0].split(":", 1)[0].strip().strip("'\"")
        if sum(line.startswith("- ") for line in block) > 1:
            value: Data = {key: _salvage_items(block[1:], start + 1, lost, notes)}
        else:
            value = _try_block(block, start, notes, lost)
        if isinstance(value, dict):
            found.update({str(name): item for name, item in value.items()})
    return (found or None), ("lost: " + ", ".join(lost[:8]) if lost else "every block was read"), notes


def _salvage_items(lines: list[str], start: int, lost: list[str], notes: list[str]) -> list[Any]:
    """The items of a list in column 0 that can be read, each by itself."""
    items = []
    for at, block in itertools.islice(_blocks("\n".join(lines), re.compile(r"^- ")), _MAX_BLOCKS):
        value = _try_block(block, start + at, notes, lost)
        if isinstance(value, list):
            items.extend(value)
    return items


def _blocks(text: str, head: re.Pattern[str]) -> Iterator[tuple[int, list[str]]]:
    """(first line number from 0, lines) of each part that begins with a line matching `head`."""
    start, block = 0, list[str]()
    for number, line in enumerate(text.split("\n")):
        if head.match(line):
            if block:
                yield start, block
            start, block = number, [line]
        elif block:
            block.append(line)
    if block:
        yield start, block


def _try_block(block: list[str], start: int, notes: list[str], lost: list[str]) -> Data:
    """Parse a block, leaving out the line that breaks it a few times; None when it stays unreadable."""
    lines = list(block)
    dropped: list[int] = []
    for _ in range(_MAX_RETRIES):
        try:
            value, remarks = _parse_yaml("\n".join(lines))
        except Exception as error:  # hostile input, as in load_yaml
            if "undefined alias" in str(error):  # its anchor is in another block
                lines = [_ALIAS_LINE.sub(r"\1null", line) for line in lines]
                continue
            at = getattr(getattr(error, "problem_mark", None), "line", None)
            at = min(at, len(lines) - 1) if at is not None else len(lines) - 1
            while at > 0 and not lines[at].strip():
                at -= 1
            if at <= 0:
                break
            dropped.append(start + at + 1)
            lines[at] = ""
            continue
        lost.extend(f"line {line}" for line in dropped)
        notes.extend(remarks)
        return value
    lost.append(f"lines {start + 1}-{start + len(block)}")
    return None


def _plain(value: Data, problem: str | None, notes: list[str]) -> Loaded:
    budget = [MAX_NODES]
    try:
        clean = _clean(value, 0, budget)
    except OverflowError as error:
        return Loaded(None, str(error), tuple(notes[:20]))
    return Loaded(clean, problem, tuple(notes[:20]))


def _clean(value: Data, depth: int, budget: list[int]) -> Data:
    """The value with plain types only; aliases that would blow it up raise OverflowError."""
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise OverflowError("more values, or deeper nesting, than a record of these tools can have")
    if isinstance(value, dict):
        return {clean_text(str(key)): _clean(item, depth + 1, budget) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [_clean(item, depth + 1, budget) for item in value]
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**63:
        return repr(float(value)) if abs(value) < 10**300 else "inf"
    if isinstance(value, Dtype):
        return value.code
    if isinstance(value, bytes | BadBinary):
        return None
    return value


def clean_text(text: str) -> str:
    """Text that can be written as UTF-8: half surrogate pairs become question marks."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _reason(error: Exception) -> str:
    mark = getattr(error, "problem_mark", None)
    words = str(getattr(error, "problem", None) or error).strip().split("\n")[0][:120] or type(error).__name__
    return f"{words}, line {mark.line + 1}" if mark is not None else words
