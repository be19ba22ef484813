"""排名: how towns are scored against each other in a month, by rules that are published with every ranking.

``ranking_words.rules_text`` says the rules in Chinese, with the points and numbers in force; here is why.

- Only indicators with a weight in the catalogue count, and for a town only those that ask something of it: it has
  units in their scope (subdistricts without administrative villages have none of their shares), its target has come to
  at least one, and the figure is due. The points of a part are spread over what counts, so that nobody gains or loses
  by what it cannot have. Rows that the year only decides at its end are left out before; text targets always.
- 进度: the figure over the reference of the same time, at most 1. The reference is that of the town's own targets; for
  shares without a split the district's; for sums and counts without one the district's by the number of units that
  count. What is due and not recorded counts as nothing reached, or it would pay not to report.
- A share over few villages jumps: below ``small_denominator`` villages the missing ones are filled up with the
  district's share, (n·own + (k − n)·district) / k. A town whose villages all meet it keeps its 100 %: it could not do
  more.
- 增量: what the last month and the last three months brought, over what had to come to stand at the reference, or the
  months' share of what lacks to the year-end's, whichever is less; at most 1, and 1 for who stands at the reference:
  being ahead is not punished. Quarterly rows are measured over their last quarter, yearly ones not at all.
- 质量: what is wrong with the month's cells, weighed, over the cells asked. A returned figure costs five blank ones: a
  blank is seen, a wrong one has to be found. Owning up by a 更正 is cheap, a soft finding with a reason free.
- 按时: by the district's own record of arrival, a third less for each day late. Dates decide nothing else: which
  package counts is decided by the chain.
- Exact until the total is rounded once, half up, to one decimal; the printed parts are apportioned so that they add up
  to it. Equal printed totals share a place (1, 2, 2, 4).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.indicators import Panel, round_half_up
from xzdesk.core.model import Catalogue, RankingRules
from xzdesk.core.periods import Period
from xzdesk.core.ranking_meter import Measure, Yardstick, measure

DAYS_TO_NOTHING: Final = 3
"""Days late from which on 按时 has no points."""
DIGITS: Final = 1
"""Decimals of all printed points."""


class Part(StrEnum):
    PROGRESS = "progress"
    INCREMENT = "increment"
    QUALITY = "quality"
    TIMELINESS = "timeliness"


PART_WORDS: Final[Mapping[Part, str]] = {
    Part.PROGRESS: "进度",
    Part.INCREMENT: "增量",
    Part.QUALITY: "质量",
    Part.TIMELINESS: "按时",
}


class Fault(StrEnum):
    """What lowers 质量 and 按时."""

    MISSING = "missing"
    SOFT = "soft"
    CORRECTED = "corrected"
    MENDED = "mended"
    RETURNED = "returned"
    HARD = "hard"
    UNSUBMITTED = "unsubmitted"
    LATE = "late"


COSTS: Final[Mapping[Fault, int]] = {
    Fault.MISSING: 1,
    Fault.SOFT: 1,
    Fault.CORRECTED: 1,
    Fault.MENDED: 2,
    Fault.RETURNED: 5,
    Fault.HARD: 5,
}
"""How many blank cells each weighs in 质量."""


@dataclass(frozen=True, slots=True)
class Conduct:
    """How a town handed the month in."""

    asked: int
    """Cells due from it and its villages."""
    faults: Mapping[Fault, int]
    """How often each of ``COSTS`` occurs; soft findings only those without a reason."""
    arrived: str
    """Day (ISO) on which the district took the month's first package; empty: none."""
    days_late: int | None
    """0 on time; None when nothing has been handed in."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """Points that one indicator (or the conduct) brings to a part, exact; all of a place add up to its score."""

    part: Part
    cause: str
    """Code of the indicator; a ``Fault`` (then negative); empty for the full points of 质量 and 按时, or where 增量
    follows 进度."""
    points: Fraction


@dataclass(frozen=True, slots=True)
class Place:
    """One town's place with everything it is made of."""

    unit: str
    place: int
    score: Decimal
    """Rounded half up to ``DIGITS``; decides the place."""
    parts: tuple[Decimal, ...]
    """In the order of ``Part``, adding up to ``score``."""
    exact: Fraction
    """The score before rounding."""
    measures: tuple[Measure, ...]
    contributions: tuple[Contribution, ...]
    conduct: Conduct
    flag: bool
    """红旗."""
    snail: bool
    """蜗牛."""
    moved: int | None = None
    """Places gained since the month before; None without one."""
    pluses: tuple[str, ...] = ()
    minuses: tuple[str, ...] = ()
    """缘由, in words: what speaks for and against."""
    explanation: str = ""
    """Why the score is another than the month before, in words."""

    def part(self, part: Part) -> Decimal:
        return self.parts[tuple(Part).index(part)]

    @property
    def on_pace(self) -> int:
        """达到进度: scored indicators that stand at their reference."""
        return sum(each.progress == 1 for each in self.measures)


