"""The one condition of every function of the store that writes: the caller has opened the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


def demand_transaction(ws: Workspace) -> None:
    """A write by itself would be a journal link of its own, and half of what the user did could be kept.

    Raises ``RuntimeError``: a fault of the caller.
    """
    if not ws.in_transaction:
        raise RuntimeError("the store is written to within Workspace.transaction only")
