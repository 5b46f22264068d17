"""The fake that the engine's tests stand on keeps the same contract as the real thing."""

import pytest

from automl.executor import Executor, TrialOrder
from tests.automl.executor_contract import ExecutorContract
from tests.automl.fake import FakeClock, FakeExecutor, FakeMachine, Script


class TestFakeExecutor(ExecutorContract):
    @pytest.fixture(autouse=True)
    def machine(self):
        self.here = FakeMachine(FakeClock(), self.SLOTS, lambda number: Script(refused=number == 99))

    def new_executor(self) -> Executor:
        return FakeExecutor(self.here)

    def order(self, number: int, env_steps: int) -> TrialOrder:
        return TrialOrder("study", number, "fake", "env", "default", {}, {}, 1, env_steps)

    def short(self, number: int) -> TrialOrder:
        return self.order(number, 1000)

    def long(self, number: int) -> TrialOrder:
        return self.order(number, 10_000_000)

    def refused(self, number: int) -> TrialOrder:
        return self.order(99, 1000)
