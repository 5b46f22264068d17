"""Recorded runs: event files of real trainings, thinned until a repository can hold many, with what was known of each.

A recording is a standard event file, packed with gzip, that keeps the tags detectors look at, rounded to three digits,
beside a small JSON file with the rest. Detectors are set on those of one part ("tuning") and reported on the other
("report"), whose seeds nobody looked at.
"""

import gzip
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from automl.diagnosis import curves_of, facts_of_run
from automl.flags import Curves, RunFacts
from sessions.errors import CorruptFileError
from sessions.event_file import EventFileReader, Record
from sessions.files import read_json, to_json, write_atomic
from sessions.runs import RunDir

Part = Literal["tuning", "report"]

PREFIXES = ("reward/", "episode/", "end/", "eval/")
TAGS = frozenset(
    {
        "ppo/learning_rate",
        "ppo/kl",
        "ppo/std",
        "ppo/entropy",
        "ppo/explained_variance",
        "ppo/value_loss",
        "value/mean",
        "value/return_mean",
        "task/speed_mps",
        "task/speed_inside_mps",
    }
)
MANTISSA_BITS = 10


@dataclass(frozen=True)
class Recording:
    """One recorded run.

    Attributes:
        exhibit: name of the config in the gallery.
        seed: it was trained with.
        part: what it may be used for.
        facts: what was known of the run besides its curves.
        curves: its curves.
    """

    exhibit: str
    seed: int
    part: Part
    facts: RunFacts
    curves: Curves


def stem(exhibit: str, seed: int) -> str:
    """The name of a recording's files."""
    return f"{exhibit}-{seed}"


def path_of(folder: Path, exhibit: str, seed: int) -> Path:
    """Where the event file of a recording is kept."""
    return folder / f"{stem(exhibit, seed)}.tfevents.gz"


def save(run: RunDir, folder: Path, exhibit: str, seed: int, part: Part) -> Path:
    """Record an ended run; the path of its event file.

    Raises:
        OSError: a file could not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = path_of(folder, exhibit, seed)
    facts = replace(facts_of_run(run, None), silent_s=0.0)
    content = {"exhibit": exhibit, "seed": seed, "part": part, "facts": asdict(facts)}
    write_atomic(path.with_name(f"{stem(exhibit, seed)}.json"), to_json(content, indent=1) + "\n")
    write_atomic(path, gzip.compress(thin(run), 9, mtime=0))  # the last: a recording with an event file is whole
    return path


def thin(run: RunDir) -> bytes:
    """An event file with what detectors look at, rounded."""
    from vbot_rl.event_writer import encode_header, encode_scalars, frame

    records = [record for path in run.event_files() for record in EventFileReader(path).read_new()]
    start = round(records[0].wall_time) if records else 0
    parts = [frame(encode_header(start))]
    for record in records:
        kept = {tag: rounded(value) for tag, value in _kept(record)}
        parts.append(frame(encode_scalars(round(record.wall_time, 1), record.step, kept)))
    return b"".join(parts)


def _kept(record: Record) -> list[tuple[str, float]]:
    pairs = zip(record.tags, record.numbers, strict=True)
    return [(tag, value) for tag, value in pairs if tag in TAGS or tag.startswith(PREFIXES)]


def rounded(value: float) -> float:
    """The nearest number with a short mantissa: three digits, and bits that compress."""
    (bits,) = struct.unpack("<I", struct.pack("<f", value))
    drop = 23 - MANTISSA_BITS
    if bits & 0x7F800000 == 0x7F800000:  # no number, or infinite
        return value
    short: float = struct.unpack("<f", struct.pack("<I", (bits + (1 << (drop - 1))) >> drop << drop))[0]
    return short


def load(path: Path) -> Recording:
    """A recording by the path of its event file.

    Raises:
        CorruptFileError: the file beside it is missing or not one of ours.
        OSError: it cannot be read.
    """
    about = path.with_name(path.name.removesuffix(".tfevents.gz") + ".json")
    data = read_json(about)
    try:
        facts = _facts(data["facts"])
        return Recording(str(data["exhibit"]), int(data["seed"]), data["part"], facts, _curves(path))
    except (KeyError, TypeError, ValueError):
        raise CorruptFileError(f"{about} does not describe a recording; record its run again") from None


def load_all(folder: Path, part: Part | None = None) -> list[Recording]:
    """All recordings of a folder, or those of one part."""
    found = [load(path) for path in sorted(folder.glob("*.tfevents.gz"))]
    return [item for item in found if part is None or item.part == part]


def _facts(data: Mapping[str, Any]) -> RunFacts:
    terms = data["terms"]
    return RunFacts(
        **{**data, "loaded": tuple(data["loaded"]), "terms": None if terms is None else tuple(terms), "silent_s": 0.0}
    )


def _curves(path: Path) -> Curves:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".tfevents") as file:
        file.write(gzip.decompress(path.read_bytes()))
        file.flush()
        return curves_of([Path(file.name)])
