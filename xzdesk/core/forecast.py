"""预测: where a figure will stand at a year's end if things go on as they did, always with its basis in words.

Four ways, by what the figure is; each refuses, and says why, where there is too little to go by:

- Rows that build up: the mean monthly change of the last 12 months (at least 6), carried on in a straight line.
- Rows that count from January: last year's share of the year at the same point (季节比重). Without a usable last year
  the mean month of this one, once half of it is over.
- Shares and counts over a condition on the year so far: what last year brought from this point to its end is added.
- Ratios of the year's flows stay where they are.

Shares end at their whole (100 %), counts of units at all units. Reported rows are other offices' business.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.indicators import Figure, round_half_up
from xzdesk.core.model import FormulaKind, Indicator
from xzdesk.core.periods import Period, PeriodKind

LONGEST: Final = 12
"""Months over which the mean change is taken: a whole year, so that no season counts twice."""
SHORTEST: Final = 6
"""Fewer months than this are chance, not a trend."""
LEAST_SHARE: Final = Fraction(1, 20)
"""A season in which last year had less than 5 % of its figure would magnify any chance twentyfold."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """``exact`` and ``value`` are None when it is refused; ``basis`` then says why."""

    until: Period
    exact: Fraction | None
    value: Decimal | None
    basis: str

    @property
    def refused(self) -> bool:
        return self.exact is None


def forecast(indicator: Indicator, line: Sequence[Figure], until: Period | None = None) -> Forecast:
    """From the figures of consecutive months (the last one is today's) to the December ``until``.

    Default: of the last figure's year. Rows that count from January can only be foreseen for their own year.
    """
    newest = line[-1]
    end = until or Period.month(newest.period.year, 12)
    try:
        exact, basis = _extrapolate(indicator, line, end)
    except _Refused as refused:
        return Forecast(end, None, None, refused.reason)
    limit = _limit(indicator, newest)
    if limit is not None and exact > limit:
        exact, basis = limit, f"{basis}，以 {_text(limit, indicator)} 为限"
    if indicator.kind is not FormulaKind.REPORTED and exact < 0:
        exact, basis = Fraction(0), f"{basis}，不低于零"
    if newest.missing:
        basis += f"（尚缺{newest.missing}格，未计入）"
    return Forecast(end, exact, round_half_up(exact, indicator.decimals), f"{basis}。")


class _Refused(Exception):  # noqa: N818 - not an error: there is too little to go by
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _extrapolate(indicator: Indicator, line: Sequence[Figure], end: Period) -> tuple[Fraction, str]:
    newest = line[-1]
    if indicator.kind is FormulaKind.REPORTED:
        raise _Refused("由主管部门报送，不作预测。")
    if indicator.frequency is PeriodKind.YEAR:
        raise _Refused("每年只有一个数，不作预测。")
    if newest.exact is None:
        raise _Refused("本期没有数据，无法预测。" if newest.due else "本年还没有到期的数，无法预测。")
    if newest.resets and end.year != newest.period.year:
        raise _Refused("每年从零累计的指标只预测当年。")
    if indicator.kind is FormulaKind.SUM_IN_YEAR:
        return _seasonal(line, newest.exact)
    if newest.resets and indicator.kind is FormulaKind.RATIO:
        return newest.exact, "按本年累计水平推算"
    if newest.resets:
        return _as_last_year(indicator, line, newest.exact)
    return _straight_on(indicator, line, newest.exact, end)


def _straight_on(indicator: Indicator, line: Sequence[Figure], now: Fraction, end: Period) -> tuple[Fraction, str]:
    newest = line[-1]
    step = indicator.frequency.months
    earlier = {figure.as_of.last_month: figure.exact for figure in line if figure.exact is not None}
    months = next(
        (span for span in range(LONGEST, 0, -step) if newest.as_of.last_month - span in earlier),
        0,
    )
    if months < SHORTEST:
        raise _Refused(f"可比的数据只有{months}个月，不足{SHORTEST}个月，无法预测。")
    change = (now - (earlier[newest.as_of.last_month - months] or 0)) / months
    left = end.last_month - newest.as_of.last_month
    shown = _text(change, indicator, finer=2)
    sign = "增加" if change >= 0 else "减少"
    return (
        now + change * left,
        f"近{months}个月每月平均{sign} {shown.removeprefix('-')} {_step_unit(indicator)}，照此直线推算",
    )


def _seasonal(line: Sequence[Figure], now: Fraction) -> tuple[Fraction, str]:
    newest = line[-1]
    if newest.as_of.is_year_end:
        return now, "全年已定"
    last_year = _last_year(line)
    if last_year is not None:
        then, whole = last_year
        if whole > 0 and then / whole >= LEAST_SHARE:
            share = round_half_up(then / whole * 100, 1)
            return now * whole / then, f"去年同期占全年的 {share}%，照此推算"
    passed = _months_passed(newest)
    if passed < SHORTEST:
        raise _Refused("去年没有可比的数，今年还不到半年，无法预测。")
    return now * 12 / passed, f"按今年前{passed}个月的月均推算，未计季节差别"


def _as_last_year(indicator: Indicator, line: Sequence[Figure], now: Fraction) -> tuple[Fraction, str]:
    if line[-1].as_of.is_year_end:
        return now, "全年已定"
    last_year = _last_year(line)
    if last_year is None:
        raise _Refused("年内累计判定的指标须参照去年，去年没有可比的数，无法预测。")
    then, whole = last_year
    gained = _text(whole - then, indicator)
    return now + whole - then, f"按去年同期到年末的变化（{gained} {_step_unit(indicator)}）推算"


def _last_year(line: Sequence[Figure]) -> tuple[Fraction, Fraction] | None:
    """Last year's figure at this point, and of its whole; None unless both are known without a blank."""
    newest = line[-1]
    year = newest.as_of.year - 1
    found: dict[int, Figure] = {f.as_of.index: f for f in line if f.due and f.as_of.year == year}
    then, whole = found.get(newest.as_of.index), found.get(12 // newest.as_of.kind.months)
    if then is None or whole is None or then.exact is None or whole.exact is None or whole.missing:
        return None
    return then.exact, whole.exact


def _months_passed(figure: Figure) -> int:
    return figure.as_of.index * figure.as_of.kind.months


def _limit(indicator: Indicator, figure: Figure) -> Fraction | None:
    """The most the figure can be."""
    if indicator.kind is FormulaKind.SHARE_MEETING:
        return indicator.scale
    if indicator.kind is FormulaKind.COUNT_MEETING:
        return figure.asked * indicator.scale
    if indicator.kind is FormulaKind.RATIO and indicator.unit == "%":
        return Fraction(100)
    return None


def _step_unit(indicator: Indicator) -> str:
    """Of a difference of two figures."""
    return "个百分点" if indicator.unit == "%" else indicator.unit


def _text(exact: Fraction, indicator: Indicator, finer: int = 0) -> str:
    """Without a fraction of noughts: 1.2, not 1.20."""
    rounded = round_half_up(exact, indicator.decimals + finer)
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if finer and "." in text else text
