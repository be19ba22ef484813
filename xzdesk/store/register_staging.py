"""Register rows of a package: judged, compared with what is held, and then, if wanted, taken over in one go.

``stage`` writes nothing. What it finds may be shown as a dry run; ``apply_staged`` writes only the rows that differ,
so a register that comes again unchanged costs one reading. An older revision never overwrites a newer one, a bad row
stops nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
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

UNIT: Final = FIXED.index("unit")
DELETED: Final = FIXED.index("deleted")
REVISION: Final = FIXED.index("revision")

Row = tuple[Any, ...]
"""A row as the table keeps it, in the order of ``Staged.columns``."""

_HELD: Final = """
SELECT {columns} FROM [{table}] WHERE id IN (SELECT value FROM json_each(:ids)) AND {of_units}
"""
_PLACES: Final = "SELECT id, {of_units} FROM [{table}] WHERE id IN (SELECT value FROM json_each(:ids))"
_REPEATED: Final = "行编号与另一行相同"
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
    held = set(register_texts.row_texts(ws, schema, header, units))
    differing = {at: row.split(SEPARATOR) for at, row in enumerate(rows) if row not in held}
    others = held.difference(rows)
    at_id = header.index("id")
    waiting = {text[:ID_LENGTH] if at_id == 0 else text.split(SEPARATOR)[at_id] for text in others}
    bad = {at: f"有{len(row)}格，应有{len(header)}格" for at, row in differing.items() if len(row) != len(header)}
    ids = {at: "" if at in bad else row[at_id] for at, row in differing.items()}
    bad |= _repeated(rows, ids, len(held) - len(others))
    positions = [at for at in differing if at not in bad]
    incoming, causes = _judged(header, [differing[at] for at in positions], fields, units)
    before = _rows(ws, schema, columns, units, [ids[at] for at in positions if ids[at] in waiting])
    unknown = {ids[at]: place for place, at in enumerate(positions) if ids[at] not in waiting}
    for row_id, cause in _taken(ws, schema, units, list(unknown)):
        causes.setdefault(unknown[row_id], cause)
    bad |= {positions[place]: cause for place, cause in causes.items()}
    missing = waiting.difference(ids.values()) if all(ROW_ID.fullmatch(ids.get(at, "")) for at in bad) else ()
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
    # A unit's rows lie together in the file: what reads them one unit after the other takes half the time.
    rows = [*sorted(staged.new, key=itemgetter(UNIT)), *(after for _, after in staged.changed)]
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


def _repeated(rows: Sequence[str], ids: Mapping[int, str], matched: int) -> dict[int, str]:
    """By position, rows with the id of a row before: of the differing ones (``ids``), and of those as held.

    ``matched``: how many held rows have come word for word.
    """
    repeated: list[int] = []
    seen: set[str] = set()
    for at, row_id in ids.items():
        if row_id and row_id in seen:
            repeated.append(at)
        seen.add(row_id)
    if len(rows) - len(ids) > matched:
        texts: set[str] = set()
        for at, row in enumerate(rows):
            if at not in ids and row in texts:
                repeated.append(at)
            texts.add(row)
    return dict.fromkeys(repeated, _REPEATED)


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


def _taken(
    ws: Workspace, schema: RegisterSchema, units: Collection[str], ids: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Which of the ids stand elsewhere, and why a row may not have one of them: under units that the sender does not
    answer for, or in a row of the sender's that has come as it is held."""
    if not ids:
        return
    statement = _PLACES.format(table=table_name(schema.code), of_units=OF_UNITS)
    for row_id, own in ws.db.conn.execute(statement, _parameters(units, ids)):
        yield row_id, _REPEATED if own else "行编号已属于别的单位"


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
