"""What a draft of the launch screen means: the form, the command line, the study file, the verdict on its reward.

Pure but for reading the config of the run that a draft starts from. The cockpit calls this from a thread of its own.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sessions.workspace import Workspace
from vbot_sim.errors import ConfigError, SimError
from vbot_tui.cli.config import plain, settings
from vbot_tui.cli.describe import describe
from vbot_tui.launch_model import STUDY, Audit, Draft, Entry, Exploit, Plan

if TYPE_CHECKING:
    from automl.spec import StudySpec
    from vbot_rl.config import Resolved

_NOT_IN_FORM = frozenset({"env", "preset", "space", "sets", "schema", "score_version", "seed_configs", "constraints"})
_TELLING = ("label", "max_trials", "budget_s", "trial_env_steps", "sampler", "slots")
"""Settings of a study that are asked for most; they come first."""
_TRIALS_DECIDE = "train.total_env_steps"
_RANGE = re.compile(r"^\s*(\S+?)\s*\.\.\s*(\S+?)((?:\s+(?:log|integer|1-x))*)\s*$")


def plan(workspace: Workspace, draft: Draft) -> Plan:
    """Return what a draft means, its audit left out; whatever is wrong with it is said in the plan."""
    try:
        base = base_of(workspace, draft)
    except SimError as error:
        return Plan(draft, (_env_entry(draft), _preset_entry(draft)), trouble=str(error), study_trouble=str(error))
    trouble, effective = "", base
    try:
        effective = with_sets(base, draft)
    except SimError as error:
        trouble = str(error)
    study_trouble, spec = trouble, None
    try:
        spec = spec_of(draft, base)
    except SimError as error:
        study_trouble = study_trouble or str(error)
    return Plan(
        draft,
        entries(draft, base, effective),
        trouble,
        study_trouble,
        None,
        command(workspace, draft),
        _study_text(spec),
        "" if trouble else _yaml(effective),
        effective.cfg.train.total_env_steps,
    )


def base_of(workspace: Workspace, draft: Draft) -> "Resolved":
    """Return the config that a draft starts from.

    Raises:
        SimError: no such environment or preset, or the run's config cannot be read.
    """
    from vbot_rl.config import load_yaml, run_cfg

    if draft.source:
        return load_yaml(workspace.runs / draft.source / "config.yaml")
    return run_cfg(draft.env, draft.preset)


def with_sets(base: "Resolved", draft: Draft) -> "Resolved":
    """Return the config with what was typed.

    Raises:
        SimError: a value that does not fit, or an unknown key.
    """
    from vbot_rl.config import override

    return override(base, own_sets(draft))


def own_sets(draft: Draft) -> dict[str, Any]:
    """Return the changed settings of the training, read as YAML."""
    return {key: value_of(key, text) for key, text in draft.sets if not key.startswith(STUDY)}


def value_of(key: str, text: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """Return the value that a text stands for.

    Raises:
        ConfigError: it is not YAML.
    """
    from vbot_sim.settings import parse_assignment

    short = re.fullmatch(r"\s*(\d+(?:\.\d+)?)([kM])\s*", text)
    if short is not None:
        number = float(short[1]) * {"k": 1e3, "M": 1e6}[short[2]]
        return round(number) if number.is_integer() else number
    return parse_assignment(f"{key}={text}")[1]


# --- the form


def entries(draft: Draft, base: "Resolved", effective: "Resolved") -> tuple[Entry, ...]:
    """Return every line of the form: world, training, study, learner, reward, the rest of the task."""
    typed, space = dict(draft.sets), dict(draft.space)
    before = {item.key: item for item in settings(base)}
    now = settings(effective)
    own = [
        Entry(
            item.key,
            typed.get(item.key, plain(item.value)) if item.key in typed else plain(item.value),
            plain(before[item.key].value) if item.key in before else "",
            effective.origins.get(item.key, "default"),
            item.kind,
            (*("null" for _ in range(item.optional)), *map(plain, item.choices)),
            item.help,
            space.get(item.key, ""),
        )
        for item in now
    ]
    order = ("train", "ppo", "task.reward.scales", "task.reward")
    rank = {name: place for place, name in enumerate(order)}
    own.sort(key=lambda entry: rank.get(entry.group, len(order)))
    head = [] if draft.source else [_env_entry(draft), _preset_entry(draft)]
    first = [entry for entry in own if entry.group == order[0]]
    return (*head, *first, *_study_entries(typed), *own[len(first) :])


def _env_entry(draft: Draft) -> Entry:
    from vbot_sim.config import ENV_IDS

    return Entry("env", draft.env, draft.env, "draft", "choice", ENV_IDS, "the world that is trained in")


def _preset_entry(draft: Draft) -> Entry:
    from vbot_sim.config import presets

    try:
        names = tuple(presets(draft.env))
    except SimError:
        names = ("default",)
    return Entry("preset", draft.preset, draft.preset, "draft", "choice", names, "named set of scales and settings")


def _study_entries(typed: Mapping[str, str]) -> list[Entry]:
    from automl.spec import StudySpec

    found = [item for item in describe(StudySpec()) if item.key.partition(".")[0] not in _NOT_IN_FORM]
    found.sort(key=lambda item: _TELLING.index(item.key) if item.key in _TELLING else len(_TELLING))
    return [
        Entry(
            STUDY + item.key,
            typed.get(STUDY + item.key, plain(item.value)),
            plain(item.value),
            "override" if STUDY + item.key in typed else "default",
            item.kind,
            (*("null" for _ in range(item.optional)), *map(plain, item.choices)),
            item.help,
        )
        for item in found
    ]


# --- the study


def spec_of(draft: Draft, base: "Resolved") -> "StudySpec":
    """Return the study that searches a draft, complete and checked.

    Raises:
        SimError: nothing is searched, or something does not fit.
    """
    from automl.spec import complete, spec_from_dict

    if not draft.space:
        raise ConfigError("No key is searched: s on a setting gives it a range.")
    sets = {**_differences(base), **own_sets(draft)} if draft.source else own_sets(draft)
    tree: dict[str, Any] = {"label": "form", "env": base.cfg.env, "preset": base.cfg.preset}
    if _TRIALS_DECIDE in sets:
        tree["trial_env_steps"] = sets.pop(_TRIALS_DECIDE)
    sets = {key: value for key, value in sets.items() if key not in ("train.seed", *dict(draft.space))}
    for key, text in draft.sets:
        if key.startswith(STUDY):
            _put(tree, key.removeprefix(STUDY).split("."), value_of(key, text))
    space = {key: parse_range(key, text) for key, text in draft.space}
    return complete(spec_from_dict({**tree, "sets": sets, "space": space}))


def _put(tree: dict[str, Any], path: list[str], value: object) -> None:
    for name in path[:-1]:
        tree = tree.setdefault(name, {})
    tree[path[-1]] = value


def _differences(base: "Resolved") -> dict[str, Any]:
    """Return what a run's config has otherwise than its preset: what a study that starts from it must set."""
    from vbot_rl.config import run_cfg
    from vbot_sim.settings import leaves

    plainly = leaves(run_cfg(base.cfg.env, base.cfg.preset).cfg)
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in leaves(base.cfg).items()
        if plainly.get(key, object()) != value and key != "train.warm_start"
    }


