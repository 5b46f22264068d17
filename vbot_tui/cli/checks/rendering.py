"""Can the robot be drawn here, and films be written? Training and the cockpit need neither.

Films are drawn by software, so no graphics library is needed; OpenGL is a second way, asked for with `--backend`.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.util import find_spec

from vbot_tui.cli.checks import Check

GROUP = "pictures"
BACKENDS = ("egl", "osmesa")
FILM_PACKAGES = ("PIL", "av")

# Runs in a child: a missing graphics library can end the process.
DRAW = """
import sys
import numpy
from vbot_sim.config import task_cfg
from vbot_sim.rendering import camera_on, open_painter
pose = numpy.array([0.0, 0.0, 0.5, 1.0, *[0.0] * 15])
painter = open_painter(task_cfg("vbot_navigation_section001"), 64, 48, sys.argv[1])
image = painter.paint(pose, numpy.array([2.0, 0.0]), camera_on(pose))
print("drawn" if image.shape == (48, 64, 3) and image.max() > image.min() else "blank")
"""


def check_films(missing: Sequence[str], drawn: bool) -> Check:
    """The robot can be drawn by software, and a film can be encoded."""
    if missing:
        advice = "'vbot render' needs it: run make install, or pip install 'vbot-tui[render]'."
        return Check(GROUP, "films", "better", f"missing: {', '.join(missing)}", advice)
    if not drawn:
        advice = "'vbot render RUN' will fail and say why; training, the cockpit and 'vbot play' do not need it."
        return Check(GROUP, "films", "better", "nothing was drawn by software", advice)
    return Check(GROUP, "films", "ok", "drawn by software, no graphics library needed")


def check_opengl(works: Mapping[str, bool]) -> Check:
    """MuJoCo's own renderer is a bonus."""
    good = [name for name, drawn in works.items() if drawn]
    found = f"vbot render --backend {good[0]} works too" if good else "none off screen, and none is needed"
    return Check(GROUP, "OpenGL", "ok", found)


def check_display(environment: Mapping[str, str]) -> Check:
    """A window is a bonus: everything can be watched in the terminal or as a film."""
    display = environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY")
    return Check(GROUP, "display", "ok", f"{display}: windows can open" if display else "none: watch in the terminal")


def draws(backend: str, limit_s: float = 60.0) -> bool:
    """Draw one small picture of the robot with a backend, in a child."""
    environment = dict(os.environ)
    if backend in BACKENDS:
        environment |= {"MUJOCO_GL": backend, "PYOPENGL_PLATFORM": backend}
    try:
        answer = subprocess.run(
            [sys.executable, "-P", "-c", DRAW, backend],
            env=environment, capture_output=True, text=True, timeout=limit_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0 and answer.stdout.strip() == "drawn"


def probe() -> Sequence[Check]:
    """Check how pictures can be drawn here."""
    missing = [name for name in FILM_PACKAGES if find_spec(name) is None]
    return (
        check_films(missing, "PIL" not in missing and draws("software")),
        check_opengl({backend: draws(backend) for backend in BACKENDS}),
        check_display(os.environ),
    )