@dataclass(frozen=True, slots=True)
class Ranking:
    """The towns of a month by place, with the rules that made it."""

    period: Period
    weights: Mapping[Part, Decimal]
    what_if: bool
    """Whether the weights are others than the catalogue's."""
    places: tuple[Place, ...]
    """Equal places in the stated order."""
    unranked: tuple[str, ...]
    """Towns for which no indicator counts."""
    rules: tuple[str, ...] = ()
    """Chinese sentences, to be printed beside every ranking."""
    compared_with: Period | None = None
    """The month before, if there was one to compare with."""

    def of(self, unit: str) -> Place | None:
        return next((place for place in self.places if place.unit == unit), None)


def part_weights(rules: RankingRules, changed: Mapping[str, Decimal] | None = None) -> dict[Part, Decimal]:
    """Points of the parts in force, or of a what-if. Raises ``UserError`` ``rank.weights``."""
    given = rules.weights if changed is None else changed
    weights = {part: Decimal(given.get(part, 0)) for part in Part}
    sound = all(weight.is_finite() and weight >= 0 for weight in weights.values())
    if set(given) - set(Part) or not sound or sum(weights.values()) != 100:
        shown = "、".join(f"{PART_WORDS[part]} {weight}" for part, weight in weights.items())
        raise UserError(
            "rank.weights", f"各部分的分值合计应为100，现为：{shown}。", "请调整进度、增量、质量、按时四项，都不小于0。"
        )
    return weights


def rank(
    catalogue: Catalogue,
    panel: Panel,
    yardsticks: Mapping[tuple[str, str], Yardstick],
    conducts: Mapping[str, Conduct],
    month: Period,
    weights: Mapping[str, Decimal] | None = None,
) -> Ranking:
    """Score the towns named in ``conducts`` at the end of ``month``.

    ``panel`` has the district as its root and should begin ``HISTORY`` months earlier, for 增量; ``yardsticks`` by
    (indicator, town). ``weights`` instead of the catalogue's: a what-if. Raises ``UserError`` ``rank.weights``.
    """
    parts = part_weights(catalogue.ranking, weights)
    scored = []
    for unit, conduct in conducts.items():
        found = (
            measure(catalogue, panel, yardsticks[code, unit], unit, month)
            for code in catalogue.ranking.indicator_weights
            if (code, unit) in yardsticks
        )
        measures = tuple(each for each in found if each is not None and each.weight > 0)
        if measures:
            scored.append(score(unit, measures, conduct, parts))
    order = {code: position for position, code in enumerate(catalogue.units)}
    named = {place.unit for place in scored}
    return Ranking(
        period=month,
        weights=parts,
        what_if=parts != part_weights(catalogue.ranking),
        places=placed(scored, catalogue.ranking, order),
        unranked=tuple(unit for unit in conducts if unit not in named),
    )


