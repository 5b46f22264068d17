"""`vbot play`, `render`, `export` and `pretrained:ENV` wherever a policy is named."""

import argparse
import json
import os
import pty
import select
import subprocess
import sys
import time
from pathlib import Path

import av
import numpy as np
import onnx
import pytest

from sessions.runs import RunDir
from tests.cli.command import vbot
from vbot_rl.playback import Recording
from vbot_rl.poses import Poses
from vbot_tui.cli.player import HOLD_S, Player, screen
from vbot_tui.cli.render import size

ENV = "vbot_navigation_section001"
PRETRAINED = f"pretrained:{ENV}"
SMALL = ("--size", "64x48", "--fps", "10")


def recording(count=100, name="one"):
    qpos = np.zeros((count, 19), np.float32)
    qpos[:, 0] = np.linspace(-8.0, 0.0, count)
    qpos[:, 2:4] = 0.277, 1.0
    qpos[:, 7:] = (0.0, 0.9, -1.8) * 4
    numbers = np.linspace(8.0, 0.0, count, dtype=np.float32)
    terms = np.zeros((count, 1), np.float32)
    return Recording(name, Poses(qpos, np.zeros(2, np.float32), terms, ("a",), numbers, numbers, 0.02), None)


@pytest.fixture
def player():
    return Player(recording(), 3, lambda seed: recording(name=f"seed {seed}"))


def test_export_writes_what_onnx_reads_and_says_how_well_it_agrees(tmp_path):
    out = tmp_path / "policy.onnx"
    answer = vbot("export", PRETRAINED, "--out", out, "--json").object
    assert answer["max_diff"] <= 1e-5
    assert answer["file"] == str(out)
    assert onnx.load(out).graph.input[0].name == "obs"


def test_export_writes_a_policy_file(tmp_path):
    answer = vbot("export", PRETRAINED, "--policy", tmp_path / "p.pt", "--json").object
    assert answer["bytes"] == (tmp_path / "p.pt").stat().st_size


def test_two_kinds_of_file_at_once_are_refused(tmp_path):
    said = vbot("export", PRETRAINED, "--policy", tmp_path / "a", "--out", tmp_path / "b")
    assert said.code == 2
    assert "one of them" in said.err


def test_the_pretrained_policy_can_be_judged_without_a_workspace(tmp_path):
    answer = vbot("eval", PRETRAINED, "--episodes", "4", "--seed", "1", "--json").object
    assert (answer["run"], answer["file"], answer["n"]) == (PRETRAINED, None, 4)
    assert answer["success"] >= 0.75


def test_an_environment_without_a_policy_is_refused(tmp_path):
    said = vbot("play", "pretrained:vbot_navigation_section0001")
    assert said.code == 2
    assert ENV in said.err


def test_a_training_can_start_from_the_pretrained_policy(tmp_path):
    words = [str(Path(sys.executable).parent / "vbot"), "train", ENV, "--smoke", "--steps", "6k", "--anyway"]
    words += ["--warm-start", PRETRAINED, "--render", "--set", "train.num_envs=16", "--set", "ppo.horizon=16"]
    words += ["--set", "train.evaluation_cases=2", "--set", f"ppo.hidden={hidden()}"]
    words += ["--workspace", str(tmp_path), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    run = RunDir(answer["dir"])
    assert run.record().parent == PRETRAINED
    assert (run.path / "warm_start.pt").exists()
    with av.open(answer["film"]) as film:
        assert film.streams.video[0].frames > 10
    assert Path(answer["sheet"]).read_bytes().startswith(b"\x89PNG")
    replay = vbot("play", run.id, "--poses", "--workspace", tmp_path, "--json").object
    assert replay["poses"] > 10


def test_the_pretrained_policy_has_no_optimizer_to_start_from(tmp_path):
    words = ("--warm-start", PRETRAINED, "--load", "weights,optimizer", "--workspace", tmp_path)
    said = vbot("train", ENV, "--smoke", *words)
    assert said.code == 2
    assert "weights,normalizer only" in said.err
    assert list((tmp_path / "runs").iterdir()) == []


def hidden():
    from vbot_rl import source

    return list(source.from_file(source.pretrained_path(ENV), "x").state["net"]["hidden"])


def test_render_writes_a_film_and_a_sheet(tmp_path):
    out = tmp_path / "film.mp4"
    answer = vbot("render", PRETRAINED, "--out", out, "--seed", "2", *SMALL, "--json").object
    with av.open(str(out)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height, stream.frames) == (64, 48, answer["frames"])
    assert answer["episode"]["seed"] == 2
    assert Path(answer["sheet"]) == tmp_path / "film.png"
    assert {path.name for path in tmp_path.iterdir()} == {"film.mp4", "film.png"}


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--out", "film.avi"), ".mp4"),
        (("--size", "big"), "640x480"),
        (("--poses",), "name a run"),
        (("--size", "2x2"), "16"),
        (("--size", "0x0"), "from 16x16 to 2160x2160"),
        (("--out", "/no/such/film.mp4"), "the folder /no/such does not exist"),
    ],
)
def test_render_refuses_what_it_cannot_do(words, part, tmp_path):
    said = vbot("render", PRETRAINED, "--out", tmp_path / "film.mp4", *words)
    assert said.code == 2
    assert part in said.err
    assert list(tmp_path.iterdir()) == []


