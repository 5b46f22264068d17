"""`vbot bench search`: which way of searching finds a policy that does the job, and how soon.

The measuring is done by `automl.search_bench`; here are only arguments and words.
"""

import argparse
from typing import TYPE_CHECKING, Any

from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs, did_you_mean, positive_float, positive_int
from vbot_tui.cli.tables import number, percent, table

if TYPE_CHECKING:
    from automl.search_bench import Arm

SEARCH_HELP = """\
Search the flat task from the predecessor's reward within its ranges and the space of the learner, with each arm for the
same time, and judge what each found on fresh competition cases. GOOD AFTER is the time until a checkpoint has a success
of 0.9 there too. Exit 0 when TPE with early stopping always ends with 0.99 and has the shortest median time.
With --workspace the table is kept after each arm, and the same command goes on where one before was cut."""


def add_name(names: Verbs) -> None:
    """Enter `search` among the benchmarks."""
    parser = names.add("search", "which way of searching finds a good policy soonest", search, description=SEARCH_HELP)
    parser.add_argument("--minutes", type=positive_float, default=10.0, metavar="M", help="for each study (default 10)")
    parser.add_argument("--repeats", type=positive_int, default=3, metavar="N", help="studies of each arm (default 3)")
    parser.add_argument("--last-repeats", type=positive_int, metavar="N", help="studies of the last arm, if fewer")
    parser.add_argument(
        "--arms", metavar="A,B", type=arm_names, help="of tpe+asha,random,perturb,random+asha,gp+asha,cmaes"
    )
    parser.add_argument("--trial-steps", type=positive_int, metavar="N", help="length of a trial in env steps")
    parser.add_argument("--slots", type=positive_int, metavar="N", help="trials at once (default: one per core)")
    parser.add_argument("--own-world", action="store_true", help="all of the old preset, not only its reward")
    parser.add_argument("--cases", type=positive_int, metavar="N", help="fresh cases that judge (default 512)")
    parser.add_argument("--set", metavar="A.B=C", action="append", default=[], dest="sets", help="for every trial")


def arm_names(text: str) -> "tuple[Arm, ...]":
    """Arms by name, separated by commas."""
    from automl.search_bench import ARMS

    known = {arm.name: arm for arm in ARMS}
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"there is no arm '{name}'{did_you_mean(name, known)}")
    return tuple(known[name] for name in names)


def search(arguments: argparse.Namespace, console: Console) -> int:
    """Run every arm in turn, repeat by repeat, and compare."""
    from automl.local import usable_cores
    from automl.search_bench import STANDARD, Plan, Table, run_arm, summary
    from sessions.workspace import Workspace
    from vbot_sim.config import task_cfg
    from vbot_tui.cli.automl_spec import assignments
    from vbot_tui.cli.bench import chosen_root, load_average, warn_if_busy

    arms = arguments.arms or arm_names(",".join(STANDARD))
    plan = Plan(
        own_world=arguments.own_world,
        budget_s=arguments.minutes * 60,
        trial_env_steps=arguments.trial_steps or Plan.trial_env_steps,
        slots=arguments.slots,
        sets=tuple(assignments(arguments.sets).items()),
        cases=arguments.cases or Plan.cases,
    )
    task_cfg(plan.env, plan.preset)
    warn_if_busy(console, plan.slots or usable_cores())
    loads, outcomes = [load_average()], []
    with chosen_root(arguments.workspace) as root:
        workspace = Workspace.open(root)
        kept = Table(workspace, plan)
        for repeat in range(1, arguments.repeats + 1):
            for arm in arms:
                if arm is arms[-1] and arguments.last_repeats is not None and repeat > arguments.last_repeats:
                    continue
                outcomes.append(run_arm(workspace, plan, arm, repeat, kept, console.tell))
                loads.append(load_average())
                result = summary(plan, outcomes, {"load_average": [round(value, 2) for value in loads]})
                console.tell(as_text(result))
    console.show(result, as_text(result))
    return 0 if result["solved"] and result["fastest"] else 1


def as_text(result: dict[str, Any]) -> str:
    """The comparison for a person."""
    rows = []
    for name, arm in result["arms"].items():
        for one in arm["repeats"]:
            good = "-" if one["good_s"] is None else f"{one['good_s']:.0f} s"
            rows.append(
                [name, str(one["repeat"]), str(one["trials"]), good, percent(one["success"]), percent(one["fell"])]
            )
        middle = arm["good_s_median"]
        rows.append(
            [name, "median", "", "-" if middle is None else f"{middle:.0f} s", percent(arm["success_median"]), ""]
        )
    words = {True: "yes", False: "no", None: "not asked"}
    return "\n".join(
        [
            f"{result['env']}, preset {result['preset']}: {number(result['minutes'], 1)} min per study, "
            f"trials of {number(result['trial_env_steps'])} steps, judged on {result['cases']} fresh cases",
            table(["ARM", "REPEAT", "TRIALS", "GOOD AFTER", "SUCCESS", "FELL"], rows),
            f"TPE with early stopping: always 0.99: {words[result['solved']]}, fastest: {words[result['fastest']]}, "
            f"half of the better baseline's time: {words[result['half']]}",
            f"load of the machine: {', '.join(map(str, result['load_average']))}",
        ]
    )
