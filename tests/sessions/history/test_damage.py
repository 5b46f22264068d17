"""Two thousand damaged copies of real files: read as far as they go, never a crash, nothing passed over in silence."""

import json
import random
from pathlib import Path

import pytest

from sessions.history import CRASHED, import_tree, load_import
from sessions.history.reading import read_history
from tests.sessions.history.mutate import cut_end, mutate
from tests.sessions.history.trees import ASSETS

FILES = [path for path in sorted(ASSETS.rglob("*")) if path.is_file() and path.stat().st_size]
TREES = 50
PER_TREE = 40  # 50 trees of 40 damaged files: 2,000


def damaged_tree(root: Path, seed: int) -> Path:
    dice = random.Random(seed)
    for path in dice.sample(FILES, PER_TREE):
        place = root / path.relative_to(ASSETS)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(mutate(dice, path.read_bytes()))
    return root


@pytest.mark.parametrize("seed", range(TREES))
def test_damaged_trees_are_read_and_every_file_is_accounted_for(seed, tmp_path):
    root = damaged_tree(tmp_path / "tree", seed)
    history = read_history(root)
    known = {file.path for file in history.files} | {item.path for item in history.unreadable}
    assert known == {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    assert all(trial.legacy_score is None for trial in history.trials if trial.outcome == CRASHED)
    assert len({trial.uid for trial in history.trials}) == len(history.trials)


@pytest.mark.parametrize("seed", range(0, TREES, 10))
def test_damaged_trees_are_stored_and_read_back_and_a_second_import_changes_nothing(seed, tmp_path):
    root = damaged_tree(tmp_path / "tree", seed)
    done = import_tree(root, tmp_path / "ws")
    assert load_import(done.path).history == done.history
    assert import_tree(root, tmp_path / "ws").changed == ()
    json.loads((done.path / "import.json").read_text(), parse_constant=pytest.fail)


def test_the_damage_is_real(tmp_path):
    """Nearly all files differ from their originals, and many cannot be read in full: the tests above test something."""
    root = damaged_tree(tmp_path / "tree", 3)
    changed = [
        p for p in root.rglob("*.*") if p.is_file() and p.read_bytes() != (ASSETS / p.relative_to(root)).read_bytes()
    ]
    assert len(changed) > 0.9 * PER_TREE
    assert len(read_history(root).unreadable) > 0.3 * PER_TREE


@pytest.mark.parametrize("seed", range(20))
def test_a_cut_off_configuration_is_always_named(seed, tmp_path):
    whole = next(path for path in FILES if path.name.endswith("i1_1771217492.json")).read_bytes()
    cut = cut_end(random.Random(seed), whole)
    if cut.rstrip() in (whole.rstrip(), b""):
        pytest.fail("choose another seed: nothing was cut")
    (tmp_path / "x.json").write_bytes(cut)
    assert [item.path for item in read_history(tmp_path).unreadable] == ["x.json"]
