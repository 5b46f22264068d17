import math

import pytest

from sessions.run_index import Known, load, save
from sessions.store import RunView

VIEW = RunView(
    id="20260101-000000-a-aaaa0001", label="a", env="section001", state="finished", data_time=12.5, env_steps=700,
    score=0.25, sparkline=(1.0, math.inf, 0.1), sparkline_tag="episode/return", metrics={"ppo/kl": 0.1, "a": -0.0},
    badges=("1 damaged record in x",), end_reason="finished", end_detail="all steps done", data_version=3,
)  # fmt: skip
STAMPS = {"status.json": (17, 4, 300), "lock": None}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "runs.index"


def test_what_was_kept_comes_back_bit_for_bit(path):
    save(path, {"r": Known(STAMPS, VIEW)})
    (known,) = load(path).values()
    assert known.stamps == STAMPS
    assert known.view == VIEW
    assert repr(known.view.metrics["a"]) == "-0.0"
    assert isinstance(known.view.badges, tuple)


def test_nan_stays_nan(path):
    save(path, {"r": Known({}, RunView(id="r", label="r", sparkline=(math.nan,), metrics={"a": math.nan}))})
    view = load(path)["r"].view
    assert math.isnan(view.sparkline[0]) and math.isnan(view.metrics["a"])


def test_a_missing_index_knows_nothing(path):
    assert load(path) == {}


@pytest.mark.parametrize("content", [b"", b"x", b"00000000\n{}", b"\n\n", b"zzzz\n{}"])
def test_what_is_no_index_knows_nothing(path, content):
    path.write_bytes(content)
    assert load(path) == {}


def test_every_flipped_byte_is_noticed(path):
    save(path, {"r": Known(STAMPS, VIEW)})
    data = path.read_bytes()
    for at in range(0, len(data), 11):
        path.write_bytes(data[:at] + bytes([data[at] ^ 4]) + data[at + 1 :])
        assert load(path) == {}
