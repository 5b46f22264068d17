"""`vbot render`: one episode of a policy as a film and a sheet of pictures, on machines without a screen."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.export import default_path, describe, file_in_folder
from vbot_tui.cli.parser import Verbs, positive_float, seed_int
from vbot_tui.cli.select import POLICY_HELP, Selected, find

PROTOCOLS = ("competition", "strict", "training")
SIZE = (640, 480)
SIDE = (16, 2160)  # pixels that a side may have

DESCRIPTION = """\
Run one episode of a policy and write it as an mp4 film and, beside it, a PNG sheet with moments of it. No screen and no
graphics library are needed; --backend egl or osmesa lets MuJoCo draw where OpenGL is installed."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `render`."""
    parser = verbs.add("render", "an episode as a film and a sheet of pictures", render, description=DESCRIPTION)
    parser.add_argument("policy_name", metavar="RUN", help=POLICY_HELP)
    parser.add_argument("--out", metavar="FILE", help="the film, FILE.mp4 (default: renders/ of the run)")
    parser.add_argument("--seed", type=seed_int, default=0, metavar="S", help="where the episode starts (default: 0)")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="competition", help="the rules (default: competition)")
    parser.add_argument("--poses", action="store_true", help="show the episode that an evaluation recorded instead")
    parser.add_argument("--fps", type=positive_float, default=25.0, help="pictures per second (default: 25)")
    parser.add_argument("--size", type=size, default=SIZE, metavar="WxH", help="of a picture (default: 640x480)")
    parser.add_argument(
        "--backend", choices=("software", "egl", "osmesa"), default="software", help="what draws (default: software)"
    )


def size(text: str) -> tuple[int, int]:
    """An argument like 640x480; films need even numbers."""
    width, _, height = text.partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise argparse.ArgumentTypeError(f"'{text}' is no size: write it as 640x480")
    pixels = (int(width) // 2 * 2, int(height) // 2 * 2)
    if not all(SIDE[0] <= side <= SIDE[1] for side in pixels):
        raise argparse.ArgumentTypeError(
            f"'{text}' is no size of a film: from {SIDE[0]}x{SIDE[0]} to {SIDE[1]}x{SIDE[1]}"
        )
    return pixels


def render(arguments: argparse.Namespace, console: Console) -> int:
    """Write the film and the sheet."""
    chosen = find(arguments.workspace, arguments.policy_name)
    path = file_in_folder(arguments.out) if arguments.out else default_path(chosen, "renders", ".mp4")
    if path.suffix != ".mp4":
        raise UsageError(f"'{path}' is no name for a film: let it end in .mp4.")
    answer = film_of(chosen, path, console, arguments)
    console.show(answer, as_text(answer))
    return 0


def film_of(chosen: Selected, path: Path, console: Console, arguments: argparse.Namespace) -> dict[str, Any]:
    """Make the film of a policy and tell what is on it."""
    from vbot_rl import playback
    from vbot_sim import rendering

    trained = chosen.load()
    if arguments.poses:
        recording = playback.recorded(run_of(chosen), step_named(arguments.policy_name))
    else:
        recording = playback.record(trained, arguments.seed, arguments.protocol)
    console.progress(f"{recording.name}: drawing {recording.duration_s:.1f} s")
    width, height = arguments.size
    painter = rendering.open_painter(trained.cfg.task, width, height, arguments.backend)
    try:
        film = playback.film(recording, painter, path, arguments.fps)
    finally:
        painter.close()
    answer = {**describe(chosen, trained.cfg.env), **asdict(film), "backend": painter.backend}
    episode = recording.episode
    answer["episode"] = None if episode is None else {"seed": arguments.seed, **asdict(episode)}
    answer["ending"] = recording.ending()
    return answer


def run_of(chosen: Selected) -> Any:  # noqa: ANN401 (a RunDir; named inside functions only)
    """The run whose evaluations were recorded."""
    if chosen.run is None:
        raise UsageError("--poses shows what an evaluation of a run recorded; name a run.")
    return chosen.run


def step_named(text: str) -> int | None:
    """The step in RUN@STEP; without one the newest recording is meant."""
    from vbot_tui.cli.select import split

    return split(text)[1]


def film_of_run(workspace: str, run_id: str, console: Console) -> dict[str, Any]:
    """The film at the end of a training, with all defaults."""
    chosen = find(workspace, run_id)
    arguments = argparse.Namespace(
        poses=False, policy_name=run_id, seed=0, protocol="competition", fps=25.0, size=SIZE, backend="software"
    )
    return film_of(chosen, default_path(chosen, "renders", ".mp4"), console, arguments)


def as_text(answer: dict[str, Any]) -> str:
    """The report for a person."""
    return "\n".join(
        [
            f"{answer['policy']}: {answer['ending']}",
            f"  film   {answer['file']} ({answer['frames']} pictures, {answer['duration_s']:.1f} s)",
            f"  sheet  {answer['sheet']}",
        ]
    )
