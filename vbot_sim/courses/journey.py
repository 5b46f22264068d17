"""What must be remembered on the way over a course: goals reached, lines passed, the celebration, points, standstill.

One object owns this state for many simulations, and `begin` resets all of it. It knows only where the robots are, so
that scripted paths can be judged by the same rules as simulated ones.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from vbot_sim.courses.routes import FOOTPRINT_M, SECTIONS, route
from vbot_sim.courses.rules import RULES
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.courses.whereabouts import F32, Bools, Ids, Places, Whereabouts
from vbot_sim.episode import steps_for

IDLE, WALKING, SITTING, DONE = range(4)
ADVANCES_PER_STEP = 3
NEARBY_M = 5.0
SIT_SPEED_MPS = 0.5


class Journey:
    """Progress of the current episode of each simulation along a route.

    Args:
        cfg: the course.
        num_envs: N.
        dt_s: length of a control step.
    """

    #: Arrays [N] that make up the state, with their types; tables [N, ...] are in `_tables`.
    FIELDS: ClassVar[dict[str, type]] = {
        "leg": np.int32,
        "aim": np.int32,
        "celebration": np.int32,
        "held_steps": np.int32,
        "highest_m": np.float32,
        "best_height_error_m": np.float32,
        "anchor_x_m": np.float32,
        "anchor_y_m": np.float32,
        "still_steps": np.int32,
        "place_distance_m": np.float32,
        "farthest_y_m": np.float32,
    }
    leg: NDArray[np.int32]
    aim: NDArray[np.int32]
    celebration: NDArray[np.int32]
    held_steps: NDArray[np.int32]
    highest_m: F32
    best_height_error_m: F32
    anchor_x_m: F32
    anchor_y_m: F32
    still_steps: NDArray[np.int32]
    place_distance_m: F32
    farthest_y_m: F32

    def __init__(self, cfg: CourseCfg, num_envs: int, dt_s: float) -> None:
        section = SECTIONS[cfg.section]
        self.cfg, self.dt_s = cfg, dt_s
        self.legs = route(cfg.section, cfg.route)
        self.goals = [goal for leg in self.legs for goal in leg.goals]
        self.lines, self.items = section.lines, RULES[cfg.section]
        self.phases_pay = section.phases
        self._goal_leg = np.array([k for k, leg in enumerate(self.legs) for _ in leg.goals])
        self._goal_xy = np.array([(goal.zone.x_m, goal.zone.y_m) for goal in self.goals], np.float32)
        self._weight = np.array([goal.weight for goal in self.goals], np.float32)
        self._needed = np.array([leg.needed for leg in self.legs] + [1 << 20])
        self._goal_places = Places([goal.zone for goal in self.goals])
        self._item_places = Places([item.place for item in self.items])
        names = [item.name for item in self.items]
        self._after = np.array([[name in item.after for name in names] for item in self.items], np.int32)
        self._celebrating = np.array([item.celebrating for item in self.items])
        self._own_side = np.array([leg.own_side for leg in self.legs] + [False])
        last = self.legs[-1].goals[-1].zone
        self.place = section.aside_m if cfg.celebration.aside else (last.x_m, last.y_m)
        self.hold_steps = steps_for(cfg.celebration.hold_s, dt_s)
        for name, dtype in self.FIELDS.items():
            setattr(self, name, np.zeros(num_envs, dtype))
        self.collected = np.zeros((num_envs, len(self.goals)), np.bool_)
        self.passed = np.zeros((num_envs, len(self.lines)), np.bool_)
        self.earned = np.zeros((num_envs, len(self.items)), np.bool_)
        self.zone_distance_m = np.zeros((num_envs, len(self.goals)), np.float32)
        self._allocate(num_envs)

    def _allocate(self, n: int) -> None:
        """Create what is filled anew in every step."""
        self.bonus = np.zeros(n, np.float32)  # summed weights of goals reached in this step
        self.phases = np.zeros(n, np.float32)  # phases begun in this step
        self.milestones = np.zeros(n, np.float32)
        self.climbed_m = np.zeros(n, np.float32)  # above the highest so far
        self.height_neared_m = np.zeros(n, np.float32)
        self.zone_gain_m = np.zeros(n, np.float32)
        self.place_gain_m = np.zeros(n, np.float32)
        self.arrived_at_place = np.zeros(n, np.bool_)
        self.celebrated = np.zeros(n, np.bool_)
        self.changed = np.zeros(n, np.bool_)  # whose target is another one now

    # ------------------------------------------------------------------ starting

    def begin(self, ids: Ids, at: Whereabouts, leg: NDArray[np.integer] | None = None) -> None:
        """Start a new episode in the simulations `ids`.

        Args:
            ids: which.
            at: where they are, [k].
            leg: [k] the leg each begins with; the goals before it count as reached. None: the first.
        """
        for name in self.FIELDS:
            getattr(self, name)[ids] = 0
        for table in (self.collected, self.passed, self.earned):
            table[ids] = False
        if leg is not None:
            self.leg[ids] = leg
            self.collected[ids] = self._goal_leg < np.asarray(leg)[:, None]
        for k, line in enumerate(self.lines):  # lines behind the start are not passed
            self.passed[ids, k] = at.y_m > line.y_m
        self.highest_m[ids], self.farthest_y_m[ids] = at.z_m, at.y_m
        self.anchor_x_m[ids], self.anchor_y_m[ids] = at.x_m, at.y_m
        self.best_height_error_m[ids] = np.inf
        self.zone_distance_m[ids] = self._distances(at)
        self.place_distance_m[ids] = np.hypot(at.x_m - self.place[0], at.y_m - self.place[1])
        everyone = np.arange(len(self.leg))[ids]
        self._take_aim(everyone, at.x_m)

    def leg_start(self, leg: NDArray[np.integer]) -> F32:
        """Return where a robot stands that begins with a leg [k, 2]: at the last goal of the leg before."""
        first = [k - 1 for k in np.searchsorted(self._goal_leg, np.arange(len(self.legs)))]
        start: F32 = self._goal_xy[np.maximum(np.array(first)[leg], 0)]
        return start

    def leg_target(self, leg: NDArray[np.integer]) -> F32:
        """Return the first goal of each leg [k, 2]."""
        first = np.searchsorted(self._goal_leg, np.arange(len(self.legs)))
        target: F32 = self._goal_xy[first[leg]]
        return target

    def leg_height(self, leg: NDArray[np.integer]) -> F32:
        """Return a height near which a robot is that begins with a leg [k]: that of the last goal before, if known."""
        lows = np.array([goal.zone.z_min_m for goal in self.goals])
        tops = np.array([goal.zone.z_max_m for goal in self.goals])
        known = np.where(np.isfinite(lows), lows + 0.4, np.where(np.isfinite(tops), tops - 0.5, 9.0))
        before = np.maximum(np.searchsorted(self._goal_leg, np.arange(len(self.legs))) - 1, 0)
        height: F32 = known[before[leg]].astype(np.float32)
        return height

    # ------------------------------------------------------------------ on the way

    def advance(self, at: Whereabouts) -> None:
        """Take in one control step: where everybody is at its end."""
        self._reach_goals(at)
        self._pass_lines(at)
        self._celebrate(at)
        self._earn(at)
        self._climb(at)
        self._watch_standstill(at)
        np.maximum(self.farthest_y_m, at.y_m, out=self.farthest_y_m)

    def _reach_goals(self, at: Whereabouts) -> None:
        there = self._goal_places.at(at)
        self.bonus[:] = 0.0
        self.phases[:] = 0.0
        before = self.aim.copy()
        touched = there.any(axis=1)
        for _ in range(ADVANCES_PER_STEP if touched.any() else 0):
            new = there & (self._goal_leg == self.leg[:, None]) & ~self.collected
            if not new.any():
                break
            self.collected |= new
            self.bonus += new @ self._weight
            in_leg = (self.collected & (self._goal_leg == self.leg[:, None])).sum(axis=1)
            done = in_leg >= self._needed[self.leg]
            self.leg += done
            self.phases += done & self.phases_pay
            reached = np.flatnonzero(new.any(axis=1))
            self._take_aim(reached, at.x_m[reached])
        np.not_equal(before, self.aim, out=self.changed)
        self._near_zones(at)

    def _near_zones(self, at: Whereabouts) -> None:
        """Measure how much nearer the open goals of the current leg came, within reach."""
        distance = self._distances(at)
        opened = (self._goal_leg == self.leg[:, None]) & ~self.collected & (distance < NEARBY_M)
        self.zone_gain_m[:] = ((self.zone_distance_m - distance) * opened).sum(axis=1)
        self.zone_distance_m[:] = distance

    def _distances(self, at: Whereabouts) -> F32:
        away: F32 = np.hypot(at.x_m[:, None] - self._goal_xy[:, 0], at.y_m[:, None] - self._goal_xy[:, 1])
        return away

    def _take_aim(self, who: NDArray[np.integer], x_m: F32) -> None:
        """Choose the next goal of simulations: the first open one of the leg, or the nearest in x; none at the end."""
        opened = (self._goal_leg == self.leg[who][:, None]) & ~self.collected[who]
        first = opened.argmax(axis=1)
        aside = np.where(opened, np.abs(self._goal_xy[:, 0] - x_m[:, None]), np.inf).argmin(axis=1)
        chosen = np.where(self._own_side[self.leg[who]], aside, first)
        self.aim[who] = np.where(opened.any(axis=1), chosen, len(self.goals))

    def targets(self) -> F32:
        """Return where everybody should go [N, 2]: the next goal, or the place of the celebration."""
        places = np.vstack([self._goal_xy, np.asarray(self.place, np.float32)])
        chosen: F32 = places[self.aim]
        return chosen

    def target_radius(self, last_m: float) -> F32:
        """Return how near counts as being at the target [N]: the zone's radius, its footprint's, or `last_m`."""
        radii = np.array([goal.zone.radius_m or FOOTPRINT_M[0] for goal in self.goals] + [last_m], np.float32)
        chosen: F32 = radii[self.aim]
        return chosen

    def _pass_lines(self, at: Whereabouts) -> None:
        self.milestones[:] = 0.0
        for k, line in enumerate(self.lines):
            new = (at.y_m > line.y_m) & (at.z_m > line.z_min_m) & ~self.passed[:, k]
            self.passed[:, k] |= new
            paid = self.phases if line.phase else self.milestones
            paid += new * np.float32(line.weight)

    def _celebrate(self, at: Whereabouts) -> None:
        """Let the celebration go on: walk to its place, take up the pose there, hold it."""
        cfg = self.cfg.celebration
        if cfg.pose == "sit":
            posed = (at.above_ground_m < cfg.height_m) & (at.speed_mps < SIT_SPEED_MPS)
        else:
            posed = at.speed_mps < cfg.stand_speed_mps
        self.held_steps += 1
        self.held_steps *= posed & ~at.touching
        distance = np.hypot(at.x_m - self.place[0], at.y_m - self.place[1])
        walking = self.celebration == WALKING
        self.place_gain_m[:] = (self.place_distance_m - distance) * walking
        self.place_distance_m[:] = distance
        np.logical_and(walking, distance < cfg.radius_m, out=self.arrived_at_place)
        held = self.held_steps >= self.hold_steps
        np.logical_and(self.celebration == SITTING, held & (distance < cfg.radius_m), out=self.celebrated)
        self.celebration += self.arrived_at_place
        self.celebration += self.celebrated
        self.celebration[(self.celebration == IDLE) & (self.leg >= len(self.legs))] = WALKING

    def _earn(self, at: Whereabouts) -> None:
        """Note what earns points; what depends on something else follows a step later at the earliest."""
        if not self.items:
            return
        held = self.held_steps >= self.hold_steps
        here = self._item_places.at(at) & (held[:, None] | ~self._celebrating)
        self.earned |= here & (self.earned @ self._after.T == self._after.sum(axis=1))

    def _climb(self, at: Whereabouts) -> None:
        np.maximum(at.z_m - self.highest_m, 0.0, out=self.climbed_m)
        np.maximum(self.highest_m, at.z_m, out=self.highest_m)

    def near_height(self, error_m: F32) -> None:
        """Take in how far each trunk is from the height of its target; a new target starts anew."""
        best = np.where(self.changed, np.inf, self.best_height_error_m)
        gain = np.where(np.isfinite(best), best - error_m, 0.0)
        self.height_neared_m[:] = np.clip(gain, 0.0, 0.5)
        self.best_height_error_m[:] = np.minimum(best, error_m)

    def _watch_standstill(self, at: Whereabouts) -> None:
        away = np.hypot(at.x_m - self.anchor_x_m, at.y_m - self.anchor_y_m) > self.cfg.limits.stagnation_m
        moved = away | self.changed | (self.celebration > IDLE)
        self.still_steps += 1
        self.still_steps *= ~moved
        np.copyto(self.anchor_x_m, at.x_m, where=moved)
        np.copyto(self.anchor_y_m, at.y_m, where=moved)

    # ------------------------------------------------------------------ what came of it

    @property
    def finished(self) -> Bools:
        """Who has celebrated [N]."""
        done: Bools = self.celebration == DONE
        return done

    @property
    def arrived(self) -> Bools:
        """Who has reached every goal [N]."""
        there: Bools = self.leg >= len(self.legs)
        return there

    def share(self) -> F32:
        """Return the share of the legs that are complete [N]."""
        return (self.leg / np.float32(len(self.legs))).astype(np.float32)

    def stagnant(self) -> Bools:
        """Who has stood still for too long [N]."""
        limit = self.cfg.limits.stagnation_s
        if limit is None:
            return np.zeros(len(self.leg), np.bool_)
        stuck: Bools = self.still_steps >= steps_for(limit, self.dt_s)
        return stuck

    def points(self) -> F32:
        """Return the points earned so far [N]."""
        total = np.zeros(len(self.leg), np.float32)
        best: dict[str, F32] = {}
        for k, item in enumerate(self.items):
            worth = self.earned[:, k] * np.float32(item.points)
            if item.best_of:
                best[item.best_of] = np.maximum(best.get(item.best_of, np.float32(0.0)), worth)
            else:
                total += worth
        for worth in best.values():
            total += worth
        return total

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return everything that must survive, as live arrays."""
        tables = {"collected": self.collected, "passed": self.passed, "earned": self.earned}
        return {name: getattr(self, name) for name in self.FIELDS} | tables | {"zone_distance": self.zone_distance_m}
