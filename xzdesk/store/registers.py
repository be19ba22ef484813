"""Register rows: entering, changing, deleting and reading them one by one, and writing them out for a package.

Every write belongs to the caller's transaction. A row is deleted by a mark and its id never used again; each stored
change raises its revision by one. Rows of packages come in through ``register_staging``.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from xzdesk.core.errors import UserError
from xzdesk.core.model import FieldValue, RegisterField, RegisterRow, RegisterSchema
from xzdesk.store.register_fields import Stored, of_stored, reader, refusal, require, to_stored
from xzdesk.store.register_tables import FIXED, OF_UNITS, count_rows, ensure_tables, identifier, table_name
from xzdesk.store.register_texts import ROW_ID, SEPARATOR, row_texts
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

# fmt: off
__all__ = [
    "count", "delete", "ensure_tables", "export", "export_texts", "get", "ids", "insert", "read", "restore",
    "row_label", "update",
]
# fmt: on


def insert(
    ws: Workspace,
    schema: RegisterSchema,
    unit: str,
    fields: Mapping[str, FieldValue],
    id: str | None = None,
) -> RegisterRow:
    """Enter a row of ``unit`` (code); fields not given are empty. ``id``: only for a row that already has one.

    Raises ``UserError``: those of ``register_fields.to_stored``, ``register.required``, ``register.reference``,
    ``register.unknown_field``, ``register.id``, ``register.exists``.
    """
    demand_transaction(ws)
    row_id = _new_id(ws, schema, id)
    contents = _judged(ws, schema, unit, fields)
    require(schema, contents, {field.name: None for field in schema.fields})
    names = [*FIXED, *contents]
    ws.db.conn.execute(
        f"INSERT INTO [{table_name(schema.code)}] ({_listed(names)}) VALUES ({_marks(names)})",  # noqa: S608
        [row_id, unit, 0, 1, *contents.values()],
    )
    return _stored_row(ws, schema, row_id)


def update(
    ws: Workspace,
    schema: RegisterSchema,
    id: str,
    fields: Mapping[str, FieldValue],
) -> RegisterRow:
    """Change the given fields. Without a real difference nothing is written and the revision stays.

    Raises ``UserError`` as ``insert``, and ``register.unknown_row``, ``register.deleted``.
    """
    demand_transaction(ws)
    row = _living_row(ws, schema, id)
    contents = _judged(ws, schema, row.unit, fields)
    require(schema, contents, fields)
    changed = {
        name: content
        for name, content in contents.items()
        if of_stored(schema.field(name), content) != row.fields[name]
    }
    if changed:
        _put(ws, schema, id, changed)
    return _stored_row(ws, schema, id)


def delete(ws: Workspace, schema: RegisterSchema, id: str) -> RegisterRow:
    """Mark a row as deleted. Raises ``UserError`` ``register.unknown_row``, ``register.deleted``."""
    demand_transaction(ws)
    _living_row(ws, schema, id)
    _put(ws, schema, id, {"deleted": 1})
    return _stored_row(ws, schema, id)


def restore(ws: Workspace, schema: RegisterSchema, id: str) -> RegisterRow:
    """Take the mark off a deleted row; one that is not deleted stays as it is. ``register.unknown_row``."""
    demand_transaction(ws)
    row = _stored_row(ws, schema, id)
    if row.deleted:
        _put(ws, schema, id, {"deleted": 0})
    return _stored_row(ws, schema, id)


def get(ws: Workspace, schema: RegisterSchema, id: str) -> RegisterRow | None:
    """The row, deleted or not; None when there is none."""
    found = ws.db.conn.execute(_selection(schema) + " WHERE id = ?", (id,)).fetchone()
    return _rows(schema, [found])[0] if found else None


def read(
    ws: Workspace, schema: RegisterSchema, *, units: Collection[str] | None = None, include_deleted: bool = False
) -> list[RegisterRow]:
    """The rows of some units (codes; None: of all) in the order in which they were entered."""
    where, parameters = _where(units, include_deleted)
    return _rows(schema, ws.db.conn.execute(_selection(schema) + where + " ORDER BY rowid", parameters).fetchall())


def ids(ws: Workspace, schema: RegisterSchema, units: Collection[str]) -> set[str]:
    """Of all rows of some units (codes), deleted ones too."""
    where, parameters = _where(units, True)
    found = ws.db.conn.execute(f"SELECT id FROM [{table_name(schema.code)}]{where}", parameters)  # noqa: S608
    return {row_id for (row_id,) in found}


def count(
    ws: Workspace, schema: RegisterSchema, *, units: Collection[str] | None = None, include_deleted: bool = False
) -> int:
    where, parameters = _where(units, include_deleted)
    return count_rows(ws, schema, where.removeprefix(" WHERE ") or "TRUE", **parameters)


def export(
    ws: Workspace, schema: RegisterSchema, units: Collection[str] | None
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """What a package carries: the header, and every row of the units as texts, deleted ones included, by id.

    ``deleted`` is 0 or 1; a number has as many decimals as its field; nothing filled in is the empty text.
    """
    header, texts = export_texts(ws, schema, units)
    return header, [tuple(text.split(SEPARATOR)) for text in texts]


def export_texts(
    ws: Workspace, schema: RegisterSchema, units: Collection[str] | None
) -> tuple[tuple[str, ...], list[str]]:
    """As ``export``, each row one text with ``register_texts.SEPARATOR`` between its cells."""
    header = (*FIXED, *(field.name for field in schema.fields))
    # The id comes first, and all are of one length.
    return header, sorted(row_texts(ws, schema, header, units))


def row_label(schema: RegisterSchema, row: RegisterRow) -> str:
    """How the program names a row to its keeper. May be personal: for the screen only, never for a log or error."""
    words = [str(row.fields[name]) for name in schema.label if row.fields.get(name) is not None]
    return " ".join(words) or row.id[:8]


def _where(units: Collection[str] | None, include_deleted: bool) -> tuple[str, dict[str, str]]:
    conditions = [] if include_deleted else ["deleted = 0"]
    parameters = {}
    if units is not None:
        conditions.append(OF_UNITS)
        parameters["units"] = json.dumps(sorted(units))
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", parameters


def _selection(schema: RegisterSchema) -> str:
    names = [*FIXED, *(field.name for field in schema.fields)]
    return f"SELECT {_listed(names)} FROM [{table_name(schema.code)}]"  # noqa: S608 - checked names


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"[{identifier(name)}]" for name in names)


def _marks(names: Collection[str]) -> str:
    return ", ".join("?" * len(names))


def _rows(schema: RegisterSchema, found: list[tuple[Any, ...]]) -> list[RegisterRow]:
    """Rows of ``_selection``, turned into values column by column: each distinct content is read once."""
    if not found:
        return []
    ids, units, deleted, revisions, *columns = zip(*found, strict=True)
    contents: list[list[FieldValue]] = []
    for field, column in zip(schema.fields, columns, strict=True):
        turn = reader(field)
        values: dict[Stored, FieldValue] = {content: turn(content) for content in set(column) if content is not None}
        contents.append([values.get(content) for content in column])
    names = [field.name for field in schema.fields]
    return [
        RegisterRow(row_id, unit, dict(zip(names, row, strict=True)), bool(gone), revision)
        for row_id, unit, gone, revision, row in zip(
            ids, units, deleted, revisions, zip(*contents, strict=True) if contents else [()] * len(ids), strict=True
        )
    ]


def _put(ws: Workspace, schema: RegisterSchema, row_id: str, contents: Mapping[str, Stored]) -> None:
    columns = ", ".join(f"[{identifier(name)}] = ?" for name in contents)
    table = table_name(schema.code)
    ws.db.conn.execute(
        f"UPDATE [{table}] SET {columns}, revision = revision + 1 WHERE id = ?",  # noqa: S608 - checked names
        [*contents.values(), row_id],
    )


def _stored_row(ws: Workspace, schema: RegisterSchema, row_id: str) -> RegisterRow:
    row = get(ws, schema, row_id)
    if row is None:
        raise UserError("register.unknown_row", f"台账“{schema.title}”里没有这一行。", "它可能已被撤销，请刷新后再试。")
    return row


def _living_row(ws: Workspace, schema: RegisterSchema, row_id: str) -> RegisterRow:
    row = _stored_row(ws, schema, row_id)
    if row.deleted:
        raise UserError("register.deleted", f"台账“{schema.title}”的这一行已经删除，不能再改。", "要改请先恢复这一行。")
    return row


def _new_id(ws: Workspace, schema: RegisterSchema, wanted: str | None) -> str:
    if wanted is None:
        return str(uuid.uuid4())
    if not ROW_ID.fullmatch(wanted):
        raise UserError("register.id", f"台账“{schema.title}”的行编号不对。", "行编号由程序产生，请不要改动。")
    if get(ws, schema, wanted) is not None:
        raise UserError("register.exists", f"台账“{schema.title}”里已有这一行。", "请修改原来的行；已删除的可以恢复。")
    return wanted


def _judged(ws: Workspace, schema: RegisterSchema, unit: str, fields: Mapping[str, FieldValue]) -> dict[str, Stored]:
    known = {field.name: field for field in schema.fields}
    contents: dict[str, Stored] = {}
    for name, value in fields.items():
        if name not in known:
            raise UserError(
                "register.unknown_field",
                f"台账“{schema.title}”没有字段“{name[:40]}”。",
                f"可填：{'、'.join(field.title for field in schema.fields if not field.hidden)}。",
            )
        contents[name] = to_stored(schema, known[name], value)
        if known[name].references and contents[name] is not None:
            _check_reference(ws, schema, known[name], unit, contents[name])
    return contents


def _check_reference(ws: Workspace, schema: RegisterSchema, field: RegisterField, unit: str, row_id: Stored) -> None:
    table = table_name(field.references)
    found = ws.db.conn.execute(
        f"SELECT unit FROM [{table}] WHERE id = ? AND deleted = 0",  # noqa: S608 - checked name
        (row_id,),
    ).fetchone()
    if found is None:
        raise refusal(schema, field, "reference", "所指的那一行没有或已经删除", "请重新选择。")
    if found[0] != unit:
        raise refusal(schema, field, "reference", "所指的那一行属于别的单位", "请选择本单位的。")
