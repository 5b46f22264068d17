"""What a trial process says of itself: ``status.json``, replaced at most twice a second while it works."""

import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from sessions.runs import RunDir, RunStatus, best_score
from vbot_rl.evaluate import EvalResult

INTERVAL_S = 0.5
SMOOTHING = 0.9


class StatusWriter:
    """Keeps a run's status and writes it when it is due; a full disk does not stop the run here."""

    def __init__(self, run: RunDir, total_env_steps: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._run, self._clock = run, clock
        best = best_score(run.evals())
        self.checkpoints: tuple[int, ...] = tuple(step for step, _ in run.checkpoints())
        self.metrics: Mapping[str, float] = {}
        self._status = RunStatus(
            state="running",
            total_env_steps=total_env_steps,
            pid=os.getpid(),
            score=best.score if best else None,
            success=best.success if best else None,
        )
        self._written = -INTERVAL_S
        self._steps_per_s = 0.0

    @property
    def env_steps(self) -> int:
        """The steps last reported."""
        return self._status.env_steps

    @property
    def end_detail(self) -> str:
        """The sentence about the end, once it ended."""
        return self._status.end_detail or ""

    def restore(self, env_steps: int, metrics: Mapping[str, float]) -> None:
        """Go on from a checkpoint."""
        self.metrics = dict(metrics)
        self._status = replace(self._status, env_steps=env_steps)

    def phase(self, phase: str) -> None:
        """What it does now; written at once."""
        self._status = replace(self._status, phase=phase)
        self._write()

    def update(self, env_steps: int, metrics: Mapping[str, float], eta_s: float) -> None:
        """Take in one update; written when due."""
        self.metrics = {**self.metrics, **metrics} if self.metrics else dict(metrics)
        rate = metrics["perf/steps_per_s"]
        self._steps_per_s = SMOOTHING * self._steps_per_s + (1 - SMOOTHING) * rate if self._steps_per_s else rate
        self._status = replace(self._status, env_steps=env_steps, steps_per_s=round(self._steps_per_s, 1), eta_s=eta_s)
        self.beat()

    def scored(self, result: EvalResult) -> None:
        """Take in an evaluation; the status shows the best so far."""
        if not result.canonical:
            return
        if self._status.score is None or result.score > self._status.score:
            self._status = replace(self._status, score=result.score, success=result.success)

    def seconds_for(self, env_steps: int) -> float:
        """How long that many steps will take."""
        return env_steps / self._steps_per_s if self._steps_per_s else 0.0

    def beat(self) -> None:
        """Write if the last time is long enough ago."""
        if self._clock() - self._written >= INTERVAL_S:
            self._write()

    def end(self, state: str, end_reason: str | None, end_detail: str) -> None:
        """The last word."""
        self._status = replace(
            self._status,
            state=state,
            phase="",
            eta_s=None,
            pid=None,
            steps_per_s=0.0,
            end_reason=end_reason,
            end_detail=end_detail,
        )
        self._write()

    def _write(self) -> None:
        self._written = self._clock()
        with suppress(OSError):  # said again soon; what must not fail is the checkpoint, and that one complains
            self._run.write_status(replace(self._status, metrics=self.metrics, checkpoints=self.checkpoints))
