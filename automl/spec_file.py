"""Study files as text: read from disk, parsed, numbers written as people write them; what they mean is in `spec`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vbot_sim.errors import ConfigError
from vbot_sim.settings import COUNT_FORMS, count


def read_text(path: Path) -> str:
    """The text of a study file.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"Cannot read the study file {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"Cannot read the study file {path}: it is not text in UTF-8.") from error


def parse_yaml(text: str, where: str) -> Any:  # noqa: ANN401 - whatever YAML holds
    """The content of YAML text.

    Raises:
        ConfigError: it is none; with line and column, counted from 1.
    """
    import yaml

    class Loader(yaml.SafeLoader):
        """Refuses a key given twice, of which YAML would silently keep the last."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen = set()
            for key, _ in node.value:
                if key.tag != "tag:yaml.org,2002:merge" and key.value in seen and isinstance(key, yaml.ScalarNode):
                    raise yaml.constructor.ConstructorError(None, None, f"'{key.value}' is given twice", key.start_mark)
                seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
            return super().construct_mapping(node, deep)

    try:
        return yaml.load(text, Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}, column {mark.column + 1}: " if mark is not None else ""
        raise ConfigError(f"{where} is not valid YAML: {place}{error.problem or error.context}.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{where} is not valid YAML: {str(error).splitlines()[0]}.") from error


def with_counts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The content of a study file with its lengths in env steps as numbers: 500k and 3M are understood.

    Raises:
        ConfigError: a length is text and no number.
    """
    found = dict(data)
    if "trial_env_steps" in found:
        found["trial_env_steps"] = _counted("trial_env_steps", found["trial_env_steps"])
    final = found.get("final")
    if isinstance(final, Mapping) and "env_steps" in final:
        found["final"] = {**final, "env_steps": _counted("final.env_steps", final["env_steps"])}
    return found


def _counted(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return count(value)
    except ValueError:
        raise ConfigError(f"{name}: '{value}' is not a whole number; write it as {COUNT_FORMS}.") from None
