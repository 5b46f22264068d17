"""Every screen of the cockpit with realistic content that is the same each time: for snapshots and pictures.

A scene is a client, the app over it, and the keys that lead from one screen to the next.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from automl.preflight import Finding
from automl.studies import StudyViewer
from sessions.breakdown import reward_breakdown
from sessions.episode_file import EpisodeRef
from sessions.event_file import Record
from sessions.series import SeriesSet
from sessions.workspace import Workspace
from tests.vbot_tui.builders import LAZY, NOW, FakeClient, head, note, view
from tests.vbot_tui.builders import row as plain_row
from tests.vbot_tui.episodes import episode
from tests.vbot_tui.planning_client import PlanningClient
from tests.vbot_tui.studies import whole_study
from vbot_tui.app import VbotApp
from vbot_tui.model import Detail, EvalView, Papers, Setting
from vbot_tui.shelf_model import Item, Shelf
from vbot_tui.study_desk import StudyDesk
from vbot_tui.study_model import StudyPage

UPDATES = 60
TOTAL = 3_000_000
ROWS = (
    plain_row(4, env_steps=1_240_000, total_env_steps=TOTAL, score=math.nan, success=math.nan, flags=(LAZY,), notes=1),
    plain_row(5, env_steps=410_000, total_env_steps=TOTAL, score=0.112, success=0.14, eta_s=840.0),
    plain_row(6, state="queued", env_steps=0, total_env_steps=TOTAL, score=math.nan, success=math.nan, spark=()),
    plain_row(2, state="paused", env_steps=1_200_000, total_env_steps=TOTAL, score=0.31, success=0.4),
    plain_row(1, state="finished", env_steps=TOTAL, total_env_steps=TOTAL, score=1.164, success=0.996,
              end_reason="finished", end_detail="3,000,000 steps done"),
    plain_row(0, state="finished", env_steps=TOTAL, total_env_steps=TOTAL, score=0.731, success=0.81,
              end_reason="finished", end_detail="3,000,000 steps done"),
    plain_row(3, state="killed", env_steps=600_000, total_env_steps=TOTAL, score=0.02, success=0.03,
              end_reason="user", end_detail="killed by key in the cockpit"),
    plain_row(7, state="diverged", env_steps=90_000, total_env_steps=TOTAL, score=math.nan, success=math.nan,
              end_reason="diverged", end_detail="the loss is not a number at step 90,112"),
)  # fmt: skip


@dataclass
class Scene:
    """What is opened, and under which name each screen is kept after its keys are pressed."""

    client: FakeClient
    shots: tuple[tuple[str, tuple[str, ...]], ...]

    def app(self) -> VbotApp:
        """Return the app over the scene's client."""
        return VbotApp(self.client, clock=lambda: NOW)


def numbers(number: int, update: int) -> dict[str, float]:
    """One update of a trial: it learns to walk until two thirds of the way; its terms add up."""
    x = (update + 1) / UPDATES
    well = math.exp(-((x - 0.66) ** 2) * (4 + number)) * (1 - 0.08 * number)
    wave = 0.02 * math.sin(1.7 * update + number)
    terms = {"forward_velocity": 0.42 * well + wave, "position_tracking": 0.2 * x, "alive_bonus": 0.12,
             "arrival": 0.3 * well * x, "action_rate": -0.06 * x, "torque": -0.03,
             "termination": -0.25 * (1 - x)}  # fmt: skip
    out = {f"reward/{term}": value for term, value in terms.items()}
    out |= {
        "reward/total": math.fsum(terms.values()), "episode/return": 120 * well, "episode/success": well,
        "episode/length_s": 10 - 6 * x * well, "task/speed_mps": 1.4 * well, "task/distance_m": 10 - 9 * well,
        "ppo/learning_rate": 1e-3 * (1 - x) + 1e-5, "ppo/kl": 0.012 + wave / 10, "ppo/std": 1.0 - 0.6 * x,
        "perf/steps_per_s": 18_000 + 900 * math.sin(update),
    }  # fmt: skip
    if (update + 1) % 6 == 0:
        out |= {
            "eval/score": 1.2 * well,
            "eval/success": well,
            "eval/fell": 0.3 * (1 - x),
            "eval/points_mean": 20 * well,
        }
    return out


def learned(number: int) -> SeriesSet:
    """The curves of a trial."""
    out = SeriesSet()
    for update in range(UPDATES):
        values = numbers(number, update)
        out.extend([Record((update + 1) * 50_000, NOW, tuple(values), tuple(values.values()))])
    return out


