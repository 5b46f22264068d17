"""Walking the training field: who is in which lane, how difficulty rises and falls, and where to go next.

Each simulation keeps a kind of obstacle, and whether it goes up or down it, and has a level of its own: going down is
learned later, and would never get past steps that were right for going up. Reaching the target raises the level;
covering less than half of the way lowers it; at the top it is drawn anew, so that the easy ones are not forgotten. Some
episodes are at any level and do not count: who has met only low steps learns to shuffle over them.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses.journey import Journey
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.courses.spawns import CourseSpawns, standing
from vbot_sim.courses.whereabouts import F32, Bools, Ids, Whereabouts
from vbot_sim.spawns import F64
from vbot_sim.terrain import field
from vbot_sim.terrain.ground import HeightMap

ENTRY_Y_M = (-0.4, 0.3)
EDGE_BACK_M = (0.15, 0.35)
FREE_X_M, LANE_MARGIN_M = 1.0, 0.05
NEAREST_TARGET_M = 0.6
RETARGET_X_M = 1.0
SLOPING = ("stairs", "ramp")


class Rounds(Journey):
    """Progress of each simulation on the training field.

    Args:
        cfg: the course; its field settings count.
        num_envs: N.
        dt_s: length of a control step.
        reach_radius_m: how near is being at a target.
        rng: draws kinds now, lanes and targets later.
    """

    FIELDS: ClassVar[dict[str, type]] = Journey.FIELDS | {
        "target_x_m": np.float32,
        "target_y_m": np.float32,
        "start_distance_m": np.float32,
        "nearest_m": np.float32,
        "reached": np.int32,
    }
    target_x_m: F32
    target_y_m: F32
    start_distance_m: F32
    nearest_m: F32
    reached: NDArray[np.int32]

    def __init__(
        self, cfg: CourseCfg, num_envs: int, dt_s: float, reach_radius_m: float, rng: np.random.Generator
    ) -> None:
        super().__init__(cfg, num_envs, dt_s)
        self.lines, self.items = (), ()
        self.rng, self.reach_radius_m = rng, reach_radius_m
        self.passed = np.zeros((num_envs, 0), np.bool_)
        self.earned = np.zeros((num_envs, 0), np.bool_)
        lanes = field.lanes()
        self._kind = np.array([field.KINDS.index(lane.kind) for lane in lanes])
        self._level = np.array([lane.level for lane in lanes])
        self._lane_x = np.array([lane.x_m for lane in lanes])
        self._end_y = np.array([lane.end_y_m for lane in lanes])
        self._target_y = np.array([lane.target_y_m for lane in lanes])
        self._top_m = np.array([lane.top_m for lane in lanes])
        self._levels = np.array([field.levels(kind) for kind in field.KINDS])
        shares = np.array([cfg.field.flat_share, cfg.field.stairs_share, cfg.field.ramp_share, cfg.field.bumps_share])
        self.kind = rng.choice(len(field.KINDS), num_envs, p=shares / shares.sum())
        self.level = rng.integers(0, np.minimum(cfg.field.first_levels, self._levels[self.kind]))
        self.descends = rng.random(num_envs) < cfg.field.down_share
        self.lane = np.zeros(num_envs, np.intp)
        self.graded = np.ones(num_envs, np.bool_)  # whose episode decides about its level
        self.pinned = False  # cases are given: levels stay, and a reached target is the end

    # ------------------------------------------------------------------ starting

    def draw(self, ids: NDArray[np.integer], ground: HeightMap, joint_noise_rad: float) -> CourseSpawns:
        """Draw start states of the simulations `ids` at their levels."""
        cfg, rng, count = self.cfg.field, self.rng, len(ids)
        levels = self._levels[self.kind[ids]]
        if not cfg.by_success:
            self.level[ids] = rng.integers(0, levels)
        self.graded[ids] = rng.random(count) >= cfg.any_share
        lane = self._lanes_of(self.kind[ids], np.where(self.graded[ids], self.level[ids], rng.integers(0, levels)))
        end, top_y = self._end_y[lane], self._target_y[lane]
        down = self.descends[ids]
        edge = down & (rng.random(count) < cfg.edge_share)
        free = (rng.random(count) < cfg.free_share) & (self.kind[ids] != field.KINDS.index("stairs"))
        x = rng.uniform(-0.5, 0.5, count)
        y = np.where(down, top_y + rng.uniform(-0.2, 0.2, count), rng.uniform(*ENTRY_Y_M, count))
        y = np.where(edge, end - field.LANDING_M + rng.uniform(*EDGE_BACK_M, count), y)
        yaw = np.where(down, -np.pi / 2, np.pi / 2) + rng.uniform(-cfg.yaw_spread_rad, cfg.yaw_spread_rad, count)
        goal_x = rng.uniform(-cfg.target_spread_m, cfg.target_spread_m, count)
        goal_y = np.where(down, 0.0, top_y)
        x = np.where(free, rng.uniform(-FREE_X_M, FREE_X_M, count), x)
        y = np.where(free, rng.uniform(ENTRY_Y_M[0], top_y), y)
        yaw = np.where(free, rng.uniform(-np.pi, np.pi, count), yaw)
        goal_x = np.where(free, rng.uniform(-FREE_X_M, FREE_X_M, count), goal_x)
        goal_y = np.where(free, _apart(rng.uniform(0.0, top_y), y), goal_y)
        position = np.stack([self._lane_x[lane] + x, y], axis=1)
        target = np.stack([self._lane_x[lane] + goal_x, goal_y], axis=1)
        near = self._top_m[lane] + 1.0
        return standing(rng, ground, position, yaw, target, near, np.zeros(count, np.intp), joint_noise_rad)

    def _lanes_of(self, kind: NDArray[np.integer], level: NDArray[np.integer]) -> NDArray[np.intp]:
        """Return a lane of each kind and level [k]; of several, any."""
        fits = (self._kind == kind[:, None]) & (self._level == level[:, None])
        lane: NDArray[np.intp] = (fits * (0.5 + self.rng.random(fits.shape))).argmax(axis=1)
        return lane

    def begin(self, ids: Ids, at: Whereabouts, leg: NDArray[np.integer] | None = None) -> None:
        """Start new episodes; the lane follows from the place."""
        super().begin(ids, at)
        self.lane[ids] = np.abs(self._lane_x - np.asarray(at.x_m)[:, None]).argmin(axis=1)

    def aim_at(self, ids: Ids, target_m: F64, at: Whereabouts) -> None:
        """Give the simulations `ids` a target [k, 2]."""
        self.target_x_m[ids], self.target_y_m[ids] = target_m[:, 0], target_m[:, 1]
        distance = np.hypot(target_m[:, 0] - at.x_m, target_m[:, 1] - at.y_m)
        self.start_distance_m[ids] = self.nearest_m[ids] = distance

    # ------------------------------------------------------------------ on the way

    def targets(self) -> F32:
        """Return where everybody should go [N, 2]."""
        return np.stack([self.target_x_m, self.target_y_m], axis=1)

    def target_radius(self, last_m: float) -> F32:
        """Return how near counts as being at the target [N]."""
        return np.full(len(self.leg), self.reach_radius_m, np.float32)

    def _reach_goals(self, at: Whereabouts) -> None:
        distance = np.hypot(self.target_x_m - at.x_m, self.target_y_m - at.y_m)
        inside = distance < self.reach_radius_m
        fresh = inside & (self.nearest_m >= self.reach_radius_m)
        np.minimum(self.nearest_m, distance, out=self.nearest_m)
        self.bonus[:] = fresh
        self.reached += fresh
        self.changed[:] = False
        who = np.flatnonzero(fresh) if not self.pinned else np.zeros(0, np.intp)
        who = who[self.rng.random(len(who)) < self.cfg.field.go_on_share]
        if len(who):
            self.changed[who] = True
            lane, y = self.lane[who], at.y_m[who]
            x = self._lane_x[lane] + self.rng.uniform(-RETARGET_X_M, RETARGET_X_M, len(who))
            target = np.stack([x, _apart(self.rng.uniform(0.0, self._target_y[lane]), y)], axis=1)
            self.aim_at(who, target, at.take(who))

    def outside(self, at: Whereabouts) -> Bools:
        """Return who has left their lane [N]."""
        aside = np.abs(at.x_m - self._lane_x[self.lane]) > field.HALF_WIDTH_M + LANE_MARGIN_M
        out: Bools = aside | (at.y_m < field.APPROACH_Y_M) | (at.y_m > self._end_y[self.lane])
        return out

    def grade(self, ids: NDArray[np.integer], failed: Bools) -> None:
        """Let the levels of finished episodes [k] rise or fall."""
        if self.pinned or not self.cfg.field.by_success:
            return
        covered = 1.0 - self.nearest_m[ids] / np.maximum(self.start_distance_m[ids], 1e-3)
        up = (self.reached[ids] > 0) & ~failed & self.graded[ids]
        down = (self.reached[ids] == 0) & (covered < 0.5) & self.graded[ids]
        level, top = self.level[ids] + up - down, self._levels[self.kind[ids]]
        again = self.rng.integers(0, top)
        self.level[ids] = np.where(level >= top, again, np.maximum(level, 0))

    def mean_levels(self) -> dict[str, float]:
        """Return the mean level of each kind that is walked; of what has a top, going up and going down apart."""
        found: dict[str, Bools] = {}
        for k, kind in enumerate(field.KINDS):
            mine = self.kind == k
            split = {kind: mine & ~self.descends, f"{kind}_down": mine & self.descends}
            found |= split if kind in SLOPING else {kind: mine}
        return {name: float(self.level[who].mean()) for name, who in found.items() if who.any()}

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that must survive, as live arrays."""
        return super().arrays() | {
            "kind": self.kind,
            "level": self.level,
            "lane": self.lane,
            "graded": self.graded,
            "descends": self.descends,
        }


def _apart(y: F64, from_y: NDArray[np.floating]) -> F64:
    """Move targets that are too near along the lane farther away, towards its middle."""
    near = np.abs(y - from_y) < NEAREST_TARGET_M
    return np.where(near, np.where(from_y > 2.5, from_y - 1.2, from_y + 1.2), y)
