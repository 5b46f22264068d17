"""Where a verb speaks: its result on stdout, everything else on stderr.

With `--json` stdout carries exactly one object per command, whatever happens: the result, or the error.
No verb prints by itself; colours, screens and prompts do not belong here.
"""

import json
import math
import time
from collections.abc import Mapping
from typing import Any, TextIO


class Console:
    """The two channels of one command."""

    def __init__(self, out: TextIO, err: TextIO, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._out = out
        self._err = err
        self._shown = False
        self._status_width = 0
        self._status_at = -math.inf

    def show(self, result: Mapping[str, Any], text: str) -> None:
        """Print the result of the command: the object with `--json`, else the text for a person."""
        if self._shown:
            raise RuntimeError("a command has one result: show() was called twice")
        self._shown = True
        self.end_progress()
        print(json.dumps(finite(result), ensure_ascii=False) if self.as_json else text, file=self._out, flush=True)

    def tell(self, line: str) -> None:
        """Say something that is not the result."""
        self.end_progress()
        print(line, file=self._err, flush=True)

    def progress(self, line: str, every_s: float = 5.0) -> None:
        """Show how far the work is: one line that is rewritten on a terminal, else a line now and then."""
        if self.as_json:
            return
        if self._err.isatty():
            self._err.write("\r" + line.ljust(self._status_width))
            self._err.flush()
            self._status_width = len(line)
        elif time.monotonic() - self._status_at >= every_s:
            self._status_at = time.monotonic()
            print(line, file=self._err, flush=True)

    def end_progress(self) -> None:
        """Leave the progress line as it stands, so that the next words start on a line of their own."""
        if self._status_width:
            self._err.write("\n")
            self._err.flush()
            self._status_width = 0

    def fail(self, sentence: str, exit_code: int) -> int:
        """Report an error: one sentence on stderr and, with `--json`, as the object on stdout."""
        sentence = sentence if sentence.endswith((".", "?", "!")) else f"{sentence}."
        self.tell(f"vbot: {sentence}")
        if self.as_json and not self._shown:
            self.show({"error": sentence, "exit_code": exit_code}, "")
        return exit_code


def finite(value: object) -> object:
    """The value with NaN and infinity as null: JSON has no word for them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value
