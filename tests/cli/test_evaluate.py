"""What `vbot eval` says while it judges."""

import io

from vbot_tui.cli.console import Console
from vbot_tui.cli.evaluate import Progress


def said(times, *, as_json=False):
    err = io.StringIO()
    err.isatty = lambda: True
    clock = iter([0.0, *times])
    told = Progress("r@5: strict", Console(io.StringIO(), err, as_json=as_json), lambda: next(clock))
    told(3, 256)
    told(9, 256)
    return [line.rstrip() for line in err.getvalue().split("\r")[1:]]


def test_episodes_are_counted_every_few_seconds():
    assert said([1.0, 3.0, 3.0]) == ["r@5: strict", "r@5: strict, 9 of 256 episodes over"]


def test_with_json_nothing_is_said():
    assert said([1.0, 3.0, 3.0], as_json=True) == []
