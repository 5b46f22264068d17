"""Hints that files of runs have changed: from the kernel (inotify), else from watchdog, else none.

A hint is the name of a run. Writing one update makes a handful of events; they are read together and told once. After
quiet a hint comes at once; while runs go on writing, hints come together, a few times a second: who hears them wakes
threads and draws, and eight runs that write twice a second must cost next to nothing. Nothing is opened or read here.
"""

import ctypes
import os
import select
import struct
import threading
import time
import warnings
from collections.abc import Callable, Iterator

from sessions.workspace import is_folder

Hint = Callable[[str], None]
Watch = Callable[[str, Hint], Callable[[], None]]
"""Gets a folder and a function to call with the names of runs in it that changed; returns a function that ends it."""

_MODIFY, _MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x2, 0x40, 0x80, 0x100, 0x200
_OVERFLOW, _IGNORED, _ONLY_FOLDERS = 0x4000, 0x8000, 0x1000000
_MASK = _MODIFY | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _ONLY_FOLDERS
_EVENT = struct.Struct("iIII")
_BUFFER = 1 << 18
GATHER_S = 0.02
PACE_S = 0.27  # between two hints while runs go on writing; no picture is made more often
EVERYTHING = ""
"""The hint that any run may have changed."""


def watch(folder: str, hint: Hint) -> Callable[[], None]:
    """Give hints of the best kind there is here.

    Raises:
        OSError: There are none: no watches left, or the folder does not exist.
    """
    try:
        return watch_with_inotify(folder, hint)
    except AttributeError:  # the system's library has no inotify
        return watch_with_watchdog(folder, hint)


class _Inotify:
    """The kernel's events of a folder and of the folders in it, one level deep."""

    def __init__(self, folder: str) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._add = self._libc.inotify_add_watch
        self._folder = folder
        self.fd = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self.fd < 0:
            raise _error(folder)
        self._names: dict[int, str] = {}
        try:
            self._root = self._watch(folder, "")
            with os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.name.startswith(".") and is_folder(entry):
                        self._watch(entry.path, entry.name)
        except BaseException:
            os.close(self.fd)
            raise

    def _watch(self, path: str, name: str) -> int:
        number = int(self._add(self.fd, os.fsencode(path), _MASK))
        if number < 0:
            raise _error(path)
        self._names[number] = name
        return number

    def changed(self) -> set[str]:
        """The runs of which something changed since the last call."""
        try:
            data = os.read(self.fd, _BUFFER)
        except BlockingIOError:
            return set()
        found: set[str] = set()
        for number, mask, name in _events(data):
            if mask & _OVERFLOW:
                found.add(EVERYTHING)
            elif mask & _IGNORED:
                self._names.pop(number, None)
            elif number != self._root:
                found.add(self._names.get(number, EVERYTHING))
            elif not name.startswith("."):
                found.add(name)
                if mask & (_CREATE | _MOVED_TO):
                    self._begin(name)
        return found

    def _begin(self, name: str) -> None:
        try:
            self._watch(f"{self._folder}/{name}", name)
        except OSError:
            return  # gone again, or no watch is left: polling finds out


def _events(data: bytes) -> Iterator[tuple[int, int, str]]:
    position = 0
    while position + _EVENT.size <= len(data):
        number, mask, _, length = _EVENT.unpack_from(data, position)
        position += _EVENT.size
        yield number, mask, os.fsdecode(data[position : position + length].rstrip(b"\0"))
        position += length


def _error(path: str) -> OSError:
    code = ctypes.get_errno()
    return OSError(code, os.strerror(code), path)


def watch_with_inotify(folder: str, hint: Hint) -> Callable[[], None]:
    """Hints from the kernel, gathered in a thread of its own.

    Raises:
        OSError: There are no watches or no instances left, or the folder does not exist.
        AttributeError: This system has no inotify.
    """
    source = _Inotify(folder.rstrip("/"))
    stop_reader, stop_writer = os.pipe2(os.O_CLOEXEC)
    stopping = threading.Event()

    def run() -> None:
        poll = select.poll()
        poll.register(source.fd, select.POLLIN)
        poll.register(stop_reader, select.POLLIN)
        told_at = -PACE_S
        while not stopping.is_set():
            poll.poll()
            # An update is an event file and a status: one hint for both.
            stopping.wait(max(GATHER_S, told_at + PACE_S - time.monotonic()))
            told_at = time.monotonic()
            for name in source.changed():
                hint(name)

    thread = threading.Thread(target=run, name="watch", daemon=True)
    thread.start()

    def end() -> None:
        if stopping.is_set():
            return
        stopping.set()
        os.write(stop_writer, b"x")
        thread.join(timeout=2.0)
        for descriptor in (source.fd, stop_reader, stop_writer):
            os.close(descriptor)

    return end


def watch_with_watchdog(folder: str, hint: Hint) -> Callable[[], None]:
    """Hints by way of watchdog, for systems without inotify.

    Raises:
        OSError: There are none, or the folder does not exist.
    """
    from watchdog import events
    from watchdog.observers import Observer

    prefix = folder.rstrip("/") + "/"

    class Handler(events.FileSystemEventHandler):
        def dispatch(self, event: events.FileSystemEvent) -> None:
            for path in (event.src_path, event.dest_path):
                text = path if isinstance(path, str) else bytes(path).decode(errors="surrogateescape")
                if text.startswith(prefix):
                    hint(text[len(prefix) :].split("/", 1)[0])

    # A folder that is made and filled at once may get its watch twice; watchdog warns and goes on.
    warnings.filterwarnings("ignore", message="Callback with id", category=RuntimeWarning)
    observer = Observer()
    try:
        observer.schedule(Handler(), folder, recursive=True)
        observer.start()
    except BaseException:
        observer.on_thread_stop()
        raise

    def end() -> None:
        observer.stop()
        observer.join(timeout=2.0)

    return end
