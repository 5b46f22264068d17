"""The frame of the screen as text: status line, hint, key bar, empty state, help. Pure functions."""

import math
from collections.abc import Iterable
from itertools import takewhile

from vbot_tui import bindings, text
from vbot_tui.glyphs import FLAG_LETTERS, STATE_ROLES, Glyphs
from vbot_tui.lines import Line, Span, line
from vbot_tui.model import StudyHead, TrialRow, View

DRIVERS = {"here": "driven here", "elsewhere": "driven elsewhere", "nobody": "DRIVEN BY NOBODY"}
STATE_ROLE = {"running": "good", "paused": "warn", "finished": "accent", "stopped": "dim"}
NOTICE_ROLE = {"info": "accent", "good": "good", "warn": "warn", "bad": "bad"}
NOTICE_S = {"info": 6.0, "good": 8.0, "warn": 12.0, "bad": 30.0}


def status(view: View, now: float, width: int, glyphs: Glyphs) -> Line:
    """Return the top line: study, its state and driver, slots, trials, best, age of the data."""
    study = view.study
    spans: list[Span] = [(" vbot ", "title")]
    if not view.ready:
        spans.append((f"{glyphs.dot} opening {text.clean(view.workspace)}", "dim"))
        return clip(spans, width, glyphs)
    if study is None:
        spans.append((f"{glyphs.dot} no study {glyphs.dot} {text.clean(view.workspace)}", "dim"))
        return clip(spans, width, glyphs)
    right = _age(view, now)
    parts = _study_parts(study, view, glyphs)
    room = width - text.width(right) - 1
    while len(parts) > 2 and _cells(spans) + sum(_cells(part) for part in parts) > room:
        parts.pop()
    for part in parts:
        spans.extend(part)
    spans = list(clip(spans, room, glyphs))
    pad = width - _cells(spans) - text.width(right)
    return (*spans, (" " * max(0, pad), ""), (right, "dim"))


def trial_status(row: TrialRow | None, now: float, width: int, glyphs: Glyphs) -> Line:
    """Return the top line of a trial's own screen: its name, state, steps, score and the age of its data."""
    if row is None:
        return line((" vbot ", "title"))
    dot: Span = (f" {glyphs.dot} ", "dim")
    age = f"data {text.age(row.age_s(now))} old " if math.isfinite(row.updated) else "no data yet "
    steps = f"{text.count(row.env_steps)} of {text.count(row.total_env_steps)} steps"
    tail: list[Span] = [
        (f"{glyphs.state(row.state)} {row.state}", STATE_ROLES.get(row.state, "")), dot, (steps, ""),
        dot, ("score ", "dim"), (text.number(row.score), "accent"),
        dot, ("success ", "dim"), (text.percent(row.success), "accent"),
    ]  # fmt: skip
    name = text.clean(row.name)
    fixed = 6 + 3 + len(age) + 1
    if fixed + text.width(name) + _cells(tail) > width:
        del tail[-3:]
    room = width - fixed - _cells(tail)
    spans = [(" vbot ", "title"), (text.fit(name, min(text.width(name), max(4, room)), "<", glyphs.more), "title")]
    shown = clip([*spans, dot, *tail], max(0, width - len(age) - 1), glyphs)
    return (*shown, (" " * max(0, width - _cells(shown) - len(age)), ""), (age, "dim"))


def _study_parts(study: StudyHead, view: View, glyphs: Glyphs) -> list[list[Span]]:
    """Return the pieces of the status line, most needed first."""
    dot: Span = (f" {glyphs.dot} ", "dim")
    if not study.state:  # not a study: the runs that belong to none
        return [[(text.clean(study.id), "")], [dot, (text.counted(study.trials, "run"), "")]]
    over = study.driver == "nobody" and study.state in ("finished", "stopped")  # nothing is left to be decided
    driver = "" if over else f" {DRIVERS.get(study.driver, study.driver)}"
    parts: list[list[Span]] = [
        [(short_id(study.id), ""), dot, (study.state, STATE_ROLE.get(study.state, ""))],
        [(driver, "bad" if study.driver == "nobody" else "dim")],
        [dot, (f"slots {study.slots_busy}/{study.slots}", "")],
        [dot, (f"trials {study.finished}/{study.max_trials or study.trials}", "")],
    ]
    if study.best_trial is not None and math.isfinite(study.best_score):
        parts.append([dot, ("best ", "dim"), (f"T{study.best_trial} {text.number(study.best_score)}", "accent")])
    if len(view.studies) > 1:
        parts.append([dot, (f"study {_place(view)} of {len(view.studies)}", "dim")])
    return parts


def _place(view: View) -> int:
    return next((i + 1 for i, item in enumerate(view.studies) if view.study and item.id == view.study.id), 0)


