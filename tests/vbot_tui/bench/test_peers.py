from vbot_tui.bench.peers import OurData
from vbot_tui.bench.screen import Screen


def shown(row):
    screen = Screen(80, 24)
    screen.feed(f"\x1b[3;1H{row}".encode())
    return OurData.mark(object.__new__(OurData), screen)


def test_a_row_that_only_grows_older_has_not_changed():
    assert shown("▌● run  w0   800M 8% 20.1k  9s") == shown("▌● run  w0   800M 8% 20.1k 10s")
    assert shown("▌● run  w0   800M 8% 20.1k  9s") != shown("▌● run  w0   801M 8% 20.1k  9s")
    assert shown("▌● run  w0   800M 8% 20.1k  9s") != shown("▌● run  w0   800M 8% 20.4k  9s")
