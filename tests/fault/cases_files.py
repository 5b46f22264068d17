"""Faults of disks and files: full, read-only, garbage in the inbox, a damaged spec, half-written curves."""

import struct
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from automl import studies
from automl.commands import Command
from sessions.errors import CorruptFileError, VbotError
from sessions.event_file import EventFileReader
from sessions.follower import read_workspace
from tests.fault.catalogue import case
from tests.fault.lab import Lab, check, fill, small_disk
from vbot_rl.event_writer import EventWriter
from vbot_sim.errors import SimError


@contextmanager
def _lab_on_small_disk(lab: Lab, size: str) -> Iterator[Lab]:
    """A second laboratory on a file system that is full soon."""
    with small_disk(lab.root / "small", size) as disk, closing(Lab(disk)) as small:
        yield small


@case(17, "the disk is full while events are due: nothing is half written, nothing starts, it goes on with space")
def disk_full(lab: Lab) -> None:
    with _lab_on_small_disk(lab, "400k") as small:
        small.create({"*": {"seconds": 1.0}}, max_trials=3)
        process = small.schedule()
        small.pid(0)
        small.keep()
        filler = fill(small.root)
        small.until(lambda: not small.run(0).is_alive(), "the end of trial 0")
        small.let_pass(1.0, "nothing must be started, and nobody says that nothing is")
        small.keep()
        check(process.poll() is None, "the scheduler died of it")
        check(len(small.state().trials) == 1, "something was started without being noted")
        filler.unlink()
        small.event("study_ended")
        process.wait(20)
        small.hold()


@case(17, "the disk is full when a scheduler begins: it says so and starts nothing; with space it goes on")
def disk_full_at_start(lab: Lab) -> None:
    with _lab_on_small_disk(lab, "2m") as small:
        small.schedulers_log = lab.root / "outside.log"
        small.create(max_trials=1)
        filler = fill(small.root)
        process = small.schedule()
        small.until(lambda: process.poll() is not None or small.held(), "what it does about it")
        small.let_pass(1.0, "nothing must be started, and nobody says that nothing is")
        small.keep()
        check(not small.events("trial_started"), "something was started without being noted")
        code = process.poll()
        check(code is not None or small.held(), "it neither works nor has it left")
        check(code is None or ("was not saved" in small.said() and code == 1), f"it said: {small.said()}")
        check("Traceback" not in small.said(), f"it said: {small.said()}")
        filler.unlink()
        if code is None:
            small.event("study_ended")
            process.wait(20)
        else:
            small.finish()
        small.hold()


@case(20, "the workspace becomes read-only: the error names the file, and nothing is said to be saved")
def read_only(lab: Lab) -> None:
    with _lab_on_small_disk(lab, "4m") as small:
        small.schedulers_log = lab.root / "outside.log"
        small.create(max_trials=1)
        before = small.log.read_bytes()
        _remount(small.root, "ro")
        check(small.schedule().wait(30) in (1, 2), "it did not end with an error")
        check(str(small.root) in small.said() and "Traceback" not in small.said(), f"it said: {small.said()}")
        check(small.log.read_bytes() == before, "the log changed")
        _remount(small.root, "rw")
        small.finish()
        small.hold()


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


@case(16, "garbage in the inbox: refused, said, put away; commands around it are obeyed")
def garbage_in_the_inbox(lab: Lab) -> None:
    lab.create({"*": {"seconds": 60}}, max_trials=1)
    inbox = lab.path / "inbox"
    for name, content in {
        "1.json": b"",
        "2.json": b"\xff\xfe\x00",
        "3.json": b"[1, 2]",
        "4.json": b'{"kind": "explode", "who": "x"}',
        "5.json": b'{"kind": "kill_trial", "trial": "zero"}',
        "6.json": b'{"kind": "kill_trial", "trial": 99}',
        "7.json": b'{"kind": "start_trial", "params": {"no.such": 1}}',
        "8.txt": b"not for anybody",
        ".9.json.tmp": b'{"kind": "stop_study"}',
    }.items():
        (inbox / name).write_bytes(content)
    (inbox / "dir.json").mkdir()
    lab.schedule()
    lab.pid()
    lab.send("kill_trial", 0)
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(lab.state().trials[0].state == "killed", "the good command was not obeyed")
    check([event["accepted"] for event in lab.events("command")].count(True) == 1, "garbage was obeyed")


