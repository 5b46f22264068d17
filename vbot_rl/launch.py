"""Making a run's directory and starting its trial process, without a moment in which two could start.

Light on purpose: the cockpit and the scheduler import this. What happens inside the process is in `vbot_rl.train_one`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sessions.code_version import code_version
from sessions.errors import UsageError
from sessions.files import utc_now
from sessions.locks import Lock
from sessions.runs import RunDir, RunRecord, RunStatus
from sessions.workspace import Workspace
from vbot_rl.config import Resolved, config_hash, override, to_yaml
from vbot_sim.settings import require

WARM_START_FILE = "warm_start.pt"
NICE = 10
PROGRAM = ("-m", "vbot_rl.train_one")
RUN_VARIABLE = "VBOT_RUN"  # the run's directory, in the environment of its process and of all that this one starts


@dataclass(frozen=True)
class Launched:
    """A trial process that was just started."""

    pid: int
    popen: subprocess.Popen[bytes]


@dataclass(frozen=True)
class WarmStart:
    """A checkpoint of another run to start from, and which parts of it are taken."""

    checkpoint: Path
    parts: tuple[str, ...] = ("weights", "normalizer")


def create_run(
    workspace: Workspace,
    resolved: Resolved,
    kind: str,
    label: str,
    study: str | None = None,
    trial: int | None = None,
    parent: str | None = None,
    command: str = "",
    warm_start: WarmStart | None = None,
    run_id: str | None = None,
    hand_set: str = "",
) -> RunDir:
    """Make the directory of a new run, with ``run.json`` and ``config.yaml``; nothing is started.

    Args:
        workspace: where.
        resolved: the config.
        kind: "train", "smoke", "trial" or "final".
        label: a word for its id.
        study: id of the study it belongs to.
        trial: its number there.
        parent: id of the run it starts from.
        command: the command line, for the record.
        warm_start: what to start from; the checkpoint is copied into the run.
        run_id: the id, where the caller has already journalled one.
        hand_set: learning and reward settings that a person set for a long training outside any study.

    Raises:
        UsageError: the checkpoint to start from cannot be read.
    """
    files: dict[str, str | bytes] = {}
    if warm_start is not None:
        resolved = override(resolved, {"train.warm_start": list(warm_start.parts)})
        files[WARM_START_FILE] = _read_checkpoint(warm_start.checkpoint)
    record = RunRecord(
        id=run_id or workspace.new_run_id(label),
        kind=kind,
        env=resolved.cfg.env,
        study=study,
        trial=trial,
        parent=parent,
        created=utc_now(),
        host=os.uname().nodename,
        code_version=code_version(),
        config_hash=config_hash(resolved.cfg),
        command=command,
        hand_set=hand_set,
    )
    return RunDir.create(workspace.runs, record, {"config.yaml": to_yaml(resolved), **files})


def _read_checkpoint(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"the checkpoint {path} to start from cannot be read ({error.strerror}); check it") from None


def require_device(device: str) -> None:
    """Refuse a device that is not here; the processor always is, and torch is not loaded to say so.

    Raises:
        ConfigError: there is no such device.
    """
    if device == "cpu":
        return
    import torch

    require(
        torch.cuda.is_available(),
        f"train.device is '{device}', but torch finds no CUDA device here; set train.device=cpu, "
        "or install a torch built for CUDA and check that nvidia-smi lists the GPU.",
    )


NOT_FOR_TRIALS = frozenset(
    {
        "OPENBLAS_CORETYPE",  # a slower processor's code
        "MUJOCO_GL",  # a renderer that is missing here fails at import, and a trial draws nothing
    }
)

PROCESSOR = "VBOT_PROCESSOR"  # "avx2": let trials compute as they do on a processor without AVX-512
WITHOUT_AVX512 = {"OPENBLAS_CORETYPE": "Haswell", "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR"}


def trial_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of a trial process: numeric libraries single-threaded and free to use what the processor has."""
    cleaned = {key: value for key, value in environ.items() if key not in NOT_FOR_TRIALS}
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        cleaned[name] = "1"  # threads of ours split the work; a library that spins would only take their cores
    cleaned["PYTHONUNBUFFERED"] = "1"
    if cleaned.get(PROCESSOR) == "avx2":
        cleaned |= WITHOUT_AVX512
    return cleaned


def choose_libraries() -> None:
    """Give this process the environment of a trial, which BLAS and OpenMP read when numpy loads; call it before."""
    os.environ.pop("OPENBLAS_CORETYPE", None)
    os.environ.update(trial_environment(os.environ))


def trial_command(
    run: RunDir, lock_fd: int, slot_fd: int | None, nice: int, program: Sequence[str] = PROGRAM
) -> list[str]:
    """The command line of a trial process."""
    command = [
        sys.executable,
        "-P",
        *program,
        "--run",
        os.path.abspath(run.path),
        "--lock-fd",
        str(lock_fd),
    ]
    return [*command, *(["--slot-fd", str(slot_fd)] if slot_fd is not None else []), "--nice", str(nice)]


def prepare(run: RunDir) -> None:
    """What the holder of the lock does before a process starts: old requests put aside, a first status written.

    From here on a process that dies without a word is found as crashed, and a request to stop is a new one.
    """
    run.clear_stop_request()
    last = run.status() or RunStatus(state="running")
    starting = replace(last, state="running", phase="starting", pid=None, end_reason=None, end_detail=None, eta_s=None)
    run.write_status(replace(starting, steps_per_s=0.0))


def launch(
    run: RunDir,
    slot: Lock | None = None,
    nice: int = NICE,
    pass_fds: Sequence[int] = (),
    program: Sequence[str] = PROGRAM,
) -> Launched:
    """Start (or resume) the trial process of ``run`` in a session of its own.

    Its lock and slot are taken before and handed over by descriptor; this process keeps neither.

    Args:
        run: the run.
        slot: a held training slot, closed here once the child has it; None runs outside the slots.
        nice: how far the process steps back.
        pass_fds: further descriptors to leave open in the child.
        program: what python runs; another one has to keep to what `vbot_rl.train_one` promises.

    Raises:
        LockedError: somebody runs it already; the slot stays with the caller.
        OSError: the process could not be started; the slot stays with the caller.
    """
    lock = Lock.acquire(run.lock_path, f"training {run.id}")
    try:
        prepare(run)
        fds = (lock.fd, *((slot.fd,) if slot is not None else ()), *pass_fds)
        with open(run.log_path, "ab") as log:
            popen = subprocess.Popen(
                trial_command(run, lock.fd, slot.fd if slot is not None else None, nice, program),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                env={**trial_environment(os.environ), RUN_VARIABLE: os.path.abspath(run.path)},
                start_new_session=True,
                pass_fds=fds,
            )
    finally:
        lock.close()
    if slot is not None:
        slot.close()
    return Launched(popen.pid, popen)