def score(unit: str, measures: Sequence[Measure], conduct: Conduct, parts: Mapping[Part, Decimal]) -> Place:
    """One town's score, without a place yet. ``measures`` must not be empty."""
    rates = [(m.indicator, m.weight, m.progress) for m in measures]
    progress = _spread(Part.PROGRESS, parts, rates)
    gains = [(m.indicator, m.weight, m.increment) for m in measures if m.increment is not None]
    increment = _spread(Part.INCREMENT, parts, gains)
    if not gains:
        increment = [Contribution(Part.INCREMENT, "", Fraction(parts[Part.INCREMENT]) * _mean(rates))]
    contributions = (*progress, *increment, *_quality(conduct, parts), *_timeliness(conduct, parts))
    sums = [sum((c.points for c in contributions if c.part is part), Fraction(0)) for part in Part]
    exact = sum(sums, Fraction(0))
    total = round_half_up(exact, DIGITS)
    return Place(
        unit=unit,
        place=0,
        score=total,
        parts=apportion(sums, total),
        exact=exact,
        measures=tuple(measures),
        contributions=contributions,
        conduct=conduct,
        flag=False,
        snail=False,
    )


def placed(scored: Iterable[Place], rules: RankingRules, order: Mapping[str, int]) -> tuple[Place, ...]:
    """By score; equal ones by more 进度, then more 增量, then ``order``, and with the same place."""
    ranked = sorted(scored, key=lambda place: (-place.score, -place.parts[0], -place.parts[1], order[place.unit]))
    scores = [place.score for place in ranked]
    made = []
    for each in ranked:
        place = 1 + sum(other > each.score for other in scores)
        from_behind = 1 + sum(other < each.score for other in scores)
        flag = place <= rules.red_flags
        made.append(replace(each, place=place, flag=flag, snail=not flag and from_behind <= rules.snails))
    return tuple(made)


def apportion(exact: Sequence[Fraction], total: Decimal, decimals: int = DIGITS) -> tuple[Decimal, ...]:
    """``exact``, each rounded down or up to ``decimals`` so that they add up to ``total``, their rounded sum.

    The largest remainders are rounded up, among equal ones the first; what needs no rounding stays as it is.
    """
    scaled = [each * 10**decimals for each in exact]
    whole = [math.floor(each) for each in scaled]
    left = int(total.scaleb(decimals)) - sum(whole)
    for place in sorted(range(len(exact)), key=lambda place: whole[place] - scaled[place])[:left]:
        whole[place] += 1
    return tuple(Decimal(each).scaleb(-decimals) for each in whole)


_Rates = Sequence[tuple[str, Decimal, Fraction]]
"""(indicator, weight, rate)."""


def _spread(part: Part, parts: Mapping[Part, Decimal], rates: _Rates) -> list[Contribution]:
    """The part's points over the indicators by weight, each times its rate."""
    whole = Fraction(sum(weight for _, weight, _ in rates))
    return [Contribution(part, code, Fraction(parts[part]) * Fraction(weight) / whole * r) for code, weight, r in rates]


def _mean(rates: _Rates) -> Fraction:
    whole = Fraction(sum(weight for _, weight, _ in rates))
    return sum((Fraction(weight) * rate for _, weight, rate in rates), Fraction(0)) / whole


def _quality(conduct: Conduct, parts: Mapping[Part, Decimal]) -> list[Contribution]:
    full = Fraction(parts[Part.QUALITY])
    made = [Contribution(Part.QUALITY, "", full)]
    if conduct.days_late is None:
        return [*made, Contribution(Part.QUALITY, Fault.UNSUBMITTED, -full)]
    costs = {fault: COSTS[fault] * count for fault, count in conduct.faults.items() if count}
    whole = max(conduct.asked, sum(costs.values()))
    return [*made, *(Contribution(Part.QUALITY, fault, -full * cost / whole) for fault, cost in costs.items())]


def _timeliness(conduct: Conduct, parts: Mapping[Part, Decimal]) -> list[Contribution]:
    full = Fraction(parts[Part.TIMELINESS])
    made = [Contribution(Part.TIMELINESS, "", full)]
    if conduct.days_late is None:
        return [*made, Contribution(Part.TIMELINESS, Fault.UNSUBMITTED, -full)]
    if conduct.days_late:
        lost = min(Fraction(conduct.days_late, DAYS_TO_NOTHING), Fraction(1))
        made.append(Contribution(Part.TIMELINESS, Fault.LATE, -full * lost))
    return made
