"""From records to trials: what each file says of one launch, put together.

The tag of a launch (campaign, trial number, unix time) joins configurations, summaries, index lines and logs. A state
file knows only numbers, so its trials find their launch by equal parameters. Numbers repeat (a resumed trial, and the
long run after a search reuses the last one), which is why the number alone never joins anything.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sessions.history.formulas import formula_of
from sessions.history.model import (
    CRASHED,
    FINAL,
    RUN,
    SCORED,
    SEARCH,
    UNSCORED,
    Config,
    HistoryEntry,
    State,
    Trial,
)
from sessions.history.names import number_of
from sessions.history.pool import Draft, Pool
from sessions.history.scan import Scan


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
    pool = Pool(scan)
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
    """One state per campaign (whole files first, then the one with the most trials); the other files are copies."""
    for state in states:
        campaign = campaign_of(state)
        known = joined.primary.get(campaign)
        if known is None:
            joined.primary[campaign] = state
            continue
        better = _worth(state) > _worth(known)
        joined.primary[campaign] = state if better else known
        joined.copies.append((known, state) if better else (state, known))


def _worth(state: State) -> tuple[bool, int, float]:
    return (not state.version, len(state.trials), state.elapsed_h or 0.0)


def _from_states(joined: Joined) -> None:
    for campaign, state in joined.primary.items():
        copies = [copy for copy, _ in joined.copies if campaign_of(copy) == campaign]
        seen: set[str] = set()
        for source in (state, *copies):
            new = [entry for entry in source.trials if entry_print(entry) not in seen]
            seen.update(map(entry_print, new))
            joined.drafts += [Draft(campaign, SEARCH, entry.number, entry=entry, state=source) for entry in new]
        for best in state.best:
            is_copy = any(best.metrics == entry.metrics for entry in state.trials) and not is_crashed(best.metrics)
            if best.metrics and not is_copy and state.mode != "hp-search":
                joined.drafts.append(Draft(campaign, FINAL, None, best=best, state=state))


def _share_claimed(joined: Joined) -> None:
    """Trials that several versions of one conflicted file claim are kept once, for the likeliest owner."""
    groups: dict[tuple[str, str], list[Draft]] = defaultdict(list)
    homes: dict[str, list[str]] = defaultdict(list)
    for draft in joined.drafts:
        if draft.entry is None or draft.state is None:
            continue
        if draft.state.version:
            groups[draft.state.path, entry_print(draft.entry)].append(draft)
        else:
            homes[entry_print(draft.entry)].append(draft.campaign)
    dropped: set[int] = set()
    inside = {campaign: _best_is_inside(state) for campaign, state in joined.primary.items() if state.version}
    told: dict[tuple[str, tuple[str, ...], tuple[str, ...]], int] = defaultdict(int)
    for (path, print_), drafts in groups.items():
        owners, excluded = _owners(drafts, homes.get(print_, []), inside)
        if len(owners) + len(excluded) < 2:
            continue
        for draft in drafts:
            draft.claimed_by = owners
        dropped.update(id(draft) for draft in drafts if draft.campaign != owners[0] or homes.get(print_))
        told[path, owners, excluded] += 1
    joined.drafts = [draft for draft in joined.drafts if id(draft) not in dropped]
    joined.claims = [(*key, count) for key, count in told.items()]


def _owners(
    drafts: Sequence[Draft], homes: Sequence[str], inside: Mapping[str, bool]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Which campaigns may own a shared trial, and which cannot.

    A whole state file that holds the trial decides. Else a campaign whose best configuration is not among the shared
    trials had other ones.
    """
    claims = tuple(draft.campaign for draft in drafts)
    likely = tuple(homes) or tuple(campaign for campaign in claims if inside.get(campaign, True)) or claims
    return likely, tuple(campaign for campaign in claims if campaign not in likely)


def _best_is_inside(state: State) -> bool:
    known = {fingerprint(entry.reward, entry.hp) for entry in state.trials}
    return all(fingerprint(best.reward, best.hp) in known for best in state.best if best.reward or best.hp)


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
    scored = score is not None
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
