"""Where trials run: the seam between deciding and doing.

The scheduler knows only the `Executor` protocol; `tests/automl/executor_contract.py` is the suite that every
implementation has to pass. The first one, `automl.local`, starts processes on this machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from automl.spec_parts import WarmStartCfg
from automl.state import Params, StopOrder

FINAL_WORDS = frozenset({"finished", "stopped", "killed", "failed", "diverged"})


@dataclass(frozen=True)
class TrialOrder:
    """Everything needed to make the run of one trial."""

    study: str
    number: int
    label: str
    env: str
    preset: str
    sets: Mapping[str, Any]
    params: Params
    seed: int
    env_steps: int
    lineage: Mapping[str, Any] = field(default_factory=dict)
    warm_start: WarmStartCfg | None = None


@dataclass(frozen=True)
class EvalPoint:
    """One evaluation on the fixed cases of the competition protocol."""

    step: int
    score: float | None
    success: float | None
    fell: float | None
    progress: float | None = None


@dataclass(frozen=True)
class RunReport:
    """What can be seen of a run.

    Attributes:
        alive: whether a process holds the run. Read before everything else here, so that the rest is final when it
            is False.
        state: the run's own word, as its record has it: "running" with `alive` False means that it died.
    """

    alive: bool
    state: str
    env_steps: int = 0
    total_env_steps: int = 0
    steps_per_s: float | None = None
    eta_s: float | None = None
    score: float | None = None
    success: float | None = None
    evals: tuple[EvalPoint, ...] = ()
    end_reason: str | None = None
    end_detail: str | None = None
    eval_s: float | None = None  # how long its last evaluation took
    trained_per_s: float | None = None  # env steps per second of training, evaluations apart
    flags: tuple[str, ...] = ()


class Slot(Protocol):
    """The right to run one trial on the machine; given back, or used up by `Executor.start`."""

    def release(self) -> None:
        """Give it back unused; nothing happens the second time, or when it is used up."""
        ...


class StartError(Exception):
    """A run could not be made or started; the message says why.

    Args:
        message: one sentence.
        for_good: whether trying again would only fail again.
    """

    def __init__(self, message: str, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


class Executor(Protocol):
    """Runs trials. Called from one thread only, `wake` excepted."""

    def new_run(self, order: TrialOrder) -> str:
        """An id for the run of a trial; nothing is made yet, so that it can be journalled first."""
        ...

    def prepare(self, run: str, order: TrialOrder) -> None:
        """Make the run of a trial under this id. One that was made already stays as it is.

        Raises:
            StartError: the configuration is refused.
        """
        ...

    def reserve(self) -> Slot | None:
        """A free slot, or None when all are taken, by whomever."""
        ...

    def start(self, run: str, slot: Slot) -> None:
        """Start or continue a run in a slot. A run that is alive already stays as it is.

        Raises:
            StartError: nothing runs, and the slot is free again.
        """
        ...

    def adopt(self, run: str) -> None:
        """Watch a run that is alive but was started by somebody else."""
        ...

    def report(self, run: str) -> RunReport:
        """What can be seen of a run now."""
        ...

    def flags(self, run: str) -> tuple[str, ...]:
        """The names of the flags that a run raises now; none when its curves cannot be read."""
        ...

    def settle(self, run: str) -> RunReport:
        """Complete the record of a run that died without closing it, and report. Does nothing while it is alive."""
        ...

    def ask_to_stop(self, run: str, order: StopOrder) -> None:
        """Ask a run to write a checkpoint and end. Asking again changes nothing."""
        ...

    def kill(self, run: str) -> None:
        """End a run and everything it started, at once; one that has only begun to start may need asking again."""
        ...

    def wait(self, timeout_s: float) -> None:
        """Return when a watched run has ended, when `wake` was called, or after the timeout."""
        ...

    def wake(self) -> None:
        """End a `wait` from another thread; one that comes next if none is going on."""
        ...

    def close(self) -> None:
        """Let go of everything; runs go on."""
        ...
