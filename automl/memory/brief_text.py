"""The brief as data, and in words: Markdown that reads well in a terminal and in WAKE_UP.md."""

from collections.abc import Sequence
from dataclasses import dataclass

from sessions.notes import Note

MOST_LINES = 12


@dataclass(frozen=True)
class Line:
    """One statement of the brief: about what, when, in words, and the command that goes with it."""

    about: str
    text: str
    time: str = ""
    do: str = ""


@dataclass(frozen=True)
class Leader:
    """A run that leads its environment, by score v1 on fixed cases."""

    env: str
    run: str
    step: int
    score: float
    success: float | None
    fell: float | None
    state: str
    host: str
    flags: tuple[str, ...] | None


@dataclass(frozen=True)
class Brief:
    """Everything the brief says; `since` is None when the person never looked before."""

    now: str
    since: str | None
    runs: int
    studies: int
    happened: tuple[Line, ...] = ()
    running: tuple[Line, ...] = ()
    leads: tuple[Leader, ...] = ()
    fell: tuple[Line, ...] = ()
    needs: tuple[Line, ...] = ()
    todos: tuple[Note, ...] = ()
    next: tuple[Line, ...] = ()
    unjudged: int = 0


def short(path: str) -> str:
    """The last name of a dotted path."""
    return path.rsplit(".", 1)[-1]


def first_line(text: str) -> str:
    """The first line of a text, marked when there is more."""
    first, _, rest = text.partition("\n")
    return f"{first} ..." if rest else first


def render(brief: Brief) -> str:
    """The brief as Markdown, for WAKE_UP.md and for the terminal."""
    since = f"since {_minute(brief.since)}" if brief.since else "since the beginning"
    head = f"# Wake up\n\n{_minute(brief.now)} UTC. {counted(brief.runs, 'run')}, {counted(brief.studies, 'study')}."
    waiting = f"{counted(brief.unjudged, 'ended run')} {'has' if brief.unjudged == 1 else 'have'} not been judged"
    judged = f"- {waiting}: `vbot status` judges all" if brief.unjudged else ""
    sections = [
        ("What needs you", [*map(_bullet, brief.needs), *map(_todo, brief.todos)] or ["- nothing"]),
        (f"What happened {since}", _capped([_bullet(line) for line in brief.happened]) or ["- nothing"]),
        ("What runs now", _capped([_bullet(line) for line in brief.running]) or ["- nothing"]),
        ("What leads (score v1 on fixed cases)", _leader_lines(brief.leads) or ["- nothing was scored yet"]),
        ("What fell, and why", [*_capped([_bullet(line) for line in brief.fell]), judged]),
        ("What to do next", list(map(_bullet, brief.next)) or ["- let it run"]),
    ]
    blocks = [
        f"## {title}\n" + "\n".join([line for line in lines if line] or ["- nothing"]) for title, lines in sections
    ]
    return "\n\n".join([head, *blocks]) + "\n"


def _bullet(line: Line) -> str:
    at = f"{_minute(line.time)} " if line.time else ""
    do = f" -> `{line.do}`" if line.do else ""
    return f"- {at}**{line.about}** {line.text}{do}"


def _todo(note: Note) -> str:
    about = f" [{note.run}]" if note.run else ""
    return f"- [ ] TODO {note.id} ({note.time[:10]}){about} {first_line(note.text)}"


def _leader_lines(leads: Sequence[Leader]) -> list[str]:
    lines = []
    for lead in leads:
        success = f", success {lead.success:.1%}" if lead.success is not None else ""
        fell = f", fell {lead.fell:.1%}" if lead.fell is not None else ""
        flags = f", flags: {' '.join(lead.flags)}" if lead.flags else ""
        host = f" on {lead.host}" if lead.host else ""
        lines.append(
            f"- {lead.env}: {lead.score:.3f}  `{lead.run}@{lead.step}`{success}{fell} ({lead.state}{host}{flags})"
        )
    return lines


def _capped(lines: list[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], f"- ... and {more} more (`vbot brief --json` lists all)"] if more > 0 else lines


def _minute(time_text: str) -> str:
    return time_text[:16].replace("T", " ")


def counted(number: int, word: str) -> str:
    """A number of things in words: 1 run, 2 runs, 2 studies, 3 crashes."""
    plural = f"{word[:-1]}ies" if word.endswith("y") else f"{word}es" if word.endswith("sh") else f"{word}s"
    return f"{number:,} {word if number == 1 else plural}"
