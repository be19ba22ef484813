"""The ranking in Chinese: its rules as they are printed, and what speaks for and against a town (缘由)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.findings import figure as digits
from xzdesk.core.model import Catalogue, FormulaKind, Indicator
from xzdesk.core.periods import PeriodKind
from xzdesk.core.ranking import (
    COSTS,
    DAYS_TO_NOTHING,
    PART_WORDS,
    Fault,
    Part,
    Place,
    Ranking,
    part_weights,
)
from xzdesk.core.ranking_meter import Measure

FAULT_WORDS: Final[Mapping[Fault, str]] = {
    Fault.MISSING: "缺数",
    Fault.SOFT: "提示性问题未说明",
    Fault.CORRECTED: "更正",
    Fault.MENDED: "退回已改",
    Fault.RETURNED: "退回未改",
    Fault.HARD: "必须改正的问题",
    Fault.UNSUBMITTED: "没有上报",
    Fault.LATE: "上报逾期",
}

TOLD: Final = 2
"""Sentences for, and against."""
WORTH_TELLING: Final = Fraction(1, 20)
"""Points below which a cause is not told: they would print as 0.0."""


def cause_words(catalogue: Catalogue, part: Part, cause: str) -> str:
    """A contribution's cause by name."""
    if cause in catalogue.indicators:
        return catalogue.indicators[cause].name
    return FAULT_WORDS[Fault(cause)] if cause else f"{PART_WORDS[part]}基础分"


def pluses(catalogue: Catalogue, ranking: Ranking, place: Place) -> tuple[str, ...]:
    """What speaks for the town: where it moved forward or stands at its reference, most of all where others do not."""
    told = []
    for each in place.measures:
        indicator = catalogue.indicators[each.indicator]
        forward = bool(each.gained) and (each.gained or 0) * (1 if indicator.higher_is_better else -1) > 0
        if not forward and each.progress < 1:
            continue
        text = _gain(indicator, each) if forward else f"{_standing(indicator, each)}，跟得上参考"
        told.append((_ahead(ranking, place, each.indicator), forward, text))
    told.sort(key=lambda each: (-each[0], not each[1]))
    return tuple(text for _, _, text in told[:TOLD])


def _ahead(ranking: Ranking, place: Place, indicator: str) -> Fraction:
    """Points that the indicator brings the town above the mean of the towns for which it counts."""
    brought: list[Fraction] = []
    own = Fraction(0)
    for each in ranking.places:
        points = [c.points for c in each.contributions if c.cause == indicator]
        if points:
            brought.append(sum(points, Fraction(0)))
        if each.unit == place.unit:
            own = sum(points, Fraction(0))
    return own - sum(brought, Fraction(0)) / len(brought)


def minuses(catalogue: Catalogue, place: Place, weights: Mapping[Part, Decimal]) -> tuple[str, ...]:
    """What cost the town most points; first of all that it handed nothing in, since the rest follows from it."""
    points = Fraction(weights[Part.PROGRESS]) / Fraction(sum(m.weight for m in place.measures))
    lost = [(points * Fraction(m.weight) * (1 - m.progress), _behind(catalogue, m)) for m in place.measures]
    absent = ("本月没有上报",) if place.conduct.days_late is None else ()
    if not absent:
        faults = [c for c in place.contributions if c.points < 0]
        lost += [(-each.points, _fault(place, Fault(each.cause))) for each in faults]
    lost.sort(key=lambda each: -each[0])
    return (*absent, *(text for points, text in lost if points >= WORTH_TELLING))[:TOLD]


