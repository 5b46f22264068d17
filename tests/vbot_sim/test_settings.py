from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pytest

from vbot_sim.errors import ConfigError
from vbot_sim.settings import from_dict, get, leaves, nearest, override, parse_assignment, require, to_dict


@dataclass(frozen=True)
class Inner:
    gain: float = 1.0
    mode: Literal["soft", "hard"] = "soft"
    window: tuple[float, float] | None = None
    sizes: tuple[int, ...] = (4, 2)

    def __post_init__(self) -> None:
        require(self.gain >= 0, f"gain must not be negative, got {self.gain}.")


@dataclass(frozen=True)
class Outer:
    name: str
    count: int = 3
    flag: bool = False
    inner: Inner = Inner()
    weights: dict[str, float] = field(default_factory=lambda: {"walk": 1.0, "stop": 2.0})

    KEY_ALIASES: ClassVar[dict[str, dict[str, str]]] = {"weights": {"halt": "stop"}}


def test_a_config_survives_the_way_through_dictionaries() -> None:
    cfg = Outer("a", 5, True, Inner(2.5, "hard", (0.0, 1.0), (8, 8, 8)), {"walk": 0.5, "stop": 0.0})
    assert from_dict(Outer, to_dict(cfg)) == cfg


def test_plain_values_only_leave_a_config() -> None:
    assert to_dict(Inner(window=(0.0, 1.0))) == {"gain": 1.0, "mode": "soft", "window": [0.0, 1.0], "sizes": [4, 2]}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"name": "a", "cuont": 1}, r"Unknown setting 'cuont'\. Did you mean 'count'\?"),
        ({"name": "a", "inner": {"gian": 1}}, r"Unknown setting 'inner\.gian'\. Did you mean 'gain'\?"),
        ({"name": "a", "count": 1.5}, r"count must be a whole number, got 1\.5 \(float\)\."),
        ({"name": "a", "count": True}, r"count must be a whole number, got True \(bool\)\."),
        ({"name": 7}, r"name must be text, got 7 \(int\)\."),
        ({"name": "a", "flag": "yes"}, r"flag must be true or false, got 'yes' \(str\)\."),
        ({"name": "a", "inner": {"mode": "firm"}}, r"inner\.mode must be one of 'soft', 'hard', got 'firm' \(str\)\."),
        ({"name": "a", "inner": {"gain": float("nan")}}, r"inner\.gain must be a finite number, got nan\."),
        ({"name": "a", "inner": {"gain": -1}}, r"inner: gain must not be negative, got -1\.0\."),
        ({"name": "a", "inner": {"window": [1]}}, r"inner\.window must have 2 values, got 1\. It may also be null\."),
        ({"name": "a", "weights": {"walk": "much"}}, r"weights\.walk must be a number, got 'much' \(str\)\."),
        ({"name": "a", "inner": 3}, r"inner must be a table of settings, got 3 \(int\)\."),
        ({}, r"Outer is incomplete: .*'name'"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(data: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dict(Outer, data)


def test_whole_floats_are_integers_and_texts_of_numbers_are_floats() -> None:
    cfg = from_dict(Outer, {"name": "a", "count": 4.0, "inner": {"gain": "1e-3"}})
    assert (cfg.count, cfg.inner.gain) == (4, 0.001)


def test_an_override_changes_one_leaf_and_nothing_else() -> None:
    cfg = Outer("a")
    changed = override(override(cfg, "inner.gain", 4), "weights.walk", 9)
    different = {path for path, value in leaves(changed).items() if leaves(cfg)[path] != value}
    assert different == {"inner.gain", "weights.walk"}
    assert (changed.inner.gain, changed.weights["walk"]) == (4.0, 9.0)


def test_an_override_knows_older_names_of_keys() -> None:
    assert override(Outer("a"), "weights.halt", 7).weights == {"walk": 1.0, "stop": 7.0}


@pytest.mark.parametrize(
    ("path", "suggestion"),
    [
        ("inner.gan", "inner.gain"),
        ("weights.wolk", "weights.walk"),
        ("cont", "count"),
        ("inner.gain.more", "inner.gain"),
    ],
)
def test_an_unknown_path_names_the_nearest_one(path: str, suggestion: str) -> None:
    with pytest.raises(ConfigError, match=f"Unknown setting '{path}'.* Did you mean '{suggestion}'"):
        override(Outer("a"), path, 1)


def test_an_override_is_checked_like_any_value() -> None:
    with pytest.raises(ConfigError, match=r"inner\.gain: gain must not be negative"):
        override(Outer("a"), "inner.gain", -2)
    with pytest.raises(ConfigError, match=r"count must be a whole number"):
        override(Outer("a"), "count", "many")


def test_a_nullable_leaf_can_be_set_and_cleared() -> None:
    cfg = override(Outer("a"), "inner.window", [0, 1])
    assert cfg.inner.window == (0.0, 1.0)
    assert override(cfg, "inner.window", None).inner.window is None


def test_get_returns_leaves_and_sections() -> None:
    assert get(Outer("a"), "weights.stop") == 2.0
    assert get(Outer("a"), "inner") == Inner()
    with pytest.raises(ConfigError, match=r"Unknown setting 'weights\.sit'"):
        get(Outer("a"), "weights.sit")


def test_assignments_are_read_as_yaml() -> None:
    assert parse_assignment("a.b=0.25") == ("a.b", 0.25)
    assert parse_assignment("a.b=[1, 2]") == ("a.b", [1, 2])
    assert parse_assignment("a.b=null") == ("a.b", None)
    assert parse_assignment("name=x=y") == ("name", "x=y")


@pytest.mark.parametrize("text", ["a.b", "=3"])
def test_a_malformed_assignment_says_how_to_write_one(text: str) -> None:
    with pytest.raises(ConfigError, match="write it as path=value"):
        parse_assignment(text)


def test_without_a_near_name_the_known_ones_are_listed() -> None:
    assert nearest("zzz", ["walk", "stop"]) == " Known: stop, walk."


def test_of_equally_near_names_the_earliest_is_suggested() -> None:
    names = [f"section0{number}" for number in ("13", "12", "11", "01")]
    assert nearest("section01", names) == " Did you mean 'section001'?"
    assert nearest("gain", ["b.gains", "a.gains"]) == " Did you mean 'a.gains'?"
