"""The queue: work that is done in order, with dependencies, retries and gates, and survives anything.

An item is a study, or the evaluation of all checkpoints of what a study trained. Everything is a fold over
`queue/events.jsonl`; whoever wants a change appends to it under a short lock, so adding needs no running worker.
`automl.queue_worker` does the work.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from automl.journal import Event, Journal, read_journal
from sessions.errors import NotFoundError, UsageError
from sessions.files import parse_utc, utc_now
from sessions.locks import Lock
from sessions.workspace import Workspace

FOLDER = "queue"
LOG = "events.jsonl"
OVER = frozenset({"done", "failed", "cancelled"})

Kind = Literal["study", "evaluate"]


@dataclass(frozen=True)
class Item:
    """One piece of work.

    Attributes:
        id: q1, q2, ... in order of their making.
        kind: "study", or "evaluate": all checkpoints of what another item trained.
        label: a short name.
        spec: of a study its settings; of an evaluation {"of": item, "protocol": ...}.
        after: items that must be done before.
        start: of a study: {"item", "parts", "learning_rate_factor", "seeds"}: what it takes over from another item;
            {"shares_budget": true}: it may also use what stages of its pipeline before it left of their time.
        gate: of an evaluation: what its best checkpoint must reach, e.g. {"success": 0.9, "fell": 0.05}.
        retries: so often it is tried again when it fails.
        pipeline: the pipeline it belongs to.
        beside: it may be begun while others of its pipeline run.
        state: waiting, running, done, failed or cancelled.
        attempts: how often it was started.
        study: the study that an attempt made.
        result: what came of it.
        why: the reason of its state in words.
        began: when its last attempt was started.
        ended: when that was over.
    """

    id: str
    kind: Kind
    label: str
    spec: Mapping[str, Any]
    after: tuple[str, ...] = ()
    start: Mapping[str, Any] = field(default_factory=dict)
    gate: Mapping[str, float] = field(default_factory=dict)
    retries: int = 0
    pipeline: str = ""
    beside: bool = False
    state: str = "waiting"
    attempts: int = 0
    study: str | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""
    began: str = ""
    ended: str = ""

    @property
    def wall_s(self) -> float | None:
        """Seconds that its last attempt took; None before its end."""
        begun, over = parse_utc(self.began), parse_utc(self.ended)
        return None if begun is None or over is None else over - begun


@dataclass(frozen=True)
class Queue:
    """Everything that is queued, in order."""

    items: tuple[Item, ...] = ()
    paused: str | None = None
    made: int = 0

    def item(self, name: str) -> Item:
        """The item of this id.

        Raises:
            NotFoundError: there is none.
        """
        for item in self.items:
            if item.id == name:
                return item
        known = ", ".join(item.id for item in self.items) or "none"
        raise NotFoundError(f"the queue has no item '{name}'; its items are {known}.")

    def word(self, item: Item) -> str:
        """The item's state, "blocked" where something that it waits for will never be done."""
        return "blocked" if item.state == "waiting" and self.blocked_by(item) else item.state

    def blocked_by(self, item: Item) -> Item | None:
        """The item because of which this one cannot start any more."""
        for name in item.after:
            before = self.item(name)
            if before.state in ("failed", "cancelled"):
                return before
            deeper = self.blocked_by(before) if before.state == "waiting" else None
            if deeper is not None:
                return deeper
        return None

    def ready(self, busy: Collection[str] = ()) -> Item | None:
        """What is to be done next: what was begun, else the first item whose turn has come.

        Args:
            busy: items that the worker has in hand already.
        """
        others = [item for item in self.items if item.id not in busy]
        begun = next((item for item in others if item.state == "running"), None)
        if begun is not None or self.paused is not None:
            return begun
        return next((item for item in others if item.state == "waiting" and self._is_free(item, busy)), None)

    def _is_free(self, item: Item, busy: Collection[str]) -> bool:
        alone = not busy or (item.beside and all(self.item(name).pipeline == item.pipeline for name in busy))
        return alone and all(self.item(name).state == "done" for name in item.after)


def fold(events: Iterable[Event]) -> Queue:
    """The queue whose log holds these events; kinds of a later version change nothing."""
    queue = Queue()
    for event in events:
        handler = _HANDLERS.get(event["type"])
        queue = handler(queue, event) if handler is not None else queue
    return queue


def read(workspace: Workspace) -> Queue:
    """The queue of a workspace as it is now.

    Raises:
        CorruptFileError: its log is damaged.
    """
    return fold(read_journal(_log(workspace)).events)


@contextmanager
def editing(workspace: Workspace) -> Iterator["Edit"]:
    """Change the queue; everybody else who wants to waits a moment.

    Raises:
        LockedError: somebody else does not let go.
    """
    folder = workspace.root / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with Lock.acquire(folder / "edit.lock", "a change of the queue"):
        journal = Journal(_log(workspace))
        try:
            yield Edit(journal)
        finally:
            journal.close()


