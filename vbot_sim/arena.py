"""The ground of each environment as MJCF.

section001 is a round platform of radius 12.5 m with its top at z = 0. Its collision surface is a plane: an episode
ends where the platform does, and a plane costs a fraction of what a large cylinder costs in every step. The cylinder
is there to be looked at.
"""

PLATFORM_RADIUS_M = 12.5
"""Leaving this circle is leaving the platform."""


def section001_xml(collides_with_all: bool) -> str:
    """Return the world bodies of section001.

    Args:
        collides_with_all: whether robot geoms collide with each other too, so that masks must be symmetric.
    """
    affinity = 1 if collides_with_all else 0
    return f"""<light pos="0 0 20" dir="0 0 -1" directional="true"/>
<geom name="ground" type="plane" size="{PLATFORM_RADIUS_M} {PLATFORM_RADIUS_M} 1" contype="1" conaffinity="{affinity}"
  condim="3" friction="1.0" rgba="0 0 0 0"/>
<geom name="platform" type="cylinder" size="{PLATFORM_RADIUS_M} 1" pos="0 0 -1.001" contype="0" conaffinity="0"
  rgba=".35 .42 .38 1"/>
<site name="target" type="cylinder" size=".5 .002" rgba=".9 .5 .1 .6"/>"""
