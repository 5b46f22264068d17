import shutil

import pytest

from automl.memory import records, report_file
from automl.memory.index import Index
from sessions.errors import NotFoundError, UsageError
from sessions.locks import Lock
from tests.automl.memory.builders import make_config, make_run, make_study, make_workspace, trial


@pytest.fixture
def ws(tmp_path):
    return make_workspace(tmp_path / "ws")


def text(ws):
    return (ws.reports / "REPORT_section001.md").read_text()


def write_reasoning(ws, words):
    path = ws.reports / "REPORT_section001.md"
    head, mark, rest = path.read_text().partition("<!-- yours")
    line, _, tail = rest.partition("\n")
    path.write_text(f"{head}{mark}{line}\n{words}\n{tail}")


def test_an_entry_tells_the_run_from_its_files(ws):
    curves = {step: {"episode/success": step / 100, "reward/total": 1.0} for step in range(10, 110, 10)}
    run = make_run(
        ws,
        "r1",
        scores={50: 0.5, 100: 0.25},
        curves=curves,
        end_reason="finished",
        end_detail="all done",
        command="vbot train x --seed 3",
    )
    (run.checkpoint_dir / "step_50.pt").touch()
    make_config(run, {"env": "e", "preset": "gone", "ppo": {"clip": 0.1}}, {"ppo.clip": "override"})
    done = records.add(ws, "r1")
    assert (done.id, done.kind, done.added) == ("r1", "run", True)
    page = text(ws)
    assert page.startswith("# Experiment record: section001\n")
    assert "r1: finished, score 0.500" in page
    assert "| `ppo.clip` | - | 0.1 | override |" in page
    assert "| 10 | 0.1 | 1 |" in page
    assert "| 100 | 1 | 1 |" in page
    assert "| 50 | competition | 2 | 0.5 | 0.5 | 0.25 | - |" in page
    assert "`r1@50`: `runs/r1/checkpoints/step_50.pt`" in page
    assert "--config runs/r1/config.yaml" in page
    assert "# it was started by: vbot train x --seed 3" in page


def test_an_id_has_one_entry_however_often_it_is_asked_for(ws):
    make_run(ws, "r1")
    make_run(ws, "r2")
    assert records.add(ws, "r1").added
    before = text(ws)
    assert not records.add(ws, "r1").added
    assert text(ws) == before
    records.add(ws, "r2")
    assert text(ws).startswith(before)
    assert [entry.id for entry in report_file.entries(text(ws))] == ["r1", "r2"]


def test_what_the_person_wrote_stays_byte_for_byte(ws):
    make_run(ws, "r1")
    make_run(ws, "r2")
    records.add(ws, "r1")
    write_reasoning(ws, "The moat | again: *reject*.")
    before = text(ws)
    records.add(ws, "r1")
    records.add(ws, "r2")
    assert text(ws).startswith(before)
    assert report_file.entries(text(ws))[0].reasoning == "The moat | again: *reject*."


def test_what_has_not_ended_gets_no_entry(ws):
    run = make_run(ws, "live", state="running")
    with Lock.acquire(run.lock_path), pytest.raises(UsageError, match="live is running"):
        records.add(ws, "live")
    make_study(ws, "open", trial(0, 0.5))
    with pytest.raises(UsageError, match="study open has not ended"):
        records.add(ws, "open")
    with pytest.raises(NotFoundError, match="no run id begins with or contains 'nobody'"):
        records.add(ws, "nobody")
    assert not list(ws.reports.glob("REPORT_*"))


def test_the_entry_of_a_study_ranks_its_trials_and_names_their_runs(ws):
    make_run(ws, "run-b", study="s", scores={10: 0.9})
    make_study(
        ws,
        "s",
        [
            *trial(0, 0.5, run="run-a", flags=["moat"]),
            *trial(1, 0.9, run="run-b", params={"ppo.learning_rate": 2e-3}),
            *trial(2, None, run="run-c", state="failed", reason="crashed"),
        ],
        ended="all trials ended",
    )
    records.add(ws, "s")
    lines = [line for line in text(ws).splitlines() if line.startswith(("| 0 |", "| 1 |", "| 2 |"))]
    assert [line[:5] for line in lines] == ["| 1 |", "| 0 |", "| 2 |"]
    assert "0.002" in lines[0] and "`run-b`" in lines[0] and "moat" in lines[1] and "crashed" in lines[2]
    assert "s: finished, 3 trials, best 0.900 (trial 1)" in text(ws)
    assert "- `moat` in 1 of 3 trials: 0" in text(ws)
    assert "vbot automl run studies/s/study.yaml" in text(ws)


def test_ended_studies_and_single_runs_without_an_entry_are_found(ws):
    make_run(ws, "done")
    make_run(ws, "trial-run", kind="trial", study="s")
    make_run(ws, "smoke-run", kind="smoke")
    make_run(ws, "waiting", state=None)
    make_study(ws, "s", ended="all trials ended")
    assert records.missing(Index(ws)) == ["s", "done"]
    records.add(ws, "done")
    assert records.missing(Index(ws)) == ["s"]


def test_records_of_two_workspaces_survive_copying_one_over_the_other(ws, tmp_path):
    other = make_workspace(tmp_path / "other")
    make_run(ws, "mine")
    make_run(other, "theirs")
    records.add(ws, "mine")
    records.add(other, "theirs")
    write_reasoning(ws, "my thoughts")
    write_reasoning(other, "their thoughts")
    report_file.sync(ws)
    report_file.sync(other)
    shutil.copytree(other.root, ws.root, dirs_exist_ok=True)
    report_file.sync(ws)
    found = {entry.id: entry.reasoning for entry in report_file.entries(text(ws))}
    assert found == {"theirs": "their thoughts", "mine": "my thoughts"}
    once = text(ws)
    report_file.sync(ws)
    assert text(ws) == once


def test_a_kept_entry_does_not_lose_words_to_an_empty_one(ws):
    make_run(ws, "r1")
    records.add(ws, "r1")
    empty = text(ws)
    write_reasoning(ws, "precious")
    report_file.sync(ws)
    (ws.reports / "REPORT_section001.md").write_text(empty)
    report_file.sync(ws)
    kept = (ws.reports / "entries" / "section001" / "r1.md").read_text()
    assert report_file.entries(kept)[0].reasoning == "precious"


def test_curves_are_sampled_evenly_with_both_ends():
    assert records.spread(list(range(0, 101, 10)), 3) == [0, 50, 100]
    assert records.spread([1, 2], 8) == [1, 2]
