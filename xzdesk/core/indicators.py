"""指标: what the recorded cells add up to, for villages, towns and the district, month by month.

Exact throughout: sums are of scaled integers, shares are fractions, and each figure is rounded once, half up, to the
decimals of its indicator. How single columns are read over time, and what mergers do to them, is the matter of
``indicator_vectors``; plan targets, forecasts and rankings are made elsewhere from the figures computed here.

The seven formulas, over the units of the indicator's scope that exist at the month's end:

- ``sum_latest``: the newest stocks, added up. ``sum_in_year``: the flows of the year so far. ``sum_to_date``: the
  期初数 and every flow since. Several elements are added together.
- ``count_meeting``: how many units meet the condition. ``share_meeting``: they, over all units in scope. A unit of
  which too little is known to tell does not meet it, stays in the denominator, and its blank cells are missing.
- ``ratio``: sum of the numerators over sum of the denominators (flows over the year so far, stocks as they stand). A
  unit of which only one side is known is left out of both, so that a blank never moves the ratio by itself.
- ``reported``: as its office reports it; never added up.

The figure of a town is made from its villages and that of the district from its towns: for sums and counts they add
up exactly, for shares and ratios numerators and denominators do. Nobody's blank counts as a zero in silence: every
figure says how many units are known and how many cells are missing behind it, and a figure of which nothing is
known is None.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from xzdesk.core.expressions import parse
from xzdesk.core.indicator_climb import Climb, parent_at
from xzdesk.core.indicator_formulas import Line, own_lines, summed
from xzdesk.core.indicator_vectors import Frame
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import (
    Catalogue,
    FormulaKind,
    Indicator,
    Measure,
    OrgUnit,
)
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, PeriodKind, period_range


@dataclass(frozen=True, slots=True)
class Form:
    """What all figures of one indicator share: how sums of scaled integers become figures in its unit."""

    indicator: str
    decimals: int
    scale: Fraction
    above: int
    """Decimals by which the numerators are scaled."""
    below: int
    resets: bool

    @staticmethod
    def of(catalogue: Catalogue, indicator: Indicator) -> Form:
        counts = indicator.kind in (FormulaKind.SHARE_MEETING, FormulaKind.COUNT_MEETING)
        return Form(
            indicator=indicator.code,
            decimals=indicator.decimals,
            scale=indicator.scale,
            above=0 if counts else max(catalogue.elements[code].decimals for code in summed(indicator)),
            below=max((catalogue.elements[code].decimals for code in indicator.denominators), default=0),
            resets=resets(indicator, catalogue),
        )


@dataclass(frozen=True, slots=True)
class Figure:
    """One indicator at one unit in one month, with what it is made of.

    A series has tens of thousands of them: they hold the integers and compute the rest when asked.
    """

    form: Form
    unit: str
    period: Period
    """The month asked about."""
    as_of: Period
    """The newest complete period of the indicator's frequency: the figure stands as of its end (截至)."""
    above: int
    """The numerator, scaled."""
    below: int | None
    """The denominator, scaled; None where the formula has none."""
    known: int
    """Units of which something is recorded."""
    asked: int
    """Units in scope that exist at the month's end."""
    missing: int
    """Due cells that nobody recorded."""

    @property
    def indicator(self) -> str:
        return self.form.indicator

    @property
    def exact(self) -> Fraction | None:
        """In the indicator's unit, before rounding; None when nothing is known."""
        ratio = self._ratio()
        return None if ratio is None else Fraction(*ratio)

    @property
    def value(self) -> Decimal | None:
        """``exact``, rounded half up to the indicator's decimals."""
        ratio = self._ratio()
        return None if ratio is None else _round(*ratio, self.form.decimals)

    @property
    def numerator(self) -> Decimal:
        """What is added up, in the elements' own unit; of shares and counts the units that meet the condition."""
        return Decimal(self.above).scaleb(-self.form.above)

    @property
    def denominator(self) -> Decimal | None:
        """Of shares and ratios."""
        return None if self.below is None else Decimal(self.below).scaleb(-self.form.below)

    @property
    def resets(self) -> bool:
        """Whether the figure counts from January: before the year's last period it is 本年累计."""
        return self.form.resets

    def _ratio(self) -> tuple[int, int] | None:
        if not self.known or self.below == 0:
            return None
        form, below = self.form, self.below if self.below is not None else 1
        top = self.above * form.scale.numerator * 10**form.below
        bottom = below * form.scale.denominator * 10**form.above
        return (top, bottom) if bottom > 0 else (-top, -bottom)

    @property
    def due(self) -> bool:
        """False in the first months of a year in which nothing of a figure that counts from January has ended."""
        return not self.resets or self.as_of.year == self.period.year

    @property
    def final(self) -> bool:
        """Whether nothing of the year is still to come, for a figure that counts from January."""
        return not self.resets or (self.due and self.as_of.is_year_end)

    @property
    def basis(self) -> str:
        """For what time it stands, in words: 截至2026年三季度, 2026年1—10月累计, 2026年全年."""
        if not self.resets:
            return f"截至{self.as_of.label()}"
        if not self.due:
            return f"{self.period.year}年首期未到"
        if self.as_of.is_year_end:
            return f"{self.as_of.year}年全年"
        if self.as_of.kind is PeriodKind.MONTH:
            return f"{self.as_of.year}年1—{self.as_of.index}月累计" if self.as_of.index > 1 else self.as_of.label()
        return f"{self.as_of.year}年截至{self.as_of.label().removeprefix(f'{self.as_of.year}年')}累计"


