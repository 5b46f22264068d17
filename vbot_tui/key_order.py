"""Keys in their order, each for the screen that the one before has led to.

A line collects keys: ``/T1`` may come in one piece. The first one opens a field, which takes a moment to be there; the
``T`` must not reach the table meanwhile, where it would start a trial. So a key waits until the one before has been
dealt with and the screen on top listens.
"""

import time
from collections import deque
from functools import partial

from textual import events
from textual.app import App, ReturnType
from textual.message_pump import MessagePump
from textual.widgets import Input

LOOK_S = 0.01
ROUNDS = 3
PATIENCE_S = 0.5
"""A widget that has gone before it could say that it was done, or never comes, holds the next key up no longer."""


class OrderlyApp(App[ReturnType]):
    """An app that deals with one key at a time."""

    _pressed: events.Key | None = None
    _deaf_since: float | None = None

    async def on_event(self, event: events.Event) -> None:
        """Let keys wait for their turn; all else goes on at once."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._waiting_keys.append(event)
            await self._next_key()
        else:
            await super().on_event(event)

    @property
    def _waiting_keys(self) -> deque[events.Key]:
        found: deque[events.Key] = self.__dict__.setdefault("_key_queue", deque())
        return found

    def _listens(self) -> bool:
        """Whether the screen on top is there, and its field, if it has one, takes what is typed."""
        screen = self.screen
        if screen.is_mounted and (screen.focused is not None or not screen.query(Input)):
            self._deaf_since = None
            return True
        now = time.monotonic()
        self._deaf_since = self._deaf_since or now
        return now - self._deaf_since > PATIENCE_S

    async def _next_key(self) -> None:
        if self._pressed is not None or not self._waiting_keys:
            return
        if not self._listens():
            self.set_timer(LOOK_S, self._next_key)
            return
        key = self._pressed = self._waiting_keys.popleft()
        target = self.focused or self.screen
        self.set_timer(PATIENCE_S, partial(self._done, key))
        await super().on_event(key)
        target.call_later(self._follow, target, target, key, ROUNDS)

    async def _follow(self, target: MessagePump, node: MessagePump, key: events.Key, rounds: int) -> None:
        """Go the way of the key, from the widget that got it up to the app, where bindings are obeyed; then once more.

        A field tells its screen with a message of its own that Enter was pressed, and that goes the same way.
        """
        if node is not self:
            parent = node._parent or self
            parent.call_later(self._follow, target, parent, key, rounds)
        elif rounds > 1 and target._running:
            target.call_later(self._follow, target, target, key, rounds - 1)
        else:
            await self._done(key)

    async def _done(self, key: events.Key) -> None:
        if self._pressed is key:
            self._pressed = None
            await self._next_key()
