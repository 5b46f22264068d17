"""Trials are put together from every file that speaks of them, and what does not fit is named."""

import json

import pytest

from sessions.history import CRASHED, FINAL, RUN, SCORED, SEARCH, UNSCORED
from sessions.history.reading import read_history
from tests.sessions.history import trees
from tests.sessions.history.trees import (
    CAMPAIGN,
    ENV,
    HP,
    METRICS,
    NO_METRICS,
    REWARD,
    SCORE,
    state,
    summary,
    tag,
    trial,
    write,
)

FOLDER = f"starter_kit_log/{CAMPAIGN}"
STATE = f"{FOLDER}/state.yaml"


def config(number, stamp=1770700000, hp=HP, reward=REWARD):
    content = {"run_tag": tag(number, stamp), "env_name": ENV, "reward_scales": reward, "rl_overrides": hp}
    return {f"{FOLDER}/configs/{tag(number, stamp)}.json": json.dumps(content)}


def summary_file(number, stamp=1770700000, **more):
    return {f"{FOLDER}/experiments/{tag(number, stamp)}/summary.yaml": summary(number, stamp=stamp, **more)}


def index(number, reward=2.0, success=0.5):
    return {
        f"{FOLDER}/index.yaml": f"experiments:\n- completed_at: '2026-02-10T05:21:40Z'\n  environment: {ENV}\n"
        f"  experiment_id: {tag(number)}\n  final_reward: {reward}\n  status: completed\n  success_rate: {success}\n"
    }


def read(tmp_path, *parts):
    files = {}
    for part in parts:
        files |= part if isinstance(part, dict) else {STATE: part}
    return read_history(write(tmp_path, files))


def kinds(findings):
    return [finding.kind for finding in findings]


def test_a_trial_is_joined_from_state_configuration_summary_and_index(tmp_path):
    history = read(tmp_path, state(trial(0)), config(0, hp={**HP, "seed": 42}), summary_file(0), index(0))
    (found,) = history.trials
    assert (found.uid, found.kind, found.outcome, found.env) == (f"{CAMPAIGN}/0", SEARCH, SCORED, ENV)
    assert (found.reward, found.hp) == (REWARD, {**HP, "seed": 42})
    assert found.legacy_score == pytest.approx(SCORE)
    assert (found.score_formula, found.duration_h) == ("success-4000", 0.25)
    assert len(found.sources) == 4
    assert history.contradictions == history.duplicates == ()


def test_a_trial_of_zeros_is_crashed_and_loses_its_score(tmp_path):
    (found,) = read(tmp_path, state(trial(0, NO_METRICS, 0.3), status="paused")).trials
    assert (found.outcome, found.legacy_score, found.discarded_score, found.score_formula) == (CRASHED, None, 0.3, "")


def test_one_figure_that_is_not_zero_is_a_result(tmp_path):
    (found,) = read(tmp_path, state(trial(0, {**NO_METRICS, "episode_reward_mean": -0.1}, 0.3))).trials
    assert (found.outcome, found.legacy_score) == (SCORED, 0.3)


def test_a_completed_campaign_of_crashes_is_contradicted(tmp_path):
    history = read(tmp_path, state(trial(0, NO_METRICS, 0.3), trial(1, NO_METRICS, 0.3)))
    assert kinds(history.contradictions) == ["completed_without_result", "crash_with_score"]
    assert (history.campaigns[0].trials, history.campaigns[0].crashed) == (2, 2)


@pytest.mark.parametrize("score", [".nan", "null", "[1]", "unknown"])
def test_a_score_that_is_no_number_is_no_score(tmp_path, score):
    (found,) = read(tmp_path, state(trial(0, score=score))).trials
    assert (found.outcome, found.legacy_score) == (UNSCORED, None)


def test_different_figures_in_state_and_summary_are_named_with_both_values(tmp_path):
    history = read(tmp_path, state(trial(0)), config(0), summary_file(0, metrics={"success_rate": 0.75}))
    (finding,) = history.contradictions
    assert finding.kind == "values_differ"
    assert "success_rate 0.5 and 0.75" in finding.message
    assert finding.paths == (STATE, f"{FOLDER}/experiments/{tag(0)}/summary.yaml")


