"""Time as an argument: what the scheduler reads instead of the machine's clocks, so that tests need no sleeping."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two ways to ask for the time."""

    def monotonic(self) -> float:
        """Seconds that never jump; for durations, budgets and time limits."""
        ...

    def utc(self) -> str:
        """The date and time to write in a file, ISO-8601 with Z."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment."""
        return time.monotonic()

    def utc(self) -> str:
        """Now."""
        from sessions.files import utc_now

        return utc_now()
