"""A workspace for one test, with nothing left running after it."""

import pytest

from sessions.workspace import Workspace
from tests.pty.cockpit import end_everything


@pytest.fixture
def workspace(tmp_path):
    found = Workspace.open(tmp_path / "work")
    yield found
    end_everything(found)
