"""What an office above hands to a workspace that begins: the figures and registers it holds of its units.

A village that starts to record by itself goes on from what its town has recorded, and a replaced computer from what
was received before; sealed months stay sealed. A workspace that has recorded anything takes nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from xzdesk.core.errors import UserError
from xzdesk.core.model import DataValue, OrgUnit
from xzdesk.core.observations import to_value
from xzdesk.core.periods import Period
from xzdesk.exchange import parts
from xzdesk.exchange.parts import Part
from xzdesk.exchange.unpack import Opened
from xzdesk.services.incoming import REGISTER_PREFIX, VALUES_PART, read_everything
from xzdesk.services.session import Session
from xzdesk.store import register_staging, register_texts, registers, revisions, values

SEALED = "sealed"
REVISIONS = "revisions"


def state_parts(session: Session, units: Collection[str]) -> tuple[list[Part], dict[str, Any]]:
    """The parts with everything held of ``units`` (codes), and the names of the body that go with them."""
    ws, catalogue = session.workspace, session.catalogue
    rows = values.export_all(ws, catalogue, units)
    tables = [parts.csv_part(VALUES_PART, parts.VALUES, rows)]
    for code, schema in catalogue.registers.items():
        header, content = registers.export(ws, schema, units)
        tables.append(parts.csv_part(f"{REGISTER_PREFIX}{code}.csv", header, content))
    sealed = {unit: [str(month) for month in values.sealed_months(ws, unit)] for unit in sorted(units)}
    return tables, {SEALED: sealed, REVISIONS: revisions.held(ws, units)}


def is_fresh(session: Session) -> bool:
    """Whether nothing has been recorded here yet."""
    ws = session.workspace
    return values.is_empty(ws) and not any(
        registers.count(ws, schema, include_deleted=True) for schema in session.catalogue.registers.values()
    )


def take(session: Session, opened: Opened, units: tuple[OrgUnit, ...]) -> int:
    """Take the state over; how many cells and rows. Raises ``UserError`` ``handover.unreadable``, ``package.*``."""
    ws, catalogue, body = session.workspace, session.catalogue, opened.manifest.body
    part = opened.parts.get(VALUES_PART)
    if part is None:
        return 0
    codes = frozenset(unit.code for unit in units)
    brought = read_everything(catalogue, part, codes)
    if brought.bad:
        raise _unreadable()
    elements = catalogue.elements
    taken: dict[Any, DataValue | None] = {
        ref: to_value(elements[ref.element], content) for ref, content in brought.cells.by_cell()
    }
    values.write(ws, catalogue, taken)
    rows = 0
    for code, schema in catalogue.registers.items():
        table = opened.parts.get(f"{REGISTER_PREFIX}{code}.csv")
        if table is not None:
            staged = register_staging.stage(ws, schema, *parts.read_joined(table, register_texts.SEPARATOR), codes)
            if staged.bad:
                raise _unreadable()
            rows += register_staging.apply_staged(ws, staged, remove=False)
    for unit, month in _sealed(session, body.get(SEALED), codes):
        values.seal(ws, catalogue, [unit], month, {})
    revisions.raise_to(ws, revisions.credible(ws, body.get(REVISIONS), codes))
    return len(taken) + rows


def _sealed(session: Session, content: object, units: Collection[str]) -> list[tuple[str, Period]]:
    """Raises ``UserError`` ``handover.unreadable``, ``period.*``."""
    found = []
    for unit, months in content.items() if isinstance(content, dict) else ():
        if unit in units:
            if not isinstance(months, list) or not all(isinstance(month, str) for month in months):
                raise _unreadable()
            found += [(unit, session.month(month)) for month in months]
    return found


def _unreadable() -> UserError:
    return UserError(
        "handover.unreadable", "任务包里移交的数据有读不懂的行，没有采用。", "请让上级升级程序后重新下发任务。"
    )
