"""How one town stands in one indicator, and what the last months brought, as rates from 0 to 1 (see ``ranking``).

A rate never falls when a figure of the month rises (for indicators that are better low: when it falls).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.indicators import Figure, Panel, round_half_up
from xzdesk.core.model import Catalogue, FormulaKind, Indicator
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.core.target_split import adds_up
from xzdesk.core.targets import TargetLine

MONTHS: Final[Mapping[PeriodKind, tuple[int, ...]]] = {
    PeriodKind.MONTH: (1, 3),
    PeriodKind.QUARTER: (3,),
    PeriodKind.YEAR: (),
}
"""Over how many months 增量 is measured, by how often the indicator moves; the rates count alike."""

HISTORY: Final = 6
"""Months that a panel has to hold before the one that is ranked and its predecessor: a quarter, the one before it."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What the figures of one indicator at one town are held against."""

    line: TargetLine
    own: bool
    """Whether the targets are the town's own; else they are the district's."""


@dataclass(frozen=True, slots=True)
class Measure:
    """One scored indicator at one town. Figures are in the indicator's unit."""

    indicator: str
    weight: Decimal
    basis: str
    """For what time the figure stands, in words."""
    value: Decimal | None
    """As published; None when nothing is recorded."""
    numerator: Decimal
    denominator: Decimal | None
    asked: Decimal
    """What it is held against, rounded half up to the indicator's decimals."""
    gained: Decimal | None
    """What the last month (or quarter) brought; of shares the number of units."""
    missing: int
    """Due cells that nobody recorded."""
    steadied: bool
    """Whether the district's share is mixed in, since too few units count."""
    progress: Fraction
    increment: Fraction | None
    """None where there is nothing to compare with."""


def measure(catalogue: Catalogue, panel: Panel, yardstick: Yardstick, unit: str, month: Period) -> Measure | None:
    """None where the indicator does not count for the town in ``month``; the reasons stand in ``ranking``."""
    now = panel.figure(yardstick.line.indicator.code, unit, month)
    if now is None or not now.asked:
        return None
    return _Meter(catalogue, panel, yardstick, now).measure()


