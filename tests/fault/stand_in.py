"""A trial process that learns nothing but keeps every promise of `vbot_rl.train_one`, in milliseconds.

It holds the run's lock, obeys requests, writes status, evaluations and checkpoints, and resumes from the newest one. A
line of work is written per step, and a checkpoint knows the length of that file, so steps done twice can be seen. How
it behaves is read from `script.json` in the workspace, by the number of the trial ("*": all).
"""

import argparse
import contextlib
import fcntl
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from sessions.files import append_line, write_atomic
from sessions.locks import Lock
from sessions.runs import RunDir, RunStatus

STATE_AFTER = {"stop": "stopped", "pause": "paused", "kill": "killed"}
EVALUATIONS = 5
USUAL_STEPS = 100_000


def score(params: str, step: int, total: int) -> float:
    """A score that belongs to settings and step: it grows to a value that the settings decide."""
    digest = sum(ord(letter) * (place + 1) for place, letter in enumerate(params)) % 997
    return round(digest / 997 * step / total, 6)


def main() -> int:
    """Run; the exit code is that of a trial."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--lock-fd", type=int, required=True)
    parser.add_argument("--slot-fd", type=int)
    parser.add_argument("--nice", type=int)
    arguments = parser.parse_args()
    run = RunDir(arguments.run)
    with Lock.from_fd(run.lock_path, arguments.lock_fd) as lock:
        lock.describe(f"trial process of {run.id}")
        return StandIn(run).work()


class StandIn:
    """One run."""

    def __init__(self, run: RunDir) -> None:
        self.run = run
        self.asked = False
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._take)
        self.script = self._script()
        self._one_writer()
        self.config = run.config_path.read_text(encoding="utf-8")
        self.total = int(self._setting("total_env_steps"))
        self.work_path = run.path / "work.jsonl"
        self.step = self._resume()

    def _take(self, number: int, frame: object) -> None:
        self.asked = True

    def _script(self) -> dict[str, Any]:
        path = self.run.path.parent.parent / "script.json"
        data = json.loads(path.read_text()) if path.exists() else {}
        return {**data.get("*", {}), **data.get(str(self.run.record().trial), {})}

    def _one_writer(self) -> None:
        """Of two writers the second would be heard of, whatever the run's own lock says."""
        self._writer = os.open(self.run.path / "writer", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._writer, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            append_line(self.run.path.parent.parent / "violations", f"two writers in {self.run.id}")

    def _setting(self, name: str) -> str:
        return next(line.split(":")[1] for line in self.config.splitlines() if line.strip().startswith(f"{name}:"))

    def _resume(self) -> int:
        for step, path in reversed(self.run.checkpoints()):
            try:
                state = json.loads(path.read_bytes())
                self._cut(int(state["work"]))
                print(f"resumed from {path.name}", flush=True)
                return step
            except (ValueError, KeyError, TypeError):
                print(f"the checkpoint {path} is damaged; use an earlier one", flush=True)
        self._cut(0)
        return 0

    def _cut(self, length: int) -> None:
        with self.work_path.open("ab") as file:
            file.truncate(length)

    def work(self) -> int:
        """Step by step to the end."""
        every = self.total // EVALUATIONS
        steps = max(int(self.script.get("steps", 20)), EVALUATIONS)
        pause_s = float(self.script.get("seconds", 0.3)) / steps  # for a trial of the usual length
        each = max(USUAL_STEPS // steps, 1)
        self._say("running", "training")
        self._tricks("begin")
        while self.step < self.total:
            time.sleep(pause_s)
            before, self.step = self.step, min(self.step + each, self.total)
            append_line(self.work_path, json.dumps({"step": self.step}), durable=False)
            self._tricks("step")
            if self.step // every > before // every:
                self._evaluate(self.step // every * every)
                self._save()
            self._say("running", "training")
            request = self.run.stop_request() if self.run.stop_path.exists() else None
            if (request is not None or self.asked) and not self.script.get("deaf") and self.step < self.total:
                self._save()
                action = request.action if request else "stop"
                why = f"{request.why} (asked by {request.who})" if request else "a signal was received"
                reason = None if action == "pause" else request.reason if request else "user"
                self._say(STATE_AFTER[action], "", reason, why)
                return 0
        if self.script.get("no_result"):
            return 0
        self._save()
        self._say("finished", "", "finished", f"all {self.total} steps are done")
        return 0

    def _tricks(self, when: str) -> None:
        share = self.step / self.total
        if when == "step" and "dies_at" in self.script and share >= self.script["dies_at"]:
            os.kill(os.getpid(), signal.SIGKILL)
        if when == "step" and "raises_at" in self.script and share >= self.script["raises_at"]:
            raise ValueError(f"step {self.step} is not what was expected")
        if when == "step" and "diverges_at" in self.script and share >= self.script["diverges_at"]:
            self._say("diverged", "", "diverged", f"not finite at step {self.step}")
            os._exit(1)
        if when == "step" and "checkpoint_dies_at" in self.script and share >= self.script["checkpoint_dies_at"]:
            half = self.run.checkpoint_dir / f".step_{self.step}.pt.{os.getpid()}.tmp"
            half.write_bytes(b'{"work"')
            os.kill(os.getpid(), signal.SIGKILL)
        if when == "begin" and self.script.get("ignores_term"):
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            self.script["deaf"] = True
        if when == "step" and self.script.get("hog"):
            resource.setrlimit(resource.RLIMIT_AS, (2**28, 2**28))
            self.hog = bytearray(2**30)
        if when == "begin" and self.script.get("children"):
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)", str(self.run.path)])
        if when == "begin" and self.script.get("fork") and os.fork() == 0:
            time.sleep(600)
            os._exit(0)
        if when == "begin" and self.script.get("prints"):
            line = b"\xff\xfe" + b"x" * 998 + b"\n"
            for _ in range(int(self.script["prints"])):
                os.write(1, line)

    def _evaluate(self, step: int) -> None:
        data: dict[str, Any] = {"protocol": "competition", "step": step, "score_version": 1, "episodes": [{}] * 256}
        value = score(self._params(), step, self.total)
        if "scores" in self.script:
            value = self.script["scores"]
        data |= {"score": value, "success": value, "fell": 0.0}
        text = json.dumps(data)
        write_atomic(self.run.eval_dir / f"competition-{step}.json", text, durable=False)

    def _params(self) -> str:
        return self._setting("learning_rate")

    def _save(self) -> None:
        state = {"work": self.work_path.stat().st_size, "step": self.step}
        with contextlib.suppress(FileNotFoundError):
            write_atomic(self.run.checkpoint_dir / f"step_{self.step}.pt", json.dumps(state))

    def _say(self, state: str, phase: str, reason: str | None = None, detail: str | None = None) -> None:
        with contextlib.suppress(OSError):
            self.run.write_status(
                RunStatus(
                    state=state,
                    phase=phase,
                    env_steps=self.step,
                    total_env_steps=self.total,
                    pid=os.getpid() if state == "running" else None,
                    checkpoints=tuple(step for step, _ in self.run.checkpoints()),
                    end_reason=reason,
                    end_detail=detail,
                )
            )


if __name__ == "__main__":
    sys.exit(main())