def papers(number: int) -> Papers:
    """The papers of a trial."""
    settings = (
        Setting("ppo.learning_rate", f"{3e-4 * (1 + number):.2g}", "search", "size of a step of the learner"),
        Setting("task.reward.scales.alive_bonus", "0.12", "override", "for each second that it stays up"),
        Setting("task.reward.scales.forward_velocity", "0.9", "preset", "speed towards the target"),
        Setting("train.seed", str(number), "search", "what chance begins with"),
        Setting("train.total_env_steps", "3000000", "task", "length of the training"),
    )
    evals = tuple(
        EvalView(k * 600_000, "competition", True, 256, score, score * 0.85, 0.02, 17.3 * min(1.0, score))
        for k, score in ((1, 0.112), (2, 0.64), (3, 1.164), (4, 0.93), (5, 0.88))
    )
    facts = (("env", "vbot_navigation_section001"), ("command", "vbot automl run"))
    return Papers(f"run{number}", settings, evals, (1_800_000, 2_400_000, 3_000_000), facts)


def sixty_steps():
    """Six seconds: it speeds up, stops two metres short and stands there."""
    speeds = [min(1.4, 0.1 * k) if k < 30 else max(0.0, 1.4 - 0.14 * (k - 30)) for k in range(60)]
    gone = [0.1 * sum(speeds[: k + 1]) for k in range(60)]
    distances = [max(2.0, 6.0 - metres) for metres in gone]
    paid = [(0.4 * speed, 0.12, -0.02 * speed) for speed in speeds]
    return episode(speeds, distances, paid, ("forward_velocity", "alive_bonus", "action_rate"))


REFS = tuple(EpisodeRef(k * 600_000, False, Path(str(k))) for k in range(1, 6))
LOG = tuple(f"step {k * 24_576:>9,}  return {k * 1.7:7.2f}  18.4k steps/s" for k in range(1, 40))
SHELVES = {
    "queue": Shelf(
        "queue", ("ITEM", "STATE", "KIND", "LABEL", "AFTER", "STUDY OR REASON"),
        (
            Item("q1", ("q1", "done", "study", "rough", "-", "best is trial 7 with score 0.950"), "dim", "done"),
            Item("q2", ("q2", "running", "evaluate", "rough-judged", "q1", ""), "good", "running"),
            Item("q3", ("q3", "waiting", "study", "fine", "q2", ""), "", "waiting"),
            Item("q4", ("q4", "failed", "study", "stop", "-", "three equal crashes: ValueError: NaN weights"), "bad",
                 "failed"),
        ),
        "q1", ("# q1 rough", "- state: done", "- attempts: 1", "- study: 20260223-101500-rough-ab12cd34", "", "```",
               "label: rough", "space:", "  ppo.learning_rate: {low: 0.0001, high: 0.01, log: true}", "```"),
        "paused: me: the laptop is needed",
    ),
    "library": Shelf(
        "library", ("NAME", "SHELF", "STATUS", "SCORE", "SETS", "WHAT IT IS FOR"),
        (
            Item("first-t1", ("first-t1", "configs", "proven", "1.164", "12", "walks straight and stops in time"), "",
                 "configs"),
            Item("brake", ("brake", "components", "idea", "-", "2", "pays for braking once inside of two metres"),
                 "accent", "components"),
            Item("alive-3", ("alive-3", "rejected", "rejected", "0.020", "1", "it stood still and was paid for it"),
                 "dim", "rejected"),
        ),
        "first-t1", ("```", "name: first-t1", "env: vbot_navigation_section001", "settings:",
                     "  task.reward.scales.alive_bonus: 0.12", "```"),
    ),
    "records": Shelf(
        "records", ("WHAT", "WHEN", "ABOUT", "IN WORDS"),
        (
            Item("t1", ("TODO", "02-23 11:02", "session", "film the best one from the side"), "warn", "open"),
            Item("n1", ("note", "02-23 10:40", "run4", "its hind legs drag from 400k steps on"), "", "note"),
            Item("r1", ("run", "20260223-101500", "FLAT", "a lower alive bonus made it walk"), "accent", "record"),
        ),
        "t1", ("# 2026-02-23 11:02 me", "", "film the best one from the side, and look at its hind legs"),
    ),
    "logs": Shelf(
        "logs", ("LOG", "LAST", "SIZE", "OF"),
        (
            Item("actions", ("actions", "02-23 11:04", "3", "what was asked for by key in cockpits"), "accent"),
            Item("train", ("training", "02-23 11:04", "51k", "20260223-101500-first_t004-ab12cd34"), state="training"),
        ),
        "actions", ("2026-02-23 11:04:12 me evaluate T1 vbot eval run1 --all-checkpoints --threads 1",),
    ),
}  # fmt: skip


