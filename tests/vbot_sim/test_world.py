import json

import pytest

from tests.vbot_sim.builders import ENV
from vbot_sim.errors import UnknownEnvError
from vbot_sim.world import describe


def test_a_world_is_described_as_plain_data() -> None:
    world = describe(ENV)
    assert json.loads(json.dumps(world)) == world
    assert world["feet"] == ["FR_foot", "FL_foot", "RR_foot", "RL_foot"]
    assert sum(body["mass_kg"] for body in world["bodies"]) == pytest.approx(16.4275, abs=1e-4)
    parents = {body["name"]: body["parent"] for body in world["bodies"]}
    assert parents["FL_calf"] == "FL_thigh" and parents["FL_thigh"] == "FL_hip" and parents["FL_hip"] == "base"


def test_what_can_touch_is_told_from_what_is_only_seen() -> None:
    geoms = {geom["name"]: geom for geom in describe(ENV)["geoms"]}
    assert geoms["ground"]["collides"] and not geoms["platform"]["collides"]
    assert (geoms["platform"]["type"], geoms["platform"]["size_m"][0]) == ("cylinder", 12.5)
    assert geoms["FR_foot"]["type"] == "sphere" and geoms["FR_foot"]["size_m"][0] == 0.021


def test_an_unknown_world_is_refused() -> None:
    with pytest.raises(UnknownEnvError):
        describe("vbot_navigation_section999")
