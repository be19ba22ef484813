"""Finding register rows for a keeper: by id, by the beginning of one, or by what the row is called."""

from __future__ import annotations

from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import RegisterRow, RegisterSchema
from xzdesk.services.session import Session
from xzdesk.store import registers

SHORTEST: Final = 8
"""Characters of an id's beginning that are taken for it."""


def listing(session: Session, schema: RegisterSchema, unit: str | None = None) -> list[tuple[RegisterRow, str]]:
    """The rows (of ``unit``, a code) that are not deleted, each with what its keeper calls it (may be personal)."""
    units = None if unit is None else [unit]
    found = registers.read(session.workspace, schema, units=units)
    return [(row, registers.row_label(schema, row)) for row in found]


def find(session: Session, register: str, name: str, unit: str | None = None) -> RegisterRow:
    """The row of this id, beginning of an id, or label, of ``unit`` where that is given.

    Raises ``UserError`` ``row.unknown``, ``row.ambiguous``; what was typed may be personal and is not repeated.
    """
    schema = session.catalogue.registers[register]
    found = [
        row
        for row, label in listing(session, schema, unit)
        if name in (row.id, label) or (len(name) >= SHORTEST and row.id.startswith(name))
    ]
    if not found:
        raise UserError(
            "row.unknown",
            f"台账“{schema.title}”里没有这一行。",
            "请写行号（至少前 8 位）或这一行的全名，并核对所属单位。",
        )
    if len(found) > 1:
        raise UserError(
            "row.ambiguous", f"台账“{schema.title}”里这样叫的有 {len(found)} 行。", "请写行号（至少前 8 位）。"
        )
    return found[0]
