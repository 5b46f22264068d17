"""What would each known exploit earn under a reward, against doing the job? Answered before anything is trained.

Scripted behaviours are paid by the world's own reward function; no physics runs. `audit` is the one entry for the
command line, the scheduler's pre-flight and the cockpit; numpy is loaded when it is first called.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from automl.audit.report import AuditReport
    from vbot_sim.config import TaskCfg

__all__ = ["audit"]


def audit(task: "TaskCfg", gamma: float = 0.99) -> "AuditReport":
    """Judge a task's reward.

    Args:
        task: the task as it would be trained.
        gamma: the learner's discount per control step.

    Raises:
        ConfigError: the task is a course; its exploits are not scripted.
    """
    if task.course is not None:
        from vbot_sim.errors import ConfigError

        raise ConfigError(f"The audit plays the flat task only, not {task.course.section}; watch its flags instead.")
    from automl.audit.judge import judge

    return judge(task, gamma)
