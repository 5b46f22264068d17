"""Other trainers driven on our task: each module turns the vectorised task into what one library wants.

Settings are the library's own where the work does not fix them. They leave out what is not the work of the
comparison (value clipping, KL schedules, observation statistics), which is in their favour: our side does the
statistics. Loaded only in the peers' own environment.
"""

from collections.abc import Callable

from vbot_rl.bench.workload import Workload

NAMES = ("sb3", "rsl_rl", "skrl")


def driver(name: str) -> Callable[[Workload], list[float]]:
    """The function that runs the work under a peer and returns the wall time of each update."""
    if name == "sb3":
        from vbot_rl.bench.peers.sb3 import train
    elif name == "rsl_rl":
        from vbot_rl.bench.peers.rsl import train
    else:
        from vbot_rl.bench.peers.skrl_ppo import train
    return train
