"""The shapes the screen is drawn with, once for UTF-8 terminals and once for plain ASCII.

State is told by shape and letters; colour only repeats it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Glyphs:
    """One set of symbols, each one cell wide. None of them fills its cell to the top, so that rows stay apart."""

    ramp: str
    gap: str
    bar: str
    rest: str
    rule: str
    more: str
    cursor: str
    note: str
    dot: str
    delta: str
    wall: str
    markers: str
    """One shape per curve of a comparison."""
    braille: bool
    states: Mapping[str, str]

    def state(self, name: str) -> str:
        """Return the shape of a run's state."""
        return self.states.get(name, "?")


UNICODE = Glyphs(
    ramp="▁▂▃▄▅▆▇",
    gap=" ",
    bar="▇",
    rest="·",
    rule="─",
    more="…",
    cursor="▌",
    note="✎",
    dot="·",
    delta="Δ",
    wall="│",
    markers="●▲■◆○△□◇",
    braille=True,
    states=MappingProxyType(
        {
            "queued": "○",
            "running": "●",
            "paused": "‖",
            "finished": "✓",
            "stopped": "■",
            "killed": "✗",
            "failed": "!",
            "diverged": "≈",
        }
    ),
)

ASCII = Glyphs(
    ramp="_.-~=+*#",
    gap=" ",
    bar="#",
    rest=".",
    rule="-",
    more="~",
    cursor=">",
    note="n",
    dot="|",
    delta="d",
    wall=":",
    markers="*ox+#@%&",
    braille=False,
    states=MappingProxyType(
        {
            "queued": "o",
            "running": ">",
            "paused": "=",
            "finished": "+",
            "stopped": "#",
            "killed": "x",
            "failed": "!",
            "diverged": "~",
        }
    ),
)

STATE_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "queued": "wait",
        "running": "run",
        "paused": "paus",
        "finished": "done",
        "stopped": "stop",
        "killed": "kill",
        "failed": "fail",
        "diverged": "div",
    }
)

STATE_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "queued": "dim",
        "running": "good",
        "paused": "warn",
        "finished": "accent",
        "stopped": "dim",
        "killed": "warn",
        "failed": "bad",
        "diverged": "bad",
    }
)

FLAG_LETTERS: Mapping[str, str] = MappingProxyType(
    {
        "lazy_robot": "L",
        "standing_dominance": "D",
        "weak_drive": "W",
        "dead_gradient": "G",
        "sprint_crash": "S",
        "touch_and_die": "T",
        "die_early": "E",
        "fly_through": "F",
        "reach_and_farm": "R",
        "celebration_farm": "J",
        "hover_at_rim": "H",
        "conservative_hovering": "C",
        "deceleration_moat": "M",
        "peak_then_decline": "P",
        "lr_spike": "U",
        "lr_collapse": "V",
        "std_collapse": "X",
        "value_blow_up": "B",
        "poisoned_warm_start": "O",
        "throughput_drop": "Q",
        "synchronised_episodes": "I",
        "nan": "N",
        "stalled": "Z",
        "config_drift": "K",
    }
)


def flag_letter(name: str) -> str:
    """Return the one letter a flag has in the table."""
    return FLAG_LETTERS.get(name, name[:1].upper() or "?")
