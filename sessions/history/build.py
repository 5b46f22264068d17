"""From records to trials: what each file says of one launch, put together.

The tag of a launch (campaign, trial number, unix time) joins configurations, summaries, index lines and logs. A state
file knows only numbers, so its trials find their launch by equal parameters. Numbers repeat (a resumed trial, and the
long run after a search reuses the last one), which is why the number alone never joins anything.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sessions.history.formulas import formula_of
from sessions.history.model import (
    CRASHED,
    FINAL,
    RUN,
    SCORED,
    SEARCH,
    UNSCORED,
    Best,
    Config,
    HistoryEntry,
    IndexEntry,
    LogTrial,
    State,
    Summary,
    Trial,
)
from sessions.history.names import number_of
from sessions.history.scan import Scan

R = TypeVar("R")


@dataclass
class Draft:
    """A trial while its sources are being found."""

    campaign: str
    kind: str
    number: int | None
    entry: HistoryEntry | None = None
    best: Best | None = None
    state: State | None = None
    config: Config | None = None
    summary: Summary | None = None
    index: IndexEntry | None = None
    log: LogTrial | None = None
    log_path: str = ""
    claimed_by: tuple[str, ...] = ()
    uid: str = ""

    @property
    def tag(self) -> str:
        """The launch this trial came from, when it is known."""
        for source in (self.config, self.summary, self.index, self.log):
            if source is not None and source.tag:
                return source.tag
        return ""

    @property
    def metrics(self) -> Mapping[str, Any]:
        """The fullest set of figures: state, then summary, index, log."""
        for source in (self.entry, self.best, self.summary, self.index, self.log):
            if source is not None and source.metrics:
                return source.metrics
        return {}

    def params(self, group: str) -> Mapping[str, Any]:
        """`reward` or `hp` from the source that is nearest to the launch."""
        for source in (self.config, self.summary, self.entry, self.best):
            if source is not None and getattr(source, group):
                known: Mapping[str, Any] = getattr(source, group)
                return known
        return {}


@dataclass
class Joined:
    """All trials of a tree, and which configurations none of them used."""

    drafts: list[Draft] = field(default_factory=list)
    unused: list[Config] = field(default_factory=list)
    primary: dict[str, State] = field(default_factory=dict)
    copies: list[tuple[State, State]] = field(default_factory=list)
    claims: list[tuple[str, tuple[str, ...], tuple[str, ...], int]] = field(default_factory=list)


def join(scan: Scan) -> Joined:
    """Put the records of a scan together."""
    joined = Joined()
    _choose_states(scan.states, joined)
    _from_states(joined)
    _share_claimed(joined)
    pool = _Pool(scan)
    for draft in joined.drafts:
        pool.attach(draft)
    for draft in joined.drafts:
        pool.attach_by_number(draft)
    joined.drafts.extend(pool.rest())
    joined.unused = pool.unused_configs()
    _name(joined.drafts)
    return joined


def fingerprint(*parts: object) -> str:
    """Equal for equal contents, whatever the order of the keys."""
    return json.dumps(parts, sort_keys=True, default=str)


def entry_print(entry: HistoryEntry) -> str:
    """What makes a state's trial the same trial elsewhere."""
    return fingerprint(entry.number, entry.reward, entry.hp, entry.metrics, entry.score)


def campaign_of(state: State) -> str:
    """The campaign's id; a state without one is named by its file."""
    return state.campaign or f"unnamed:{state.path}"


def is_crashed(metrics: Mapping[str, Any]) -> bool:
    """All figures exactly zero: what the older tools stored when a trial had died or timed out."""
    values = [number for value in metrics.values() if (number := number_of(value)) is not None]
    return len(values) >= 2 and not any(values)


def _choose_states(states: Sequence[State], joined: Joined) -> None:
    """One state per campaign (the one with the most trials); the other files are copies."""
    for state in states:
        campaign = campaign_of(state)
        known = joined.primary.get(campaign)
        if known is None:
            joined.primary[campaign] = state
            continue
        better = (len(state.trials), state.elapsed_h or 0.0) > (len(known.trials), known.elapsed_h or 0.0)
        joined.primary[campaign] = state if better else known
        joined.copies.append((known, state) if better else (state, known))


def _from_states(joined: Joined) -> None:
    for campaign, state in joined.primary.items():
        entries = list(state.trials)
        seen = {entry_print(entry) for entry in entries}
        for copy, _ in joined.copies:
            if campaign_of(copy) == campaign:
                entries += [entry for entry in copy.trials if entry_print(entry) not in seen]
                seen.update(map(entry_print, copy.trials))
        joined.drafts += [Draft(campaign, SEARCH, entry.number, entry=entry, state=state) for entry in entries]
        for best in state.best:
            is_copy = any(best.metrics == entry.metrics for entry in entries) and not is_crashed(best.metrics)
            if best.metrics and not is_copy and state.mode != "hp-search":
                joined.drafts.append(Draft(campaign, FINAL, None, best=best, state=state))


