"""Why a town's score is another than a month ago: which parts and which causes brought or cost how many points.

Both rankings have to be made with the same weights, else the difference would say nothing about the towns.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.indicators import round_half_up
from xzdesk.core.model import Catalogue
from xzdesk.core.ranking import DIGITS, PART_WORDS, Part, Place, Ranking
from xzdesk.core.ranking_words import cause_words

NAMED: Final = 3
"""Causes of a part, and overtaking towns, that the sentence names."""


@dataclass(frozen=True, slots=True)
class Shift:
    """One cause's change of points within a part, exact."""

    part: Part
    cause: str
    change: Fraction


@dataclass(frozen=True, slots=True)
class Move:
    """One town's score against the month before."""

    unit: str
    before: int
    """Place in the earlier ranking."""
    after: int
    change: Decimal
    """Of the printed score."""
    exact: Fraction
    """Of the score before rounding: what all shifts add up to."""
    parts: Mapping[Part, Decimal]
    """Of the printed parts; they add up to ``change``."""
    shifts: tuple[Shift, ...]
    """The largest first, by size."""
    overtaken_by: tuple[str, ...]
    """Towns that were not ahead of it and now are."""
    overtook: tuple[str, ...]
    """Towns that were not behind it and now are."""


def explain(before: Ranking, after: Ranking) -> dict[str, Move]:
    """For every town that has a place in both, in the order of ``after``. Raises ``ValueError`` for other weights."""
    if before.weights != after.weights:
        raise ValueError("rankings with different weights are not compared")
    moves = {}
    for now in after.places:
        then = before.of(now.unit)
        if then is not None:
            moves[now.unit] = _move(before, after, then, now)
    return moves


def compared(catalogue: Catalogue, before: Ranking, after: Ranking) -> Ranking:
    """``after`` with movement and explanation in its places. Raises as ``explain``."""
    moves = explain(before, after)
    places = tuple(
        replace(place, moved=move.before - move.after, explanation=sentence(catalogue, move))
        if (move := moves.get(place.unit)) is not None
        else replace(place, explanation=f"首次列入排名，第{place.place}名。")
        for place in after.places
    )
    return replace(after, places=places, compared_with=before.period)


def _move(before: Ranking, after: Ranking, then: Place, now: Place) -> Move:
    changes: dict[tuple[Part, str], Fraction] = {}
    for place, sign in ((now, 1), (then, -1)):
        for each in place.contributions:
            key = (each.part, each.cause)
            changes[key] = changes.get(key, Fraction(0)) + sign * each.points
    shifts = [Shift(part, cause, change) for (part, cause), change in changes.items() if change]
    overtaking, overtaken = [], []
    for other in after.places:
        earlier = before.of(other.unit)
        if other.place < now.place and (earlier is None or earlier.place >= then.place):
            overtaking.append(other.unit)
        if other.place > now.place and earlier is not None and earlier.place <= then.place:
            overtaken.append(other.unit)
    return Move(
        unit=now.unit,
        before=then.place,
        after=now.place,
        change=now.score - then.score,
        exact=now.exact - then.exact,
        parts={part: now.part(part) - then.part(part) for part in Part},
        shifts=tuple(sorted(shifts, key=lambda shift: -abs(shift.change))),
        overtaken_by=tuple(overtaking),
        overtook=tuple(overtaken),
    )


def sentence(catalogue: Catalogue, move: Move) -> str:
    """The move in Chinese. What is printed adds up: causes to their part, parts to the score."""
    if move.after == move.before:
        place = f"仍为第{move.after}名"
    else:
        place = f"由第{move.before}名{'升' if move.after < move.before else '降'}至第{move.after}名"
    parts = [_part(catalogue, move, part) for part in Part]
    told = "；".join(part for part in parts if part)
    text = f"{place}，{_changed(move.change)}{f'：{told}' if told else ''}。"
    if move.after > move.before and move.overtaken_by:
        text += f"被{_names(catalogue, move.overtaken_by)}超过。"
    if move.after < move.before and move.overtook:
        text += f"超过{_names(catalogue, move.overtook)}。"
    return text


def _names(catalogue: Catalogue, codes: tuple[str, ...]) -> str:
    return "、".join(catalogue.units[code].name for code in codes[:NAMED]) + ("等" if len(codes) > NAMED else "")


def _part(catalogue: Catalogue, move: Move, part: Part) -> str:
    """One part's change and what made it, the largest causes by name and the others together."""
    change = move.parts[part]
    if not change:
        return ""
    own = [shift for shift in move.shifts if shift.part is part]
    rounded = [(shift, round_half_up(shift.change, DIGITS)) for shift in own[:NAMED]]
    named = [f"{cause_words(catalogue, part, s.cause)}{_signed(points)}" for s, points in rounded if points]
    rest = change - sum((points for _, points in rounded), Decimal(0))
    if rest and named:
        named.append(f"其余{_signed(rest)}")
    return f"{PART_WORDS[part]}{_signed(change)}" + (f"（{'，'.join(named)}）" if named else "")


def _changed(change: Decimal) -> str:
    if not change:
        return "总分与上月持平"
    return f"总分比上月{'增加' if change > 0 else '减少'}{abs(change)}分"


def _signed(change: Decimal) -> str:
    """With a true minus sign, as figures are printed."""
    return f"+{change}" if change > 0 else f"−{abs(change)}"
