import os

import pytest

from tests.cli.command import vbot
from vbot_tui.cli import doctor
from vbot_tui.cli.checks import Check, numerics


def test_advice_stands_below_its_line_and_the_worst_is_counted():
    checks = [
        Check("machine", "cores", "ok", "2"),
        Check("terminal", "TERM", "broken", "TERM=dumb", "Set it."),
    ]
    assert doctor.as_text(checks).splitlines() == [
        "machine",
        "  ok              cores             2",
        "",
        "terminal",
        "  BROKEN          TERM              TERM=dumb",
        "                  -> Set it.",
        "",
        "1 broken, 0 could be better.",
    ]


def test_the_whole_doctor_on_this_machine(tmp_path):
    said = vbot("doctor", "--json", "--workspace", tmp_path / "new")
    found = said.object
    names = {check["name"] for check in found["checks"]}
    assert {"python", "packages", "cores", "memory", "disk", "workspace", "inotify", "login manager"} <= names
    assert {"size", "trial BLAS", "inherited BLAS", "vector units", "films", "OpenGL"} <= names
    assert found["ok"] + found["better"] + found["broken"] == len(found["checks"])
    assert said.code == (1 if found["broken"] else 0)
    assert all(check["advice"] for check in found["checks"] if check["state"] != "ok")
    assert not (tmp_path / "new").exists()


def test_the_kernel_of_a_process_is_what_its_environment_asks_for():
    free = {name: value for name, value in os.environ.items() if name != "OPENBLAS_CORETYPE"}
    if not numerics.kernel_under(free):
        pytest.skip("numpy is built on another BLAS here")
    assert numerics.kernel_under({**free, "OPENBLAS_CORETYPE": "Haswell"}) in ("Haswell", numerics.kernel_under(free))


def test_a_python_that_cannot_load_numpy_has_no_kernel(monkeypatch):
    monkeypatch.setattr(numerics, "ASK_OPENBLAS", "raise SystemExit(1)")
    assert numerics.kernel_under(os.environ) == ""
