"""Every number that a detector looks at is one that the registry of metrics describes."""

import re
from pathlib import Path

from automl import flags, recordings
from sessions import metrics

SOURCES = sorted(Path(flags.__file__).parent.glob("*.py"))
TAG = re.compile(r'"((?:episode|task|ppo|perf|value|end|eval|reward)/[a-z_]+)"')


def used() -> set[str]:
    return {tag for path in SOURCES for tag in TAG.findall(path.read_text())}


def test_detectors_look_at_registered_metrics_only():
    assert len(used()) > 20
    assert [tag for tag in sorted(used()) if not metrics.is_registered(tag)] == []


def test_a_metric_has_a_unit_a_reduction_and_a_direction():
    found = [metrics.describe(tag) for tag in used()]
    assert all(metric.reduction in ("mean", "last", "sum", "fraction", "max") for metric in found)
    assert all(metric.direction in ("up", "down", "none") and metric.help for metric in found)


def test_recordings_keep_what_detectors_look_at_but_the_speed_of_the_machine():
    kept = {tag for tag in used() if tag in recordings.TAGS or tag.startswith(recordings.PREFIXES)}
    assert used() - kept == {"perf/steps_per_s", "perf/rss_mb"}
