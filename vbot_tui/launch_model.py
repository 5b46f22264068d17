"""What the launch screen shows and asks: a draft of a training or a study, and the plan that comes of it.

A draft is what a person typed, as text; a plan is what that means, computed elsewhere. Nothing here knows Textual,
files or threads.
"""

from dataclasses import dataclass, replace

STUDY = "study."
"""Keys that start so are settings of the study, all others are settings of a training."""
HOME = "vbot_navigation_section001"
UNCHANGED = ("default", "task", "preset")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants to train.

    Attributes:
        env: environment id; unused where there is a source.
        preset: named set of settings of that environment; unused where there is a source.
        source: id of the run whose config it starts from; empty for a preset.
        sets: settings that were changed, key and value as typed, in the order of typing.
        space: settings that are to be searched, key and range as typed.
    """

    env: str = HOME
    preset: str = "default"
    source: str = ""
    sets: tuple[tuple[str, str], ...] = ()
    space: tuple[tuple[str, str], ...] = ()

    def with_value(self, key: str, value: str) -> "Draft":
        """Return the draft with a setting changed."""
        if key == "env":
            return replace(self, env=value.strip())
        if key == "preset":
            return replace(self, preset=value.strip())
        return replace(self, sets=_with(self.sets, key, value))

    def with_range(self, key: str, text: str) -> "Draft":
        """Return the draft with a setting searched; an empty range searches it no more."""
        return replace(self, space=_with(self.space, key, text) if text.strip() else _without(self.space, key))

    def without(self, key: str) -> "Draft":
        """Return the draft with a setting as it was."""
        return replace(self, sets=_without(self.sets, key), space=_without(self.space, key))


def _with(pairs: tuple[tuple[str, str], ...], key: str, value: str) -> tuple[tuple[str, str], ...]:
    if any(name == key for name, _ in pairs):
        return tuple((name, value if name == key else old) for name, old in pairs)
    return (*pairs, (key, value))


def _without(pairs: tuple[tuple[str, str], ...], key: str) -> tuple[tuple[str, str], ...]:
    return tuple(pair for pair in pairs if pair[0] != key)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the form.

    Attributes:
        value: what would be trained with, as text.
        before: what it is without the draft.
        origin: where the value comes from.
        kind: number, whole, yes/no, text, choice, pair or list.
        search: the range that was typed, if it is searched.
    """

    key: str
    value: str
    before: str
    origin: str
    kind: str = "text"
    choices: tuple[str, ...] = ()
    help: str = ""
    search: str = ""

    @property
    def group(self) -> str:
        """All but the last part of the key."""
        return self.key.rpartition(".")[0]

    @property
    def name(self) -> str:
        """The last part of the key; of a study's setting all but the first."""
        return self.key.removeprefix(STUDY) if self.key.startswith(STUDY) else self.key.rpartition(".")[2]

    @property
    def changed(self) -> bool:
        """Whether the draft has something to say about it."""
        return self.value != self.before or bool(self.search)


@dataclass(frozen=True, slots=True)
class Exploit:
    """One known way to cheat, judged under the draft's reward.

    Attributes:
        verdict: wins, close or loses.
        strength: what it earns, as a share of what would make it win.
        terms: what pays it, most telling first: term, scale, and the scale at which the verdict changes (NaN: none).
    """

    name: str
    title: str
    verdict: str
    strength: float
    against: str
    cure: str
    terms: tuple[tuple[str, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """What known exploits would earn under a reward; ``exploits`` begins with the most tempting one."""

    exploits: tuple[Exploit, ...] = ()
    undecidable: tuple[tuple[str, str], ...] = ()
    trouble: str = ""

    @property
    def passes(self) -> bool:
        """Whether no exploit wins."""
        return not self.trouble and not any(item.verdict == "wins" for item in self.exploits)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draft means.

    Attributes:
        draft: the draft that was looked at.
        entries: the form, every setting.
        trouble: why a training of this draft would be refused; empty when it would not.
        study_trouble: why a study of it would be refused.
        audit: the verdict on its reward; None while it is being computed or for a refused draft.
        command: the command line that trains it.
        study: the study file that searches it.
        yaml: the whole config, for an editor.
        env_steps: length of the training.
    """

    draft: Draft
    entries: tuple[Entry, ...] = ()
    trouble: str = ""
    study_trouble: str = ""
    audit: Audit | None = None
    command: tuple[str, ...] = ()
    study: str = ""
    yaml: str = ""
    env_steps: int = 0

    def entry(self, key: str) -> Entry | None:
        """Return the line of a setting."""
        return next((item for item in self.entries if item.key == key), None)


def resolve_key(name: str, keys: tuple[str, ...]) -> list[str]:
    """Return the keys that a person may mean by a name: itself, else those that end with it, else those with it."""
    if name in keys:
        return [name]
    ending = [key for key in keys if key.rpartition(".")[2] == name or key.endswith(f".{name}")]
    if ending or not name:
        return ending
    starting = [key for key in keys if key.rpartition(".")[2].startswith(name)]
    return starting or [key for key in keys if all(part in key for part in name.split("."))]
