"""Asks the optimizer about a study in a process of its own, which stands back behind everything else.

``python -P -m vbot_tui.insight_job WORKSPACE STUDY`` prints one JSON object: how many finished trials it saw, the
importance and the lean of each searched key, and what would be tried next.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

NICE = 15


def answer(root: str, study: str) -> dict[str, Any]:
    """Return what an optimizer says of a study."""
    from automl.importance import importances, tendency
    from automl.spec import load
    from automl.studies import LOG_FILE, SPEC_FILE, study_state
    from automl.suggest import suggest
    from sessions.workspace import Workspace

    workspace = Workspace.open(root, create=False)
    directory = workspace.study(study)
    spec, state = load(directory / SPEC_FILE), study_state(workspace, study)
    size = (directory / LOG_FILE).stat().st_size
    ended = state.ended is not None or state.stop is not None
    following = {} if ended else suggest(spec, state, max(state.trials, default=-1) + 1)
    return {
        "log_bytes": size,
        "finished": sum(trial.state == "finished" and trial.score is not None for trial in state.trials.values()),
        "importance": importances(spec, state),
        "lean": {path: tendency(spec, state, path) for path in spec.space},
        "following": following,
    }


def command(root: Path, study: str) -> list[str]:
    """Return the command line of the process."""
    return [sys.executable, "-P", "-m", "vbot_tui.insight_job", str(root), study]


if __name__ == "__main__":
    os.nice(NICE)
    print(json.dumps(answer(sys.argv[1], sys.argv[2])))
