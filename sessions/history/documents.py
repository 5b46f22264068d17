"""From plain data to typed records: which kind of file is this, and what does it say.

The kind follows from the content, not from the file's name: names were changed by hand, keys have their aliases in
`names`. A document of no known kind yields no record, and the caller keeps its text.
"""

from typing import Any, TypeAlias

from sessions.history import names
from sessions.history.model import Best, Config, HistoryEntry, IndexEntry, RewardEntry, State, Summary

Data: TypeAlias = Any
Record: TypeAlias = Config | Summary | State | IndexEntry | RewardEntry


def records_of(path: str, data: Data, version: str = "") -> tuple[str, list[Record]]:
    """The kind of a document and the records in it.

    Args:
        path: Where it was found, relative to the tree; only the shelf of a reward library is taken from it.
        data: Plain data as the readers return it.
        version: Whose side this is, when the file held a merge conflict.
    """
    if isinstance(data, list):
        return _listed(path, data)
    if not isinstance(data, dict):
        return "data", []
    if "reward_library" in path.split("/"):
        return "library", [library_entry(path, data)]
    if _is_state(data):
        return "state", [state(path, data, version)]
    if _is_index(path, data):
        return "index", list(index_entries(path, data))
    if _is_summary(data):
        return "summary", [summary(path, data)]
    if names.first(data, names.REWARD_KEYS, dict) or names.first(data, names.HP_KEYS, dict) or _is_flat(data):
        return "config", [config(path, 0, data)]
    return _listed(path, _inner_rows(data))


def _inner_rows(data: dict[str, Data]) -> list[Data]:
    """The rows of a document that only wraps configurations: `{"seeds": [...]}`, or one configuration per name."""
    rows: list[Data] = []
    for key, value in data.items():
        if isinstance(value, dict) and _has_params(value):
            rows.append({"name": key, **value})
        elif isinstance(value, list):
            rows.extend(row for row in value if isinstance(row, dict))
    return rows


def _listed(path: str, data: list[Data]) -> tuple[str, list[Record]]:
    """A file that is a list: of configurations (seeds), or of trials of a search."""
    rows = [(entry, row) for entry, row in enumerate(data) if isinstance(row, dict)]
    known = [(entry, row) for entry, row in rows if _is_flat(row) or _has_params(row)]
    if not known:
        return "data", []
    return "config", [config(path, entry, row) for entry, row in known]


def _has_params(row: dict[str, Data]) -> bool:
    return names.first(row, names.REWARD_KEYS, dict) is not None or names.first(row, names.HP_KEYS, dict) is not None


def _is_flat(row: dict[str, Data]) -> bool:
    return len(names.HP_NAMES & row.keys()) >= 3


def _is_index(path: str, data: dict[str, Data]) -> bool:
    rows = data.get("experiments")
    if not isinstance(rows, list):
        return False
    named = any(isinstance(row, dict) and ("experiment_id" in row or "completed_at" in row) for row in rows)
    return named or (not rows and path.rsplit("/", 1)[-1].startswith("index."))


def _is_state(data: dict[str, Data]) -> bool:
    rows = names.first(data, names.HISTORY_KEYS, list) or []
    has_trials = any(isinstance(row, dict) and (_has_params(row) or "score" in row) for row in rows)
    has_head = names.first(data, names.CAMPAIGN_KEYS, str) is not None and ("status" in data or "budget_hours" in data)
    return "hp_search_history" in data or has_head or (has_trials and "status" in data)


def _is_summary(data: dict[str, Data]) -> bool:
    if isinstance(data.get("results"), dict) and ("experiment_id" in data or "trial_index" in data):
        return True
    return "run_dir" in data and ("elapsed_seconds" in data or "start_time" in data)


def state(path: str, data: dict[str, Data], version: str = "") -> State:
    """A campaign's state file."""
    rows = names.first(data, names.HISTORY_KEYS, list) or []
    campaign = names.text_of(names.first(data, names.CAMPAIGN_KEYS, str)) or names.campaign_in(path)
    curriculum = data.get("curriculum_progress")
    return State(
        path=path,
        version=version,
        campaign=campaign,
        status=names.text_of(data.get("status")),
        mode=names.text_of(data.get("mode")),
        phase=names.text_of(data.get("current_phase")),
        stage=names.text_of(data.get("current_stage")),
        iteration=names.count_of(data.get("current_iteration")),
        started=names.text_of(data.get("start_time")),
        elapsed_h=names.number_of(data.get("elapsed_hours")),
        budget_h=names.number_of(data.get("budget_hours")),
        curriculum=curriculum if isinstance(curriculum, dict) else {},
        trials=tuple(_history_entry(row) for row in rows if isinstance(row, dict)),
        best=_best(data.get("best_results")),
    )


def _history_entry(row: dict[str, Data]) -> HistoryEntry:
    return HistoryEntry(
        number=names.count_of(names.first(row, names.NUMBER_KEYS)),
        reward=names.params_of(names.first(row, names.REWARD_KEYS, dict)),
        hp=names.params_of(names.first(row, names.HP_KEYS, dict)),
        metrics=names.params_of(names.first(row, names.METRIC_KEYS, dict)),
        score=names.number_of(names.first(row, names.SCORE_KEYS)),
    )


def _best(data: Data) -> tuple[Best, ...]:
    found = []
    for env, row in data.items() if isinstance(data, dict) else ():
        if isinstance(row, dict):
            entry = _history_entry(row)
            checkpoint = names.text_of(row.get("checkpoint"))
            found.append(Best(str(env), entry.reward, entry.hp, entry.metrics, checkpoint))
    return tuple(found)


