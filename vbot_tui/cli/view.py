"""`vbot view`: look at a world without running it."""

import argparse
import sys
from typing import Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import number, table

PICTURE = (44, 14)


def add_verbs(verbs: Verbs) -> None:
    """Enter `view`."""
    parser = verbs.add("view", "bodies, geoms and feet of an environment", view)
    parser.add_argument("env", metavar="ENV", help="environment, e.g. vbot_navigation_section001")
    parser.add_argument("--preset", metavar="NAME", default="default", help="named settings of ENV")
    parser.add_argument("--text", action="store_true", help="no window, even where there is a screen")


def view(arguments: argparse.Namespace, console: Console) -> int:
    """Describe the world."""
    from vbot_sim.world import describe

    world = describe(arguments.env, arguments.preset)
    if console.as_json or arguments.text or not sys.stdout.isatty() or not open_window(arguments):
        console.show(world, "\n".join([*standing(), "", as_text(world)]))
    return 0


def standing() -> list[str]:
    """The robot in its default pose, in dots."""
    from vbot_sim.robot import DEFAULT_JOINTS_RAD, STANDING_HEIGHT_M
    from vbot_tui.robot_view import side_view

    pose = (0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD)
    return [line.rstrip() for line in side_view(pose, *PICTURE) if line.strip()]


def open_window(arguments: argparse.Namespace) -> bool:
    """Show the world in a window until it is closed; False where there is no screen."""
    from vbot_sim import window

    if not window.has_display():
        return False
    from itertools import repeat

    import numpy as np

    from vbot_sim.config import task_cfg
    from vbot_sim.robot import DEFAULT_JOINTS_RAD, STANDING_HEIGHT_M

    pose = np.array([0.0, 0.0, STANDING_HEIGHT_M, 1.0, 0.0, 0.0, 0.0, *DEFAULT_JOINTS_RAD])
    window.show(task_cfg(arguments.env, arguments.preset), repeat((pose, np.zeros(2), 0.05)))
    return True


def as_text(world: dict[str, Any]) -> str:
    """Two tables: bodies, and the geoms that can touch something."""
    bodies = [[b["name"], b["parent"], number(b["mass_kg"], 3)] for b in world["bodies"]]
    geoms = [[g["name"] or "-", g["body"], g["type"]] for g in world["geoms"] if g["collides"]]
    total = sum(body["mass_kg"] for body in world["bodies"])
    return "\n".join(
        [
            f"{world['env']} ({world['preset']}): {len(bodies)} bodies, {total:.3f} kg",
            f"feet: {', '.join(world['feet'])}",
            "",
            table(["BODY", "PARENT", "KG"], bodies),
            "",
            f"{len(geoms)} of {len(world['geoms'])} geoms collide:",
            table(["GEOM", "BODY", "TYPE"], geoms),
        ]
    )
