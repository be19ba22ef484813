"""缺数: which cells exactly are missing behind a figure, to be shown and asked for. The figures only count them."""

from __future__ import annotations

from collections.abc import Iterator

from xzdesk.core.indicator_climb import parent_at
from xzdesk.core.indicator_formulas import in_scope, readings
from xzdesk.core.indicator_vectors import Reading
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, CellRef, DataElement, FormulaKind, Indicator
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, PeriodKind, period_range


def missing_cells(
    catalogue: Catalogue, observations: Observations, lineage: Lineage, indicator: Indicator, month: Period, root: str
) -> tuple[CellRef, ...]:
    """The due cells that nobody recorded behind the indicator's figure of ``root`` at the end of ``month``, sorted.

    As many as ``Figure.missing`` says; a cell that a condition reads in two ways is listed twice.
    """
    found: list[CellRef] = []
    for code, reading in readings(catalogue, indicator):
        element = catalogue.elements[code]
        if not element.required:
            continue
        for unit in catalogue.units.values():
            if not element.asks(unit) or not _counts(catalogue, lineage, indicator, element, unit.code, month, root):
                continue
            column = observations.column(code, unit.code)
            for period in _due(catalogue, element, reading, month):
                if lineage.exists(unit.code, period) and period not in column:
                    found.append(CellRef(unit.code, code, period))
    return tuple(sorted(found))


def _counts(
    catalogue: Catalogue,
    lineage: Lineage,
    indicator: Indicator,
    element: DataElement,
    code: str,
    month: Period,
    root: str,
) -> bool:
    """Whether what ``code`` recorded is part of the figure of ``root``: by itself or by who carries it on."""
    owner = code
    if not lineage.exists(code, month):
        if not element.numeric:
            return False
        successor = lineage.successor(code, month)
        if successor is not None and element.asks(catalogue.units[successor]):
            owner = successor
        elif indicator.kind in (FormulaKind.SHARE_MEETING, FormulaKind.COUNT_MEETING):
            return False
    if not in_scope(indicator, catalogue.units[owner]):
        return False
    while owner and owner != root and indicator.kind is not FormulaKind.REPORTED:
        owner = parent_at(catalogue, lineage, owner, month)
    return owner == root


def _due(catalogue: Catalogue, element: DataElement, reading: Reading, month: Period) -> Iterator[Period]:
    """The periods an element is read for, as ``indicator_vectors`` reads it."""
    due = month.latest(element.frequency)
    if reading is Reading.TO_DATE and element.baseline:
        yield Period.of_year(catalogue.baseline_year)
    if due.year < catalogue.first_year:
        return
    if reading is Reading.TO_DATE:
        yield from period_range(Period(element.frequency, catalogue.first_year), due)
    elif reading is Reading.LATEST:
        yield due
    elif due.year == month.year or element.frequency is PeriodKind.YEAR:
        yield from due.of_year_so_far() if reading is Reading.IN_YEAR else (due,)
