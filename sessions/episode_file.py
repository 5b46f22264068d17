"""Reading recorded episodes: one pose per control step, with what was paid for it. Standard library only.

A file is a zip of plain arrays (``.npz``). Nothing is believed: a file that is damaged, or that does not hold what an
episode needs, is refused with one error, whatever is wrong with it.
"""

import ast
import io
import math
import struct
import sys
import zipfile
import zlib
from array import array
from dataclasses import dataclass
from pathlib import Path

from sessions.errors import CorruptFileError
from sessions.runs import RunDir

FALLS = "falls"
"""Folder, within the recorded episodes of a run, of those that ended in a fall."""
JOINTS = 19
MAX_BYTES = 64 << 20
_KINDS = {"<f4": "f", "<f8": "d", "<i8": "q", "<i4": "i"}


@dataclass(frozen=True)
class EpisodeRef:
    """Where a recorded episode is, and of which evaluation."""

    step: int
    fall: bool
    path: Path


@dataclass(frozen=True)
class Episode:
    """One recorded episode; every column has one entry per control step."""

    poses: "tuple[array[float], ...]"  # 19 generalised positions each
    terms: "tuple[array[float], ...]"  # weighted contribution of each term
    term_names: tuple[str, ...]
    distance_m: "array[float]"
    speed_mps: "array[float]"
    target_m: tuple[float, float]
    dt_s: float

    def __len__(self) -> int:
        return len(self.poses)

    @property
    def duration_s(self) -> float:
        """Seconds from the first pose to the last."""
        return max(0, len(self) - 1) * self.dt_s


def recorded(run: RunDir) -> tuple[EpisodeRef, ...]:
    """The recorded episodes of a run, oldest first; of one evaluation, the fall comes second."""
    found = []
    for folder, fall in ((run.pose_dir, False), (run.pose_dir / FALLS, True)):
        try:
            names = [path.name for path in folder.iterdir()]
        except OSError:
            continue
        steps = (name.removesuffix(".npz") for name in names if name.endswith(".npz"))
        found += [EpisodeRef(int(step), fall, folder / f"{step}.npz") for step in steps if step.isdecimal()]
    return tuple(sorted(found, key=lambda item: (item.step, item.fall)))


def read_episode(path: Path) -> Episode:
    """Read one episode.

    Raises:
        CorruptFileError: The file is missing, damaged, or holds something else.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _episode(archive)
    except (OSError, ValueError, KeyError, SyntaxError, EOFError, TypeError, struct.error,
            zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:  # fmt: skip
        raise CorruptFileError(f"{path} holds no recorded episode ({error}); evaluate the run again") from None


def _episode(archive: zipfile.ZipFile) -> Episode:
    _, width, poses = _numbers(archive, "qpos")
    _, count, terms = _numbers(archive, "terms")
    names = _words(archive, "term_names")
    _, _, distance = _numbers(archive, "distance_m")
    _, _, speed = _numbers(archive, "speed_mps")
    _, _, target = _numbers(archive, "target_m")
    _, _, dt = _numbers(archive, "dt_s")
    length = len(distance)
    if width != JOINTS or count != len(names) or len(target) != 2 or len(dt) != 1 or not 0 < dt[0] < 10:
        raise ValueError("its arrays have other shapes")
    if not length or len(poses) != length * JOINTS or len(terms) != length * count or len(speed) != length:
        raise ValueError("its arrays differ in length")
    if not all(map(math.isfinite, poses)):
        raise ValueError("a pose is not a number")
    return Episode(
        tuple(poses[k * JOINTS : (k + 1) * JOINTS] for k in range(length)),
        tuple(terms[k * count : (k + 1) * count] for k in range(length)),
        names, distance, speed, (target[0], target[1]), float(dt[0]),
    )  # fmt: skip


def _numbers(archive: zipfile.ZipFile, name: str) -> "tuple[int, int, array[float]]":
    """Rows, columns and all numbers of an array, row by row."""
    kind, shape, data = _member(archive, name)
    numbers: array[float] = array(_KINDS[kind])
    numbers.frombytes(data)
    if sys.byteorder == "big":
        numbers.byteswap()
    rows, columns = (*shape, 1, 1)[:2] if len(shape) != 2 else shape
    if len(numbers) != math.prod(shape):
        raise ValueError(f"{name} is cut short")
    return rows, columns, numbers


def _words(archive: zipfile.ZipFile, name: str) -> tuple[str, ...]:
    kind, shape, data = _member(archive, name)
    if not kind.startswith("<U") or len(shape) != 1:
        raise ValueError(f"{name} holds no words")
    size = 4 * int(kind[2:])
    return tuple(data[k * size : (k + 1) * size].decode("utf-32-le").rstrip("\0") for k in range(shape[0]))


def _member(archive: zipfile.ZipFile, name: str) -> tuple[str, tuple[int, ...], bytes]:
    """Type, shape and content of an array, as its header says them."""
    if archive.getinfo(f"{name}.npy").file_size > MAX_BYTES:
        raise ValueError(f"{name} is too large")
    stream = io.BytesIO(archive.read(f"{name}.npy"))
    if stream.read(6) != b"\x93NUMPY":
        raise ValueError(f"{name} is no array")
    major = stream.read(2)[0]
    length = struct.unpack("<H", stream.read(2))[0] if major == 1 else struct.unpack("<I", stream.read(4))[0]
    header = ast.literal_eval(stream.read(length).decode("latin-1"))
    shape = tuple(int(size) for size in header["shape"])
    if header["fortran_order"] and len(shape) > 1:
        raise ValueError(f"{name} is stored by columns")
    return str(header["descr"]), shape, stream.read()
