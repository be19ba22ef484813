"""Months, quarters and years as the statistics know them. No clock: callers say which period they mean."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final

from xzdesk.core.errors import UserError

_PATTERN: Final = re.compile(r"(?P<year>20\d\d)(?:-(?P<month>0[1-9]|1[0-2])|Q(?P<quarter>[1-4]))?\Z", re.ASCII)


class PeriodKind(StrEnum):
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def months(self) -> int:
        """How many months one period of this kind spans."""
        return {PeriodKind.MONTH: 1, PeriodKind.QUARTER: 3, PeriodKind.YEAR: 12}[self]


class Period:
    """One month ``2026-10``, quarter ``2026Q3`` or year ``2026``, from 2000 to 2099.

    Ordered by the last month it spans, then by length, so that a year comes after its December. Immutable; there
    is one object per period, so equality is identity and hashing costs nothing (statistics look up hundreds of
    thousands). ``str`` is the canonical text that is stored and exchanged.
    """

    __slots__ = ("_order", "_text", "index", "kind", "last_month", "year")

    _order: tuple[int, int]
    _text: str
    kind: PeriodKind
    year: int
    index: int
    """1-based position within the year: month 1-12, quarter 1-4, year 1."""
    last_month: int
    """Months since year 0 of the last month spanned; the key by which periods are compared."""

    def __new__(cls, kind: PeriodKind, year: int, index: int = 1) -> Period:
        """Raises ``ValueError`` for a period that does not exist."""
        known = _INTERNED.get((kind, year, index))
        if known is not None:
            return known
        kind = PeriodKind(kind)
        if not 1 <= index <= 12 // kind.months or not 2000 <= year <= 2099:
            raise ValueError(f"no such period: {kind} {year} {index}")
        period = super().__new__(cls)
        last_month = year * 12 + index * kind.months - 1
        texts = {PeriodKind.MONTH: f"{year}-{index:02}", PeriodKind.QUARTER: f"{year}Q{index}"}
        content = {
            "kind": kind,
            "year": int(year),
            "index": int(index),
            "last_month": last_month,
            "_order": (last_month, kind.months),
            "_text": texts.get(kind, str(year)),
        }
        for name, value in content.items():
            object.__setattr__(period, name, value)
        # Two threads may both have made it: the first one kept is the one.
        return _INTERNED.setdefault((kind, year, index), period)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a Period does not change")

    def __delattr__(self, name: str) -> None:
        raise AttributeError("a Period does not change")

    def __reduce__(self) -> tuple[type[Period], tuple[PeriodKind, int, int]]:
        return Period, (self.kind, self.year, self.index)

    def __copy__(self) -> Period:
        return self

    def __deepcopy__(self, memo: object) -> Period:
        return self

    @staticmethod
    def month(year: int, month: int) -> Period:
        return Period(PeriodKind.MONTH, year, month)

    @staticmethod
    def quarter(year: int, quarter: int) -> Period:
        return Period(PeriodKind.QUARTER, year, quarter)

    @staticmethod
    def of_year(year: int) -> Period:
        return Period(PeriodKind.YEAR, year)

    @staticmethod
    def parse(text: str) -> Period:
        """Read the canonical text. Raises ``UserError`` ``period.unreadable``."""
        return _parse(text)

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, (self.index - 1) * self.kind.months + 1, 1)

    @property
    def last_day(self) -> dt.date:
        month = self.index * self.kind.months
        return dt.date(self.year, month, calendar.monthrange(self.year, month)[1])

    @property
    def is_year_end(self) -> bool:
        return self.index * self.kind.months == 12

    def shift(self, steps: int) -> Period:
        """The period of the same kind ``steps`` later (negative: earlier). Raises ``ValueError`` outside 2000-2099."""
        per_year = 12 // self.kind.months
        ordinal = self.year * per_year + self.index - 1 + steps
        return Period(self.kind, ordinal // per_year, ordinal % per_year + 1)

    def latest(self, kind: PeriodKind) -> Period:
        """The newest period of ``kind`` that is complete at the end of this one, within any year.

        ``2026-10`` has ``2026Q3`` and ``2025``; ``2026-12`` has ``2026Q4`` and ``2026``. Raises ``ValueError``
        where that would lie before 2000.
        """
        ordinal = (self.last_month + 1) // kind.months - 1
        per_year = 12 // kind.months
        return Period(kind, ordinal // per_year, ordinal % per_year + 1)

    def containing(self, kind: PeriodKind) -> Period:
        """The period of ``kind`` into which the last month of this one falls."""
        month = self.last_month % 12
        return Period(kind, self.year, month // kind.months + 1)

    def end_month(self) -> Period:
        """The month with which this period ends; a month itself."""
        return Period(PeriodKind.MONTH, self.year, self.index * self.kind.months)

    def of_year_so_far(self) -> Iterator[Period]:
        """The periods of this kind from the year's first to this one."""
        for index in range(1, self.index + 1):
            yield Period(self.kind, self.year, index)

    def label(self) -> str:
        """How the interface writes it: 2026年10月, 2026年三季度, 2026年."""
        if self.kind is PeriodKind.MONTH:
            return f"{self.year}年{self.index}月"
        if self.kind is PeriodKind.QUARTER:
            return f"{self.year}年{'一二三四'[self.index - 1]}季度"
        return f"{self.year}年"

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"Period({self})"

    def __lt__(self, other: object) -> bool:
        return self._order < other._order if isinstance(other, Period) else NotImplemented

    def __le__(self, other: object) -> bool:
        return self._order <= other._order if isinstance(other, Period) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return self._order > other._order if isinstance(other, Period) else NotImplemented

    def __ge__(self, other: object) -> bool:
        return self._order >= other._order if isinstance(other, Period) else NotImplemented


_INTERNED: Final[dict[tuple[PeriodKind, int, int], Period]] = {}


@lru_cache(maxsize=1024)
def _parse(text: str) -> Period:
    match = _PATTERN.match(text)
    if match is None:
        raise UserError(
            "period.unreadable",
            f"认不出的期别“{text[:20]}”。",
            "月写成 2026-10，季写成 2026Q3，年写成 2026。",
        )
    year = int(match["year"])
    if match["month"]:
        return Period.month(year, int(match["month"]))
    if match["quarter"]:
        return Period.quarter(year, int(match["quarter"]))
    return Period.of_year(year)


def period_range(first: Period, last: Period) -> Iterator[Period]:
    """All periods of ``first``'s kind from ``first`` to those that end with ``last``; none if it is earlier."""
    steps = (last.last_month - first.last_month) // first.kind.months
    for step in range(steps + 1):
        yield first.shift(step)
