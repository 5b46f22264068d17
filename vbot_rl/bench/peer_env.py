"""The peers' own Python environment, so that the product depends on none of them.

It lies in the user's cache and sees our packages (torch, numpy and mujoco above all) behind its own: the peers run on
the very libraries that we run on, and no second torch is downloaded.
"""

import hashlib
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path

from sessions.errors import WorkFailed
from sessions.files import write_atomic
from sessions.locks import Lock

LOCKED = (
    "stable_baselines3==2.9.2",
    "gymnasium==1.4.0",
    "Farama-Notifications==0.0.6",
    "cloudpickle==3.1.2",
    "rsl-rl-lib==5.5.1",
    "tensordict==0.15.3",
    "pyvers==0.2.3",
    "GitPython==3.2.1",
    "gitdb==4.0.12",
    "smmap==5.0.3",
    "skrl==2.1.1",
)
COMPLETE = "complete"

Say = Callable[[str], None]


def cache_root() -> Path:
    """Where environments of benchmarks are kept."""
    import platformdirs

    return platformdirs.user_cache_path("vbot-tui") / "bench"


def name(locked: tuple[str, ...] = LOCKED, prefix: str = sys.prefix, version: str = sys.version) -> str:
    """Folder name: another list, interpreter or installation of ours gets another environment."""
    return "peers-" + hashlib.sha256("\n".join([*locked, prefix, version]).encode()).hexdigest()[:12]


def path_file(site_packages: str, source: Path) -> str:
    """The text of the ``.pth`` file through which the environment sees our packages, after its own."""
    return f"import site; site.addsitedir({site_packages!r})\n{source}\n"


TRIED = "import stable_baselines3, rsl_rl, skrl, torch, mujoco"


def python(
    root: Path | None = None,
    say: Say = lambda line: None,
    locked: tuple[str, ...] = LOCKED,
    tried: str = TRIED,
    *,
    whole: bool = True,
) -> Path:
    """The environment's interpreter; the environment is built if it is not there.

    Args:
        root: Where environments are kept; the user's cache if left out.
        say: Told what takes long.
        locked: What is installed, each of one version.
        tried: Code that must run in it.
        whole: The list is whole and our packages are seen behind it; else pip finds what is missing, and ours are not.

    Raises:
        WorkFailed: it cannot be built, with pip's last words.
        LockedError: another process is building it.
    """
    home = (root or cache_root()) / name(locked)
    interpreter = home / "bin" / "python"
    home.parent.mkdir(parents=True, exist_ok=True)
    with Lock.acquire(home.with_suffix(".lock"), "building the benchmark's environment"):
        if (home / COMPLETE).is_file():
            return interpreter
        shutil.rmtree(home, ignore_errors=True)
        say(f"building the peers' environment in {home}")
        _run([sys.executable, "-m", "venv", str(home)], "creating it")
        pip = [str(interpreter), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        alone = ["--no-deps"] if whole else []
        _run([*pip, *alone, "--only-binary", ":all:", *locked], "installing the peers")
        if whole:
            inside = _run(
                [str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], "asking it"
            )
            source = Path(__file__).resolve().parents[2]
            (Path(inside.strip()) / "vbot_bench.pth").write_text(path_file(sysconfig.get_path("purelib"), source))
        _run([str(interpreter), "-c", tried], "trying it")
        write_atomic(home / COMPLETE, "\n".join(locked) + "\n")
    return interpreter


def _run(command: list[str], what: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip() or done.stdout.strip() or "no words").splitlines()[-1]
        raise WorkFailed(f"the peers' environment could not be built: {what} failed ({words}); check the network")
    return done.stdout
