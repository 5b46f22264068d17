"""What the robot does: detectors of rewards that pay for the wrong thing.

Success is always the share of episodes that passed the success test, never the share of robots that happen to be
inside the circle at a moment.
"""

from dataclasses import replace

from automl.flags.conditions import Above, Below, Between, Condition
from automl.flags.detector import Detector, Found
from automl.flags.window import Window, less, ratio

ALIVE = ("alive_bonus",)
SLOW_DOWN = ("near_target_speed",)
CLOSENESS = ("position_tracking", "fine_position_tracking", "distance_progress")
PRESENCE = (*CLOSENESS, "heading_tracking", *ALIVE)
DRIVE = ("forward_velocity", "approach", "distance_progress")
INSIDE = ("stop", "zero_ang_bonus", "hold_still")
STOP = ("stop", "zero_ang_bonus")
POSE, POSE_HELD = "celeb_sit_reward", "celebration_bonus"
STAYING = ("position_tracking", "fine_position_tracking", *INSIDE)
FIRST_JUDGED_STEP = 100_000  # before that a robot has not learned anything, good or bad
HORIZON_STEPS = 100  # what lies further ahead hardly counts: 1 / (1 - 0.99) control steps


def _touched(w: Window, limit: float, keep: float) -> Condition:
    return Below("episodes that touched the target", w.mean("episode/touched"), limit, keep)


def _did_touch(w: Window, limit: float, keep: float) -> Condition:
    return Above("episodes that touched the target", w.mean("episode/touched"), limit, keep)


def _fell(w: Window, limit: float, keep: float) -> Condition:
    return Below("episodes that fell", w.mean("episode/fell"), limit, keep)


def _succeeded(w: Window, limit: float, keep: float) -> Condition:
    return Below("episodes that succeeded", w.mean("episode/success"), limit, keep)


def _slow(w: Window) -> Condition:
    return Below("speed m/s", w.mean("task/speed_mps"), 0.4, 0.5)


def _far(w: Window) -> Condition:
    return Above("nearest approach m", w.mean("episode/min_distance_m"), 2.0, 1.6)


def _not_nearer(w: Window) -> Condition:
    won = w.fall_of("episode/min_distance_m")
    return Below("m won since one fifth of the run ago", won, 0.7, 1.0)


def _learns(w: Window) -> Condition:
    """A learner that stands still tells nothing about the reward."""
    return Above("KL of an update", w.mean("ppo/kl"), 0.002, 0.001)


def _lazy_robot(w: Window) -> Found:
    return Found(
        (
            _touched(w, 0.2, 0.3),
            _fell(w, 0.5, 0.65),
            _slow(w),
            Above("share of income paid for being alive", w.income_share(ALIVE), 0.5, 0.4),
        )
    )


def _standing_dominance(w: Window) -> Found:
    return Found(
        (
            _touched(w, 0.2, 0.3),
            _fell(w, 0.5, 0.65),
            _slow(w),
            _far(w),
            Above("share of income paid for being where it is", w.income_share(PRESENCE), 0.7, 0.6),
            Below("share of it paid for being alive", w.income_share(ALIVE), 0.5, 0.6),
            Above("reward per control step", w.mean("reward/total"), 0.0, -0.02),
        ),
        (("episode s", w.mean("episode/length_s")), ("return of an episode", w.mean("episode/return"))),
    )


def _weak_drive(w: Window) -> Found:
    walking = w.facts.walking_pay if w.pays(DRIVE) else None
    moving = sum(value for term, value in w.costs.items() if term not in ("termination", "time_cost"))
    return Found(
        (
            _touched(w, 0.1, 0.15),
            _fell(w, 0.3, 0.4),
            _slow(w),
            _far(w),
            _not_nearer(w),
            _learns(w),
            Below("what walking would pay, as a share of what moving costs", ratio(walking, moving), 1 / 3, 0.5),
            Below("share of income paid for being alive", w.income_share(ALIVE) or 0.0, 0.5, 0.6),
        ),
        (("walking would pay per control step", walking), ("moving costs per control step", moving)),
    )


