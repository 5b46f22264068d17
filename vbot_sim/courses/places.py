"""Settings of the old reward that depend on how far along the course a robot is. Lengths in metres along y."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

F32 = NDArray[np.float32]


@dataclass(frozen=True)
class Stretch:
    """A part of the course: the factor on foot clearance, already half before and in full behind, and on swing."""

    start_m: float
    end_m: float
    clearance: float = 1.0
    before_m: float = 0.0
    behind_m: float = 0.0
    swing: float = 1.0


STRETCHES: tuple[Stretch, ...] = (
    Stretch(-1.8, 1.8, 7.167, 0.7, 0.0, 0.210),
    Stretch(8.83, 11.83, 3.0, 0.0, 0.0, 0.5),
    Stretch(11.83, 14.33, 20.0, 1.0, 0.3, 0.5),
    Stretch(14.33, 21.33, 10.0, 0.5, 0.3, 0.3),
    Stretch(21.33, 23.33, 20.0, 1.0, 0.0, 0.5),
)
BEFORE_SHARE = 0.5

#: Slopes: range along y, lateral gravity that is wanted, whether either sign will do.
SLOPES: tuple[tuple[float, float, float, bool], ...] = (
    (2.0, 7.0, 0.259, False),
    (12.0, 14.33, 0.447, True),
    (14.33, 17.0, 0.201, True),
    (19.0, 21.33, 0.201, True),
    (21.33, 23.33, 0.600, True),
    (27.5, 29.5, 0.371, False),
)
GAP_RANGE_M = (30.4, 31.9)


def clearance_factor(y_m: F32) -> F32:
    """Return the factor on foot_clearance [N]: the largest of the stretches around."""
    factor = np.ones_like(y_m)
    for part in STRETCHES:
        inside = (y_m >= part.start_m) & (y_m <= part.end_m + part.behind_m)
        before = (y_m >= part.start_m - part.before_m) & (y_m < part.start_m)
        np.maximum(factor, np.where(inside, part.clearance, 1.0), out=factor)
        np.maximum(factor, np.where(before, part.clearance * BEFORE_SHARE, 1.0), out=factor)
    return factor


def swing_factor(y_m: F32) -> F32:
    """Return the factor on swing_contact_penalty [N]: the smallest of the stretches around."""
    factor = np.ones_like(y_m)
    for part in STRETCHES:
        inside = (y_m >= part.start_m) & (y_m <= part.end_m)
        np.minimum(factor, np.where(inside, part.swing, 1.0), out=factor)
    return factor


def slope_error(y_m: F32, lateral: F32) -> F32:
    """Return how far the lateral part of gravity is from what the slope asks for [N]; infinite off the slopes."""
    error = np.full_like(y_m, np.inf)
    for start, end, wanted, either in SLOPES:
        off = np.minimum(np.abs(lateral - wanted), np.abs(lateral + wanted)) if either else lateral - wanted
        error = np.where((y_m > start) & (y_m < end), np.abs(off), error)
    return error
