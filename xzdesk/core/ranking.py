"""排名: how towns are scored against each other in a month, by rules that are published with every ranking.

``rules_text`` says the rules in Chinese, with the points and numbers in force; this docstring says why.

- Only indicators with a weight in the catalogue count, and for a town only those that apply to it (subdistricts
  without administrative villages have none of their shares) and for which a target is split to it (shares: the
  district's own). The points of a part are spread over what applies, so nobody loses by what it cannot have.
- 进度: the figure over the reference of the same time, at most 1. An indicator that applies but of which nothing is
  recorded counts 0, or it would pay not to report. What the year only decides at its end, and what is not due yet,
  is left out for everybody alike.
- A share over few villages jumps: with one village it is 0 or 100. Below ``small_denominator`` villages the missing
  ones are filled up with the district's share, so that one village moves no town by more than 1 over that number.
- 增幅: what the last three months brought over what the reference asked in them, at most 1; 1 where the year-end's
  reference is reached. Three months, since most counts move a few times a year. Where there is no history to compare,
  the town's rate of 进度 stands in.
- 质量: cells recorded and not sent back, over cells due. A wrong figure costs five blank ones: a blank is seen, a
  wrong one has to be found.
- 按时: full on the due day, a fifth less for each day late, nothing without a submission.
- Points are rounded to one decimal before they are added: what is printed adds up, and decides. Equal totals share a
  place (1, 2, 2, 4); among them stands first who has more 进度, then more 增幅, then the catalogue's order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.indicators import Figure, Panel, round_half_up
from xzdesk.core.model import Catalogue, FormulaKind, Indicator, RankingRules
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.core.targets import Reference, TargetLine

WINDOW: Final = 3
"""Months over which 增幅 is measured."""
RETURNED_COSTS: Final = 5
"""Blank cells that one returned cell weighs."""
DAYS_TO_NOTHING: Final = 5
"""Days late after which 按时 has no points."""
DIGITS: Final = 1
"""Decimals of all points."""


class Part(StrEnum):
    PROGRESS = "progress"
    INCREMENT = "increment"
    QUALITY = "quality"
    TIMELINESS = "timeliness"


PART_WORDS: Final[Mapping[Part, str]] = {
    Part.PROGRESS: "进度",
    Part.INCREMENT: "增幅",
    Part.QUALITY: "质量",
    Part.TIMELINESS: "按时",
}


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a town handed the month in."""

    asked: int
    """Cells due from it and its villages."""
    missing: int
    returned: int
    """Cells and rows of the month that were sent back, mended since or not."""
    days_late: int | None
    """0 on time; None when nothing has been handed in."""


@dataclass(frozen=True, slots=True)
class Item:
    """One indicator in one town's score. A rate is None where that part does not count it."""

    indicator: str
    weight: Decimal
    progress: Fraction | None
    increment: Fraction | None
    points: Mapping[Part, Fraction]
    """What it brings to 进度 and 增幅, unrounded; over all items they add up to the part."""


@dataclass(frozen=True, slots=True)
class Score:
    unit: str
    place: int
    total: Decimal
    parts: Mapping[Part, Decimal]
    items: tuple[Item, ...]
    conduct: Conduct
    flag: bool
    """红旗."""
    snail: bool
    """蜗牛."""


@dataclass(frozen=True, slots=True)
class Ranking:
    period: Period
    weights: Mapping[Part, Decimal]
    scores: tuple[Score, ...]
    """By place, then in the stated order."""
    unranked: tuple[str, ...]
    """Towns to which no scored indicator applies."""

    def of(self, unit: str) -> Score | None:
        return next((score for score in self.scores if score.unit == unit), None)


def part_weights(rules: RankingRules, changed: Mapping[str, Decimal] | None = None) -> dict[Part, Decimal]:
    """Points of the parts in force, or of a what-if. Raises ``UserError`` ``rank.weights``."""
    given = rules.weights if changed is None else changed
    weights = {part: Decimal(given.get(part, 0)) for part in Part}
    sound = all(weight.is_finite() and weight >= 0 for weight in weights.values())
    if set(given) - set(Part) or not sound or sum(weights.values()) != 100:
        shown = "、".join(f"{PART_WORDS[part]} {weight}" for part, weight in weights.items())
        raise UserError(
            "rank.weights", f"各部分的分值合计应为100，现为：{shown}。", "请调整进度、增幅、质量、按时四项，都不小于0。"
        )
    return weights


