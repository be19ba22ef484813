"""Recorded values: reading them as cells or as columns, writing them, and the months that are sealed.

Numbers are kept as integers scaled by the element's decimals. Whether a value may stand where it is written is for
the services to check; applying a package's values is for ``value_import``. Nothing here is computed from registers.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

import msgspec

from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, CellRef, CellState, DataElement, DataValue
from xzdesk.core.observations import Content, Observations, to_content, to_value
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.store.writing import demand_transaction

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

Stored = tuple[str, int | None, str | None]
"""State, scaled number, choice: the content of a cell as the table keeps it."""

Key = tuple[str, str, str]
"""Unit, period, element: the table's order."""

LARGEST_SCALED: Final = 10**18
ONE_BY_ONE: Final = 50
"""Up to so many changes each is one statement; above, what is held is read at once and compared."""

_IN: Final = "{} IN (SELECT value FROM json_each(?))"

_COLUMNS: Final = """
SELECT unit, period, group_concat(element), json_group_array(
    CASE state WHEN 'value' THEN coalesce(number, choice) WHEN 'na' THEN 0.5 ELSE 1.5 END), sum(state <> 'value')
FROM data_value{where} GROUP BY unit, period
"""
"""One row per unit and period: fetching whole cells one by one would take five times as long."""

_decode: Final = msgspec.json.Decoder().decode
"""Of a unit's contents in one period; called thousands of times, and several times as fast as ``json.loads``."""

_ABSENT: Final[Mapping[float, CellState]] = {0.5: CellState.NOT_APPLICABLE, 1.5: CellState.NOT_STARTED}
"""How ``_COLUMNS`` tells a stated absence from a number (always whole) and a choice (always text)."""

PUT: Final = """
INSERT INTO data_value (element, unit, period, state, number, choice) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (unit, period, element) DO UPDATE
SET state = excluded.state, number = excluded.number, choice = excluded.choice
"""
_PUT_CHANGED: Final = (
    PUT + "WHERE state <> excluded.state OR number IS NOT excluded.number OR choice IS NOT excluded.choice"
)
CLEAR: Final = "DELETE FROM data_value WHERE unit = ? AND period = ? AND element = ?"

_EXPORT: Final = "SELECT element, unit, period, state, coalesce(number, choice, '') FROM data_value"
_CELL: Final = "SELECT state, number, choice FROM data_value WHERE unit = ? AND period = ? AND element = ?"
_HELD: Final = "SELECT unit, period, element, state, number, choice FROM data_value"

_SEAL: Final = """
INSERT INTO sealed_period (unit, period, sealed_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1
"""
_IS_SEALED: Final = "SELECT 1 FROM sealed_period WHERE unit = ? AND period = ?"
_FIRST_SEALED: Final = "SELECT min(period) FROM sealed_period WHERE unit = ?"


def read(
    ws: Workspace,
    catalogue: Catalogue,
    *,
    units: Collection[str] | None = None,
    periods: Collection[Period] | None = None,
    elements: Collection[str] | None = None,
) -> dict[CellRef, DataValue]:
    """The recorded cells of the given units, periods and elements (None: of all). Those not recorded are left out,
    as are elements that the catalogue no longer has."""
    found: dict[CellRef, DataValue] = {}
    known = catalogue.elements
    texts = None if periods is None else [str(period) for period in periods]
    for (unit, period, element), content in _contents(ws, units, texts, elements):
        if element in known:
            found[CellRef(unit, element, Period.parse(period))] = to_value(known[element], content)
    return found


def read_cells(ws: Workspace, catalogue: Catalogue, refs: Collection[CellRef]) -> dict[CellRef, DataValue]:
    """What stands in these cells, which are of elements of the catalogue; those not recorded are left out."""
    if len(refs) > ONE_BY_ONE:
        found = read(ws, catalogue, units={ref.unit for ref in refs}, periods={ref.period for ref in refs})
        return {ref: found[ref] for ref in refs if ref in found}
    cells = {ref: ws.db.conn.execute(_CELL, (ref.unit, str(ref.period), ref.element)).fetchone() for ref in refs}
    return {ref: of_stored(catalogue.elements[ref.element], cell) for ref, cell in cells.items() if cell is not None}


def observe(
    ws: Workspace,
    catalogue: Catalogue,
    *,
    units: Collection[str] | None = None,
    until: Period | None = None,
    periods: Collection[Period] | None = None,
    elements: Collection[str] | None = None,
) -> Observations:
    """The same as columns, up to the end of ``until``: for statistics over hundreds of thousands of cells."""
    columns: dict[tuple[str, str], dict[Period, Content]] = {}
    filled_together: dict[tuple[str, str], list[dict[Period, Content]]] = {}
    known: dict[str, Period | None] = {}
    texts = None if periods is None else [str(period) for period in periods]
    for unit, text, codes, contents, absences in _columns(ws, units, texts, elements):
        if text not in known:
            period = Period.parse(text)
            known[text] = period if until is None or period.last_month <= until.last_month else None
        if (when := known[text]) is None:
            continue
        # A unit fills in the same elements month after month: their columns are looked up once.
        together = filled_together.get((unit, codes))
        if together is None:
            together = [columns.setdefault((element, unit), {}) for element in codes.split(",")]
            filled_together[unit, codes] = together
        found = _decode(contents)
        if absences:
            found = [_ABSENT[c] if c.__class__ is float else c for c in found]
        for column, content in zip(together, found, strict=True):
            column[when] = content
    observations = Observations()
    for (element, unit), column in columns.items():
        if element in catalogue.elements:
            observations.put_column(element, unit, column)
    return observations


