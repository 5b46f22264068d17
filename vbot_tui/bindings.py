"""The one table of keys: bindings, key bar, help screen, documentation and tests are made from it.

What acts on processes is a capital letter; what cannot be undone is confirmed on a different key. No core action needs
Ctrl or Alt, because tmux, screen and the line discipline own those.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that do it."""

    id: str
    keys: tuple[str, ...]
    action: str
    label: str
    help: str
    context: str
    group: str
    rank: int = 0
    """Place in the key bar, 1 first; 0 is not shown there."""
    acts: bool = False
    """Changes something outside the screen: absent under --read-only."""
    needs: str = ""
    """What must exist for the key to make sense: ``trial``, ``live``, ``study`` or nothing."""

    @property
    def shown(self) -> str:
        """How the key is written on the screen."""
        return pretty(self.keys[0])


def _key(
    context: str,
    group: str,
    spec: str,
    keys: str,
    action: str,
    label: str,
    text: str,
    *,
    rank: int = 0,
    acts: bool = False,
    needs: str = "",
) -> Key:
    return Key(f"{context}.{spec}", tuple(keys.split()), action, label, text, context, group, rank, acts, needs)


ROOMS = (
    ("trials", "the table of trials"),
    ("study", "the study: queue, rungs, what its keys did"),
    ("launch", "the form that starts a training or a study"),
    ("queue", "what is queued, in its order"),
    ("library", "rewards worth keeping, ideas, and what was rejected"),
    ("records", "notes, what is to be done, experiment records"),
    ("logs", "every log of the workspace"),
)
"""The big screens in the order of their numbers, and what each is."""


SHELVES = ("queue", "library", "records", "logs")


def _jump(context: str) -> Key:
    return _key(context, "Move", "jump", "apostrophe", "jump", "jump", "letters at all lines, the next key chooses")


def _pages(context: str, bar: int = 0) -> list[Key]:
    """Return the keys that turn the pages of a screen."""
    return [
        _key(context, "Pages", "next", "tab", "turn(1)", "page", "next page", rank=bar),
        _key(context, "Pages", "previous", "shift+tab", "turn(-1)", "page", "previous page"),
    ]


def _moving(context: str, group: str, down: str, up: str, bar: int = 0, pages: str = "") -> list[Key]:
    """Return the keys that move by a line and by a page."""
    page = f"a page{pages}"
    return [
        _key(context, group, "down", "j down", "move(1)", "down", down, rank=bar),
        _key(context, group, "up", "k up", "move(-1)", "up", up),
        _key(context, group, "page_down", "pagedown", "page(1)", "page down", f"{page} down"),
        _key(context, group, "page_up", "pageup", "page(-1)", "page up", f"{page} up"),
    ]


def _ends(context: str, what: str) -> list[Key]:
    """Return the keys that go to the first and the last of a list."""
    return [
        _key(context, "Move", "top", "g home", "end(-1)", "top", f"first {what}"),
        _key(context, "Move", "bottom", "G end", "end(1)", "bottom", f"last {what}"),
    ]


def _leaving(context: str, bar: int, back: str = "escape q backspace") -> list[Key]:
    """Return help and the way back; ``bar`` is the place of the help in the key bar."""
    return [
        _key(context, "Leave", "help", "question_mark", "help", "help", "this page", rank=bar),
        _key(context, "Leave", "back", back, "back", "back", "one level back", rank=bar + 1),
    ]


def _deeds(context: str, many: str = "", bar: int = 0) -> list[Key]:
    """Return what can be done with a trial, the same wherever one is shown."""
    rows = (
        ("evaluate", "V", "deed('evaluate')", "judge", "judge all its checkpoints"),
        ("promote", "U", "deed('promote')", "final", "a final run with its settings (asks)"),
        ("warm", "W", "deed('warm')", "warm start", "train on from what it has learned, as a new run"),
        ("stage", "L", "deed('stage')", "next stage", "train on from what it has learned with a change, in one line"),
        ("keep", "H", "keep", "archive", "its settings into the reward library"),
        ("clone", "C", "clone", "clone", "train its settings again with a change, typed in one line"),
    )
    out = [_key(context, "Work", *row, acts=True, needs="trial") for row in rows]
    everything = f"all that can be done with it{many}"
    return [*out, _key(context, "Work", "act", "A", "act", "do", everything, rank=bar, acts=True, needs="trial")]