class StillClient(PlanningClient):
    """Answers at once from what it was given; shelves and episodes included."""

    def __init__(self, shown, workspace):
        super().__init__(shown, workspace)
        for number in range(8):
            self.series[f"run{number}"] = learned(number)

    def select(self, key):
        self.asked.append(("select", key))
        series = self.curves(key)
        now, before = reward_breakdown(series, None, 48), reward_breakdown(series, 2_250_000, 0)
        self.view = replace(self.view, detail=Detail(key, now, before, LOG, f"/ws/runs/{key}/train.log"))

    def open_shelf(self, name, selected):
        self.view = replace(self.view, shelf=SHELVES.get(name))

    def episodes(self, run_id):
        return REFS

    def episode(self, ref):
        return sixty_steps(), ""


def made(workspace: Workspace) -> StudyPage:
    """The page of a study on disk."""
    study = whole_study(workspace, runs=False)
    return StudyDesk(workspace).page(study, StudyViewer(workspace).view(study), ask=False)


def scenes(workspace: Workspace, page: StudyPage) -> Iterator[Callable[[], Scene]]:
    """Makers of every scene; each makes a client of its own."""
    best = {"best_trial": 1, "best_score": 1.164, "trials": 8, "finished": 4}

    def client(**changes):
        notes = (note("its hind legs drag from 400k steps on", 4, step=400_000), note("look at the knees", 1, age=7200))
        shown = {"study": head(**best), "notes": notes, "papers": tuple(papers(k) for k in range(8)), **changes}
        return StillClient(view(*shown.pop("rows", ROWS), **shown), workspace)

    def table():
        return Scene(client(), (
            ("trials", ()), ("trials-flags", ("f",)), ("trials-notes", ("N",)), ("trials-log", ("l",)),
            ("trials-info", ("i",)), ("trials-reward-large", ("r", "z")), ("filter", ("escape", "slash", "T")),
            ("note", ("escape", "n")), ("menu", ("escape", "A")), ("confirm", ("escape", "X")),
            ("help", ("escape", "question_mark")),
        ))  # fmt: skip

    def trial():
        pages = tuple((f"trial-{name}", (key,)) for name, key in
                      (("reward", "r"), ("waterfall", "w"), ("flags", "f"), ("log", "l"), ("evals", "e"),
                       ("config", "o"), ("notes", "N")))  # fmt: skip
        clone = ("clone", ("c", "C", *"clip", "equals_sign", *"0", "full_stop", "1"))
        return Scene(client(), (("trial", ("enter",)), ("trial-large", ("enter", "left", "left")), *pages, clone))

    def robot():
        return Scene(client(), (("robot", ("v", "space", "home", *["greater_than_sign"] * 2)),))

    def compare():
        keys = ("j", "j", "j", "space", "space", "space", "c")
        pages = tuple((f"compare-{name}", (key,)) for name, key in (("reward", "r"), ("seeds", "s"), ("config", "o")))
        return Scene(client(), (("compare", keys), ("compare-large", ("enter", "left")), *pages))

    def study():
        own = tuple(plain_row(item.number, state=item.state) for item in page.trials)
        shown = client(rows=own, study=head(id=page.id), page=page)
        pages = tuple((f"study-{name}", (key,)) for name, key in
                      (("why", "w"), ("rungs", "u"), ("values", "v"), ("parallel", "p"), ("history", "h")))  # fmt: skip
        return Scene(shown, (("study", ("2",)), *pages))

    def launch():
        return Scene(client(), (("launch", ("3",)), ("launch-audit", ("a",)), ("launch-command", ("d",)),
                                ("launch-range", ("o", "j", "j", "j", "s"))))  # fmt: skip

    def shelves():
        return Scene(client(), tuple((name, (str(place),)) for place, name in enumerate(SHELVES, 4)))

    def empty():
        return Scene(client(rows=(), study=None, papers=(), notes=()), (("empty", ()),))

    def opening():
        return Scene(client(rows=(), study=None, ready=False), (("opening", ()),))

    def refused():
        found = client(study=None, rows=())
        found.findings = (
            Finding("error", "ghost key", "task.reward.scales.stop_bonus changes nothing: its gate is never open; "
                    "take it out of space."),
            Finding("warning", "audit", "the starting reward would be cheated: standing wins; halve alive_bonus."),
        )  # fmt: skip
        return Scene(found, (("refused", ("S",)),))

    yield from (table, trial, robot, compare, study, launch, shelves, empty, opening, refused)
