"""Register rows of a package: judged, compared with what is held, and then, if wanted, taken over in one go.

``stage`` writes nothing. What it finds may be shown as a dry run; ``apply_staged`` writes only the rows that differ,
so a register that comes again unchanged costs one reading. An older revision never overwrites a newer one, a bad row
stops nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import FieldValue, RegisterField, RegisterSchema, RowRef
from xzdesk.store import register_texts
from xzdesk.store.register_fields import Stored, of_stored
from xzdesk.store.register_tables import FIXED, OF_UNITS, identifier, table_name
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

Row = tuple[Any, ...]
"""A row as the table keeps it, in the order of ``Staged.columns``."""

_HELD: Final = "SELECT {columns} FROM [{table}] WHERE {of_units}"
_ELSEWHERE: Final = """
SELECT id FROM [{table}] WHERE id IN (SELECT value FROM json_each(:ids)) AND NOT {of_units}
"""
_PUT: Final = """
INSERT INTO [{table}] ({columns}) VALUES ({marks})
ON CONFLICT (id) DO UPDATE SET {changes} WHERE excluded.revision >= [{table}].revision
"""
_REMOVE: Final = "UPDATE [{table}] SET deleted = 1 WHERE id = ? AND revision = ? AND deleted = 0"


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken. ``line`` counts the rows from 1; ``cells`` may be personal."""

    line: int
    cells: tuple[str, ...] = field(repr=False)
    cause: str
    """Chinese; names fields, quotes nothing."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of a row that is held and comes with another content."""

    row: RowRef
    unit: str
    column: RegisterField
    before: FieldValue = field(repr=False)
    after: FieldValue = field(repr=False)


@dataclass(frozen=True, slots=True)
class Staged:
    """How incoming rows of a register stand to those held. Nothing has been written."""

    schema: RegisterSchema
    columns: tuple[str, ...]
    """``FIXED`` and the fields that came; others keep what they hold."""
    new: tuple[Row, ...] = field(repr=False)
    changed: tuple[tuple[Row, Row], ...] = field(repr=False)
    """(held, incoming)"""
    removed: tuple[Row, ...] = field(repr=False)
    """Held, not deleted, and not among the incoming; empty when a bad row's id could not be read."""
    unchanged: int
    older: int
    """Incoming with a lower revision than held: passed over."""
    bad: tuple[BadRow, ...] = field(repr=False)

    @property
    def writes(self) -> int:
        """How many rows ``apply_staged`` will write."""
        return len(self.new) + len(self.changed) + len(self.removed)


def stage(
    ws: Workspace,
    schema: RegisterSchema,
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    allowed_units: Collection[str],
) -> Staged:
    """Judge and compare the whole register of ``allowed_units`` (codes) as a package brings it.

    ``header`` holds ``FIXED`` and field names, in any order. A field that does not come (the sender's catalogue is
    older) keeps what it holds. Raises ``UserError`` ``register.header``.
    """
    fields = _fields(schema, header)
    columns = (*FIXED, *(each.name for each in fields))
    lines, texts, bad = _columns_of(header, rows)
    by_name = dict(zip(header, texts, strict=True))
    contents, causes = _judge(by_name, fields, frozenset(allowed_units))
    unreadable = bool(bad) or any(not register_texts.ROW_ID.fullmatch(by_name["id"][at]) for at in causes)
    mentioned = set(by_name["id"])
    incoming: list[Row] = list(zip(*contents, strict=True))
    held = _held(ws, schema, columns, allowed_units)
    for position in _taken_elsewhere(ws, schema, incoming, held, allowed_units):
        causes.setdefault(position, "行编号已属于别的单位")
    for position, cause in causes.items():
        bad[lines[position]] = BadRow(lines[position], tuple(rows[lines[position] - 1]), cause)
    if causes:
        incoming = [row for position, row in enumerate(incoming) if position not in causes]
    removed = [] if unreadable else [row for row_id, row in held.items() if row_id not in mentioned and not row[2]]
    return _compare(schema, columns, incoming, held, removed, tuple(bad[line] for line in sorted(bad)))


def apply_staged(ws: Workspace, staged: Staged, *, remove: bool = True) -> int:
    """Write what differs and return how many rows that was. ``remove``: mark the removed ones as deleted.

    A row that has been changed here since ``stage`` keeps its higher revision.
    """
    demand_transaction(ws)
    table, columns = table_name(staged.schema.code), [identifier(name) for name in staged.columns]
    put = _PUT.format(
        table=table,
        columns=", ".join(f"[{name}]" for name in columns),
        marks=", ".join("?" * len(columns)),
        changes=", ".join(f"[{name}] = excluded.[{name}]" for name in columns[1:]),
    )
    rows = [*staged.new, *(after for _, after in staged.changed)]
    written = ws.db.conn.executemany(put, rows).rowcount if rows else 0
    if remove and staged.removed:
        gone = [(row[0], row[3]) for row in staged.removed]
        written += ws.db.conn.executemany(_REMOVE.format(table=table), gone).rowcount
    return int(written)


