"""What the names of an element rule mean at one unit in one month. Reads Observations; judges nothing.

A stated absence (不适用, 未开展) is unknown to arithmetic, counts 0 in a sum in which something else is recorded
or stated, is ``absent`` and not ``missing``. Past periods are those of every unit that this one carries on, so
that a merger is no jump.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from xzdesk.core.findings import NOT_FILLED, describe, describe_scalar
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, CellState, DataElement, Measure, OrgUnit, Scalar
from xzdesk.core.observations import Column, Content, Observations, sum_in_year, sum_to_date, to_value
from xzdesk.core.periods import Period, PeriodKind


class Scene:
    """All that is the same for every unit of one check: catalogue, observations, month, lineage."""

    def __init__(self, catalogue: Catalogue, observations: Observations, month: Period, lineage: Lineage) -> None:
        self.catalogue = catalogue
        self.observations = observations
        self.month = month
        self.lineage = lineage
        self.baseline = Period.of_year(catalogue.baseline_year)
        self._due = {kind: month.latest(kind) for kind in PeriodKind}
        self._below: dict[str, tuple[OrgUnit, ...]] = {}

    def due(self, element: DataElement) -> Period:
        """The newest period of the element that is complete at the month's end."""
        return self._due[element.frequency]

    def below(self, unit: str) -> tuple[OrgUnit, ...]:
        """The units directly below that exist at the month's end."""
        if unit not in self._below:
            self._below[unit] = self.lineage.living(self.month, unit)
        return self._below[unit]


class Recorded(NamedTuple):
    """A content and the period for which it stands."""

    period: Period
    content: Content


