"""Running `vbot` in a test: in this process for speed, with everything it says kept."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from vbot_tui.cli.__main__ import main


@dataclass(frozen=True)
class Said:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def object(self) -> dict[str, Any]:
        """The one object on stdout; anything more or less is an error."""
        lines = self.out.splitlines()
        assert len(lines) == 1, f"stdout is not one line: {self.out!r}"
        found = json.loads(lines[0])
        assert isinstance(found, dict)
        return found


def vbot(*words: str) -> Said:
    """Run one command."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Said(code, out.getvalue(), err.getvalue())
