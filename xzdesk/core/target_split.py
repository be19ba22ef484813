"""责任分解: the district's targets split to its towns, and whether what was changed by hand still meets the plan.

Counts and sums are split by the method of largest remainders at the indicator's decimals, so that the parts add up to
the plan exactly. Of a row that builds up only what each published year adds is split again: a town's target never
falls from one year to the next because of a remainder. Shares and ratios ask the same of every town: weighted with
the denominators that gives the plan's figure, whatever the sizes of the towns.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction

from xzdesk.core.errors import UserError
from xzdesk.core.indicators import round_half_up
from xzdesk.core.model import FormulaKind, Indicator, Target


def adds_up(indicator: Indicator) -> bool:
    """Whether the towns' targets are parts of the plan's (counts and sums), rather than shares of their own."""
    return indicator.kind not in (FormulaKind.SHARE_MEETING, FormulaKind.RATIO, FormulaKind.REPORTED)


def largest_remainder(total: Decimal, weights: Mapping[str, Fraction], decimals: int) -> dict[str, Decimal]:
    """``total`` in parts proportional to ``weights``, each with ``decimals`` decimals, adding up exactly.

    Each gets the whole units of the last decimal that are its due; those left over go to the largest remainders, among
    equal ones to the larger weight, then in the order of the codes. Raises ``UserError`` ``split.no_base`` when the
    weights are all 0 or one is negative, ``split.decimals`` when ``total`` has more decimals.
    """
    whole = sum(weights.values(), Fraction(0))
    if whole <= 0 or any(weight < 0 for weight in weights.values()):
        raise UserError(
            "split.no_base", "所选的分解依据全部为零或有负数，无法按比例分解。", "请换一种依据，例如村社区数。"
        )
    units = Fraction(total) * 10**decimals
    if units.denominator != 1:
        raise UserError(
            "split.decimals", f"目标 {total} 的小数多于 {decimals} 位，无法分解。", "请核对指标的小数位数。"
        )
    shares = {code: units * weight / whole for code, weight in weights.items()}
    parts = {code: math.floor(share) for code, share in shares.items()}
    order = sorted(weights, key=lambda code: (parts[code] - shares[code], -weights[code], code))
    for code in order[: int(units) - sum(parts.values())]:
        parts[code] += 1
    return {code: Decimal(part).scaleb(-decimals) for code, part in parts.items()}


def split(indicator: Indicator, plan: Sequence[Target], weights: Mapping[str, Fraction]) -> list[Target]:
    """The towns' targets for every published figure of ``plan`` (the district's, of one indicator).

    ``weights`` by unit code; the units named there are those that share. Raises as ``largest_remainder``.
    """
    published = sorted((target for target in plan if target.value is not None), key=lambda target: target.year)
    made: list[Target] = []
    held = dict.fromkeys(weights, Decimal(0))
    before = Decimal(0)
    for target in published:
        value = target.value or Decimal(0)
        if not adds_up(indicator):
            parts = dict.fromkeys(weights, value)
        elif indicator.kind is FormulaKind.SUM_IN_YEAR or value < before:
            parts = largest_remainder(value, weights, indicator.decimals)
        else:
            added = largest_remainder(value - before, weights, indicator.decimals)
            parts = {code: held[code] + part for code, part in added.items()}
        held, before = parts, value
        made.extend(Target(indicator.code, code, target.year, part, str(part)) for code, part in parts.items())
    return made


def total_of(
    indicator: Indicator, values: Mapping[str, Decimal], denominators: Mapping[str, Fraction]
) -> Decimal | None:
    """What the towns' targets come to for the district: their sum, or the mean weighted with ``denominators``.

    None for shares while the denominators of the towns named are unknown or all 0.
    """
    if adds_up(indicator):
        return sum(values.values(), Decimal(0))
    weight = sum((denominators.get(code, Fraction(0)) for code in values), Fraction(0))
    if not weight:
        return None
    weighted = sum((Fraction(value) * denominators.get(code, 0) for code, value in values.items()), Fraction(0))
    return round_half_up(weighted / weight, indicator.decimals)


def demand_meets_plan(
    indicator: Indicator, plan: Target, values: Mapping[str, Decimal], denominators: Mapping[str, Fraction]
) -> None:
    """Raises ``UserError`` ``split.sum`` with the difference unless the towns' targets meet the plan's.

    Counts and sums have to add up to it exactly. Shares have to reach it in the weighted mean, rounded to the
    indicator's decimals (3 of 4 villages cannot be 80 %, so more than the plan is no fault).
    """
    total = total_of(indicator, values, denominators)
    if plan.value is None or total is None or total == plan.value:
        return
    over = total > plan.value
    if not adds_up(indicator) and over is indicator.higher_is_better:
        return
    word = "合计" if adds_up(indicator) else "按分母加权"
    raise UserError(
        "split.sum",
        f"{indicator.name} {plan.year}年各镇、街道{word}为 {total} {indicator.unit}，"
        f"比方案的 {plan.value} {indicator.unit}{'多' if over else '少'} {abs(total - plan.value)} {indicator.unit}。",
        "请调整各镇、街道的数，使其与方案相符后再保存。",
    )
