"""The errors of everything but the simulation: one root, one class per cause.

A message is one sentence that says what was found, where, and what to do. The command line prints it after `vbot: `
and exits with `exit_code`. Errors of the physics and its configuration live in `vbot_sim.errors`.
"""


class VbotError(Exception):
    """Root of the tree; `exit_code` is 2 (wrong usage or surroundings) unless a subclass says otherwise."""

    exit_code: int = 2


class UsageError(VbotError):
    """The request itself makes no sense."""


class WorkspaceError(VbotError):
    """The workspace directory cannot be used."""


class NotFoundError(VbotError):
    """A run, study or file that was named does not exist, or its name fits several."""


class CorruptFileError(VbotError):
    """A file of ours does not hold what it must hold."""


class LockedError(VbotError):
    """Another process holds a lock that this one needs; `holder` tells what is known of it."""

    def __init__(self, message: str, holder: str = "") -> None:
        super().__init__(message)
        self.holder = holder


class WorkFailed(VbotError):
    """The request was right, the work was tried, and it failed."""

    exit_code = 1
