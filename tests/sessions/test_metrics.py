from sessions.metrics import (
    REGISTRY,
    REWARD_TOTAL,
    describe,
    end_tag,
    is_registered,
    reward_tag,
    reward_terms,
)


def test_every_metric_is_registered_under_its_tag_with_words():
    assert all(metric.tag == tag and metric.help and not metric.help.endswith(".") for tag, metric in REGISTRY.items())


def test_a_smoke_run_can_have_forty_tags():
    assert len(REGISTRY) >= 37  # beside one tag per reward term and per cause of end


def test_success_is_better_when_higher_and_distance_when_lower():
    assert describe("episode/success").direction == "up"
    assert describe("task/distance_m").direction == "down"
    assert describe("task/distance_m").unit == "m"


def test_occupancy_is_not_called_success():
    assert "not success" in describe("task/reached").help
    assert describe("task/reached").direction == "none"  # it falls once robots learn to succeed


def test_reward_terms_and_causes_are_described_by_prefix():
    term = describe(reward_tag("fine_position"))
    assert (term.tag, term.reduction) == ("reward/fine_position", "mean")
    assert "fine_position" in term.help
    assert "tilt" in describe(end_tag("tilt")).help


def test_the_total_is_no_term():
    assert reward_terms([REWARD_TOTAL, "reward/b", "ppo/kl", "reward/a"]) == ("b", "a")
    assert describe(REWARD_TOTAL).direction == "up"


def test_tags_of_other_tools_are_described_as_themselves():
    assert describe("Loss / Policy loss").help == "a number of another tool"
    assert not is_registered("Loss / Policy loss")
    assert not is_registered("reward/")
    assert is_registered("reward/x")
