"""`vbot diagnose`: which flags a run raises, with the numbers that raised them, and why its episodes failed."""

import argparse
import dataclasses
import getpass
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int
from vbot_tui.cli.tables import number, percent, table

if TYPE_CHECKING:
    from automl.failures import Failures
    from automl.flags import Flag
    from automl.mutes import Mute
    from sessions.runs import RunDir

BROKEN = ("failed", "diverged", "killed")
LOG_LINES = 20

DESCRIPTION = """\
Say how a run that broke ended, judge it by its curves, and break the failures of its newest evaluation down by cause,
place, time, distance and speed. --mute silences a flag for this run, everywhere and until --unmute."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `diagnose`."""
    parser = verbs.add(
        "diagnose", "is the robot cheating the reward? flags with their evidence", diagnose, description=DESCRIPTION
    )
    parser.add_argument("run_name", metavar="RUN", help="id of the run or its beginning")
    parser.add_argument("--at", type=positive_int, metavar="STEP", help="the evaluation to explain (default: newest)")
    parser.add_argument(
        "--protocol", choices=("competition", "strict", "training"), default="competition", help="its rules"
    )
    change = parser.add_mutually_exclusive_group()
    change.add_argument("--mute", metavar="FLAG", help="do not raise this flag for this run again")
    change.add_argument("--unmute", metavar="FLAG", help="raise it again")
    parser.add_argument("--why", default="", metavar="TEXT", help="reason for --mute, kept with the run")


def diagnose(arguments: argparse.Namespace, console: Console) -> int:
    """Judge one run by its curves and its evaluations."""
    from automl.diagnosis import flags_of
    from automl.mutes import mutes
    from sessions.runs import effective_state
    from sessions.workspace import Workspace

    run = Workspace.open(arguments.workspace, create=False).run(arguments.run_name)
    change_mutes(run, arguments)
    flags = flags_of(run, now_s=time.time(), notices=True)
    failures = failures_of(run, arguments)
    silent = mutes(run)
    state = effective_state(run)
    end = ending(run, state)
    result = {
        "run": run.id,
        "state": state,
        **end,
        "flags": [dataclasses.asdict(flag) for flag in flags],
        "muted": {name: dataclasses.asdict(mute) for name, mute in silent.items()},
        "failures": None if failures is None else dataclasses.asdict(failures),
    }
    parts = [
        ending_text(run.id, state, end),
        as_text(run.id, flags),
        muted_text(silent),
        failures_text(failures, run.id),
    ]
    console.show(result, "\n\n".join(part for part in parts if part))
    return 0


def change_mutes(run: "RunDir", arguments: argparse.Namespace) -> None:
    """Do what --mute or --unmute ask for."""
    from automl import mutes

    if arguments.mute is not None:
        mutes.mute(run, arguments.mute, getpass.getuser(), arguments.why)
    elif arguments.unmute is not None:
        mutes.unmute(run, arguments.unmute)


def failures_of(run: "RunDir", arguments: argparse.Namespace) -> "Failures | None":
    """The failures of the evaluation that was asked for; none where nothing was asked and nothing evaluated yet."""
    from automl.failures import of_run
    from sessions.errors import NotFoundError

    try:
        return of_run(run, arguments.at, arguments.protocol)
    except NotFoundError:
        if arguments.at is not None:
            raise
        return None


def ending(run: "RunDir", state: str) -> dict[str, str | None]:
    """Why a run ended, in its own words, and the last line of its log where it broke; None where there is no answer."""
    status = run.status()
    broke = state == "failed"
    reason = status.end_reason if status is not None else None
    words = [line.strip() for line in run.log_tail(LOG_LINES) if line.strip()] if broke else []
    return {
        "end_reason": reason or ("crashed" if broke else None),
        "end_detail": status.end_detail if status is not None else None,
        "last_words": words[-1] if words else None,
    }


def ending_text(run: str, state: str, end: Mapping[str, str | None]) -> str:
    """How a run broke, for a person; nothing about one that goes on or ended as it was meant to."""
    if state not in BROKEN:
        return ""
    detail = end["end_detail"] or "the process ended without a word"
    last = end["last_words"]
    told = [f"{run}: {state} ({end['end_reason']}): {detail}"]
    return "\n".join(told if last is None or last in detail else [*told, f"  its log ends with: {last}"])


def as_text(run: str, flags: Sequence["Flag"]) -> str:
    """The flags for a person."""
    if not flags:
        return f"{run}: no flags."
    return "\n\n".join([f"{run}: {len(flags)} flag{'s' if len(flags) > 1 else ''}", *map(flag_text, flags)])


def flag_text(flag: "Flag") -> str:
    """One flag: what was looked for, where, what was found, what to do."""
    width = max((len(label.strip()) for label in flag.evidence), default=0)
    found = [f"    {label.strip():<{width}}  {shown(value)}" for label, value in flag.evidence.items()]
    sure = f"confidence {flag.confidence:.0%}" if flag.alarm else "notice, no alarm"
    head = f"  {flag.title} ({sure}): {flag.rule}"
    look = [] if flag.evaluation is None else [f"    see the evaluation at step {flag.evaluation:,}"]
    return "\n".join([head, f"    in {flag.window}", *found, *look, f"    -> {flag.advice}"])


def shown(value: float) -> str:
    """A number of evidence: four digits, and steps in full."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 1e12 else f"{value:.4g}"


def muted_text(silent: "Mapping[str, Mute]") -> str:
    """The silenced flags for a person."""
    lines = [f"muted: {name} by {mute.who}{f' ({mute.why})' if mute.why else ''}" for name, mute in silent.items()]
    return "\n".join(lines)


def failures_text(failures: "Failures | None", run: str) -> str:
    """Why episodes failed, for a person."""
    from automl.failures import WORDS

    if failures is None:
        return ""
    rules = f"{failures.protocol} at step {failures.step:,}"
    if not failures.failed:
        return f"{rules}: all {failures.episodes} episodes succeeded."
    rows: list[list[Any]] = [
        [
            WORDS.get(group.cause, group.cause),
            group.where,
            number(group.count),
            percent(group.share),
            f"{group.when_s:.1f} s",
            number(group.distance_m, 2),
            number(group.speed_mps, 2),
            ", ".join(map(str, group.cases)),
        ]
        for group in failures.groups
    ]
    head = ["CAUSE", "WHERE", "CASES", "SHARE", "AFTER", "M TO GO", "M/S", "FIRST CASES"]
    told = [f"{rules}: {failures.failed} of {failures.episodes} episodes did not succeed", table(head, rows)]
    if failures.fall_poses or failures.poses:
        fall = bool(failures.fall_poses)
        told.append(
            f"see {'a fall' if fall else 'an episode'}: vbot play {run}@{failures.step} --{'fall' if fall else 'poses'}"
        )
    return "\n".join(told)