def rules_text(catalogue: Catalogue, weights: Mapping[str, Decimal] | None = None) -> tuple[str, ...]:
    """The rules in force, as printed beside every ranking. Raises ``UserError`` ``rank.weights``."""
    rules = catalogue.ranking
    points = part_weights(rules, weights)
    few = rules.small_denominator
    costs = "，".join(
        f"{FAULT_WORDS[fault]}1处计{cost}格" for fault, cost in COSTS.items() if fault is not Fault.MISSING
    )
    return (
        "总分100分：" + "，".join(f"{PART_WORDS[part]}{digits(points[part])}分" for part in Part) + "。",
        "只计对该镇、街道有要求的指标，按指标权重平均。没有应计单位的、目标不足一个的、未到期或年末才评定的、文字目标的，"
        "都不计，既不加分也不扣分；没有一个可计指标的不参加排名。",
        "进度：实际数除以同一时间的参考数，最多按100%计。参考数按该镇、街道分解的目标；没有分解的，占比、比率按全区目标，"
        "数量按应计单位数占全区的比例折算，不足一个的零头舍去。"
        "应填而没有填的按没有完成计（本期数为零，期末数停在上一次填报），并列出缺数。",
        f"占比指标应计的村不足{few}个时，缺的个数按全区占比补足到{few}个再算，以免一个村左右名次；全部达到的不折算。"
        if few > 1
        else "占比指标不论村数多少，都按实际占比计。",
        "增量：近1个月、近3个月各自的实际增加数除以需要增加数，最多按100%计，取平均；按季的指标看最近一季，按年的、本年累计"
        "比率的不计。需要增加数是追上参考还差的数，或到年末还差的数按月均摊，取小的；已跟上参考的按100%计。"
        "没有可比数据的按进度的得分率计。",
        f"质量：当月应填的格数里，缺数1格计1格，{costs}，按所剩比例计分，扣完为止；没有上报的不得分。"
        "已写明原因的提示性问题不扣分。",
        f"按时：次月{catalogue.due_day}日（含）前上报得满分，每迟1天扣{_nth(DAYS_TO_NOTHING)}，"
        f"迟{DAYS_TO_NOTHING}天及以上或没有上报的不得分。以区级第一次接收到含该月数据的有效上报包的日期（北京时间）为准。",
        "各步不舍入，总分四舍五入到一位小数，以此定名次；总分相同的名次并列，其后名次顺延，并列的依次按进度分、增量分、"
        "单位代码排列。",
        f"前{rules.red_flags}名为红旗，后{rules.snails}名为蜗牛；名次并列的一并列入，与红旗并列的不列为蜗牛。",
        "较上月的名次变化，是把上月按现有数据和同样的规则重算后比较。",
    )


def _nth(parts: int) -> str:
    return {2: "一半", 3: "三分之一", 4: "四分之一", 5: "五分之一"}.get(parts, f"1/{parts}")


def _gain(indicator: Indicator, measure: Measure) -> str:
    """What the last month (or quarter) brought: of what is counted by periods its part, else the difference."""
    period = "季" if indicator.frequency is PeriodKind.QUARTER else "月"
    share = indicator.kind is FormulaKind.SHARE_MEETING
    change = measure.gained or Decimal(0)
    amount = _with_unit(abs(change), "个" if share else indicator.unit)
    if indicator.kind in (FormulaKind.SUM_IN_YEAR, FormulaKind.SUM_TO_DATE) and change > 0:
        return f"{_standing(indicator, measure)}，其中本{period} {amount}"
    return f"{_standing(indicator, measure)}，比上{period}{'多' if change > 0 else '少'} {amount}"


def _with_unit(number: Decimal, unit: str) -> str:
    return f"{digits(number)}%" if unit == "%" else f"{digits(number)} {unit}".rstrip()


def _standing(indicator: Indicator, measure: Measure) -> str:
    """``和美乡村建设覆盖率 13/16 个``, ``新增和美庭院 96 户``."""
    if measure.value is None:
        return f"{indicator.name}没有填报"
    if indicator.kind is FormulaKind.SHARE_MEETING and measure.denominator is not None:
        return f"{indicator.name} {digits(measure.numerator)}/{digits(measure.denominator)} 个"
    return f"{indicator.name} {_with_unit(measure.value, indicator.unit)}"


def _behind(catalogue: Catalogue, measure: Measure) -> str:
    indicator = catalogue.indicators[measure.indicator]
    text = _standing(indicator, measure)
    if measure.value is not None:
        text += f"，参考 {_with_unit(measure.asked, indicator.unit)}"
        if measure.missing:
            text += f"，缺数 {measure.missing} 格"
    return text


def _fault(place: Place, fault: Fault) -> str:
    if fault is Fault.LATE:
        return f"上报逾期 {place.conduct.days_late} 天"
    return f"{FAULT_WORDS[fault]} {place.conduct.faults.get(fault, 0)} 处"
