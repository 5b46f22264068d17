"""Figures out of captured logs and reports."""

from sessions.history import prose

TAG = "automl_20260216_121537_stage1_flat_i1_1771217492"
LOG = f"""2026-02-16T12:51:32Z [INFO] Trial 2/15: lr=2.42e-04, term=-150
2026-02-16T12:51:32Z [INFO] Launching training: {TAG}
2026-02-16T13:07:45Z [INFO]   Result: reward=1.42, wp_idx=0.27, reached=50.28%, elapsed=966s
2026-02-16T13:07:46Z [ERROR] Training failed: no memory
Traceback (most recent call last):

2026-02-16T13:07:47Z [INFO] Launching training: manual_run
"""
REPORT = """# AutoML Report: automl_20260219_043704

## Summary
- **Status**: completed
- **Mode**: hp-search
- **Budget**: 8.8 / 9.0 hours
- **Iterations**: 19
"""


def test_a_log_tells_its_launches_results_and_errors():
    log = prose.log("a/out.log", LOG)
    first, second = log.trials
    assert (first.tag, first.number, first.launched) == (TAG, 1, "2026-02-16T12:51:32Z")
    assert first.metrics == {"episode_reward_mean": 1.42, "wp_idx_mean": 0.27, "success_rate": 0.5028}
    assert first.elapsed_s == 966
    assert (second.tag, second.metrics) == ("manual_run", {})
    assert (log.campaign, log.lines, log.error_count) == ("automl_20260216_121537", 6, 2)
    assert log.tail[-1].endswith("manual_run")


def test_a_log_of_one_endless_line_is_read():
    log = prose.log("a.log", "2026-02-16T12:51:32Z " + "Launching " * 200_000)
    assert (log.lines, log.trials) == (1, ())


def test_a_report_tells_its_figures():
    report = prose.report("x/report.md", REPORT)
    assert (report.campaign, report.status, report.mode) == ("automl_20260219_043704", "completed", "hp-search")
    assert (report.elapsed_h, report.budget_h, report.iterations) == (8.8, 9.0, 19)


def test_another_text_is_not_a_report_but_has_a_title():
    assert prose.report("x.md", "# Notes\nAutoML Report: x") is None
    assert prose.document("d/x.md", "\n## Lessons \ntext").title == "Lessons"
    assert prose.document("d/x.md", "no heading").title == "x.md"
