"""Ten thousand hostile cases: whatever is in the files, nothing breaks and no wrong value is shown.

A case is played from its number alone. It returns a sentence when something is wrong; an exception is wrong too.
"""

import json
import math
import random
import resource
import shutil
import struct
import tempfile
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from sessions import curve_cache, notes, run_index
from sessions.breakdown import reward_breakdown
from sessions.errors import VbotError
from sessions.event_file import EventFileReader, Record
from sessions.files import to_json, write_atomic
from sessions.follower import read_workspace
from sessions.run_follow import RunFollow
from sessions.runs import STATES, RunDir, RunRecord, RunStatus, this_host
from sessions.series import SeriesSet
from sessions.store import RunView
from sessions.workspace import Workspace
from vbot_rl.event_writer import encode_header, encode_scalars, frame
from vbot_tui import rows, text
from vbot_tui.bench import damage
from vbot_tui.curves import CurveCache
from vbot_tui.glyphs import ASCII, UNICODE
from vbot_tui.lines import Line
from vbot_tui.widgets import panels
from vbot_tui.widgets.chart import SCALES
from vbot_tui.widgets.chart_page import Look, Shown, page
from vbot_tui.widgets.trial_rows import columns, row_line

Case = Callable[[Path, random.Random], str | None]
NOW = 1_780_000_000.0


def run_cases(count: int, first: int = 0) -> list[str]:
    """Play cases; returns what went wrong, one sentence each."""
    wrong = []
    with tempfile.TemporaryDirectory(prefix="vbot-fuzz-") as root:
        for number in range(first, first + count):
            sentence = run_case(Path(root), number)
            if sentence is not None:
                wrong.append(f"case {number}: {sentence}")
    return wrong


def run_case(root: Path, number: int) -> str | None:
    """Play one case in a folder of its own."""
    chance = random.Random(number)
    name, case = KINDS[number % len(KINDS)]
    folder = root / str(number)
    folder.mkdir()
    try:
        found = case(folder, chance)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        found = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return None if found is None else f"{name}: {found}"


# --- event files


def torn_records(folder: Path, chance: random.Random) -> str | None:
    """Damage in an event file: every sound record before it is read, and nothing that was never written."""
    frames, written = [frame(encode_header(1.0))], []
    for _ in range(chance.randrange(1, 12)):
        values = {f"reward/{k}": chance.choice(damage.HOSTILE) for k in range(chance.choice([1, 2, 8]))}
        step = chance.randrange(1, 10**9)
        frames.append(frame(encode_scalars(2.0, step, values)))
        written.append((step, _bits(values)))
    data, sound = damage.hurt(b"".join(frames), chance)
    path = folder / "events.out.tfevents.1.h"
    path.write_bytes(data)
    reader = EventFileReader(path)
    found = [(record.step, _bits(record.values)) for record in reader.read_new()]
    length, whole = len(frames[0]), 0
    for item in frames[1:]:
        length += len(item)
        whole += length <= sound
    if found[:whole] != written[:whole]:
        return f"of {whole} sound records {len(found)} others were read"
    rest = iter(written)
    if not all(any(one == other for other in rest) for one in found):
        return "a record was read that was never written"
    with path.open("ab") as file:
        file.write(frames[-1])
    reader.read_new()
    return None


def _bits(values: Mapping[str, float]) -> tuple[tuple[str, bytes], ...]:
    return tuple((tag, struct.pack("<f", value)) for tag, value in values.items())


# --- numbers and texts on the screen


def hostile_curves(folder: Path, chance: random.Random) -> str | None:
    """Any numbers under any tags: drawn within their width, and the newest value said as it is."""
    tags = [f"reward/{damage.word(chance)}" for _ in range(chance.randrange(1, 5))] + ["reward/total"]
    live, newest = SeriesSet(), dict.fromkeys(tags, math.nan)
    columns_of = {tag: damage.numbers(chance) for tag in tags}
    step = 0
    for index in range(max(len(column) for column in columns_of.values())):
        step = max(0, step + chance.choice([1, 1, 1000, 10**12, 0, -5]))
        here = {tag: column[index] for tag, column in columns_of.items() if index < len(column)}
        live.extend([Record(step, float(index), tuple(here), tuple(here.values()))])
        newest.update(here)
    for tag in live.tags():
        if not _same(live.get(tag).last, newest[tag]):
            return f"the newest value of a tag is {live.get(tag).last}, {newest[tag]} was written"
    width, glyphs = chance.choice([80, 120]), chance.choice([UNICODE, ASCII])
    cache, shown = CurveCache(lambda run: live), [Shown("run", damage.word(chance))]
    for big in (False, True):
        look = Look(group="reward", big=big, scale=chance.choice(SCALES), weight=chance.choice([0.0, 0.9]))
        problem = _clipped(page(cache, shown, look, width, 20, glyphs), width)
        if problem:
            return problem
    paid = reward_breakdown(live, None, 8)
    return _clipped(panels.reward(paid, None, width, glyphs), width)