def test_films_have_an_even_number_of_pixels():
    assert size("641x481") == (640, 480)
    with pytest.raises(argparse.ArgumentTypeError):
        size("640")


def test_without_a_terminal_a_few_pictures_are_printed():
    out = vbot("play", ENV, "--once").out
    pictures = out.split("\n\n\n")[0]
    assert out.count("m to go") == 4
    assert "FR" in pictures
    assert any(0x2800 < ord(letter) < 0x2900 for letter in out)
    assert "success after" in out


def test_a_screen_fits_its_terminal_and_has_the_numbers():
    lines = screen(recording(), 50, 80, 24)
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    assert "1.00 s" in lines[-2]
    assert "FR ●" in lines[-2]


def test_time_passes_and_stands_still_when_paused(player):
    player.advance(0.5)
    assert player.pose == 25
    player.press(" ")
    player.advance(0.5)
    assert player.pose == 25


def test_after_the_end_comes_the_next_start(player):
    player.advance(2.0)
    assert (player.pose, player.recording.name) == (99, "one")
    player.advance(HOLD_S)
    assert (player.pose, player.recording.name, player.seed) == (0, "seed 4", 4)


def test_keys_step_and_leave(player):
    player.press("\x1b[C")
    assert player.pose == 25
    player.press("\x1b[D")
    player.press("\x1b[D")
    assert player.pose == 0
    player.press("n")
    assert player.seed == 4
    player.press("?")
    assert not player.left
    player.press("q")
    assert player.left


def read_until(master, wanted, seconds=120.0):
    seen, end = b"", time.monotonic() + seconds
    while wanted not in seen and time.monotonic() < end:
        if select.select([master], [], [], 0.2)[0]:
            try:
                data = os.read(master, 65536)
            except OSError:  # the other side is closed
                break
            seen += data
    return seen


def test_in_a_terminal_it_plays_until_q_and_gives_the_terminal_back():
    master, slave = pty.openpty()
    words = [str(Path(sys.executable).parent / "vbot"), "play", ENV, "--terminal"]
    process = subprocess.Popen(words, stdin=slave, stdout=slave, stderr=slave, close_fds=True)
    os.close(slave)
    try:
        seen = read_until(master, b"space pause")
        assert b"\x1b[?1049h" in seen
        os.write(master, b"q")
        assert b"\x1b[?1049l" in read_until(master, b"\x1b[?1049l")
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        os.close(master)


@pytest.mark.parametrize(
    "words",
    [
        ("export", PRETRAINED, "--out"),
        ("export", PRETRAINED, "--policy"),
        ("render", PRETRAINED, "--out"),
        ("view", ENV, "--picture"),
    ],
)
def test_a_folder_that_is_not_there_is_not_made(words, tmp_path):
    said = vbot(*words, tmp_path / "slip" / "file.png")
    assert said.code == 2
    assert f"the folder {tmp_path / 'slip'} does not exist" in said.err
    assert said.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