def _dead_gradient(w: Window) -> Found:
    felt = None if w.pays(DRIVE) else sum(w.income.get(term, 0.0) for term in CLOSENESS)
    others = sum(w.costs.values()) + sum(v for term, v in w.income.items() if term not in CLOSENESS)
    return Found(
        (
            _touched(w, 0.1, 0.15),
            _fell(w, 0.5, 0.6),
            _far(w),
            _not_nearer(w),
            _learns(w),
            Below("pay for closeness, as a share of all else that is paid or fined", ratio(felt, others), 0.05, 0.08),
        ),
        (("speed m/s", w.mean("task/speed_mps")), ("closeness pays per control step", felt)),
    )


def _sprint_crash(w: Window) -> Found:
    return Found(
        (
            Above("episodes that fell", w.mean("episode/fell"), 0.3, 0.2),
            _succeeded(w, 0.6, 0.7),
            Above("speed m/s", w.mean("task/speed_mps"), 0.8, 0.65),
            Above(SPEED_NET, _speed_net(w), 0.5, 0.4),
        ),
        (("share of falls that came after the touch", ratio(w.mean("episode/touched_fell"), w.mean("episode/fell"))),),
    )


SPEED_NET = "share of income paid for speed, what living costs taken off"


def _speed_net(w: Window) -> float | None:
    """Near 1 where running is all that pays; low where being there costs, or pays by itself."""
    return ratio(w.income.get("forward_velocity", 0.0) - _fines(w), sum(w.income.values()))


def _fines(w: Window) -> float:
    """What a control step costs, falls apart."""
    return sum(value for term, value in w.costs.items() if term != "termination")


def _touch_and_die(w: Window) -> Found:
    touched, both = w.mean("episode/touched"), w.mean("episode/touched_fell")
    return Found(
        (
            _did_touch(w, 0.4, 0.3),
            Above("of these, those that fell afterwards", ratio(both, touched), 0.4, 0.3),
            Above("share of falls that came after the touch", ratio(both, w.mean("episode/fell")), 0.5, 0.4),
            Below("price of a fall, in control steps of income", _fall_in_steps(w), HORIZON_STEPS, 1.5 * HORIZON_STEPS),
            Below(SPEED_NET, _speed_net(w), 0.5, 0.6),
            Below("share of income that goes on inside the circle", w.income_share(STAYING), 0.3, 0.4),
        ),
        (("episodes that succeeded", w.mean("episode/success")), ("episode s", w.mean("episode/length_s"))),
    )


def _fall_in_steps(w: Window) -> float | None:
    """What a fall costs, divided by what a control step pays without falls."""
    price, living = w.fall_price, sum(w.income.values())
    return ratio(price, living) if price is not None else None


def _die_early(w: Window) -> Found:
    living = sum(w.income.values()) - _fines(w)
    price = w.fall_price
    saved = -living * HORIZON_STEPS
    return Found(
        (
            Above("episodes that fell", w.mean("episode/fell"), 0.6, 0.5),
            Below("KL of an update", w.mean("ppo/kl") or 0.0, 1.0, 2.0),  # beyond, the policy is thrown about
            _touched(w, 0.3, 0.4),
            _succeeded(w, 0.3, 0.4),
            Below("what a control step pays, falls apart", living, 0.0, 0.02),
            Above("what a fall saves over 2 s of living, less its price", less(saved, price), 0.0, -0.1),
        ),
        (("episode s", w.mean("episode/length_s")), ("price of a fall", price)),
    )


