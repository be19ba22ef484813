"""Register rows of a package: judged, compared with what is held, and then, if wanted, taken over in one go.

``stage`` writes nothing. What it finds may be shown as a dry run; ``apply_staged`` writes only the rows that differ,
so a register that comes again unchanged costs one reading. An older revision never overwrites a newer one, a bad row
stops nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.model import FieldValue, RegisterField, RegisterSchema, RowRef
from xzdesk.store import register_texts
from xzdesk.store.register_fields import of_stored
from xzdesk.store.register_tables import FIXED, OF_UNITS, identifier, table_name
from xzdesk.store.register_texts import ID_LENGTH, ROW_ID, SEPARATOR
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

DELETED: Final = FIXED.index("deleted")
REVISION: Final = FIXED.index("revision")

Row = tuple[Any, ...]
"""A row as the table keeps it, in the order of ``Staged.columns``."""

_HELD: Final = """
SELECT {columns} FROM [{table}] WHERE id IN (SELECT value FROM json_each(:ids)) AND {of_units}
"""
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
    rows: Sequence[str],
    allowed_units: Collection[str],
) -> Staged:
    """Judge and compare the whole register of ``allowed_units`` (codes) as a package brings it.

    ``header`` holds ``FIXED`` and field names, in any order; a row is its cells joined by ``SEPARATOR``, which none of
    them holds. A field that does not come (the sender's catalogue is older) keeps what it holds. Raises ``UserError``
    ``register.header``.
    """
    fields = _fields(schema, header)
    columns = (*FIXED, *(each.name for each in fields))
    units = frozenset(allowed_units)
    # What is word for word as it is held needs no judging: it was judged when it came.
    held = _with_ids(register_texts.row_texts(ws, schema, header, units), header.index("id"))
    known = set(held.values())
    found = [held.get(text) for text in rows]
    differing = {at: rows[at].split(SEPARATOR) for at, row_id in enumerate(found) if row_id is None}
    ids, bad = _identified(header, found, differing)
    positions = [at for at in differing if at not in bad]
    incoming, causes = _judged(header, [differing[at] for at in positions], fields, units)
    before = _rows(ws, schema, columns, units, [ids[at] for at in positions if ids[at] in known])
    unknown = {ids[at]: place for place, at in enumerate(positions) if ids[at] not in known}
    for row_id in _ids_elsewhere(ws, schema, units, list(unknown)):
        causes.setdefault(unknown[row_id], "行编号已属于别的单位")
    bad |= {positions[place]: cause for place, cause in causes.items()}
    missing = known - set(ids) if all(ROW_ID.fullmatch(ids[at]) for at in bad) else ()
    gone = _rows(ws, schema, columns, units, list(missing)).values() if missing else ()
    new, changed, older = _compared([row for at, row in enumerate(incoming) if at not in causes], before)
    return Staged(
        schema,
        columns,
        new=tuple(new),
        changed=tuple(changed),
        removed=tuple(row for row in gone if not row[DELETED]),
        unchanged=len(rows) - len(bad) - len(new) - len(changed) - older,
        older=older,
        bad=tuple(BadRow(at + 1, tuple(rows[at].split(SEPARATOR)), bad[at]) for at in sorted(bad)),
    )


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
        gone = [(row[0], row[REVISION]) for row in staged.removed]
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


def _with_ids(texts: Sequence[str], at_id: int) -> dict[str, str]:
    """The id of each row's text."""
    if at_id == 0:
        return {text: text[:ID_LENGTH] for text in texts}
    return {text: text.split(SEPARATOR)[at_id] for text in texts}


def _identified(
    header: Sequence[str], known: Sequence[str | None], differing: Mapping[int, list[str]]
) -> tuple[list[str], dict[int, str]]:
    """The ids in order (empty where there is none); by position, rows of another width and repeated ids.

    ``known``: the ids of rows that are as held, None for the ``differing`` ones.
    """
    width, at_id = len(header), header.index("id")
    bad = {at: f"有{len(row)}格，应有{width}格" for at, row in differing.items() if len(row) != width}
    given = {at: "" if at in bad else row[at_id] for at, row in differing.items()}
    ids = [given[at] if row_id is None else row_id for at, row_id in enumerate(known)]
    if len(set(ids)) < len(ids):
        seen: set[str] = set()
        for at, row_id in enumerate(ids):
            if row_id in seen and at not in bad:
                bad[at] = "行编号与前面的一行相同"
            seen.add(row_id)
    return ids, bad


def _judged(
    header: Sequence[str], rows: Sequence[Sequence[str]], fields: Sequence[RegisterField], units: frozenset[str]
) -> tuple[list[Row], dict[int, str]]:
    """The rows as the table keeps them, and by position what is wrong with one (its first fault)."""
    if not rows:
        return [], {}
    texts = dict(zip(header, zip(*rows, strict=True), strict=True))
    judged = [
        register_texts.read_ids(texts["id"]),
        register_texts.read_units(texts["unit"], units),
        register_texts.read_deleted(texts["deleted"]),
        register_texts.read_revisions(texts["revision"]),
    ]
    causes: dict[int, str] = {}
    for _, faults in judged:
        causes = faults | causes
    for each in fields:
        contents, faults = register_texts.read_column(each, texts[each.name])
        causes = {position: f"“{each.title}”{cause}" for position, cause in faults.items()} | causes
        judged.append((contents, faults))
    return list(zip(*(contents for contents, _ in judged), strict=True)), causes


def _rows(
    ws: Workspace, schema: RegisterSchema, columns: Sequence[str], units: Collection[str], ids: Sequence[str]
) -> dict[str, Row]:
    if not ids:
        return {}
    statement = _HELD.format(
        columns=", ".join(f"[{identifier(name)}]" for name in columns),
        table=table_name(schema.code),
        of_units=OF_UNITS,
    )
    found = ws.db.conn.execute(statement, _parameters(units, ids)).fetchall()
    return {row[0]: row for row in found}


def _ids_elsewhere(ws: Workspace, schema: RegisterSchema, units: Collection[str], ids: Sequence[str]) -> list[str]:
    """Which of the ids stand under units that the sender does not answer for."""
    if not ids:
        return []
    statement = _ELSEWHERE.format(table=table_name(schema.code), of_units=OF_UNITS)
    return [row_id for (row_id,) in ws.db.conn.execute(statement, _parameters(units, ids))]


def _parameters(units: Collection[str], ids: Sequence[str]) -> dict[str, str]:
    return {"ids": json.dumps(ids), "units": json.dumps(sorted(units))}


def _compared(incoming: Sequence[Row], held: dict[str, Row]) -> tuple[list[Row], list[tuple[Row, Row]], int]:
    """New rows, changed ones (held, incoming), and how many are older than held."""
    new: list[Row] = []
    changed: list[tuple[Row, Row]] = []
    older = 0
    for row in incoming:
        before = held.get(row[0])
        if before is None:
            new.append(row)
        elif row[REVISION] < before[REVISION]:
            older += 1
        elif row != before:
            changed.append((before, row))
    return new, changed, older
