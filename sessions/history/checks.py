"""Duplicates, contradictions and gaps: where the files of a tree repeat or deny each other.

Every finding is one sentence with the values and the files. Nothing is corrected: the records keep what was written.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sessions.history.build import Joined, campaign_of, entry_print, fingerprint
from sessions.history.campaigns import config_key, ended_before
from sessions.history.model import CRASHED, SEARCH, Campaign, Finding, State, Trial
from sessions.history.names import number_of
from sessions.history.pool import Draft
from sessions.history.scan import Scan

_MOST_NAMED = 6
_HOUR_S = 3600.0


def duplicates(scan: Scan, joined: Joined) -> list[Finding]:
    """What is there more than once: files, configurations, launches under one number, copies of a state."""
    found = [*_same_files(scan), *_same_configs(scan), *_same_numbers(joined), *_repeated_trials(joined)]
    for copy, kept in joined.copies:
        if copy.path != kept.path and fingerprint(_state_values(copy)) == fingerprint(_state_values(kept)):
            message = f"the state of {campaign_of(kept)} is stored twice with equal content"
            found.append(Finding("state_copy", campaign_of(kept), message, (kept.path, copy.path)))
    return found


def _same_files(scan: Scan) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in scan.files:
        if file.size and file.kind != "empty":
            groups[file.sha256].append(file.path)
    for paths in groups.values():
        if len(paths) > 1:
            yield Finding("same_file", paths[0], f"{len(paths)} files have the same bytes", tuple(paths))


def _same_configs(scan: Scan) -> Iterator[Finding]:
    groups: dict[str, list[str]] = defaultdict(list)
    for config in scan.configs:
        place = config.path if not config.entry else f"{config.path}[{config.entry}]"
        groups[fingerprint(config_key(config))].append(place)
    for places in groups.values():
        if len(places) > 1:
            message = f"{len(places)} configurations have equal parameters (the same experiment under several names)"
            yield Finding("same_config", places[0], message, tuple(places))


def _same_numbers(joined: Joined) -> Iterator[Finding]:
    """Several launches of one campaign under one trial number."""
    groups: dict[tuple[str, int], set[str]] = defaultdict(set)
    for draft in joined.drafts:
        config = draft.config
        if draft.campaign and draft.tag:
            number = config.number if config is not None else draft.number
            if number is not None:
                groups[draft.campaign, number].add(draft.tag)
    for config in joined.unused:
        if config.number is not None:
            groups[config.campaign, config.number].add(config.tag or config.path)
    for (campaign, number), tags in sorted(groups.items()):
        if len(tags) > 1:
            message = f"{len(tags)} launches of {campaign} carry the trial number {number}: {_list(sorted(tags))}"
            yield Finding("same_number", f"{campaign}/{number}", message)


def _repeated_trials(joined: Joined) -> Iterator[Finding]:
    """Trials of different campaigns, or of one, with equal parameters and equal figures."""
    groups: dict[str, list[Draft]] = defaultdict(list)
    for draft in joined.drafts:
        if draft.entry is not None and any(number_of(value) for value in draft.metrics.values()):
            groups[fingerprint(draft.entry.reward, draft.entry.hp, draft.entry.metrics)].append(draft)
    for drafts in groups.values():
        if len(drafts) > 1:
            names = [draft.uid for draft in drafts]
            message = f"{len(drafts)} trials have equal parameters and equal figures: {_list(names)}"
            paths = dict.fromkeys(draft.state.path for draft in drafts if draft.state is not None)
            yield Finding("same_trial", names[0], message, tuple(paths))


def _state_values(state: State) -> tuple[object, ...]:
    trials = [entry_print(entry) for entry in state.trials]
    return (state.status, state.mode, state.iteration, state.elapsed_h, state.budget_h, state.started, trials)


def contradictions(scan: Scan, joined: Joined, trials: Sequence[Trial], campaigns: Sequence[Campaign]) -> list[Finding]:
    """Where two files, or two values of one file, cannot both be true."""
    found = [*_claims(joined), *_copies(joined)]
    ids = [campaign.id for campaign in campaigns]
    for campaign in campaigns:
        state = joined.primary.get(campaign.id)
        if state is not None:
            found += _state_against_itself(campaign, state, scan, ids)
            found += _state_against_report(campaign.id, state, scan)
        found += _only_crashes(campaign, [trial for trial in trials if trial.campaign == campaign.id])
        found += _local_times(campaign.id, scan)
    for draft in joined.drafts:
        found += _inside_trial(draft)
    return found


def _claims(joined: Joined) -> Iterator[Finding]:
    for path, likely, excluded, count in joined.claims:
        message = f"{_list(likely)} all claim the same {count} trials, because a merge conflict cut the file"
        message = message if len(likely) > 1 else f"{count} trials were attributed to {likely[0]} in a conflicted file"
        if excluded:
            message += f"; {_list(excluded)} claimed them too, which other records rule out"
        yield Finding("shared_history", likely[0], message, (path,))


def _copies(joined: Joined) -> Iterator[Finding]:
    for copy, kept in joined.copies:
        if copy.path == kept.path:
            continue
        pairs = (
            ("status", copy.status, kept.status),
            ("trials", len(copy.trials), len(kept.trials)),
            ("elapsed hours", copy.elapsed_h, kept.elapsed_h),
            ("start", copy.started, kept.started),
        )
        differ = [f"{name} {one} and {other}" for name, other, one in pairs if one != other]
        known = {entry.number: entry_print(entry) for entry in kept.trials}
        changed = [str(e.number) for e in copy.trials if e.number in known and known[e.number] != entry_print(e)]
        differ += [f"other values in trials {_list(changed)}"] if changed else []
        if differ:
            message = f"two copies of the state of {campaign_of(kept)} differ: {'; '.join(differ)}"
            yield Finding("state_copies_differ", campaign_of(kept), message, (kept.path, copy.path))


def _state_against_itself(campaign: Campaign, state: State, scan: Scan, ids: Sequence[str]) -> Iterator[Finding]:
    paths = (state.path,)
    reports = [report for report in scan.reports if report.campaign == campaign.id]
    ended = ended_before(campaign.id, state, reports, ids) if state.status == "running" else ""
    if ended:
        sources = (*paths, *(report.path for report in reports if report.status not in ("", "running")))
        yield Finding("running_but_over", campaign.id, f"{campaign.id} says running, but {ended}", sources)
    numbers = [entry.number for entry in state.trials]
    if state.iteration is not None and numbers and campaign.trials and state.iteration != len(numbers) - 1:
        message = f"{campaign.id} says iteration {state.iteration}, but holds {len(numbers)} trials (numbered from 0)"
        yield Finding("iteration_count", campaign.id, message, paths)
    repeated = sorted({number for number in numbers if number is not None and numbers.count(number) > 1})
    if repeated:
        message = f"{campaign.id} holds several trials under the number {_list(map(str, repeated))}"
        yield Finding("repeated_number", campaign.id, message, paths)
    started, named = _time(state.started), _time_in_id(campaign.id)
    if started and named and (started.replace(tzinfo=None) - named).total_seconds() > 120:
        message = (
            f"{campaign.id} says it started at {state.started}, its id says {named.isoformat()} (a resume reset it)"
        )
        yield Finding("start_time", campaign.id, message, paths)


def _state_against_report(campaign: str, state: State, scan: Scan) -> Iterator[Finding]:
    for report in scan.reports:
        if report.campaign != campaign:
            continue
        pairs = (
            ("status", state.status, report.status, state.status == report.status or state.status == "running"),
            ("mode", state.mode, report.mode, state.mode == report.mode),
            ("budget in hours", state.budget_h, report.budget_h, _near(state.budget_h, report.budget_h, 0.051)),
            ("elapsed hours", state.elapsed_h, report.elapsed_h, _near(state.elapsed_h, report.elapsed_h, 0.051)),
            ("iteration", state.iteration, report.iterations, state.iteration == report.iterations),
        )
        differ = [
            f"{name}: {one} and {other}" for name, one, other, equal in pairs if other not in (None, "") and not equal
        ]
        if differ:
            message = f"state and report of {campaign} differ in {'; '.join(differ)}"
            yield Finding("report_differs", campaign, message, (state.path, report.path))


def _only_crashes(campaign: Campaign, trials: Sequence[Trial]) -> Iterator[Finding]:
    """A search that calls itself completed although nothing in it ever ran."""
    search = [trial for trial in trials if trial.kind == SEARCH]
    if search and campaign.recorded_status == "completed" and all(trial.outcome == CRASHED for trial in search):
        message = f"{campaign.id} says completed, but all its {len(search)} trials crashed"
        yield Finding("completed_without_result", campaign.id, message, campaign.sources[:1])
    scores = sorted({trial.discarded_score for trial in search if trial.discarded_score is not None})
    if scores:
        count = sum(trial.outcome == CRASHED for trial in search)
        values = _list(f"{score:g}" for score in scores)
        message = f"{count} crashed trials of {campaign.id} are stored with a score ({values}) and figures of zero"
        yield Finding("crash_with_score", campaign.id, message, campaign.sources[:1])


def _local_times(campaign: str, scan: Scan) -> Iterator[Finding]:
    """Times that end in Z (UTC) but lie a whole number of hours from the unix time in the launch's name."""
    offsets: dict[int, list[str]] = defaultdict(list)
    for summary in scan.summaries:
        started = _time(summary.started)
        if summary.campaign != campaign or not summary.stamp or started is None or not summary.started.endswith("Z"):
            continue
        hours = (started.timestamp() - summary.stamp) / _HOUR_S
        if abs(hours) > 0.5 and abs(hours - round(hours)) < 0.05 and abs(hours) < 15:
            offsets[round(hours)].append(summary.path)
    for hours, paths in sorted(offsets.items()):
        message = (
            f"times of {campaign} are marked UTC (Z), but are local time, {hours:+d} h from the launches' unix times"
        )
        yield Finding("local_time_as_utc", campaign, message, tuple(paths[:_MOST_NAMED]))


