"""The driver on a real pseudo-terminal that stalls and dies."""

import asyncio
import os
import pty
import select
import threading
import time
import tty
from contextlib import suppress

import pytest
from textual.drivers._writer_thread import WriterThread

from vbot_tui.driver import Bell, PatientDriver

PATIENCE_S = 10.0


class FakeApp:
    def __init__(self):
        self.lost = 0
        self.stalls = 0
        self.told = asyncio.Event()

    def terminal_lost(self):
        self.lost += 1
        self.told.set()

    def terminal_stalled(self):
        self.stalls += 1


@pytest.fixture
async def line():
    """A driver on the slave side of a pty, without the application mode that would own signals."""
    master, slave = pty.openpty()
    app = FakeApp()
    driver = PatientDriver.__new__(PatientDriver)
    super(PatientDriver.__mro__[1], driver).__init__(app, debug=False, mouse=False, size=(80, 24))
    driver.fileno = slave
    driver.exit_event = Bell()
    driver._in_band_window_resize = False
    out = os.fdopen(os.dup(slave), "w", encoding="utf-8")
    driver._writer_thread = WriterThread(out)
    driver._writer_thread.start()
    yield driver, app, master
    driver.exit_event.set()
    with suppress(OSError):  # a test may have closed it
        drain(master)
    driver.close()
    for fd in (master, slave):
        with suppress(OSError):
            os.close(fd)
    driver._writer_thread.join(PATIENCE_S)
    with suppress(OSError):
        out.close()


def drain(master):
    """Read what waits in the line."""
    got = b""
    while select.select([master], [], [], 0.2)[0]:
        try:
            got += os.read(master, 65536)
        except OSError:
            break
    return got


def fill(driver):
    """Write until the line and the queue are full."""
    for _ in range(2000):
        driver.write("x" * 4096)
        if driver.dropped:
            return
    raise AssertionError("a line that nobody reads took 8 MB")


async def test_what_is_written_arrives(line):
    driver, _, master = line
    driver.write("hello")
    assert b"hello" in drain(master)
    assert not driver.dropped and not driver.repaint_due


async def test_a_stalled_line_never_blocks_is_told_once_and_owes_a_repaint_once_it_drains(line):
    driver, app, master = line
    fill(driver)
    while driver.drops < 2:
        driver.write("x" * 4096)
    assert not driver.repaint_due
    await asyncio.sleep(0)
    assert app.stalls == 1
    while b"x" in drain(master):
        pass
    assert driver.repaint_due
    driver.repainted()
    assert not driver.repaint_due and not driver.dropped


async def test_closing_on_a_stalled_line_returns(line):
    driver, _, _ = line
    fill(driver)
    await asyncio.wait_for(asyncio.to_thread(driver.close), 3.0)
    assert driver.output_stuck


async def test_a_dead_terminal_is_reported_once_and_reading_ends(line):
    driver, app, master = line
    reader = threading.Thread(target=driver.run_input_thread, daemon=True)
    reader.start()
    os.close(master)
    await asyncio.wait_for(app.told.wait(), PATIENCE_S)
    reader.join(PATIENCE_S)
    assert not reader.is_alive()
    driver._lose()
    await asyncio.sleep(0)
    assert app.lost == 1


async def keys_of(driver, master, written):
    """Return the keys that come of what is written, once there are some, and the thread that still reads."""
    got = []
    enough = threading.Event()
    driver.process_message = lambda event: (got.append(getattr(event, "key", "")), enough.set())
    reader = threading.Thread(target=driver.run_input_thread, daemon=True)
    reader.start()
    os.write(master, written)
    assert await asyncio.to_thread(enough.wait, PATIENCE_S)
    return got, reader


async def test_keys_arrive_as_events(line):
    driver, _, master = line
    got, reader = await keys_of(driver, master, b"j\n")
    driver.exit_event.set()
    reader.join(PATIENCE_S)
    assert got[0] == "j"


async def test_a_lone_escape_is_a_key_and_leaving_wakes_who_waits_for_keys(line):
    driver, _, master = line
    tty.setraw(driver.fileno)
    got, reader = await keys_of(driver, master, b"\x1b")
    assert got == ["escape"]
    began = time.monotonic()
    driver.exit_event.set()
    reader.join(PATIENCE_S)
    assert time.monotonic() - began < PATIENCE_S / 2
    assert not reader.is_alive()


def test_a_bell_that_has_rung_can_be_still_again():
    bell = Bell()
    bell.set()
    assert bell.is_set()
    assert select.select([bell.fd], [], [], 0)[0]
    bell.clear()
    assert not bell.is_set()
    assert not select.select([bell.fd], [], [], 0)[0]