class _Meter:
    def __init__(self, catalogue: Catalogue, panel: Panel, yardstick: Yardstick, now: Figure) -> None:
        self._catalogue = catalogue
        self._panel = panel
        self._line = yardstick.line
        self._indicator: Indicator = yardstick.line.indicator
        self._now = now
        self._at = now.as_of.end_month()
        self._sign = 1 if self._indicator.higher_is_better else -1
        self._district = panel.figure(self._indicator.code, panel.root.code, now.period)
        self._step = now.form.scale * Fraction(10**now.form.below, 10**now.form.above * (now.below or 1))
        """The least by which the figure can move: one village, one 户, one place per thousand residents."""
        self._part = Fraction(1)
        if not yardstick.own and adds_up(self._indicator) and self._district is not None:
            self._part = Fraction(now.asked, self._district.asked)

    def measure(self) -> Measure | None:
        now, indicator = self._now, self._indicator
        asked = self._asked() if self._judged() else None
        if asked is None or (now.known and now.exact is None):
            return None
        value = self._steadied()
        return Measure(
            indicator=indicator.code,
            weight=self._catalogue.ranking.indicator_weights[indicator.code],
            basis=now.basis,
            value=now.value,
            numerator=now.numerator,
            denominator=now.denominator,
            asked=round_half_up(asked, indicator.decimals),
            gained=self._gained(),
            missing=now.missing,
            steadied=value != now.exact,
            progress=self._progress(value, asked),
            increment=self._increment(asked),
        )

    def _judged(self) -> bool:
        now = self._now
        if self._indicator.compare_element or self._indicator.limit is not None:
            return False
        in_plan = self._at.year >= self._catalogue.first_year
        return in_plan and now.due and (now.final or not self._line.year_end_only)

    def _asked(self) -> Fraction | None:
        """At the time of the figure; None where nothing is asked (or less than one, of what is counted)."""
        reference = self._line.at(self._at)
        if reference is None:
            return None
        asked = self._due_part(reference.exact)
        return asked if asked > 0 or not self._indicator.higher_is_better else None

    def _due_part(self, exact: Fraction) -> Fraction:
        """Of sums and counts in whole steps: half a village cannot be built."""
        if not adds_up(self._indicator):
            return exact
        steps = exact * self._part / self._step
        return (math.floor(steps) if self._indicator.higher_is_better else math.ceil(steps)) * self._step

    def _steadied(self) -> Fraction | None:
        """A share over few units, filled up with the district's; not of a town that has nothing left to do."""
        now, district, full = self._now, self._district, self._catalogue.ranking.small_denominator
        few = self._indicator.kind is FormulaKind.SHARE_MEETING and (now.below or 0) < full
        if not few or now.exact is None or now.below is None or district is None or district.exact is None:
            return now.exact
        if now.above == (now.below if self._indicator.higher_is_better else 0):
            return now.exact
        return (now.below * now.exact + (full - now.below) * district.exact) / full

    def _progress(self, value: Fraction | None, asked: Fraction) -> Fraction:
        if value is None:
            return Fraction(0)
        if self._sign * (value - asked) >= 0:
            rate = Fraction(1)
        elif self._indicator.higher_is_better:
            rate = max(value / asked, Fraction(0))
        else:
            rate = max(asked / value, Fraction(0))
        if self._indicator.kind is FormulaKind.RATIO and self._now.missing:
            rate *= Fraction(self._now.known, max(self._now.asked, self._now.known))
        return rate

    def _increment(self, asked: Fraction) -> Fraction | None:
        now = self._now
        if self._line.year_end_only or (now.resets and self._indicator.kind is not FormulaKind.SUM_IN_YEAR):
            return None
        found = (self._brought(months, asked) for months in MONTHS[self._indicator.frequency])
        rates = [rate for rate in found if rate is not None]
        return sum(rates, Fraction(0)) / len(rates) if rates else None

    def _brought(self, months: int, asked: Fraction) -> Fraction | None:
        """What came in these months, over what had to come; None where it is unknown how things stood before."""
        months, start = self._before(months)
        if start is None:
            return None
        exact = self._now.exact
        if exact is None:
            return Fraction(0)
        if self._sign * (exact - asked) >= 0:
            return Fraction(1)
        gain = self._sign * (exact - start)
        if gain < 0:
            return Fraction(0)
        needed = math.floor(self._needed(start, months, asked) / self._step) * self._step
        return Fraction(1) if needed <= 0 else min(gain / needed, Fraction(1))

    def _needed(self, start: Fraction, months: int, asked: Fraction) -> Fraction:
        """To stand at the reference, or the months' share of what lacked to the year-end's: whichever is less."""
        to_line = self._sign * (asked - start)
        year_end = self._line.at_year_end(self._at.year)
        if year_end is None:
            return to_line
        left = 12 - self._at.index + months
        return min(to_line, self._sign * (self._due_part(year_end.exact) - start) * months / left)

    def _before(self, months: int) -> tuple[int, Fraction | None]:
        """How things stood so many months earlier; what counts from January began with 0."""
        if self._now.resets and months >= self._at.index:
            return self._at.index, Fraction(0)
        figure = self._earlier(months)
        return months, None if figure is None else figure.exact

    def _earlier(self, months: int) -> Figure | None:
        month = self._at.shift(-months)
        if not self._panel.months[0] <= month <= self._panel.last:
            return None
        return self._panel.figure(self._indicator.code, self._now.unit, month)

    def _gained(self) -> Decimal | None:
        shortest = MONTHS[self._indicator.frequency][:1]
        now = self._now
        if not shortest or now.exact is None or (now.resets and self._indicator.kind is not FormulaKind.SUM_IN_YEAR):
            return None
        before = self._earlier(shortest[0])
        if self._indicator.kind is FormulaKind.SHARE_MEETING:
            return None if before is None or not before.known else now.numerator - before.numerator
        start = self._before(shortest[0])[1]
        return None if start is None else round_half_up(now.exact - start, self._indicator.decimals)