def _charts(context: str) -> list[Key]:
    """Return the keys of a page of curves."""
    rows = (
        ("next_group", "right_square_bracket", "group(1)", "group", "next group of charts", 0),
        ("previous_group", "left_square_bracket", "group(-1)", "group", "previous group", 2),
        ("big", "enter", "big", "large", "one chart large, and back", 3),
        ("right", "right", "cursor(1)", "right", "cursor right: values at its step", 0),
        ("left", "left", "cursor(-1)", "cursor", "cursor left", 4),
        ("far_right", "greater_than_sign", "cursor(10)", "right", "cursor far right", 0),
        ("far_left", "less_than_sign", "cursor(-10)", "left", "cursor far left", 0),
        ("newest", "end", "newest", "newest", "no cursor: the newest values", 0),
        ("smoother", "plus equals_sign", "smooth(1)", "smoother", "smooth more; raw dots stay", 0),
        ("rougher", "minus", "smooth(-1)", "rougher", "smooth less", 0),
        ("scale", "y", "scale", "scale", "linear, log or symlog", 0),
        ("axis", "x", "axis", "axis", "over steps, or over time worked", 0),
        ("zoom", "z", "zoom(0.5)", "zoom", "a shorter stretch around the cursor", 0),
        ("unzoom", "u", "zoom(2.0)", "widen", "a longer stretch", 0),
    )
    return [_key(context, "Charts", *row[:5], rank=row[5]) for row in rows]


def _shelves() -> list[Key]:
    """Return the keys that all shelves share."""
    out: list[Key] = []
    for context in SHELVES:
        out += [
            _jump(context),
            *_moving(context, "Move", "next item", "previous item", pages=" of items"),
            *_ends(context, "item"),
            _key(context, "Look", "scroll_down", "J right_square_bracket", "scroll(5)", "scroll", "its page down"),
            _key(context, "Look", "scroll_up", "K left_square_bracket", "scroll(-5)", "scroll", "its page up", rank=7),
            _key(context, "Look", "large", "z enter" if context != "library" else "z", "large", "large",
                 "its page large, and back", rank=5),
            _key(context, "Look", "find", "slash", "search", "find", "only what has some words, while typing", rank=4),
            *_leaving(context, 8),
        ]  # fmt: skip
    return out


def _rooms() -> list[Key]:
    """Return the numbers that lead to the big screens, the same on each of them and on the screens above."""
    return [
        _key(context, "Rooms", f"room_{name}", str(place), f"room('{name}')", name, what)
        for context in ("trials", "trial", "robot", "compare", "study", "launch", *SHELVES)
        for place, (name, what) in enumerate(ROOMS, 1)
    ]


