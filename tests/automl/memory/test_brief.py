import pytest

from automl.memory import brief
from automl.memory.brief_text import MOST_LINES, counted, render
from automl.memory.index import Index
from automl.memory.looked import last_look, mark_looked, parse_since
from sessions import notes
from sessions.errors import UsageError
from sessions.locks import Lock
from tests.automl.memory.builders import ENV, HOUR, make_run, make_study, make_workspace, trial

NOON = 1795435200.0  # 2026-11-23T12:00:00Z


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path)


def gather(ws, since=None):
    return brief.gather(ws, since, clock=lambda: NOON)


def about(lines):
    return [line.about for line in lines]


def test_what_ended_after_the_last_look_is_news_and_nothing_else(ws):
    make_run(ws, "old", updated=HOUR.format(5))
    make_run(ws, "new", updated=HOUR.format(9))
    mark_looked(ws, HOUR.format(7))
    found = gather(ws)
    assert found.since == HOUR.format(7)
    assert about(found.happened) == ["new"]
    assert about(gather(ws, since=HOUR.format(3)).happened) == ["new", "old"]


def test_making_a_brief_is_not_looking(ws):
    brief.refresh(ws, clock=lambda: NOON)
    assert last_look(ws) is None
    assert (ws.root / "WAKE_UP.md").read_text().startswith("# Wake up\n\n2026-11-23 12:00 UTC. 0 runs, 0 studies.")


def test_leaders_are_ranked_by_score_and_broken_runs_do_not_lead(ws):
    make_run(ws, "second", scores={10: 0.5})
    make_run(ws, "first", scores={10: 0.25, 20: 0.75, 30: 0.5})
    make_run(ws, "broken", scores={10: 0.99}, state="diverged")
    make_run(ws, "claims", score=5.0)
    other = make_run(ws, "course", env="vbot_navigation_section011", scores={10: 0.125})
    found = [(lead.env, lead.run, lead.step, lead.score) for lead in gather(ws).leads]
    assert found == [
        (ENV, "first", 20, 0.75),
        (ENV, "second", 10, 0.5),
        ("vbot_navigation_section011", other.id, 10, 0.125),
    ]


def test_a_fallen_run_is_named_with_its_reason_and_a_flagged_one_with_its_evidence(ws):
    make_run(ws, "crashed", state="failed", end_reason="crashed", end_detail="ValueError: 3 is not 4")
    make_run(ws, "nan", curves={100: {"reward/total": float("nan")}})
    make_run(ws, "fine", curves={100: {"reward/total": 1.0}})
    lines = {line.about: line.text for line in gather(ws).fell}
    assert set(lines) == {"crashed", "nan"}
    assert lines["crashed"] == "failed: ValueError: 3 is not 4"
    assert lines["nan"].partition(":")[2].strip()


def test_only_a_few_unjudged_runs_are_judged_at_once_and_the_others_are_counted(ws):
    for number in range(brief.JUDGED_RUNS + 3):
        make_run(ws, f"r{number:02d}", curves={100: {"reward/total": 1.0}})
    index = Index(ws)
    found = brief.gather(ws, index=index, clock=lambda: NOON)
    assert index.reads["curves"] == brief.JUDGED_RUNS
    assert found.unjudged == 3
    assert "3 ended runs have not been judged" in render(found)


def test_a_brief_on_a_thousand_known_runs_opens_no_file_of_theirs(ws):
    for number in range(1000):
        make_run(ws, f"r{number:04d}", study="s", trial=number)
    make_study(ws, "s", [event for n in range(1000) for event in trial(n, 0.5, run=f"r{n:04d}", flags=["moat"])])
    first = Index(ws)
    brief.gather(ws, index=first, clock=lambda: NOON)
    assert (first.reads["run"], first.reads["study"]) == (1000, 1)
    second = Index(ws)
    found = brief.gather(ws, since=HOUR.format(9), index=second, clock=lambda: NOON)
    assert sum(second.reads.values()) == 0
    assert (found.runs, found.happened) == (1000, ())


def test_studies_that_wait_for_a_person_are_named_with_what_to_do(ws):
    make_study(ws, "s1-alone", trial(0, 0.5))
    make_study(ws, "s2-paused", [{"type": "study_paused", "who": "scheduler", "why": "three trials crashed"}])
    make_study(ws, "s3-done", trial(0, 0.5), ended="all trials ended")
    with Lock.acquire(ws.studies / "s2-paused" / "lock"):
        found = gather(ws)
    assert [(line.about, line.text, line.do) for line in found.needs if line.about != "disk"] == [
        ("s1-alone", "nobody schedules it", "vbot automl resume s1-alone"),
        ("s2-paused", "paused by scheduler: three trials crashed", "vbot-tui, then P"),
    ]