def test_different_weights_in_configuration_and_summary_are_named(tmp_path):
    history = read(tmp_path, state(trial(0)), config(0), summary_file(0, reward={**REWARD, "alive_bonus": 0.5}))
    assert any("alive_bonus 0.25 and 0.5" in finding.message for finding in history.contradictions)


def test_an_index_that_disagrees_is_named_and_adds_no_trial(tmp_path):
    history = read(tmp_path, state(trial(0)), index(0, success=0.9))
    assert len(history.trials) == 1
    assert "success_rate 0.5 and 0.9" in history.contradictions[0].message


def test_campaigns_without_a_state_are_read_from_summaries_and_index(tmp_path):
    history = read(tmp_path, summary_file(0), index(1, reward=3.0))
    assert [(t.number, t.outcome, t.metrics["episode_reward_mean"]) for t in history.trials] == [
        (0, UNSCORED, 2.0),
        (1, UNSCORED, 3.0),
    ]
    assert "no_state" in kinds(history.gaps)


def test_the_long_run_after_a_search_is_not_a_trial_of_it(tmp_path):
    best = {**METRICS, "success_rate": 0.875}
    text = state(trial(0)) + (
        f"best_results:\n  {ENV}:\n    hp_config:\n{trees.block(HP, 6)}    metrics:\n{trees.block(best, 6)}"
        f"    reward_config:\n{trees.block(REWARD, 6)}"
    )
    long = {**HP, "max_env_steps": 50_000_000}
    history = read(tmp_path, text, config(0, hp={**HP, "max_env_steps": 5_000_000}), config(0, 1770709999, hp=long))
    search, final = history.trials
    assert (search.kind, search.tag) == (SEARCH, tag(0))
    assert (final.kind, final.uid, final.tag) == (FINAL, f"{CAMPAIGN}/final", tag(0, 1770709999))
    assert final.metrics["success_rate"] == 0.875
    assert kinds(history.duplicates) == ["same_number"]


def test_launches_without_a_result_are_counted_and_not_trials(tmp_path):
    other = {**REWARD, "alive_bonus": 9}
    history = read(tmp_path, state(trial(0)), config(0), config(1, reward=other), config(2, reward=other))
    (campaign,) = history.campaigns
    assert (campaign.trials, campaign.configs, campaign.launched_without_result) == (1, 3, 2)
    assert kinds(history.duplicates) == ["same_config"]


def test_a_single_run_is_read_from_its_meta_file(tmp_path):
    meta = {"run_tag": "r13_seed123", "env_name": ENV, "reward_scales": REWARD, "rl_overrides": {"rollouts": "24"},
            "run_dir": "runs/x", "elapsed_seconds": 7200}  # fmt: skip
    (found,) = read(tmp_path, {"runs/x/experiment_meta.json": json.dumps(meta)}).trials
    assert (found.kind, found.uid, found.outcome, found.duration_h) == (RUN, "r13_seed123", UNSCORED, 2.0)


def test_running_is_not_believed_when_something_came_later(tmp_path):
    later = state(trial(0, {**METRICS, "success_rate": 0.25}, 0.4), campaign="automl_20260301_000000", status="running")
    history = read(tmp_path, state(trial(0), status="running"), {"b/state.yaml": later})
    assert [(c.status, c.recorded_status) for c in history.campaigns] == [
        ("abandoned", "running"),
        ("unknown", "running"),
    ]
    assert kinds(history.contradictions) == ["running_but_over"]


def test_running_is_not_believed_when_the_report_says_otherwise(tmp_path):
    report = f"# AutoML Report: {CAMPAIGN}\n- **Status**: paused\n- **Mode**: stage\n"
    history = read(tmp_path, state(trial(0), status="running"), {f"{FOLDER}/report.md": report})
    assert history.campaigns[0].status == "abandoned"
    assert "its report says paused" in history.contradictions[0].message


def test_state_and_report_that_differ_are_named(tmp_path):
    report = f"# AutoML Report: {CAMPAIGN}\n- **Status**: paused\n- **Mode**: stage\n- **Budget**: 1.0 / 9.0 hours\n"
    history = read(tmp_path, state(trial(0), elapsed_hours=1.02), {f"{FOLDER}/report.md": report})
    (finding,) = history.contradictions
    assert finding.message.endswith("status: completed and paused; budget in hours: 8.0 and 9.0")


