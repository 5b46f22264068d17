"""The study screen by keys, over the page of a study on disk."""

from dataclasses import replace

import pytest

from automl.studies import StudyViewer
from sessions.workspace import Workspace
from tests.vbot_tui.builders import head, row, view
from tests.vbot_tui.studies import whole_study
from tests.vbot_tui.test_app import SMALL, WIDE, seen, settled, start
from vbot_tui.glyphs import ASCII
from vbot_tui.screens.modals import Confirm
from vbot_tui.screens.study import PAGES, StudyScreen
from vbot_tui.screens.trial import TrialScreen
from vbot_tui.screens.trials import TrialsScreen
from vbot_tui.study_desk import StudyDesk
from vbot_tui.study_model import StudyPage
from vbot_tui.widgets.study_keys import passing

SIZES = [SMALL, (100, 30), WIDE, (200, 50), (60, 20)]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    workspace = Workspace.open(str(tmp_path_factory.mktemp("study")))
    study = whole_study(workspace, runs=False)
    return StudyDesk(workspace).page(study, StudyViewer(workspace).view(study), ask=False)


def opened(page, **options):
    rows = [row(item.number, run_id=f"run{item.number}", state=item.state) for item in page.trials]
    return start(view(*rows, study=head(id=page.id), page=page), **options)


async def show(pilot, app, *keys):
    await settled(pilot)
    await pilot.press("2", *keys)
    await settled(pilot)
    return seen(app)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("key", [key for _, key, _ in PAGES])
async def test_every_page_fills_every_size_and_is_cut_nowhere(page, size, key):
    _client, app = opened(page)
    async with app.run_test(size=size) as pilot:
        lines = await show(pilot, app, key)
        drawn = app.screen.query_one("#page").lines
        assert isinstance(app.screen, StudyScreen)
    assert len(lines) == size[1] and {len(line) for line in lines} == {size[0]}
    assert max(sum(len(part) for part, _ in line) for line in drawn) <= size[0]


@pytest.mark.parametrize("key", [key for _, key, _ in PAGES])
async def test_every_page_can_be_drawn_in_ascii(page, key):
    _client, app = opened(page, glyphs=ASCII)
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, key)
    assert all(line.isascii() for line in lines)


async def test_the_first_page_says_how_far_it_is_and_what_comes_next(page):
    client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        text = "\n".join(await show(pilot, app))
    assert "12 of 12 trials  ‖ 1 paused  ✓ 10 finished  ! 1 failed" in text
    assert "of 8h00" in text and "best T7 0.950" in text
    assert "asked for learning_rate=0.003 (by me: a hunch)" in text
    assert ("open_study", page.id) in client.asked


async def test_the_best_trial_is_marked_and_j_marks_the_next_one(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, "w")
        assert lines[3].startswith("▌ T7 ") and lines[-2].startswith(" T7 0.950  learning_rate=0.001874")
        await pilot.press("j")
        await settled(pilot)
        assert seen(app)[4].startswith("▌ T6 ")


async def test_a_long_reason_is_shown_in_full_for_the_marked_trial(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "w", *["j"] * 9)
        text = " ".join(" ".join(seen(app)).split())
    assert "score 0.100 at rung 1 (400k steps), 0.308 goes on now; waits for its promotion" in text


async def test_rungs_show_their_cut_offs_and_who_waits_there(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, "u")
    assert any(line.split() == ["1", "400k", "11", "0.308", "T10"] for line in lines)
    assert any(line.split() == ["2", "800k", "10", "0.696", "nobody"] for line in lines)


async def test_a_study_without_halving_says_so(page):
    _client, app = opened(replace(page, rungs=(), halving=False))
    async with app.run_test(size=SMALL) as pilot:
        assert "Halving is off" in "\n".join(await show(pilot, app, "u"))


async def test_the_values_of_one_key_can_be_large(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        small = "\n".join(await show(pilot, app, "v"))
        assert "learning_rate" in small and "forward_velocity" in small
        await pilot.press("right_square_bracket", "z")
        await settled(pilot)
        large = seen(app)
        assert large[2].split()[0] == "entropy_coef" and "termination" not in "\n".join(large[:-2])
        await pilot.press("escape", "escape", "escape")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


async def test_a_brush_keeps_the_trials_of_a_third_of_an_axis(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        lines = await show(pilot, app, "p", "b")
        assert lines[2].startswith("4 of 12 trials  only: learning_rate upper third")
        await pilot.press("x")
        await settled(pilot)
        assert seen(app)[2].startswith("12 of 12 trials")


def test_brushes_of_several_axes_must_all_hold(page):
    # shares of the learning rate are n / 11: 8 to 11 lie in the upper third; choices cycle, so -100 is 8 and 11
    assert [item.number for item in passing(page, {0: 1})] == [8, 9, 10, 11]
    assert [item.number for item in passing(page, {0: 1, 3: 2})] == [10]
    assert [item.number for item in passing(page, {4: 3})] == [0, 1, 10]  # score: -0.03, 0.23 and 0.1 of up to 0.95


async def test_enter_opens_the_marked_trial_and_back_returns(page):
    _client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "enter")
        assert isinstance(app.screen, TrialScreen) and app.screen.key == "run7"
        await pilot.press("q")
        await settled(pilot)
        assert isinstance(app.screen, StudyScreen)
        await pilot.press("1")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


async def test_kill_asks_about_the_marked_trial_and_is_absent_where_only_looking_is_allowed(page):
    client, app = opened(page)
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "w", *["j"] * 9, "X")
        assert isinstance(app.screen, Confirm) and "Kill trial T10?" in "\n".join(seen(app))
        await pilot.press("y")
        await settled(pilot)
    assert [item[:2] for item in client.asked if item[0] == "kill"] == [("kill", "run10")]
    client, app = opened(page, read_only=True)
    async with app.run_test(size=SMALL) as pilot:
        await show(pilot, app, "w", *["j"] * 9, "X", "P", "T")
        assert isinstance(app.screen, StudyScreen)
    assert not {"kill", "toggle_pause", "start_trial"} & {item[0] for item in client.asked}


async def test_without_a_study_or_with_a_damaged_one_the_screen_says_so(page):
    _client, app = start(view(study=None))
    async with app.run_test(size=SMALL) as pilot:
        assert "No study here" in "\n".join(await show(pilot, app))
    broken = StudyPage(page.id, trouble="events.jsonl does not match its checksum")
    _client, app = start(view(study=head(id=page.id), page=broken))
    async with app.run_test(size=SMALL) as pilot:
        assert "does not match its checksum" in "\n".join(await show(pilot, app))