def hostile_rows(folder: Path, chance: random.Random) -> str | None:
    """A row of any numbers and texts fits its table, and says its score as it is."""
    score = chance.choice([None, *damage.HOSTILE])
    run = RunView(
        id=damage.word(chance), label=damage.word(chance), state=chance.choice([*STATES, damage.word(chance)]),
        phase=damage.word(chance), alive=chance.random() < 0.5, data_time=chance.choice([None, 0.0, 1e12, NOW]),
        env_steps=chance.choice([0, 1, 10**18]), total_env_steps=chance.choice([0, 1, 10**18]),
        steps_per_s=chance.choice(damage.HOSTILE), eta_s=chance.choice([None, *damage.HOSTILE]), score=score,
        success=chance.choice([None, *damage.HOSTILE]), sparkline=tuple(damage.numbers(chance, 60)),
        metrics={damage.word(chance): chance.choice(damage.HOSTILE)}, note_count=chance.choice([0, 1, 10**9]),
        end_reason=damage.word(chance), end_detail=damage.word(chance),
    )  # fmt: skip
    row = rows.run_row(run, {})
    width = chance.choice([60, 80, 120, 200])
    drawn = row_line(row, columns(width), NOW, chance.choice([UNICODE, ASCII]))
    said = text.number(None if score is None else score)
    if text.fit(said, 6, ">") not in "".join(part for part, _ in drawn) and len(said) <= 6:
        return f"the score {score} is not said as {said}"
    return _clipped([drawn], width)


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


def _clipped(lines: list[Line], width: int) -> str | None:
    """Say which line is too wide or could move the cursor."""
    for line in lines:
        plain = "".join(part for part, _ in line)
        if text.width(plain) > width:
            return f"a line of {text.width(plain)} cells on {width}: {plain[:60]!r}"
        if any(ord(char) < 32 or ord(char) == 127 for char in plain):
            return f"a control character on the screen: {plain[:60]!r}"
    return None


# --- the small files of a run


def damaged_papers(folder: Path, chance: random.Random) -> str | None:
    """Status, record, evaluations and notes of anything: a state that exists, and the numbers that are there."""
    run = _a_run(folder, "20260101-000000-a-aaaa0001", chance)
    status = RunStatus(state=chance.choice(STATES), env_steps=chance.randrange(10**9), metrics={"a": 1.0})
    papers = {
        "status.json": to_json(asdict(status)),
        "run.json": (run.path / "run.json").read_text(),
        "evals/competition-100.json": json.dumps({"score": 0.5, "success": 0.5, "episodes": []}),
        "notes.jsonl": '{"time": "2026-01-01T00:00:00Z", "author": "me", "text": "hm"}\n',
    }
    target = chance.choice(list(papers))
    for name, content in papers.items():
        data = content.encode()
        if name == target:
            data = damage.hurt(data, chance)[0] if chance.random() < 0.5 else _any_json(chance)
        (run.path / name).write_bytes(data)
    followed = RunFollow(run, SeriesSet(), settle_dead=False)
    followed.look(lambda: NOW)
    view = followed.view()
    if view.state not in STATES:
        return f"a state that does not exist: {view.state!r}"
    if target != "status.json" and view.env_steps != status.env_steps:
        return f"{view.env_steps} steps are shown, {status.env_steps} were written"
    if target != "evals/competition-100.json" and view.score != 0.5:
        return f"the score is shown as {view.score}, 0.5 was written"
    return _clipped([row_line(rows.run_row(view, {}), columns(80), NOW, UNICODE)], 80)


def _any_json(chance: random.Random) -> bytes:
    document = damage.document(chance)
    if isinstance(document, dict) or chance.random() < 0.5:
        keys = ("state", "env_steps", "metrics", "score", "id", "kind", "env", "text", "time", "updated", "checkpoints")
        document = {key: damage.document(chance) for key in keys if chance.random() < 0.6}
    return json.dumps(document).encode(errors="replace")


