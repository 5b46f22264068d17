"""What can be known before a minute of training is spent: keys, rewards, shapes, room, and whether it was run before.

Each check gives findings: an error refuses the study, a warning is said, a note is worth knowing. The last check
trains for a few seconds with the study's starting settings and looks for a crash or a number that is none.
"""

import itertools
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from automl.checkpoints import checkpoint_of
from automl.library import repeated
from automl.local import usable_cores
from automl.spec import StudySpec, base_params, complete
from automl.state import Params
from sessions.errors import VbotError
from sessions.workspace import Workspace
from vbot_sim.errors import SimError

if TYPE_CHECKING:
    from automl.memory.index import StudyNow
    from vbot_rl.config import Resolved

Level = Literal["error", "warning", "note"]

TRIAL_MB = 450.0  # resident memory of a trial with 256 simulations, where no run has told
NUMBERS = 3 * 8  # bytes per parameter in a checkpoint: weights and both moments of the optimizer
FILES_PER_TRIAL = 5  # checkpoints that a trial keeps at once: the last two, the best, one being written, one pinned
CURVES_MB = 2.0
SPARE_MB = 500.0
SMOKE_S = 120.0
SMOKE_SETS: Mapping[str, Any] = {
    "train.num_envs": 16,
    "train.evaluation_cases": 2,
    "train.evaluations": 5,
    "train.threads": 1,
    "ppo.horizon": 16,
    "ppo.epochs": 1,
    "ppo.minibatches": 1,
}
SMOKE_STEPS = 16 * 16 * 5


@dataclass(frozen=True)
class Finding:
    """One thing found before the start."""

    level: Level
    check: str
    text: str


Smoke = Callable[[Workspace, StudySpec, "Resolved"], str]


def preflight(workspace: Workspace, spec: StudySpec, smoke: Smoke | None = None) -> tuple[Finding, ...]:
    """Everything that is found about a study, errors first.

    Args:
        workspace: where it would run.
        spec: what it would do.
        smoke: trains for a few seconds and says what went wrong; None leaves that out.
    """
    from vbot_rl.config import run_cfg

    try:
        spec = complete(spec)
        base = base_params(spec)
        resolved = run_cfg(spec.env, spec.preset, sets={**spec.sets, **base, **_length(spec)})
    except SimError as error:
        return (Finding("error", "settings", str(error)),)
    found = [*_ghosts(spec, resolved), *_audited(spec, resolved), *_warm_start(workspace, spec)]
    found += [*_room(workspace, spec, resolved), *_known_already(workspace, spec), *_time(workspace, spec)]
    if smoke is not None and not any(item.level == "error" for item in found):
        trouble = smoke(workspace, spec, resolved)
        found += [Finding("error", "smoke", trouble)] if trouble else []
    return tuple(sorted(found, key=lambda item: ("error", "warning", "note").index(item.level)))


def _length(spec: StudySpec) -> dict[str, Any]:
    return {"train.total_env_steps": spec.trial_env_steps}


def _ghosts(spec: StudySpec, resolved: "Resolved") -> Iterator[Finding]:
    from automl.probe import ghosts

    for path, why in ghosts(resolved.cfg, spec.space).items():
        yield Finding("error", "ghost key", f"{path} changes nothing: {why}; take it out of space.")


def _audited(spec: StudySpec, resolved: "Resolved") -> Iterator[Finding]:
    """The reward audit, of the starting settings and of every seed configuration."""
    from automl.audit import audit
    from vbot_rl.config import override

    seeds = [(f"seed configuration {n}", seeded.params) for n, seeded in enumerate(spec.seed_configs, 1)]
    for name, params in [("the starting reward", {}), *seeds]:
        cfg = override(resolved, dict(params)).cfg
        try:
            report = audit(cfg.task, cfg.ppo.gamma)
        except (SimError, NotImplementedError) as error:
            yield Finding("note", "audit", f"{name} is not audited: {error}")
            continue
        for winner in report.winners:
            yield Finding("warning", "audit", f"{name} would be cheated: {winner.exploit} wins; {winner.cure}.")


def _warm_start(workspace: Workspace, spec: StudySpec) -> Iterator[Finding]:
    if spec.warm_start is None:
        return
    try:
        checkpoint_of(workspace, spec.warm_start.run, spec.warm_start.step)
    except (VbotError, SimError) as error:
        yield Finding("error", "warm start", str(error))
        return
    if "schedule" in spec.warm_start.parts and "ppo.learning_rate" in spec.space:
        yield Finding(
            "error",
            "ghost key",
            "ppo.learning_rate changes nothing: warm_start takes the learning rate over with the part 'schedule'; "
            "leave that part out.",
        )


def _room(workspace: Workspace, spec: StudySpec, resolved: "Resolved") -> Iterator[Finding]:
    trials = (spec.trial_limit or 50) + spec.confirm.top * spec.confirm.seeds
    wanted = trials * (FILES_PER_TRIAL * parameters(resolved) * NUMBERS / 1e6 + CURVES_MB) + SPARE_MB
    free = shutil.disk_usage(_existing(workspace.root)).free / 1e6
    if free < wanted:
        text = f"{trials} trials need about {wanted:,.0f} MB under {workspace.root}, and {free:,.0f} MB are free"
        yield Finding("error", "disk", f"{text}; make room, or name another workspace.")
    slots = min(spec.slots or usable_cores(), usable_cores())
    each = max(TRIAL_MB, TRIAL_MB * resolved.cfg.train.num_envs / 1024)
    available = memory_mb()
    if available is not None and available < slots * each:
        text = f"{slots} trials at once need about {slots * each:,.0f} MB of memory, and {available:,.0f} MB are free"
        yield Finding("warning", "memory", f"{text}; give the study fewer slots.")