def test_a_wrong_trial_count_and_a_repeated_number_are_named(tmp_path):
    text = state(trial(0), trial(0, {**METRICS, "success_rate": 0.25}, 0.4)).replace("iteration: 1", "iteration: 7")
    history = read(tmp_path, text)
    assert [t.uid for t in history.trials] == [f"{CAMPAIGN}/0", f"{CAMPAIGN}/0-2"]
    assert kinds(history.contradictions) == ["iteration_count", "repeated_number"]


def test_local_times_that_claim_to_be_utc_are_named_with_their_shift(tmp_path):
    history = read(tmp_path, summary_file(0, started="2026-02-10T13:06:40.5Z"))
    (finding,) = history.contradictions
    assert (finding.kind, "+8 h" in finding.message) == ("local_time_as_utc", True)


def test_an_equal_copy_of_a_state_is_a_duplicate_and_its_trials_count_once(tmp_path):
    history = read(tmp_path, state(trial(0)), {"progress/automl_state.yaml": state(trial(0))})
    assert len(history.trials) == 1
    assert kinds(history.duplicates) == ["same_file", "state_copy"]
    assert history.contradictions == ()


def test_an_older_copy_of_a_state_is_a_contradiction_and_loses_nothing(tmp_path):
    old = state(trial(0), status="running")
    history = read(tmp_path, state(trial(0), trial(1, {**METRICS, "success_rate": 0.25}, 0.4)), {"p/s.yaml": old})
    assert len(history.trials) == 2
    (finding,) = history.contradictions
    assert finding.kind == "state_copies_differ"
    assert "status completed and running" in finding.message
    assert "trials 2 and 1" in finding.message


def conflicted(upper_trial="", lower_trial=""):
    text = state(trial(0))
    head = f"<<<<<<< HEAD\nautoml_id: {CAMPAIGN}\n=======\nautoml_id: automl_20260211_000000\n>>>>>>> 0bc9\n"
    tail = f"<<<<<<< HEAD\n{upper_trial}=======\n{lower_trial}>>>>>>> 0bc9\n" if upper_trial else ""
    return head + text.replace(f"automl_id: {CAMPAIGN}\n", "") + tail


def test_a_trial_outside_the_conflict_is_kept_once_and_both_claims_are_named(tmp_path):
    history = read(tmp_path, {"s.yaml": conflicted()})
    (found,) = history.trials
    assert found.claimed_by == (CAMPAIGN, "automl_20260211_000000")
    assert history.contradictions[0].kind == "shared_history"
    assert [u.path for u in history.unreadable] == ["s.yaml"]
    assert "1 place;" in history.unreadable[0].reason


def test_trials_inside_the_conflict_belong_to_their_side(tmp_path):
    mine, other = {**METRICS, "success_rate": 0.25}, {**METRICS, "success_rate": 0.75}
    history = read(tmp_path, {"s.yaml": conflicted(trial(1, mine, 0.4), trial(1, other, 0.7))})
    owned = {(t.campaign, t.number): t.metrics["success_rate"] for t in history.trials}
    assert owned == {(CAMPAIGN, 0): 0.5, (CAMPAIGN, 1): 0.25, ("automl_20260211_000000", 1): 0.75}


def test_a_conflicted_copy_gives_way_to_the_campaigns_own_state(tmp_path):
    own = state(trial(0), campaign="automl_20260211_000000")
    history = read(tmp_path, {"s.yaml": conflicted(), "automl_20260211_000000/state.yaml": own})
    assert [(t.campaign, t.claimed_by) for t in history.trials] == [("automl_20260211_000000", ())]


def test_figures_known_only_from_a_log_make_a_trial(tmp_path):
    log = f"x Launching training: {tag(4)}\nx Result: reward=1.42, reached=50.00%, elapsed=966s\n"
    (found,) = read(tmp_path, {"_s5_stdout.txt": log.encode("utf-16")}).trials
    assert (found.uid, found.outcome, found.metrics["success_rate"]) == (f"{CAMPAIGN}/4", UNSCORED, 0.5)


def test_a_log_that_prints_other_figures_is_named(tmp_path):
    log = f"x Launching training: {tag(0)}\nx Result: reward=2.00, reached=90.00%, elapsed=966s\n"
    history = read(tmp_path, state(trial(0)), config(0), {f"{FOLDER}/automl_stdout.log": log})
    (finding,) = history.contradictions
    assert "printed figures differ" in finding.message
    assert "success_rate 0.5 and 0.9" in finding.message