def _inside_trial(draft: Draft) -> Iterator[Finding]:
    """State, configuration, summary, index and log of one launch, compared value by value."""
    entry, config, summary, index, log = draft.entry or draft.best, draft.config, draft.summary, draft.index, draft.log
    state_path = draft.state.path if draft.state is not None else ""
    if entry is not None and summary is not None:
        pairs = (("figures", entry.metrics, summary.metrics), ("reward scales", entry.reward, summary.reward))
        for what, one, other in (*pairs, ("hyper-parameters", entry.hp, summary.hp)):
            yield from _compare(draft.uid, what, one, other, (state_path, summary.path))
    if config is not None and summary is not None:
        yield from _compare(draft.uid, "reward scales", config.reward, summary.reward, (config.path, summary.path))
        yield from _compare(draft.uid, "hyper-parameters", config.hp, summary.hp, (config.path, summary.path))
        if config.env and summary.env and config.env != summary.env:
            message = f"{draft.uid}: environment {config.env} in one file, {summary.env} in the other"
            yield Finding("values_differ", draft.uid, message, (config.path, summary.path))
    elif config is not None and entry is not None:
        yield from _compare(draft.uid, "reward scales", entry.reward, config.reward, (state_path, config.path))
    if index is not None:
        other_path = summary.path if summary is not None and summary.metrics else state_path
        known = summary.metrics if summary is not None and summary.metrics else (entry.metrics if entry else {})
        yield from _compare(draft.uid, "figures", known, index.metrics, (other_path, index.path))
    if log is not None and log.metrics and entry is not None:
        yield from _compare(
            draft.uid, "printed figures", entry.metrics, log.metrics, (state_path, draft.log_path), 0.0051
        )


