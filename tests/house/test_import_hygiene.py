"""What may be loaded by importing what: the cockpit opens at once and records can be read without a learner.

Each case imports modules one after the other in a fresh interpreter and reports the first that loads something heavy.
"""

import json
import subprocess
import sys

import pytest

from tests.house.tree import ROOT, module_name, sources

HEAVY = ("torch", "mujoco", "optuna", "tensorboard", "pandas")
WITH_NUMPY = (*HEAVY, "numpy")

IMPORT_ONE_BY_ONE = """
import importlib, json, sys
modules, forbidden = json.loads(sys.argv[1])
for name in modules:
    importlib.import_module(name)
    loaded = sorted({item.partition(".")[0] for item in sys.modules} & set(forbidden))
    if loaded:
        print(f"importing {name} loads {', '.join(loaded)}")
        break
"""


def first_offence(modules: list[str], forbidden: tuple[str, ...]) -> str:
    words = [sys.executable, "-P", "-c", IMPORT_ONE_BY_ONE, json.dumps([modules, forbidden])]
    done = subprocess.run(words, cwd="/", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def modules_of(package: str) -> list[str]:
    return [module_name(path) for path in sources() if path.relative_to(ROOT).parts[0] == package]


def test_the_probe_sees_an_offence():
    assert first_offence(["json", "numpy"], WITH_NUMPY) == "importing numpy loads numpy"


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(["vbot_tui.app"], id="cockpit"),
        pytest.param(["vbot_tui.cli.__main__"], id="command line"),
        pytest.param(modules_of("sessions"), id="every module of sessions"),
        pytest.param(["vbot_sim", "vbot_sim.config"], id="config of the world"),
        pytest.param(["vbot_rl", "vbot_rl.config", "vbot_rl.launch"], id="config and launcher of a run"),
        pytest.param(["automl", "automl.studies", "automl.scheduler", "automl.handover"], id="search"),
    ],
)
def test_nothing_before_the_first_paint_loads_numpy_or_anything_heavier(modules):
    assert first_offence(modules, WITH_NUMPY) == ""


@pytest.mark.parametrize(
    "modules",
    [
        pytest.param(modules_of("automl"), id="every module of automl"),
        pytest.param(["vbot_sim.rewards", "vbot_sim.terminations", "vbot_sim.scoring"], id="rules of the task"),
    ],
)
def test_deciding_and_scoring_load_numpy_at_most(modules):
    assert first_offence(modules, HEAVY) == ""
