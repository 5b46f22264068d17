"""Campaigns: what their files say together, and what became of them.

The older tools left `running` in the state of every search that was killed. Nothing that is imported runs, so the
recorded word is kept beside ours.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sessions.history.build import Joined
from sessions.history.model import CRASHED, FINAL, SEARCH, Campaign, Config, Report, State, Trial
from sessions.history.names import campaign_in
from sessions.history.scan import Scan

_WORDS = {"completed": "finished", "paused": "stopped", "failed": "failed", "initialized": "not started"}


def environments(scan: Scan, joined: Joined) -> dict[str, str]:
    """The environment of each campaign, where everything that names one agrees."""
    found: dict[str, set[str]] = defaultdict(set)
    named = [(part.campaign, part.env) for part in scan.configs]
    named += [(part.campaign, part.env) for part in scan.summaries]
    named += [(part.campaign, part.env) for part in scan.index]
    for campaign, env in named:
        if campaign and env:
            found[campaign].add(env)
    for campaign, state in joined.primary.items():
        found[campaign].update(best.env for best in state.best)
    return {campaign: next(iter(names)) for campaign, names in found.items() if len(names) == 1}


def campaign_ids(scan: Scan, joined: Joined, trials: Iterable[Trial]) -> list[str]:
    """Every campaign that anything in the tree speaks of by its own record, oldest first."""
    ids = {trial.campaign for trial in trials if trial.campaign} | set(joined.primary)
    ids.update(config.campaign for config in scan.configs if config.campaign)
    ids.update(report.campaign for report in scan.reports if report.campaign)
    ids.update(log.campaign for log in scan.logs if log.campaign)
    ids.update(campaign_in(file.path) for file in scan.files if file.kind == "index")
    return sorted(ids - {""})


def ended_before(campaign: str, state: State | None, reports: Sequence[Report], ids: Sequence[str]) -> str:
    """Why a campaign that is recorded as running cannot be: a sentence, or empty when nothing contradicts it."""
    for report in reports:
        if report.status and report.status != "running":
            return f"its report says {report.status}"
    later = [other for other in ids if other.startswith("automl_") and other > campaign]
    if later and campaign.startswith("automl_"):
        return f"{len(later)} later campaign{'s' if len(later) > 1 else ''} followed, the next is {later[0]}"
    if state is not None and state.budget_h and (state.elapsed_h or 0) > state.budget_h:
        return f"{state.elapsed_h:.2f} h of a budget of {state.budget_h:g} h had passed"
    return ""


def roll_up(scan: Scan, joined: Joined, trials: Sequence[Trial]) -> tuple[Campaign, ...]:
    """One record per campaign."""
    ids = campaign_ids(scan, joined, trials)
    by_campaign: Mapping[str, list[Trial]] = _group(trials)
    configs = Counter(config.campaign for config in scan.configs)
    unused = Counter(config.campaign for config in joined.unused)
    envs = environments(scan, joined)
    found = []
    for campaign in ids:
        reports = [report for report in scan.reports if report.campaign == campaign]
        state = joined.primary.get(campaign)
        own = by_campaign.get(campaign, [])
        search = [trial for trial in own if trial.kind == SEARCH]
        found.append(
            Campaign(
                id=campaign,
                status=_status(campaign, state, reports, ids),
                recorded_status=state.status if state else "",
                mode=state.mode if state else next((report.mode for report in reports), ""),
                env=envs.get(campaign, ""),
                started=state.started if state else "",
                elapsed_h=state.elapsed_h if state else None,
                budget_h=state.budget_h if state else None,
                trials=len(search),
                crashed=sum(trial.outcome == CRASHED for trial in search),
                finals=sum(trial.kind == FINAL for trial in own),
                configs=configs[campaign],
                launched_without_result=unused[campaign],
                best_trial=_best(search),
                sources=_sources(campaign, scan, joined),
            )
        )
    return tuple(found)


def _group(trials: Iterable[Trial]) -> dict[str, list[Trial]]:
    groups: dict[str, list[Trial]] = defaultdict(list)
    for trial in trials:
        groups[trial.campaign].append(trial)
    return groups


def _status(campaign: str, state: State | None, reports: Sequence[Report], ids: Sequence[str]) -> str:
    recorded = state.status if state else next((report.status for report in reports), "")
    if recorded == "running":
        return "abandoned" if ended_before(campaign, state, reports, ids) else "unknown"
    return _WORDS.get(recorded, recorded or "unknown")


def _best(trials: Iterable[Trial]) -> str:
    """The trial with the highest legacy score; none when the scores came from several formulas."""
    scored = [
        (trial.legacy_score, trial.uid, trial.score_formula) for trial in trials if trial.legacy_score is not None
    ]
    if not scored or len({formula for *_, formula in scored}) > 1:
        return ""
    return max(scored)[1]


def _sources(campaign: str, scan: Scan, joined: Joined) -> tuple[str, ...]:
    state = joined.primary.get(campaign)
    paths = [state.path] if state else []
    paths += [report.path for report in scan.reports if report.campaign == campaign]
    paths += sorted({line.path for line in scan.index if line.campaign == campaign})
    paths += [log.path for log in scan.logs if log.campaign == campaign]
    return tuple(dict.fromkeys(paths))


def config_key(config: Config) -> tuple[object, ...]:
    """What makes two configurations the same experiment."""
    return (config.env, config.reward, config.hp, config.env_overrides, config.checkpoint, config.freeze_preprocessor)
