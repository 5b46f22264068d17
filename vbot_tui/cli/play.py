"""`vbot play`: watch a policy, in a window where there is a screen, else in the terminal."""

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, seed_int
from vbot_tui.cli.player import Player, play_in_terminal, screen
from vbot_tui.cli.select import POLICY_HELP, PRETRAINED, Selected, find

if TYPE_CHECKING:
    from vbot_rl.playback import Recording
    from vbot_rl.source import Trained

STILLS = 4

DESCRIPTION = """\
Watch a policy. A window opens where there is a screen; otherwise it plays in the terminal, also over SSH: q leaves,
space pauses, n is the next start, left and right step. Without a terminal a few pictures are printed. ENV alone means
pretrained:ENV."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `play`."""
    parser = verbs.add("play", "watch a policy in a window or in the terminal", play, description=DESCRIPTION)
    parser.add_argument("policy_name", metavar="RUN", help=f"{POLICY_HELP}; ENV alone is pretrained:ENV")
    parser.add_argument("--seed", type=seed_int, default=0, metavar="S", help="where the episode starts (default: 0)")
    parser.add_argument("--poses", action="store_true", help="show the episode that an evaluation recorded instead")
    parser.add_argument("--fall", action="store_true", help="show the first fall that an evaluation recorded")
    parser.add_argument("--terminal", action="store_true", help="play in the terminal even where there is a screen")
    parser.add_argument("--once", action="store_true", help="print a few pictures of one episode and leave")


def play(arguments: argparse.Namespace, console: Console) -> int:
    """Show the policy at work."""
    chosen = choose(arguments)
    trained = chosen.load()
    episodes = episodes_of(chosen, trained, arguments)
    first = episodes(arguments.seed)
    interactive = sys.stdout.isatty() and sys.stdin.isatty()
    if arguments.once or console.as_json or not (interactive or wants_window(arguments)):
        columns, rows = 76, 16
        stills = [screen(first, k, columns, rows) for k in still_moments(len(first))]
        console.show(as_object(chosen, first, arguments.seed), "\n\n".join(map("\n".join, stills)))
    elif wants_window(arguments):
        from vbot_sim import window

        console.tell(f"{first.name}: {first.ending()}; close the window to leave")
        window.show(trained.cfg.task, poses_of(first, episodes, arguments.seed))
    else:
        play_in_terminal(Player(first, arguments.seed, episodes), sys.stdin, sys.stdout)
    return 0


def choose(arguments: argparse.Namespace) -> Selected:
    """The policy that is meant."""
    from vbot_sim.config import ENV_IDS

    name = arguments.policy_name
    return find(arguments.workspace, PRETRAINED + name if name in ENV_IDS else name)


def episodes_of(chosen: Selected, trained: "Trained", arguments: argparse.Namespace) -> "Callable[[int], Recording]":
    """Where episodes come from, by seed; a recorded one is always the same."""
    from vbot_rl import playback

    if not (arguments.poses or arguments.fall):
        return lambda seed: playback.record(trained, seed)
    if chosen.run is None:
        raise UsageError("--poses and --fall show what an evaluation of a run recorded; name a run.")
    from vbot_tui.cli.render import step_named

    recording = playback.recorded(chosen.run, step_named(arguments.policy_name), arguments.fall)
    return lambda seed: recording


def wants_window(arguments: argparse.Namespace) -> bool:
    """Whether a window is possible and not refused."""
    from vbot_sim.window import has_display

    return not arguments.terminal and has_display(os.environ)


def still_moments(count: int) -> list[int]:
    """Which poses to print."""
    from vbot_rl.playback import moments

    return moments(count, STILLS)


def poses_of(
    recording: "Recording", episodes: "Callable[[int], Recording]", seed: int
) -> Iterator[tuple[Any, Any, float]]:
    """Episode after episode, for ever."""
    while True:
        poses = recording.poses
        for k, qpos in enumerate(poses.qpos):
            yield qpos, poses.target_at(k), poses.dt_s
        seed += 1
        recording = episodes(seed)


def as_object(chosen: Selected, recording: "Recording", seed: int) -> dict[str, Any]:
    """What would be seen, for a program."""
    from dataclasses import asdict

    return {
        "policy": chosen.name,
        "step": chosen.step,
        "seed": seed,
        "poses": len(recording),
        "duration_s": round(recording.duration_s, 3),
        "ending": recording.ending(),
        "episode": None if recording.episode is None else asdict(recording.episode),
    }