def write(ws: Workspace, catalogue: Catalogue, changes: Mapping[CellRef, DataValue | None]) -> list[CellRef]:
    """Record cells, None clearing one; the refs of those that were really changed, in the order given.

    ``ValueError`` for a number with more decimals than its element; ``UserError`` ``value.too_large`` for one that
    does not fit.
    """
    demand_transaction(ws)
    if len(changes) > ONE_BY_ONE:
        return _write_many(ws, catalogue, changes)
    return [ref for ref, value in changes.items() if _write_one(ws, catalogue, ref, value)]


def is_sealed(ws: Workspace, unit: str, period: Period) -> bool:
    """Whether the month that ends ``period`` is sealed for ``unit``.

    期初数 stand under a year before everything that is sealed, and count as sealed once anything is.
    """
    if ws.db.conn.execute(_IS_SEALED, (unit, str(period.end_month()))).fetchone():
        return True
    if period.kind is not PeriodKind.YEAR:
        return False
    first = ws.db.conn.execute(_FIRST_SEALED, (unit,)).fetchone()[0]
    return first is not None and period < Period.parse(first)


def sealed_units(ws: Workspace, period: Period) -> set[str]:
    """Codes of the units for which the month that ends ``period`` is sealed."""
    wanted = (str(period.end_month()),)
    return {unit for (unit,) in ws.db.conn.execute("SELECT unit FROM sealed_period WHERE period = ?", wanted)}


def sealed_months(ws: Workspace, unit: str) -> list[Period]:
    """The months sealed for a unit, in order."""
    rows = ws.db.conn.execute("SELECT period FROM sealed_period WHERE unit = ? ORDER BY period", (unit,))
    return [Period.parse(period) for (period,) in rows]


def first_sealed(ws: Workspace) -> Period | None:
    """The earliest month that is sealed for any unit; None before the first."""
    first = ws.db.conn.execute("SELECT min(period) FROM sealed_period").fetchone()[0]
    return None if first is None else Period.parse(first)


def seal(
    ws: Workspace,
    catalogue: Catalogue,
    units: Collection[str],
    period: Period,
    derived: Mapping[CellRef, DataValue],
) -> set[str]:
    """Seal month ``period`` for units (codes) and keep ``derived`` as their values; the codes newly sealed.

    A unit that was sealed before keeps its first sealing, and its derived values as they are: only a 更正 moves
    them. Undone by undoing the journal's link.
    """
    demand_transaction(ws)
    if period.kind is not PeriodKind.MONTH:
        raise ValueError(f"only months are sealed: {period}")
    execute, now = ws.db.conn.execute, ws.now()
    newly = {unit for unit in sorted(units) if execute(_SEAL, (unit, str(period), now)).fetchone()}
    write(ws, catalogue, {ref: value for ref, value in derived.items() if ref.unit in newly})
    return newly


def reopen(ws: Workspace, unit: str, period: Period) -> bool:
    """Take back the sealing of the month that ends ``period``, where something of it was returned; whether it was
    sealed. The next submission seals it anew."""
    demand_transaction(ws)
    done = ws.db.conn.execute(
        "DELETE FROM sealed_period WHERE unit = ? AND period = ?", (unit, str(period.end_month()))
    )
    return bool(done.rowcount)


def export(
    ws: Workspace, catalogue: Catalogue, units: Collection[str], until: Period, corrected: Collection[CellRef] = ()
) -> list[tuple[str, str, str, str, str]]:
    """What a package carries: element, unit, period, state, content as text; sorted.

    All cells of the units (codes) in ``scope``, and those of ``corrected`` that lie in earlier years. A number has as
    many decimals as its element; the content of a stated absence is empty.
    """
    known = catalogue.elements
    periods = {str(period) for period in scope(catalogue, until.year, until)}
    where, wanted = _condition(units, periods, known)
    rows = ws.db.conn.execute(_EXPORT + where, wanted).fetchall()
    for ref in {ref for ref in corrected if ref.unit in units and str(ref.period) not in periods}:
        where, wanted = _condition({ref.unit}, {str(ref.period)}, {ref.element} & known.keys())
        rows += ws.db.conn.execute(_EXPORT + where, wanted).fetchall()
    return sorted(
        (element, unit, period, state, content_text(known[element], content))
        for element, unit, period, state, content in rows
    )


