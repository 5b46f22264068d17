"""Each check against facts as they are found on real machines."""

from importlib import metadata

import pytest

from vbot_tui.cli.checks import login, machine, numerics, rendering, terminal

GIB = 1024**3
MOUNTS = """\
/dev/sda1 / ext4 rw,relatime 0 0
server:/home /home nfs4 rw 0 0
/dev/sdb1 /home/me/fast\\040disk xfs rw 0 0
"""


@pytest.mark.parametrize(("version", "state"), [((3, 10, 9), "broken"), ((3, 11, 0), "ok"), ((3, 13, 1), "ok")])
def test_python(version, state):
    assert machine.check_python(version, "/usr/bin/python3").state == state


def test_a_missing_package_is_named():
    check = machine.check_packages({"textual": "8.2.8", "mujoco": None})
    assert (check.state, check.found) == ("broken", "missing: mujoco")


def test_installed_knows_what_is_not_there():
    assert machine.installed("pytest") == metadata.version("pytest")
    assert machine.installed("no-such-package-here") is None


@pytest.mark.parametrize(
    ("usable", "total", "quota", "state", "found"),
    [
        (2, 2, None, "ok", "2 usable of 2: 2 trials at once"),
        (1, 8, None, "better", "1 usable of 8"),
        (8, 8, 1.5, "better", "1.5 usable of 8"),
        (8, 8, 4.0, "ok", "4 usable of 8: 4 trials at once"),
    ],
)
def test_cores(usable, total, quota, state, found):
    check = machine.check_cores(usable, total, quota)
    assert (check.state, check.found) == (state, found)


@pytest.mark.parametrize(("gib", "state"), [(0.5, "broken"), (1.5, "better"), (2.0, "ok")])
def test_memory_for_two_trials_and_the_rest(gib, state):
    assert machine.check_memory(int(gib * GIB), cores=2).state == state


@pytest.mark.parametrize(("gib", "state"), [(0.1, "broken"), (1.0, "better"), (2.0, "ok")])
def test_disk(gib, state):
    assert machine.check_disk(int(gib * GIB), "/data").state == state


def test_a_workspace_on_a_network_disk_works_but_could_be_better():
    assert machine.check_workspace("/w", True, "ext4").state == "ok"
    assert machine.check_workspace("/w", True, "nfs4").state == "better"
    assert machine.check_workspace("/w", False, "ext4").state == "broken"


def test_a_workspace_that_is_a_file_is_broken(tmp_path):
    (tmp_path / "w").write_text("mine")
    for path in (tmp_path / "w", tmp_path / "w" / "inside"):
        (found,) = [check for check in machine.probe(path) if check.name == "workspace"]
        assert (found.state, found.found) == ("broken", f"{tmp_path / 'w'} is a file")


def test_inotify():
    assert machine.check_inotify(65_536, 128).state == "ok"
    assert machine.check_inotify(4_096, 128).state == "better"
    assert machine.check_inotify(None, None).state == "better"


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/var/lib", "ext4"), ("/home/me", "nfs4"), ("/home/me/fast disk/w", "xfs"), ("/homestead", "ext4")],
)
def test_the_file_system_is_that_of_the_deepest_mount(path, kind):
    assert machine.filesystem_of(path, MOUNTS) == kind


def test_the_cpu_quota_of_a_control_group():
    assert machine.cpu_quota("max 100000\n") is None
    assert machine.cpu_quota("150000 100000\n") == 1.5
    assert machine.cpu_quota("") is None


def test_memory_is_what_the_control_group_leaves_if_that_is_less():
    meminfo = "MemTotal: 100 kB\nMemAvailable:    2048 kB\n"
    assert machine.available_memory(meminfo, "", "") == 2048 * 1024
    assert machine.available_memory(meminfo, "max\n", "5\n") == 2048 * 1024
    assert machine.available_memory(meminfo, "1000000\n", "400000\n") == 600_000


def test_a_folder_that_does_not_exist_yet_is_judged_by_the_nearest_one_above(tmp_path):
    assert machine.nearest_folder(tmp_path / "a" / "b") == tmp_path


@pytest.mark.parametrize(
    ("size", "state"), [(None, "ok"), ((80, 24), "ok"), ((79, 24), "better"), ((200, 20), "better")]
)
def test_terminal_size(size, state):
    assert terminal.check_size(size).state == state


@pytest.mark.parametrize(
    ("term", "state"), [("dumb", "broken"), ("", "broken"), ("xterm-256color", "ok"), ("vt52", "better")]
)
def test_term(term, state):
    assert terminal.check_term(term).state == state


