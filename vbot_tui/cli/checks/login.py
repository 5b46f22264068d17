"""Would the login manager end detached training when its owner logs out?

systemd-logind can be set to kill everything a user left behind; neither tmux nor setsid protects
from it, only lingering.
"""

import getpass
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from vbot_tui.cli.checks import Check
from vbot_tui.cli.checks.machine import read_or

CONFIG_FILES = ("/usr/lib/systemd/logind.conf", "/etc/systemd/logind.conf")
CONFIG_FOLDERS = ("/usr/lib/systemd/logind.conf.d", "/run/systemd/logind.conf.d", "/etc/systemd/logind.conf.d")


def check_login_manager(running: bool, kills: bool | None, lingers: bool, user: str) -> Check:
    """Detached work survives the logout; `kills` is None when nobody could tell."""
    name = "login manager"
    if not running:
        return Check("machine", name, "ok", "no systemd-logind: detached training outlives the login")
    if lingers:
        return Check("machine", name, "ok", f"systemd-logind, {user} lingers: detached training outlives the login")
    if kills is False or user == "root":
        return Check(
            "machine", name, "ok", "systemd-logind with KillUserProcesses=no: detached training outlives the login"
        )
    found = "systemd-logind with KillUserProcesses=yes" if kills else "systemd-logind, KillUserProcesses unknown"
    advice = f"Run 'loginctl enable-linger {user}' once: else logging out may kill detached training, tmux included."
    return Check("machine", name, "better", found, advice)


def kills_user_processes(texts: Sequence[str]) -> bool | None:
    """The last setting in the config files; a commented line shows what was compiled in and yields to any real one."""
    real: bool | None = None
    compiled: bool | None = None
    for line in "\n".join(texts).splitlines():
        key, _, value = line.replace(" ", "").partition("=")
        if key in ("KillUserProcesses", "#KillUserProcesses"):
            setting = value.lower() in ("yes", "true", "on", "1")
            real, compiled = (real, setting) if key.startswith("#") else (setting, compiled)
    return compiled if real is None else real


def ask_bus() -> bool | None:
    """What the running login manager says itself."""
    if shutil.which("busctl") is None:
        return None
    words = (
        "get-property org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager KillUserProcesses"
    )
    try:
        answer = subprocess.run(["busctl", *words.split()], capture_output=True, text=True, timeout=5, check=False)
    except subprocess.TimeoutExpired:
        return None
    return {"b true": True, "b false": False}.get(answer.stdout.strip())


def config_texts() -> list[str]:
    """The login manager's config files in the order in which later ones win."""
    drop_ins: list[str | Path] = [path for folder in CONFIG_FOLDERS for path in sorted(Path(folder).glob("*.conf"))]
    return [read_or(path) for path in (*CONFIG_FILES, *drop_ins)]


def probe() -> Sequence[Check]:
    """Check this machine's login manager."""
    user = getpass.getuser()
    running = Path("/run/systemd/system").is_dir()
    if not running:
        return (check_login_manager(False, None, False, user),)
    said = ask_bus()
    kills = kills_user_processes(config_texts()) if said is None else said
    return (check_login_manager(True, kills, Path("/var/lib/systemd/linger", user).exists(), user),)
