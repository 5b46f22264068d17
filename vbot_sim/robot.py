"""VBot as MJCF: bodies, masses, inertias, joints, actuators and collision geoms from the measured tables.

The twelve joints are ordered FR, FL, RR, RL, each hip, thigh, calf; so are actions and observations. The actuators are
of the position type (stiffness kp, damping kv, limited torque): integrated implicitly they stay quiet at 10 ms steps,
where a torque computed outside the integrator chatters.
"""

from dataclasses import dataclass
from typing import Literal

LEGS: tuple[str, ...] = ("FR", "FL", "RR", "RL")
PARTS: tuple[str, ...] = ("hip", "thigh", "calf")
JOINTS: tuple[str, ...] = tuple(f"{leg}_{part}_joint" for leg in LEGS for part in PARTS)
FOOT_GEOMS: tuple[str, ...] = tuple(f"{leg}_foot" for leg in LEGS)

DEFAULT_JOINTS_RAD: tuple[float, ...] = (0.0, 0.9, -1.8) * 4
TORQUE_LIMITS_NM: tuple[float, ...] = (17.0, 17.0, 34.0) * 4
TRUNK_LINKS_MASS_KG = 9.016326
STANDING_HEIGHT_M = 0.2774
"""Height of the trunk's origin at the default pose with the feet just touching the ground."""
FOOT_RADIUS_M = 0.021

CollisionSet = Literal["reduced", "legs", "full"]

_IDENTITY = "1 0 0 0"


@dataclass(frozen=True)
class _Geom:
    """One primitive collision geom."""

    name: str
    size: str
    pos: str
    quat: str = _IDENTITY
    type: str = "box"

    def xml(self, klass: str) -> str:
        """Return the MJCF element."""
        return (
            f'<geom name="{self.name}" class="{klass}" type="{self.type}" size="{self.size}" '
            f'pos="{self.pos}" quat="{self.quat}"/>'
        )


_TRUNK = (
    _Geom("trunk_head", ".084602 .078997 .041873", ".18389 0 .16552"),
    _Geom("trunk_middle", ".133329 .101205 .068913", "0 0 .004583"),
    _Geom("trunk_front_plate", ".0058255 .029011 .029011", ".247938 0 .006492"),
    _Geom("trunk_back_plate", ".0058255 .029011 .023818", "-.249278 0 .006492"),
    _Geom("trunk_bar_front_left", ".008 .008 .0065", ".083 .042 -.086"),
    _Geom("trunk_bar_front_right", ".008 .008 .0065", ".083 -.042 -.086"),
    _Geom("trunk_bar_rear_left", ".008 .008 .0065", "-.108 .042 -.086"),
    _Geom("trunk_bar_rear_right", ".008 .008 .0065", "-.108 -.042 -.086"),
)
TRUNK_GEOMS: tuple[str, ...] = tuple(geom.name for geom in _TRUNK)

_HIP_INERTIA_QUATS = {
    "FR": "-.137609 .678417 .233155 .682973",
    "FL": ".137609 .678417 -.233155 .682973",
    "RR": ".233155 .682973 -.137609 .678417",
    "RL": "-.233155 .682973 .137609 .678417",
}


def _thigh_geoms(leg: str, side: float) -> tuple[_Geom, ...]:
    knee_quat = ".995396 0 -.0958456 0"
    return (
        _Geom(
            f"{leg}_thigh_link", ".0129095 .013 .06282", f"-.029488 {side * 0.000724} -.10287", ".999071 0 -.0430946 0"
        ),
        _Geom(
            f"{leg}_thigh_plate", ".00126 .013 .0627725", f".01289 {side * 0.000372} -.102949", ".997989 0 .063395 0"
        ),
        _Geom(
            f"{leg}_thigh_motor", ".044 .038455", f"0 {-side * 0.02351} -.000177", "-.707107 .707107 0 0", "cylinder"
        ),
        _Geom(f"{leg}_thigh_knee_inner", ".015 .002 .02", f"-.00614 {-side * 0.014268} -.188644", knee_quat),
        _Geom(f"{leg}_thigh_knee_outer", ".015 .002 .02", f"-.00614 {side * 0.014448} -.188644", knee_quat),
    )


def _calf_geoms(leg: str) -> tuple[_Geom, ...]:
    return (
        _Geom(f"{leg}_calf_upper", ".012 .007644 .0242675", ".018049 0 -.186508", ".998889 0 .047125 0"),
        _Geom(f"{leg}_calf_middle", ".01 .009 .06", ".00376 0 -.099894", ".994686 0 -.102956 0"),
        _Geom(f"{leg}_calf_lower", ".014 .007644 .02", "-.005451 0 -.017378", ".999978 0 .00661145 0"),
        _Geom(f"{leg}_calf_guard", ".002 .007644 .02", "-.001309 0 -.175631", ".981769 0 .19008 0"),
    )


def _capsule(name: str, radius: float, ends: str) -> str:
    return f'<geom name="{name}" class="robot" type="capsule" size="{radius}" fromto="{ends}"/>'


