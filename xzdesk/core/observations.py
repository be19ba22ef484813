"""What has been recorded, as columns: for every element and unit the contents by period.

Checks, indicators and packages read hundreds of thousands of cells; here a cell costs one dictionary entry. Numbers
are integers scaled by the element's ``decimals`` (as the store keeps them), so sums are exact and fast; ``to_value``
and ``to_content`` convert at the edges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

from xzdesk.core.model import CellRef, CellState, DataElement, DataValue, Values
from xzdesk.core.periods import Period

Content = int | str | CellState
"""A scaled integer, the stored value of a choice, or a stated absence (never ``CellState.VALUE``).

``CellState`` is a ``str``: ask ``isinstance(content, CellState)`` before taking a text for a choice.
"""

Column = Mapping[Period, Content]

_NOTHING: Column = {}


class Observations:
    """Contents by element, unit and period. A period without a content is 未填."""

    __slots__ = ("_columns",)

    def __init__(self) -> None:
        self._columns: dict[str, dict[str, dict[Period, Content]]] = {}

    @staticmethod
    def of(elements: Mapping[str, DataElement], values: Values) -> Observations:
        """From cells; ``elements`` tells each one's decimals."""
        observations = Observations()
        for ref, value in values.items():
            observations.put(ref.element, ref.unit, ref.period, to_content(elements[ref.element], value))
        return observations

    def put(self, element: str, unit: str, period: Period, content: Content) -> None:
        self._columns.setdefault(element, {}).setdefault(unit, {})[period] = content

    def put_column(self, element: str, unit: str, column: dict[Period, Content]) -> None:
        """Take over a whole column, in place of what may be there."""
        self._columns.setdefault(element, {})[unit] = column

    def discard(self, element: str, unit: str, period: Period) -> None:
        self._columns.get(element, {}).get(unit, {}).pop(period, None)

    def get(self, element: str, unit: str, period: Period) -> Content | None:
        return self._columns.get(element, _NO_UNITS).get(unit, _NOTHING).get(period)

    def column(self, element: str, unit: str) -> Column:
        """Of one element and unit; empty when nothing is recorded."""
        return self._columns.get(element, _NO_UNITS).get(unit, _NOTHING)

    def columns(self, element: str) -> Mapping[str, Column]:
        """By unit code."""
        return self._columns.get(element, _NO_UNITS)

    def elements(self) -> set[str]:
        """Codes of the elements of which something is or was recorded."""
        return set(self._columns)

    def periods(self) -> set[Period]:
        """Of which something is recorded."""
        columns = (column for units in self._columns.values() for column in units.values())
        return {period for column in columns for period in column}

    def by_element(self) -> Iterator[tuple[str, Mapping[str, Column]]]:
        """Element and its columns by unit code."""
        yield from self._columns.items()

    def by_cell(self) -> Iterator[tuple[CellRef, Content]]:
        """Every cell by its ref, in no promised order."""
        for element, unit, period, content in self.cells():
            yield CellRef(unit, element, period), content

    def cells(self) -> Iterator[tuple[str, str, Period, Content]]:
        """Element, unit, period, content of every cell, in no promised order."""
        for element, units in self._columns.items():
            for unit, column in units.items():
                for period, content in column.items():
                    yield element, unit, period, content

    def __contains__(self, ref: object) -> bool:
        return isinstance(ref, CellRef) and self.get(ref.element, ref.unit, ref.period) is not None


_NO_UNITS: Mapping[str, Column] = {}


def to_content(element: DataElement, value: DataValue) -> Content:
    """Raises ``ValueError`` when a number is not finite, has more decimals than the element or over 28 digits."""
    if value.state is not CellState.VALUE:
        return value.state
    number = value.number
    if number is None:
        return value.choice or ""
    if not number.is_finite():
        raise ValueError(f"{element.code}: not a finite number")
    # Only within the context's precision are scaling and the way back exact.
    scaled = number.scaleb(element.decimals)
    if scaled != scaled.to_integral_value() or scaled.scaleb(-element.decimals) != number:
        raise ValueError(f"{element.code}: more than {element.decimals} decimals, or too many digits")
    return int(scaled)


def to_value(element: DataElement, content: Content) -> DataValue:
    if isinstance(content, CellState):
        return DataValue(content)
    if isinstance(content, int):
        return DataValue(CellState.VALUE, number=Decimal(content).scaleb(-element.decimals))
    return DataValue(CellState.VALUE, choice=content)


def latest(column: Column, period: Period, first_year: int) -> Content | None:
    """时点: the newest content, maybe a stated absence, of a period of ``period``'s kind up to it.

    Periods before ``first_year`` do not count, nor does a 期初数.
    """
    while period.year >= first_year:
        content = column.get(period)
        if content is not None or (period.year == first_year and period.index == 1):
            return content
        period = period.shift(-1)
    return None


def sum_in_year(column: Column, period: Period) -> int | None:
    """本年累计: the scaled sum of the year's periods of ``period``'s kind up to it.

    Stated absences count 0; None when nothing is recorded.
    """
    return _sum(column.get(each) for each in period.of_year_so_far())


def sum_to_date(column: Column, period: Period, baseline_year: int) -> int | None:
    """累计: 期初数 (recorded under the year ``baseline_year``) plus every period since of ``period``'s kind, up to it.

    What is recorded for a month or quarter of the baseline year or before is already in the 期初数 and not
    counted again. Stated absences count 0; None when nothing is recorded.
    """
    baseline = Period.of_year(baseline_year)
    if period.last_month < baseline.last_month:
        return None
    return _sum(
        content
        for each, content in column.items()
        if each is baseline or (each.kind is period.kind and each.year > baseline_year and each <= period)
    )


def _sum(contents: Iterator[Content | None]) -> int | None:
    known = [content for content in contents if content is not None]
    return sum(content for content in known if isinstance(content, int)) if known else None