class UnitEnvironment:
    """``core.expressions.Environment`` of one unit at the end of the scene's month.

    A name stands for the newest period of its element that is complete then. What an element does not ask of
    the unit is unknown, whatever is asked about it.
    """

    __slots__ = ("_carried", "_known", "_scene", "_unit")

    def __init__(self, scene: Scene, unit: OrgUnit) -> None:
        self._scene = scene
        self._unit = unit
        self._carried = scene.lineage.predecessors(unit.code, scene.month)
        self._known: dict[str, Scalar] = {}

    def value(self, name: str) -> Scalar:
        known = self._known
        if name not in known:
            element = self._element(name)
            content = None if element is None else self.content(element)
            known[name] = None if element is None else to_scalar(element, content)
        return known[name]

    def series(self, function: str, name: str) -> Scalar:
        """Raises ``ValueError`` for a function that reads no series of values."""
        if function == "children":
            return self._children(name)
        element = self._element(name)
        if element is None:
            return None
        if function == "missing":
            return self.content(element) is None
        if function == "absent":
            return isinstance(self.content(element), CellState)
        due = self._scene.due(element)
        if function == "prev":
            return to_scalar(element, self.previous(element))
        if function == "last_year":
            return to_scalar(element, self.at(element, _shift(due, -12 // element.frequency.months)))
        if function == "ytd":
            return _total(element, [sum_in_year(column, due) for column in self._columns(element)])
        if function == "to_date":
            first = self._scene.catalogue.baseline_year
            return _total(element, [sum_to_date(column, due, first) for column in self._columns(element)])
        raise ValueError(f"no such series: {function}")

    def due(self, element: DataElement) -> Period:
        return self._scene.due(element)

    def speak(self, name: str) -> str:
        """How ``name`` or ``function(name)`` reads in a sentence; a stated absence by its words."""
        function, _, inner = name.rstrip(")").rpartition("(")
        element = self._scene.catalogue.elements.get(inner)
        if element is None:
            return NOT_FILLED
        if function:
            return describe_scalar(element, self.series(function, inner))
        content = self.content(element)
        return NOT_FILLED if content is None else describe(element, to_value(element, content))

    def last_recorded(self, element: DataElement) -> Recorded | None:
        """The newest number or choice before the period that is due, not earlier than the plan or the 期初数."""
        earlier = _shift(self._scene.due(element), -1)
        while earlier is not None and earlier.year >= self._scene.catalogue.first_year:
            content = self.at(element, earlier)
            if content is not None and not isinstance(content, CellState):
                return Recorded(earlier, content)
            earlier = _shift(earlier, -1)
        content = self.at(element, self._scene.baseline) if _starts_from_baseline(element) else None
        if content is None or isinstance(content, CellState):
            return None
        return Recorded(self._scene.baseline, content)

    def content(self, element: DataElement) -> Content | None:
        """What the unit itself has recorded for the period that is due."""
        return self._scene.observations.get(element.code, self._unit.code, self._scene.due(element))

    def previous(self, element: DataElement) -> Content | None:
        """Of the period before the one that is due; before a stock's first one stands its 期初数."""
        earlier = _shift(self._scene.due(element), -1)
        if earlier is None or earlier.year >= self._scene.catalogue.first_year:
            return self.at(element, earlier)
        return self.at(element, self._scene.baseline) if _starts_from_baseline(element) else None

    def at(self, element: DataElement, period: Period | None) -> Content | None:
        """The content of ``period``; of a merged unit the sum over those it carries on, None if one lacks it."""
        if period is None:
            return None
        observations, lineage = self._scene.observations, self._scene.lineage
        if len(self._carried) == 1 or not element.numeric:
            return observations.get(element.code, self._unit.code, period)
        contents = [
            observations.get(element.code, code, period)
            for code in self._carried
            if lineage.exists(code, period) and element.asks(self._scene.catalogue.units[code])
        ]
        return None if None in contents else add_up(contents)

    def _element(self, name: str) -> DataElement | None:
        element = self._scene.catalogue.elements.get(name)
        return element if element is not None and element.asks(self._unit) else None

    def _columns(self, element: DataElement) -> list[Column]:
        """What was recorded under each carried code while it lived."""
        observations, lineage = self._scene.observations, self._scene.lineage
        if len(self._carried) == 1:
            return [observations.column(element.code, self._unit.code)]
        return [
            {
                period: content
                for period, content in observations.column(element.code, code).items()
                if lineage.exists(code, period)
            }
            for code in self._carried
        ]

    def _children(self, name: str) -> Scalar:
        """The sum over the units below that are asked; unknown until every one of them has recorded something."""
        element = self._scene.catalogue.elements.get(name)
        if element is None or not element.numeric:
            return None
        due = self._scene.due(element)
        contents = [
            self._scene.observations.get(name, unit.code, due)
            for unit in self._scene.below(self._unit.code)
            if element.asks(unit)
        ]
        if not contents or None in contents:
            return None
        return _total(element, [content if isinstance(content, int) else 0 for content in contents])


def _starts_from_baseline(element: DataElement) -> bool:
    """Whether the 期初数 says how things stood before the first period; a flow's is a sum of many years."""
    return element.baseline and element.measure is Measure.STOCK


def add_up(contents: Sequence[Content | None]) -> Content | None:
    """The sum of the numbers; a stated absence counts 0 beside a number and stands for itself otherwise."""
    numbers = [content for content in contents if isinstance(content, int)]
    if numbers:
        return sum(numbers)
    return next((content for content in contents if content is not None), None)


def to_scalar(element: DataElement, content: Content | None) -> Scalar:
    """The content as an expression computes with it: a stated absence is unknown."""
    if isinstance(content, int):
        return Decimal(content).scaleb(-element.decimals)
    return None if isinstance(content, CellState) else content


def _total(element: DataElement, sums: Sequence[int | None]) -> Scalar:
    known = [each for each in sums if each is not None]
    return Decimal(sum(known)).scaleb(-element.decimals) if known else None


def _shift(period: Period, steps: int) -> Period | None:
    """None before the year 2000, where no periods are."""
    try:
        return period.shift(steps)
    except ValueError:
        return None


def read_all(
    environment: UnitEnvironment, names: Sequence[str], calls: Sequence[tuple[str, str]]
) -> Mapping[str, Scalar]:
    """The values an expression reads: names as they are, calls as ``function(name)``."""
    read = {name: environment.value(name) for name in names}
    read.update({f"{function}({name})": environment.series(function, name) for function, name in calls})
    return read
