"""Studies on disk with known scores: written with the journal's and the runs' own writers, in milliseconds."""

import math

from automl.asha import AshaCfg
from automl.journal import Journal
from automl.space import Choice, Factor, Range
from automl.spec import StudySpec
from automl.studies import create_study
from sessions.runs import RunDir, RunRecord, RunStatus
from vbot_rl.config import run_cfg, to_yaml
from vbot_rl.event_writer import EventWriter

ENV = "vbot_navigation_section001"
TOTAL = 1_000_000
MINUTE = 60.0
SPACE = {
    "ppo.learning_rate": Range(1e-4, 1e-2, log=True),
    "ppo.entropy_coef": Range(0.0, 0.01),
    "task.reward.scales.forward_velocity": Factor(0.5, 2.0),
    "task.reward.scales.termination": Choice((-200.0, -100.0, -50.0)),
}
EVALS = (0.2, 0.4, 0.6, 0.8, 1.0)


def spec(**changes):
    """Twelve trials of a million steps over four keys, halved at 40 % and 80 %."""
    base = {
        "label": "shown",
        "space": SPACE,
        "max_trials": 12,
        "trial_env_steps": TOTAL,
        "budget_s": 8 * 3600.0,
        "early_stop": AshaCfg(enabled=True, rungs=(0.4, 0.8), min_peers=3),
    }
    return StudySpec(**{**base, **changes})


def params(number):
    """Settings that move along all ranges as the numbers rise."""
    share = number / 11
    return {
        "ppo.learning_rate": 10 ** (-4 + 2 * share),
        "ppo.entropy_coef": 0.01 * (1 - share),
        "task.reward.scales.forward_velocity": 0.5 + share,
        "task.reward.scales.termination": (-200.0, -100.0, -50.0)[number % 3],
    }


def final_score(number):
    """The best learning rate is that of trial 7."""
    return round(0.95 - 0.02 * (number - 7) ** 2, 3)


class Story:
    """Writes the log of a study, one trial after the other, a minute of scheduling for each event."""

    def __init__(self, workspace, **changes):
        self.workspace = workspace
        self.study = create_study(workspace, spec(**changes))
        self.journal = Journal(workspace.studies / self.study / "events.jsonl")
        self.at = 0.0

    def tell(self, kind, /, **facts):
        self.at += MINUTE
        day, minutes = divmod(round(self.at / 60), 24 * 60)
        stamp = f"2026-02-{23 + day:02d}T{minutes // 60:02d}:{minutes % 60:02d}:00Z"
        self.journal.append({"type": kind, "time": stamp, "t": self.at, **facts})

    def begin(self, number, origin="tpe"):
        run = f"20260223-1015{number:02d}-shown_t{number:03d}-ab12cd34"
        self.tell("trial_created", trial=number, params=params(number), origin=origin, seed=number)
        self.tell("trial_prepared", trial=number, run=run)
        self.tell("trial_started", trial=number, attempt=1)
        self.tell("trial_launched", trial=number)
        return run

    def rung(self, number, share, score, decision="continue", rung=None):
        step = int(share * TOTAL)
        self.tell("rung", trial=number, decision=decision, rung=rung, step=step, score=score, success=score, fell=0.0)

    def finish(self, number, state="finished", reason="finished", detail="1,000,000 steps done", flags=()):
        score = final_score(number) if state == "finished" else None
        self.tell(
            "trial_finished", trial=number, state=state, score=score, success=score, fell=0.0, env_steps=TOTAL,
            reason=reason, detail=detail, flags=list(flags),
        )  # fmt: skip

    def whole(self, number):
        """A trial from its beginning to its end."""
        run = self.begin(number, "preset" if number == 0 else "tpe")
        for share in EVALS:
            self.rung(number, share, round(final_score(number) * share, 3))
        self.finish(number)
        return run


def add_run(workspace, study, number, run, state="finished", updates=40, stop_at=1.0):
    """The directory of a trial's run, with curves whose terms add up."""
    record = RunRecord(id=run, kind="trial", env=ENV, study=study, trial=number, created="2026-02-23T10:15:00Z",
                       host="here", code_version="1", config_hash="0", command="vbot automl run")  # fmt: skip
    resolved = run_cfg(ENV, sets=params(number), origins=dict.fromkeys(params(number), "search"))
    directory = RunDir.create(workspace.runs, record, {"config.yaml": to_yaml(resolved)})
    writer = EventWriter(directory.path)
    for index in range(1, updates + 1):
        share = index / updates * stop_at
        walk = 0.4 * share + 0.01 * math.sin(index + number)
        terms = {"forward_velocity": walk, "position_tracking": 0.1 * share, "action_rate": -0.05 * share,
                 "termination": -0.2 * (1 - share)}  # fmt: skip
        values = {f"reward/{name}": value for name, value in terms.items()}
        values["reward/total"] = sum(terms.values())
        values["episode/return"] = 100 * share * final_score(number)
        values["task/speed_mps"] = 0.6 * share
        if index % (updates // 5) == 0:
            values["eval/score"] = final_score(number) * share
            values["eval/success"] = final_score(number) * share
        writer.write(round(TOTAL * share), values)
    writer.close()
    done = round(TOTAL * stop_at)
    ended = "finished" if state == "finished" else None
    directory.write_status(
        RunStatus(state=state, phase="training", env_steps=done, total_env_steps=TOTAL, steps_per_s=9000.0,
                  score=final_score(number) * stop_at, success=0.9 * stop_at, end_reason=ended,
                  end_detail=f"{done:,} steps done" if ended else None)
    )  # fmt: skip
    directory.log_path.write_text(f"trial {number}\nbegun\n")
    return directory


def whole_study(workspace, *, runs=True):
    """Ten finished trials, one that waits at a rung, one that crashed; a person asked for one more."""
    story = Story(workspace)
    made = [story.whole(number) for number in range(10)]
    waiting = story.begin(10)
    story.rung(10, 0.2, 0.05)
    story.rung(10, 0.4, 0.1, "pause", 0)
    story.tell("trial_paused", trial=10, env_steps=400_000)
    crashed = story.begin(11)
    story.finish(11, "failed", "crashed", "ValueError: the policy has NaN weights", ("nan",))
    story.tell(
        "command", id="1", kind="start_trial", who="me", why="a hunch", trial=None,
        params={"ppo.learning_rate": 0.003}, accepted=True, answer="a trial will start",
    )  # fmt: skip
    story.journal.close()
    if runs:
        for number, run in enumerate(made):
            add_run(workspace, story.study, number, run)
        add_run(workspace, story.study, 10, waiting, "paused", stop_at=0.4)
        add_run(workspace, story.study, 11, crashed, "failed", updates=10, stop_at=0.1)
    return story.study