def rank(
    catalogue: Catalogue,
    panel: Panel,
    lines: Mapping[tuple[str, str], TargetLine],
    conducts: Mapping[str, Conduct],
    weights: Mapping[str, Decimal] | None = None,
) -> Ranking:
    """Score the towns named in ``conducts`` at the panel's last month.

    ``panel`` should begin at least a year earlier, for 增幅; ``lines`` by (indicator, town). ``weights`` instead of
    the catalogue's: a what-if. Raises ``UserError`` ``rank.weights``.
    """
    parts = part_weights(catalogue.ranking, weights)
    scored = [_score(catalogue, panel, lines, unit, conduct, parts) for unit, conduct in conducts.items()]
    order = {code: position for position, code in enumerate(catalogue.units)}
    ranked = sorted(
        (score for score in scored if score is not None),
        key=lambda s: (-s.total, -s.parts[Part.PROGRESS], -s.parts[Part.INCREMENT], order[s.unit]),
    )
    totals = [score.total for score in ranked]
    placed = tuple(_placed(score, totals, catalogue.ranking) for score in ranked)
    named = {score.unit for score in placed}
    return Ranking(panel.last, parts, placed, tuple(unit for unit in conducts if unit not in named))


def _placed(score: Score, totals: Sequence[Decimal], rules: RankingRules) -> Score:
    place = sum(total > score.total for total in totals) + 1
    from_behind = sum(total < score.total for total in totals) + 1
    flag = place <= rules.red_flags
    return Score(
        unit=score.unit,
        place=place,
        total=score.total,
        parts=score.parts,
        items=score.items,
        conduct=score.conduct,
        flag=flag,
        snail=not flag and from_behind <= rules.snails,
    )


def _score(
    catalogue: Catalogue,
    panel: Panel,
    lines: Mapping[tuple[str, str], TargetLine],
    unit: str,
    conduct: Conduct,
    parts: Mapping[Part, Decimal],
) -> Score | None:
    rates: list[tuple[str, Decimal, Fraction | None, Fraction | None]] = []
    for code, weight in catalogue.ranking.indicator_weights.items():
        line = lines.get((code, unit))
        if line is None or weight <= 0:
            continue
        meter = _Meter(catalogue, panel, line, unit)
        rates.append((code, weight, meter.progress(), meter.increment()))
    progress = _mean([(weight, rate) for _, weight, rate, _ in rates])
    if progress is None:
        return None
    increment = _mean([(weight, rate) for _, weight, _, rate in rates])
    shares = {
        Part.PROGRESS: progress,
        Part.INCREMENT: progress if increment is None else increment,
        Part.QUALITY: _quality(conduct),
        Part.TIMELINESS: _timeliness(conduct),
    }
    points = {part: round_half_up(Fraction(parts[part]) * shares[part], DIGITS) for part in Part}
    whole = {
        Part.PROGRESS: sum(weight for _, weight, rate, _ in rates if rate is not None),
        Part.INCREMENT: sum(weight for _, weight, _, rate in rates if rate is not None),
    }
    items = tuple(
        Item(code, weight, ahead, gained, _contributions(weight, ahead, gained, whole, parts))
        for code, weight, ahead, gained in rates
        if ahead is not None or gained is not None
    )
    return Score(unit, 0, sum(points.values(), Decimal(0)), points, items, conduct, flag=False, snail=False)


def _contributions(
    weight: Decimal,
    progress: Fraction | None,
    increment: Fraction | None,
    whole: Mapping[Part, Decimal | int],
    parts: Mapping[Part, Decimal],
) -> dict[Part, Fraction]:
    rates = {Part.PROGRESS: progress, Part.INCREMENT: increment}
    return {
        part: Fraction(parts[part]) * Fraction(weight) / Fraction(whole[part]) * rate
        for part, rate in rates.items()
        if rate is not None
    }


