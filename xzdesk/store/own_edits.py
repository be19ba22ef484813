"""What was accepted from a lower office, kept while this office's own edit stands over it.

The edit itself is the value that the table holds; here is the accepted side of the three-way compare, and why
it was changed. It goes when the lower office agrees or the edit is taken back.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import Catalogue, CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.store.verdicts import content_code, of_content_code
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


_NOTE: Final = """
INSERT INTO own_edit (element, unit, period, accepted, reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (element, unit, period) DO UPDATE SET reason = excluded.reason
"""
_SET_ACCEPTED: Final = "UPDATE own_edit SET accepted = ? WHERE element = ? AND unit = ? AND period = ?"


def note(ws: Workspace, ref: CellRef, accepted: DataValue | None, reason: str) -> None:
    """Note that the cell is about to be edited here. A second edit keeps what was accepted, with the new reason."""
    demand_transaction(ws)
    ws.db.conn.execute(_NOTE, (ref.element, ref.unit, str(ref.period), content_code(accepted), reason))


def set_accepted(ws: Workspace, ref: CellRef, accepted: DataValue | None) -> None:
    """A new package brought ``accepted`` for an edited cell. Does nothing where no edit stands."""
    demand_transaction(ws)
    ws.db.conn.execute(_SET_ACCEPTED, (content_code(accepted), ref.element, ref.unit, str(ref.period)))


def drop(ws: Workspace, ref: CellRef) -> None:
    """The edit has been agreed with or taken back; what the table holds is the caller's matter."""
    demand_transaction(ws)
    ws.db.conn.execute(
        "DELETE FROM own_edit WHERE element = ? AND unit = ? AND period = ?", (ref.element, ref.unit, str(ref.period))
    )


def read(ws: Workspace, catalogue: Catalogue, units: Collection[str] | None = None) -> dict[CellRef, DataValue | None]:
    """The accepted content of every edited cell of the units (codes; None: all)."""
    rows = ws.db.conn.execute("SELECT element, unit, period, accepted FROM own_edit ORDER BY unit, period, element")
    return {
        CellRef(unit, element, Period.parse(period)): of_content_code(accepted)
        for element, unit, period, accepted in rows
        if element in catalogue.elements and (units is None or unit in units)
    }


def reasons(ws: Workspace) -> dict[CellRef, str]:
    """Why each edited cell was edited."""
    rows = ws.db.conn.execute("SELECT element, unit, period, reason FROM own_edit ORDER BY unit, period, element")
    return {CellRef(unit, element, Period.parse(period)): reason for element, unit, period, reason in rows}
