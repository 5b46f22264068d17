"""Routes, celebration and points of scripted paths; every expected value is worked out by hand."""

from typing import Any

import numpy as np
import pytest

from vbot_sim.courses.journey import DONE, IDLE, SITTING, WALKING, Journey
from vbot_sim.courses.routes import SECTIONS, Zone, route
from vbot_sim.courses.rules import RULES, Box, points_max
from vbot_sim.courses.schema import CelebrationCfg, CourseCfg, CourseLimitsCfg
from vbot_sim.courses.whereabouts import Places, Whereabouts
from vbot_sim.errors import ConfigError

DT_S = 0.1
PLATFORM_Z = {"section011": 1.56, "section012": 1.56, "section013": 1.76}


def at(x: float, y: float, z: float = 0.27, yaw: float = 0.0, **other: Any) -> Whereabouts:
    """One robot somewhere, standing."""
    values = {"speed_mps": 0.0, "above_ground_m": 0.27, **other}
    arrays = {name: np.array([value], np.float32) for name, value in values.items() if name != "touching"}
    place = [np.array([value], np.float32) for value in (x, y, z, yaw)]
    return Whereabouts(*place, **arrays, touching=np.array([values.get("touching", False)]))


def journey(section: str = "section011", path: tuple[Whereabouts, ...] = (), **course: Any) -> Journey:
    """A journey that began on its start and walked a path."""
    found = Journey(CourseCfg(section=section, **course), 1, DT_S)  # type: ignore[arg-type]
    start = SECTIONS[section].start
    found.begin(np.arange(1), at(np.mean(start.x_m), np.mean(start.y_m), start.z_m + 0.27))
    for step in path:
        found.advance(step)
    return found


def sitting(x: float, y: float, z: float) -> tuple[Whereabouts, ...]:
    """Four steps of sitting: longer than the hold time of 0.3 s."""
    return (at(x, y, z, above_ground_m=0.18),) * 4


SMILEYS = (at(-3, 0), at(0, 0), at(3, 0))
PACKETS = (at(-3, 4.4, 0.9), at(0, 4.4, 0.9), at(3, 4.4, 0.9))
ALL_011 = (*SMILEYS, *PACKETS, at(0, 7.83, 1.56), at(0, 7.83, 1.56))


def at_zone(zone: Zone, robot: Whereabouts) -> Any:
    return Places([zone]).at(robot)[:, 0]


def test_a_footprint_is_half_a_metre_long_and_turns_with_the_robot() -> None:
    zone = Zone(0.0, 0.0)
    assert at_zone(zone, at(0.24, 0.14))[0] and not at_zone(zone, at(0.26, 0.0))[0]
    assert not at_zone(zone, at(0.0, 0.16))[0]
    assert at_zone(zone, at(0.0, 0.24, yaw=np.pi / 2))[0]


def test_a_zone_can_ask_for_a_height() -> None:
    above = Zone(0.0, 0.0, 1.0, z_min_m=2.3)
    assert at_zone(above, at(0.5, 0.5, 2.4))[0] and not at_zone(above, at(0.5, 0.5, 1.6))[0]


def test_zones_of_a_leg_count_in_any_order_and_the_next_leg_waits() -> None:
    walked = journey(path=(at(3, 0), at(0, 4.4, 0.9)))
    assert walked.collected[0].tolist() == [False, False, True, False, False, False, False]
    assert walked.targets()[0].tolist() == pytest.approx([-3.0, 0.0])  # the first open one: left
    walked.advance(at(-3, 0))
    assert walked.targets()[0].tolist() == pytest.approx([0.0, 0.0])
    walked.advance(at(0, 0))
    assert (walked.leg[0], walked.targets()[0].tolist()) == (1, pytest.approx([-3.0, 4.4], abs=1e-6))
    assert walked.phases[0] == 1.0 and walked.bonus[0] == 1.0


def test_the_first_section_from_start_to_celebration() -> None:
    walked = journey(path=ALL_011)
    assert walked.arrived[0] and walked.celebration[0] == SITTING
    for step in sitting(0, 7.83, 1.47)[:2]:
        walked.advance(step)
    assert not walked.finished[0]
    walked.advance(sitting(0, 7.83, 1.47)[2])
    assert walked.finished[0] and walked.celebrated[0] and walked.points()[0] == 20.0
    walked.advance(at(0, 7.83, 1.56))
    assert walked.celebration[0] == DONE and not walked.celebrated[0]  # paid once


def test_sitting_on_the_trunk_or_standing_is_no_celebration() -> None:
    lying = (at(0, 7.83, 1.4, above_ground_m=0.1, touching=True),) * 6
    standing = (at(0, 7.83, 1.56),) * 6
    for path in (lying, standing):
        assert journey(path=(*ALL_011, *path)).celebration[0] == SITTING


def test_a_celebration_can_be_standing_still() -> None:
    cfg = CelebrationCfg(pose="stand", hold_s=0.5)
    walked = journey(path=(*ALL_011, *(at(0, 7.83, 1.56),) * 6), celebration=cfg)
    assert walked.finished[0]


