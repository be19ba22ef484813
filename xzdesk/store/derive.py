"""Elements that are computed from registers: for the months that are still open, live, whenever somebody asks.

Nothing is stored here and nothing is cached, so nothing can be stale; what a sealed month is to show has been stored
when it was sealed. A unit answers for the rows of the units it carries on (core.lineage), from the month of the merger.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from xzdesk.core.errors import UserError
from xzdesk.core.expressions import Expression, ExpressionError, parse
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import (
    NO,
    YES,
    Aggregate,
    Catalogue,
    CellRef,
    DataElement,
    DataValue,
    Derivation,
    Measure,
    OrgUnit,
    RegisterSchema,
)
from xzdesk.core.observations import Observations, to_value
from xzdesk.core.periods import Period, PeriodKind, period_range
from xzdesk.store import values
from xzdesk.store.period_steps import PERIOD_NAMES, number_of, steps_of
from xzdesk.store.register_tables import OF_UNITS, decimals, identifier, table_name
from xzdesk.store.sql_expressions import Parameters, Source, truth

if TYPE_CHECKING:
    from xzdesk.store.connect import Workspace

_HALVES: Final = 10**9
"""Sums are taken in two halves, above and below this: SQLite's own sum fails when it leaves 64 bits."""

_PER_UNIT: Final = """
SELECT t.unit, {columns} FROM [{table}] AS t WHERE t.deleted = 0 AND t.{of_units} GROUP BY t.unit
"""

_STEPS: Final = """
WITH keyed AS MATERIALIZED (
  SELECT t.unit{fields} FROM [{table}] AS t WHERE t.deleted = 0 AND t.{of_units}
), moved AS (
  {events}
)
SELECT t.unit, t.[step now], {columns} FROM moved AS t GROUP BY t.unit, t.[step now]
"""
"""What each period changes against the one before: a row counts only in the periods in which it may begin or cease
to satisfy a condition (``_event``), and in the first one."""

_FIRST: Final = "SELECT :first AS [step now], keyed.* FROM keyed"
_EVENT: Final = """
  UNION ALL SELECT {step}, keyed.* FROM keyed WHERE {step} > :first AND {step} <= :last{unless}
"""
_SEALED: Final = "SELECT unit, period FROM sealed_period WHERE {of_units}"

Totals = dict[str, dict[Period, dict[str, int]]]
"""By element, period and unit of the rows: a count or scaled sum. A unit without rows is not there."""


@dataclass(frozen=True, slots=True)
class _Derived:
    """An element with what it is derived by."""

    element: DataElement
    derivation: Derivation
    schema: RegisterSchema
    where: Expression
    shift: int
    """Digits by which a total over the rows is lengthened to the element's decimals."""

    @staticmethod
    def of(element: DataElement, derivation: Derivation, schema: RegisterSchema) -> _Derived:
        summed = derivation.aggregate is Aggregate.SUM
        held = decimals(schema.field(derivation.field)) if summed else 0
        return _Derived(element, derivation, schema, parse(derivation.where), element.decimals - held)

    @property
    def reads(self) -> set[str]:
        """The fields that make out what a row counts."""
        return {*self.where.names, self.derivation.field} - {"", *PERIOD_NAMES}

    @property
    def weight(self) -> str:
        """SQL of what a row counts; empty: 1."""
        if self.derivation.aggregate is not Aggregate.SUM:
            return ""
        return f"coalesce(t.[{identifier(self.derivation.field)}], 0)"

    def content(self, total: int) -> int | str:
        """The element's content for a total over the rows."""
        if self.derivation.aggregate is Aggregate.ANY:
            return YES if total else NO
        if self.shift < 0:
            # No checked catalogue says so; halves go up.
            unit = int(10**-self.shift)
            return (total * 2 + unit) // (2 * unit)
        return total * int(10**self.shift)


def compute(ws: Workspace, catalogue: Catalogue, period: Period, units: Sequence[OrgUnit]) -> dict[CellRef, DataValue]:
    """The derived cells of ``units`` due at the end of the month ``period``, as the registers now stand.

    Units that do not exist then and elements that are not asked of them are left out; a unit without rows has 0 (or
    no). A stock's 期初数 is added. Raises ``UserError`` ``catalogue.expression``.
    """
    elements = catalogue.elements
    cells = compute_months(ws, catalogue, {period: units}).by_cell()
    return {ref: to_value(elements[ref.element], content) for ref, content in cells}


def compute_months(
    ws: Workspace,
    catalogue: Catalogue,
    months: Mapping[Period, Sequence[OrgUnit]],
    elements: Collection[str] | None = None,
) -> Observations:
    """``compute`` of several months with the units meant in each, of the given elements (None: of all), in one pass."""
    lineage = Lineage(catalogue.units, catalogue.events)
    observations = Observations()
    for kind, derived in _by_kind(catalogue, elements).items():
        due = {month.latest(kind): units for month, units in months.items() if _ends(kind, month)}
        for element, unit, period, content in _live(ws, catalogue, derived, due, lineage):
            observations.put(element.code, unit, period, content)
    return observations


