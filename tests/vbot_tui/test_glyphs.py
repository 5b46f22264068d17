from automl.flags import FLAG_NAMES
from vbot_tui.glyphs import FLAG_LETTERS


def test_every_flag_has_a_letter_of_its_own():
    assert list(FLAG_LETTERS) == list(FLAG_NAMES)
    assert len(set(FLAG_LETTERS.values())) == len(FLAG_NAMES)
