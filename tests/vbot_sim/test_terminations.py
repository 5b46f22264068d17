import math

import numpy as np
import pytest

from vbot_sim.schema import TerminationCfg
from vbot_sim.terminations import CAUSES, NO_CAUSE, cause_index, endings, failures, tilted


def fail(cfg: TerminationCfg | None = None, **changed: float) -> str | None:
    values = {"contact": 0.0, "gravity_z": -1.0, "joint": 0.0, "radius": 0.0, "bad": 0.0} | changed
    cause = failures(
        cfg or TerminationCfg(),
        np.asarray([bool(values["contact"])]),
        np.asarray([values["gravity_z"]], np.float32),
        np.asarray([values["joint"]], np.float32),
        np.asarray([values["radius"]], np.float32),
        np.asarray([bool(values["bad"])]),
    )[0]
    return None if cause == NO_CAUSE else CAUSES[cause]


@pytest.mark.parametrize(("lean_deg", "over"), [(0, False), (74, False), (76, True), (105, True), (180, True)])
def test_tilt_is_the_angle_from_upright_also_upside_down(lean_deg: float, over: bool) -> None:
    gravity_z = np.asarray([-math.cos(math.radians(lean_deg))])
    assert tilted(gravity_z, 75.0)[0] == over


def test_a_standing_robot_has_no_cause() -> None:
    assert fail() is None


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"contact": 1.0}, "trunk_contact"),
        ({"gravity_z": 1.0}, "tilt"),
        ({"joint": 100.5}, "joint_speed"),
        ({"radius": 12.51}, "out_of_bounds"),
        ({"bad": 1.0}, "non_finite"),
        ({"contact": 1.0, "gravity_z": 1.0, "radius": 13.0}, "trunk_contact"),
        ({"gravity_z": 1.0, "radius": 13.0}, "tilt"),
        ({"contact": 1.0, "bad": 1.0}, "non_finite"),
    ],
)
def test_the_cause_is_named(change: dict[str, float], cause: str) -> None:
    assert fail(**change) == cause


def test_trunk_contact_can_be_switched_off() -> None:
    assert fail(TerminationCfg(trunk_contact=False), contact=1.0) is None


def test_failure_comes_before_success_and_success_before_time() -> None:
    failure = np.asarray([NO_CAUSE, NO_CAUSE, NO_CAUSE, cause_index("tilt")], np.int8)
    success = np.asarray([False, True, False, True])
    time = np.asarray([False, True, True, True])
    names = [None if c == NO_CAUSE else CAUSES[c] for c in endings(failure, success, time)]
    assert names == [None, "success", "time_limit", "tilt"]
