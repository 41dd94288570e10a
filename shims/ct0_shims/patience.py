"""Whose endless search is spoken of: see ct0.patience."""

from __future__ import annotations

from ct0.patience import SHORT, Endless, Patience
from ct0_shims.report import complain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ct0.process import Process
    from ct0_shims.view import View

__all__ = ["SHORT", "Endless", "Patience", "pass_over"]


def pass_over(process: Process, view: View) -> None:
    """Say that a process of CT0's own could not be matched; about a container's be silent."""
    try:
        is_own = view.excluded(process, given=True) is None
    except ProcessLookupError:
        return  # gone
    if is_own:
        complain(f"ct0: {process.pid}: the pattern takes too long to match: left alone\n")
