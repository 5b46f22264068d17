"""The audit of a task: every known exploit against doing the job, in milliseconds and without physics."""

from collections.abc import Callable, Sequence

from automl.audit import behaviours as act
from automl.audit import stage as st
from automl.audit.exploits import EXPLOITS, Exploit, Sides
from automl.audit.report import (
    AuditReport,
    BehaviourReturn,
    Comparison,
    Finding,
    JobReport,
    TermShare,
    verdict,
)
from automl.audit.returns import Worth, is_bounded, last_row, rate, ratio, summed, until
from automl.audit.stage import Stage
from automl.audit.undecidable import undecidable
from vbot_sim.schema import TaskCfg

STRONGEST = 3.0
SHOWN_TERMS = 6
MATTERS = 0.01
_BISECTIONS = 50


def judge(task: TaskCfg, gamma: float) -> AuditReport:
    """Judge a task's reward.

    Args:
        task: the task as it would be trained.
        gamma: the learner's discount per control step.
    """
    stage = st.build(task, gamma)
    missing = {e.name: reason for e in EXPLOITS if (reason := e.missing(stage)) is not None}
    missing["grace_camping"] = "no rule is suspended at the start of an episode here"
    findings = []
    for exploit in EXPLOITS:
        if exploit.name in missing:
            continue
        sides = exploit.compare(stage)
        if sides:
            findings.append(_finding(stage, exploit, sides))
        else:
            missing[exploit.name] = "the episode is too short for the scripted behaviours to reach the target and stop"
    # Where the job itself costs, ratios end at their cap, and the dearest detour is named first.
    findings.sort(key=lambda f: (-min(f.strength, STRONGEST), -f.gain_per_second))
    return AuditReport(
        exploits=tuple(findings),
        undecidable=undecidable(stage),
        not_applicable=missing,
        job=_job(stage),
        behaviours=_behaviours(stage),
        remarks=_remarks(stage),
    )


def _finding(stage: Stage, exploit: Exploit, sides: Sequence[Sides]) -> Finding:
    views = [_compared(*side) for side in sides]
    best = max(range(len(views)), key=lambda k: (views[k].ratio, views[k].gain_per_second))
    view, ours, theirs = sides[best]
    found = verdict(views[best].ratio, exploit.wins_at, exploit.close_at)
    terms = _terms(stage, ours, theirs, exploit.wins_at)
    return Finding(
        exploit=exploit.name,
        title=exploit.title,
        against=exploit.against,
        return_ratio=views[best].ratio,
        wins_at=exploit.wins_at,
        strength=views[best].ratio / exploit.wins_at,
        view=view,
        gain_per_second=views[best].gain_per_second,
        verdict=found,
        terms=terms,
        views=tuple(views),
        cure="" if found == "loses" else exploit.cure(stage) or _weight_advice(terms),
        flag=exploit.flag,
    )


def _compared(view: str, ours: Worth, theirs: Worth) -> Comparison:
    mine, other = ours.total(), theirs.total()
    return Comparison(view, mine, other, ratio(mine, other), ours.per_second() - theirs.per_second())


def _weight_advice(terms: Sequence[TermShare]) -> str:
    """Advise the weight that needs the smallest relative change."""
    known = [t for t in terms if t.break_even is not None]
    if not known:
        return "no single weight changes this"
    best = min(known, key=lambda t: abs((t.break_even or 0.0) - t.scale) / max(abs(t.scale), 1e-12))
    return f"task.reward.scales.{best.term}: {best.scale:g}, breaks even at {best.break_even:.4g}"


def _terms(stage: Stage, ours: Worth, theirs: Worth, wins_at: float) -> tuple[TermShare, ...]:
    """Return the terms that tell the two behaviours apart, the most telling first."""
    exploit, job = ours.by_term(stage.names), theirs.by_term(stage.names)
    gap = sum(exploit.values()) - wins_at * sum(job.values())
    push = {name: exploit[name] - wins_at * job[name] for name in stage.names}
    least = MATTERS * max((abs(p) for p in push.values()), default=0.0)
    order = sorted(stage.names, key=lambda name: -abs(push[name]))[:SHOWN_TERMS]
    scales = stage.task.reward.scales
    return tuple(
        TermShare(
            name,
            scales[name],
            exploit[name],
            job[name],
            _break_even(stage, name, ours, theirs, wins_at, gap - push[name], push[name]),
        )
        for name in order
        if abs(push[name]) > least
    )