def _share_claimed(joined: Joined) -> None:
    """Trials that several versions of one conflicted file claim are kept once, for the likeliest owner."""
    groups: dict[tuple[str, str], list[Draft]] = defaultdict(list)
    homes: dict[str, set[str]] = defaultdict(set)
    for draft in joined.drafts:
        if draft.entry is None or draft.state is None:
            continue
        if draft.state.version:
            groups[draft.state.path, entry_print(draft.entry)].append(draft)
        else:
            homes[entry_print(draft.entry)].add(draft.campaign)
    dropped: set[int] = set()
    told: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = defaultdict(int)
    for (path, print_), drafts in groups.items():
        if len(drafts) < 2:
            continue
        likely, excluded = _claimants(drafts, homes[print_])
        for draft in drafts:
            draft.claimed_by = tuple(other.campaign for other in likely)
        dropped.update(id(draft) for draft in drafts if draft is not likely[0])
        told[path, tuple(d.campaign for d in likely), tuple(d.campaign for d in excluded)] += 1
    joined.drafts = [draft for draft in joined.drafts if id(draft) not in dropped]
    joined.claims = [(*key, count) for key, count in told.items()]


def _claimants(drafts: Sequence[Draft], homes: set[str]) -> tuple[list[Draft], list[Draft]]:
    """Who may own a shared trial, and who cannot: one whose best configuration is not among them had other trials."""
    at_home = [draft for draft in drafts if draft.campaign in homes]
    if at_home:
        return at_home, [draft for draft in drafts if draft not in at_home]
    likely = [draft for draft in drafts if draft.state is not None and _best_is_inside(draft.state)]
    return (likely, [draft for draft in drafts if draft not in likely]) if likely else (list(drafts), [])


def _best_is_inside(state: State) -> bool:
    known = {fingerprint(entry.reward, entry.hp) for entry in state.trials}
    return all(fingerprint(best.reward, best.hp) in known for best in state.best if best.reward or best.hp)


class _Pool:
    """Records that still look for their trial."""

    def __init__(self, scan: Scan) -> None:
        self.configs = [config for config in scan.configs if config.campaign]
        self.summaries = list(scan.summaries)
        self.index = list(scan.index)
        self.logs = [(trial, log.path) for log in scan.logs for trial in log.trials]
        self.taken: set[int] = set()

    def attach(self, draft: Draft) -> None:
        """Give a draft from a state file its configuration, summary, index line and log."""
        draft.summary = self._take(self._matching_summaries(draft))
        draft.config = self._take(self._matching_configs(draft))
        if draft.summary is None and draft.config is not None:
            draft.summary = self._take(other for other in self.summaries if _same_tag(other, draft.config))
        self._by_tag(draft)

    def _matching_summaries(self, draft: Draft) -> list[Summary]:
        """Same campaign and same figures; a search trial also needs the same number."""
        return [
            summary
            for summary in self.summaries
            if summary.campaign == draft.campaign
            and (draft.kind == FINAL or summary.number == draft.number)
            and summary.metrics
            and all(draft.metrics.get(key) == value for key, value in summary.metrics.items() if key in draft.metrics)
            and any(key in draft.metrics for key in summary.metrics)
        ]

    def _matching_configs(self, draft: Draft) -> list[Config]:
        if draft.summary is not None:
            named = [config for config in self.configs if _same_tag(config, draft.summary)]
            if named:
                return named
        source = draft.entry or draft.best
        if source is None:
            return []
        same = [
            config
            for config in self.configs
            if config.campaign == draft.campaign and config.reward == source.reward and _within(config.hp, source.hp)
        ]
        if draft.kind == FINAL:
            return _by_stamp(same)[-1:]
        return _by_stamp(config for config in same if config.number == draft.number)

    def attach_by_number(self, draft: Draft) -> None:
        """Last resort: records with the same number whose values differ belong to this trial and contradict it."""
        if draft.kind != SEARCH or draft.number is None or draft.tag:
            return
        place = (draft.campaign, draft.number)
        draft.summary = self._take(s for s in self.summaries if (s.campaign, s.number) == place)
        draft.index = draft.index or self._take(line for line in self.index if (line.campaign, line.number) == place)
        named = [config for config in self.configs if (config.campaign, config.number) == place]
        source = draft.summary or draft.index
        tag = source.tag if source is not None else ""
        same = [config for config in named if tag and config.tag == tag]
        draft.config = self._take(same or (named if len(named) == 1 and not tag else []))
        self._by_tag(draft)

    def _same_line(self, draft: Draft) -> list[IndexEntry]:
        """Index lines of this launch: by its tag, else by its number and figures."""
        if draft.tag:
            return [line for line in self.index if line.tag == draft.tag]
        return [
            line
            for line in self.index
            if line.campaign == draft.campaign
            and (draft.kind == FINAL or line.number == draft.number)
            and line.metrics
            and all(draft.metrics.get(key) == value for key, value in line.metrics.items())
        ]

    def _by_tag(self, draft: Draft) -> None:
        draft.index = draft.index or self._take(self._same_line(draft))
        if not draft.tag:
            return
        for trial, path in self.logs:
            if trial.tag == draft.tag and id(trial) not in self.taken:
                self.taken.add(id(trial))
                if draft.log is None or trial.metrics:
                    draft.log, draft.log_path = trial, path

    def rest(self) -> list[Draft]:
        """Trials that no state file knows: from summaries, then index lines, then logs that report a result."""
        found = []
        for summary in self.summaries:
            if id(summary) not in self.taken:
                self.taken.add(id(summary))
                kind = SEARCH if summary.number is not None else RUN
                draft = Draft(summary.campaign, kind, summary.number, summary=summary)
                draft.config = self._take(config for config in self.configs if _same_tag(config, summary))
                self._by_tag(draft)
                found.append(draft)
        for line in self.index:
            if id(line) not in self.taken:
                self.taken.add(id(line))
                draft = Draft(line.campaign, SEARCH, line.number, index=line)
                draft.config = self._take(config for config in self.configs if config.tag and config.tag == line.tag)
                self._by_tag(draft)
                found.append(draft)
        for trial, path in self.logs:
            if id(trial) not in self.taken and trial.metrics:
                self.taken.add(id(trial))
                draft = Draft(trial.campaign, SEARCH, trial.number, log=trial, log_path=path)
                draft.config = self._take(config for config in self.configs if config.tag == trial.tag)
                found.append(draft)
        return found

    def unused_configs(self) -> list[Config]:
        """Configurations that were launched (they have a tag) and left no result."""
        return [config for config in self.configs if id(config) not in self.taken]

    def _take(self, candidates: Iterable[R]) -> R | None:
        for candidate in candidates:
            if id(candidate) not in self.taken:
                self.taken.add(id(candidate))
                return candidate
        return None