def _shank_capsules(leg: str) -> tuple[str, str]:
    """One capsule for the thigh and one for the calf, along their boxes: a tenth of the contacts of all the boxes."""
    thigh = _capsule(f"{leg}_thigh_capsule", 0.02, "-0.025 0 -0.04 -0.006 0 -0.19")
    calf = _capsule(f"{leg}_calf_capsule", 0.013, "-0.0055 0 -0.0174 0.018 0 -0.1865")
    return thigh, calf


def _foot_geom(leg: str) -> _Geom:
    return _Geom(f"{leg}_foot", f"{FOOT_RADIUS_M}", "0 0 0", type="sphere")


def defaults_xml(collision: CollisionSet, joint_friction_nm: float, contact_time_s: float) -> str:
    """Return the MJCF default classes of the robot.

    "full" keeps all 48 collision geoms, which touch the ground and each other. "reduced" keeps the four feet and the
    eight trunk boxes, and lets them touch the ground only: the feet carry the robot, the trunk boxes are needed to see
    a fall. Thighs and calves are left out: with the trunk clear of flat ground a knee is the lowest point of its leg
    only when its calf is folded past the horizontal, and self-contacts are absent near the default pose; each geom
    costs time in every step. "legs" adds a capsule for each thigh and calf: terrain reaches up to them.

    The feet have contact priority: their sliding friction (1.0, the value that feet on the ground had by taking the
    larger of 0.4 and 1.0) decides, so that it can be varied for each simulation.
    """
    masks = 'contype="1" conaffinity="1"' if collision == "full" else 'contype="0" conaffinity="1"'
    return f"""<default>
  <geom solref="{contact_time_s} 1"/>
  <default class="robot">
    <joint axis="0 1 0" damping="0.1" armature="0.0043" frictionloss="{joint_friction_nm}"/>
    <geom {masks} condim="3" friction="0.4" margin="0.001" rgba=".75 .77 .8 1"/>
    <default class="foot"><geom friction="1.0" priority="1" rgba=".2 .2 .22 1"/></default>
  </default>
</default>"""


def _leg_xml(leg: str, collision: CollisionSet) -> str:
    front, side = 1.0 if leg[0] == "F" else -1.0, 1.0 if leg[1] == "L" else -1.0
    thigh_range = "-1.559 3.1298" if front > 0 else "-0.51181 4.177"
    thigh_geoms = calf_geoms = ""
    if collision == "full":
        thigh_geoms = "".join(g.xml("robot") for g in _thigh_geoms(leg, side))
        calf_geoms = "".join(g.xml("robot") for g in _calf_geoms(leg))
    elif collision == "legs":
        thigh_geoms, calf_geoms = _shank_capsules(leg)
    return f"""
<body name="{leg}_hip" pos="{front * 0.18453} {side * 0.051} 0">
  <inertial mass="0.079643" pos="{-front * 0.027882} {-side * 0.015355} 0"
    diaginertia="8.72171e-5 7.7874e-5 2.29089e-5" quat="{_HIP_INERTIA_QUATS[leg]}"/>
  <joint name="{leg}_hip_joint" axis="1 0 0" range="-0.73304 0.73304" actuatorfrcrange="-17 17"/>
  <body name="{leg}_thigh" pos="0 {side * 0.0975} 0">
    <inertial mass="1.55038" pos="-0.000498 {-side * 0.038065} -0.024467"
      diaginertia=".00679074 .00586921 .00204705" quat=".975282 {side * 0.219111} .024734 {-side * 0.0142991}"/>
    <joint name="{leg}_thigh_joint" range="{thigh_range}" actuatorfrcrange="-17 17"/>{thigh_geoms}
    <body name="{leg}_calf" pos="0 0 -0.1985">
      <inertial mass="0.183986" pos="0.00261631 0 -0.125302"
        diaginertia=".00125035 .0012368 3.55485e-5" quat=".706944 -.0151852 -.0151852 .706944"/>
      <joint name="{leg}_calf_joint" range="-2.6387 -0.7854" armature="0.04" actuatorfrcrange="-34 34"/>{calf_geoms}
      <body name="{leg}_foot_body" pos="0 0 -0.214">
        <inertial mass="0.038792" pos="0 0 0" diaginertia="6.8429e-6 6.8429e-6 6.8429e-6"/>
        {_foot_geom(leg).xml("foot")}
      </body>
    </body>
  </body>
</body>"""


def body_xml(collision: CollisionSet) -> str:
    """Return the MJCF body tree of the robot."""
    trunk = "".join(g.xml("robot") for g in _TRUNK)
    legs = "".join(_leg_xml(leg, collision) for leg in LEGS)
    return f"""<body name="base" pos="0 0 {STANDING_HEIGHT_M}" childclass="robot">
<freejoint name="root"/>
<inertial mass="{TRUNK_LINKS_MASS_KG}" pos="0.026103 0.000278 0.024686"
  fullinertia=".060632 .144345 .125819 -.000200 -.033265 -.000044"/>
{trunk}{legs}
</body>"""


def actuators_xml(kp: float, kv: float) -> str:
    """Return the twelve position actuators in joint order."""
    return "".join(
        f'<position name="{joint.removesuffix("_joint")}" joint="{joint}" kp="{kp}" kv="{kv}" '
        f'forcerange="{-limit} {limit}"/>\n'
        for joint, limit in zip(JOINTS, TORQUE_LIMITS_NM, strict=True)
    )