def _break_even(
    stage: Stage, name: str, ours: Worth, theirs: Worth, wins_at: float, rest: float, push: float
) -> float | None:
    """Return the scale of one term at which the verdict changes, its sign unchanged; None if there is none.

    The gap between the two returns is `rest + push x (scale / now)` where pay is proportional to the scale. Where the
    scale works inside a clip the term is paid anew at trial scales instead.
    """
    now = stage.task.reward.scales[name]
    if not is_bounded(name):
        share = -rest / push if push else -1.0
        return now * share if share >= 0.0 else None

    def gap(scale: float) -> float:
        cfg = stage.task.reward
        return rest + ours.of_scale(cfg, name, scale) - wins_at * theirs.of_scale(cfg, name, scale)

    ends = [0.0, now, 4.0 * now, 16.0 * now, 64.0 * now]
    values = [gap(scale) for scale in ends]
    for low, high, at_low, at_high in zip(ends, ends[1:], values, values[1:], strict=False):
        if (at_low < 0.0) != (at_high < 0.0):
            return _bisect(gap, low, high, at_low)
    return None


def _bisect(gap: Callable[[float], float], low: float, high: float, at_low: float) -> float:
    """Return where `gap` changes its sign between `low` and `high`."""
    for _ in range(_BISECTIONS):
        middle = 0.5 * (low + high)
        if abs(high - low) <= 1e-6 * abs(high):
            break
        if (gap(middle) < 0.0) == (at_low < 0.0):
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)


def _job(stage: Stage) -> JobReport:
    job, start, end = stage.job, stage.start(stage.job), stage.job_end()
    episode = summed(job, start, end)
    return JobReport(
        speed_mps=stage.speed_mps,
        arrives_s=st.mean_seconds(job.first_reach),
        success_s=st.mean_seconds(job.success),
        episode_return=episode.total(),
        stay_return=summed(job, start, last_row(job)).total(),
        discounted_return=stage.discounted(job, end).total(),
        per_second=rate(job, start, end).total(),
        terms=episode.by_term(stage.names),
    )


def _behaviours(stage: Stage) -> tuple[BehaviourReturn, ...]:
    job = summed(stage.job, stage.start(stage.job), stage.job_end()).total()
    rows = []
    for name, income in stage.incomes.items():
        start = stage.start(income)
        end = stage.job_end() if income is stage.job else until(income, income.dies)
        whole = summed(income, start, end)
        rows.append(
            BehaviourReturn(
                behaviour=name,
                starts_m=None if income.track.start_m is None else float(income.track.start_m[0]),
                length_s=float((end + 1).mean()) * act.STEP_S,
                episode_return=whole.total(),
                discounted_return=stage.discounted(income, end).total(),
                per_second=rate(income, start, end).total(),
                ratio_to_job=ratio(whole.total(), job),
                terms=whole.by_term(stage.names),
            )
        )
    return tuple(rows)


def _remarks(stage: Stage) -> tuple[str, ...]:
    found = []
    if (stage.job.first_reach < 0).any():
        found.append(
            f"From some spawns the target is not reached within {stage.task.episode.limit_s:g} s even at "
            f"{stage.speed_mps:g} m/s; lengthen the episode or spawn nearer."
        )
    per_second = {
        speed: rate(income, stage.start(income), until(income, income.first_reach)).total()
        for speed in act.SANE_SPEEDS_MPS
        for income in [stage.incomes[st.job_name(speed)]]
    }
    best = max(per_second, key=lambda speed: per_second[speed])
    if not st.arrives(stage.incomes[st.job_name(best)]):
        found.append(
            f"While it walks, {best:g} m/s is paid best ({per_second[best]:.3g} per second against "
            f"{per_second[stage.speed_mps]:.3g} at {stage.speed_mps:g} m/s), but does not arrive in time."
        )
    return tuple(found)