class Panel:
    """The computed indicators of the units below (and with) one root, over consecutive months."""

    def __init__(self, catalogue: Catalogue, frame: Frame, root: OrgUnit) -> None:
        self.root = root
        self.months = frame.months
        self._catalogue = catalogue
        self._frame = frame
        self._position = {month: position for position, month in enumerate(frame.months)}
        self._as_of = {kind: [month.latest(kind) for month in frame.months] for kind in PeriodKind}
        self._lines: dict[str, dict[str, Line]] = {}
        self._made: dict[tuple[str, str], tuple[Figure, ...]] = {}
        self._forms: dict[str, Form] = {}

    @property
    def last(self) -> Period:
        return self.months[-1]

    @property
    def indicators(self) -> tuple[str, ...]:
        """Codes of the indicators that were computed, in the catalogue's order."""
        return tuple(self._lines)

    def units(self, indicator: str) -> tuple[str, ...]:
        """Codes of all units the indicator has a figure for; former units too, where their flows still count."""
        return tuple(self._lines.get(indicator, ()))

    def line(self, indicator: str, unit: str) -> tuple[Figure, ...]:
        """A figure for each month. Raises ``KeyError`` where the indicator does not apply to the unit."""
        key = (indicator, unit)
        if key not in self._made:
            self._lines[indicator][unit]  # KeyError before anything is made
            self._made[key] = tuple(self._make(indicator, unit, place) for place in range(len(self.months)))
        return self._made[key]

    def figure(self, indicator: str, unit: str, month: Period | None = None) -> Figure | None:
        """The figure of a month (default: the last); None where the indicator does not apply to the unit then."""
        line = self._lines.get(indicator, {}).get(unit)
        if line is None:
            return None
        position = self._position[month or self.last]
        if not (line.asked[position] or line.known[position] or line.missing[position]):
            return None
        made = self._made.get((indicator, unit))
        return made[position] if made is not None else self._make(indicator, unit, position)

    def _make(self, indicator: str, unit: str, position: int) -> Figure:
        line = self._lines[indicator][unit]
        return Figure(
            self._forms[indicator],
            unit,
            self.months[position],
            self._as_of[self._catalogue.indicators[indicator].frequency][position],
            line.numerators[position],
            line.denominators[position] if line.denominators else None,
            line.known[position],
            line.asked[position],
            line.missing[position],
        )

    def parts(self, indicator: str, unit: str, month: Period | None = None) -> tuple[Figure, ...]:
        """The figures of the units directly below, of which the unit's own is made.

        A village that was closed without a successor stands among them as long as its flows still count.
        """
        month = month or self.last
        below = (code for code in self.units(indicator) if self._parent(code, month) == unit)
        figures = (self.figure(indicator, code, month) for code in below)
        return tuple(figure for figure in figures if figure is not None)

    def _parent(self, code: str, month: Period) -> str:
        return parent_at(self._catalogue, self._frame.lineage, code, month)

    def _add(self, indicator: Indicator, lines: dict[str, Line]) -> None:
        self._lines[indicator.code] = lines
        self._forms[indicator.code] = Form.of(self._catalogue, indicator)


def compute(
    catalogue: Catalogue,
    observations: Observations,
    period: Period,
    lineage: Lineage,
    root: str | None = None,
) -> Panel:
    """All indicators at the end of the month ``period``. See ``series``."""
    return series(catalogue, observations, period, period, lineage, root)


def series(
    catalogue: Catalogue,
    observations: Observations,
    first: Period,
    last: Period,
    lineage: Lineage,
    root: str | None = None,
    indicators: Collection[str] | None = None,
) -> Panel:
    """All indicators (or those named) for every month from ``first`` to ``last``.

    ``root`` is the code of the office whose figures are wanted (default: the district); indicators that nobody at or
    below it records are left out. Raises ``ValueError`` for periods that are not months in order.
    """
    if first.kind is not PeriodKind.MONTH or last.kind is not PeriodKind.MONTH or first > last:
        raise ValueError("months in order are wanted")
    office = catalogue.units[root] if root is not None else catalogue.district
    frame = Frame(catalogue, observations, lineage, tuple(period_range(first, last)))
    panel = Panel(catalogue, frame, office)
    climb = Climb(frame, office)
    for indicator in catalogue.indicators.values():
        if indicators is not None and indicator.code not in indicators:
            continue
        lines = climb.up(indicator, own_lines(frame, indicator))
        if lines:
            panel._add(indicator, lines)
    return panel


def resets(indicator: Indicator, catalogue: Catalogue) -> bool:
    """Whether the figure counts from January on: a sum in the year, or made of sums in the year."""
    if indicator.frequency is PeriodKind.YEAR:
        return False
    if indicator.kind is FormulaKind.SUM_IN_YEAR:
        return True
    if indicator.kind is FormulaKind.RATIO:
        return any(catalogue.elements[code].measure is Measure.FLOW for code in indicator.elements)
    if indicator.kind in (FormulaKind.SHARE_MEETING, FormulaKind.COUNT_MEETING):
        return any(function == "ytd" for function, _ in parse(indicator.condition).calls)
    return False


def round_half_up(exact: Fraction, decimals: int) -> Decimal:
    """The rounding that every published figure gets: ties away from zero, as an office clerk does it."""
    return _round(exact.numerator, exact.denominator, decimals)


def _round(top: int, bottom: int, decimals: int) -> Decimal:
    """Of ``top / bottom``, ``bottom`` positive."""
    size = (2 * abs(top) * 10**decimals + bottom) // (2 * bottom)
    return Decimal(size if top >= 0 else -size).scaleb(-decimals)
