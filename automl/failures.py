"""Why did it fail? The episodes of an evaluation that did not succeed, grouped by cause and place.

Pure functions over the per-episode results that an evaluation stores (`evals/*.json`); nothing is simulated. Results of
older versions have no speed; it is then left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessions.errors import CorruptFileError, NotFoundError
from sessions.files import read_json
from sessions.runs import EvalSummary, RunDir

START_S = 2.0
START_M = 1.0
BRAKING_M = 2.0
FALLS_DIR = "falls"  # as vbot_rl.evaluate writes them; that module is too heavy for lists
SHOWN_CASES = 5

WORDS = {
    "trunk_contact": "trunk touched the ground",
    "tilt": "tipped over",
    "joint_speed": "a joint ran away",
    "out_of_bounds": "left the platform",
    "non_finite": "the simulation blew up",
    "time_limit": "time was up",
    "success": "lost after success",
}
PLACES = ("at the start", "on the way", "while braking", "in the circle")


@dataclass(frozen=True)
class Group:
    """Failures of one cause at one place; times, distances and speeds are medians.

    Attributes:
        cause: why the episodes ended, as the simulation names it.
        where: one of `PLACES`.
        count: how many episodes.
        share: as a share of all episodes.
        when_s: time since the start of the episode.
        distance_m: to the target.
        speed_mps: half a second before the end; None where it was not measured.
        cases: numbers of the first of these episodes.
    """

    cause: str
    where: str
    count: int
    share: float
    when_s: float
    distance_m: float
    speed_mps: float | None
    cases: tuple[int, ...]


@dataclass(frozen=True)
class Failures:
    """What went wrong in one evaluation.

    Attributes:
        step: env step of the policy.
        protocol: the rules.
        episodes: how many were played.
        failed: how many did not succeed.
        groups: most frequent first.
        poses: recorded episode of the first case, if there is one.
        fall_poses: recorded episode of a fall, if there is one.
    """

    step: int
    protocol: str
    episodes: int
    failed: int
    groups: tuple[Group, ...]
    poses: str | None = None
    fall_poses: str | None = None


def place(episode: Mapping[str, Any]) -> str:
    """Where an episode ended, seen from the job: one of `PLACES`."""
    if episode["reached"]:
        return "in the circle"
    gone = float(episode["spawn_distance_m"]) - float(episode["final_distance_m"])
    if float(episode["length_s"]) < START_S and gone < START_M:
        return "at the start"
    return "while braking" if float(episode["final_distance_m"]) < BRAKING_M else "on the way"


def groups(episodes: Sequence[Mapping[str, Any]]) -> tuple[Group, ...]:
    """The failed episodes by cause and place, most frequent first."""
    found: dict[tuple[str, str], list[int]] = {}
    for case, episode in enumerate(episodes):
        if not episode["success"]:
            found.setdefault((str(episode["cause"]), place(episode)), []).append(case)
    made = [_group(cause, where, cases, episodes) for (cause, where), cases in found.items()]
    return tuple(sorted(made, key=lambda group: (-group.count, group.cause, PLACES.index(group.where))))


def _group(cause: str, where: str, cases: list[int], episodes: Sequence[Mapping[str, Any]]) -> Group:
    part = [episodes[case] for case in cases]
    speeds = [float(item["speed_before_mps"]) for item in part if item.get("speed_before_mps") is not None]
    return Group(
        cause,
        where,
        len(part),
        round(len(part) / len(episodes), 4),
        median(float(item["length_s"]) for item in part),
        median(float(item["final_distance_m"]) for item in part),
        median(speeds) if speeds else None,
        tuple(cases[:SHOWN_CASES]),
    )


def median(values: Iterable[float]) -> float:
    """The middle value, or the mean of the two in the middle."""
    ordered = sorted(values)
    middle = len(ordered) // 2
    return round(ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2, 3)


def of_run(run: RunDir, step: int | None = None, protocol: str = "competition") -> Failures:
    """The failures of an evaluation of a run: of `step`, or the newest.

    Raises:
        NotFoundError: there is no such evaluation.
        CorruptFileError: its file cannot be understood.
    """
    known = [item for item in run.evals() if item.protocol == protocol]
    if not known:
        raise NotFoundError(f"run {run.id} has no {protocol} evaluation yet; wait for it, or call `vbot eval`")
    wanted = known[-1].step if step is None else step
    chosen = [item for item in known if item.step == wanted]
    if not chosen:
        steps = ", ".join(str(found) for found in sorted({item.step for item in known}))
        raise NotFoundError(f"run {run.id} has no {protocol} evaluation at step {wanted}; it has {steps}")
    return _read(run, max(chosen, key=lambda item: (item.canonical, item.episodes)))


def _read(run: RunDir, chosen: EvalSummary) -> Failures:
    try:
        episodes = read_json(chosen.path)["episodes"]
        found = groups(episodes)
    except (KeyError, TypeError, ValueError):
        raise CorruptFileError(f"{chosen.path} does not hold the episodes of an evaluation; evaluate again") from None
    return Failures(
        chosen.step,
        chosen.protocol,
        len(episodes),
        sum(group.count for group in found),
        found,
        _there(run.pose_dir / f"{chosen.step}.npz", run),
        _there(run.pose_dir / FALLS_DIR / f"{chosen.step}.npz", run),
    )


def _there(path: Path, run: RunDir) -> str | None:
    return str(path.relative_to(run.path)) if path.is_file() else None
