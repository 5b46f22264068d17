"""Imported trials as starting points under the names that the caller knows."""

from sessions.history import Config, Trial, best_seeds, seed_params

ALIASES = {"learning_rate": "ppo.learning_rate", "reward/termination": "task.reward.scales.fall"}


def a_trial(number, score, formula="waypoints-7", rate=0.001, **more):
    known = {"campaign": "c", "kind": "search", "outcome": "scored", "reward": {"termination": -50}}
    known |= {"hp": {"learning_rate": rate, "rollouts": 24}, "legacy_score": score, "score_formula": formula}
    return Trial(uid=f"c/{number}", number=number, **(known | more))


def test_known_keys_are_renamed_and_the_others_kept_apart():
    seed = seed_params(a_trial(0, 0.5), ALIASES)
    assert seed.params == {"ppo.learning_rate": 0.001, "task.reward.scales.fall": -50}
    assert seed.unmapped == {"hp/rollouts": 24}
    assert (seed.source, seed.legacy_score) == ("c/0", 0.5)


def test_a_configuration_without_a_result_can_be_a_seed():
    config = Config(path="seeds.json", entry=2, hp={"learning_rate": 0.01})
    assert seed_params(config, ALIASES).source == "seeds.json[2]"
    assert seed_params(config, {}).unmapped == {"hp/learning_rate": 0.01}


def test_scores_of_different_formulas_are_never_ranked_against_each_other():
    trials = [a_trial(0, 0.6, rate=0.1), a_trial(1, 0.7, rate=0.2), a_trial(2, 0.3, "success-4000", rate=0.3)]
    sources = [seed.source for seed in best_seeds(trials, ALIASES, 3)]
    assert sources == ["c/2", "c/1", "c/0"]


def test_crashed_trials_long_runs_and_repeats_are_no_seeds():
    trials = [
        a_trial(0, None, outcome="crashed"),
        a_trial(1, None, kind="final", outcome="unscored", rate=0.5),
        a_trial(2, 0.5),
        a_trial(3, 0.4),
    ]
    assert [seed.source for seed in best_seeds(trials, ALIASES, 9)] == ["c/2"]


def test_at_most_the_asked_number_is_given():
    trials = [a_trial(number, 0.5, rate=number + 1.0) for number in range(5)]
    assert len(best_seeds(trials, ALIASES, 2)) == 2
    assert best_seeds([], ALIASES, 2) == ()