KEYS: tuple[Key, ...] = (
    # --- what acts on processes
    _key("trials", "Work", "start_study", "S", "start_study", "new study", "start a study with defaults that learn",
         rank=2, acts=True),
    _key("trials", "Work", "start_trial", "T", "start_trial", "try one", "start one more trial in this study",
         acts=True, needs="study"),
    _key("trials", "Work", "kill", "X", "kill", "kill", "end the selected trial (asks; its last checkpoint stays)",
         rank=3, acts=True, needs="live"),
    _key("trials", "Work", "pause", "P", "pause", "pause", "pause or resume the study: no new trials start",
         acts=True, needs="study"),
    _key("trials", "Work", "take_over", "O", "take_over", "take over", "let this cockpit decide for the study",
         acts=True, needs="study"),
    _key("trials", "Work", "smoke", "M", "smoke", "smoke run", "the whole line in short, to see that everything works",
         acts=True),
    *_deeds("trials", ", or with all marked trials", bar=5),
    # --- what is looked at
    _key("trials", "Look", "form", "e", "form", "form", "its settings in the form: change them, train or search",
         needs="trial"),
    _key("trials", "Look", "open", "enter", "open", "open", "the trial on a screen of its own: charts and all else",
         rank=10, needs="trial"),
    _key("trials", "Look", "robot", "v", "robot", "robot", "watch it walk: recorded episodes", needs="trial"),
    _key("trials", "Look", "reward", "r", "show('reward')", "reward", "what the trial is paid for, term by term",
         rank=1, needs="trial"),
    _key("trials", "Look", "flags", "f", "show('flags')", "flags", "diagnoses with their evidence", rank=4,
         needs="trial"),
    _key("trials", "Look", "filter", "slash", "filter", "filter",
         "show only some: score>0.8 state:run NOT flag:moat /regex/"),
    _key("trials", "Look", "sort", "s", "sort", "sort", "sort by the next column"),
    _key("trials", "Look", "reverse", "R", "reverse", "reverse", "turn the order round"),
    _key("trials", "Look", "mark", "space", "mark", "mark", "mark the trial: c compares and X ends all marked ones",
         needs="trial"),
    _key("trials", "Look", "compare", "c", "compare", "compare", "the marked trials over one another, up to eight",
         needs="trial"),
    _key("trials", "Look", "next_flag", "F", "next_flag", "next flag", "go to the next trial with a flag"),
    _key("trials", "Look", "log", "l", "show('log')", "log", "the end of the trial's own log", rank=9, needs="trial"),
    _key("trials", "Look", "info", "i", "show('info')", "info", "the trial's run, its settings, how it ended",
         needs="trial"),
    _key("trials", "Look", "notes", "N", "show('notes')", "notes", "all notes of the session"),
    _key("trials", "Look", "zoom", "z", "zoom", "zoom", "lower half large, and back"),
    _key("trials", "Look", "study", "tab", "next_study", "next study", "show the next study"),
    # --- what is written
    _key("trials", "Write", "note", "n", "note", "note", "write a note at the selected trial and step", rank=6,
         acts=True),
    # --- moving
    _jump("trials"),
    *_moving("trials", "Move", "next trial", "previous trial", pages=" of trials"),
    *_ends("trials", "trial"),
    _key("trials", "Move", "scroll_down", "J right_square_bracket", "scroll(1)", "scroll", "lower half down"),
    _key("trials", "Move", "scroll_up", "K left_square_bracket", "scroll(-1)", "scroll", "lower half up"),
    _key("trials", "Move", "back", "escape backspace", "back", "back", "one level back; at last no marks, no filter"),
    # --- help and leaving
    _key("trials", "Leave", "help", "question_mark", "help", "help", "this page", rank=7),
    _key("trials", "Leave", "leave", "q", "leave", "leave", "close the screen; all work goes on without it", rank=8),
    _key("trials", "Leave", "stop_all", "Q", "stop_all", "stop all", "stop the study and its trials (asks), then leave",
         acts=True),
    # --- one trial
    *_deeds("trial"),
    _key("trial", "Work", "kill", "X", "kill", "kill", "end this trial (asks; its last checkpoint stays)", acts=True,
         needs="live"),
    _key("trial", "Pages", "charts", "c", "show('charts')", "charts", "curves, by group"),
    _key("trial", "Pages", "reward", "r", "show('reward')", "reward", "what it was paid for at the cursor's step"),
    _key("trial", "Pages", "waterfall", "w", "show('waterfall')", "peak to now",
         "what changed in the pay between its best step and now (or the cursor)"),
    _key("trial", "Pages", "flags", "f", "show('flags')", "flags", "diagnoses with their evidence"),
    _key("trial", "Pages", "log", "l", "show('log')", "log", "the end of its log"),
    _key("trial", "Pages", "evals", "e", "show('evals')", "evals", "evaluations and checkpoints"),
    _key("trial", "Pages", "config", "o", "show('config')", "config", "every setting and where it came from"),
    _key("trial", "Pages", "notes", "N", "show('notes')", "notes", "notes on this trial"),
    _key("trial", "Pages", "robot", "v", "robot", "robot",
         "watch it walk: recorded episodes; from the flags, where they show"),
    *_pages("trial", bar=1),
    *_moving("trial", "Charts", "next chart or term, or scroll down", "previous chart or term, or scroll up"),
    *_charts("trial"),
    _key("trial", "Charts", "baseline", "b", "baseline", "baseline",
         "measure changes of the reward against the cursor's step"),
    _key("trial", "Charts", "against", "B", "against", "against",
         "measure the reward against the best other trial, the next best, itself"),
    _key("trial", "Write", "form", "E", "form", "form", "its settings in the form: change them, train or search"),
    _key("trial", "Write", "note", "n", "note", "note", "write a note at the cursor's step", acts=True),
    *_leaving("trial", 5),
    # --- the robot
    _key("robot", "Play", "pause", "space", "pause", "play", "play, or stand still", rank=1),
    _key("robot", "Play", "back_a_bit", "left h", "seek(-0.25)", "back", "a quarter of a second back", rank=2),
    _key("robot", "Play", "on_a_bit", "right l", "seek(0.25)", "on", "a quarter of a second on"),
    _key("robot", "Play", "back_far", "less_than_sign", "seek(-2)", "back", "two seconds back"),
    _key("robot", "Play", "on_far", "greater_than_sign", "seek(2)", "on", "two seconds on"),
    _key("robot", "Play", "pose_back", "comma", "frame(-1)", "pose", "one pose back"),
    _key("robot", "Play", "pose_on", "full_stop", "frame(1)", "pose", "one pose on"),
    _key("robot", "Play", "first", "home g", "edge(-1)", "start", "to the start"),
    _key("robot", "Play", "last", "end G", "edge(1)", "end", "to the end"),
    _key("robot", "Play", "faster", "plus equals_sign", "rate(1)", "faster", "play faster"),
    _key("robot", "Play", "slower", "minus", "rate(-1)", "slower", "play slower", rank=6),
    _key("robot", "Look", "moment", "m", "moment(1)", "moment",
         "the next moment worth a look: fastest, stopped, paid least, about to fall", rank=3),
    _key("robot", "Look", "moment_back", "M", "moment(-1)", "moment", "the moment before"),
    _key("robot", "Look", "flag", "f", "flag", "flag", "where the next flag shows", rank=4),
    _key("robot", "Look", "next", "right_square_bracket n", "episode(1)", "next", "the next recorded episode"),
    _key("robot", "Look", "previous", "left_square_bracket p", "episode(-1)", "episode", "the episode before", rank=5),
    *_leaving("robot", 7, "escape q backspace v"),
    # --- one study
    *_deeds("study"),
    _key("study", "Work", "kill", "X", "kill", "kill", "end the marked trial (asks; its last checkpoint stays)",
         acts=True, needs="live"),
    _key("study", "Work", "start_trial", "T", "start_trial", "try one", "start one more trial in this study",
         acts=True, needs="study"),
    _key("study", "Work", "pause", "P", "pause", "pause", "pause or resume the study: no new trials start",
         rank=6, acts=True, needs="study"),
    _key("study", "Work", "take_over", "O", "take_over", "take over", "let this cockpit decide for the study",
         acts=True, needs="study"),
    _key("study", "Pages", "overview", "o", "show('overview')", "study",
         "where it stands: time, trials, best so far, queue, importances"),
    _key("study", "Pages", "why", "w", "show('why')", "why", "every trial, and why it stopped or what it waits for"),
    _key("study", "Pages", "rungs", "u", "show('rungs')", "rungs", "evaluations over steps, rungs and their cut-offs"),
    _key("study", "Pages", "slices", "v", "show('slices')", "values", "the score over the value of each searched key"),
    _key("study", "Pages", "parallel", "p", "show('parallel')", "parallel", "all keys of all trials side by side"),
    _key("study", "Pages", "history", "h", "show('history')", "history", "what was decided, by whom and why"),
    *_pages("study", bar=1),
    *_moving("study", "Look", "mark the next trial; scroll on the history", "mark the trial before", bar=3),
    _key("study", "Look", "open", "enter", "open", "open", "the marked trial on a screen of its own", rank=2,
         needs="trial"),
    _key("study", "Look", "next_axis", "right_square_bracket right", "axis(1)", "key", "look at the next key"),
    _key("study", "Look", "previous_axis", "left_square_bracket left", "axis(-1)", "key", "look at the key before",
         rank=4),
    _key("study", "Look", "big", "z", "big", "large", "one key large, and back", rank=5),
    _key("study", "Look", "brush", "b", "brush", "brush",
         "parallel: only the trials in a third of the axis (upper, middle, lower, all)"),
    _key("study", "Look", "unbrush", "x", "unbrush", "all", "parallel: show all trials again"),
    _key("study", "Look", "form", "e", "form", "form", "its settings in the form: change them, train or search",
         needs="trial"),
    _key("study", "Look", "study", "greater_than_sign", "next_study", "next study", "show the next study"),
    *_leaving("study", 7),
    # --- the form
    _key("launch", "Work", "start_run", "R", "start_run", "train", "start a training with these settings (asks)",
         rank=3, acts=True),
    _key("launch", "Work", "start_study", "S", "start_study", "study", "start a study of the searched keys (asks)",
         rank=4, acts=True),
    _key("launch", "Work", "enqueue", "Q", "enqueue", "queue", "put the study into the queue", acts=True),
    _key("launch", "Form", "edit", "enter", "edit", "value", "type a value; checked and judged while typing", rank=1),
    _key("launch", "Form", "range", "s", "search_range", "search", "type the range in which a study searches it",
         rank=2),
    _key("launch", "Form", "next_value", "space", "next_value", "next", "the next of the few values it may have"),
    _key("launch", "Form", "reset", "u backspace", "reset", "undo", "its own value again, not searched", rank=6),
    _key("launch", "Form", "find", "slash", "search", "find", "find settings while typing", rank=5),
    _key("launch", "Form", "changed", "c", "changed", "changed", "only what was changed or is searched"),
    _key("launch", "Form", "editor", "e", "editor", "YAML", "the whole config as YAML in $EDITOR", rank=7),
    _key("launch", "Pages", "form", "o", "show('form')", "form", "every setting"),
    _key("launch", "Pages", "audit", "a", "show('audit')", "audit",
         "what each known exploit would earn under this reward"),
    _key("launch", "Pages", "command", "d", "show('command')", "command", "the command line and the study file"),
    *_pages("launch"),
    _jump("launch"),
    *_moving("launch", "Move", "next setting", "previous setting"),
    *_ends("launch", "setting"),
    _key("launch", "Move", "next_group", "right_square_bracket", "group(1)", "group", "next group of settings"),
    _key("launch", "Move", "previous_group", "left_square_bracket", "group(-1)", "group", "previous group"),
    *_leaving("launch", 8, "escape q"),
    # --- shelves
    _key("queue", "Change", "earlier", "minus", "earlier", "earlier", "have it done earlier", rank=1, acts=True,
         needs="waiting"),
    _key("queue", "Change", "later", "plus equals_sign", "later", "later", "have it done later", rank=2, acts=True,
         needs="waiting"),
    _key("queue", "Change", "again", "R", "again", "again", "try it again", rank=3, acts=True, needs="failed"),
    _key("queue", "Change", "hold", "P", "hold", "hold", "start no further item, or start them again", acts=True),
    _key("queue", "Change", "cancel", "X", "cancel", "cancel", "take it out of the queue (asks)", rank=3, acts=True,
         needs="waiting"),
    _key("library", "Change", "form", "enter", "form", "form", "its settings in the form", rank=1),
    _key("library", "Change", "reject", "X", "reject", "reject", "reject it, with the reason", rank=2, acts=True),
    _key("records", "Write", "note", "n", "new_note", "note", "write a note", rank=1, acts=True),
    _key("records", "Write", "todo", "t", "new_todo", "TODO", "write down something to be done", rank=2, acts=True),
    _key("records", "Write", "done", "d", "done", "done", "close a TODO with what came of it", rank=3, acts=True,
         needs="open"),
    *_shelves(),
    # --- several trials
    _key("compare", "Pages", "charts", "c", "show('charts')", "charts", "curves over one another", rank=5),
    _key("compare", "Pages", "reward", "r", "show('reward')", "reward", "what each was paid for, term by term", rank=8),
    _key("compare", "Pages", "seeds", "s", "show('seeds')", "seeds", "those that only their seed tells apart"),
    _key("compare", "Pages", "config", "o", "show('config')", "config", "the settings that differ", rank=1),
    _key("compare", "Charts", "fold", "f", "fold", "fold", "seeds of the same settings as their median and quartiles"),
    _key("compare", "Charts", "baseline", "b", "baseline", "since", "what changed in the pay since the cursor's step"),
    *_pages("compare"),
    *_moving("compare", "Charts", "next chart, or scroll down", "previous chart, or scroll up"),
    *_charts("compare"),
    *_leaving("compare", 6),
    # --- modals
    _key("confirm", "Answer", "yes", "y", "yes", "yes", "do it", rank=1),
    _key("confirm", "Answer", "no", "escape n q backspace", "close", "no", "change nothing", rank=2),
    _key("told", "Answer", "close", "escape enter q backspace n", "close", "back", "back; nothing was changed", rank=1),
    _key("refused", "Answer", "close", "escape enter", "close", "back", "back; nothing was changed", rank=1),
    _key("actions", "Do", "pause", "p", "choose('pause')", "pause", "pause: write a checkpoint and wait", acts=True),
    _key("actions", "Do", "resume", "r", "choose('resume')", "resume", "resume or retry, from its newest checkpoint",
         acts=True),
    _key("actions", "Do", "stop", "s", "choose('stop')", "stop", "stop with a checkpoint and end (asks)",
         acts=True),
    _key("actions", "Do", "kill", "k", "choose('kill')", "kill", "kill: end it now (asks)", acts=True),
    _key("actions", "Do", "exclude", "x", "choose('exclude')", "exclude", "leave out of ranking and search (asks)",
         acts=True),
    _key("actions", "Do", "promote", "f", "choose('promote')", "promote", "a final run with its settings (asks)",
         acts=True),
    _key("actions", "Do", "evaluate", "e", "choose('evaluate')", "evaluate", "judge all its checkpoints", acts=True),
    _key("actions", "Do", "export", "o", "choose('export')", "export", "its best policy as an ONNX file", acts=True),
    _key("actions", "Do", "film", "m", "choose('film')", "film", "a film of its best policy", acts=True),
    _key("actions", "Do", "mute", "u", "choose('mute')", "mute", "silence its flags, or let them be heard again",
         acts=True),
    _key("actions", "Do", "warm", "w", "choose('warm')", "warm start", "train on from what it has learned",
         acts=True),
    _key("actions", "Do", "stage", "t", "choose('stage')", "next stage", "train on from it with a change, in one line",
         acts=True),
    _key("actions", "Do", "archive", "b", "choose('archive')", "archive", "its settings into the reward library",
         acts=True),
    _key("actions", "Do", "clone", "c", "choose('clone')", "clone", "its settings again with a change", acts=True),
    _key("actions", "Do", "form", "l", "choose('form')", "form", "its settings in the form", acts=True),
    _key("actions", "Answer", "close", "escape q backspace n", "close", "nothing", "do nothing", rank=1),
    _key("note", "Answer", "save", "enter", "save", "save", "keep the note", rank=1),
    _key("note", "Answer", "cancel", "escape", "cancel", "cancel", "drop the note", rank=2),
    _key("filter", "Answer", "keep", "enter", "keep", "keep", "keep the filter", rank=1),
    _key("filter", "Answer", "drop", "escape", "drop", "drop", "show everything again", rank=2),
    _key("jump", "Answer", "drop", "escape", "drop", "drop", "go nowhere", rank=1),
    _key("ask", "Answer", "keep", "enter", "keep", "keep", "take what is typed", rank=1),
    _key("ask", "Answer", "complete", "tab", "complete", "complete", "complete the last word", rank=2),
    _key("ask", "Answer", "drop", "escape", "drop", "drop", "change nothing", rank=3),
    _key("help", "Answer", "close", "escape q question_mark backspace", "close", "back", "back to the trials", rank=1),
    _key("help", "Move", "down", "j down", "scroll(1)", "down", "scroll down", rank=2),
    _key("help", "Move", "up", "k up", "scroll(-1)", "up", "scroll up", rank=3),
    _key("help", "Move", "page_down", "pagedown", "page(1)", "page down", "a page down", rank=4),
    _key("help", "Move", "page_up", "pageup", "page(-1)", "page up", "a page up", rank=5),
    *_ends("help", "line"),
    *_rooms(),
)  # fmt: skip

