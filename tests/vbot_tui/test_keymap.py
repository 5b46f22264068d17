import pytest

from sessions.errors import UsageError
from tests.vbot_tui.builders import row, view
from tests.vbot_tui.test_app import SMALL, seen, settled, start
from vbot_tui import bindings, keymap
from vbot_tui.screens.modals import Confirm
from vbot_tui.screens.trials import TrialsScreen


@pytest.fixture
def own_keys(monkeypatch):
    """The table of keys, given back after the test."""
    monkeypatch.setattr(bindings, "KEYS", bindings.KEYS)
    monkeypatch.setattr(bindings, "_CHANGES", {})
    return bindings.use


def test_without_a_file_nothing_changes(tmp_path):
    assert keymap.load(tmp_path / "none.yaml") == {}


def test_keys_are_read_as_text_or_list(tmp_path):
    path = tmp_path / "keymap.yaml"
    path.write_text("trials.kill: D\ntrials.note: [m, f2]\n")
    assert keymap.load(path) == {"trials.kill": ("D",), "trials.note": ("m", "f2")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("trials.kil: D", "'trials.kil', which is no action; did you mean 'trials.kill'?"),
        ("- a", "must be a table"),
        ("trials.kill: []", "gives 'trials.kill' no key"),
        ("trials.kill: s", "has 's' do both 'trials.kill' and 'trials.sort'"),
        ("a: [", "cannot be read"),
    ],
)
def test_what_cannot_be_understood_is_refused_with_the_reason(tmp_path, text, words):
    path = tmp_path / "keymap.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match="keymap") as caught:
        keymap.load(path)
    assert words in str(caught.value)


async def test_a_changed_key_works_and_is_shown_and_the_old_one_does_nothing(own_keys):
    own_keys({"trials.kill": ("D",)})
    _client, app = start(view(row(7)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        assert " D kill" in seen(app)[-1]
        await pilot.press("X")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)
        await pilot.press("D")
        await settled(pilot)
        assert isinstance(app.screen, Confirm)


async def test_changed_keys_hold_on_the_other_screens_too(own_keys):
    own_keys({"study.back": ("b",), "study.brush": ("r",)})
    _client, app = start(view(row(7)))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("2", "b")
        await settled(pilot)
        assert isinstance(app.screen, TrialsScreen)


async def test_in_jump_mode_every_trial_in_sight_has_a_letter():
    _client, app = start(view(*[row(number) for number in range(5)]))
    async with app.run_test(size=SMALL) as pilot:
        await settled(pilot)
        await pilot.press("apostrophe")
        await settled(pilot)
        strips = app.screen_stack[0]._compositor.render_strips()
        edges = ["".join(segment.text for segment in strip)[0] for strip in strips[2:7]]
        assert edges == ["a", "b", "c", "d", "e"]
        await pilot.press("d")
        await settled(pilot)
        assert app.screen.table.selected.number == 3 and seen(app)[5].startswith("▌")
        await pilot.press("apostrophe", "z")
        await settled(pilot)
        assert app.screen.table.selected.number == 3 and isinstance(app.screen, TrialsScreen)
