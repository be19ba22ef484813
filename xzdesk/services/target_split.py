"""目标分解: splitting the plan's targets to the towns, in proportion and then by hand; the sum has to meet the plan."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from xzdesk.core import indicators, target_split
from xzdesk.core.errors import UserError
from xzdesk.core.model import FormulaKind, Indicator, Level, Target
from xzdesk.core.periods import Period
from xzdesk.services.aggregate import observe_all
from xzdesk.services.session import Session
from xzdesk.store import target_splits
from xzdesk.store.target_splits import TargetSplit


class Base(StrEnum):
    """In proportion to what counts and sums are split."""

    UNITS = "units"
    """The number of villages and communities that count for the indicator; towns count once each."""
    EQUAL = "equal"
    CURRENT = "current"
    """What each town has reached by a month."""


BASE_WORDS = {Base.UNITS: "村社区数", Base.EQUAL: "平均", Base.CURRENT: "现有数"}


def split_indicator(
    session: Session, indicator: Indicator, base: Base = Base.UNITS, month: Period | None = None
) -> list[TargetSplit]:
    """Split every published figure of one indicator; what was split or changed by hand before is replaced.

    ``month`` is when units and figures are looked at (default: the plan's first). Raises ``UserError``
    ``split.not_split``, ``split.no_base``.
    """
    session.require(Level.DISTRICT)
    made = _split(session, indicator, base, month or Period.month(session.catalogue.first_year, 1))
    if not made:
        raise UserError(
            "split.not_split",
            f"“{indicator.name}”由区级填报或没有数字目标，不分解到镇、街道。",
            "请选择由镇、村填报并有数字目标的指标。",
        )
    with session.workspace.transaction(f"目标分解 {indicator.code}"):
        _store(session, indicator, made)
    return made


def split_all(session: Session, base: Base = Base.UNITS, month: Period | None = None) -> list[TargetSplit]:
    """Split every indicator that towns share, in one transaction. Raises as ``split_indicator``."""
    session.require(Level.DISTRICT)
    at = month or Period.month(session.catalogue.first_year, 1)
    made: list[TargetSplit] = []
    with session.workspace.transaction("目标分解"):
        for indicator in session.catalogue.indicators.values():
            shares = _split(session, indicator, base, at)
            _store(session, indicator, shares)
            made += shares
    return made


def change_by_hand(
    session: Session, indicator: Indicator, year: int, values: Mapping[str, Decimal], month: Period | None = None
) -> list[TargetSplit]:
    """Set some towns' targets of one year; with the others' they have to meet the plan.

    Raises ``UserError`` ``split.no_target``, ``split.unit``, ``split.sum`` (with the difference), ``split.decimals``.
    """
    session.require(Level.DISTRICT)
    targets = _plan(session, indicator)
    plan = targets.get(year)
    if plan is None:
        hint = f"有数字目标的年份：{'、'.join(str(each) for each in sorted(targets))}。" if targets else "请核对指标。"
        raise UserError("split.no_target", f"“{indicator.name}”{year} 年没有数字目标。", hint)
    at = month or Period.month(session.catalogue.first_year, 1)
    counted = _counted(session, indicator, at)
    held = {share.unit: share for share in target_splits.read(session.workspace, indicator=indicator.code, year=year)}
    for unit, value in values.items():
        if not counted.get(unit):
            name = session.catalogue.units[unit].name if unit in session.catalogue.units else unit[:20]
            raise UserError("split.unit", f"{name}不分担“{indicator.name}”。", "请核对单位。")
        if value != round(value, indicator.decimals) or value < 0:
            raise UserError(
                "split.decimals", f"{value} 不合适：应不小于零，最多 {indicator.decimals} 位小数。", "请核对后再填。"
            )
        held[unit] = TargetSplit(indicator.code, unit, year, value, by_hand=True)
    everything = {unit: share.value for unit, share in held.items()}
    target_split.demand_meets_plan(indicator, plan, everything, counted)
    changed = [held[unit] for unit in values]
    with session.workspace.transaction(f"目标分解 {indicator.code} {year}"):
        target_splits.write(session.workspace, changed)
    return changed


def _plan(session: Session, indicator: Indicator) -> dict[int, Target]:
    district = session.catalogue.district.code
    return {
        target.year: target
        for target in session.catalogue.targets
        if target.indicator == indicator.code and target.unit == district and target.value is not None
    }


def _split(session: Session, indicator: Indicator, base: Base, month: Period) -> list[TargetSplit]:
    plan, counted = list(_plan(session, indicator).values()), _counted(session, indicator, month)
    if not plan or not counted or indicator.level is Level.DISTRICT or indicator.kind is FormulaKind.REPORTED:
        return []
    weights = _weights(session, indicator, base, month, counted)
    return [
        TargetSplit(target.indicator, target.unit, target.year, target.value or Decimal(0))
        for target in target_split.split(indicator, plan, weights)
    ]


def _weights(
    session: Session, indicator: Indicator, base: Base, month: Period, counted: Mapping[str, Fraction]
) -> Mapping[str, Fraction]:
    if base is Base.UNITS or not target_split.adds_up(indicator):
        return counted
    if base is Base.EQUAL:
        return dict.fromkeys(counted, Fraction(1))
    panel = indicators.compute(session.catalogue, observe_all(session, month), month, session.lineage)
    reached: dict[str, Fraction] = {}
    for town in counted:
        figure = panel.figure(indicator.code, town)
        reached[town] = Fraction(figure.numerator) if figure is not None else Fraction(0)
    return reached


def _counted(session: Session, indicator: Indicator, month: Period) -> dict[str, Fraction]:
    """How many units of each town count for the indicator; a town that reports by itself counts once."""
    lineage, catalogue = session.lineage, session.catalogue
    counted: dict[str, Fraction] = {}
    for unit in lineage.living(month):
        if indicator.scope_kinds and unit.kind not in indicator.scope_kinds:
            continue
        if indicator.scope_units and unit.code not in indicator.scope_units:
            continue
        town = unit.code if unit.level is Level.TOWN else lineage.successor(unit.parent, month)
        if town is not None and catalogue.units[town].level is Level.TOWN:
            counted[town] = counted.get(town, Fraction(0)) + 1
    return counted


def _store(session: Session, indicator: Indicator, made: list[TargetSplit]) -> None:
    for year in {share.year for share in made}:
        target_splits.clear(session.workspace, indicator.code, year)
    target_splits.write(session.workspace, made)
