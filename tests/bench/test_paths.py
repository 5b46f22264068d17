"""What the comparison of paths concludes, worked out by hand, and that a narrow path is really taken."""

import subprocess
import sys

import pytest

from vbot_rl.bench.paths import NARROW, NATIVE, PATHS, Learned, summary
from vbot_rl.launch import trial_environment


def learned(path: str, seed: int, *success: float) -> Learned:
    return Learned(path, seed, f"run{seed}", 1000.0 * seed, tuple(range(len(success))), success)


def test_paths_that_differ_by_less_than_seeds_do_are_the_same() -> None:
    native = [learned(NATIVE, 1, 0.0, 1.0), learned(NATIVE, 2, 0.2, 1.0)]  # means 0.5 and 0.6
    narrow = [learned(NARROW, 1, 0.1, 1.0), learned(NARROW, 2, 0.1, 1.0)]  # 0.55 twice
    result = summary(native + narrow, {"env": "e"})
    assert result["difference"] == 0.0 and result["same"] is True and result["env"] == "e"
    assert result["seed_spread"] == pytest.approx(0.0707, abs=1e-4)  # 0.1 / sqrt(2)
    assert result["paths"][NATIVE]["mean_success"] == 0.55
    assert result["paths"][NARROW]["final_success"] == 1.0
    assert result["paths"][NARROW]["steps_per_s"] == 1500.0


def test_a_loss_beyond_the_seeds_is_named() -> None:
    native = [learned(NATIVE, 1, 0.9), learned(NATIVE, 2, 0.91)]
    narrow = [learned(NARROW, 1, 0.5), learned(NARROW, 2, 0.51)]
    result = summary(native + narrow, {})
    assert result["same"] is False and result["difference"] == -0.4


def test_one_seed_decides_nothing() -> None:
    assert summary([learned(NATIVE, 1, 0.9), learned(NARROW, 1, 0.1)], {})["same"] is None


ASK = (
    "import vbot_rl.network as n, numpy._core._multiarray_umath as m; print(n.FAST_EXPM1, m.__cpu_features__['X86_V4'])"
)


def test_the_narrow_path_computes_without_avx512() -> None:
    environ = trial_environment({"PATH": "/usr/bin", **PATHS[NARROW]})
    told = subprocess.run([sys.executable, "-c", ASK], env=environ, capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "False"]
    assert environ["OPENBLAS_CORETYPE"] == "Haswell"
    assert "OPENBLAS_CORETYPE" not in trial_environment({"OPENBLAS_CORETYPE": "Haswell"})