def _fly_through(w: Window) -> Found:
    left = ratio(w.mean("episode/left"), w.mean("episode/touched"))
    return Found(
        (
            _did_touch(w, 0.5, 0.4),
            _succeeded(w, 0.4, 0.5),
            _fell(w, 0.5, 0.6),
            Above("speed inside the circle m/s", w.mean("task/speed_inside_mps"), 0.4, 0.3),
            Above("paid for stopping per control step", sum(w.income.get(term, 0.0) for term in STOP), 0.0, -0.01),
        ),
        (("of those that touched, ended outside", left),),
    )


def _reach_and_farm(w: Window) -> Found:
    gain = less(w.mean("episode/success"), w.before("episode/success"))
    return Found(
        (
            _succeeded(w, 0.6, 0.7),
            _did_touch(w, 0.03, 0.02),
            _fell(w, 0.4, 0.5),
            Above("share of income paid for being inside", w.income_share(INSIDE), 0.6, 0.5),
            Below("successes won since one fifth of the run ago", gain, 0.1, 0.15),
            Below("speed inside the circle m/s", w.mean("task/speed_inside_mps"), 0.4, 0.5),
        ),
        (("nearest approach m", w.mean("episode/min_distance_m")),),
    )


def _celebration_farm(w: Window) -> Found:
    """The pose at the end of a course is paid in every step that it lasts, until it is complete."""
    pose, done = w.income.get(POSE, 0.0), w.income.get(POSE_HELD, 0.0)
    gain = less(w.mean("episode/success"), w.before("episode/success"))
    return Found(
        (
            Above("share of income paid for the pose", w.income_share((POSE,)), 0.1, 0.07),
            Above("share of the celebration's pay that is for the pose", ratio(pose, pose + done), 0.6, 0.5),
            Below("successes won since one fifth of the run ago", gain, 0.05, 0.1),
            _succeeded(w, 0.85, 0.9),
        ),
        (("episodes that fell", w.mean("episode/fell")), ("episode s", w.mean("episode/length_s"))),
    )


def _hover_at_rim(w: Window) -> Found:
    nearest, last = w.mean("episode/min_distance_m"), w.mean("episode/final_distance_m")
    return Found(
        (
            Between("nearest approach m", nearest, (0.45, 1.3), (0.4, 1.6)),
            Below("m gone back after that", less(last, nearest), 0.4, 0.5),
            _touched(w, 0.5, 0.6),
            _succeeded(w, 0.3, 0.4),
            _fell(w, 0.3, 0.4),
            Above("share of income paid for closeness", w.income_share(CLOSENESS), 0.5, 0.4),
            Below("share of penalties for speed near the target", w.cost_share(SLOW_DOWN) or 0.0, 0.3, 0.4),
        )
    )


def _conservative_hovering(w: Window) -> Found:
    nearest, last = w.mean("episode/min_distance_m"), w.mean("episode/final_distance_m")
    return Found(
        (
            Between("nearest approach m", nearest, (0.45, 2.0), (0.4, 2.3)),
            Below("m gone back after that", less(last, nearest), 0.4, 0.5),
            _touched(w, 0.4, 0.5),
            _succeeded(w, 0.3, 0.4),
            _fell(w, 0.2, 0.3),
            Below("m won since one fifth of the run ago", w.fall_of("episode/min_distance_m"), 0.4, 0.6),
            Above("price of a fall, in control steps of income", _fall_in_steps(w), 400.0, 250.0),
            Below("share of penalties for speed near the target", w.cost_share(SLOW_DOWN) or 0.0, 0.08, 0.12),
        )
    )


def _deceleration_moat(w: Window) -> Found:
    nearest, last = w.mean("episode/min_distance_m"), w.mean("episode/final_distance_m")
    return Found(
        (
            _touched(w, 0.35, 0.45),
            _fell(w, 0.5, 0.65),
            Between("nearest approach m", nearest, (0.5, 2.5), (0.45, 2.8)),
            Below("m gone back after that", less(last, nearest), 0.3, 0.4),
            Below("m won since one fifth of the run ago", w.fall_of("episode/min_distance_m"), 0.5, 0.7),
            Above("share of penalties for speed near the target", w.cost_share(SLOW_DOWN), 0.08, 0.04),
        )
    )