def _compare(
    uid: str, what: str, one: Mapping[str, Any], other: Mapping[str, Any], paths: tuple[str, ...], within: float = 0.0
) -> Iterator[Finding]:
    """One finding for all keys that both sides have with different values."""
    differ = [
        f"{key} {_short(one[key])} and {_short(other[key])}"
        for key in one
        if key in other and not _equal(one[key], other[key], within)
    ]
    if differ:
        yield Finding("values_differ", uid, f"{uid}: {what} differ between two files: {_list(differ)}", paths)


def _equal(one: object, other: object, within: float) -> bool:
    left, right = number_of(one), number_of(other)
    if left is None or right is None:
        return one == other
    return math.isclose(left, right, rel_tol=1e-9, abs_tol=within)


def gaps(scan: Scan, joined: Joined, campaigns: Sequence[Campaign]) -> list[Finding]:
    """What must have existed and is not in the tree."""
    found = []
    for campaign in campaigns:
        drafts = [draft for draft in joined.drafts if draft.campaign == campaign.id and draft.kind == SEARCH]
        if campaign.id not in joined.primary:
            found.append(Finding("no_state", campaign.id, f"{campaign.id} has no state file", campaign.sources))
        if campaign.launched_without_result:
            count = campaign.launched_without_result
            message = f"{count} launch{'es' if count > 1 else ''} of {campaign.id} left no result"
            found.append(Finding("no_result", campaign.id, message))
        ran = [draft for draft in drafts if any(number_of(value) for value in draft.metrics.values())]
        for what, missing in (
            ("configuration", [draft for draft in ran if draft.config is None]),
            ("summary", [draft for draft in ran if draft.summary is None]),
        ):
            if missing:
                message = f"{len(missing)} of {len(ran)} trials of {campaign.id} that ran have no {what}"
                found.append(Finding(f"no_{what}", campaign.id, message))
    found += [Finding("empty_file", path, f"{path} is empty", (path,)) for path in scan.empty if not _is_keeper(path)]
    return found


def _is_keeper(path: str) -> bool:
    return path.rsplit("/", 1)[-1] == ".gitkeep"


def _near(one: float | None, other: float | None, within: float) -> bool:
    return one is not None and other is not None and abs(one - other) <= within


def _short(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)[:60]


def _list(names: Iterable[str]) -> str:
    words = list(names)
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _time_in_id(campaign: str) -> datetime | None:
    try:
        return datetime.strptime(campaign, "automl_%Y%m%d_%H%M%S")
    except ValueError:
        return None
