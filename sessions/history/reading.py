"""Read a whole tree of the older tools: `read_history(folder)` is the one entry."""

from pathlib import Path

from sessions.history import checks
from sessions.history.build import join, to_trial
from sessions.history.campaigns import environments, roll_up
from sessions.history.model import Finding, History
from sessions.history.scan import Scan, scan


def read_history(root: Path) -> History:
    """Everything the tree under `root` holds. Never writes, and never fails on what a file contains.

    Args:
        root: The folder of the older tools, or any folder above or inside it, or a single file.
    """
    found = scan(root)
    joined = join(found)
    envs = environments(found, joined)
    trials = tuple(to_trial(draft, envs.get(draft.campaign, "")) for draft in joined.drafts)
    campaigns = roll_up(found, joined, trials)
    return History(
        campaigns=campaigns,
        trials=trials,
        configs=tuple(found.configs),
        library=tuple(found.library),
        logs=tuple(found.logs),
        documents=tuple(found.documents),
        files=tuple(found.files),
        unreadable=tuple(found.unreadable),
        duplicates=tuple(checks.duplicates(found, joined)),
        contradictions=(*checks.contradictions(found, joined, trials, campaigns), *_remarks(found)),
        gaps=tuple(checks.gaps(found, joined, campaigns)),
        empty=tuple(found.empty),
    )


def _remarks(found: Scan) -> list[Finding]:
    """What the readers had to guess inside a file."""
    return [Finding("inside_file", path, f"{path}: {remark}", (path,)) for path, remark in found.remarks]
