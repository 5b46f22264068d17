"""The launch form as text: every setting by group, the verdict on its reward, the command and the study file. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vbot_tui import text
from vbot_tui.glyphs import Glyphs
from vbot_tui.launch_model import STUDY, UNCHANGED, Audit, Entry, Exploit, Plan
from vbot_tui.lines import Line, Span, line

GROUPS = {
    "": "world", "train": "training", "ppo": "learner", "study": "study (where keys are searched)",
    "task.reward.scales": "reward: what each term pays", "task.reward": "reward: shapes and switches",
}  # fmt: skip
VERDICT_ROLES = {"wins": "bad", "close": "warn", "loses": ""}
NAME, VALUE, ORIGIN = 26, 13, 9


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the form: a setting, or the title of a group."""

    entry: Entry | None = None
    title: str = ""


def group_name(entry: Entry) -> str:
    """Return what a group of settings is called."""
    if entry.key.startswith(STUDY):
        return GROUPS["study"]
    return GROUPS.get(entry.group, entry.group.removeprefix("task."))


def rows(plan: Plan | None, words: str = "", *, changed: bool = False) -> tuple[Row, ...]:
    """Return the lines of the form: the settings that have all the words in their key or meaning, under their groups.

    Those whose key has them come with their group in place; a setting that only means them is shown too.
    """
    if plan is None:
        return ()
    needles = words.lower().split()
    shown = [
        entry for entry in plan.entries
        if (not changed or entry.changed)
        and all(needle in f"{entry.key} {entry.help}".lower() for needle in needles)
    ]  # fmt: skip
    out: list[Row] = []
    before = None
    for entry in sorted(shown, key=lambda item: _relevance(item, needles)) if needles else shown:
        group = group_name(entry)
        if group != before:
            out.append(Row(title=group))
            before = group
        out.append(Row(entry))
    return tuple(out)


def _relevance(entry: Entry, needles: Sequence[str]) -> int:
    """Return how far a setting is from what was typed: in its name, in its key, or only in its meaning."""
    if all(needle in entry.name.lower() for needle in needles):
        return 0
    return 1 if all(needle in entry.key.lower() for needle in needles) else 2


def form(found: Sequence[Row], chosen: str, width: int, glyphs: Glyphs) -> list[Line]:
    """Return the form, one line per setting: value, where it comes from, the range that is searched, its meaning."""
    if not found:
        return [line(("No setting has that.", "dim"))]
    value = VALUE if width < 100 else VALUE + 7
    return [
        line((row.title, "title")) if row.entry is None
        else _entry(row.entry, row.entry.key == chosen, value, width, glyphs)
        for row in found
    ]  # fmt: skip


def _entry(entry: Entry, chosen: bool, value: int, width: int, glyphs: Glyphs) -> Line:
    mark = glyphs.cursor if chosen else "*" if entry.changed else " "
    name = text.fit(entry.name, NAME, "<", glyphs.more)
    changed = entry.value != entry.before
    shown = text.fit(text.clean(entry.value), value, ">", glyphs.more)
    origin = "default" if entry.origin == "draft" else "override" if changed else entry.origin
    spans: list[Span] = [
        (mark, "accent"), (f" {name} ", "key" if chosen else "accent" if entry.changed else ""),
        (shown + " ", "warn" if changed else "accent" if chosen else ""),
        (text.fit(origin, ORIGIN, "<", glyphs.more), "warn" if origin not in UNCHANGED else "dim"),
    ]  # fmt: skip
    tail: list[Span] = []
    if entry.search:
        tail.append((f" search {text.clean(entry.search)}", "good"))
    if changed:
        tail.append((f" was {text.clean(entry.before)}", "dim"))
    if not tail:
        tail.append((f" {text.clean(entry.help)}", "dim"))
    room = width - sum(text.width(part) for part, _ in spans)
    joined = "".join(part for part, _ in tail)
    if text.width(joined) > room:
        tail = [(text.fit(joined, max(0, room), "<", glyphs.more), tail[0][1])]
    return (*spans, *tail)


def about(entry: Entry | None, width: int, glyphs: Glyphs) -> list[Line]:
    """Return what a setting means and what may stand there, in two lines."""
    if entry is None:
        return [(), ()]
    may = entry.kind
    if entry.choices:
        may = " | ".join(entry.choices)
    words = f"{entry.key}: {entry.help}  [{may}]" if entry.help else f"{entry.key}  [{may}]"
    rows_ = text.wrap(words, width - 1)
    if len(rows_) > 2:
        rows_[1] = text.fit(" ".join(rows_[1:]), width - 1, "<", glyphs.more)
    return [line((f" {part}", "dim")) for part in (*rows_[:2], *[""] * (2 - len(rows_[:2])))]


