"""Recorded columns read as vectors over months: carried, summed within the year or to date, lineage included.

One pass over a column gives all its months, so that a series of four years costs hardly more than its last month.
This module knows elements and units; what an indicator makes of them is decided in ``indicators``.

How a column is read at the end of a month (the *due* period is the newest of the element's kind that is complete
then; a quarter's figures are not awaited before the quarter has ended):

- ``LATEST`` (时点): the newest content up to the due period; what nobody renewed is carried, and its due cell is
  missing. Before the first one stands the 期初数.
- ``PERIOD`` (本期): the content of the due period alone.
- ``IN_YEAR`` (本年累计): the sum of the year's periods up to the due one. In the first months of a year in which no
  quarter has ended yet there is nothing to sum and nothing missing. A yearly element's is that of the last full year.
- ``TO_DATE`` (累计): the 期初数 and every period since.

A stated absence (不适用, 未开展) counts 0 in sums and is not missing. A cell is missing when its element is
required and asked of the unit, the unit existed at the cell's period, and nothing is recorded.

Lineage: what a merged unit recorded while it lived is added to its successor from the merger on. A stock is only
added until the successor has reported for itself after the merger, since its own figure then includes it; choices are
never added. The flows of a unit that was closed without a successor stay under its own code, as a former unit of
its town; its stocks go. What is recorded under a unit's code before its founding or after its end is not read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final

from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, DataElement, Measure, UnitEventKind
from xzdesk.core.observations import Content, Observations
from xzdesk.core.periods import Period, PeriodKind, period_range


class Reading(StrEnum):
    LATEST = "latest"
    PERIOD = "period"
    IN_YEAR = "ytd"
    TO_DATE = "to_date"


Contents = list[Content | None]


@dataclass(frozen=True, slots=True)
class Vector:
    """One element at one unit, an entry for each month of the frame."""

    contents: Contents
    """None where nothing is known."""
    missing: Sequence[int]
    """How many cells that were due lie unrecorded behind each content."""


def current(element: DataElement) -> Reading:
    """How a plain name is read: a stock as it stands, a flow of its period."""
    return Reading.LATEST if element.measure is Measure.STOCK else Reading.PERIOD


def within_year(element: DataElement) -> Reading:
    """How a part of a ratio is read: a stock as it stands, a flow summed over the year so far."""
    return Reading.LATEST if element.measure is Measure.STOCK else Reading.IN_YEAR


class Axis:
    """The periods of one kind from the plan's first year on, and where each month's due period lies among them."""

    __slots__ = ("due", "due_in_year", "periods", "years")

    def __init__(self, kind: PeriodKind, first_year: int, months: Sequence[Period]) -> None:
        first = Period(kind, first_year)
        due = [month.latest(kind) for month in months]
        self.periods = list(period_range(first, due[-1])) if due[-1] >= first else []
        """Ascending, without gaps."""
        index = {period: position for position, period in enumerate(self.periods)}
        self.due = [index.get(period, -1) for period in due]
        """For each month the position of its due period; -1 before the plan."""
        self.due_in_year = [
            position if period.year == month.year or kind is PeriodKind.YEAR else -1
            for position, period, month in zip(self.due, due, months, strict=True)
        ]
        """The same, -1 also where the year has no due period yet."""
        self.years = [
            slice(start, min(start + 12 // kind.months, len(self.periods)))
            for start in range(0, len(self.periods), 12 // kind.months)
        ]


class Frame:
    """Everything recorded, seen over ``months`` (ascending, without gaps)."""

    def __init__(
        self, catalogue: Catalogue, observations: Observations, lineage: Lineage, months: Sequence[Period]
    ) -> None:
        self.catalogue = catalogue
        self.observations = observations
        self.lineage = lineage
        self.months = tuple(months)
        self.zeros: Final[tuple[int, ...]] = (0,) * len(self.months)
        self.ones: Final[tuple[int, ...]] = (1,) * len(self.months)
        self._axes: dict[PeriodKind, Axis] = {}
        self._read: dict[tuple[str, Reading], dict[str, Vector]] = {}
        self._changing = {
            event.unit for event in catalogue.events if event.kind is not UnitEventKind.RENAMED
        } & catalogue.units.keys()

    def axis(self, kind: PeriodKind) -> Axis:
        if kind not in self._axes:
            self._axes[kind] = Axis(kind, self.catalogue.first_year, self.months)
        return self._axes[kind]

    def changes(self, code: str) -> bool:
        """Whether the unit begins or ends at some time (perhaps outside the frame)."""
        return code in self._changing

    def alive(self, code: str) -> Sequence[int]:
        """1 for each month at whose end the unit exists."""
        if code not in self._changing:
            return self.ones
        return tuple(int(self.lineage.exists(code, month)) for month in self.months)

    def read(self, element: DataElement, reading: Reading) -> dict[str, Vector]:
        """By unit code, for every unit that is asked; the former ones too that carry flows of their own."""
        key = (element.code, reading)
        if key not in self._read:
            self._read[key] = self._read_all(element, reading)
        return self._read[key]

    def _read_all(self, element: DataElement, reading: Reading) -> dict[str, Vector]:
        read = _Reader(self, element, reading).vector
        asked = [code for code, unit in self.catalogue.units.items() if element.asks(unit)]
        vectors = {code: read(code) for code in asked if code not in self._changing}
        for code in asked:
            if code in self._changing:
                self._attribute(element, reading, code, read(code), vectors)
        return vectors

    def _attribute(
        self, element: DataElement, reading: Reading, code: str, own: Vector, vectors: dict[str, Vector]
    ) -> None:
        """Give each month of a unit that begins or ends to whoever answers for it then."""
        owners = [self._owner(element, reading, code, month) for month in self.months]
        for owner in dict.fromkeys(owner for owner in owners if owner is not None):
            held = [each == owner for each in owners]
            if owner != code and reading is Reading.LATEST:
                held = self._until_renewed(element, code, owner, held)
            share = Vector(
                [content if holds else None for content, holds in zip(own.contents, held, strict=True)],
                [count if holds else 0 for count, holds in zip(own.missing, held, strict=True)],
            )
            vectors[owner] = _sum(vectors[owner], share) if owner in vectors else share

    def _owner(self, element: DataElement, reading: Reading, code: str, month: Period) -> str | None:
        if self.lineage.exists(code, month):
            return code
        if not element.numeric:
            return None
        successor = self.lineage.successor(code, month)
        if successor is not None and element.asks(self.catalogue.units[successor]):
            return successor
        return None if reading is Reading.LATEST else code

    def _until_renewed(self, element: DataElement, code: str, owner: str, held: list[bool]) -> list[bool]:
        """``held`` without the months at which ``owner`` had recorded the stock for a time after ``code``'s end."""
        axis, column = self.axis(element.frequency), self.observations.column(element.code, owner)
        renewed = next(
            (
                position
                for position, period in enumerate(axis.periods)
                if not self.lineage.exists(code, period) and period in column
            ),
            len(axis.periods),
        )
        return [holds and due < renewed for holds, due in zip(held, axis.due, strict=True)]


