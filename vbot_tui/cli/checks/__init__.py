"""What this machine and terminal can do, one module per subject.

Each check is a pure function of facts that it is given and says: ok, could be better, or broken, and what to do about
it. The `probe` functions beside them gather the facts. Nothing here changes the machine.
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "better", "broken"]


@dataclass(frozen=True)
class Check:
    """The verdict on one thing: what was found and, unless it is fine, what to do."""

    group: str
    name: str
    state: State
    found: str
    advice: str = ""