def parameters(resolved: "Resolved") -> int:
    """About how many numbers actor and critic have; the observation counts as 128 wide, which is more than any."""
    widths = [128, *resolved.cfg.ppo.hidden, 12]
    return 2 * sum((a + 1) * b for a, b in itertools.pairwise(widths))


def memory_mb(meminfo: Path = Path("/proc/meminfo")) -> float | None:
    """Memory that programs could still have; None where the system does not tell."""
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    known = {name: rest.split() for name, _, rest in (line.partition(":") for line in lines)}
    return float(known["MemAvailable"][0]) / 1000 if "MemAvailable" in known else None


def _existing(path: Path) -> Path:
    while not path.exists():
        path = path.parent
    return path


def _known_already(workspace: Workspace, spec: StudySpec) -> Iterator[Finding]:
    """Studies with the same question, trials with the same first settings, and what was rejected."""
    from automl.memory.index import Index
    from automl.spec import load
    from automl.studies import SPEC_FILE

    starts = [("the preset itself", base_params(spec))] if spec.sampler != "grid" else []
    starts += [
        (f"seed configuration {n}", {**base_params(spec), **s.params}) for n, s in enumerate(spec.seed_configs, 1)
    ]
    index = Index(workspace)
    for study in index.studies:
        if study.digest.env != spec.env or study.digest.damage:
            continue
        if _same_question(load(workspace.studies / study.id / SPEC_FILE), spec):
            score = study.digest.champion.score if study.digest.champion else None
            best = f", best score {score:.3f}" if score is not None else ""
            text = f"this study was already run as {study.id} ({study.state}{best}); give it another seed to try again."
            yield Finding("warning", "already run", text)
            continue
        yield from _same_trials(study, spec, starts)
    for text in repeated(workspace, spec):
        yield Finding("warning", "rejected idea", f"{text}.")


def _same_question(known: StudySpec, spec: StudySpec) -> bool:
    return replace(known, label=spec.label, slots=spec.slots) == spec


def _same_trials(study: "StudyNow", spec: StudySpec, starts: list[tuple[str, Params]]) -> Iterator[Finding]:
    digest = study.digest
    same = (digest.preset, digest.trial_env_steps) == (spec.preset, spec.trial_env_steps)
    if not same or {**digest.sets} != _plain(spec.sets) or set(digest.space) != set(spec.space):
        return
    for name, params in starts:
        for trial in digest.trials:
            if trial.score is not None and dict(trial.params) == dict(params):
                text = f"{name} was tried as trial {trial.number} of {study.id}: score {trial.score:.3f}."
                yield Finding("note", "already run", text)
                break


def _plain(sets: Mapping[str, Any]) -> dict[str, Any]:
    return {path: list(value) if isinstance(value, tuple) else value for path, value in sets.items()}


def _time(workspace: Workspace, spec: StudySpec) -> Iterator[Finding]:
    """How many trials fit, by the speed of earlier runs here."""
    from automl.memory.index import Index

    if spec.budget_s is None:
        return
    speeds = sorted(run.digest.steps_per_s for run in Index(workspace).runs if run.digest.steps_per_s)
    if not speeds:
        return
    trial_s = spec.trial_env_steps / speeds[len(speeds) // 2]
    slots = min(spec.slots or usable_cores(), usable_cores())
    fit = math.floor(spec.budget_s / trial_s) * slots
    text = f"a trial takes about {trial_s / 60:.1f} min by earlier runs here; the budget holds about {fit} of them"
    if fit < min(spec.startup_trials, spec.trial_limit or spec.startup_trials):
        yield Finding("warning", "budget", f"{text}, too few to learn from: shorten trial_env_steps or give more time.")
    else:
        yield Finding("note", "budget", f"{text}.")


def train_briefly(workspace: Workspace, spec: StudySpec, resolved: "Resolved") -> str:
    """Train the study's starting settings on a handful of robots for a second or two; what went wrong, or nothing.

    Shapes of a warm start, the physics, the learner and the disk are all met as a trial will meet them.
    """
    import subprocess

    from vbot_rl.config import override
    from vbot_rl.launch import WarmStart, create_run, launch

    with tempfile.TemporaryDirectory(prefix=".preflight-", dir=_existing(workspace.view)) as folder:
        place = Workspace.open(folder)
        try:
            small = override(resolved, {**SMOKE_SETS, "train.total_env_steps": SMOKE_STEPS})
            start = None
            if spec.warm_start is not None:
                _, path = checkpoint_of(workspace, spec.warm_start.run, spec.warm_start.step)
                start = WarmStart(path, spec.warm_start.parts)
            run = create_run(place, small, kind="smoke", label="preflight", warm_start=start)
            process = launch(run, nice=0).popen
        except (VbotError, SimError, OSError) as error:
            return str(error)
        try:
            process.wait(SMOKE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return f"a few steps of training did not end within {SMOKE_S:.0f} s."
        status = run.status()
        if status is not None and status.state == "finished":
            return ""
        tail = " | ".join(run.log_tail(3))
        return f"a few steps of training ended as {status.state if status else 'nothing'}: {tail}"
