"""`vbot doctor`: what works on this machine and in this terminal, and what would work better."""

import argparse
import dataclasses
from collections.abc import Sequence

from vbot_tui.cli.checks import Check
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs

MARKS = {"ok": "ok", "better": "could be better", "broken": "BROKEN"}


def add_verbs(verbs: Verbs) -> None:
    """Enter `doctor`."""
    verbs.add("doctor", "what this machine and terminal can do, and what would help", doctor)


def doctor(arguments: argparse.Namespace, console: Console) -> int:
    """Run every check; exit 1 when something is broken."""
    checks = run_checks(arguments.workspace)
    console.show(as_object(checks), as_text(checks))
    return 1 if any(check.state == "broken" for check in checks) else 0


def run_checks(workspace: str | None) -> tuple[Check, ...]:
    """All checks in reading order; the slow ones, children that load numpy and mujoco, run side by side."""
    from concurrent.futures import ThreadPoolExecutor

    from sessions.workspace import default_root
    from vbot_tui.cli.checks import login, machine, numerics, rendering, terminal

    with ThreadPoolExecutor(2) as pool:
        numbers, pictures = pool.submit(numerics.probe), pool.submit(rendering.probe)
        quick = (*machine.probe(default_root(workspace)), *login.probe(), *terminal.probe())
        return (*quick, *numbers.result(), *pictures.result())


def as_object(checks: Sequence[Check]) -> dict[str, object]:
    """The checks as one JSON object."""
    counts = {state: sum(check.state == state for check in checks) for state in MARKS}
    return {**counts, "checks": [dataclasses.asdict(check) for check in checks]}


def as_text(checks: Sequence[Check]) -> str:
    """The checks for a person: one line each, with the advice below."""
    lines: list[str] = []
    group = ""
    for check in checks:
        if check.group != group:
            group = check.group
            lines += ["", group] if lines else [group]
        lines.append(f"  {MARKS[check.state]:<16}{check.name:<18}{check.found}")
        if check.advice:
            lines.append(f"{'':18}-> {check.advice}")
    worst = sum(check.state == "broken" for check in checks)
    better = sum(check.state == "better" for check in checks)
    verdict = f"{worst} broken, {better} could be better." if worst or better else "Everything is fine."
    return "\n".join([*lines, "", verdict])
