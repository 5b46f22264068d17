"""The shape of the code: rooms that are listed, files and functions of readable size, a word on what each is for."""

import ast
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, files, project, sources

MAX_FILE_LINES = 600
MAX_FUNCTION_LINES = 80


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    whole = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is None:
        return whole
    docstring = node.body[0]
    return whole - ((docstring.end_lineno or docstring.lineno) - docstring.lineno + 1)


def long_functions(text: str, limit: int) -> list[str]:
    functions = [n for n in ast.walk(ast.parse(text)) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [f"{node.name} ({code_lines(node)} lines)" for node in functions if code_lines(node) > limit]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_length_of_a_function_is_counted_without_its_docstring():
    text = 'def f():\n    """One.\n\n    Two.\n    """\n    x = 1\n    return x\n'
    assert long_functions(text, 2) == ["f (3 lines)"]
    assert long_functions(text, 3) == []


def test_no_file_has_outgrown_its_room():
    assert [relative(p) for p in files(".py") if len(p.read_text().splitlines()) > MAX_FILE_LINES] == []


def test_no_function_is_longer_than_a_screen_or_two():
    found = [
        f"{relative(path)}: {name}"
        for path in files(".py")
        for name in long_functions(path.read_text(), MAX_FUNCTION_LINES)
    ]
    assert found == []


def test_every_module_says_what_it_is_for():
    assert [relative(path) for path in sources() if not ast.get_docstring(ast.parse(path.read_text()))] == []


def test_every_package_is_in_the_wheel_and_tests_are_not():
    folders = {".".join(path.parent.relative_to(ROOT).parts) for path in sources()}
    assert set(project()["tool"]["setuptools"]["packages"]) == folders


def test_every_package_folder_has_its_init():
    folders = {path.parent for path in sources()}
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_data_files_are_in_the_wheel(package):
    listed = project()["tool"]["setuptools"]["package-data"]
    patterns = [*listed["*"], *listed.get(package, [])]
    data = [p for p in files("") if p.relative_to(ROOT).parts[0] == package and p.suffix != ".py"]
    for path in data:
        home = path.parent if (path.parent / "__init__.py").is_file() else ROOT / package
        name = path.relative_to(home).as_posix()
        assert any(fnmatch(name, pattern) and name.count("/") == pattern.count("/") for pattern in patterns), relative(
            path
        )
