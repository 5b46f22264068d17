"""Checkpoints are ordinary .pt files: torch reads ours in its safe mode, and we read torch's."""

import io

import numpy as np
import pytest
import torch

from vbot_rl import pt_file

VALUE = {
    "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
    "double": np.array([0.1, np.nan, np.inf]),
    "mask": np.array([True, False]),
    "ids": np.array([[2**40], [-1]]),
    "empty": np.zeros((0, 3), np.float32),
    "scalar": np.array(1.5, np.float32),
    "nested": {"list": [1, -2.5, "ä", None, True], "tuple": (1, (2, 3))},
    "huge": 2**127 + 1,
    "negative": -(2**40),
    4: np.float64(0.25),
}


def test_torch_reads_it_in_its_safe_mode(tmp_path: object) -> None:
    loaded = torch.load(io.BytesIO(pt_file.dumps(VALUE)), weights_only=True)
    for key in ("weights", "double", "mask", "ids", "empty", "scalar"):
        tensor = loaded[key].numpy()
        assert tensor.dtype == VALUE[key].dtype
        assert tensor.shape == VALUE[key].shape
        assert np.array_equal(tensor, VALUE[key], equal_nan=key == "double")
    assert loaded["nested"] == VALUE["nested"]
    assert (loaded["huge"], loaded["negative"], loaded[4]) == (2**127 + 1, -(2**40), 0.25)


def test_what_is_written_is_read_back() -> None:
    loaded = pt_file.loads(pt_file.dumps(VALUE))
    assert list(loaded) == list(VALUE)
    for key, value in VALUE.items():
        if isinstance(value, np.ndarray):
            assert loaded[key].dtype == value.dtype
            np.testing.assert_array_equal(loaded[key], value)
        else:
            assert loaded[key] == value


def test_torchs_own_files_are_read() -> None:
    buffer = io.BytesIO()
    torch.save({"w": torch.arange(6.0).reshape(2, 3).T, "n": 3}, buffer)
    loaded = pt_file.loads(buffer.getvalue())
    assert loaded["w"].tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
    assert loaded["n"] == 3


def test_equal_content_gives_equal_bytes() -> None:
    assert pt_file.dumps(VALUE) == pt_file.dumps(dict(VALUE))


def test_damage_is_noticed() -> None:
    good = pt_file.dumps({"w": np.zeros(1000, np.float32)})
    for bad in (b"", good[:-1], good[:500], good[:300] + b"\x01" + good[301:]):
        with pytest.raises(pt_file.PtFileError):
            pt_file.loads(bad)


def test_wherever_a_bit_is_flipped_it_is_noticed_or_changes_nothing() -> None:
    value = np.arange(100, dtype=np.float32)
    good = pt_file.dumps({"w": value, "n": 3})
    noticed = 0
    for offset in range(len(good)):
        bad = good[:offset] + bytes([good[offset] ^ 1]) + good[offset + 1 :]
        try:
            found = pt_file.loads(bad)
        except pt_file.PtFileError:
            noticed += 1
        else:
            assert found["n"] == 3 and found["w"].tobytes() == value.tobytes()
    assert noticed > 0.5 * len(good)


def test_a_pickle_that_would_run_code_is_refused() -> None:
    buffer = io.BytesIO()
    torch.save({"f": print}, buffer)
    with pytest.raises(pt_file.PtFileError, match=r"print; only tensors and builtins"):
        pt_file.loads(buffer.getvalue())


def test_what_cannot_be_stored_is_named() -> None:
    with pytest.raises(pt_file.PtFileError, match=r"a\.b\[1\] is a set"):
        pt_file.dumps({"a": {"b": [1, {2}]}})
    with pytest.raises(pt_file.PtFileError, match="rng is an array of uint64"):
        pt_file.dumps({"rng": np.zeros(2, np.uint64)})
