"""Small pictures of work for tests of screens, and a client that records what the screens ask for."""

from dataclasses import replace

from sessions.breakdown import Breakdown, reward_breakdown
from sessions.event_file import Record
from sessions.series import SeriesSet
from vbot_tui.model import Detail, FirstStudy, FlagView, NoteView, StudyHead, TrialRow, View

NOW = 1_770_000_000.0
STUDY = "20260223-101500-first-ab12cd34"

LAZY = FlagView(
    "lazy_robot",
    "lazy robot",
    "pay for being alive exceeds pay for moving",
    "steps 400,000 to 500,000 (20 updates)",
    (("alive share", 0.62), ("speed m/s", 0.031)),
    0.9,
    "halve alive_bonus",
)


def row(number=0, **changes):
    """A running trial that is well."""
    base = TrialRow(
        run_id=f"run{number}",
        study_id=STUDY,
        number=number,
        state="running",
        phase="rollout",
        env_steps=250_000,
        total_env_steps=1_000_000,
        steps_per_s=18_400.0,
        eta_s=125.0,
        score=0.512,
        success=0.61,
        spark=(0.0, 1.0, 2.0, 3.0),
        spark_name="episode/return",
        updated=NOW - 2,
        interval_s=1.0,
    )
    return replace(base, **changes)


def head(**changes):
    """A study driven here."""
    base = StudyHead(
        STUDY,
        "vbot_navigation_section001",
        "running",
        "here",
        slots_busy=2,
        slots=2,
        trials=5,
        finished=3,
        max_trials=12,
    )
    return replace(base, **changes)


def view(*rows, **changes):
    """A picture with these rows."""
    study = changes.pop("study", head())
    base = View(
        version=1,
        ready=True,
        workspace="/ws",
        rows=tuple(rows),
        studies=(study,) if study else (),
        study=study,
        first=FirstStudy("vbot_navigation_section001", 12, 3_000_000, 2, ("learning_rate", "approach")),
    )
    return replace(base, **changes)


def curves(points):
    """Curves from {tag: [values]}; the steps are 1000, 2000, ..."""
    out = SeriesSet()
    tags = tuple(points)
    for index in range(len(next(iter(points.values())))):
        out.extend([Record((index + 1) * 1000, NOW, tags, tuple(points[tag][index] for tag in tags))])
    return out


def paid(points) -> Breakdown:
    """The newest reward breakdown of such curves."""
    found = reward_breakdown(curves(points), None, 8)
    assert found is not None
    return found


def note(text, number=0, age=60.0, step=1000):
    """A note on a trial."""
    return NoteView(NOW - age, "me", text, f"run{number}", step)


class FakeClient:
    """Shows what it is given and remembers what it is asked for."""

    def __init__(self, shown):
        self.view = shown
        self.asked = []
        self.series = {}
        self.findings = ()
        self.changed = lambda: None

    def start(self, on_change):
        self.changed = on_change

    def show(self, shown):
        self.view = shown
        self.changed()

    def select(self, key):
        self.asked.append(("select", key))
        detail = Detail(
            key, paid({"reward/approach": [1.0, 2.0], "reward/total": [1.0, 2.0]}), None, ("a line",), "log"
        )
        self.view = replace(self.view, detail=detail)

    def check_study(self, text, answer):
        self.asked.append(("check_study", text))
        answer(self.findings)

    def curves(self, run_id):
        return self.series.setdefault(run_id, SeriesSet())

    def open_runs(self, keys):
        self.asked.append(("open_runs", tuple(keys)))

    def __getattr__(self, name):
        return lambda *values: self.asked.append((name, *values))
