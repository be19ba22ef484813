"""目标: what the plan asks for, what it would ask for between its published years, and how a figure stands to it.

The plan publishes targets for a few years. Everything between is interpolated here and marked as 参考 (reference),
never as a target. Splitting targets to towns is in ``target_split``; forecasts in ``forecast``.

The reference line of an indicator at a month's end:

- Rows that build up (stocks, sums to date, shares): the straight line from one published year-end to the next; before
  the first one from the 期初 figure at the end of the baseline year, where that is known, else there is none.
- Rows that count from January (sums in the year): the year's own target, or the interpolation of its neighbours for a
  year without one, times the part of the year that has passed.
- Shares and counts over a condition on the year so far (``ytd``) can only be judged when the year is complete: how
  many villages have reached a yearly amount by June says nothing simple about December. Their reference is that of
  the year-end, and before it the state is 年末评定 unless the reference is reached already.
- "-" instead of a later target: the last published one stays the reference; not so for rows that ask for something in
  each year by itself (``annual``), which then ask for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from xzdesk.core.indicators import Figure, resets, round_half_up
from xzdesk.core.model import Catalogue, FormulaKind, Indicator, Target
from xzdesk.core.observations import Observations, to_value
from xzdesk.core.periods import Period, PeriodKind

NEAR: Final = Fraction(95, 100)
"""At 95 % of the reference or more a figure is 略慢, below 落后: half a month of an even year's work is 4.2 %, so
that a village accepted two weeks late does not turn a row red."""


class Origin(StrEnum):
    """Where a reference comes from; only ``PUBLISHED`` may be called a target."""

    PUBLISHED = "published"
    INTERPOLATED = "interpolated"
    KEPT = "kept"
    """The last published target, kept because the plan prints "-" after it or has ended."""
    YEAR_PART = "year_part"
    """Part of a year's target, by the time that has passed."""
    COMPARED = "compared"
    """Another figure that the plan's text compares with, or the limit it names."""