_RULES: tuple[Detector, ...] = (
    Detector(
        "lazy_robot",
        "lazy robot",
        "it hardly moves, rarely falls and rarely touches the target, and is paid mainly for being alive",
        "lower alive_bonus until a whole episode of it is worth less than arrival_bonus, or shorten the episode",
        _lazy_robot,
    ),
    Detector(
        "standing_dominance",
        "standing dominance",
        "it stands far from the target and earns by it: closeness, heading and being alive pay more than they cost",
        "shorten episode.limit_s, or lower what is paid per moment (position_tracking, heading_tracking)",
        _standing_dominance,
    ),
    Detector(
        "weak_drive",
        "weak drive",
        "it hardly moves, because moving costs three times what walking to the target would pay",
        "raise forward_velocity or approach, or lighten the penalties on movement until walking pays",
        _weak_drive,
    ),
    Detector(
        "dead_gradient",
        "dead gradient",
        "it comes no nearer, and from where it is the pay for closeness is too small to be felt",
        "widen position_sigma_m to about half the spawn distance, or pay for speed towards the target",
        _dead_gradient,
    ),
    Detector(
        "sprint_crash",
        "sprint-crash",
        "it runs fast and falls often, many of its episodes do not succeed, and most of its income is paid for speed",
        "lower speed_cap_mps (0.6 cured it before), or make a fall dearer with termination",
        _sprint_crash,
    ),
    Detector(
        "touch_and_die",
        "touch-and-die",
        "it reaches the target and falls afterwards, because a fall is cheap and living on pays nothing or costs",
        "pay for staying: hold_still or an alive_bonus that goes on after the reach; make termination dearer",
        _touch_and_die,
    ),
    Detector(
        "die_early",
        "die-early",
        "nearly all episodes end in a fall far from the target, and an early end costs less than living on",
        "make termination dearer than 2 s of the costs of living, or lower time_cost and the time decay",
        _die_early,
    ),
    Detector(
        "fly_through",
        "fly-through",
        "it runs through the circle and takes the stop bonus on the way instead of stopping",
        "set stop_speed_gate_mps to 0.3, and tax speed near the target with near_target_speed",
        _fly_through,
    ),
    Detector(
        "reach_and_farm",
        "reach-and-farm",
        "most of the income is paid inside the circle, while many episodes never succeed and no more of them do",
        "set stop_budget_s to about 0.5, end the episode at success, and raise what is paid for walking in",
        _reach_and_farm,
    ),
    Detector(
        "celebration_farm",
        "celebration farm",
        "it takes up the pose at the end of the course and does not complete it, because the pose is paid by the step",
        "lower celeb_sit_reward until a whole discounted future of it is worth less than celebration_bonus",
        _celebration_farm,
    ),
    Detector(
        "hover_at_rim",
        "hover at the rim",
        "it comes close and stays outside the circle, paid mainly for closeness, which outside pays nearly as much",
        "set fine_requires_reach, or pay more inside the circle than outside (hold_still, success_bonus)",
        _hover_at_rim,
    ),
    Detector(
        "conservative_hovering",
        "conservative hovering",
        "it comes close and stays there upright, because a fall costs more than all it could win",
        "make a fall cheaper, or a step and success dearer: -75 to -150 worked with the predecessor's pay",
        _conservative_hovering,
    ),
    Detector(
        "deceleration_moat",
        "deceleration moat",
        "it comes within about 2 m and stays there, upright and held off by the penalty on speed near the target",
        "reduce near_target_radius_m to 0.5, or let the allowed speed grow with distance (null radius)",
        _deceleration_moat,
    ),
)
DETECTORS: tuple[Detector, ...] = tuple(replace(rule, first_step=FIRST_JUDGED_STEP) for rule in _RULES)