def _a_run(folder: Path, name: str, chance: random.Random) -> RunDir:
    run = RunDir(folder / name)
    for part in ("control", "checkpoints", "evals", "poses"):
        (run.path / part).mkdir(parents=True)
    record = RunRecord(id=name, kind="train", env="e", created="2026-01-01T00:00:00.000Z", host=this_host())
    (run.path / "run.json").write_text(to_json(asdict(record)))
    values = {"reward/total": chance.gauss(0, 1)}
    data = frame(encode_header(1.0)) + b"".join(frame(encode_scalars(2.0, k, values)) for k in (1, 2))
    (run.path / "events.out.tfevents.1.h").write_bytes(data)
    return run


# --- folders


def torn_folders(folder: Path, chance: random.Random) -> str | None:
    """Files and folders that vanish or turn into one another: the other runs are shown as before."""
    workspace = Workspace.open(folder / "ws")
    names = [f"20260101-00000{k}-r{k}-aaaa0001" for k in range(3)]
    for name in names:
        _a_run(workspace.runs, name, chance)
    before, _ = read_workspace(workspace, curves=True)
    victim = workspace.runs / names[1]
    for _ in range(chance.randrange(1, 4)):
        _wreck(chance.choice([victim, *victim.rglob("*"), workspace.view, workspace.notebook]), chance)
    after, _ = read_workspace(workspace, curves=True)
    for name in (names[0], names[2]):
        if before.get(name) != after.get(name):
            return f"run {name} is shown differently after another one was wrecked"
    return None


def _wreck(path: Path, chance: random.Random) -> None:
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
        match chance.randrange(4):
            case 0:
                path.mkdir(parents=True)
            case 1:
                path.write_bytes(chance.randbytes(20))
            case 2:
                path.symlink_to(path)
            case _:
                pass


# --- a full disk, and derived files


def full_disk(folder: Path, chance: random.Random) -> str | None:
    """A disk that takes no more: the writer is told, and what was there stays."""
    workspace = Workspace.open(folder / "ws")
    target = folder / "file.json"
    write_atomic(target, "old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    room = chance.choice([0, 1, 100])
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))
    try:
        told = []
        writes: tuple[Callable[[], object], ...] = (
            lambda: write_atomic(target, "x" * 500),
            lambda: notes.add(workspace, "y" * 500),
            lambda: run_index.save(folder / "index", {}),
        )
        for write in writes:
            try:
                write()
            except (OSError, VbotError):
                told.append(True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    if target.read_text() != "old":
        return "an old file was lost"
    if len(told) < 2:
        return "a write that cannot have happened was reported as done"
    left = [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]
    return f"left behind: {left}" if left else None


def damaged_copies(folder: Path, chance: random.Random) -> str | None:
    """A damaged index or cache is as good as none; a sound one says what was put in."""
    live = SeriesSet()
    for index in range(chance.randrange(1, 60)):
        live.extend([Record(index, 1.0, ("a", "b"), (chance.choice(damage.HOSTILE), float(index)))])
    cache, index_path = folder / "c.bin", folder / "i"
    curve_cache.save(cache, live, {})
    view = RunView(id="r", label="r", metrics={"m": 1.5}, sparkline=(1.0, math.inf))
    run_index.save(index_path, {"r": run_index.Known({"status.json": (1, 2, 3), "lock": None}, view)})
    kept, known = curve_cache.load(cache), run_index.load(index_path)
    if kept is None or known["r"].view != view:
        return "what was kept is not what was put in"
    for tag in ("a", "b"):
        if list(map(repr, kept.curves.get(tag))) != list(map(repr, live.get(tag))):
            return f"the curve {tag} came back differently"
    for path in (cache, index_path):
        data = path.read_bytes()
        hurt, _ = damage.hurt(data, chance)
        path.write_bytes(hurt)
        if hurt != data and (curve_cache.load(path) if path is cache else run_index.load(path)):
            return f"the damaged {path.name} was believed"
    return None


KINDS: tuple[tuple[str, Case], ...] = (
    ("torn records", torn_records),
    ("hostile curves", hostile_curves),
    ("hostile rows", hostile_rows),
    ("damaged papers", damaged_papers),
    ("torn records", torn_records),
    ("hostile rows", hostile_rows),
    ("torn folders", torn_folders),
    ("full disk", full_disk),
    ("damaged copies", damaged_copies),
    ("damaged papers", damaged_papers),
)
