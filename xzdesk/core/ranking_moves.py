"""Why a town's place is another than a month ago: which parts and which indicators brought or cost how many points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.indicators import round_half_up
from xzdesk.core.model import Catalogue
from xzdesk.core.ranking import DIGITS, PART_WORDS, Part, Ranking, Score

NAMED: Final = 3
"""Indicators and overtaking towns that the sentence names."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One indicator's change of points within a part."""

    indicator: str
    part: Part
    change: Fraction


@dataclass(frozen=True, slots=True)
class Move:
    unit: str
    before: int | None
    """Place in the earlier ranking; None when it had none."""
    after: int
    total: Decimal
    change: Decimal | None
    """Of the total; None without an earlier one."""
    parts: Mapping[Part, Decimal]
    causes: tuple[Cause, ...]
    """The largest change first; over a part they add up to its change before rounding."""
    overtaken_by: tuple[str, ...]
    """Towns that were not ahead of it and now are."""


def explain(before: Ranking, after: Ranking) -> dict[str, Move]:
    """For every town of ``after``, in its order."""
    return {score.unit: _move(before, after, score) for score in after.scores}


def _move(before: Ranking, after: Ranking, now: Score) -> Move:
    then = before.of(now.unit)
    if then is None:
        return Move(now.unit, None, now.place, now.total, None, {}, (), ())
    changes: dict[tuple[str, Part], Fraction] = {}
    for score, sign in ((now, 1), (then, -1)):
        for item in score.items:
            for part, points in item.points.items():
                key = (item.indicator, part)
                changes[key] = changes.get(key, Fraction(0)) + sign * points
    causes = [Cause(indicator, part, change) for (indicator, part), change in changes.items() if change]
    overtaking = [
        score.unit
        for score in after.scores
        if score.place < now.place and ((earlier := before.of(score.unit)) is None or earlier.place >= then.place)
    ]
    return Move(
        unit=now.unit,
        before=then.place,
        after=now.place,
        total=now.total,
        change=now.total - then.total,
        parts={part: now.parts[part] - then.parts[part] for part in Part},
        causes=tuple(sorted(causes, key=lambda cause: -abs(cause.change))),
        overtaken_by=tuple(overtaking),
    )


def sentence(catalogue: Catalogue, move: Move) -> str:
    """The move in Chinese, in figures of one decimal."""
    if move.before is None or move.change is None:
        return f"首次列入排名，第{move.after}名，{move.total}分。"
    if move.after == move.before:
        place = f"仍为第{move.after}名"
    else:
        place = f"由第{move.before}名{'升' if move.after < move.before else '降'}至第{move.after}名"
    text = f"{place}。总分{move.total}，{_changed(move.change)}"
    parts = [f"{PART_WORDS[part]}{_signed(change)}" for part, change in move.parts.items() if change]
    text += f"：{'，'.join(parts)}。" if parts else "。"
    rounded = [(cause, round_half_up(cause.change, DIGITS)) for cause in move.causes[:NAMED]]
    named = [
        f"{catalogue.indicators[cause.indicator].name}（{PART_WORDS[cause.part]}{_signed(change)}）"
        for cause, change in rounded
        if change
    ]
    if named:
        text += f"影响较大的是{'、'.join(named)}。"
    if move.after > move.before and move.overtaken_by:
        names = "、".join(catalogue.units[code].name for code in move.overtaken_by[:NAMED])
        text += f"被{names}{'等' if len(move.overtaken_by) > NAMED else ''}超过。"
    return text


def _changed(change: Decimal) -> str:
    if not change:
        return "与上月持平"
    return f"比上月{'增加' if change > 0 else '减少'}{abs(change)}分"


def _signed(change: Decimal) -> str:
    """With a true minus sign, as figures are printed."""
    return f"+{change}" if change > 0 else f"−{abs(change)}"
