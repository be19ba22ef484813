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

GAP: Final = 100_000
"""So far may a revision that comes from elsewhere run ahead. It only ever rises: a gigantic one could never be followed
by another."""

_RAISE: Final = """
INSERT INTO unit_revision (unit, revision) VALUES (?, ?)
ON CONFLICT (unit) DO UPDATE SET revision = max(revision, excluded.revision)
"""


def held(ws: Workspace, units: Collection[str]) -> dict[str, int]:
    """The revision of each unit; 0 for one never handed in."""
    known = dict(ws.db.conn.execute("SELECT unit, revision FROM unit_revision").fetchall())
    return {unit: known.get(unit, 0) for unit in units}


def credible(ws: Workspace, stated: object, units: Collection[str]) -> dict[str, int]:
    """Of what another office says (anything) the revisions of ``units`` that can be."""
    known = held(ws, units)
    return {
        unit: number
        for unit, number in (stated.items() if isinstance(stated, dict) else ())
        if unit in known and type(number) is int and 0 <= number <= known[unit] + GAP
    }


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
