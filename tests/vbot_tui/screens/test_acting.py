"""What can be done with trials, from the menu, with one and with many."""

import pytest

from tests.vbot_tui.builders import row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.screens import acting
from vbot_tui.screens.acting import DEEDS, Actions, possible, why_not
from vbot_tui.screens.modals import Confirm, Refused
from vbot_tui.screens.trials import TrialsScreen

ROWS = (row(1), row(2, state="paused"), row(3, state="failed"), row(4, state="finished"))


async def press(pilot, *keys):
    await settled(pilot)
    await pilot.press(*keys)
    await settled(pilot)


def of(client, name):
    return [item[1:] for item in client.asked if item[0] == name]


def test_what_is_possible_depends_on_the_state():
    names = {name: [found.number for found in possible(name, ROWS)] for name in ("pause", "resume", "kill", "evaluate")}
    assert names == {"pause": [1], "resume": [2, 3], "kill": [1, 2], "evaluate": [1, 2, 3, 4]}
    assert possible("clone", ROWS) == [] and possible("clone", ROWS[:1]) == [ROWS[0]]


def test_what_the_engine_does_not_offer_is_not_offered_here(monkeypatch):
    monkeypatch.setattr(acting, "get_args", lambda kind: ("pause_trial",))
    assert possible("resume", ROWS) == [] and possible("pause", ROWS) == [ROWS[0]]


@pytest.mark.parametrize("size", [SMALL, (60, 20), (120, 40)])
async def test_the_menu_names_the_trial_and_fits(size):
    _client, app = start(view(*ROWS))
    async with app.run_test(size=size) as pilot:
        await press(pilot, "A")
        lines = seen(app)
    text = "\n".join(lines)
    assert {len(line) for line in lines} == {size[0]}
    for part in ("T1", "p  pause: write a checkpoint", "k  kill: end it now (asks)", "o  its best policy as an ONNX"):
        assert part in text


async def test_pausing_needs_no_question_and_goes_to_the_study():
    client, app = start(view(*ROWS))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A", "p")
        assert isinstance(app.screen, TrialsScreen)
    assert [asked[:2] for asked in of(client, "order")] == [("pause_trial", ["run1"])]


async def test_marked_trials_are_meant_together_and_only_those_it_fits():
    client, app = start(view(*ROWS))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "space", "space", "space", "space", "A")
        assert "resume or retry, from its newest checkpoint (2)" in "\n".join(seen(app))
        await press(pilot, "r")
    assert [asked[:2] for asked in of(client, "order")] == [("restart_trial", ["run2", "run3"])]


async def test_what_cannot_be_done_now_does_nothing():
    client, app = start(view(row(4, state="finished")))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A", "p", "k")
        assert isinstance(app.screen, Actions)
        await press(pilot, "escape")
    assert not of(client, "order") and not of(client, "kill")


async def test_a_final_run_asks_with_its_length():
    client, app = start(view(row(4, state="finished", total_env_steps=6_000_000)))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A", "f")
        assert isinstance(app.screen, Confirm) and "of T4, 6.00M steps, recorded" in "\n".join(seen(app))
        await press(pilot, "f", "y")
    assert of(client, "promote") == [("run4", 6_000_000)]


async def test_evaluations_exports_and_films_are_for_all_that_are_meant():
    client, app = start(view(*ROWS))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "G", "A", "e")
        await press(pilot, "space", "k", "k", "space", "A", "o")
    assert of(client, "evaluate") == [(["run4"],)]
    assert len(of(client, "export")) == 1 and len(of(client, "export")[0][0]) == 2


async def test_flags_are_muted_from_the_menu_too():
    client, app = start(view(*ROWS))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A", "u")
    assert of(client, "mute") == [(["run1"],)]


async def test_where_only_looking_is_allowed_there_is_no_menu():
    client, app = start(view(*ROWS), read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A", "C")
        assert isinstance(app.screen, TrialsScreen)
    assert not of(client, "draft")


async def test_enter_before_a_clone_is_checked_is_remembered(tmp_path):
    from dataclasses import replace

    from vbot_tui.launch_model import Draft, Entry, Plan

    client, app = start(view(row(4, state="finished")))
    client.view = replace(client.view, plan=Plan(Draft(source="run4"), (Entry("ppo.clip", "0.2", "0.2", "default"),)))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "C", *"clip=0.1", "enter")
        assert not of(client, "clone")
        wanted = of(client, "draft")[-1][0]
        client.show(replace(client.view, plan=Plan(wanted, client.view.plan.entries)))
        await pilot.pause(0.5)
    assert of(client, "clone") == [("run4", wanted)]


@pytest.mark.parametrize("key", ["C", "L"])
async def test_what_is_typed_after_a_refused_clone_or_stage_goes_nowhere(key):
    client, app = start(view(*[row(number, state="finished") for number in (1, 2, 3)]))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "space", "space", key, *"ppo", "full_stop", *"learning_rate", "equals_sign", *"5e-4")
        assert isinstance(app.screen, Refused)
        assert "2 trials are marked;" in "\n".join(seen(app)) and "takes one: Space" in "\n".join(seen(app))
        await press(pilot, "enter")
        assert isinstance(app.screen, TrialsScreen) and app.screen.marked == {"run1", "run2"}
    assert {item[0] for item in client.asked} <= {"select", "remember"}


def test_why_something_cannot_be_done_is_one_sentence():
    running, queued, ended = row(1), row(2, state="queued", run_id=""), row(3, state="finished")
    assert why_not("clone", [running, ended]) == "2 trials are marked; clone takes one: Space unmarks."
    assert why_not("promote", [running]) == "T1 has not ended; promote takes one that has ended."
    assert why_not("warm", [running]) == "T1 has not ended; warm start takes one that has ended or is paused."
    assert why_not("pause", [ended]) == "T3 is finished; pause takes one that is running or queued."
    assert why_not("evaluate", [queued]) == "T2 is queued; evaluate takes one that has run."
    assert (
        why_not("evaluate", [row(4, state="finished", run_id="")]) == "T4 has no run yet; evaluate takes one that has."
    )
    assert why_not("stop", [ended, ended]) == "None of the 2 marked trials is running; stop takes only such."
    assert why_not("clone", []) == "There is no trial here; clone takes one."


def test_there_is_a_reason_exactly_where_something_is_not_possible():
    for name in DEEDS:
        for item in ROWS:
            assert bool(why_not(name, [item])) is not bool(possible(name, [item])), (name, item.state)


async def test_a_final_run_of_a_running_trial_is_refused_with_the_reason():
    client, app = start(view(*ROWS))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "U")
        assert "T1 has not ended; promote takes one that has ended." in "\n".join(seen(app))
    assert not of(client, "promote")


async def test_the_menu_offers_only_what_can_be_done():
    _client, app = start(view(row(4, state="finished")))
    async with app.run_test(size=SMALL) as pilot:
        await press(pilot, "A")
        text = "\n".join(seen(app))
    assert "a final run with its settings (asks)" in text
    for words in ("pause: write a checkpoint", "stop with a checkpoint", "kill: end it now"):
        assert words not in text
