"""`vbot audit`: what would each known exploit earn under this reward, against doing the job?"""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.tables import number, table
from vbot_tui.cli.train import assignments

if TYPE_CHECKING:
    from automl.audit.report import AuditReport, Finding
    from vbot_rl.config import Resolved

DESCRIPTION = """\
Pay scripted behaviours with the reward of a config, before anything is trained: standing still, hovering, sprinting
until it falls and the other known ways to earn without doing the job. Exit 1 when one of them wins."""

SHOWN_TERMS = 3


def add_verbs(verbs: Verbs) -> None:
    """Enter `audit`."""
    parser = verbs.add(
        "audit", "would an exploit earn more than the job? asked before training", audit, description=DESCRIPTION
    )
    parser.add_argument(
        "target",
        metavar="CONFIG|ENV|RUN",
        help="a run's config.yaml (or its directory), an environment, or a run by its id or a part of it",
    )
    parser.add_argument("--preset", metavar="NAME", help="a preset of the environment (default: default)")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        dest="sets",
        metavar="A.B=C",
        help="override a setting, e.g. reward scales",
    )


def audit(arguments: argparse.Namespace, console: Console) -> int:
    """Audit one config; exit 1 when an exploit wins."""
    from automl.audit import audit as judge

    resolved = resolve(arguments.target, arguments.preset, arguments.sets, arguments.workspace)
    report = judge(resolved.cfg.task, resolved.cfg.ppo.gamma)
    console.show(as_object(arguments.target, resolved, report), as_text(report))
    return 0 if report.passes else 1


def resolve(target: str, preset: str | None, sets: list[str], workspace: str | None = None) -> "Resolved":
    """The config that is meant: of a file, an environment or a run of the workspace, in this order.

    Raises:
        UsageError: a preset for a config file or a run, which hold their own.
        NotFoundError: several runs fit.
        ConfigError, UnknownEnvError: no such file, environment, preset or setting.
    """
    from vbot_rl.config import load_yaml, override, run_cfg

    path = Path(target)
    if path.is_dir():
        path = path / "config.yaml"
    if path.suffix not in (".yaml", ".yml") and not path.is_file():
        named = config_of_run(target, workspace)
        if named is None:
            return run_cfg(target, preset or "default", sets=assignments(sets))
        path = named
    if preset is not None:
        raise UsageError(f"{target} holds every setting, its preset included; leave --preset away.")
    return override(load_yaml(path), assignments(sets))


def config_of_run(name: str, workspace: str | None) -> Path | None:
    """The config of the run with this id or this part of one; None for an environment, and where no run fits.

    Raises:
        NotFoundError: several runs fit.
    """
    from sessions.workspace import Workspace
    from vbot_sim.config import ENV_IDS

    if name in ENV_IDS:
        return None
    known = Workspace.open(workspace, create=False)
    return known.run(name).config_path if any(name in run for run in known.run_ids()) else None


def as_object(target: str, resolved: "Resolved", report: "AuditReport") -> dict[str, Any]:
    """The audit as one JSON object."""
    cfg = resolved.cfg
    return {"config": target, "env": cfg.env, "preset": cfg.preset, "gamma": cfg.ppo.gamma, **report.to_dict()}


def as_text(report: "AuditReport") -> str:
    """The audit for a person: one line each, what to do about those that win, and what cannot be said."""
    job = report.job
    arrives = "does not arrive in time" if job.arrives_s is None else f"arrives after {job.arrives_s:.1f} s"
    parts = [
        f"The job: walk in at {job.speed_mps:g} m/s, {arrives}; {number(job.episode_return)} per episode, "
        f"{number(job.per_second)} per second.",
        table(
            ["EXPLOIT", "RATIO", "WINS AT", "VERDICT", "RETURN", "PAID BY"],
            [
                [f.exploit, number(f.return_ratio, 2), number(f.wins_at, 2), f.verdict, f.view, paid_by(f)]
                for f in report.exploits
            ],
        ),
        *(f"{f.exploit} {f.verdict}: it {f.title}.\n  -> {f.cure}" for f in report.exploits if f.cure),
        *report.remarks,
        f"Not decidable without training: {', '.join(item.name for item in report.undecidable)}.",
        verdict_line(report),
    ]
    return "\n\n".join(parts)


def paid_by(finding: "Finding") -> str:
    """The terms that pay the exploit more than its alternative."""
    pays = [t.term for t in finding.terms if t.exploit > finding.wins_at * t.job]
    return ", ".join(pays[:SHOWN_TERMS]) or "-"


def verdict_line(report: "AuditReport") -> str:
    """The last line."""
    names = [finding.exploit for finding in report.winners]
    return "No exploit wins." if not names else f"{', '.join(names)} {'wins' if len(names) == 1 else 'win'}."
