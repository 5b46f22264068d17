"""Known failures that no return decides, with the reason and whatever number can be computed about each."""

from automl.audit import behaviours as act
from automl.audit import stage as st
from automl.audit.report import Undecidable
from automl.audit.returns import arrival, discounted, last_row, rate
from automl.audit.stage import Stage


def undecidable(stage: Stage) -> tuple[Undecidable, ...]:
    """List them for a task."""
    return (_conservative_hovering(stage), _walking_incentive(stage), *_DYNAMICS)


def _conservative_hovering(stage: Stage) -> Undecidable:
    """How likely must a fall be, going in, for hovering to be worth more? (p: V_in (1 - p) - p F = V_stay)."""
    idle, come = stage.incomes[st.HOVER], stage.incomes[st.COME_IN]
    there = arrival(come, stage.task.episode.reach_radius_m + act.RIM_M)
    stay = discounted(idle, stage.start(idle), last_row(idle), stage.gamma, True).total()
    go_in = discounted(come, there, last_row(come), stage.gamma, True).total()
    fall = -stage.task.reward.scales["termination"]
    risk = (go_in - stay) / (go_in + fall) if go_in + fall > 0.0 else 0.0
    return Undecidable(
        "conservative_hovering",
        "whether a dear fall keeps a robot out depends on how often it falls while learning to go in",
        {"termination": -fall, "fall_risk_break_even": min(max(risk, 0.0), 1.0)},
    )


def _walking_incentive(stage: Stage) -> Undecidable:
    """What a slow first step is paid above standing, with an exploring policy's body costs."""
    idle, come = stage.incomes[st.OUTSIDE], stage.incomes[st.COME_IN]
    reach = stage.task.episode.reach_radius_m
    first, last = arrival(come, reach + 1.0), arrival(come, reach + 0.35) - 1
    gain = rate(come, first, last).total() - rate(idle, stage.start(idle), last_row(idle)).total()
    return Undecidable(
        "weak_drive",
        "weak drive and negative walking incentive depend on how much a clumsy gait costs and how noisy its pay is",
        {"pay_per_second_of_walking_1_mps_above_standing": gain},
    )


_ON_COURSES = (
    "backward_dragging",
    "joint_dragging",
    "bounce_farming",
    "zone_avoidance",
    "death_valley",
    "ungated_approach",
)
_DYNAMICS = tuple(
    Undecidable(name, reason, {})
    for name, reason in (
        ("exploration_collapse", "the policy's spread is the learner's, not the reward's"),
        ("learning_rate_spike_or_collapse", "a matter of the schedule"),
        ("config_drift", "a matter of which config ran; the effective one is audited here"),
        ("poisoned_optimizer", "a matter of what a warm start loads"),
        ("dead_gradient", "pay that is flat everywhere but at the target is no exploit; see the walk's pay above"),
        ("observation_mismatch", "the reward does not see observations"),
        ("logging_artefact", "a matter of how episodes are counted"),
        ("normaliser_drift", "a matter of the learner's normaliser"),
        ("value_instability", "a matter of the critic, though huge bonuses invite it"),
        ("warm_start_collapse", "a matter of the learner"),
        ("contaminated_search", "a matter of the record"),
        ("double_step_count", "a defect of the world, found by its tests"),
        ("seed_spread", "chance"),
        *((name, "a failure on the courses, whose ground no scripted behaviour walks on") for name in _ON_COURSES),
    )
)
