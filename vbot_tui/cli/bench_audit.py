"""`vbot bench audit`: how many trials end in an exploit when a search asks the audit first, and when it does not.

The measuring is done by `automl.audit_bench`; here are only arguments and words.
"""

import argparse
from typing import Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, positive_int, seed_int
from vbot_tui.cli.tables import number, percent, table

HELP = """\
Search the flat task's reward at random within wide ranges, once taking every draw and once only those that pass the
audit, with the same number of trials of the same length, and count the trials that end in an exploit."""


def add_verb(names: Verbs) -> None:
    """Enter `audit` among the benchmarks."""
    parser = names.add("audit", "does asking the audit first keep a search from exploits?", audit, description=HELP)
    parser.add_argument("--trials", type=positive_int, metavar="N", help="of each search (default 8)")
    parser.add_argument(
        "--trial-steps", type=positive_int, metavar="N", help="length of a trial in env steps (350,000)"
    )
    parser.add_argument("--seed", type=seed_int, metavar="N", help="of the draws (default 1)")
    parser.add_argument("--slots", type=positive_int, metavar="N", help="trials at once (default: one per core)")
    parser.add_argument("--from-scratch", action="store_true", help="start no trial from the policy of the package")
    parser.add_argument("--set", metavar="A.B=C", action="append", default=[], dest="sets", help="for every trial")


def audit(arguments: argparse.Namespace, console: Console) -> int:
    """Search twice and compare; exit 1 when the audit did not help."""
    from automl.audit_bench import ARMS, Plan, run_arm, summary
    from automl.local import usable_cores
    from sessions.workspace import Workspace
    from vbot_tui.cli.automl_spec import assignments
    from vbot_tui.cli.bench import chosen_root, load_average, warn_if_busy

    plan = Plan(
        trials=arguments.trials or Plan.trials,
        trial_env_steps=arguments.trial_steps or Plan.trial_env_steps,
        seed=Plan.seed if arguments.seed is None else arguments.seed,
        slots=arguments.slots,
        start=None if arguments.from_scratch else Plan.start,
        sets=tuple(assignments(arguments.sets).items()),
    )
    warn_if_busy(console, plan.slots or usable_cores())
    with chosen_root(arguments.workspace) as root:
        workspace = Workspace.open(root)
        outcomes = [one for arm in ARMS for one in run_arm(workspace, plan, arm, console.tell)]
    result = summary(plan, outcomes, {"load_average": round(load_average(), 2)})
    console.show(result, as_text(result))
    shares = {name: arm["share"] for name, arm in result["arms"].items()}
    return 0 if None not in shares.values() and shares["with"] < shares["without"] else 1


def as_text(result: dict[str, Any]) -> str:
    """The comparison for a person."""
    rows = [
        [
            name,
            str(one["trial"]),
            number(one["temptation"], 2),
            percent(one["success"]),
            percent(one["fell"]),
            ", ".join(one["flags"]) or "-",
        ]
        for name, arm in result["arms"].items()
        for one in arm["trials"]
    ]
    shares = [
        f"{name} the audit: {arm['exploited']} of {len(arm['trials'])} trials end in an exploit"
        f" ({percent(arm['share'])}), mean success {percent(arm['success_mean'])}"
        for name, arm in result["arms"].items()
    ]
    return "\n".join(
        [
            f"{result['env']}: {result['keys']} keys of the reward, {number(result['trial_env_steps'])} steps a trial",
            table(["AUDIT", "TRIAL", "TEMPTATION", "SUCCESS", "FELL", "ENDED IN"], rows),
            *shares,
            f"of the exploits met without it, it foresees {percent(result['foreseen'])};"
            f" of the rewards that it would have refused, {percent(result['refused_rightly'])} were cheated",
        ]
    )
