from vbot_tui.model import EvalView
from vbot_tui.widgets.papers import best_of


def test_the_best_is_sought_under_each_protocol_and_among_its_own_cases_only():
    early = EvalView(1000, "competition", True, 256, 0.9)
    later = EvalView(2000, "competition", True, 256, 0.9)
    strict = EvalView(2000, "strict", True, 256, 1.1)
    sample = EvalView(2000, "competition", False, 4608, 1.2)
    nothing = EvalView(3000, "training", True, 256)
    assert best_of((early, later, strict, sample, nothing)) == [early, strict]