def _same_tag(one: Config | Summary, other: Config | Summary) -> bool:
    return bool(one.tag) and one.tag == other.tag


def _within(hp: Mapping[str, Any], full: Mapping[str, Any]) -> bool:
    """True when the launched hyper-parameters agree with the recorded ones wherever both speak."""
    shared = hp.keys() & full.keys()
    return bool(shared) and all(hp[key] == full[key] for key in shared)


def _by_stamp(configs: Iterable[Config]) -> list[Config]:
    return sorted(
        configs, key=lambda config: (number_of(config.hp.get("max_env_steps")) or 0, config.stamp or 0, config.path)
    )


def _name(drafts: Sequence[Draft]) -> None:
    """Give every trial an id that is the same in every import of the same records."""
    used: dict[str, int] = defaultdict(int)
    for draft in drafts:
        name = FINAL if draft.kind == FINAL else ("-" if draft.number is None else str(draft.number))
        base = f"{draft.campaign}/{name}" if draft.kind != RUN else draft.tag or f"run:{_source(draft)}"
        used[base] += 1
        draft.uid = base if used[base] == 1 else f"{base}-{used[base]}"


def _source(draft: Draft) -> str:
    return draft.summary.path if draft.summary is not None else ""


def to_trial(draft: Draft, env: str) -> Trial:
    """The finished trial; `env` is the campaign's, for a trial whose own files do not name one."""
    metrics = dict(draft.metrics)
    score = draft.entry.score if draft.entry is not None else None
    crashed = is_crashed(metrics)
    summary, config, index = draft.summary, draft.config, draft.index
    own_env = [part.env for part in (config, summary, index, draft.best) if part is not None and part.env]
    paths = [part.path for part in (draft.state, config, summary, index) if part is not None]
    scored = score is not None and score == score and abs(score) != float("inf")
    return Trial(
        uid=draft.uid,
        campaign=draft.campaign,
        number=draft.number if draft.number is not None else (config.number if config is not None else None),
        kind=draft.kind,
        outcome=CRASHED if crashed else (SCORED if scored else UNSCORED),
        env=own_env[0] if own_env else env,
        stage=(config.stage if config else summary.stage if summary else "")
        or (draft.state.stage if draft.state else ""),
        tag=draft.tag,
        reward=dict(draft.params("reward")),
        hp=dict(draft.entry.hp if draft.entry else {}) | dict(draft.params("hp")),
        env_overrides=dict(config.env_overrides) if config is not None else {},
        metrics=metrics,
        legacy_score=score if scored and not crashed else None,
        score_formula=formula_of(metrics, score) if scored and not crashed else "",
        discarded_score=score if crashed else None,
        started=(summary.started if summary else "") or (draft.log.launched if draft.log else ""),
        completed=(summary.completed if summary else "") or (index.completed if index else ""),
        duration_h=summary.duration_h if summary else None,
        run_dir=summary.run_dir if summary else "",
        claimed_by=draft.claimed_by if len(draft.claimed_by) > 1 else (),
        sources=tuple(dict.fromkeys([*paths, *([draft.log_path] if draft.log_path else [])])),
    )
