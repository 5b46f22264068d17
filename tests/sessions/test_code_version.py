import re
import subprocess

from sessions.code_version import code_version


def git(folder, *words):
    subprocess.run(
        ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@t", *words], check=True, capture_output=True
    )


def checkout(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("a = 1\n")
    git(tmp_path, "add", "code.py")
    git(tmp_path, "commit", "-q", "-m", "x")
    return tmp_path


def test_a_clean_checkout_is_named_by_its_commit(tmp_path):
    assert re.fullmatch(r"[\d.]+\+g[0-9a-f]{12}", code_version(checkout(tmp_path)))


def test_changed_code_is_marked(tmp_path):
    source = checkout(tmp_path)
    (source / "code.py").write_text("a = 2\n")
    assert re.fullmatch(r"[\d.]+\+g[0-9a-f]{12}\.dirty-[0-9a-f]{8}", code_version(source))


def test_two_different_changes_are_two_versions(tmp_path):
    source = checkout(tmp_path)
    (source / "code.py").write_text("a = 2\n")
    first = code_version(source)
    (source / "code.py").write_text("a = 3\n")
    second = code_version(source)
    (source / "code.py").write_text("a = 2\n")
    assert first != second
    assert code_version(source) == first


def test_new_files_beside_the_code_do_not_count(tmp_path):
    source = checkout(tmp_path)
    (source / "notes.txt").write_text("")
    assert "dirty" not in code_version(source)


def test_code_installed_into_another_repository_is_not_named_by_that_ones_commit(tmp_path):
    installed = checkout(tmp_path) / "site-packages"
    installed.mkdir()
    (installed / "code.py").write_text("")
    assert "+g" not in code_version(installed)


def test_outside_any_repository_it_is_the_version(tmp_path):
    assert re.fullmatch(r"[\d.]+", code_version(tmp_path))


def commit_file(folder, name, text):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    git(folder, "add", name)
    git(folder, "commit", "-q", "-m", name)


def test_words_tests_and_screens_are_no_other_code(tmp_path):
    source = checkout(tmp_path)
    before = code_version(source)
    for name in ("docs/studies.md", "README.md", "tests/test_a.py", "vbot_tui/app.py", "vbot_rl/README.md"):
        commit_file(source, name, "x")
        (source / name).write_text("y")
    assert code_version(source) == before
    commit_file(source, "vbot_rl/tests_of_time.py", "x")
    assert code_version(source) != before
    assert "dirty" not in code_version(source)


def test_it_is_the_same_wherever_in_the_checkout_one_asks(tmp_path):
    source = checkout(tmp_path)
    commit_file(source, "sessions/locks.py", "x")
    (source / "code.py").write_text("a = 2\n")
    assert code_version(source / "sessions") == code_version(source)