ORIGIN_WORDS: Final = {
    Origin.PUBLISHED: "目标",
    Origin.INTERPOLATED: "参考（内插）",
    Origin.KEPT: "参考（沿用）",
    Origin.YEAR_PART: "参考（按时间进度）",
    Origin.COMPARED: "参考（文字目标）",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """What a figure is held against at the end of ``period``."""

    period: Period
    exact: Fraction
    value: Decimal
    """Rounded half up to the indicator's decimals."""
    origin: Origin

    @property
    def is_target(self) -> bool:
        return self.origin is Origin.PUBLISHED

    @property
    def words(self) -> str:
        return ORIGIN_WORDS[self.origin]


class TargetLine:
    """The published targets of one indicator at one unit, and the reference line between them."""

    def __init__(
        self, catalogue: Catalogue, indicator: Indicator, targets: Iterable[Target], start: Fraction | None = None
    ) -> None:
        """``start`` is the figure at the end of the baseline year, where it is known (see ``starting_figure``)."""
        self.indicator = indicator
        self.published = tuple(sorted(targets, key=lambda target: target.year))
        self.from_january = resets(indicator, catalogue) and indicator.kind is FormulaKind.SUM_IN_YEAR
        self.year_end_only = resets(indicator, catalogue) and indicator.kind in (
            FormulaKind.SHARE_MEETING,
            FormulaKind.COUNT_MEETING,
        )
        self._numbers = [(t.year, Fraction(t.value)) for t in self.published if t.value is not None]
        if start is not None and self._numbers and not self.from_january:
            self._numbers.insert(0, (catalogue.baseline_year, start))
        self._has_start = start is not None and not self.from_january
        self._baseline_year = catalogue.baseline_year

    @property
    def text(self) -> str:
        """The plan's words where it gives no figure (与经济增长基本同步, 1.50左右), else empty."""
        texts = [t.text for t in self.published if t.value is None and t.text not in ("-", "")]
        return texts[-1] if texts else ""

    def target(self, year: int) -> Target | None:
        """The published one of that year, perhaps "-"."""
        return next((target for target in self.published if target.year == year), None)

    def next_target(self, year: int) -> Target | None:
        """The first published figure for ``year`` or later; the last one that was, if none follows and it is kept."""
        numbers = [target for target in self.published if target.value is not None]
        later = [target for target in numbers if target.year >= year]
        if later:
            return later[0]
        return numbers[-1] if numbers and not self.indicator.annual else None

    def at_year_end(self, year: int) -> Reference | None:
        """What the year as a whole is held against."""
        found = self._of_year(year)
        return None if found is None else self._reference(Period.month(year, 12), *found)

    def at(self, month: Period) -> Reference | None:
        """What a figure as of the end of ``month`` is held against; None where the plan asks for nothing."""
        if month.index == 12 or self.year_end_only:
            found = self._of_year(month.year)
        elif self.from_january:
            whole = self._of_year(month.year)
            found = None if whole is None else (whole[0] * month.index / 12, Origin.YEAR_PART)
        else:
            before, after = self._of_year(month.year - 1), self._of_year(month.year)
            found = None
            if after is not None and after[1] is Origin.KEPT:
                found = after
            elif before is not None and after is not None:
                found = (before[0] + (after[0] - before[0]) * month.index / 12, Origin.INTERPOLATED)
        return None if found is None else self._reference(month, *found)

    def _of_year(self, year: int) -> tuple[Fraction, Origin] | None:
        printed = self.target(year)
        if self.indicator.annual and printed is not None and printed.value is None:
            return None
        earlier = [(y, value) for y, value in self._numbers if y <= year]
        later = [(y, value) for y, value in self._numbers if y >= year]
        if earlier and later:
            (first, low), (last, high) = earlier[-1], later[0]
            if first == last:
                known = year == self._baseline_year and self._has_start
                return low, Origin.INTERPOLATED if known else Origin.PUBLISHED
            return low + (high - low) * Fraction(year - first, last - first), Origin.INTERPOLATED
        if earlier and not self.indicator.annual:
            return earlier[-1][1], Origin.KEPT
        return None

    def _reference(self, period: Period, exact: Fraction, origin: Origin) -> Reference:
        return Reference(period, exact, round_half_up(exact, self.indicator.decimals), origin)


class State(StrEnum):
    """How a figure stands; the words are those of the interface."""

    REACHED = "reached"
    ON_PACE = "on_pace"
    NEAR = "near"
    BEHIND = "behind"
    AT_YEAR_END = "at_year_end"
    NOT_DUE = "not_due"
    NO_TARGET = "no_target"
    NO_DATA = "no_data"


STATE_WORDS: Final = {
    State.REACHED: "达到",
    State.ON_PACE: "跟得上",
    State.NEAR: "略慢",
    State.BEHIND: "落后",
    State.AT_YEAR_END: "年末评定",
    State.NOT_DUE: "未到期",
    State.NO_TARGET: "无目标",
    State.NO_DATA: "缺数",
}

STATE_RULES: Final = (
    "达到：已达到本年年末的目标或参考。",
    "跟得上：不低于当月的参考（参考先舍去不足一个末位的零头，半个村不能算数）。",
    "略慢：不低于当月参考的95%，或按个数计的只差1个。",
    "落后：低于以上。越低越好的指标反过来比。",
    "年末评定：按全年累计数判定的占比或个数，年度未完不下结论。",
    "未到期：按季累计的指标，年初第一个季度未结束。",
)
"""As printed beside the table of indicators."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One figure against what is asked for."""

    figure: Figure
    text: str
    """The plan's text target, else empty."""
    reference: Reference | None
    """At the time for which the figure stands (its ``as_of``)."""
    year_end: Reference | None
    """At the end of that year."""
    next_target: Target | None
    """The next published figure."""
    completion: Fraction | None
    """The figure over the next published target; may exceed 1."""
    pace: Fraction | None
    """The figure over the reference; at least 1 is on pace (for lower-is-better rows the other way round)."""
    lacking: Decimal | None
    """What is missing to the year-end's reference, in the indicator's unit, rounded half up; 0 when reached."""
    monthly: Decimal | None
    """What each month left of the year has to bring for that (one decimal more than the indicator); None when there
    is nothing left to bring or no month to do it in."""
    state: State

    @property
    def words(self) -> str:
        return STATE_WORDS[self.state]


def judge(line: TargetLine, figure: Figure, compared: Decimal | None = None) -> Standing:
    """Hold ``figure`` against its line. ``compared`` is what its text target compares with."""
    indicator, exact = line.indicator, figure.exact
    if indicator.compare_element or indicator.limit is not None:
        return _judge_text(line, figure, compared)
    as_of = figure.as_of.containing(PeriodKind.MONTH) if figure.due else figure.period
    reference, year_end = line.at(as_of), line.at_year_end(as_of.year)
    goal = line.next_target(as_of.year)
    lacking = None if exact is None or year_end is None else _lacking(indicator, exact, year_end.exact)
    return Standing(
        figure=figure,
        text=line.text,
        reference=reference,
        year_end=year_end,
        next_target=goal,
        completion=_over(exact, None if goal is None or goal.value is None else Fraction(goal.value)),
        pace=None if reference is None else _pace(indicator, exact, reference.exact),
        lacking=None if lacking is None else round_half_up(lacking, indicator.decimals),
        monthly=_monthly(indicator, lacking, as_of),
        state=_state(line, figure, reference, year_end),
    )


def compared_with(
    catalogue: Catalogue, observations: Observations, indicator: Indicator, unit: str, month: Period
) -> Decimal | None:
    """What a text target compares with: ``compare_element`` of the very period for which the indicator stands.

    None while that period of the other figure is not recorded: growth of two different quarters says nothing.
    """
    own = observations.column(indicator.elements[0], unit)
    element = catalogue.elements[indicator.compare_element]
    period = month.latest(catalogue.elements[indicator.elements[0]].frequency)
    while period.year >= catalogue.first_year:
        if period in own:
            content = observations.get(element.code, unit, period)
            return None if content is None else to_value(element, content).number
        period = period.shift(-1)
    return None


def starting_figure(catalogue: Catalogue, indicator: Indicator, figure: Figure | None) -> Fraction | None:
    """Where the reference line begins: the figure at the end of the baseline year, if every unit's is known.

    ``figure`` is that of December of the baseline year. A sum to date of elements without 期初数 begins at 0, by
    its definition.
    """
    if indicator.kind is FormulaKind.SUM_TO_DATE and not any(
        catalogue.elements[code].baseline for code in indicator.elements
    ):
        return Fraction(0)
    if figure is None or figure.missing or figure.known < figure.asked:
        return None
    return figure.exact


def _judge_text(line: TargetLine, figure: Figure, compared: Decimal | None) -> Standing:
    """Rows whose target is text: met within the tolerance of the compared figure, or within the limit."""
    indicator = line.indicator
    against = indicator.limit if indicator.limit is not None else compared
    reference = None
    if against is not None:
        reference = Reference(
            figure.as_of.containing(PeriodKind.MONTH), Fraction(against), Decimal(against), Origin.COMPARED
        )
    state = State.NO_DATA
    if figure.value is not None and reference is not None:
        slack = Decimal(0) if indicator.limit is not None else indicator.tolerance
        gap = figure.value - reference.value if indicator.higher_is_better else reference.value - figure.value
        state = State.REACHED if gap >= -slack else State.BEHIND
    return Standing(figure, line.text, reference, None, None, None, None, None, None, state)


def _state(line: TargetLine, figure: Figure, reference: Reference | None, year_end: Reference | None) -> State:
    indicator, exact = line.indicator, figure.exact
    if year_end is None and reference is None:
        return State.NO_TARGET
    if exact is None:
        return State.NO_DATA if figure.due else State.NOT_DUE
    if year_end is not None and _meets(indicator, exact, year_end.exact):
        return State.REACHED
    if line.year_end_only and not figure.final:
        return State.AT_YEAR_END
    if reference is None:
        return State.NO_TARGET
    if _meets(indicator, exact, reference.exact):
        return State.ON_PACE
    pace = _pace(indicator, exact, reference.exact)
    one_short = indicator.decimals == 0 and _lacking(indicator, exact, reference.exact) <= 1
    return State.NEAR if one_short or (pace is not None and pace >= NEAR) else State.BEHIND


def _meets(indicator: Indicator, exact: Fraction, asked: Fraction) -> bool:
    """Whether the figure, as published, is what is asked for."""
    shown = Fraction(round_half_up(exact, indicator.decimals))
    asked = _whole(indicator, asked)
    return shown >= asked if indicator.higher_is_better else shown <= asked


def _whole(indicator: Indicator, asked: Fraction) -> Fraction:
    """What is asked, less the part of a last decimal that no figure can show: half a village cannot be built."""
    size = 10**indicator.decimals
    scaled = asked * size
    return Fraction(math.floor(scaled) if indicator.higher_is_better else math.ceil(scaled), size)


def _lacking(indicator: Indicator, exact: Fraction, asked: Fraction) -> Fraction:
    gap = _whole(indicator, asked) - exact
    return max(gap if indicator.higher_is_better else -gap, Fraction(0))


def _over(exact: Fraction | None, asked: Fraction | None) -> Fraction | None:
    return None if exact is None or not asked else exact / asked


def _pace(indicator: Indicator, exact: Fraction | None, asked: Fraction) -> Fraction | None:
    if exact is None:
        return None
    if indicator.higher_is_better:
        return _over(exact, asked)
    return _over(asked, exact)


def _monthly(indicator: Indicator, lacking: Fraction | None, as_of: Period) -> Decimal | None:
    left = 12 - as_of.index
    if not lacking or not left or indicator.frequency is PeriodKind.YEAR:
        return None
    return round_half_up(lacking / left, indicator.decimals + 1)
