"""The tables of the registers: their names, their columns, and bringing them up to a catalogue.

A register is the table ``reg_<code>``: ``id``, ``unit``, ``deleted``, ``revision`` and one column per field. Numbers
are integers scaled by the field's decimals, dates ISO texts, yes/no fields the texts ``yes`` and ``no``; NULL is not
filled in. Columns only ever come: a field that goes from the catalogue keeps its column. Rows are not touched here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, FieldType, RegisterField, RegisterSchema
from xzdesk.store import journal, settings

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

FIXED: Final = ("id", "unit", "deleted", "revision")
"""Columns that every register has, in the order in which they are written and exported."""

_IDENTIFIER: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)
_INTEGERS: Final = frozenset({FieldType.INTEGER, FieldType.DECIMAL})

OF_UNITS: Final = "unit IN (SELECT value FROM json_each(:units))"
"""SQL that picks the rows of the units (codes) in the parameter ``units``, a JSON array."""

_COUNT: Final = "SELECT count(*) FROM [{table}] WHERE {condition}"

_CREATE: Final = """
CREATE TABLE [{table}] (
  id       TEXT NOT NULL PRIMARY KEY,
  unit     TEXT NOT NULL,
  deleted  INTEGER NOT NULL CHECK (deleted IN (0, 1)),
  revision INTEGER NOT NULL{fields}
) STRICT
"""


def identifier(name: str) -> str:
    """``name``, which goes into SQL as it is. Raises ``ValueError`` for what no checked schema can hold."""
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError("not a name of a register or field")
    return name


def table_name(code: str) -> str:
    """The table of the register ``code``. Raises ``ValueError``."""
    return f"reg_{identifier(code)}"


def decimals(field: RegisterField) -> int:
    """By how many digits the column's integers are scaled."""
    return field.decimals if field.type is FieldType.DECIMAL else 0


def is_number(field: RegisterField) -> bool:
    return field.type in _INTEGERS


def count_rows(ws: Workspace, schema: RegisterSchema, condition: str = "TRUE", **parameters: str) -> int:
    """How many rows of the register, deleted ones included, satisfy ``condition`` (SQL of our own)."""
    found = ws.db.conn.execute(_COUNT.format(table=table_name(schema.code), condition=condition), parameters)
    return int(found.fetchone()[0])


def ensure_tables(ws: Workspace, catalogue: Catalogue) -> None:
    """Make what the catalogue's registers lack: tables, columns, the index by unit, the journal's triggers.

    Joins the caller's transaction or opens one of its own; does nothing when nothing is lacking. Raises
    ``UserError`` ``register.field_changed`` when a field that is or was stored changes its type or decimals.
    """
    lacking = [schema for schema in catalogue.registers.values() if not _is_current(ws, schema)]
    if not lacking:
        return
    if ws.in_transaction:
        _bring_up(ws, lacking)
    else:
        with ws.transaction("台账结构"):
            _bring_up(ws, lacking)


def _is_current(ws: Workspace, schema: RegisterSchema) -> bool:
    held = _shapes(ws, schema.code)
    return all(held.get(field.name) == _shape(field) for field in schema.fields) and _columns(ws, schema) >= {
        field.name for field in schema.fields
    }


def _bring_up(ws: Workspace, schemas: Iterable[RegisterSchema]) -> None:
    for schema in schemas:
        shapes = _shapes(ws, schema.code)
        for field in schema.fields:
            if shapes.setdefault(field.name, _shape(field)) != _shape(field):
                raise _field_changed(schema, field)
        table, columns = table_name(schema.code), _columns(ws, schema)
        new = [f"[{_column(field)}] {_sql_type(field)}" for field in schema.fields if field.name not in columns]
        if not columns:
            fields = "".join(f",\n  {column}" for column in new)
            ws.db.conn.execute(_CREATE.format(table=table, fields=fields))
            ws.db.conn.execute(f"CREATE INDEX [{table}_unit] ON [{table}] (unit)")
        else:
            for column in new:
                ws.db.conn.execute(f"ALTER TABLE [{table}] ADD COLUMN {column}")
        journal.install_triggers(ws.db, table)
        settings.write_meta(ws, _shapes_key(schema.code), json.dumps(shapes, sort_keys=True))


def _column(field: RegisterField) -> str:
    if field.name in FIXED:
        raise ValueError(f"a field cannot be called {field.name}")
    return identifier(field.name)


def _sql_type(field: RegisterField) -> str:
    return "INTEGER" if is_number(field) else "TEXT"


def _columns(ws: Workspace, schema: RegisterSchema) -> set[str]:
    return {row[1] for row in ws.db.conn.execute(f"PRAGMA table_info([{table_name(schema.code)}])")}


def _shapes_key(code: str) -> str:
    """Meta key of how each field that the register ever had is stored: name to ``type/decimals``, as JSON."""
    return f"register.{code}.shapes"


def _shapes(ws: Workspace, code: str) -> dict[str, str]:
    text = settings.read_meta(ws, _shapes_key(code))
    shapes: dict[str, str] = json.loads(text) if text else {}
    return shapes


def _shape(field: RegisterField) -> str:
    return f"{field.type.value}/{decimals(field)}"


def _field_changed(schema: RegisterSchema, field: RegisterField) -> UserError:
    return UserError(
        "register.field_changed",
        f"台账“{schema.title}”的“{field.title}”改变了类型或小数位数，已登记的数据会读错，没有启用。",
        "新的写法要用新的字段名；目录随任务包来的，请联系区专班办公室重发。",
    )
