"""Where a policy comes from: a checkpoint of a run, or a policy file that comes with the package.

A policy file is a checkpoint without what only a resume needs (optimizer, world, random state) and with its config
inside, so that it is worth something without its run. What does not belong here: reading arguments of a command.
"""

from dataclasses import dataclass
from pathlib import Path

from sessions.errors import CorruptFileError, NotFoundError
from sessions.files import write_atomic
from sessions.runs import RunDir
from vbot_rl import checkpoint, pt_file
from vbot_rl.config import RunCfg, load_yaml
from vbot_rl.policy import Policy
from vbot_sim import settings
from vbot_sim.config import presets
from vbot_sim.errors import ConfigError

PRETRAINED_DIR = Path(__file__).parent / "pretrained"
KEPT = ("weights", "obs_norm", "value_norm")
"""What a policy file keeps of a learner: what acts, and what a warm start can take."""


@dataclass(frozen=True)
class Trained:
    """A policy with what is needed to put it to work."""

    name: str
    step: int
    cfg: RunCfg
    state: checkpoint.State

    def policy(self) -> Policy:
        """The policy itself, ready to act."""
        return Policy.from_checkpoint(self.state)


def from_run(run: RunDir, step: int | None = None) -> Trained:
    """The policy of a run at a step; without one the best by score.

    Raises:
        NotFoundError, CorruptFileError, ConfigError: with what there is instead.
    """
    found = checkpoint.find(run, step)
    return Trained(f"{run.id}@{found.step}", found.step, load_yaml(run.config_path).cfg, found.state)


def from_file(path: Path, name: str) -> Trained:
    """The policy in a policy file.

    Raises:
        NotFoundError, CorruptFileError: the file is missing or not a policy file.
    """
    state = checkpoint.load(path)
    config = state.get("config")
    if not isinstance(config, dict):
        raise CorruptFileError(
            f"{path} holds no config, so it is no policy file; write one with `vbot export --policy`"
        )
    try:
        cfg = settings.from_dict(RunCfg, config)
    except ConfigError as error:
        raise CorruptFileError(f"{path} was written by another version ({error}); export its run again") from None
    return Trained(name, int(state["env_steps"]), cfg, state)


def pretrained_path(env: str, folder: Path = PRETRAINED_DIR) -> Path:
    """The policy file of an environment in the package.

    Raises:
        UnknownEnvError: no such environment.
        NotFoundError: none comes with it.
    """
    presets(env)
    path = folder / f"{env}.pt"
    if not path.is_file():
        known = sorted(file.stem for file in folder.glob("*.pt"))
        instead = f"there is one for {', '.join(known)}" if known else f"train one with `vbot train {env}`"
        raise NotFoundError(f"no pretrained policy comes with {env}; {instead}")
    return path


def write_policy_file(trained: Trained, path: Path) -> None:
    """Write a policy file.

    Raises:
        OSError: nothing was changed.
    """
    state = trained.state
    content = {
        "schema": checkpoint.SCHEMA,
        "env_steps": trained.step,
        "env": trained.cfg.env,
        "preset": trained.cfg.preset,
        "source": state.get("source", trained.name),
        "net": state["net"],
        "ppo": {part: state["ppo"][part] for part in KEPT},
        "config": settings.to_dict(trained.cfg),
    }
    write_atomic(path, pt_file.dumps(content))