def short_id(study_id: str) -> str:
    """Return the part of a study's id that a person reads: ``20260223-101500-first-ab12cd34`` -> ``first``."""
    parts = study_id.split("-")
    if len(parts) >= 4 and parts[0].isdigit() and parts[1].isdigit():
        return "-".join(parts[2:-1])
    return study_id


def live_rows(view: View) -> tuple[TrialRow, ...]:
    """Return the living trials: in the usual order they stand before all others, so the rest is not looked at."""
    return tuple(takewhile(lambda row: row.live, view.rows))


def _age(view: View, now: float) -> str:
    rows = live_rows(view) or view.rows  # what lives is what writes
    newest = max((row.updated for row in rows if math.isfinite(row.updated)), default=math.nan)
    return f"data {text.age(max(0.0, now - newest))} old " if math.isfinite(newest) else "no data yet "


def _cells(spans: Iterable[Span]) -> int:
    return sum(text.width(part) for part, _ in spans)


def clip(spans: Iterable[Span], width: int, glyphs: Glyphs) -> Line:
    """Return spans cut to a width."""
    out: list[Span] = []
    left = width
    for part, role in spans:
        have = text.width(part)
        if have > left:
            out.append((text.fit(part, max(0, left), "<", glyphs.more), role))
            break
        out.append((part, role))
        left -= have
    return tuple(out)


def hint(view: View, row: TrialRow | None, now: float, glyphs: Glyphs, width: int, *, read_only: bool = False) -> Line:
    """Return the line above the key bar: what just happened, else what to press next."""
    return news(view, now, glyphs, width) or clip(
        [(" ", ""), *next_step(view, row, now, read_only=read_only)], width, glyphs
    )


def news(view: View, now: float, glyphs: Glyphs, width: int) -> Line:
    """Return what is being done or has just happened; nothing where that is old."""
    notice = view.notice
    if view.busy:
        return clip([(f" {text.clean(view.busy)}{glyphs.more}", "accent")], width, glyphs)
    if notice is not None and now - notice.time < NOTICE_S.get(notice.level, 6.0):
        return clip([(" " + text.clean(notice.text), NOTICE_ROLE.get(notice.level, ""))], width, glyphs)
    return ()


def next_step(view: View, row: TrialRow | None, now: float, *, read_only: bool = False) -> Line:
    """Return what a newcomer should press now."""
    study = view.study
    if not view.ready:
        return line(("Reading the workspace.", "dim"))
    if row is None:
        if view.rows:
            return line(
                ("No trial fits the filter: ", "warn"), ("Esc", "key"), " shows all, ", ("/", "key"), " changes it."
            )
        if study is not None and study.state == "running":
            return line(("The first trial appears within seconds.", "dim"))
        return () if read_only else line("Press ", ("S", "key"), " to start a first study.")
    trouble = _study_trouble(study, read_only=read_only) if study is not None else ()
    if trouble:
        return trouble
    if row.stale(now):
        return line((f"{row.name} is silent for {text.age(row.age_s(now))}: ", "bad"), ("l", "key"), " shows its log.")
    if row.flags and row.live:
        what = text.clean(row.flags[0].title)
        return line((f"{row.name}: {what}. ", "warn"), ("f", "key"), " shows the evidence and what to do.")
    flagged = next((item for item in live_rows(view) if item.flags), None)
    if flagged is not None:
        what = text.clean(flagged.flags[0].title)
        return line((f"{flagged.name}: {what}. ", "warn"), ("F", "key"), " goes there.")
    if row.state in ("failed", "diverged"):
        return line((f"{row.name} {row.state}. ", "bad"), ("l", "key"), (" its log, ", "dim"), ("i", "key"), " why.")
    if live_rows(view):
        return _while_learning(row)
    if read_only:
        return line(("Nothing is running.", "dim"))
    if study is None or not study.state:
        return line(
            ("All done. ", "dim"), ("S", "key"), (" starts a study, ", "dim"), ("3", "key"), (" the form.", "dim")
        )
    return line(
        ("All done. ", "dim"), ("T", "key"), (" tries one more, ", "dim"), ("S", "key"), (" a new study.", "dim")
    )


def _study_trouble(study: StudyHead, *, read_only: bool) -> Line:
    """Return what keeps a study from going on, and the key that helps."""
    if study.trouble:
        return line((f"The study is in trouble: {text.clean(study.trouble)}", "bad"))
    if study.state == "paused":
        resume: Line = () if read_only else (("P", "key"), (" resumes; paused by ", "dim"))
        return (*resume, (text.clean(study.reason), "warn"))
    if study.driver == "nobody" and study.state == "running" and not read_only:
        return line(("Nobody decides for this study: ", "bad"), ("O", "key"), " takes it over.")
    return ()


