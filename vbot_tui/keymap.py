"""A person's own keys: a YAML file that gives actions other keys, by the ids that ``?`` and the table of keys have.

``trials.kill: ctrl+k`` or ``trials.kill: [K, delete]``. A file that cannot be understood is refused with the reason:
a key that does something else than a person believes is worse than none.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sessions.errors import UsageError
from vbot_tui import bindings


def default_path() -> Path:
    """Return where the file is looked for: ``$VBOT_KEYMAP``, else the user's directory of settings."""
    own = os.environ.get("VBOT_KEYMAP")
    if own:
        return Path(own)
    from platformdirs import user_config_path

    return Path(user_config_path("vbot")) / "keymap.yaml"


def load(path: Path) -> dict[str, tuple[str, ...]]:
    """Return the keys of a file by the id of their action; nothing where there is no file.

    Raises:
        UsageError: it is no table, names an unknown action, or gives two actions of one screen the same key.
    """
    if not path.exists():
        return {}
    import yaml  # not before the first paint of those who have no such file

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"the keymap {path} cannot be read: {' '.join(str(error).split())}") from None
    return checked(content, str(path))


def checked(content: Any, where: str) -> dict[str, tuple[str, ...]]:  # noqa: ANN401 - whatever YAML holds
    """Return the keys of a file's content.

    Raises:
        UsageError: see ``load``.
    """
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise UsageError(f"the keymap {where} must be a table such as 'trials.kill: K'")
    known = {key.id for key in bindings.KEYS}
    out: dict[str, tuple[str, ...]] = {}
    for name, keys in content.items():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            raise UsageError(f"the keymap {where} names '{name}', which is no action{hint}")
        words = keys if isinstance(keys, list) else str(keys).replace(",", " ").split()
        if not words or not all(isinstance(word, str) and word for word in words):
            raise UsageError(f"the keymap {where} gives '{name}' no key")
        out[str(name)] = tuple(words)
    _refuse_clashes(out, where)
    return out


def _refuse_clashes(changes: Mapping[str, tuple[str, ...]], where: str) -> None:
    used: dict[tuple[str, str], str] = {}
    for key in bindings.changed(bindings.KEYS, changes):
        for name in key.keys:
            other = used.setdefault((key.context, name), key.id)
            if other != key.id:
                raise UsageError(
                    f"the keymap {where} has '{name}' do both '{other}' and '{key.id}'; give one another key"
                )


def install(path: Path | None = None) -> None:
    """Have all screens, key bars and help pages use the keys of the file.

    Raises:
        UsageError: see ``load``.
    """
    bindings.use(load(path or default_path()))
