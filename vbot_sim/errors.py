"""What can go wrong in the world, one class per cause; each message says what was found, where, and what to do."""


class SimError(Exception):
    """Root of the errors of this package."""

    exit_code: int = 2


class UnknownEnvError(SimError):
    """An environment id or preset that does not exist (yet)."""


class ConfigError(SimError):
    """A configuration value that cannot be used: unknown key, wrong type, out of range."""