def verdict(plan: Plan | None, width: int, glyphs: Glyphs) -> Line:
    """Return in one line whether the draft can be trained, and whether its reward would be cheated."""
    if plan is None:
        return line((" Reading the settings.", "dim"))
    if plan.trouble:
        return ((" " + text.fit(text.clean(plan.trouble), width - 1, "<", glyphs.more).rstrip(), "bad"),)
    words, role = audit_words(plan.audit)
    steps = f" {text.count(plan.env_steps)} steps"
    search = f", {len(plan.draft.space)} searched" if plan.draft.space else ""
    tail = f"{steps}{search}. "
    return ((tail, ""), (text.fit(words, max(0, width - len(tail)), "<", glyphs.more).rstrip(), role))


def audit_words(audit: Audit | None) -> tuple[str, str]:
    """Return the verdict on a reward in a sentence, and its role."""
    if audit is None:
        return f"audit {'.' * 3}", "dim"
    if audit.trouble:
        return f"audit: {audit.trouble}", "bad"
    winners = [item for item in audit.exploits if item.verdict == "wins"]
    if winners:
        cure = f"; {winners[0].cure}" if winners[0].cure else ""
        return f"AUDIT: {', '.join(item.name for item in winners)} WINS, it {winners[0].title}{cure}", "bad"
    close = [item for item in audit.exploits if item.verdict == "close"]
    if close:
        return f"audit passes, but {close[0].name} is close ({close[0].strength:.0%} of winning)", "warn"
    best = audit.exploits[0] if audit.exploits else None
    near = f"; nearest is {best.name}, {best.strength:.0%} of winning" if best else ""
    return f"audit passes{near}", "good"


def audit_page(audit: Audit | None, width: int, glyphs: Glyphs) -> list[Line]:
    """Return every exploit with its verdict, what pays it, and the scale at which that changes."""
    if audit is None:
        return [line(("The audit is being computed.", "dim"))]
    if audit.trouble:
        return [line((part, "bad")) for part in text.wrap(text.clean(audit.trouble), width)]
    words, role = audit_words(audit)
    out: list[Line] = [*[line((part, role)) for part in text.wrap(words, width)], ()]
    for item in audit.exploits:
        out += _exploit(item, width, glyphs)
    names = ", ".join(name for name, _ in audit.undecidable)
    if names:
        out += [(), *[line((part, "dim")) for part in text.wrap(f"Not decidable without training: {names}.", width)]]
    return out


def _exploit(item: Exploit, width: int, glyphs: Glyphs) -> list[Line]:
    bar = 12
    full = min(bar, max(0, round(item.strength * bar))) if math.isfinite(item.strength) else bar
    role = VERDICT_ROLES.get(item.verdict, "")
    head: list[Span] = [
        (text.fit(item.name, 20, "<", glyphs.more) + " ", role), (f"{item.verdict:<5} ", role),
        (f"{text.percent(item.strength):>5} ", ""), (glyphs.bar * full, role or "spark"),
        (glyphs.rest * (bar - full) + " ", "dim"),
    ]  # fmt: skip
    room = max(10, width - sum(text.width(part) for part, _ in head))
    first = (*head, (text.fit(text.clean(f"it {item.title}"), room, "<", glyphs.more).rstrip(), "dim"))
    if item.verdict == "loses":
        return [first]
    pays = ", ".join(
        f"{term} {scale:g}" + (f" (tips at {even:.3g})" if math.isfinite(even) else "")
        for term, scale, even in item.terms[:4]
    )
    body = [*text.wrap(f"paid by {pays}", max(10, width - 6)), *(text.wrap(item.cure, width - 6) if item.cure else [])]
    return [first, *[line("      " + part) for part in body]]


def command_page(plan: Plan | None, width: int) -> list[Line]:
    """Return the command that trains the draft, and the study file that searches it."""
    if plan is None:
        return [line(("Reading the settings.", "dim"))]
    out: list[Line] = [line(("A training", "title"), ("  R starts it", "dim"))]
    if plan.trouble:
        out += [line((part, "bad")) for part in text.wrap(text.clean(plan.trouble), width)]
    else:
        out += [line(part) for part in text.wrap(text.clean(" ".join(plan.command)), width - 1)]
    out += [(), line(("A study", "title"), ("  S starts it", "dim"))]
    if plan.study_trouble:
        out += [line((part, "warn")) for part in text.wrap(text.clean(plan.study_trouble), width - 1)]
    else:
        out += [line(text.fit(text.clean(part), width - 1).rstrip()) for part in plan.study.splitlines()]
    return out