def test_crashed_trials_of_an_open_study_need_a_person(ws):
    crash = trial(0, None, state="failed", reason="crashed", detail="ImportError: no x", run="r0")
    make_study(ws, "s", crash)
    with Lock.acquire(ws.studies / "s" / "lock"):
        (line,) = [line for line in gather(ws).needs if line.about == "s"]
    assert line.text == "1 of 1 trials crashed, the last one (trial 0): ImportError: no x"


def test_a_full_disk_is_named(ws, monkeypatch):
    monkeypatch.setattr(brief, "LOW_DISK_BYTES", 1 << 62)
    assert about(gather(ws).needs) == ["disk"]
    monkeypatch.setattr(brief, "LOW_DISK_BYTES", 0)
    assert gather(ws).needs == ()


def test_open_todos_are_shown_until_a_run_answers_them(ws):
    make_run(ws, "answer")
    todo = notes.add(ws, "try radius 1 m\nas in the report", kind=notes.TODO)
    text = render(gather(ws))
    assert f"- [ ] TODO {todo.id}" in text
    assert "try radius 1 m ..." in text
    notes.finish(ws, todo.id, run="answer")
    assert gather(ws).todos == ()
    assert todo.id not in render(gather(ws))


def test_the_best_trial_of_an_ended_study_is_proposed_until_somebody_trained_it(ws):
    make_run(ws, "best-run", study="s", kind="trial", scores={10: 0.9})
    make_study(ws, "s", [*trial(0, 0.5), *trial(1, 0.9, run="best-run")], ended="all trials ended")
    (line,) = gather(ws).next
    assert line.text == "train its best trial, 1 (score 0.900), in full length"
    config = ws.runs / "best-run" / "config.yaml"
    assert line.do == f"vbot train {ENV} --final --config {config} --steps 6000000"
    make_run(ws, "long", kind="final", command=line.do)
    assert all(line.about != "s" for line in gather(ws).next)


@pytest.mark.parametrize(("length", "asked"), [(3_000_000, "6000000"), (8_000_000, "8000000")])
def test_a_final_run_is_proposed_in_the_length_of_the_cockpit_and_never_shorter_than_the_trial(ws, length, asked):
    make_study(ws, "s", trial(0, 0.5, run="s-run"), ended="all trials ended", trial_env_steps=length)
    (line,) = gather(ws).next
    assert line.do.rpartition(" ")[2] == asked


@pytest.mark.parametrize(
    ("number", "word", "words"),
    [
        (1, "run", "1 run"),
        (2, "run", "2 runs"),
        (1, "study", "1 study"),
        (1200, "study", "1,200 studies"),
        (2, "older crash", "2 older crashes"),
    ],
)
def test_things_are_counted_in_words(number, word, words):
    assert counted(number, word) == words


def test_an_empty_workspace_says_how_to_begin(ws):
    assert [line.do for line in gather(ws).next] == ["vbot-tui"]


def test_long_lists_are_cut_in_words_and_whole_as_data(ws):
    for number in range(MOST_LINES + 5):
        make_run(ws, f"r{number:02d}")
    found = gather(ws)
    assert len(found.happened) == MOST_LINES + 5
    assert "... and 5 more" in render(found)


def test_a_live_run_says_how_far_it_is(ws):
    run = make_run(ws, "live", state="running", env_steps=250, eta_s=120.0)
    with Lock.acquire(run.lock_path):
        (line,) = gather(ws).running
    assert line.text == "step 250 of 1,000 (25%), about 2 min left"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", "2026-11-23T00:00:00.000Z"),
        ("2026-11-23T04:35", "2026-11-23T04:35:00.000Z"),
        ("90m", "2026-11-23T10:30:00.000Z"),
        ("2d", "2026-11-21T12:00:00.000Z"),
    ],
)
def test_times_are_given_as_dates_or_as_how_long_ago(text, expected):
    assert parse_since(text, NOON) == expected


def test_what_is_no_time_is_refused():
    with pytest.raises(UsageError, match="'yesterday' is no time"):
        parse_since("yesterday", NOON)
