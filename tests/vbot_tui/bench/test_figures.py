import json
import os
import subprocess
import sys
import time

import pytest

from tests.sessions.builders import make_workspace
from vbot_tui.bench import figures, herd, inside
from vbot_tui.bench.program import Program, TooLate, cpu_s, terminal_environment
from vbot_tui.bench.stage import Stage, quantile

NAMES = [
    "first_byte_ms",
    "first_table_ms",
    "append_to_pixel_p95_ms",
    "idle_cpu_pct",
    "live_cpu_pct",
    "wire_kb_s",
    "key_extra_ms",
    "table_10k_ms",
    "chart_1m_ms",
    "reader_mvalues_s",
    "stall_gap_s",
    "hangup_s",
    "attach_s",
    "fuzz_failures",
    "key_storm_failures",
]


def test_the_figures_are_those_that_were_agreed():
    assert list(figures.TARGETS) == NAMES
    assert sorted(name for names, _ in figures.GROUPS for name in names) == sorted(NAMES)


def test_a_figure_is_the_median_of_its_rounds_and_must_not_exceed_its_target():
    assert figures.figure("idle_cpu_pct", [0.1, 9.0, 0.5]).as_json() == {"value": 0.5, "target": 0.5, "holds": True}
    assert not figures.figure("idle_cpu_pct", [0.6]).holds
    assert not figures.figure("idle_cpu_pct", [0.1], good=False).holds


def test_the_readers_speed_must_reach_its_target():
    assert figures.figure("reader_mvalues_s", [1.6]).holds
    assert not figures.figure("reader_mvalues_s", [1.4]).holds


def test_only_what_is_asked_for_is_measured(tmp_path, monkeypatch):
    asked = []

    def take(name):
        def measure(stage):
            asked.append(name)
            return [figures.figure(name, [1.0])]

        return measure

    monkeypatch.setattr(figures, "GROUPS", tuple(((name,), take(name)) for name in NAMES))
    (found,) = figures.measure(Stage(tmp_path), ["attach_s"])
    assert (found.name, asked) == ("attach_s", ["attach_s"])


@pytest.mark.parametrize(("share", "expected"), [(0.95, 19), (0.5, 10), (1.0, 20), (0.0, 1)])
def test_a_quantile_is_a_value_that_occurred(share, expected):
    assert quantile([float(k) for k in range(20, 0, -1)], share) == expected


# --- the harness: a program in a terminal


def script(text, **options):
    return Program([sys.executable, "-c", text], terminal_environment(), **options)


def test_the_first_byte_and_the_picture_are_timed():
    with script(
        "import time; print('a', flush=True); time.sleep(0.3); print('b', flush=True); time.sleep(9)"
    ) as program:
        shown = program.wait(lambda screen: "b" in screen.text, 10, "b")
        assert 0.25 < shown - program.first_byte_at < 5


def test_a_slow_line_delays_both_ways():
    with script("print(input(), flush=True); input()", delay_s=0.2) as program:
        program.idle_for(1.0)
        began = time.monotonic()
        program.press("x\n")
        assert 0.4 <= program.wait(lambda screen: "x\nx" in screen.text, 10, "the answer") - began < 5


def test_a_slow_line_has_a_rate():
    with script("print('y' * 999, flush=True); input()", columns=80, delay_s=0.01, bytes_per_s=2000) as program:
        program.wait(lambda screen: "y" in screen.text, 10, "it begins")
        first = time.monotonic()
        assert first - program.started_at > 0.45


def test_what_does_not_come_is_an_error_with_the_screen():
    with script("print('other', flush=True); input()") as program, pytest.raises(TooLate, match="other"):
        program.wait(lambda screen: "this" in screen.text, 0.5, "this")


def test_a_program_that_ends_early_is_an_error_with_its_code():
    with script("raise SystemExit(3)") as program, pytest.raises(TooLate, match="left with 3"):
        program.wait(lambda screen: False, 10, "anything")


BURN = """
import threading, time
def burn():
    end = time.thread_time() + 0.3
    while time.thread_time() < end:
        pass
one = threading.Thread(target=burn)
one.start()
one.join()
print("done", flush=True)
input()
"""


def test_cpu_of_a_process_counts_threads_that_have_ended():
    with script(BURN) as program:
        program.wait(lambda screen: "done" in screen.text, 20, "done")
        assert 0.29 <= cpu_s(program.process.pid) < 2


# --- made-up runs are real ones


def test_a_writer_is_a_live_run_and_tensorboard_reads_what_it_wrote(tmp_path):
    workspace = make_workspace(tmp_path)
    writer = herd.Writer(workspace, "w0", 1)
    writer.write()
    writer.write()
    assert writer.run.is_alive()
    assert writer.run.status().env_steps == 200_000
    writer.close()
    assert not writer.run.is_alive()
    curves = herd.all_values(writer.run)
    assert [step for step, _ in curves["reward/total"]] == [100_000, 200_000]


def test_values_equal_those_of_tensorboards_own_reader(tmp_path):
    path = tmp_path / "events.out.tfevents.1.h"
    herd.long_run(path, updates=50, tags=7)
    assert inside.same_as_tensorboard(path)


def test_a_difference_to_tensorboards_reader_would_be_seen(tmp_path, monkeypatch):
    path = tmp_path / "events.out.tfevents.1.h"
    herd.long_run(path, updates=5, tags=2)
    whole = inside.EventFileReader.read_new
    monkeypatch.setattr(inside.EventFileReader, "read_new", lambda self: whole(self)[:-1])
    assert not inside.same_as_tensorboard(path)


def test_an_unknown_figure_is_wrong_usage():
    words = [sys.executable, "-P", "-m", "vbot_tui.cli", "bench", "cockpit", "--only", "first_bite_ms", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2
    assert "first_byte_ms" in json.loads(done.stdout)["error"]