def effective(
    ws: Workspace, catalogue: Catalogue, units: Sequence[OrgUnit], period: Period, history_months: int
) -> Observations:
    """What counts for ``units`` up to the month ``period``: recorded cells, and of open months the derived ones live.

    Open months are looked for in the plan's years and at most ``history_months`` back. Raises as ``compute``.
    """
    codes = {unit.code for unit in units}
    observations = values.observe(ws, catalogue, units=codes, until=period)
    first = max(Period.month(catalogue.first_year, 1).last_month, period.last_month - history_months + 1)
    sealed = set(ws.db.conn.execute(_SEALED.format(of_units=OF_UNITS), {"units": json.dumps(sorted(codes))}))
    lineage = Lineage(catalogue.units, catalogue.events)
    for kind, derived in _by_kind(catalogue).items():
        open_units = {
            due: open_now
            for due in _ending_within(kind, first, period)
            if (open_now := [unit for unit in units if (unit.code, str(due.end_month())) not in sealed])
        }
        for element, unit, due, content in _live(ws, catalogue, derived, open_units, lineage):
            observations.put(element.code, unit, due, content)
    return observations


def _live(
    ws: Workspace,
    catalogue: Catalogue,
    derived: Sequence[_Derived],
    units: Mapping[Period, Sequence[OrgUnit]],
    lineage: Lineage,
) -> Iterator[tuple[DataElement, str, Period, int | str]]:
    """Element, unit, period and content of every derived cell of the units in the periods, all of one kind."""
    periods = sorted(units)
    carried = {
        due: {unit.code: rows for unit in units[due] if (rows := lineage.predecessors(unit.code, due))}
        for due in periods
    }
    row_units = {code for of_due in carried.values() for rows in of_due.values() for code in rows}
    if not row_units:
        return
    totals = _over(ws, catalogue, derived, periods, row_units)
    known = {unit.code: unit for of_due in units.values() for unit in of_due}
    for each in derived:
        asked = {code for code, unit in known.items() if each.element.asks(unit)}
        baselines = _baselines(ws, catalogue, each.element, row_units)
        of_element = totals[each.element.code]
        for due in periods:
            of_due = of_element[due]
            for code, rows in carried[due].items():
                if code not in asked:
                    continue
                content = each.content(sum([of_due.get(row_unit, 0) for row_unit in rows]))
                if baselines and isinstance(content, int):
                    content += sum(baselines.get(row_unit, 0) for row_unit in rows)
                yield each.element, code, due, content


# --- what is derived, for whom, and when ------------------------------------------------------------------------------


def _by_kind(catalogue: Catalogue, elements: Collection[str] | None = None) -> dict[PeriodKind, list[_Derived]]:
    kinds: dict[PeriodKind, list[_Derived]] = defaultdict(list)
    for element in catalogue.elements.values():
        derivation = element.derivation
        if derivation is not None and (elements is None or element.code in elements):
            kinds[element.frequency].append(_Derived.of(element, derivation, catalogue.registers[derivation.register]))
    return kinds


def _ends(kind: PeriodKind, month: Period) -> bool:
    """Whether a period of ``kind`` ends with the month."""
    return month.latest(kind).last_month == month.last_month


def _ending_within(kind: PeriodKind, first_month: int, month: Period) -> Iterator[Period]:
    """The periods of ``kind`` that end from the month numbered ``first_month`` to ``month``."""
    due = month.latest(kind)
    while due.last_month >= first_month:
        yield due
        due = due.shift(-1)


def _baselines(ws: Workspace, catalogue: Catalogue, element: DataElement, units: set[str]) -> dict[str, int]:
    """期初数 of a stock that has them, scaled, by unit."""
    if not (element.baseline and element.measure is Measure.STOCK):
        return {}
    year = Period.of_year(catalogue.baseline_year)
    held = values.observe(ws, catalogue, units=units, periods=[year], elements=[element.code]).columns(element.code)
    return {unit: content for unit, column in held.items() if isinstance(content := column.get(year), int)}


# --- counting in SQL --------------------------------------------------------------------------------------------------


def _over(
    ws: Workspace, catalogue: Catalogue, derived: Sequence[_Derived], periods: Sequence[Period], units: set[str]
) -> Totals:
    """Totals at several periods of one kind, which are in order."""
    totals: Totals = {each.element.code: {period: {} for period in periods} for each in derived}
    single = derived
    if len(periods) > 1:
        stepped = [each for each in derived if steps_of(each.where, each.schema) is not None]
        single = [each for each in derived if each not in stepped]
        for schema, group in _by_register(stepped):
            _by_steps(ws, catalogue, schema, group, periods, sorted(units), totals)
    for schema, group in _by_register(single):
        for period in periods:
            _at(ws, catalogue, schema, group, period, sorted(units), totals)
    return totals


