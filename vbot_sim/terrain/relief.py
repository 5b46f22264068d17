"""Random uneven ground with the statistics that were recorded on the competition's bumps.

The pictures behind the real fields are not public. What is known are foot heights from recorded walks over them, and
the highest point: on a field of 0.277 m a tenth of the ground lies below 0.03 m, half below 0.063 m and a tenth above
0.125 m. Smoothed noise is bent to these quantiles, so that every seed is another field of the same character.
"""

import numpy as np

from vbot_sim.terrain.parts import F64

CELL_M = 0.1
"""A foot on a finer grid touches more triangles, each of which costs as much as a box."""
SMOOTHING_CELLS = 1.0
#: Share of the ground that lies below a share of the highest point.
QUANTILES = (0.0, 0.1, 0.5, 0.9, 0.99, 1.0)
SHARES = (0.0, 0.11, 0.226, 0.45, 0.7, 1.0)
WAVES = 3
WAVE_WIDTH_M = 1.0


def bumps(seed: int, half_x_m: float, half_y_m: float, cell_m: float = CELL_M) -> F64:
    """Return heights [rows along y, columns along x] between exactly 0 and exactly 1."""
    rows, columns = (round(2.0 * half / cell_m) + 1 for half in (half_y_m, half_x_m))
    reach = int(4 * SMOOTHING_CELLS)
    rng = np.random.Generator(np.random.PCG64(seed))
    noise = rng.standard_normal((rows + 2 * reach, columns + 2 * reach))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / SMOOTHING_CELLS) ** 2)
    kernel /= kernel.sum()
    smooth = _smoothed(_smoothed(noise, kernel).T, kernel).T
    rank = np.empty(smooth.size)
    rank[np.argsort(smooth, axis=None)] = np.linspace(0.0, 1.0, smooth.size)
    return np.interp(rank, QUANTILES, SHARES).reshape(smooth.shape)


def _smoothed(values: F64, kernel: F64) -> F64:
    """Convolve along the rows; only where the kernel fits."""
    windows = np.lib.stride_tricks.sliding_window_view(values, len(kernel), axis=0)
    smoothed: F64 = windows @ kernel
    return smoothed


def waves(half_x_m: float, half_y_m: float, cell_m: float = CELL_M) -> F64:
    """Return straight waves along y: low at both ends, between exactly 0 and exactly 1."""
    rows, columns = round(2.0 * half_y_m / cell_m) + 1, round(2.0 * half_x_m / WAVE_WIDTH_M) + 1
    turns = np.linspace(0.0, 2.0 * np.pi * WAVES, rows)
    profile = 0.5 - 0.5 * np.cos(turns)
    profile = (profile - profile.min()) / (profile.max() - profile.min())
    return np.repeat(profile[:, None], columns, axis=1)