class _Reader:
    """Makes one element's vectors, one unit after the other."""

    def __init__(self, frame: Frame, element: DataElement, reading: Reading) -> None:
        self._frame = frame
        self._element = element
        self._axis = frame.axis(element.frequency)
        self._baseline = Period.of_year(frame.catalogue.baseline_year)
        self._condense: Callable[[Contents, Content | None], Contents] = {
            Reading.LATEST: _carry,
            Reading.PERIOD: lambda contents, _: contents,
            Reading.IN_YEAR: self._by_year,
            Reading.TO_DATE: _to_date,
        }[reading]
        self._reading = reading
        self._reads_baseline = reading in (Reading.LATEST, Reading.TO_DATE)
        self._needs_baseline = reading is Reading.TO_DATE and element.baseline
        positions = self._axis.due if self._reads_baseline else self._axis.due_in_year
        # Monthly elements seen over consecutive months need no picking position by position.
        whole = positions == list(range(positions[0], positions[0] + len(positions))) and positions[0] >= 0
        self._slice = slice(positions[0], positions[-1] + 1) if whole else None
        self._positions = positions

    def vector(self, code: str) -> Vector:
        frame = self._frame
        column = frame.observations.column(self._element.code, code)
        exists = frame.lineage.exists
        alive = [exists(code, period) for period in self._axis.periods] if frame.changes(code) else None
        contents: Contents = [column.get(period) for period in self._axis.periods]
        if alive is not None:
            contents = [content if lives else None for content, lives in zip(contents, alive, strict=True)]
        begins = self._reads_baseline and (alive is None or exists(code, self._baseline))
        baseline = column.get(self._baseline) if begins else None
        picked = self._pick(self._condense(contents, baseline), baseline)
        lacks_baseline = begins and self._needs_baseline and baseline is None
        return Vector(picked, self._missing(contents, alive, lacks_baseline))

    def _pick(self, native: Contents, before: Content | None) -> Contents:
        if self._slice is not None:
            return native[self._slice]
        if before is not None and self._reading is Reading.TO_DATE and not isinstance(before, int):
            before = 0
        return [native[position] if position >= 0 else before for position in self._positions]

    def _missing(self, contents: Contents, alive: list[bool] | None, lacks_baseline: bool) -> Sequence[int]:
        if not self._element.required:
            return self._frame.zeros
        if None not in contents and not lacks_baseline:
            return self._frame.zeros
        blank = [int(content is None) for content in contents]
        if alive is not None:
            blank = [flag * lives for flag, lives in zip(blank, alive, strict=True)]
        if self._reading is Reading.IN_YEAR:
            blank = [count for year in self._axis.years for count in accumulate(blank[year])]
        elif self._reading is Reading.TO_DATE:
            blank = [count + lacks_baseline for count in accumulate(blank)]
        before = int(lacks_baseline)
        return [blank[position] if position >= 0 else before for position in self._positions]

    def _by_year(self, contents: Contents, _: Content | None) -> Contents:
        return [total for year in self._axis.years for total in _to_date(contents[year], None)]


