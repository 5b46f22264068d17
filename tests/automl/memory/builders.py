"""Small builders for the tests of memory: runs and studies written straight to disk, without a process or a sync."""

import json
from pathlib import Path
from typing import Any

from automl.journal import encode_line
from sessions.runs import RunDir
from sessions.workspace import Workspace
from tests.sessions.builders import record, version_record

ENV = "vbot_navigation_section001"
HOUR = "2026-11-23T{:02d}:00:00.000Z"
EIGHT = HOUR.format(8)


def make_workspace(root: Path) -> Workspace:
    return Workspace.open(root)


def make_run(ws: Workspace, name: str, *, state="finished", updated=EIGHT, scores=None, curves=None, **values):
    """A run; `scores` by step, `curves` as {step: {tag: value}}; other values go to run.json or status.json."""
    run = RunDir(ws.runs / name)
    (run.path / "evals").mkdir(parents=True)
    (run.path / "checkpoints").mkdir()
    known = ("kind", "env", "study", "trial", "parent", "host", "command", "created")
    record_values = {key: values.pop(key) for key in known if key in values}
    facts = {"id": name, "kind": "train", "env": ENV, "created": HOUR.format(1), "host": "vm", **record_values}
    (run.path / "run.json").write_text(json.dumps(facts))
    if state is not None:
        status = {"state": state, "updated": updated, "env_steps": 1000, "total_env_steps": 1000, **values}
        (run.path / "status.json").write_text(json.dumps(status))
        run.lock_path.touch()
    for step, score in (scores or {}).items():
        make_eval(run, step, score)
    if curves:
        data = version_record() + b"".join(record(step, tags) for step, tags in curves.items())
        (run.path / "events.out.tfevents.1000.vm.1.0").write_bytes(data)
    return run


def make_eval(run: RunDir, step: int, score: float, name: str | None = None, **values: Any) -> Path:
    head = {"protocol": "competition", "step": step, "score": score, "success": 0.5, "fell": 0.25, **values}
    path = run.eval_dir / (name or f"competition-{step}.json")
    path.write_text(json.dumps({**head, "episodes": [{"cause": "success"}] * 2, "schema": 1}, indent=1))
    return path


def make_config(run: RunDir, config: dict[str, Any], origins: dict[str, str] | None = None) -> None:
    import yaml

    text = yaml.safe_dump({"schema": 1, "config": config, "origins": origins or {}}, sort_keys=False)
    run.config_path.write_text(text)


def make_study(ws: Workspace, name: str, events=(), *, ended: str | None = None, space=None, env=ENV, **spec):
    """A study; events get their number and an hour each, beginning at 01:00."""
    path = ws.studies / name
    path.mkdir(parents=True)
    import yaml

    whole = {"label": "first", "env": env, "preset": "default", "mode": "hp", "max_trials": 4, "schema": 1, **spec}
    space = {"ppo.learning_rate": {"low": 1e-4, "high": 1e-2}} if space is None else space
    (path / "study.yaml").write_text(yaml.safe_dump({**whole, "space": space}))
    rows = [{"type": "study_created", "study": name}, *events]
    if ended:
        rows.append({"type": "study_ended", "why": ended})
    lines = [
        encode_line({"seq": place, "time": HOUR.format(1 + place), "t": float(place), **row})
        for place, row in enumerate(rows)
    ]
    (path / "events.jsonl").write_bytes(b"".join(lines))
    return path


def trial(
    number: int, score: float | None, *, run=None, state="finished", params=None, flags=(), reason="finished", detail=""
):
    """The events of one trial from its beginning to its end."""
    params = {"ppo.learning_rate": 1e-3} if params is None else params
    end = {"state": state, "score": score, "success": score, "fell": 0.0, "env_steps": 1000, "reason": reason}
    return [
        {"type": "trial_created", "trial": number, "params": params, "origin": "tpe", "seed": 1},
        *([{"type": "trial_prepared", "trial": number, "run": run}] if run else []),
        {"type": "trial_finished", "trial": number, **end, "detail": detail, "flags": list(flags)},
    ]
