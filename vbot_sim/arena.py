"""The ground of each environment as MJCF.

section001 is a round platform of radius 12.5 m with its top at z = 0. Its collision surface is a plane: an episode
ends where the platform does, and a plane costs a fraction of what a large cylinder costs in every step. The cylinder
is there to be looked at. The ground of the courses is put together in `vbot_sim.terrain`.
"""

from dataclasses import dataclass

from vbot_sim.robot import FOOT_GEOMS

PLATFORM_RADIUS_M = 12.5
"""Leaving this circle is leaving the platform."""

_TARGET = '<site name="target" type="cylinder" size=".5 .002" rgba=".9 .5 .1 .6"/>'


@dataclass(frozen=True)
class Arena:
    """What the ground adds to a model: MJCF assets, geoms and sensors."""

    bodies: str
    assets: str = ""
    sensors: str = ""


def flat(affinity: int) -> Arena:
    """Return the platform of section001; `affinity` is 1 where robot geoms also collide with each other."""
    return Arena(f"""<light pos="0 0 20" dir="0 0 -1" directional="true"/>
<geom name="ground" type="plane" size="{PLATFORM_RADIUS_M} {PLATFORM_RADIUS_M} 1" contype="1" conaffinity="{affinity}"
  condim="3" friction="1.0" rgba="0 0 0 0"/>
<geom name="platform" type="cylinder" size="{PLATFORM_RADIUS_M} 1" pos="0 0 -1.001" contype="0" conaffinity="0"
  rgba=".35 .42 .38 1"/>
{_TARGET}""")


def terrain(world: str, seed: int, affinity: int) -> Arena:
    """Return a course or the training field, with a contact sensor for each foot."""
    from vbot_sim.terrain.ground import build_ground

    ground = build_ground(world, seed)
    light = '<light pos="0 0 20" dir="0 0 -1" directional="true"/>\n'
    sensors = "".join(
        f'<contact name="{foot}_contact" geom1="{foot}" body2="world" data="found" num="1"/>' for foot in FOOT_GEOMS
    )
    return Arena(light + ground.bodies_xml(affinity) + _TARGET, ground.assets_xml(), sensors)