def as_numbers(contents: Contents) -> list[int]:
    """What is unknown, a choice or a stated absence counts 0."""
    # By class, not isinstance: this runs over every cell of a series.
    return [content if content.__class__ is int else 0 for content in contents]


def _carry(contents: Contents, baseline: Content | None) -> Contents:
    if None not in contents:
        return contents
    carried: Contents = []
    newest = baseline
    for content in contents:
        newest = newest if content is None else content
        carried.append(newest)
    return carried


def _to_date(contents: Contents, baseline: Content | None) -> Contents:
    """Running sums; None until something is recorded."""
    start = baseline if isinstance(baseline, int) else 0
    sums: Contents = [*accumulate(as_numbers(contents), initial=start)]
    del sums[0]
    if baseline is not None or None not in contents:
        return sums
    first = next((place for place, content in enumerate(contents) if content is not None), len(contents))
    return [None] * first + sums[first:]


def _sum(left: Vector, right: Vector) -> Vector:
    return Vector(
        [_plus(a, b) for a, b in zip(left.contents, right.contents, strict=True)],
        [a + b for a, b in zip(left.missing, right.missing, strict=True)],
    )


def _plus(left: Content | None, right: Content | None) -> Content | None:
    """The sum of two numbers; a number beats a stated absence, which beats nothing."""
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    if isinstance(left, int) or right is None:
        return left
    return right if isinstance(right, int) or left is None else left
