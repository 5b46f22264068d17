import subprocess
import sys
import sysconfig
from pathlib import Path

from vbot_rl.bench import peer_env


def test_another_list_interpreter_or_installation_gets_another_environment():
    base = peer_env.name(("a==1",), "/p", "3.11")
    assert base == peer_env.name(("a==1",), "/p", "3.11")
    others = {peer_env.name(("a==2",), "/p", "3.11"), peer_env.name(("a==1",), "/q", "3.11")}
    others.add(peer_env.name(("a==1",), "/p", "3.12"))
    assert len(others | {base}) == 4


def test_every_package_of_the_peers_is_locked_to_one_version():
    assert all(len(item.split("==")) == 2 for item in peer_env.LOCKED)
    assert not any(item.startswith(("torch", "numpy", "mujoco")) for item in peer_env.LOCKED)


def test_a_complete_environment_is_taken_as_it_is(tmp_path):
    home = tmp_path / peer_env.name()
    home.mkdir()
    (home / peer_env.COMPLETE).write_text("")
    assert peer_env.python(tmp_path) == home / "bin" / "python"


def test_our_packages_are_seen_from_the_environment_behind_its_own(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "v")], check=True)
    python = tmp_path / "v" / "bin" / "python"
    inside = next((tmp_path / "v" / "lib").glob("python*/site-packages"))
    source = Path(peer_env.__file__).resolve().parents[2]
    (inside / "vbot_bench.pth").write_text(peer_env.path_file(sysconfig.get_path("purelib"), source))
    asked = "import numpy, vbot_rl, sys; print(numpy.__version__, vbot_rl.__file__); print(*sys.path, sep=chr(10))"
    done = subprocess.run([python, "-P", "-c", asked], capture_output=True, text=True, check=True, cwd="/")
    import numpy

    first, *path = done.stdout.splitlines()
    assert first.split() == [numpy.__version__, str(source / "vbot_rl" / "__init__.py")]
    assert path.index(str(inside)) < path.index(sysconfig.get_path("purelib"))