_CHANGES: dict[str, tuple[str, ...]] = {}

_NAMES = {
    "question_mark": "?",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "slash": "/",
    "space": "Space",
    "apostrophe": "'",
    "escape": "Esc",
    "enter": "Enter",
    "backspace": "Bksp",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "down": "Down",
    "up": "Up",
    "left": "Left",
    "right": "Right",
    "shift+tab": "S-Tab",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "comma": ",",
    "full_stop": ".",
}


def changed(keys: Iterable[Key], changes: Mapping[str, tuple[str, ...]]) -> tuple[Key, ...]:
    """Return the table with other keys for some actions, by their ids."""
    return tuple(replace(key, keys=changes[key.id]) if key.id in changes else key for key in keys)


def use(changes: Mapping[str, tuple[str, ...]]) -> None:
    """Have every reader of the table see these keys from now on; called once, before the first screen."""
    global KEYS, _CHANGES
    KEYS, _CHANGES = changed(KEYS, changes), {**_CHANGES, **changes}


def own_keys() -> dict[str, str]:
    """Return the keys that a person has changed, as Textual's keymap takes them."""
    return {name: ",".join(keys) for name, keys in _CHANGES.items()}


def pretty(key: str) -> str:
    """Return a key as it is printed on a keyboard."""
    return _NAMES.get(key, key)


def of(context: str, *, read_only: bool = False) -> tuple[Key, ...]:
    """Return the keys of one context."""
    return tuple(key for key in KEYS if key.context == context and not (read_only and key.acts))


def acts(context: str, action: str) -> bool:
    """Return whether an action of a screen changes something outside of it."""
    return any(key.acts and key.action.partition("(")[0] == action for key in KEYS if key.context == context)


def allowed(key: Key, have: Iterable[str]) -> bool:
    """Return whether what the key needs is there."""
    return not key.needs or key.needs in set(have)


def bar(context: str, have: Iterable[str] = (), *, read_only: bool = False) -> tuple[Key, ...]:
    """Return the keys for the key bar, most useful first, at most nine."""
    present = set(have)
    shown = (key for key in of(context, read_only=read_only) if key.rank and allowed(key, present))
    return tuple(sorted(shown, key=lambda key: key.rank))[:9]


def groups(context: str, *, read_only: bool = False) -> dict[str, tuple[Key, ...]]:
    """Return the keys of a context by their group, in table order."""
    out: dict[str, tuple[Key, ...]] = {}
    for key in of(context, read_only=read_only):
        out[key.group] = (*out.get(key.group, ()), key)
    return out