def export_all(ws: Workspace, catalogue: Catalogue, units: Collection[str]) -> list[tuple[str, str, str, str, str]]:
    """As ``export``, of every period."""
    known = catalogue.elements
    where, wanted = _condition(units, None, known)
    return sorted(
        (element, unit, period, state, content_text(known[element], content))
        for element, unit, period, state, content in ws.db.conn.execute(_EXPORT + where, wanted)
    )


def is_empty(ws: Workspace) -> bool:
    """Whether no cell has been recorded."""
    return ws.db.conn.execute("SELECT 1 FROM data_value LIMIT 1").fetchone() is None


def scope(catalogue: Catalogue, year: int, until: Period) -> list[Period]:
    """The periods that a package of ``until`` covers: those of ``year`` up to it, and the year of the 期初数."""
    covered = [Period.of_year(catalogue.baseline_year)]
    for kind in PeriodKind:
        each = Period(kind, year)
        while each.year == year and each.last_month <= until.last_month:
            covered.append(each)
            each = each.shift(1)
    return covered


def content_text(element: DataElement, content: int | str) -> str:
    """A scaled number with the element's decimals; a choice, or nothing, as it is."""
    if isinstance(content, str):
        return content
    if not element.decimals:
        return str(content)
    digits = str(abs(content)).rjust(element.decimals + 1, "0")
    sign = "-" if content < 0 else ""
    return f"{sign}{digits[: -element.decimals]}.{digits[-element.decimals :]}"


def to_stored(element: DataElement, value: DataValue) -> Stored:
    """Raises as ``write``."""
    return stored(element, to_content(element, value))


def stored(element: DataElement, content: Content) -> Stored:
    """Raises ``UserError`` ``value.too_large``."""
    if isinstance(content, CellState):
        return content.value, None, None
    if isinstance(content, str):
        return "value", None, content
    if abs(content) >= LARGEST_SCALED:
        raise UserError(
            "value.too_large", f"{element.name}：数字过大，存不下。", f"请核对单位（{element.unit}）和小数点。"
        )
    return "value", content, None


def of_stored(element: DataElement, content: Stored) -> DataValue:
    state, number, choice = content
    if state != CellState.VALUE:
        return DataValue(CellState(state))
    return DataValue(CellState.VALUE, choice=choice) if number is None else to_value(element, number)


def held(ws: Workspace, units: Collection[str], periods: Collection[str]) -> dict[Key, Stored]:
    """What stands in every cell of some units and periods (canonical texts)."""
    where, wanted = _condition(units, periods, None)
    rows = ws.db.conn.execute(_HELD + where, wanted)
    return {(unit, period, element): (state, number, choice) for unit, period, element, state, number, choice in rows}


def _write_one(ws: Workspace, catalogue: Catalogue, ref: CellRef, value: DataValue | None) -> bool:
    if value is None:
        return bool(ws.db.conn.execute(CLEAR, (ref.unit, str(ref.period), ref.element)).rowcount)
    content = to_stored(catalogue.elements[ref.element], value)
    row = (ref.element, ref.unit, str(ref.period), *content)
    return bool(ws.db.conn.execute(_PUT_CHANGED, row).rowcount)


def _write_many(ws: Workspace, catalogue: Catalogue, changes: Mapping[CellRef, DataValue | None]) -> list[CellRef]:
    before = held(ws, {ref.unit for ref in changes}, {str(ref.period) for ref in changes})
    changed: list[CellRef] = []
    put: list[tuple[Any, ...]] = []
    clear: list[Key] = []
    for ref, value in changes.items():
        key = (ref.unit, str(ref.period), ref.element)
        content = None if value is None else to_stored(catalogue.elements[ref.element], value)
        if before.get(key) == content:
            continue
        changed.append(ref)
        if content is None:
            clear.append(key)
        else:
            put.append((ref.element, ref.unit, key[1], *content))
    ws.db.conn.executemany(PUT, put)
    ws.db.conn.executemany(CLEAR, clear)
    return changed


def _contents(
    ws: Workspace,
    units: Collection[str] | None,
    periods: Collection[str] | None,
    elements: Collection[str] | None,
) -> Iterator[tuple[Key, Content]]:
    for unit, period, codes, contents, _ in _columns(ws, units, periods, elements):
        for element, content in zip(codes.split(","), _decode(contents), strict=True):
            yield (unit, period, element), _ABSENT[content] if isinstance(content, float) else content


def _columns(
    ws: Workspace,
    units: Collection[str] | None,
    periods: Collection[str] | None,
    elements: Collection[str] | None,
) -> Iterator[tuple[str, str, str, str, int]]:
    where, wanted = _condition(units, periods, elements)
    yield from ws.db.conn.execute(_COLUMNS.format(where=where), wanted)


def _condition(
    units: Collection[str] | None, periods: Collection[str] | None, elements: Collection[str] | None
) -> tuple[str, list[str]]:
    """WHERE for what is given only: a condition that may be empty would keep SQLite from using the key."""
    given = {"unit": units, "period": periods, "element": elements}
    named = {column: json.dumps(sorted(codes)) for column, codes in given.items() if codes is not None}
    where = " AND ".join(_IN.format(column) for column in named)
    return f" WHERE {where}" if where else "", list(named.values())
