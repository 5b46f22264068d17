"""Which matrix code numpy picks: in this shell, and in a trial, whose environment we choose."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from vbot_tui.cli.checks import Check
from vbot_tui.cli.checks.machine import read_or

WIDE_KERNELS = ("SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS", "ZEN5")

# Runs in a child, because the answer is fixed when numpy is loaded.
ASK_OPENBLAS = """
import ctypes, glob, json, os, numpy
root = os.path.dirname(numpy.__path__[0])
found = glob.glob(os.path.join(root, "numpy.libs", "libscipy_openblas*"))
found += glob.glob(os.path.join(numpy.__path__[0], ".dylibs", "libscipy_openblas*"))
kernel = ""
for path in found:
    ask = getattr(ctypes.CDLL(path), "scipy_openblas_get_corename64_", None)
    if ask is not None:
        ask.restype = ctypes.c_char_p
        kernel = ask().decode()
print(json.dumps({"kernel": kernel, "numpy": numpy.__version__}))
"""


def check_kernel(trial_kernel: str, flags: frozenset[str]) -> Check:
    """Trials use AVX-512 matrix code where the processor has it."""
    if not trial_kernel:
        advice = "numpy is built on another BLAS than OpenBLAS: trials run, at a speed we have not measured."
        return Check("numbers", "trial BLAS", "better", "not OpenBLAS", advice)
    found = f"OpenBLAS {trial_kernel}"
    if "avx512f" in flags and trial_kernel.upper() not in WIDE_KERNELS:
        advice = "The processor has AVX-512 and OpenBLAS does not use it, at half the speed; a newer numpy may know it."
        return Check("numbers", "trial BLAS", "better", found, advice)
    return Check("numbers", "trial BLAS", "ok", found)


def check_shell_kernel(shell_kernel: str, trial_kernel: str, forced: str | None) -> Check:
    """An inherited OPENBLAS_CORETYPE slows what you run by hand; trials drop it."""
    name = "inherited BLAS"
    if forced and shell_kernel != trial_kernel:
        found = f"OPENBLAS_CORETYPE={forced}: {shell_kernel} here, {trial_kernel} in trials"
        return Check(
            "numbers",
            name,
            "better",
            found,
            "Trials drop it by themselves; for your own scripts: unset OPENBLAS_CORETYPE.",
        )
    return Check("numbers", name, "ok", f"OPENBLAS_CORETYPE={forced}" if forced else "nothing inherited")


def check_vector_units(flags: frozenset[str]) -> Check:
    """What the processor offers for training."""
    if not flags:
        return Check("numbers", "vector units", "ok", "not announced by this kernel")
    wide = [name for name in ("avx2", "avx512f", "avx512_bf16", "amx_bf16", "asimd", "sve") if name in flags]
    if not {"avx2", "asimd"} & flags:
        return Check("numbers", "vector units", "better", "no AVX2", "Training works but is several times slower here.")
    return Check("numbers", "vector units", "ok", ", ".join(wide))


def cpu_flags(cpuinfo: str) -> frozenset[str]:
    """The feature words of the first processor in the text of /proc/cpuinfo."""
    for line in cpuinfo.splitlines():
        key, _, words = line.partition(":")
        if key.strip() in ("flags", "Features"):
            return frozenset(words.split())
    return frozenset()


def kernel_under(environment: Mapping[str, str]) -> str:
    """The name of the matrix code that numpy picks in a process with this environment, or nothing."""
    words = [sys.executable, "-P", "-c", ASK_OPENBLAS]
    answer = subprocess.run(words, env=dict(environment), capture_output=True, text=True, timeout=60, check=False)
    try:
        return str(json.loads(answer.stdout)["kernel"])
    except (ValueError, KeyError):
        return ""


def probe() -> Sequence[Check]:
    """Check what numpy uses here and in trials."""
    from vbot_rl.launch import trial_environment

    flags = cpu_flags(read_or(Path("/proc/cpuinfo")))
    here = kernel_under(os.environ)
    trial = kernel_under(trial_environment(os.environ))
    return (
        check_vector_units(flags),
        check_kernel(trial, flags),
        check_shell_kernel(here, trial, os.environ.get("OPENBLAS_CORETYPE")),
    )
