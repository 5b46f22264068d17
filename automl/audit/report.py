"""What an audit says, as data: findings, what cannot be said without training, and the verdict."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Verdict = Literal["wins", "close", "loses"]
CLOSE = 0.8


@dataclass(frozen=True)
class TermShare:
    """What one term pays the exploit and its alternative, in the deciding view, and the scale that would tip it.

    `break_even` is the scale at which the verdict changes, the other scales unchanged; None where none does.
    """

    term: str
    scale: float
    exploit: float
    job: float
    break_even: float | None


@dataclass(frozen=True)
class Comparison:
    """Two returns in one view; `gain_per_second` is the exploit's lead over the alternative per second that counts."""

    view: str
    exploit: float
    job: float
    ratio: float
    gain_per_second: float


@dataclass(frozen=True)
class Finding:
    """One exploit, judged.

    Attributes:
        exploit: its name.
        title: what the robot does.
        against: what it is compared with.
        return_ratio: exploit over alternative, in the view that speaks loudest for the exploit.
        wins_at: the ratio at which it wins.
        strength: the ratio as a share of that.
        view: that view.
        gain_per_second: the exploit's lead there, per second that counts.
        verdict: "wins", "close" (within a fifth) or "loses".
        terms: what pays it, most telling first.
        views: all views looked at.
        cure: what is known to help, under this config.
        flag: the live detector that watches for it, if there is one.
    """

    exploit: str
    title: str
    against: str
    return_ratio: float
    wins_at: float
    strength: float
    view: str
    gain_per_second: float
    verdict: Verdict
    terms: tuple[TermShare, ...]
    views: tuple[Comparison, ...]
    cure: str
    flag: str | None = None


@dataclass(frozen=True)
class Undecidable:
    """A known failure that no return decides; `evidence` says what can be computed about it."""

    name: str
    reason: str
    evidence: Mapping[str, float]


@dataclass(frozen=True)
class JobReport:
    """How the job is done in this audit, and what it earns."""

    speed_mps: float
    arrives_s: float | None
    success_s: float | None
    episode_return: float
    stay_return: float
    discounted_return: float
    per_second: float
    terms: Mapping[str, float]


@dataclass(frozen=True)
class BehaviourReturn:
    """What one scripted behaviour earns to the end of its episode.

    `starts_m` is where it starts if that is not its spawn: such a behaviour shows a decision on the way.
    """

    behaviour: str
    starts_m: float | None
    length_s: float
    episode_return: float
    discounted_return: float
    per_second: float
    ratio_to_job: float
    terms: Mapping[str, float]


@dataclass(frozen=True)
class AuditReport:
    """The whole answer; `exploits` are sorted, the most tempting first."""

    exploits: tuple[Finding, ...]
    undecidable: tuple[Undecidable, ...]
    not_applicable: Mapping[str, str]
    job: JobReport
    behaviours: tuple[BehaviourReturn, ...]
    remarks: tuple[str, ...]

    @property
    def passes(self) -> bool:
        """Whether no exploit wins."""
        return not self.winners

    @property
    def winners(self) -> tuple[Finding, ...]:
        """The exploits that win."""
        return tuple(f for f in self.exploits if f.verdict == "wins")

    def to_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {**asdict(self), "passes": self.passes}


def verdict(return_ratio: float, wins_at: float, close_at: float | None = None) -> Verdict:
    """Judge a ratio; it is close from `close_at` on, else within a fifth of winning."""
    if return_ratio >= wins_at:
        return "wins"
    return "close" if return_ratio >= (CLOSE * wins_at if close_at is None else close_at) else "loses"
