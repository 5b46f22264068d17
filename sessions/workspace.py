"""The workspace: one directory that holds everything a person did, and how its parts are found by name.

Names are unique across machines, so that two workspaces merge by copying one over the other. What is inside a run is
the matter of `sessions.runs`.
"""

import hashlib
import os
import re
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sessions.errors import NotFoundError, WorkspaceError
from sessions.files import Clock
from sessions.locks import Lock, is_held
from sessions.runs import RunDir

ENVIRONMENT_VARIABLE = "VBOT_WORKSPACE"
FOLDERS = ("runs", "studies", "slots", "inbox", "notebook", "reports", "view")


@dataclass(frozen=True)
class Workspace:
    """Paths of a workspace, and lookups in it."""

    root: Path

    @classmethod
    def open(cls, arg: str | Path | None = None, create: bool = True) -> "Workspace":
        """The workspace that was asked for: the argument, else $VBOT_WORKSPACE, else the user's data directory.

        Args:
            arg: A directory, or None.
            create: Make missing folders. False promises to write nothing; a missing workspace then reads as empty.

        Raises:
            WorkspaceError: It is not a directory or cannot be written; nothing was changed.
        """
        root = default_root(arg)
        if root.exists() and not root.is_dir():
            raise WorkspaceError(
                f"the workspace {root} is not a directory; name another one with --workspace or ${ENVIRONMENT_VARIABLE}"
            )
        if create:
            _make_folders(root)
        return cls(root)

    @property
    def runs(self) -> Path:
        """One directory per training run."""
        return self.root / "runs"

    @property
    def studies(self) -> Path:
        """One directory per search."""
        return self.root / "studies"

    @property
    def slots(self) -> Path:
        """One lock file per training slot of this machine."""
        return self.root / "slots"

    @property
    def inbox(self) -> Path:
        """Commands that come before a study exists."""
        return self.root / "inbox"

    @property
    def notebook(self) -> Path:
        """Notes that belong to no run, one file per day and workspace."""
        return self.root / "notebook"

    @property
    def reports(self) -> Path:
        """Experiment records."""
        return self.root / "reports"

    @property
    def view(self) -> Path:
        """Caches, how the cockpit was left, when somebody last looked."""
        return self.root / "view"

    def new_run_id(self, label: str, clock: Clock = time.time) -> str:
        """A fresh run id; sorting ids sorts by time."""
        return new_id(label, clock)

    def new_study_id(self, label: str, clock: Clock = time.time) -> str:
        """A fresh study id; sorting ids sorts by time."""
        return new_id(label, clock)

    def run_ids(self) -> list[str]:
        """The ids of all runs, oldest first."""
        return _folder_names(self.runs)

    def run_dirs(self) -> list[RunDir]:
        """All runs, oldest first."""
        return [RunDir(self.runs / name) for name in self.run_ids()]

    def study_dirs(self) -> list[Path]:
        """The directories of all studies, oldest first."""
        return [self.studies / name for name in _folder_names(self.studies)]

    def run(self, name: str) -> RunDir:
        """The run with this id, or the only one whose id begins with (else contains) the name.

        Raises:
            NotFoundError: No run or several runs fit.
        """
        return RunDir(self.runs / _one_match("run", name, self.run_ids()))

    def study(self, name: str) -> Path:
        """The directory of the study with this id, found like `run` does.

        Raises:
            NotFoundError: No study or several studies fit.
        """
        return self.studies / _one_match("study", name, _folder_names(self.studies))

    def take_slot(self, n_slots: int) -> Lock | None:
        """A free training slot of this machine out of the first `n_slots`, None when all are taken."""
        self.slots.mkdir(parents=True, exist_ok=True)
        for index in range(n_slots):
            lock = Lock.try_acquire(self.slots / f"slot_{index}")
            if lock is not None:
                return lock
        return None

    def slots_taken(self, n_slots: int) -> int:
        """How many of the first `n_slots` slots are held."""
        return sum(is_held(self.slots / f"slot_{index}") for index in range(n_slots))


def default_root(arg: str | Path | None = None) -> Path:
    """Where the workspace is: the argument, else the environment variable, else the user's data directory."""
    named = arg or os.environ.get(ENVIRONMENT_VARIABLE)
    if named:
        return Path(os.path.abspath(Path(named).expanduser()))
    import platformdirs  # here, because most calls name a workspace

    return Path(platformdirs.user_data_dir("vbot"))


def new_id(label: str, clock: Clock = time.time) -> str:
    """`<UTC time>-<label>-<4 letters of the host><4 random letters>`."""
    moment = datetime.fromtimestamp(clock(), UTC)
    return f"{moment:%Y%m%d-%H%M%S}-{clean_label(label)}-{host_tag()}{secrets.token_hex(2)}"


def clean_label(label: str) -> str:
    """A label fit for a directory name: lower-case letters, digits, `_`, at most 24 characters."""
    cleaned = re.sub(r"[^a-z0-9]+", "_", label.lower()).strip("_")
    return cleaned[:24].rstrip("_") or "run"


def host_tag() -> str:
    """Four hexadecimal letters that stand for this machine."""
    try:
        machine = Path("/etc/machine-id").read_text().strip()
    except OSError:
        machine = ""
    return hashlib.sha256(f"{os.uname().nodename}/{machine}".encode()).hexdigest()[:4]


def _make_folders(root: Path) -> None:
    anchor = next(path for path in (root, *root.parents) if path.exists())
    if not anchor.is_dir():
        raise WorkspaceError(
            f"the workspace {root} cannot be made: {anchor} is not a directory; name another one with --workspace"
        )
    if not os.access(anchor, os.W_OK | os.X_OK):
        raise WorkspaceError(
            f"the workspace {root} cannot be written (no permission for {anchor}); name another one with --workspace"
        )
    for folder in (root / name for name in FOLDERS):
        if folder.exists() and not folder.is_dir():
            raise WorkspaceError(
                f"{folder} is not a directory; move it away or name another workspace with --workspace"
            )
    missing = [
        path for path in (*reversed(root.parents), root, *(root / name for name in FOLDERS)) if not path.exists()
    ]
    made: list[Path] = []
    try:
        for path in missing:
            path.mkdir(exist_ok=True)
            made.append(path)
    except OSError as error:
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        raise WorkspaceError(
            f"the workspace {root} cannot be written ({error.strerror}); name another one with --workspace"
        ) from None


def _folder_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if not entry.name.startswith(".") and is_folder(entry))
    except (FileNotFoundError, NotADirectoryError):
        return []


def is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether an entry is a directory; a link that leads to itself is none."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _one_match(kind: str, name: str, ids: list[str]) -> str:
    if name in ids:
        return name
    matches = [item for item in ids if item.startswith(name)] or [item for item in ids if name and name in item]
    if len(matches) == 1 and name:
        return matches[0]
    if matches and name:
        shown = ", ".join(matches[:3]) + (", ..." if len(matches) > 3 else "")
        raise NotFoundError(f"{name!r} fits {len(matches)} {kind} ids ({shown}); give more of the id")
    known = f"the newest is {ids[-1]}" if ids else "there is none yet"
    raise NotFoundError(f"no {kind} id begins with or contains {name!r}; {known}")
