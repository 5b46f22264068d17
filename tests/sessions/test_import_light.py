import subprocess
import sys


def test_no_module_of_sessions_loads_anything_heavy():
    code = (
        "import pkgutil, importlib, sys, sessions\n"
        "for item in pkgutil.walk_packages(sessions.__path__, 'sessions.'): importlib.import_module(item.name)\n"
        "heavy = {'numpy', 'torch', 'tensorboard', 'watchdog', 'mujoco', 'optuna', 'textual', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