@case(36, "a command is delivered twice: it is obeyed once")
def command_twice(lab: Lab) -> None:
    lab.create({"*": {"seconds": 0.5}}, max_trials=1)
    name = studies.send(lab.workspace, lab.study, Command("start_trial", "ann", "one more"))
    letter = lab.path / "inbox" / f"{name}.json"
    content = letter.read_bytes()
    process = lab.schedule("--die", "after:command:1")  # journalled, and the letter not yet thrown away
    process.wait(30)
    check(letter.exists(), "it died too late")
    lab.schedule()
    lab.until(lambda: not letter.exists(), "the letter thrown away")
    letter.write_bytes(content)
    lab.event("study_ended")
    lab.schedulers[-1].wait(20)
    lab.hold()
    check(len(lab.events("command")) == 1 and len(lab.state().trials) == 2, "it was obeyed twice")


@case(16, "the study file is damaged: refused with its name, status still lists everything else")
def spec_damaged(lab: Lab) -> None:
    lab.create(max_trials=1)
    lab.finish()
    good = lab.study
    lab.create(max_trials=1)
    (lab.path / "study.yaml").write_bytes(b"\x00{{{")
    check(lab.schedule().wait(20) == 2 and "study.yaml" in lab.said() and "Traceback" not in lab.said(), lab.said())
    rows = {row["id"]: row["state"] for row in studies.status(lab.workspace)["studies"]}
    check(rows == {good: "finished", lab.study: "damaged"}, f"status says {rows}")


@case(38, "the event log is deleted: the study is reported as damaged, never begun anew; others are not touched")
def log_deleted(lab: Lab) -> None:
    lab.create({"*": {"seconds": 0.5}}, max_trials=1)
    lab.finish()
    lab.log.unlink()
    (row,) = studies.status(lab.workspace)["studies"]
    check(row["state"] == "damaged" and "events.jsonl" in row["reason"], f"status says {row}")
    runs = len(lab.workspace.run_dirs())
    check(lab.schedule().wait(30) == 2 and "Traceback" not in lab.said(), "a study without its log was begun anew")
    check(len(lab.workspace.run_dirs()) == runs, "a trial was started")


@case(24, "a curve's last record is half written: the reader waits, and counts it once when it is whole")
def half_a_record(lab: Lab) -> None:
    writer = EventWriter(lab.root)
    writer.write(100, {"reward/total": 1.0})
    writer.write(200, {"reward/total": 2.0})
    whole = writer.path.read_bytes()
    writer.close()
    target = lab.root / "events.out.tfevents.2"
    target.write_bytes(whole[:-9])
    reader = EventFileReader(target)
    check([record.step for record in reader.read_new() if record.values] == [100], "half a record was counted")
    check(not reader.read_new(), "something was counted twice")
    with target.open("ab") as file:
        file.write(whole[-9:])
    check([record.step for record in reader.read_new() if record.values] == [200], "the whole record is missing")


@case(25, "a curve file is cut and damaged: what is whole is shown, the damage is no crash")
def curve_damaged(lab: Lab) -> None:
    lab.create(max_trials=1)
    lab.finish()
    run = lab.run()
    writer = EventWriter(run.path)
    for step in (100, 200, 300):
        writer.write(step, {"reward/total": float(step)})
    writer.close()
    raw = bytearray(writer.path.read_bytes())
    raw[-20] ^= 1
    writer.path.write_bytes(bytes(raw) + struct.pack("<Q", 2**60))
    snapshot, store = read_workspace(lab.workspace, curves=True)
    series = store.series(run.id).get("reward/total")
    check(series is not None and [step for step, _ in series][:2] == [100, 200], "lost")
    check(len(snapshot.runs) == 1, "the run is gone")


@case(38, "a curve file is deleted under the reader: that run only has none, all else is shown")
def curve_deleted(lab: Lab) -> None:
    lab.create({"*": {"seconds": 0.3}}, max_trials=2)
    lab.finish()
    for number in (0, 1):
        writer = EventWriter(lab.run(number).path)
        writer.write(100, {"reward/total": 1.0})
        writer.close()
    reader = EventFileReader(lab.run(0).event_files()[0])
    reader.read_new()
    lab.run(0).event_files()[0].unlink()
    try:
        reader.read_new()
    except (VbotError, FileNotFoundError) as error:
        check(isinstance(error, CorruptFileError | FileNotFoundError | VbotError | SimError), str(error))
    _, store = read_workspace(lab.workspace, curves=True)
    check(not store.series(lab.run(0).id).tags() and store.series(lab.run(1).id).tags(), "not as expected")
