"""The robot's screen, driven by keys over a client that hands out episodes made by hand."""

from dataclasses import replace
from pathlib import Path

import pytest

from sessions.episode_file import EpisodeRef
from tests.vbot_tui.builders import LAZY, row, view
from tests.vbot_tui.episodes import walk
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui.screens.robot import RobotScreen
from vbot_tui.screens.trial import TrialScreen

REFS = (
    EpisodeRef(1000, False, Path("1000")),
    EpisodeRef(2000, False, Path("2000")),
    EpisodeRef(2000, True, Path("falls/2000")),
)
MOAT = replace(LAZY, name="deceleration_moat", title="moat", step=1100, evaluation=1000)
CRASH = replace(LAZY, name="sprint_crash", title="crash", step=1900, evaluation=1000)


def opened(*flags, refs=REFS, episode=None, trouble=""):
    client, app = start(view(row(1, flags=flags)))
    client.read = []

    def read(ref):
        client.read.append(ref)
        return (None, trouble) if trouble else (episode or walk(), "")

    client.episodes = lambda run_id: refs if run_id == "run1" else ()
    client.episode = read
    return client, app, app.run_test(size=SMALL)


async def reach(pilot, app, *keys):
    """Press keys and wait until nothing is read any more."""
    await settled(pilot)
    await pilot.press(*keys)
    await app.workers.wait_for_complete()
    await settled(pilot)
    return seen(app)


async def test_the_newest_episode_that_is_no_fall_plays_from_its_start():
    client, app, pilot = opened()
    async with pilot as pilot:
        lines = await reach(pilot, app, "enter", "v")
        assert isinstance(app.screen, RobotScreen)
        assert app.screen.play.playing
    assert client.read == [REFS[1]]
    text = "\n".join(lines)
    assert "an episode of the evaluation at step 2.00k, 2 of 3" in text
    assert "to go" in text and "FR down" in text and "approach" in text
    assert len(lines) == 24 and {len(line) for line in lines} == {80}


async def test_space_stands_still_and_arrows_scrub():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await reach(pilot, app, "enter", "v", "space", "home")
        lines = await reach(pilot, app, "right", "full_stop")
        assert app.screen.play.at_s == pytest.approx(0.35)  # a quarter of a second, then the middle of the next pose
        assert any(" 0.30 of 1.9 s" in line for line in lines)
        lines = await reach(pilot, app, "end")
        assert any(" 1.90 of 1.9 s" in line for line in lines)


async def test_moments_are_reached_one_after_the_other_and_said():
    _client, app, pilot = opened()
    async with pilot as pilot:
        await reach(pilot, app, "enter", "v", "space", "home")
        assert "fastest, 1.50 m/s" in (await reach(pilot, app, "m"))[-2]
        assert "stops 2.0 m short" in (await reach(pilot, app, "m"))[-2]
        assert "fastest, 1.50 m/s" in (await reach(pilot, app, "M"))[-2]


async def test_from_the_flags_page_the_flags_moment_is_shown():
    client, app, pilot = opened(MOAT)
    async with pilot as pilot:
        lines = await reach(pilot, app, "enter", "f", "v")
        assert app.screen.play.at_s == pytest.approx(0.8) and not app.screen.play.playing
    assert client.read == [REFS[0]]
    assert "deceleration moat: stops 2.0 m short" in lines[-2]


async def test_a_flag_about_falling_takes_a_recorded_fall_though_its_evaluation_is_farther_away():
    client, app, pilot = opened(MOAT, CRASH)
    async with pilot as pilot:
        lines = await reach(pilot, app, "enter", "v", "f", "f")
        assert app.screen.play.at_s == pytest.approx(0.4)
    assert client.read[-1] == REFS[2]
    assert "about to fall" in lines[-2] and any("a fall of the evaluation" in line for line in lines)


async def test_episodes_are_gone_through_and_escape_goes_back():
    client, app, pilot = opened()
    async with pilot as pilot:
        await reach(pilot, app, "enter", "v", "left_square_bracket")
        assert client.read[-1] == REFS[0]
        await reach(pilot, app, "n", "n")
        assert client.read[-1] == REFS[2]
        await reach(pilot, app, "escape")
        assert isinstance(app.screen, TrialScreen)


async def test_without_recordings_it_says_when_they_come():
    _client, app, pilot = opened(refs=())
    async with pilot as pilot:
        text = "\n".join(await reach(pilot, app, "enter", "v", "space", "m", "f", "n"))
    assert "No episode is recorded yet." in text


async def test_a_damaged_episode_is_a_sentence():
    _client, app, pilot = opened(trouble="x.npz holds no recorded episode (cut short); evaluate the run again")
    async with pilot as pilot:
        text = "\n".join(await reach(pilot, app, "enter", "v", "space", "right"))
    assert "holds no recorded episode" in text
