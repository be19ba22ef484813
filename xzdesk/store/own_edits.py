"""What was accepted from a lower office, kept while this office's own edit stands over it.

The edit itself is the value or row that the tables hold; here is the accepted side of the three-way compare, and why
it was changed. It goes when the lower office agrees or the edit is taken back.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from xzdesk.core.model import Catalogue, CellRef, DataValue, FieldType, FieldValue, RegisterRow, RegisterSchema, RowRef
from xzdesk.core.periods import Period
from xzdesk.store.verdicts import content_code, of_content_code
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace


@dataclass(frozen=True, slots=True)
class OwnRowEdit:
    """The accepted state of a register row that was edited here."""

    accepted: RegisterRow
    reason: str


_NOTE: Final = """
INSERT INTO own_edit (element, unit, period, accepted, reason) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (element, unit, period) DO UPDATE SET reason = excluded.reason
"""
_SET_ACCEPTED: Final = "UPDATE own_edit SET accepted = ? WHERE element = ? AND unit = ? AND period = ?"
_NOTE_ROW: Final = """
INSERT INTO own_edit_row (register, row, accepted, reason) VALUES (?, ?, ?, ?)
ON CONFLICT (register, row) DO UPDATE SET reason = excluded.reason
"""


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


def note_row(ws: Workspace, schema: RegisterSchema, accepted: RegisterRow, reason: str) -> None:
    """The same for a register row."""
    demand_transaction(ws)
    ws.db.conn.execute(_NOTE_ROW, (schema.code, accepted.id, _row_text(accepted), reason))


def set_accepted_row(ws: Workspace, schema: RegisterSchema, accepted: RegisterRow) -> None:
    demand_transaction(ws)
    ws.db.conn.execute(
        "UPDATE own_edit_row SET accepted = ? WHERE register = ? AND row = ?",
        (_row_text(accepted), schema.code, accepted.id),
    )


def drop_row(ws: Workspace, ref: RowRef) -> None:
    demand_transaction(ws)
    ws.db.conn.execute("DELETE FROM own_edit_row WHERE register = ? AND row = ?", (ref.register, ref.row))


def read_rows(ws: Workspace, schema: RegisterSchema) -> dict[str, OwnRowEdit]:
    """By row id."""
    rows = ws.db.conn.execute(
        "SELECT row, accepted, reason FROM own_edit_row WHERE register = ? ORDER BY row", (schema.code,)
    )
    return {row: OwnRowEdit(_row_of(schema, row, accepted), reason) for row, accepted, reason in rows}


def _row_text(row: RegisterRow) -> str:
    fields = {name: value if value is None else str(value) for name, value in row.fields.items()}
    content = {"unit": row.unit, "deleted": row.deleted, "revision": row.revision, "fields": fields}
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _row_of(schema: RegisterSchema, id: str, text: str) -> RegisterRow:
    content = json.loads(text)
    fields = _fields_of(schema, content["fields"])
    return RegisterRow(id, content["unit"], fields, deleted=content["deleted"], revision=content["revision"])


def _fields_of(schema: RegisterSchema, texts: Mapping[str, str | None]) -> dict[str, FieldValue]:
    """A field that the schema no longer has is left out, one that is new holds nothing."""
    return {field.name: _field_of(field.type, texts.get(field.name)) for field in schema.fields}


def _field_of(type: FieldType, text: str | None) -> FieldValue:
    if text is None:
        return None
    if type is FieldType.DATE:
        return dt.date.fromisoformat(text)
    return Decimal(text) if type in (FieldType.INTEGER, FieldType.DECIMAL) else text
