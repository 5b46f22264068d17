"""Flags: is the robot cheating the reward, or is the run broken? Pure detectors over a run's curves.

A detector is a list of conditions on numbers taken from the latest fifth of a run; all have to hold. The same numbers
are the evidence, and how far they are beyond their limits is the confidence. A condition that was met is dropped only
at a second, laxer limit, so a flag does not flicker. Success is always the share of episodes that succeeded, never the
share of robots that happen to be inside the circle.

Thresholds were set on recorded runs of the gallery (`automl/gallery`) and are reported on runs of other seeds
(`automl.flagbench`).
"""

from collections.abc import Collection

from automl.flags import behaviour, learning, machinery
from automl.flags.conditions import Above, Below, Between, Condition
from automl.flags.detector import Detector, judge
from automl.flags.types import Curves, Flag, Points, RunFacts
from automl.flags.window import Window, latest_window

__all__ = [
    "ALARMS",
    "DETECTORS",
    "FLAG_NAMES",
    "Above",
    "Below",
    "Between",
    "Condition",
    "Curves",
    "Detector",
    "Flag",
    "Points",
    "RunFacts",
    "Window",
    "diagnose",
    "latest_window",
]

DETECTORS: tuple[Detector, ...] = (*behaviour.DETECTORS, *learning.DETECTORS, *machinery.DETECTORS)
FLAG_NAMES: tuple[str, ...] = (*(detector.name for detector in DETECTORS), *machinery.CHECKS)
ALARMS: tuple[str, ...] = (*(detector.name for detector in DETECTORS if detector.alarm), *machinery.CHECKS)


def diagnose(
    curves: Curves,
    facts: RunFacts | None = None,
    raised: Collection[str] = (),
    muted: Collection[str] = (),
    notices: bool = False,
) -> tuple[Flag, ...]:
    """All flags a run raises.

    Args:
        curves: points (env step, value) by tag.
        facts: what else is known of the run.
        raised: names of flags that are up already; they stay up until their laxer limits are crossed.
        muted: names of flags nobody wants to hear of.
        notices: whether to tell also what is no alarm.
    """
    known = facts or RunFacts()
    found = [check(curves, known) for check in machinery.CHECKS.values()]
    window = latest_window(curves, known)
    if window is not None:
        found += [judge(detector, window, detector.name in raised) for detector in DETECTORS]
    wanted = [flag for flag in found if flag is not None and flag.name not in muted and (flag.alarm or notices)]
    return tuple(sorted(wanted, key=lambda flag: not flag.alarm))
