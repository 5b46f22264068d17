"""What a person or another process may ask of a study, and the answer: pure, so that every asker gets the same one."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from automl.state import FINAL_STATES, StudyState
from vbot_sim.errors import ConfigError
from vbot_sim.settings import from_dict

Kind = Literal[
    "start_trial",
    "stop_trial",
    "kill_trial",
    "pause_trial",
    "restart_trial",
    "exclude_trial",
    "pause_study",
    "resume_study",
    "stop_study",
    "release",
]
TRIAL_KINDS = ("stop_trial", "kill_trial", "pause_trial", "restart_trial", "exclude_trial")


@dataclass(frozen=True)
class Command:
    """One request to a study.

    Attributes:
        kind: `release` asks the scheduler to give the study to another process; the others say what they do.
        who: a person's name, or the program that asks.
        why: in words; it ends in the log and in the run's own record.
        trial: number of the trial meant, for the kinds that mean one.
        params: values of searched keys for `start_trial`; those left out are suggested.
        id: names the request, so that it is obeyed once however often it is read.
    """

    kind: Kind
    who: str = "person"
    why: str = ""
    trial: int | None = None
    params: Mapping[str, Any] | None = None
    id: str = ""


def with_id(command: Command) -> Command:
    """The command with an id of its own."""
    return command if command.id else Command(**{**asdict(command), "id": secrets.token_hex(6)})


def command_from_dict(data: Mapping[str, Any]) -> Command:
    """A command as read from an inbox file.

    Raises:
        ConfigError: it is none.
    """
    return from_dict(Command, data, "command")


@dataclass(frozen=True)
class Answer:
    """Whether a command is obeyed, and one sentence that says so."""

    accepted: bool
    text: str


def answer(command: Command, state: StudyState, searched: Collection[str]) -> Answer:
    """What the study says to a command, given its state and the keys it searches."""
    if command.kind not in get_args(Kind):
        return Answer(False, f"unknown command {command.kind!r}; known are {', '.join(get_args(Kind))}")
    if command.kind in TRIAL_KINDS:
        return _answer_about_trial(command, state)
    if command.kind == "start_trial":
        unknown = [key for key in command.params or {} if key not in searched]
        if unknown:
            return Answer(False, f"this study does not search {unknown[0]!r}; it searches {', '.join(searched)}")
        return Answer(True, "a trial will start as soon as a slot is free")
    if command.kind == "resume_study" and state.pause is None and state.stop is None and state.ended is None:
        return Answer(False, "the study is not paused")
    if command.kind == "pause_study" and state.pause is not None:
        return Answer(False, f"the study is paused already, by {state.pause.who}: {state.pause.why}")
    texts = {
        "pause_study": "no new trials start; those that run go on",
        "resume_study": "trials start again",
        "stop_study": "no new trials start and those that run are stopped with a checkpoint",
        "release": "this process lets go of the study; its trials go on",
    }
    return Answer(True, texts[command.kind])


def _answer_about_trial(command: Command, state: StudyState) -> Answer:
    trial = state.trials.get(command.trial) if command.trial is not None else None
    if trial is None:
        return Answer(False, f"there is no trial {command.trial} in this study")
    allowed = {
        "stop_trial": ("running", "queued", "paused"),
        "exclude_trial": ("paused", *sorted(FINAL_STATES)),
        "kill_trial": ("running", "queued", "paused"),
        "pause_trial": ("running", "queued"),
        "restart_trial": ("paused", "stopped", "killed", "failed"),
    }[command.kind]
    if trial.state not in allowed:
        return Answer(False, f"trial {trial.number} is {trial.state}; only a trial that is {_either(allowed)} can be")
    verb = {
        "stop_trial": "is being stopped, with a checkpoint",
        "kill_trial": "is being killed",
        "pause_trial": "is being paused",
        "restart_trial": "goes on",
        "exclude_trial": "no longer counts, for the ranking and for what is suggested",
    }[command.kind]
    return Answer(True, f"trial {trial.number} {verb}")


def _either(words: tuple[str, ...]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


__all__ = ["Answer", "Command", "ConfigError", "answer", "command_from_dict", "with_id"]