def test_the_old_place_of_the_celebration_is_four_metres_aside() -> None:
    walked = journey(path=ALL_011, celebration=CelebrationCfg(aside=True))
    assert walked.celebration[0] == WALKING and walked.targets()[0].tolist() == pytest.approx([4.0, 7.83])
    walked.advance(at(2.0, 7.83, 1.56))
    assert walked.place_gain_m[0] == pytest.approx(2.0)
    walked.advance(at(3.2, 7.83, 1.56))
    assert walked.arrived_at_place[0] and walked.celebration[0] == SITTING


def test_points_of_the_first_section_follow_the_rules() -> None:
    assert journey(path=SMILEYS[:2]).points()[0] == 8.0
    assert journey(path=(*SMILEYS, PACKETS[0])).points()[0] == 14.0
    assert journey(path=(PACKETS[0],)).points()[0] == 2.0  # points do not wait for the route


WAVES_TO_TOP = (at(-0.25, 12.1, 1.56), at(-0.25, 14.7, 2.5))
RIVER = (at(1.2, 17.83, 1.56), at(1.2, 21.2, 2.56))
EXIT = (at(0, 24.33, 1.56),)


def test_points_of_the_second_section_by_the_river_bed() -> None:
    path = (*WAVES_TO_TOP, *RIVER, *EXIT)
    # waves to stairs 10, stair top 5, through the river bed 5, down 5
    assert journey("section012", path).points()[0] == 25.0
    assert journey("section012", (*path, *sitting(0, 24.33, 1.47))).points()[0] == 30.0


def test_of_both_ways_across_only_the_better_counts() -> None:
    over = (at(-3, 17.83, 2.86), at(-3, 21.1, 3.05))
    assert journey("section012", (*WAVES_TO_TOP, *over)).points()[0] == 25.0  # 10 + 5 + 10
    assert journey("section012", (*WAVES_TO_TOP, *RIVER, *over)).points()[0] == 25.0


def test_the_packet_under_the_bridge_is_not_collected_from_above() -> None:
    below, above = at(-3, 16.0, 1.9), at(-3, 16.0, 2.9)
    assert journey("section012", (above,)).points()[0] - journey("section012", (below,)).points()[0] == -5.0


def test_points_of_the_third_section_with_and_without_a_ball() -> None:
    ground, final = at(1.5, 30.5, 1.75), at(0, 32.33, 1.76)
    assert journey("section013", (ground, final)).points()[0] == 15.0
    ball = at(-3, 31.23, 1.86)
    assert journey("section013", (ground, ball, at(0, 31.23, 1.86), final)).points()[0] == 20.0
    assert journey("section013", (ground, ball, final, *sitting(0, 32.33, 1.67))).points()[0] == 25.0


def test_the_course_is_worth_105_points() -> None:
    assert [points_max(name) for name in RULES] == [20.0, 60.0, 25.0, 105.0]


def test_of_the_balls_one_is_enough_and_the_nearest_is_aimed_at() -> None:
    walked = Journey(CourseCfg(section="section013"), 1, DT_S)
    walked.begin(np.arange(1), at(1.8, 26.0, 1.56))
    assert walked.targets()[0].tolist() == pytest.approx([3.0, 31.23])
    walked.advance(at(3.0, 31.23, 1.86))
    assert walked.leg[0] == 1 and walked.targets()[0].tolist() == pytest.approx([0.0, 32.33])


def test_up_to_three_goals_fall_in_one_step() -> None:
    walked = journey("long_course", (at(0, 5.0, 0.8),))
    assert walked.leg[0] == 1
    stairs = journey("section012", (at(-0.25, 13.3, 2.0),))  # within 1.5 m of the foot and 1.2 m of the top
    assert stairs.leg[0] == 2 and stairs.bonus[0] == 10.0 + 20.0


def test_lines_pay_once_and_those_behind_the_start_never() -> None:
    walked = journey(path=(at(0, -1.4), at(0, 4.1, 0.9)))
    assert walked.milestones[0] == 15.0
    walked.advance(at(0, 4.2, 0.9))
    assert walked.milestones[0] == 0.0
    assert journey(path=(at(0, 4.1, 0.2),)).milestones[0] == 0.0  # too low: not on the ramp
    later = Journey(CourseCfg(), 1, DT_S)
    later.begin(np.arange(1), at(0, 5.0, 1.1))
    later.advance(at(0, 5.1, 1.1))
    assert later.milestones[0] == 0.0


def test_an_episode_that_starts_on_the_way_has_its_goals_behind_it() -> None:
    walked = Journey(CourseCfg(section="section012"), 1, DT_S)
    leg = np.array([2])
    assert walked.leg_start(leg)[0].tolist() == pytest.approx([-0.25, 14.5])
    assert walked.leg_target(leg)[0].tolist() == pytest.approx([0.36, 15.84])
    walked.begin(np.arange(1), at(-0.25, 14.5, 2.56), leg)
    assert walked.collected[0].sum() == 2 and walked.share()[0] == pytest.approx(2 / 15)
    assert walked.points()[0] == 0.0  # points are earned, not given