def _at(
    ws: Workspace,
    catalogue: Catalogue,
    schema: RegisterSchema,
    group: Sequence[_Derived],
    period: Period,
    units: Sequence[str],
    totals: Totals,
) -> None:
    """The totals of one period in one pass."""
    parameters = Parameters(
        units=json.dumps(units),
        period_start=period.first_day.isoformat(),
        period_end=period.last_day.isoformat(),
    )
    source = Source(schema, catalogue.registers)
    columns = ", ".join(_sums(each, _condition(each, source, parameters)) for each in group)
    statement = _PER_UNIT.format(columns=columns, table=table_name(schema.code), of_units=OF_UNITS)
    for unit, *sums in ws.db.conn.execute(statement, parameters.values):
        for each, total in zip(group, _whole(sums), strict=True):
            totals[each.element.code][period][unit] = total


def _by_steps(
    ws: Workspace,
    catalogue: Catalogue,
    schema: RegisterSchema,
    group: Sequence[_Derived],
    periods: Sequence[Period],
    units: Sequence[str],
    totals: Totals,
) -> None:
    """The totals of all periods in one pass: a row is looked at only where it can change."""
    first, last = periods[0], periods[-1]
    parameters = Parameters(units=json.dumps(units), first=_ordinal(first), last=_ordinal(last))
    statement = _steps_statement(catalogue, schema, group, first.kind, parameters)
    changes: dict[str, dict[int, list[int]]] = defaultdict(dict)
    for unit, step, *sums in ws.db.conn.execute(statement, parameters.values):
        changes[unit][step] = _whole(sums)
    span = [(period, _ordinal(period)) for period in period_range(first, last)]
    columns = [totals[each.element.code] for each in group]
    for unit, of_unit in changes.items():
        standing = [0] * len(group)
        for period, ordinal in span:
            change = of_unit.get(ordinal)
            if change is not None:
                standing = [total + by for total, by in zip(standing, change, strict=True)]
            for column, total in zip(columns, standing, strict=True):
                if period in column:
                    column[period][unit] = total


def _steps_statement(
    catalogue: Catalogue,
    schema: RegisterSchema,
    group: Sequence[_Derived],
    kind: PeriodKind,
    parameters: Parameters,
) -> str:
    steps = set().union(*(steps_of(each.where, schema) or () for each in group))
    names = {key: f"[step {identifier(key.field)} {key.days}]" for key in sorted({step.key for step in steps})}
    moments = sorted({f"keyed.{names[step.key]}{' + 1' if step.after else ''}" for step in steps})
    events = [
        _EVENT.format(step=moment, unless="".join(f" AND {moment} IS NOT {other}" for other in moments[:at]))
        for at, moment in enumerate(moments)
    ]
    keys = {key: f"t.{name}" for key, name in names.items()}
    now = Source(schema, catalogue.registers, step="t.[step now]", step_keys=keys)
    before = Source(schema, catalogue.registers, step="(t.[step now] - 1)", step_keys=keys)
    fields = [f"t.[{identifier(name)}]" for name in sorted(set().union(*(each.reads for each in group)))]
    fields += [f"{number_of(f't.[{key.field}]', key.days, kind)} AS {name}" for key, name in names.items()]
    sums = [_sums(each, _condition(each, now, parameters), _condition(each, before, parameters)) for each in group]
    return _STEPS.format(
        fields="".join(f", {field}" for field in fields),
        table=table_name(schema.code),
        of_units=OF_UNITS,
        events=_FIRST + "".join(events),
        columns=", ".join(sums),
    )


def _by_register(derived: Iterable[_Derived]) -> Iterator[tuple[RegisterSchema, list[_Derived]]]:
    ordered = sorted(derived, key=lambda each: each.schema.code)
    for _, found in groupby(ordered, key=lambda each: each.schema.code):
        group = list(found)
        yield group[0].schema, group


def _condition(each: _Derived, source: Source, parameters: Parameters) -> str:
    try:
        return truth(each.where, source, parameters)
    except ExpressionError as error:
        raise UserError(
            "catalogue.expression",
            f"采集项“{each.element.name}”的取数条件用不了：{error}。",
            "请联系区专班办公室改正指标目录后重发任务包。",
        ) from error


def _sums(each: _Derived, condition: str, before: str = "") -> str:
    """Two SQL sums, of the upper and the lower halves of what is counted; against the period before if given."""
    weight = each.weight

    def half(part: str) -> str:
        now = f"CASE WHEN {condition} THEN {part} ELSE 0 END"
        if not before:
            return f"sum({now})"
        return f"sum({now} - CASE WHEN t.[step now] > :first AND {before} THEN {part} ELSE 0 END)"

    if not weight:
        return f"0, {half('1')}"
    return f"{half(f'{weight} / {_HALVES}')}, {half(f'{weight} % {_HALVES}')}"


def _whole(sums: Sequence[Any]) -> list[int]:
    return [upper * _HALVES + lower for upper, lower in zip(sums[::2], sums[1::2], strict=True)]


def _ordinal(period: Period) -> int:
    """Counts the periods of a kind; agrees with ``period_steps.number_of``."""
    return (period.last_month + 1) // period.kind.months - 1
