"""The start of a trial: medians by hand, once for real on a few simulations, and a training that cannot start."""

import sys

import pytest

from sessions.errors import WorkFailed
from vbot_rl.bench.start import Start, measure, summary

COMMAND = (sys.executable, "-P", "-m", "vbot_tui.cli")


def test_medians_over_all_starts() -> None:
    result = summary([Start(3.0, 100.0), Start(1.0, 120.0), Start(2.0, 90.0)], {"env": "e"})
    assert (result["first_update_s"], result["peak_mb"], result["env"]) == (2.0, 100.0, "e")
    assert len(result["starts"]) == 3


def test_a_real_start_is_timed_and_weighed() -> None:
    found = measure(COMMAND, "vbot_navigation_section001", 16, updates=2)
    assert found.first_update_s > 0.1
    assert 30 < found.peak_mb < 1000


def test_a_training_that_cannot_start_says_why() -> None:
    with pytest.raises(WorkFailed, match="Unknown environment"):
        measure(COMMAND, "vbot_navigation_section999", 16)