def parse_range(key: str, text: str) -> dict[str, Any]:
    """Return the form that a study file has for a range: ``1e-4..1e-2 log``, ``0.5x..2x`` or ``a|b|c``.

    Raises:
        ConfigError: it is none of these.
    """
    if "|" in text:
        return {"choices": [value_of(key, part) for part in text.split("|")]}
    found = _RANGE.match(text)
    if found is None:
        raise ConfigError(f"'{text}' is no range for {key}; write 1e-4..1e-2 log, 0.5x..2x or a|b|c.")
    low, high, how = found.groups()
    if low.endswith("x") and high.endswith("x"):
        return {"factor": [_number(key, low[:-1]), _number(key, high[:-1])]}
    flags = {"log": "log", "integer": "integer", "1-x": "one_minus"}
    marks = {flags[word]: True for word in how.split()}
    return {"low": _number(key, low), "high": _number(key, high), **marks}


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"'{text}' in the range of {key} is no number.") from None


def _study_text(spec: "StudySpec | None") -> str:
    from automl.spec import to_yaml

    return to_yaml(spec) if spec is not None else ""


# --- the training


def command(workspace: Workspace, draft: Draft) -> tuple[str, ...]:
    """Return the command line that trains a draft; hand-set settings are marked as such in its record."""
    words = ["vbot", "train"]
    if draft.source:
        words += ["--config", str(workspace.runs / draft.source / "config.yaml")]
    else:
        words += [draft.env, *(["--preset", draft.preset] if draft.preset != "default" else [])]
    for key, text in draft.sets:
        if not key.startswith(STUDY):
            try:
                words += ["--set", f"{key}={plain(value_of(key, text))}"]
            except SimError:
                words += ["--set", f"{key}={text}"]
    return (*words, "--anyway", "--workspace", str(workspace.root))


def _yaml(resolved: "Resolved") -> str:
    from vbot_rl.config import to_yaml

    return to_yaml(resolved)


def read_back(workspace: Workspace, draft: Draft, text: str) -> Draft:
    """Return the draft whose config is that of an edited text.

    Raises:
        SimError: the text is no config, or one of another world.
    """
    import yaml

    from vbot_rl.config import RunCfg
    from vbot_sim.settings import from_dict, leaves

    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"The edited text is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(content, dict) or not isinstance(content.get("config"), dict):
        raise ConfigError("The edited text has no section 'config'.")
    base = base_of(workspace, draft)
    edited = from_dict(RunCfg, content["config"])
    if (edited.env, edited.preset) != (base.cfg.env, base.cfg.preset):
        raise ConfigError("env and preset are chosen in the form, not in the text.")
    known = leaves(base.cfg)
    changed = [(key, plain(value)) for key, value in leaves(edited).items() if known.get(key) != value]
    study = [pair for pair in draft.sets if pair[0].startswith(STUDY)]
    return replace(draft, sets=(*study, *changed))


# --- the verdict


def judge(workspace: Workspace, draft: Draft) -> Audit:
    """Return what known exploits would earn under the reward of a draft; loads numpy and takes about 0.1 s."""
    from automl.audit import audit

    try:
        resolved = with_sets(base_of(workspace, draft), draft)
        report = audit(resolved.cfg.task, resolved.cfg.ppo.gamma)
    except SimError as error:
        return Audit(trouble=str(error))
    exploits = [
        Exploit(
            item.exploit, item.title, item.verdict, item.strength, item.against, item.cure,
            tuple((t.term, t.scale, float("nan") if t.break_even is None else t.break_even) for t in item.terms),
        )
        for item in report.exploits
    ]  # fmt: skip
    return Audit(tuple(exploits), tuple((item.name, item.reason) for item in report.undecidable))
