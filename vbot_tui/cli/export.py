"""`vbot export`: a policy as a file that is of use without this program."""

import argparse
from pathlib import Path
from typing import Any

from sessions.errors import UsageError
from vbot_tui.cli.console import Console
from vbot_tui.cli.parser import Verbs
from vbot_tui.cli.select import POLICY_HELP, Selected, find

DESCRIPTION = """\
Write a policy as ONNX: raw observations in, actions out, the normaliser inside, and in its metadata what a controller
must know. The file is compared with torch before it is written. --policy writes our own format instead: a checkpoint
without what only a resume needs, with its config inside."""


def add_verbs(verbs: Verbs) -> None:
    """Enter `export`."""
    parser = verbs.add("export", "a policy as an ONNX file", export, description=DESCRIPTION)
    parser.add_argument("policy_name", metavar="RUN", help=POLICY_HELP)
    parser.add_argument("--out", metavar="FILE", help="where to write (default: exports/ of the run)")
    parser.add_argument("--policy", metavar="FILE", help="write a policy file for this program instead of ONNX")


def export(arguments: argparse.Namespace, console: Console) -> int:
    """Write the file and say how well it agrees with torch."""
    from vbot_rl import export as onnx_export

    if arguments.policy is not None and arguments.out is not None:
        raise UsageError("--policy FILE and --out FILE are two kinds of file; give one of them.")
    chosen = find(arguments.workspace, arguments.policy_name)
    if arguments.policy is not None:
        return write_policy(chosen, file_in_folder(arguments.policy), console)
    path = file_in_folder(arguments.out) if arguments.out else default_path(chosen, "exports", ".onnx")
    trained = chosen.load()
    console.progress(f"{chosen.name}: writing {path}")
    done = onnx_export.export_onnx(trained, path)
    answer = {**describe(chosen, trained.cfg.env), **onnx_export.as_object(done)}
    console.show(answer, as_text(answer))
    return 0


def write_policy(chosen: Selected, path: Path, console: Console) -> int:
    """Write a policy file."""
    from vbot_rl import source

    trained = chosen.load()
    source.write_policy_file(trained, path)
    answer = {**describe(chosen, trained.cfg.env), "file": str(path), "bytes": path.stat().st_size}
    console.show(answer, f"{chosen.name}: {path} ({answer['bytes']:,} bytes)")
    return 0


def file_in_folder(text: str) -> Path:
    """The file to write that an option names; its folder has to be there, so that a slip of the pen makes none.

    Raises:
        UsageError: there is no such folder.
    """
    path = Path(text)
    if not path.parent.is_dir():
        raise UsageError(f"'{path}' cannot be written: the folder {path.parent} does not exist; make it first.")
    return path


def describe(chosen: Selected, env: str) -> dict[str, Any]:
    """Which policy it is."""
    return {
        "policy": chosen.name,
        "run": None if chosen.run is None else chosen.run.id,
        "step": chosen.step,
        "env": env,
    }


def default_path(chosen: Selected, folder: str, suffix: str) -> Path:
    """Where a file made from a policy goes: to its run, or here for a policy of the package."""
    if chosen.run is None:
        return Path(chosen.checkpoint.stem + suffix)
    return chosen.run.path / folder / f"step_{chosen.step}{suffix}"


def as_text(answer: dict[str, Any]) -> str:
    """The report for a person."""
    return "\n".join(
        [
            f"{answer['policy']}: {answer['file']} ({answer['bytes']:,} bytes, opset {answer['opset']})",
            f"  largest difference to torch over {answer['samples']:,} random observations: {answer['max_diff']:.2g}",
        ]
    )