def differences(staged: Staged) -> Iterator[FieldChange]:
    """Every field that comes with another content, row by row. For the screen only: may be personal."""
    fields = [staged.schema.field(name) for name in staged.columns[len(FIXED) :]]
    for held, incoming in staged.changed:
        place = RowRef(staged.schema.code, incoming[0])
        for each, before, after in zip(fields, held[len(FIXED) :], incoming[len(FIXED) :], strict=True):
            if before != after:
                yield FieldChange(place, incoming[1], each, of_stored(each, before), of_stored(each, after))


def _fields(schema: RegisterSchema, header: Sequence[str]) -> list[RegisterField]:
    known = {each.name for each in schema.fields}
    if len(set(header)) < len(header) or not set(FIXED) <= set(header) <= known | set(FIXED):
        raise UserError(
            "register.header",
            f"数据包里台账“{schema.title}”的列与现用目录对不上。",
            "请双方都更新到最新的任务包，再重新打包。",
        )
    return [each for each in schema.fields if each.name in header]


def _columns_of(
    header: Sequence[str], rows: Sequence[Sequence[str]]
) -> tuple[Sequence[int], list[Sequence[str]], dict[int, BadRow]]:
    """Line numbers and columns of the rows that have as many cells as the header; the other rows."""
    lines: Sequence[int] = range(1, len(rows) + 1)
    bad: dict[int, BadRow] = {}
    width = len(header)
    if set(map(len, rows)) - {width}:
        for line, row in enumerate(rows, 1):
            if len(row) != width:
                bad[line] = BadRow(line, tuple(row), f"有{len(row)}格，应有{width}格")
        lines = [line for line in lines if line not in bad]
        rows = [rows[line - 1] for line in lines]
    return lines, list(zip(*rows, strict=True)) if rows else [()] * width, bad


def _judge(
    texts: dict[str, Sequence[str]], fields: Sequence[RegisterField], allowed_units: frozenset[str]
) -> tuple[list[list[Stored]], dict[int, str]]:
    """Contents column by column, ``FIXED`` first, and by position what is wrong with a row (its first fault)."""
    judged = [
        register_texts.read_ids(texts["id"]),
        register_texts.read_units(texts["unit"], allowed_units),
        register_texts.read_deleted(texts["deleted"]),
        register_texts.read_revisions(texts["revision"]),
    ]
    causes: dict[int, str] = {}
    for _, faults in judged:
        causes = faults | causes
    for each in fields:
        column = register_texts.read_column(each, texts[each.name])
        causes = {position: f"“{each.title}”{cause}" for position, cause in column[1].items()} | causes
        judged.append(column)
    return [contents for contents, _ in judged], causes


def _held(ws: Workspace, schema: RegisterSchema, columns: Sequence[str], units: Collection[str]) -> dict[str, Row]:
    listed = ", ".join(f"[{identifier(name)}]" for name in columns)
    statement = _HELD.format(columns=listed, table=table_name(schema.code), of_units=OF_UNITS)
    found = ws.db.conn.execute(statement, {"units": json.dumps(sorted(units))}).fetchall()
    return {row[0]: row for row in found}


def _taken_elsewhere(
    ws: Workspace, schema: RegisterSchema, incoming: Sequence[Row], held: dict[str, Row], units: Collection[str]
) -> list[int]:
    """Positions of rows whose id stands under a unit that the sender does not answer for."""
    unknown = {row[0]: position for position, row in enumerate(incoming) if row[0] not in held}
    table = table_name(schema.code)
    if not unknown or len(held) == ws.db.conn.execute(f"SELECT count(*) FROM [{table}]").fetchone()[0]:  # noqa: S608
        return []
    parameters = {"ids": json.dumps(list(unknown)), "units": json.dumps(sorted(units))}
    statement = _ELSEWHERE.format(table=table, of_units=OF_UNITS)
    return [unknown[row_id] for (row_id,) in ws.db.conn.execute(statement, parameters)]


def _compare(
    schema: RegisterSchema,
    columns: tuple[str, ...],
    incoming: Sequence[Row],
    held: dict[str, Row],
    removed: Sequence[Row],
    bad: tuple[BadRow, ...],
) -> Staged:
    new: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    older = 0
    for row in incoming:
        before = held.get(row[0])
        if before is None:
            new.append(row)
        elif before != row:
            if row[3] < before[3]:
                older += 1
            else:
                changed.append((before, row))
    unchanged = len(incoming) - len(new) - len(changed) - older
    return Staged(schema, columns, tuple(new), tuple(changed), tuple(removed), unchanged, older, bad)
