"""What the screens need from the core: pictures to show and commands to give. The seam between screen and work.

Every method returns at once; a command's outcome comes back as a notice in a later view. An attached or a remote core
can stand behind it without the screens noticing.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from sessions.episode_file import Episode, EpisodeRef
from sessions.series import SeriesSet
from vbot_tui.launch_model import Draft, Plan
from vbot_tui.model import TrialRow, View
from vbot_tui.seat import Seat

if TYPE_CHECKING:
    from automl.preflight import Finding


class Client(Protocol):
    """The cockpit's side of the core."""

    @property
    def view(self) -> View:
        """The newest picture."""

    def start(self, on_change: Callable[[], None]) -> None:
        """Begin to work; ``on_change`` is called from another thread after each new picture and must not block."""

    def select(self, key: str) -> None:
        """Show the details of the trial with this key."""

    def curves(self, run_id: str) -> SeriesSet:
        """Return the growing curves of a run; asking has them read soon. Nothing is waited for."""

    def episodes(self, run_id: str) -> tuple[EpisodeRef, ...]:
        """Return the recorded episodes of a run. Looks at files: never called from the screen's own thread."""

    def episode(self, ref: EpisodeRef) -> tuple[Episode | None, str]:
        """Return a recorded episode, or None and what is wrong. Reads a file: never from the screen's own thread."""

    def remember(self, seat: Seat, rows: Sequence[TrialRow]) -> None:
        """Keep how the cockpit is looked at, for the next opening; ``rows`` are those in sight, top first."""

    def open_runs(self, keys: Sequence[str]) -> None:
        """Have the papers of these runs, and of no others, read and kept up to date in the view."""

    def open_study(self, study: str) -> None:
        """Have the page of this study kept up to date in the view; an empty name closes it."""

    def next_study(self) -> None:
        """Show the next study."""

    def start_study(self) -> None:
        """Create a study with the defaults and drive it here."""

    def draft(self, draft: Draft) -> None:
        """Have a draft answered while it is typed; its plan comes in a later view."""

    def read_back(self, draft: Draft, text: str) -> tuple[Draft, str]:
        """Return the draft whose config is an edited text, and what is wrong with that, if anything."""

    def start_run(self, plan: Plan) -> None:
        """Train what a plan says."""

    def check_study(self, text: str, answer: Callable[[tuple["Finding", ...]], object]) -> None:
        """Have a study file's text checked before a start, the first study if it is empty.

        ``answer`` is called from another thread with what is found, errors first, and must not block.
        """

    def start_study_of(self, text: str) -> None:
        """Create the study of a study file's text and drive it here."""

    def enqueue(self, text: str) -> None:
        """Put the study of a study file's text at the end of the queue."""

    def smoke(self) -> None:
        """Run the whole line shortly, to see that everything works."""

    def warm_start(self, key: str) -> None:
        """Train a trial's settings again, starting from what it has learned."""

    def next_stage(self, key: str, draft: Draft) -> None:
        """Train on from what a trial has learned, with changes."""

    def clone(self, key: str, draft: Draft) -> None:
        """Train a trial's settings again with changes."""

    def order(self, kind: str, keys: Sequence[str], why: str) -> None:
        """Ask the studies of these trials for something: pause_trial, restart_trial, stop_trial, exclude_trial."""

    def promote(self, key: str, env_steps: int) -> None:
        """Train a trial's settings in full length, as a final run."""

    def evaluate(self, keys: Sequence[str]) -> None:
        """Judge every checkpoint of these trials."""

    def export(self, keys: Sequence[str]) -> None:
        """Write the best policy of these trials as ONNX."""

    def mute(self, keys: Sequence[str]) -> None:
        """Silence the flags that are up on these trials, or let silenced ones be heard again."""

    def film(self, keys: Sequence[str]) -> None:
        """Write a film of the best policy of these trials."""

    def open_shelf(self, name: str, selected: str) -> None:
        """Have a shelf, and the page of one item on it, kept up to date in the view; an empty name closes it."""

    def queue(self, what: str, item: str, why: str) -> None:
        """Change the queue: have an item done earlier or later, cancel it, try it again, or hold everything."""

    def todo(self, text: str) -> None:
        """Write down something to be done."""

    def finish_todo(self, todo: str, text: str) -> None:
        """Close a TODO with what came of it."""

    def reject(self, name: str, why: str) -> None:
        """Move an entry of the library to the rejected ones."""

    def archive(self, key: str, name: str, hypothesis: str) -> None:
        """Put the settings of a trial into the library."""

    def library_draft(self, name: str) -> Draft:
        """Return a draft with the settings of an entry of the library."""

    def start_trial(self) -> None:
        """Ask the study shown for one more trial."""

    def kill(self, key: str, why: str) -> None:
        """End a trial."""

    def toggle_pause(self) -> None:
        """Pause the study shown, or resume it."""

    def take_over(self) -> None:
        """Drive the study shown from here."""

    def stop_study(self, why: str) -> None:
        """Stop the study shown and its trials; they write a checkpoint and end."""

    def note(self, text: str, key: str, step: int | None) -> None:
        """Write a note, at a trial and step where given."""