def test_who_does_not_get_away_is_stuck() -> None:
    limits = CourseLimitsCfg(stagnation_s=1.0, stagnation_m=0.6)
    still = journey(path=(at(0, -2.5),) * 9, limits=limits)
    assert not still.stagnant()[0]
    still.advance(at(0, -2.0))
    assert still.stagnant()[0]
    moved = journey(path=(*(at(0, -2.5),) * 8, at(0, -1.8), at(0, -1.8)), limits=limits)
    assert not moved.stagnant()[0] and moved.still_steps[0] == 1


def test_heights_are_paid_above_the_highest_only() -> None:
    walked = journey(path=(at(0, 3, 0.5),))
    assert walked.climbed_m[0] == pytest.approx(0.5 - 0.27)
    walked.advance(at(0, 3, 0.4))
    assert walked.climbed_m[0] == 0.0
    walked.advance(at(0, 3, 0.6))
    assert walked.climbed_m[0] == pytest.approx(0.1)


def test_nearing_the_height_of_the_goal_starts_anew_with_another_goal() -> None:
    walked = journey()
    gains = []
    for error in (1.0, 0.7, 0.9, 0.6):
        walked.near_height(np.array([error], np.float32))
        gains.append(float(walked.height_neared_m[0]))
    assert gains == pytest.approx([0.0, 0.3, 0.0, 0.1])
    walked.changed[:] = True
    walked.near_height(np.array([0.1], np.float32))
    assert walked.height_neared_m[0] == 0.0


def test_zones_near_by_are_neared_together() -> None:
    walked = journey(path=(at(0, -1.0),))
    before = [np.hypot(x, 1.0) for x in (3, 0, 3)]
    walked.advance(at(0, -0.5))
    after = [np.hypot(x, 0.5) for x in (3, 0, 3)]
    assert walked.zone_gain_m[0] == pytest.approx(sum(before) - sum(after), abs=1e-5)


def test_many_places_are_told_apart_at_once() -> None:
    places = Places([Box(y_min_m=1.0, z_max_m=0.5), Zone(0.0, 0.0, 0.5), Box(x_max_m=-1.0), Zone(0.2, 1.2)])
    assert places.at(at(0.0, 0.3)).tolist() == [[False, True, False, False]]
    assert places.at(at(0.0, 1.2)).tolist() == [[True, False, False, True]]
    assert places.at(at(-2.0, 1.0, z=0.6)).tolist() == [[False, False, True, False]]


def test_an_unknown_route_is_corrected() -> None:
    with pytest.raises(ConfigError, match=r"Unknown course\.route 'rigth' of section012\. Did you mean 'right'"):
        route("section012", "rigth")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_route_ends_on_a_platform_within_bounds(section: str) -> None:
    x_min, x_max, y_min, y_max = SECTIONS[section].bounds_m
    for legs in SECTIONS[section].routes.values():
        for leg in legs:
            assert 1 <= leg.needed <= len(leg.goals)
            assert all(x_min < goal.zone.x_m < x_max and y_min < goal.zone.y_m < y_max for goal in leg.goals)


def test_the_way_through_the_river_earns_fifty_five_points_without_the_bridge() -> None:
    stones = tuple(at(x, y, 1.8) for x, y in ((3.5, 15.84), (2.0, 17.83), (0.36, 15.84)))
    below = (at(-3.0, 16.0, 1.8), at(-3.0, 19.5, 1.8))
    later = (at(0.36, 19.72, 1.8), at(3.5, 19.72, 1.8), at(1.2, 21.2, 2.56), at(1.2, 23.5, 1.56), at(0, 24.33, 1.56))
    path = (at(1.2, 12.1, 1.56), at(1.2, 14.6, 2.56), *stones, *below, *later, at(0, 24.33, 1.56))
    walked = journey("section012", path, route="river")
    assert walked.arrived[0] and walked.points()[0] == 50.0  # 10 + 5 + 5 x 3 + 2 x 5 + 5 + 5
    for step in sitting(0, 24.33, 1.48):
        walked.advance(step)
    assert walked.finished[0] and walked.points()[0] == 55.0


def test_the_snake_comes_back_over_the_packets() -> None:
    walked = journey(path=SMILEYS, route="snake")
    assert walked.targets()[0].tolist() == pytest.approx([3.0, 4.4])


def test_a_new_episode_forgets_everything() -> None:
    walked = journey(path=(*ALL_011, *sitting(0, 7.83, 1.47)))
    walked.begin(np.arange(1), at(0, -2.5))
    fresh = journey()
    for name, array in walked.arrays().items():
        np.testing.assert_array_equal(array, fresh.arrays()[name], err_msg=name)
    assert walked.celebration[0] == IDLE and walked.points()[0] == 0.0
