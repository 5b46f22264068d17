"""History written by other tools: read as far as it goes, kept beside our own records, never mixed with our scores.

`import_tree` brings a tree into a workspace, `imported_trials` lists what all imports hold, `seed_params` renames a
trial's parameters. The readers (`sessions.history.reading`) and PyYAML are loaded on first use only.
"""

from sessions.history.model import (
    CRASHED,
    FINAL,
    RUN,
    SCORED,
    SEARCH,
    UNSCORED,
    Campaign,
    Config,
    Finding,
    History,
    RewardEntry,
    Trial,
    Unreadable,
)
from sessions.history.seeds import Seed, best_seeds, seed_params
from sessions.history.store import Import, import_tree, imported_trials, load_import, load_imports

__all__ = [
    "CRASHED",
    "FINAL",
    "RUN",
    "SCORED",
    "SEARCH",
    "UNSCORED",
    "Campaign",
    "Config",
    "Finding",
    "History",
    "Import",
    "RewardEntry",
    "Seed",
    "Trial",
    "Unreadable",
    "best_seeds",
    "import_tree",
    "imported_trials",
    "load_import",
    "load_imports",
    "seed_params",
]