def _while_learning(row: TrialRow) -> Line:
    if row.live and not math.isfinite(row.score):
        first = "Learning; the first evaluation fills SCORE. "
        return line((first, "dim"), ("r", "key"), (" what it is paid for", "dim"))
    return line(
        ("r", "key"), (" what it is paid for, ", "dim"), ("n", "key"), (" note, ", "dim"), ("q", "key"),
        (" leaves it running.", "dim"),
    )  # fmt: skip


def key_bar(context: str, have: Iterable[str], width: int, *, read_only: bool = False) -> Line:
    """Return the bottom line: the most useful keys that fit."""
    spans: list[Span] = []
    left = width
    keys = bindings.bar(context, have, read_only=read_only)
    for key in keys:
        cells = len(key.shown) + len(key.label) + 3
        if cells > left:
            break
        spans.extend([(f" {key.shown}", "key"), (f" {key.label} ", "dim")])
        left -= cells
    return tuple(spans)


def empty(view: View, *, read_only: bool = False) -> list[Line]:
    """Return the page of a workspace without trials: what one key would do."""
    if not view.ready:
        return [(), line(("   Opening the workspace.", "dim"))]
    if read_only:
        return [(), line(f"   Nothing to look at in {text.clean(view.workspace)} yet.")]
    first = view.first
    out: list[Line] = [
        (),
        line(("   No study yet.", "title")),
        (),
        line("   Press ", (" S ", "key"), " to start the first one:"),
    ]
    if first is not None:
        work = f"up to {first.trials} trials of {text.count(first.trial_env_steps)} steps, {first.slots} at a time"
        searched = ", ".join(first.searched)
        out += [
            (),
            line(("   task    ", "dim"), first.env),
            line(("   goal    ", "dim"), "walk to the centre within 10 s and stop there"),
            line(("   work    ", "dim"), work),
            *[line(("   search  " if i == 0 else "           ", "dim"), part)
              for i, part in enumerate(text.wrap(searched, 64))],
        ]  # fmt: skip
    return [
        *out,
        (),
        line(("   Rows move within seconds, success rises within minutes.", "dim")),
        line(("   Closing this screen never stops the work.", "dim")),
        (),
        line("   ", ("?", "key"), ("  all keys      ", "dim"), ("q", "key"), ("  leave", "dim")),
        (),
        line((f"   workspace {text.clean(view.workspace)}", "dim")),
    ]


def help_page(glyphs: Glyphs, context: str = "trials", width: int = 78, *, read_only: bool = False) -> list[Line]:
    """Return the help screen, made from the key table and folded to a width."""
    groups = bindings.groups(context, read_only=read_only)
    shown = {key.id: " ".join(map(bindings.pretty, key.keys)) for keys in groups.values() for key in keys}
    cells = max(10, *(len(names) + 1 for names in shown.values()))
    intro = "What acts on processes is a capital letter; what cannot be undone asks first."
    out: list[Line] = [line((part, "dim")) for part in text.wrap(intro, width)]
    for group, keys in groups.items():
        for index, key in enumerate(keys):
            out += _explained(group if index == 0 else "", f"{shown[key.id]:<{cells}}", key.help, width)
    if context != "trials":
        return out
    states = "   ".join(f"{shape} {name}" for name, shape in glyphs.states.items())
    flag_names = "   ".join(f"{letter} {name.replace('_', ' ')}" for name, letter in FLAG_LETTERS.items())
    score = "success - fell + 0.2 x how early, over 256 fixed cases"
    change = "change against a quarter of the history ago"
    words = {"SCORE": score, "SUCC": "how many of them stop at the centre in time",
             "AGE": "since it last wrote; LOST: silent for three usual intervals",
             "PER STEP": "mean weighted reward per control step", glyphs.delta: change}  # fmt: skip
    for label, content in (("States", states), ("Flags", flag_names)):
        rows = text.wrap(content, width - 7)
        out += [line((f"{label if index == 0 else '':<7}", "title"), row) for index, row in enumerate(rows)]
    for index, (word, meaning) in enumerate(words.items()):
        out += _explained("Words" if index == 0 else "", f"{word:<{cells}}", meaning, width)
    return out


def _explained(group: str, name: str, meaning: str, width: int) -> list[Line]:
    """Return one entry of the help: group, name, and its meaning in as many lines as it needs."""
    edge = 7 + len(name)
    rows = text.wrap(meaning, max(20, width - edge))
    return [
        line((f"{group:<7}", "title"), (name, "key"), rows[0]),
        *(line(" " * edge + row) for row in rows[1:]),
    ]
