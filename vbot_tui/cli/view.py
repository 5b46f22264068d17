"""`vbot view`: look at a world without running it."""

import argparse
import sys
from typing import Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.export import file_in_folder
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import number, table

PICTURE = (44, 14)
COLOURS = 128  # of a picture in a file: enough for shaded terrain, and a quarter of the size


def add_verbs(verbs: Verbs) -> None:
    """Enter `view`."""
    parser = verbs.add("view", "bodies, geoms and feet of an environment", view)
    parser.add_argument("env", metavar="ENV", help="environment, e.g. vbot_navigation_section001")
    parser.add_argument("--preset", metavar="NAME", default="default", help="named settings of ENV")
    parser.add_argument("--text", action="store_true", help="no window, even where there is a screen")
    parser.add_argument("--picture", metavar="FILE", help="write an overview of the world to FILE.png instead")


def view(arguments: argparse.Namespace, console: Console) -> int:
    """Describe the world, or draw it."""
    from vbot_sim.world import describe

    if arguments.picture is not None:
        console.show(*picture(arguments))
        return 0
    world = describe(arguments.env, arguments.preset)
    if console.as_json or arguments.text or not sys.stdout.isatty() or not open_window(arguments):
        console.show(world, "\n".join([*standing(), "", as_text(world)]))
    return 0


def picture(arguments: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Draw the whole world into a file."""
    from PIL import Image

    from vbot_sim.config import task_cfg
    from vbot_sim.overview import overview

    path = file_in_folder(arguments.picture)
    if path.suffix != ".png":
        raise UsageError(f"'{path}' is no name for a picture: let it end in .png.")
    image = Image.fromarray(overview(task_cfg(arguments.env, arguments.preset)))
    image.quantize(COLOURS).save(path, optimize=True)
    answer = {"env": arguments.env, "preset": arguments.preset, "file": str(path), "bytes": path.stat().st_size}
    return answer, f"{path}: {image.width} x {image.height} pixels"


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

    from vbot_sim.config import task_cfg
    from vbot_sim.overview import scene_of

    task = task_cfg(arguments.env, arguments.preset)
    scene = scene_of(task)
    window.show(task, repeat((scene.qpos, scene.target_m, 0.05)))
    return True


def as_text(world: dict[str, Any]) -> str:
    """Two tables: bodies, and the geoms that can touch something."""
    bodies = [[b["name"], b["parent"], number(b["mass_kg"], 3)] for b in world["bodies"]]
    touching = [g for g in world["geoms"] if g["collides"]]
    geoms = [[g["name"], g["body"], g["type"]] for g in touching if g["name"]]
    ground = len(touching) - len(geoms)
    total = sum(body["mass_kg"] for body in world["bodies"])
    return "\n".join(
        [
            f"{world['env']} ({world['preset']}): {len(bodies)} bodies, {total:.3f} kg",
            f"feet: {', '.join(world['feet'])}",
            "",
            table(["BODY", "PARENT", "KG"], bodies),
            "",
            f"{len(touching)} of {len(world['geoms'])} geoms collide"
            + (f", {ground} of the ground:" if ground else ":"),
            table(["GEOM", "BODY", "TYPE"], geoms),
        ]
    )
