"""YAML and JSON are read as far as they go; nothing in them is ever executed."""

import base64
import struct
from itertools import pairwise

import pytest

from sessions.history.loading import load_json, load_yaml


def numpy_scalar(value: float, code: str = "f8", letter: str = "<d", order: str = "<") -> str:
    data = base64.b64encode(struct.pack(letter, value)).decode()
    return f"""!!python/object/apply:numpy._core.multiarray.scalar
- !!python/object/apply:numpy.dtype
  args:
  - {code}
  - false
  - true
  state: !!python/tuple
  - 3
  - {order}
  - null
  - null
  - null
  - -1
  - -1
  - 0
- !!binary |
  {data}
"""


@pytest.mark.parametrize(
    ("value", "code", "letter", "order"),
    [(0.00125, "f8", "<d", "<"), (0.5, "f4", "<f", "<"), (-7, "i8", "<q", "<"), (1.5, "f8", ">d", "'>'")],
)
def test_numpy_numbers_become_numbers(value, code, letter, order):
    loaded = load_yaml("learning_rate: " + numpy_scalar(value, code, letter, order))
    assert loaded.value == {"learning_rate": value}
    assert (loaded.problem, loaded.notes) == (None, ())


def test_a_type_that_is_shared_by_an_anchor_is_followed():
    first = numpy_scalar(0.5).replace(
        "- !!python/object/apply:numpy.dtype", "- &id001 !!python/object/apply:numpy.dtype"
    )
    second = base64.b64encode(struct.pack("<d", 0.25)).decode()
    text = f"a: {first}b: !!python/object/apply:numpy._core.multiarray.scalar\n- *id001\n- !!binary |\n  {second}\n"
    assert load_yaml(text).value == {"a": 0.5, "b": 0.25}


def test_a_numpy_number_without_its_type_is_taken_for_a_float64_and_says_so():
    data = base64.b64encode(struct.pack("<d", 0.25)).decode()
    loaded = load_yaml(f"a: !!python/object/apply:numpy.core.multiarray.scalar\n- null\n- !!binary |\n  {data}\n")
    assert loaded.value == {"a": 0.25}
    assert "taken for a float64" in loaded.notes[0]


def test_a_numpy_array_becomes_lists():
    data = base64.b64encode(struct.pack("<4d", 1, 2, 3, 4)).decode()
    text = f"""a: !!python/object/apply:numpy._core.multiarray._reconstruct
  args: [1]
  state: !!python/tuple
  - 1
  - !!python/tuple [2, 2]
  - !!python/object/apply:numpy.dtype {{args: [f8, false, true], state: !!python/tuple [3, "<"]}}
  - false
  - !!binary {data}
"""
    assert load_yaml(text).value == {"a": [[1.0, 2.0], [3.0, 4.0]]}


def test_python_objects_are_read_as_data_and_never_made(tmp_path):
    target = tmp_path / "made"
    text = f"""a: !!python/object/apply:os.mkdir ['{target}']
b: !!python/name:os.system ''
c: !!python/object/new:subprocess.Popen [[touch, '{target}']]
d: !!python/tuple [1, 2]
e: !mine {{x: 1}}
"""
    loaded = load_yaml(text)
    assert loaded.value["a"] == [str(target)]
    assert loaded.value["d"] == [1, 2]
    assert loaded.value["e"] == {"x": 1}
    assert not target.exists()
    assert len(loaded.notes) == 3


def test_numbers_are_those_of_yaml_1_2_and_dates_stay_text():
    text = "a: 1e-5\nb: 1:30\nc: 2026-99-99\nd: yes\ne: 0777\nf: -1.0e-05\n"
    assert load_yaml(text).value == {"a": 1e-5, "b": "1:30", "c": "2026-99-99", "d": "yes", "e": 777, "f": -1e-5}


def test_a_key_given_twice_is_named():
    loaded = load_yaml("a: 1\na: 2\n")
    assert loaded.value == {"a": 2}
    assert loaded.notes == ("key 'a' is given twice (line 2), the last value counts",)


def test_damaged_yaml_keeps_the_blocks_and_items_that_parse():
    text = "status: running\nhistory:\n- trial: 0\n  score: 0.5\n- trial: 1\n  score: [0.5\n- trial: 2\nmode: stage\n"
    loaded = load_yaml(text)
    assert loaded.value["status"] == "running"
    assert loaded.value["mode"] == "stage"
    assert [item["trial"] for item in loaded.value["history"]] == [0, 1, 2]
    assert "line 6" in loaded.problem


def test_cut_json_keeps_what_came_before_the_cut():
    loaded = load_json('{"run_tag": "x", "reward_scales": {"alive": 1.5, "fall": -10')
    assert loaded.value == {"run_tag": "x", "reward_scales": {"alive": 1.5, "fall": -10}}
    assert loaded.problem.startswith("damaged JSON")


def test_json_that_is_cut_inside_a_value_loses_that_value():
    assert load_json('{"a": 1, "b": {"c": 2, "d": ').value == {"a": 1, "b": {"c": 2}}
    assert load_json('{"a": 1, "b": "tex').value == {"a": 1}


def test_hand_written_json_is_read_by_looser_rules():
    loaded = load_json("{'a': 1, 'b': [1, 2,],}")
    assert loaded.value == {"a": 1, "b": [1, 2]}
    assert "not strict JSON" in loaded.problem


def test_one_json_object_per_line_is_a_list():
    assert load_json('{"a": 1}\n{"a": 2}\n').value == [{"a": 1}, {"a": 2}]


@pytest.mark.parametrize("load", [load_json, load_yaml])
@pytest.mark.parametrize("text", ["[" * 5000, "{a: " * 5000, "- " * 5000, "? " * 5000, "[" * 500 + "]" * 500])
def test_nesting_cannot_overflow_the_parser(load, text):
    assert load(text).value is None


def test_aliases_cannot_blow_a_file_up():
    bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n"
    names = "abcdefghi"
    for one, other in pairwise(names):
        bomb += f"{other}: &{other} [{', '.join([f'*{one}'] * 9)}]\n"
    loaded = load_yaml(bomb)
    assert loaded.value is None
    assert "more values" in loaded.problem


def test_merge_keys_cannot_blow_a_file_up():
    bomb = "a: &a {" + ", ".join(f"k{i}: 1" for i in range(9)) + "}\n"
    names = "abcdefghij"
    for one, other in pairwise(names):
        bomb += f"{other}: &{other} {{<<: [{', '.join([f'*{one}'] * 9)}]}}\n"
    assert load_yaml(bomb[:400]).value is not None


def test_values_that_json_cannot_hold_become_text():
    assert load_yaml("a: .nan\nb: -.inf\nc: 1e999\n").value == {"a": "nan", "b": "-inf", "c": "inf"}
    assert load_json('{"a": NaN, "b": "\\ud800"}').value == {"a": "nan", "b": "?"}
