"""`vbot view`: look at a world without running it."""

import argparse
from typing import Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import number, table


def add_verbs(verbs: Verbs) -> None:
    """Enter `view`."""
    parser = verbs.add("view", "bodies, geoms and feet of an environment", view)
    parser.add_argument("env", metavar="ENV", help="environment, e.g. vbot_navigation_section001")
    parser.add_argument("--preset", metavar="NAME", default="default", help="named settings of ENV")


def view(arguments: argparse.Namespace, console: Console) -> int:
    """Describe the world."""
    from vbot_sim.world import describe

    world = describe(arguments.env, arguments.preset)
    console.show(world, as_text(world))
    return 0


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
