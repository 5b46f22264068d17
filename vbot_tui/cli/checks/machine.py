"""Python, packages, cores, memory, disk, and what the kernel does about watched files and niceness."""

import os
import platform
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from vbot_tui.cli.checks import Check

GIB = 1024**3
NETWORK_FILESYSTEMS = ("nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "fuse.sshfs", "lustre", "ceph")
PACKAGES = ("textual", "mujoco", "numpy", "torch", "optuna", "tensorboard", "watchdog", "platformdirs", "PyYAML")


def check_python(version: tuple[int, int, int], executable: str) -> Check:
    """Python 3.11 or newer."""
    found = f"{'.'.join(map(str, version))} at {executable}"
    if version < (3, 11):
        return Check("machine", "python", "broken", found, "Install Python 3.11 or newer and run make install again.")
    return Check("machine", "python", "ok", found)


def check_packages(versions: Mapping[str, str | None]) -> Check:
    """Every package that the project runs on is installed."""
    missing = [name for name, version in versions.items() if version is None]
    found = ", ".join(f"{name} {version}" for name, version in versions.items() if version is not None)
    if missing:
        return Check("machine", "packages", "broken", f"missing: {', '.join(missing)}", "Run make install.")
    return Check("machine", "packages", "ok", found)


def check_cores(usable: int, total: int, quota: float | None) -> Check:
    """At least two cores, so that a trial and the cockpit do not share one."""
    granted = min(float(usable), quota) if quota else float(usable)
    found = f"{granted:g} usable of {total}"
    if granted < 2:
        advice = "One trial at a time, and the screen waits for it: two cores or more are better."
        return Check("machine", "cores", "better", found, advice)
    return Check("machine", "cores", "ok", f"{found}: {int(granted)} trials at once")


def check_memory(available: int, cores: int) -> Check:
    """Half a GiB for each trial, one for the cockpit and the system."""
    needed = GIB + cores * GIB // 2
    found = f"{available / GIB:.1f} GiB available"
    if available < GIB:
        return Check("machine", "memory", "broken", found, "Free memory: a trial needs about 0.5 GiB, the cockpit 0.1.")
    if available < needed:
        advice = f"{cores} trials at once want {needed / GIB:.1f} GiB: use fewer slots or fewer environments per trial."
        return Check("machine", "memory", "better", found, advice)
    return Check("machine", "memory", "ok", found)


def check_disk(free: int, where: str) -> Check:
    """Room for runs: about 20 MB each."""
    found = f"{free / GIB:.1f} GiB free at {where}"
    if free < GIB // 5:
        advice = "Free space or choose another --workspace: a run takes about 20 MB and must never fail to save."
        return Check("machine", "disk", "broken", found, advice)
    if free < 2 * GIB:
        return Check("machine", "disk", "better", found, "A long search takes 1 to 2 GiB: choose another --workspace.")
    return Check("machine", "disk", "ok", found)


def check_workspace(where: str, writable: bool, filesystem: str, file: str = "") -> Check:
    """The workspace can be written and sits on a disk whose locks and change events can be trusted.

    `file` is what stands where it, or a folder above it, would have to be.
    """
    if file:
        advice = "Name a directory with --workspace or $VBOT_WORKSPACE."
        return Check("machine", "workspace", "broken", f"{file} is a file", advice)
    found = f"{where} ({filesystem or 'unknown file system'})"
    if not writable:
        advice = "Name a directory you may write to with --workspace or $VBOT_WORKSPACE."
        return Check("machine", "workspace", "broken", found, advice)
    if filesystem in NETWORK_FILESYSTEMS:
        advice = (
            "Changes are found by polling, and locks hold only if the server supports them: a local disk is better."
        )
        return Check("machine", "workspace", "better", found, advice)
    return Check("machine", "workspace", "ok", found)


def check_inotify(watches: int | None, instances: int | None) -> Check:
    """The kernel lets us watch a few thousand directories."""
    if watches is None or instances is None:
        return Check(
            "machine", "inotify", "better", "not offered by this kernel", "Files are polled once a second instead."
        )
    found = f"{watches} watches, {instances} instances"
    if watches < 8192 or instances < 64:
        advice = (
            "Raise fs.inotify.max_user_watches to 65536 and max_user_instances to 256; until then files may be polled."
        )
        return Check("machine", "inotify", "better", found, advice)
    return Check("machine", "inotify", "ok", found)


def check_niceness(autogroup: str) -> Check | None:
    """How trials stand back behind the screen, from the text of sched_autogroup_enabled; None where it is unknown."""
    if autogroup.strip() == "1":
        found = "by session (sched_autogroup): a trial writes its own to /proc/self/autogroup too"
    elif autogroup.strip() == "0":
        found = "by process: a trial's own stands it back"
    else:
        return None
    return Check("machine", "niceness", "ok", found)


def filesystem_of(path: str, mounts: str) -> str:
    """The type of the file system that holds `path`, from the text of /proc/mounts."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = path == point or path.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def cpu_quota(cpu_max: str) -> float | None:
    """The cores that a control group grants, from the text of its cpu.max; None if unlimited."""
    fields = cpu_max.split()
    if len(fields) != 2 or fields[0] == "max":
        return None
    return int(fields[0]) / int(fields[1])


def available_memory(meminfo: str, limit: str, used: str) -> int:
    """Bytes a process may still get: the system's, or what its control group leaves if that is less."""
    kib = next((line.split()[1] for line in meminfo.splitlines() if line.startswith("MemAvailable:")), "0")
    available = int(kib) * 1024
    if limit.strip().isdigit() and used.strip().isdigit():
        available = min(available, int(limit) - int(used))
    return available


def probe(workspace: Path) -> Sequence[Check]:
    """Check this machine."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    folder = nearest_folder(workspace)
    cgroup = Path("/sys/fs/cgroup")
    memory = available_memory(
        read_or("/proc/meminfo"), read_or(cgroup / "memory.max"), read_or(cgroup / "memory.current")
    )
    inotify = Path("/proc/sys/fs/inotify")
    niceness = check_niceness(read_or("/proc/sys/kernel/sched_autogroup_enabled"))
    return (
        check_python(sys.version_info[:3], sys.executable),
        check_packages({name: installed(name) for name in PACKAGES}),
        check_cores(usable, os.cpu_count() or 1, cpu_quota(read_or(cgroup / "cpu.max"))),
        check_memory(memory, usable),
        check_disk(shutil.disk_usage(folder).free, str(folder)),
        check_workspace(
            str(workspace),
            os.access(folder, os.W_OK),
            filesystem_of(str(folder), read_or("/proc/mounts")),
            file=next((str(path) for path in (workspace, *workspace.parents) if path.is_file()), ""),
        ),
        check_inotify(
            number_or_none(read_or(inotify / "max_user_watches")),
            number_or_none(read_or(inotify / "max_user_instances")),
        ),
        *([niceness] if niceness else []),
    )


def nearest_folder(path: Path) -> Path:
    """The path itself, or the nearest folder above it that exists: nothing is made for a check."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.is_dir())


def installed(package: str, lookup: Callable[[str], str] = metadata.version) -> str | None:
    """The installed version of a package, or None."""
    try:
        return lookup(package)
    except metadata.PackageNotFoundError:
        return None


def number_or_none(text: str) -> int | None:
    """The number in a one-number file, or None."""
    return int(text) if text.strip().isdigit() else None


def read_or(path: str | Path, default: str = "") -> str:
    """The text of a small system file, or the default where it does not exist."""
    try:
        return Path(path).read_text()
    except OSError:
        return default


def system_line() -> str:
    """The machine in one line."""
    return f"{platform.system()} {platform.release()} {platform.machine()}"
