"""A terminal driver for lines that stall and lines that die.

Textual's own driver hands its output to a thread through a queue of thirty and waits when the queue is full: a terminal
that is not read then freezes the event loop. This one never waits. A frame that finds no room is dropped and
remembered; once the line drains, the app repaints everything. A terminal that is gone (end of file or an error on
input) is reported once instead of being read for ever.
"""

import os
import queue
import select
import threading
import time
from codecs import getincrementaldecoder
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from vbot_tui import curtain

ALTERNATE_SCREEN = "\x1b[?1049h"
CLOSE_WAIT_S = 0.3
ESCAPE_WAIT_S = 0.1  # an escape that nothing follows is the key of that name


class Bell(threading.Event):
    """An event that also wakes whoever waits for a terminal, so that nobody has to look at it ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        self.fd, self._rope = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)

    def set(self) -> None:
        """Ring."""
        super().set()
        os.write(self._rope, b"x")

    def clear(self) -> None:
        """Be still again."""
        super().clear()
        with suppress(BlockingIOError):
            os.read(self.fd, 4096)

    def __del__(self) -> None:
        for descriptor in (self.fd, self._rope):
            with suppress(OSError):
                os.close(descriptor)


class PatientDriver(LinuxDriver):
    """The Linux driver, made to never block on its terminal."""

    dropped: bool = False
    drops: int = 0
    lost: bool = False
    _keeps_picture: bool = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - those of the Linux driver
        super().__init__(*args, **kwargs)
        self.exit_event: Bell = Bell()

    def start_application_mode(self) -> None:
        """Take the terminal; a picture that is on it already stays until the first frame covers it."""
        before = curtain.taken_over()
        self._keeps_picture = before is not None
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if before is not None:
            self.attrs_before = before

    def write(self, data: str) -> None:
        """Queue output if there is room, else drop it and remember that a repaint is owed."""
        writer = self._writer_thread
        if writer is None or not data:
            return
        if self._keeps_picture and data == ALTERNATE_SCREEN:
            self._keeps_picture = False
            return
        if not writer.is_alive():
            self._lose()
            return
        try:
            writer._queue.put_nowait(data)
        except queue.Full:
            if not self.dropped:
                self._tell("terminal_stalled")
            self.dropped = True
            self.drops += 1

    @property
    def repaint_due(self) -> bool:
        """Whether frames were dropped and the line has drained since."""
        writer = self._writer_thread
        return self.dropped and not self.lost and writer is not None and writer._queue.empty()

    def repainted(self) -> None:
        """Forget the dropped frames; called right before a full repaint."""
        self.dropped = False

    def close(self) -> None:
        """End the output thread without waiting for a terminal that does not read."""
        writer = self._writer_thread
        if writer is None:
            return
        end = time.monotonic() + CLOSE_WAIT_S
        while writer.is_alive() and time.monotonic() < end:
            try:
                writer._queue.put_nowait(None)
                break
            except queue.Full:
                time.sleep(0.01)
        writer.join(max(0.0, end - time.monotonic()))

    @property
    def output_stuck(self) -> bool:
        """Whether the output thread is still waiting for the terminal (after close)."""
        return self._writer_thread is not None and self._writer_thread.is_alive()

    def run_input_thread(self) -> None:
        """Read keys until told to stop, or until the terminal is gone."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        while not self.exit_event.is_set():
            wait = ESCAPE_WAIT_S if parser._timeout_time is not None else None
            ready, _, _ = select.select([self.fileno, self.exit_event.fd], [], [], wait)
            if self.fileno in ready:
                data = self._read()
                if not data:
                    self._lose()
                    return
                self._feed(parser.feed(decode(data)))
            self._feed(parser.tick())

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, 4096)
        except OSError:
            return b""

    def _feed(self, events: Iterable[Message]) -> None:
        for event in events:
            self.process_message(event)

    def _lose(self) -> None:
        """Tell the app once, from whatever thread, that the terminal is gone."""
        if self.lost:
            return
        self.lost = True
        self._tell("terminal_lost")

    def _tell(self, what: str) -> None:
        tell: Callable[[], None] | None = getattr(self._app, what, None)
        if tell is not None:
            self._loop.call_soon_threadsafe(tell)