class _Meter:
    """Measures one indicator of one town at the panel's last month."""

    def __init__(self, catalogue: Catalogue, panel: Panel, line: TargetLine, unit: str) -> None:
        self._catalogue = catalogue
        self._panel = panel
        self._line = line
        self._indicator: Indicator = line.indicator
        self._unit = unit
        self._now = panel.figure(self._indicator.code, unit)

    def progress(self) -> Fraction | None:
        """At most 1; None where the indicator is not judged now."""
        now = self._now
        if now is None or not self._judged(now):
            return None
        reference = self._reference(now)
        if reference is None or reference.exact <= 0:
            return None
        exact = self._steadied(now)
        if exact is None:
            return Fraction(0)
        if self._indicator.higher_is_better:
            return _clamped(exact / reference.exact)
        return Fraction(1) if exact <= reference.exact else _clamped(reference.exact / exact)

    def increment(self) -> Fraction | None:
        """At most 1; None where there is nothing to compare with."""
        now, before = self._now, self._earlier(WINDOW)
        if now is None or before is None or not (self._judged(now) and self._judged(before)):
            return None
        if self._indicator.frequency is PeriodKind.YEAR or self._line.year_end_only:
            return None
        asked_now, asked_before = self._reference(now), self._reference(before)
        if asked_now is None or asked_before is None or before.exact is None:
            return None
        if now.exact is None:
            return Fraction(0)
        whole = self._line.at_year_end(now.as_of.year)
        if whole is not None and self._sign * (now.exact - whole.exact) >= 0:
            return Fraction(1)
        gained = self._steadied(now), self._steadied(before)
        asked = self._between(asked_now.exact, asked_before.exact, self._december_asked(now, before))
        got = self._between(gained[0], gained[1], self._december_got(now, before))
        if asked is None or got is None:
            return None
        if asked * self._sign <= 0:
            return Fraction(int(got * self._sign >= 0))
        return _clamped(got / asked)

    @property
    def _sign(self) -> int:
        return 1 if self._indicator.higher_is_better else -1

    def _judged(self, figure: Figure) -> bool:
        return figure.due and (figure.final or not self._line.year_end_only)

    def _reference(self, figure: Figure) -> Reference | None:
        return self._line.at(figure.as_of.containing(PeriodKind.MONTH))

    def _earlier(self, months: int) -> Figure | None:
        month = self._panel.last.shift(-months)
        return self._panel.figure(self._indicator.code, self._unit, month) if month >= self._panel.months[0] else None

    def _between(self, now: Fraction | None, before: Fraction | None, december: Fraction | None) -> Fraction | None:
        """What came between; over a turn of the year a figure that counts from January goes by way of December."""
        if now is None or before is None:
            return None
        if december is None:
            return now - before
        return now + december - before

    def _turned(self, now: Figure, before: Figure) -> bool:
        return self._line.from_january and now.as_of.year > before.as_of.year

    def _december_got(self, now: Figure, before: Figure) -> Fraction | None:
        if not self._turned(now, before):
            return None
        found = self._panel.figure(self._indicator.code, self._unit, Period.month(before.as_of.year, 12))
        return found.exact if found is not None and found.exact is not None else before.exact

    def _december_asked(self, now: Figure, before: Figure) -> Fraction | None:
        if not self._turned(now, before):
            return None
        whole = self._line.at_year_end(before.as_of.year)
        return None if whole is None else whole.exact

    def _steadied(self, figure: Figure) -> Fraction | None:
        """A share over fewer units than ``small_denominator`` with the district's filled in for the missing ones."""
        exact, full = figure.exact, self._catalogue.ranking.small_denominator
        number = figure.denominator
        if exact is None or number is None or self._indicator.kind is not FormulaKind.SHARE_MEETING or number >= full:
            return exact
        district = self._panel.figure(self._indicator.code, self._panel.root.code, figure.period)
        if district is None or district.exact is None:
            return exact
        own = Fraction(number)
        return (own * exact + (full - own) * district.exact) / full


def _mean(rates: Sequence[tuple[Decimal, Fraction | None]]) -> Fraction | None:
    known = [(Fraction(weight), rate) for weight, rate in rates if rate is not None]
    whole = sum((weight for weight, _ in known), Fraction(0))
    return sum((weight * rate for weight, rate in known), Fraction(0)) / whole if whole else None


def _quality(conduct: Conduct) -> Fraction:
    if conduct.asked <= 0:
        return Fraction(1)
    return _clamped(1 - Fraction(conduct.missing + RETURNED_COSTS * conduct.returned, conduct.asked))


def _timeliness(conduct: Conduct) -> Fraction:
    if conduct.days_late is None:
        return Fraction(0)
    return _clamped(1 - Fraction(conduct.days_late, DAYS_TO_NOTHING))


def _clamped(rate: Fraction) -> Fraction:
    return min(max(rate, Fraction(0)), Fraction(1))


def rules_text(rules: RankingRules, weights: Mapping[Part, Decimal] | None = None) -> tuple[str, ...]:
    """The rules in force, as printed beside every ranking."""
    points = part_weights(rules) if weights is None else weights
    return (
        "总分100分：" + "，".join(f"{PART_WORDS[part]}{points[part].normalize():f}分" for part in Part) + "。",
        "只计对该镇、街道适用并已分解目标的指标，按指标权重平均；不适用的不计，也不扣分。",
        "进度：实际数除以同一时间的参考数，最多按100%计；适用而没有填报的按0计；年末评定和未到期的指标都不计。",
        f"占比指标的村数不足{rules.small_denominator}个时，不足部分按全区占比补足后再比，以免一个村左右名次。",
        f"增幅：近{WINDOW}个月实际增加数除以参考数在同期的增加数，最多按100%计；已达到年末参考的按100%计；"
        "没有可比数据的按进度得分率计。",
        f"质量：当月应填的格数中，每缺1格计1格，每退回1格（行）计{RETURNED_COSTS}格，按所剩比例计分。",
        f"按时：按期上报得满分，每迟1天扣五分之一，迟{DAYS_TO_NOTHING}天以上或没有上报不得分。",
        "各部分四舍五入到一位小数后相加；总分相同的名次并列，其后名次顺延，"
        "并列的依次按进度分、增幅分、行政区划次序排列。",
        f"前{rules.red_flags}名为红旗，后{rules.snails}名为蜗牛；名次并列的一并列入。",
    )
