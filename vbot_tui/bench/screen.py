"""What a terminal shows, kept from the bytes that a program sends: as much of a terminal as the cockpit needs.

Far faster than a full emulator, because it stands between a byte and the clock that times it.
"""

import re
import unicodedata
from codecs import getincrementaldecoder

_PIECE = re.compile(
    r"\x1b\[([0-9;?<>=!$]*)[ -/]*([@-~])"  # a control sequence
    r"|\x1b[\]P_^X].*?(?:\x07|\x1b\\)"  # a string: title, clipboard, query
    r"|\x1b[()][A-Za-z0-9]|\x1b[=>78cDEHMNOZ]"
    r"|([\r\n\b\t])"
    r"|([^\x00-\x1f\x7f]+)"
    r"|[\x00-\x1a\x1c-\x1f\x7f]",
    re.DOTALL,
)


class Screen:
    """Rows of characters."""

    def __init__(self, columns: int, rows: int) -> None:
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._rest = ""
        self._decode = getincrementaldecoder("utf-8")("replace").decode
        self.alternate = False  # whether the program has the screen to itself

    @property
    def lines(self) -> list[str]:
        """The rows, without blanks at their ends."""
        return ["".join(row).rstrip() for row in self._cells]

    @property
    def text(self) -> str:
        """The whole screen."""
        return "\n".join(self.lines)

    def line_with(self, text: str) -> str:
        """The first row that contains a text, or nothing."""
        return next((line for line in self.lines if text in line), "")

    def resize(self, columns: int, rows: int) -> None:
        """Take another size; what was shown is forgotten, as programs paint anew."""
        self.columns, self.rows = columns, rows
        self._cells = [[" "] * columns for _ in range(rows)]
        self._x = self._y = 0

    def feed(self, data: bytes) -> None:
        """Take in what the program sent; a sequence that is cut in two waits for its end."""
        text = self._rest + self._decode(data)
        position = 0
        while position < len(text):
            match = _PIECE.match(text, position)
            if match is None:
                break
            position = match.end()
            parameters, final, control, words = match.groups()
            if words is not None:
                self._write(words)
            elif control is not None:
                self._control(control)
            elif final is not None:
                self._sequence(parameters, final)
        self._rest = text[position:]

    def _write(self, words: str) -> None:
        for char in words:
            if unicodedata.combining(char):
                continue
            cells = 2 if unicodedata.east_asian_width(char) in "WF" else 1
            if self._x < self.columns and self._y < self.rows:
                self._cells[self._y][self._x] = char
                if cells == 2 and self._x + 1 < self.columns:
                    self._cells[self._y][self._x + 1] = ""
            self._x += cells

    def _control(self, char: str) -> None:
        if char == "\r":
            self._x = 0
        elif char == "\b":
            self._x = max(0, self._x - 1)
        elif char == "\t":
            self._x = min(self.columns - 1, (self._x // 8 + 1) * 8)
        elif self._y + 1 < self.rows:
            self._y += 1
        else:
            self._cells = [*self._cells[1:], [" "] * self.columns]

    def _sequence(self, parameters: str, final: str) -> None:
        if final in "hl" and parameters == "?1049":
            self.alternate = final == "h"
            self._erase(0, 0, self.rows * self.columns)
            return
        if parameters[:1] in ("?", "<", ">", "="):
            return
        numbers = [int(part) if part.isdigit() else 0 for part in parameters.split(";")]
        first = numbers[0]
        if final in "Hf":
            column = numbers[1] if len(numbers) > 1 else 0
            self._y = min(self.rows - 1, max(1, first) - 1)
            self._x = min(self.columns - 1, max(1, column) - 1)
        elif final in "ABCD":
            dx, dy = {"A": (0, -1), "B": (0, 1), "C": (1, 0), "D": (-1, 0)}[final]
            self._x = min(self.columns - 1, max(0, self._x + dx * max(1, first)))
            self._y = min(self.rows - 1, max(0, self._y + dy * max(1, first)))
        elif final == "G":
            self._x = min(self.columns - 1, max(1, first) - 1)
        elif final in "JK":
            self._clear(final, first)

    def _clear(self, final: str, kind: int) -> None:
        row = self._y * self.columns
        begin, end = (row, row + self.columns) if final == "K" else (0, self.rows * self.columns)
        here = row + self._x
        if kind == 0:
            begin = here
        elif kind == 1:
            end = here + 1
        self._erase(0, begin, end)

    def _erase(self, offset: int, begin: int, end: int) -> None:
        for index in range(offset + begin, min(end, self.rows * self.columns)):
            self._cells[index // self.columns][index % self.columns] = " "
