"""What would each known exploit earn under a reward, against doing the job? Answered before anything is trained.

Scripted behaviours are paid by the world's own reward function; no physics runs. `audit` is the one entry for the
command line, the scheduler's pre-flight and the cockpit.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from automl.audit.audit import audit
    from automl.audit.report import AuditReport, Finding

__all__ = ["AuditReport", "Finding", "audit"]

_HOMES = {"audit": "automl.audit.audit", "AuditReport": "automl.audit.report", "Finding": "automl.audit.report"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's attribute
    """Load numpy only when an audit is asked for: the cockpit imports this package before its first paint."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
