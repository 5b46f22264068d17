"""One measurement in a process of its own: ``python -P -m vbot_rl.bench.measure SIDE WORKLOAD``; one JSON object out.

The environment (threads, memory, BLAS) is chosen by whoever starts the process; see `vbot_rl.bench.sides`.
"""

import contextlib
import json
import resource
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict

from vbot_rl.bench.workload import Measured, Workload

OURS, PHYSICS = "ours", "physics"


def measure(side: str, work: Workload) -> Measured:
    """Run the work on a side, in this process."""
    import numpy as np

    if side == PHYSICS:
        from vbot_rl.bench.ours import physics

        steps_per_s, counted = physics(work)
    else:
        counted = _trainer(side)(work)[work.warmup :]
        steps_per_s = work.batch / float(np.median(counted))
    rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Measured(side, steps_per_s, round(rss_mb, 1), tuple(float(t) for t in counted))


def _trainer(side: str) -> Callable[[Workload], list[float]]:
    if side == OURS:
        from vbot_rl.bench import ours

        return ours.train
    from vbot_rl.bench.peers import driver

    return driver(side)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    side, work = sys.argv[1:] if argv is None else argv
    with contextlib.redirect_stdout(sys.stderr):
        found = measure(side, Workload.from_json(json.loads(work)))
    print(json.dumps(asdict(found)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
