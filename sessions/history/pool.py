"""Records that look for their trial: the shelves of one scan, searched by launch, campaign, number and parameters."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sessions.history.model import (
    FINAL,
    RUN,
    SEARCH,
    Best,
    Config,
    HistoryEntry,
    IndexEntry,
    LogTrial,
    State,
    Summary,
)
from sessions.history.names import number_of
from sessions.history.scan import Scan


class _Record(Protocol):
    """What the shelves know of a record."""

    @property
    def tag(self) -> str: ...
    @property
    def campaign(self) -> str: ...
    @property
    def number(self) -> int | None: ...


R = TypeVar("R", bound=_Record)


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


class _Shelf(Generic[R]):
    """Records of one kind; each is given away once."""

    def __init__(self, records: Iterable[R]) -> None:
        self.records = list(records)
        self._by_tag: dict[str, list[R]] = defaultdict(list)
        self._by_campaign: dict[str, list[R]] = defaultdict(list)
        self._taken: set[int] = set()
        for record in self.records:
            self._by_tag[record.tag].append(record)
            self._by_campaign[record.campaign].append(record)

    def of_tag(self, tag: str) -> list[R]:
        """The records of one launch; none for an empty tag."""
        return self._by_tag.get(tag, []) if tag else []

    def of_campaign(self, campaign: str) -> list[R]:
        """The records of one campaign."""
        return self._by_campaign.get(campaign, [])

    def of_number(self, campaign: str, number: int | None) -> list[R]:
        """The records of one campaign under one trial number."""
        return [record for record in self.of_campaign(campaign) if record.number == number]

    def take(self, candidates: Iterable[R]) -> R | None:
        """The first candidate that is still here."""
        for candidate in candidates:
            if id(candidate) not in self._taken:
                self._taken.add(id(candidate))
                return candidate
        return None

    def left(self) -> list[R]:
        """What nobody took."""
        return [record for record in self.records if id(record) not in self._taken]


class Pool:
    """All records of a scan that may belong to a trial."""

    def __init__(self, scan: Scan) -> None:
        self.configs = _Shelf(config for config in scan.configs if config.campaign)
        self.summaries = _Shelf(scan.summaries)
        self.index = _Shelf(scan.index)
        self.logs = _Shelf(trial for log in scan.logs for trial in log.trials)
        self._log_paths = {id(trial): log.path for log in scan.logs for trial in log.trials}

    def attach(self, draft: Draft) -> None:
        """Give a draft from a state file its configuration, summary, index line and log."""
        draft.summary = self.summaries.take(self._matching_summaries(draft))
        draft.config = self.configs.take(self._matching_configs(draft))
        if draft.summary is None:
            draft.summary = self.summaries.take(self.summaries.of_tag(draft.tag))
        self._by_tag(draft)

    def _matching_summaries(self, draft: Draft) -> list[Summary]:
        """Same campaign and same figures; a search trial also needs the same number."""
        return [
            summary
            for summary in self.summaries.of_campaign(draft.campaign)
            if (draft.kind == FINAL or summary.number == draft.number) and _agree(summary.metrics, draft.metrics)
        ]

    def _matching_configs(self, draft: Draft) -> list[Config]:
        if draft.summary is not None and self.configs.of_tag(draft.summary.tag):
            return self.configs.of_tag(draft.summary.tag)
        source = draft.entry or draft.best
        if source is None:
            return []
        same = [
            config
            for config in self.configs.of_campaign(draft.campaign)
            if config.reward == source.reward and _agree(config.hp, source.hp)
        ]
        if draft.kind == FINAL:
            return _by_length(same)[-1:]
        return _by_length(config for config in same if config.number == draft.number)

    def attach_by_number(self, draft: Draft) -> None:
        """Last resort: records with the same number whose values differ belong to this trial and contradict it."""
        if draft.kind != SEARCH or draft.number is None or draft.tag:
            return
        place = (draft.campaign, draft.number)
        draft.summary = self.summaries.take(self.summaries.of_number(*place))
        draft.index = draft.index or self.index.take(self.index.of_number(*place))
        source = draft.summary or draft.index
        named = self.configs.of_number(*place)
        if source is not None and source.tag:
            named = [config for config in named if config.tag == source.tag]
        draft.config = self.configs.take(named if len(named) == 1 else [])
        self._by_tag(draft)

    def _by_tag(self, draft: Draft) -> None:
        draft.index = draft.index or self.index.take(self._same_line(draft))
        for trial in self.logs.of_tag(draft.tag):
            if self.logs.take([trial]) is not None and (draft.log is None or trial.metrics):
                draft.log, draft.log_path = trial, self._log_paths[id(trial)]

    def _same_line(self, draft: Draft) -> list[IndexEntry]:
        """Index lines of this launch: by its tag, else by its number and figures."""
        if draft.tag:
            return self.index.of_tag(draft.tag)
        return [
            line
            for line in self.index.of_campaign(draft.campaign)
            if (draft.kind == FINAL or line.number == draft.number) and _agree(line.metrics, draft.metrics)
        ]

    def rest(self) -> list[Draft]:
        """Trials that no state file knows: from summaries, then index lines, then logs that report a result."""
        summaries = [
            self._lone(Draft(s.campaign, RUN if s.number is None else SEARCH, s.number, summary=s))
            for s in self.summaries.left()
        ]
        # The shelves are looked at only now: what came before may have taken something from them.
        lines = [
            self._lone(Draft(line.campaign, SEARCH, line.number, index=line))
            for line in self.index.left()
            if self.index.take([line]) is not None
        ]
        logged = [
            self._lone(Draft(t.campaign, SEARCH, t.number, log=t, log_path=self._log_paths[id(t)]))
            for t in self.logs.left()
            if t.metrics and self.logs.take([t]) is not None
        ]
        return summaries + lines + logged

    def _lone(self, draft: Draft) -> Draft:
        draft.config = self.configs.take(self.configs.of_tag(draft.tag))
        self._by_tag(draft)
        return draft

    def unused_configs(self) -> list[Config]:
        """Configurations that were launched (they name a campaign) and left no result."""
        return self.configs.left()


def _agree(one: Mapping[str, Any], full: Mapping[str, Any]) -> bool:
    """True when both speak of something, and say the same wherever both speak."""
    shared = one.keys() & full.keys()
    return bool(shared) and all(one[key] == full[key] for key in shared)


def _by_length(configs: Iterable[Config]) -> list[Config]:
    """Shortest training first, then in the order of launch."""
    return sorted(configs, key=lambda c: (number_of(c.hp.get("max_env_steps")) or 0, c.stamp or 0, c.path))
