"""The audit as a constraint of a search: a reward that an exploit would win under is not trained."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from automl.state import Params
from vbot_sim.errors import SimError

if TYPE_CHECKING:
    from automl.spec import StudySpec

WINS = 1.0


def temptation(spec: "StudySpec", params: Params) -> float:
    """How near the most tempting exploit comes to winning under a configuration; from 1 on it wins.

    The return of a study's configuration decides, so the same question always has the same answer. Where there is
    nothing to audit (a course, a combination that no task accepts) it is 0: the audit then says nothing against it.
    """
    from automl.audit import audit
    from vbot_rl.config import run_cfg

    try:
        cfg = run_cfg(spec.env, spec.preset, sets={**spec.sets, **params}).cfg
        report = audit(cfg.task, cfg.ppo.gamma)
    except SimError:
        return 0.0
    return max((found.strength for found in report.exploits), default=0.0)


def least_tempting(spec: "StudySpec", drawn: Iterable[Params]) -> Params | None:
    """The first configuration that passes the audit, else the one that comes nearest; None where none was drawn."""
    tried: list[tuple[float, Params]] = []
    for params in drawn:
        tempted = temptation(spec, params)
        if tempted < WINS:
            return params
        tried.append((tempted, params))
    return min(tried, key=lambda pair: pair[0])[1] if tried else None
