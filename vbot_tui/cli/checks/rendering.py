"""Can MuJoCo draw here without a display? Only videos need it; training and the cockpit do not."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence

from vbot_tui.cli.checks import Check

BACKENDS = ("egl", "osmesa")

# Runs in a child: MUJOCO_GL is read once, when mujoco is imported, and a missing library can end the process.
DRAW = """
import mujoco
model = mujoco.MjModel.from_xml_string("<mujoco><worldbody><light pos='0 0 3'/><geom size='.1'/></worldbody></mujoco>")
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    image = renderer.render()
print("drawn" if image.shape == (48, 64, 3) and image.max() > image.min() else "blank")
"""


def check_renderer(works: Mapping[str, bool]) -> Check:
    """At least one way to draw without a display."""
    good = [name for name, drawn in works.items() if drawn]
    if good:
        return Check(
            "rendering", "MuJoCo off screen", "ok", f"{good[0]} draws; set MUJOCO_GL={good[0]} if videos stay black"
        )
    advice = (
        "Training does not need it; for videos install software rendering "
        "(on Debian and Ubuntu: apt install libegl1 libgl1-mesa-dri libosmesa6)."
    )
    return Check("rendering", "MuJoCo off screen", "better", f"none of {', '.join(works)} draws", advice)


def check_display(environment: Mapping[str, str]) -> Check:
    """A window is a bonus: everything can be watched in the terminal or as video."""
    display = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")
    return Check(
        "rendering", "display", "ok", f"{display}: windows can open" if display else "none: watch in the terminal"
    )


def draws(backend: str, limit_s: float = 30.0) -> bool:
    """Draw one small picture with a backend, in a child."""
    environment = {**os.environ, "MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-c", DRAW],
            env=environment, capture_output=True, text=True, timeout=limit_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == "drawn"


def probe() -> Sequence[Check]:
    """Check how pictures can be drawn here."""
    return check_renderer({backend: draws(backend) for backend in BACKENDS}), check_display(os.environ)