class Edit:
    """One change of the queue, made under its lock."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.queue = fold(journal.read())

    def add(
        self,
        kind: Kind,
        label: str,
        spec: Mapping[str, Any],
        after: Sequence[str] = (),
        start: Mapping[str, Any] | None = None,
        gate: Mapping[str, float] | None = None,
        retries: int = 0,
        pipeline: str = "",
        beside: bool = False,
    ) -> str:
        """Put an item at the end and return its id.

        Raises:
            NotFoundError: it waits for an item that does not exist.
        """
        for name in after:
            self.queue.item(name)
        item = f"q{self.queue.made + 1}"
        facts = {"kind": kind, "label": label, "spec": spec, "after": list(after), "pipeline": pipeline}
        more = {"start": start or {}, "gate": gate or {}, "retries": retries, "beside": beside}
        self._emit("item_added", item=item, **facts, **more)
        return item

    def started(self, name: str, study: str | None) -> None:
        """Note that an item is begun, before anything is done."""
        self._emit("item_started", item=name, study=study)

    def ended(self, name: str, state: str, why: str, result: Mapping[str, Any] | None = None) -> None:
        """Note what became of an item."""
        self._emit("item_ended", item=name, state=state, why=why, result=result or {})

    def again(self, name: str, why: str) -> None:
        """Let an item that is over wait for another attempt.

        Raises:
            UsageError: it is not over.
        """
        item = self.queue.item(name)
        if item.state not in OVER:
            raise UsageError(f"{name} is {item.state}; only an item that is over can be tried again.")
        self._emit("item_again", item=name, why=why)

    def cancel(self, name: str, why: str) -> None:
        """Take an item out of what will be done.

        Raises:
            UsageError: it has begun, or is over.
        """
        item = self.queue.item(name)
        if item.state == "running":
            raise UsageError(f"{name} runs as study {item.study}; stop that with 'vbot automl stop {item.study}'.")
        if item.state in OVER:
            raise UsageError(f"{name} is {item.state} already.")
        self.ended(name, "cancelled", why)

    def move(self, name: str, before: str | None) -> None:
        """Put an item before another one, or at the end."""
        self.queue.item(name)
        if before is not None:
            self.queue.item(before)
        self._emit("item_moved", item=name, before=before)

    def pause(self, why: str) -> None:
        """Start no further item."""
        self._emit("queue_paused", why=why)

    def resume(self) -> None:
        """Start items again."""
        self._emit("queue_resumed")

    def _emit(self, event_type: str, /, **facts: Any) -> None:  # noqa: ANN401 - whatever an event says
        stored = self._journal.append({"type": event_type, "time": utc_now(), **facts})
        self.queue = _HANDLERS[event_type](self.queue, stored)


def _log(workspace: Workspace) -> Path:
    return workspace.root / FOLDER / LOG


def _added(queue: Queue, event: Event) -> Queue:
    names = ("kind", "label", "spec", "start", "gate", "retries", "pipeline")
    beside = event.get("beside", False)  # logs from before items could run side by side
    item = Item(event["item"], after=tuple(event["after"]), beside=beside, **{name: event[name] for name in names})
    return replace(queue, items=(*queue.items, item), made=queue.made + 1)


def _started(queue: Queue, event: Event) -> Queue:
    item = queue.item(event["item"])
    begun = replace(item, state="running", attempts=item.attempts + 1, study=event["study"], why="")
    return _with(queue, replace(begun, began=event["time"], ended=""))


def _ended(queue: Queue, event: Event) -> Queue:
    item = queue.item(event["item"])
    if item.state == "done":
        return queue
    over = replace(item, state=event["state"], why=event["why"], result=event["result"], ended=event["time"])
    return _with(queue, over)


def _again(queue: Queue, event: Event) -> Queue:
    return _with(queue, replace(queue.item(event["item"]), state="waiting", why=event["why"]))


def _moved(queue: Queue, event: Event) -> Queue:
    item = queue.item(event["item"])
    rest = [other for other in queue.items if other.id != item.id]
    at = next((k for k, other in enumerate(rest) if other.id == event["before"]), len(rest))
    return replace(queue, items=(*rest[:at], item, *rest[at:]))


def _with(queue: Queue, changed: Item) -> Queue:
    return replace(queue, items=tuple(changed if item.id == changed.id else item for item in queue.items))


_HANDLERS: dict[str, Callable[[Queue, Event], Queue]] = {
    "item_added": _added,
    "item_started": _started,
    "item_ended": _ended,
    "item_again": _again,
    "item_moved": _moved,
    "queue_paused": lambda queue, event: replace(queue, paused=event["why"]),
    "queue_resumed": lambda queue, event: replace(queue, paused=None),
}