@pytest.mark.parametrize(
    ("environment", "words", "state"),
    [
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, "16 million", "ok"),
        ({"TERM": "screen-256color"}, "256", "ok"),
        ({"TERM": "screen"}, "16", "better"),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, "none", "ok"),
    ],
)
def test_colours(environment, words, state):
    check = terminal.check_colours(environment)
    assert check.found.startswith(words)
    assert check.state == state


def test_characters():
    assert terminal.check_characters("UTF-8").state == "ok"
    assert terminal.check_characters("ANSI_X3.4-1968").state == "better"


def test_over_ssh_a_multiplexer_is_advised():
    assert terminal.check_multiplexer({"SSH_CONNECTION": "x"}, "tmux 3.3a").state == "better"
    assert terminal.check_multiplexer({"SSH_CONNECTION": "x", "TMUX": "y"}, "tmux 3.3a").state == "ok"
    assert terminal.check_multiplexer({}, "").state == "ok"


@pytest.mark.parametrize(
    ("running", "kills", "lingers", "state"),
    [
        (False, None, False, "ok"),
        (True, True, False, "better"),
        (True, None, False, "better"),
        (True, True, True, "ok"),
        (True, False, False, "ok"),
    ],
)
def test_a_login_manager_that_kills_is_told_of(running, kills, lingers, state):
    check = login.check_login_manager(running, kills, lingers, "ada")
    assert check.state == state
    assert ("loginctl enable-linger ada" in check.advice) == (state == "better")


def test_the_last_real_setting_wins_and_a_comment_shows_the_default():
    assert login.kills_user_processes([]) is None
    assert login.kills_user_processes(["[Login]\n#KillUserProcesses=no\n"]) is False
    assert login.kills_user_processes(["#KillUserProcesses=no\n", "KillUserProcesses = yes\n"]) is True
    assert login.kills_user_processes(["KillUserProcesses=yes\n", "KillUserProcesses=no\n"]) is False
    assert login.kills_user_processes(["KillUserProcesses=yes\n", "#KillUserProcesses=no\n"]) is True


def test_avx512_that_blas_does_not_use_could_be_better():
    flags = frozenset({"avx2", "avx512f"})
    assert numerics.check_kernel("SkylakeX", flags).state == "ok"
    assert numerics.check_kernel("Haswell", flags).state == "better"
    assert numerics.check_kernel("Haswell", frozenset({"avx2"})).state == "ok"
    assert numerics.check_kernel("", flags).state == "better"


def test_an_inherited_kernel_is_told_of_only_when_it_changes_something():
    assert numerics.check_shell_kernel("Haswell", "SkylakeX", "Haswell").state == "better"
    assert numerics.check_shell_kernel("Haswell", "Haswell", "Haswell").state == "ok"
    assert numerics.check_shell_kernel("SkylakeX", "SkylakeX", None).state == "ok"


def test_the_flags_of_the_first_processor():
    assert numerics.cpu_flags("processor : 0\nflags\t\t: fpu avx2\n\nflags : other\n") == {"fpu", "avx2"}
    assert numerics.cpu_flags("Features : fp asimd\n") == {"fp", "asimd"}
    assert numerics.cpu_flags("nothing") == frozenset()


def test_vector_units():
    assert numerics.check_vector_units(frozenset({"avx2", "avx512f", "sse"})).found == "avx2, avx512f"
    assert numerics.check_vector_units(frozenset({"sse"})).state == "better"


def test_films_need_no_graphics_library():
    assert rendering.check_films([], drawn=True).state == "ok"
    assert rendering.check_films([], drawn=False).state == "better"
    missing = rendering.check_films(["av"], drawn=True)
    assert (missing.state, missing.found) == ("better", "missing: av")
    assert "vbot-tui[render]" in missing.advice


def test_opengl_is_a_bonus_and_its_absence_no_fault():
    assert rendering.check_opengl({"egl": False, "osmesa": False}).state == "ok"
    assert rendering.check_opengl({"egl": False, "osmesa": True}).found == "vbot render --backend osmesa works too"


def test_the_robot_is_really_drawn_by_software_and_by_nothing_unknown():
    assert rendering.draws("software")
    assert not rendering.draws("crayon")


def test_where_niceness_counts_between_sessions():
    assert machine.check_niceness("") is None
    off = machine.check_niceness("0\n")
    on = machine.check_niceness("1\n")
    assert on is not None and off is not None
    assert (on.state, off.state) == ("ok", "ok")
    assert "/proc/self/autogroup" in on.found
    assert "autogroup" not in off.found