def index_entries(path: str, data: dict[str, Data]) -> tuple[IndexEntry, ...]:
    """The lines of a campaign's index; its two figures get the names they have elsewhere."""
    found = []
    for row in data["experiments"]:
        if not isinstance(row, dict):
            continue
        tag_text = names.text_of(names.first(row, names.TAG_KEYS))
        tag = names.parse_tag(tag_text)
        metrics = {"episode_reward_mean": row.get("final_reward"), "success_rate": row.get("success_rate")}
        found.append(
            IndexEntry(
                path=path,
                tag=tag_text,
                campaign=tag.campaign if tag else names.text_of(data.get("automl_id")) or names.campaign_in(path),
                number=tag.number if tag else names.count_of(names.first(row, names.NUMBER_KEYS)),
                env=names.text_of(names.first(row, names.ENV_KEYS)),
                status=names.text_of(row.get("status")),
                completed=names.text_of(row.get("completed_at")),
                metrics={key: value for key, value in metrics.items() if value is not None},
            )
        )
    return tuple(found)


def summary(path: str, data: dict[str, Data]) -> Summary:
    """A finished launch: `summary.yaml`, or the `experiment_meta.json` of its run."""
    results = _dict(data.get("results")) or data
    setup = _dict(data.get("config")) or data
    run = _dict(data.get("execution")) or data
    tag_text = names.text_of(names.first(data, names.TAG_KEYS))
    tag = names.parse_tag(tag_text)
    seconds = names.number_of(run.get("elapsed_seconds"))
    hours = names.number_of(run.get("duration_hours"))
    campaign = names.text_of(names.first(data, names.CAMPAIGN_KEYS))
    number = names.count_of(names.first(data, names.NUMBER_KEYS))
    return Summary(
        path=path,
        tag=tag_text,
        campaign=campaign or (tag.campaign if tag else names.campaign_in(path)),
        number=number if number is not None or tag is None else tag.number,
        stamp=tag.stamp if tag else None,
        stage=tag.stage if tag else "",
        env=names.text_of(names.first(setup, names.ENV_KEYS)),
        reward=names.params_of(names.first(results, names.REWARD_KEYS, dict)),
        hp=names.params_of(names.first(setup, names.HP_KEYS, dict)),
        metrics=names.params_of(names.first(results, ("final_metrics", "metrics"), dict)),
        started=names.text_of(names.first(run, ("started_at", "start_time"))),
        completed=names.text_of(run.get("completed_at")),
        duration_h=hours if hours is not None else (seconds / 3600 if seconds is not None else None),
        status=names.text_of(run.get("status")),
        run_dir=names.text_of(results.get("run_dir")),
    )


_GROUPS = {*names.REWARD_KEYS, *names.HP_KEYS, *names.ENV_KEYS}
_CONFIG_KEYS = _GROUPS | {"env_overrides", "checkpoint", "freeze_preprocessor"}


def config(path: str, entry: int, data: dict[str, Data]) -> Config:
    """An experiment configuration in any of the three layouts: two groups under either name, or flat."""
    reward = names.params_of(names.first(data, names.REWARD_KEYS, dict))
    hp = names.params_of(names.first(data, names.HP_KEYS, dict))
    other = {key: value for key, value in data.items() if key not in _CONFIG_KEYS}
    if not reward and not hp:
        hp = names.params_of({key: value for key, value in other.items() if key in names.HP_NAMES})
        numbers = {key: value for key, value in other.items() if names.number_of(value) is not None}
        reward = names.params_of({key: value for key, value in numbers.items() if key not in hp})
        other = {key: value for key, value in other.items() if key not in hp and key not in reward}
    tag_text = names.text_of(names.first(data, names.TAG_KEYS))
    tag = names.parse_tag(tag_text) or names.parse_tag(path.rsplit("/", 1)[-1].rsplit(".", 1)[0])
    frozen = data.get("freeze_preprocessor")
    return Config(
        path=path,
        entry=entry,
        tag=tag_text,
        campaign=tag.campaign if tag else names.campaign_in(path),
        stage=tag.stage if tag else "",
        number=tag.number if tag else None,
        stamp=tag.stamp if tag else None,
        env=names.text_of(names.first(data, names.ENV_KEYS)),
        reward=reward,
        hp=hp,
        env_overrides=names.params_of(data.get("env_overrides")),
        checkpoint=names.text_of(data.get("checkpoint")),
        freeze_preprocessor=frozen if isinstance(frozen, bool) else None,
        other=other,
    )


_LIBRARY_KEYS = _GROUPS | {*names.METRIC_KEYS, "name", "status", "description", "notes"}


def library_entry(path: str, data: dict[str, Data]) -> RewardEntry:
    """A file of the reward library; the folder it lies in says which shelf."""
    parts = path.split("/")
    shelf = parts[parts.index("reward_library") + 1] if parts.index("reward_library") + 1 < len(parts) - 1 else ""
    metrics = names.params_of(names.first(data, names.METRIC_KEYS, dict))
    return RewardEntry(
        path=path,
        shelf=shelf,
        name=names.text_of(data.get("name")) or parts[-1].rsplit(".", 1)[0],
        status=names.text_of(data.get("status")) or ("rejected" if shelf == "rejected" else ""),
        env=names.text_of(names.first(data, names.ENV_KEYS)),
        description=str(data.get("description") or data.get("hypothesis") or ""),
        notes=str(data.get("notes") or metrics.get("notes") or ""),
        reward=names.params_of(names.first(data, names.REWARD_KEYS, dict)),
        hp=names.params_of(names.first(data, names.HP_KEYS, dict)),
        metrics=metrics,
        other={key: value for key, value in data.items() if key not in _LIBRARY_KEYS},
    )


def _dict(value: Data) -> dict[str, Data]:
    return value if isinstance(value, dict) else {}
