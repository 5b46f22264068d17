"""A client that answers drafts at once with the real planning, and remembers what it is asked for."""

from dataclasses import replace

from tests.vbot_tui.builders import FakeClient
from vbot_tui.app import VbotApp
from vbot_tui.cli import planning


class PlanningClient(FakeClient):
    def __init__(self, shown, workspace, *, judged=None):
        super().__init__(shown)
        self.workspace = workspace
        self.judged = judged

    def draft(self, draft):
        plan = planning.plan(self.workspace, draft)
        audit = None if plan.trouble else self.judged or planning.judge(self.workspace, draft)
        self.show(replace(self.view, plan=replace(plan, audit=audit)))

    def read_back(self, draft, text):
        return planning.read_back(self.workspace, draft, text), ""


def planned(shown, workspace, **options):
    judged = options.pop("judged", None)
    client = PlanningClient(shown, workspace, judged=judged)
    return client, VbotApp(client, clock=lambda: 1_770_000_000.0, **options)
