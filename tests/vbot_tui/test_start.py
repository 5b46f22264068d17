import os
import subprocess
import sys

import pytest

from vbot_tui.start import run


def test_one_picture_of_a_workspace_that_is_not_there_writes_nothing(tmp_path, capsys):
    assert run(["--once", "--workspace", str(tmp_path / "new")]) == 0
    assert "No study yet." in capsys.readouterr().out
    assert not (tmp_path / "new").exists()


def test_one_picture_in_ascii(tmp_path, capsys):
    assert run(["--once", "--ascii", "--workspace", str(tmp_path)]) == 0
    assert capsys.readouterr().out.replace(str(tmp_path), "").isascii()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_workspace_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    tmp_path.chmod(0o500)
    assert run(["--workspace", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_workspace_that_is_a_file_is_one_sentence(tmp_path, capsys):
    (tmp_path / "x").write_text("")
    assert run(["--workspace", str(tmp_path / "x")]) == 2
    assert capsys.readouterr().err.startswith("vbot-tui: the workspace")


def test_a_study_file_that_is_none_is_refused_before_the_screen(tmp_path, capsys):
    (tmp_path / "s.yaml").write_text("enviroment: x\n")
    assert run(["--study", str(tmp_path / "s.yaml"), "--workspace", str(tmp_path / "ws")]) == 2
    assert "enviroment" in capsys.readouterr().err
    assert not (tmp_path / "ws").exists()


def test_without_a_terminal_it_says_what_to_use_instead(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from vbot_tui.start import run; raise SystemExit(run(['--workspace', 'ws']))"],
        cwd=tmp_path, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == "vbot-tui: no terminal here; try 'vbot-tui --once' or 'vbot status'.\n"


def test_a_wrong_option_is_exit_code_2(capsys):
    with pytest.raises(SystemExit) as ended:
        run(["--nonsense"])
    assert ended.value.code == 2


def test_a_picture_for_documents_is_an_svg(tmp_path):
    assert run(["--screenshot", str(tmp_path / "shot.svg"), "--workspace", str(tmp_path / "ws")]) == 0
    assert (tmp_path / "shot.svg").read_text().startswith("<svg")
