"""Assembling and compiling the physics model of a task. mujoco is loaded here, when a model is built."""

from typing import Any

from vbot_sim import arena, robot
from vbot_sim.courses.schema import CourseCfg
from vbot_sim.schema import ControlCfg, PhysicsCfg

TRUNK_CONTACT_SENSOR = "trunk_contact"


def model_xml(physics: PhysicsCfg, control: ControlCfg, course: CourseCfg | None = None) -> str:
    """Return the whole MJCF text.

    Warm start and islands are off: measured, the physics is the same to 1e-14 and a step takes a fifth less. The
    foot bodies have no joint and are fused into the calves with their masses, which changes nothing but the cost.
    impratio is the robot's own 100: with 1 the feet creep apart while standing.
    """
    affinity = 1 if physics.collision == "full" else 0  # robot geoms collide with each other too: symmetric masks
    ground = arena.flat(affinity) if course is None else arena.terrain(course.world, course.relief_seed, affinity)
    return f"""<mujoco model="vbot">
<compiler angle="radian" autolimits="true" fusestatic="true"/>
<option timestep="{physics.timestep_s}" integrator="implicitfast" solver="Newton" cone="{physics.cone}"
  iterations="{physics.iterations}" ls_iterations="20" impratio="100">
  <flag warmstart="disable" island="disable"/>
</option>
{robot.defaults_xml(physics.collision, physics.joint_friction_nm, physics.contact_time_s)}
<asset>{ground.assets}</asset>
<worldbody>
{ground.bodies}
{robot.body_xml(physics.collision)}
</worldbody>
<actuator>
{robot.actuators_xml(control.kp, control.kv)}</actuator>
<sensor><contact name="{TRUNK_CONTACT_SENSOR}" body1="base" body2="world" data="found" num="1"/>
{ground.sensors}</sensor>
</mujoco>"""


def build_model(physics: PhysicsCfg, control: ControlCfg, course: CourseCfg | None = None) -> Any:  # noqa: ANN401 (mujoco has no type information)
    """Compile the model of a task into a `mujoco.MjModel`."""
    import mujoco

    return mujoco.MjModel.from_xml_string(model_xml(physics, control, course))
