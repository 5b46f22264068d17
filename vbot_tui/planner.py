"""Answers drafts while they are typed: on a thread of its own, the newest draft only, the verdict after the plan.

What a draft means is said by ``vbot_tui.cli.planning``; here is only when it is asked.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from sessions.errors import VbotError
from sessions.workspace import Workspace
from vbot_sim.errors import SimError
from vbot_tui.launch_model import Audit, Draft, Plan

QUIET_S = 0.15
"""A verdict is computed once nothing was typed for so long."""


class Planner:
    """The plan of the newest draft.

    Args:
        workspace: where the runs are that drafts start from.
        on_change: called on the planner's thread after each new plan; must not block.
    """

    def __init__(self, workspace: Workspace, on_change: Callable[[], None]) -> None:
        self.plan: Plan | None = None
        self._workspace = workspace
        self._tell = on_change
        self._draft: Draft | None = None
        self._news = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._judged: dict[tuple[object, ...], Audit] = {}

    def ask(self, draft: Draft) -> None:
        """Have a draft answered soon; returns at once."""
        with self._news:
            if draft == self._draft or self._stopping:
                return
            self._draft = draft
            self._news.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="planner", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Answer nothing any more."""
        with self._news:
            self._stopping = True
            self._news.notify()
        if self._thread is not None:
            self._thread.join()

    def read_back(self, draft: Draft, text: str) -> tuple[Draft, str]:
        """Return the draft whose config is an edited text, and what is wrong with that, if anything."""
        from vbot_tui.cli.planning import read_back

        try:
            return read_back(self._workspace, draft, text), ""
        except (SimError, VbotError) as error:
            return draft, str(error)

    def _run(self) -> None:
        answered: Draft | None = None
        while True:
            with self._news:
                self._news.wait_for(lambda: self._stopping or self._draft != answered)  # noqa: B023
                draft = self._draft
            if self._stopping or draft is None:
                return
            answered = draft
            self._publish(self._plan(draft))
            if self._waited_in_vain(draft):
                plan = self.plan
                if plan is not None and not plan.trouble:
                    self._publish(replace(plan, audit=self._judge(draft)))

    def _waited_in_vain(self, draft: Draft) -> bool:
        """Wait a little for another draft; return whether none came."""
        with self._news:
            return not self._news.wait_for(lambda: self._stopping or self._draft != draft, QUIET_S)

    def _plan(self, draft: Draft) -> Plan:
        from vbot_tui.cli.planning import plan

        try:
            return plan(self._workspace, draft)
        except Exception as error:  # a defect must not end the answering
            return Plan(draft, trouble=f"{type(error).__name__}: {error}")

    def _judge(self, draft: Draft) -> Audit:
        """Return the verdict; asked again only when something about the training is another."""
        from vbot_tui.cli.planning import judge

        key = (draft.env, draft.preset, draft.source, tuple(pair for pair in draft.sets if _decides(pair[0])))
        if key not in self._judged:
            try:
                self._judged[key] = judge(self._workspace, draft)
            except Exception as error:
                self._judged[key] = Audit(trouble=f"{type(error).__name__}: {error}")
        return self._judged[key]

    def _publish(self, plan: Plan) -> None:
        self.plan = plan
        with suppress(RuntimeError):  # the loop that listens is closed
            self._tell()


def _decides(key: str) -> bool:
    """Return whether a setting has a say in what a reward pays."""
    return key.startswith("task.") or key == "ppo.gamma"
