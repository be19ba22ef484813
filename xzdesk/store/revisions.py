"""How often each unit's figures have been handed in: a number that only rises, so an old state never overwrites.

A replaced or restored computer begins a new chain; the number per unit tells the office above that what it brings
may be older than what is held.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Final

from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

_RAISE: Final = """
INSERT INTO unit_revision (unit, revision) VALUES (?, ?)
ON CONFLICT (unit) DO UPDATE SET revision = max(revision, excluded.revision)
"""


def held(ws: Workspace, units: Collection[str]) -> dict[str, int]:
    """The revision of each unit; 0 for one never handed in."""
    known = dict(ws.db.conn.execute("SELECT unit, revision FROM unit_revision").fetchall())
    return {unit: known.get(unit, 0) for unit in units}


def bump(ws: Workspace, units: Collection[str]) -> dict[str, int]:
    """Raise every unit's revision by one and return the new ones."""
    demand_transaction(ws)
    raised = {unit: revision + 1 for unit, revision in held(ws, units).items()}
    raise_to(ws, raised)
    return raised


def raise_to(ws: Workspace, revisions: Mapping[str, int]) -> None:
    """Lift each unit to at least the given revision."""
    demand_transaction(ws)
    ws.db.conn.executemany(_RAISE, list(revisions.items()))
