"""Looking at a world without running it: its bodies, geoms and feet as plain data."""

from typing import Any

from vbot_sim.config import task_cfg
from vbot_sim.model import build_model
from vbot_sim.robot import FOOT_GEOMS

_DECIMALS = 6


def describe(env: str, preset: str = "default") -> dict[str, Any]:
    """Return the bodies, geoms and feet of an environment.

    Positions are in the parent's (bodies) or the body's (geoms) frame; `collides` tells whether a geom can touch
    anything. Feet without a joint of their own are part of their calves.
    """
    import mujoco

    task = task_cfg(env, preset)
    model = build_model(task.physics, task.control, task.course)
    body_names = [model.body(i).name for i in range(model.nbody)]
    bodies = [
        {
            "name": body_names[i],
            "parent": body_names[model.body_parentid[i]],
            "mass_kg": round(float(model.body_mass[i]), _DECIMALS),
            "pos_m": _rounded(model.body_pos[i]),
        }
        for i in range(model.nbody)
    ]
    geoms = [
        {
            "name": model.geom(i).name,
            "body": body_names[model.geom_bodyid[i]],
            "type": mujoco.mjtGeom(int(model.geom_type[i])).name.removeprefix("mjGEOM_").lower(),
            "size_m": _rounded(model.geom_size[i]),
            "pos_m": _rounded(model.geom_pos[i]),
            "collides": bool(model.geom_contype[i] or model.geom_conaffinity[i]),
        }
        for i in range(model.ngeom)
    ]
    return {"env": env, "preset": preset, "bodies": bodies, "geoms": geoms, "feet": list(FOOT_GEOMS)}


def _rounded(values: Any) -> list[float]:  # noqa: ANN401 (a row of a mujoco array)
    return [round(float(value), _DECIMALS) for value in values]
