"""Reading the published plan (``plan_annex.csv``, ``plan_body.csv``) and tying indicators and targets to it.

The annex is kept character for character; every target must read as its cell does, so that nobody can change what
the plan says by way of ``targets.csv``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Faults, Place, Record, show
from xzdesk.core.model import AnnexRow, BodyGoal, Indicator, Target

BODY_COLUMNS: Final = ("section", "goal", "value", "unit", "by", "annex_number", "relation")
TARGET_COLUMNS: Final = ("indicator", "year", "value", "text")
EVERY_YEAR: Final = "每年"
NO_TARGET: Final = "-"
_FIGURE: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,6})?(?=%?\Z)", re.ASCII)


def annex_columns(years: Sequence[int]) -> tuple[str, ...]:
    """The header of ``plan_annex.csv`` for the plan's target years."""
    return ("number", "category", "track", "task", "unit", *(f"target_{year}" for year in years), "responsible_units")


def read_annex(records: Iterable[Record], years: Sequence[int]) -> tuple[AnnexRow, ...]:
    """The rows as printed, in the file's order."""
    rows: list[AnnexRow] = []
    numbers = Codes("序号")
    for record in records:
        row = AnnexRow(
            number=record.integer("number", 1, 999),
            category=record.text("category"),
            track=record.text("track", required=False),
            task=record.text("task"),
            unit=record.text("unit", limit=20),
            targets=tuple(record.text(f"target_{year}", limit=60) for year in years),
            responsible_units=record.text("responsible_units"),
        )
        if numbers.fresh(record.place, str(row.number)):
            rows.append(row)
    return tuple(rows)


def read_body(records: Iterable[Record], annex: Iterable[AnnexRow], years: range) -> tuple[BodyGoal, ...]:
    """The goals of the plan's text; ``years`` are those of the plan."""
    goals: list[BodyGoal] = []
    numbers = {row.number for row in annex}
    for record in records:
        goal = BodyGoal(
            section=record.text("section"),
            goal=record.text("goal"),
            value=record.text("value"),
            unit=record.text("unit", required=False, limit=20),
            by=record.raw("by"),
            annex_number=record.integer_or_none("annex_number", 1, 999),
            relation=record.text("relation", required=False),
        )
        if goal.by != EVERY_YEAR and goal.by not in {str(year) for year in years}:
            record.fault(f"by “{show(goal.by)}”应为规划期内的年份或“{EVERY_YEAR}”")
        if goal.annex_number is not None and goal.annex_number not in numbers:
            record.fault(f"附表没有第 {goal.annex_number} 号")
        if (goal.annex_number is None) != (not goal.relation):
            record.fault("annex_number 与 relation 应同填或同空")
        goals.append(goal)
    return tuple(goals)


def check_indicators(
    faults: Faults, places: Mapping[str, Place], annex: Iterable[AnnexRow], indicators: Mapping[str, Indicator]
) -> dict[str, tuple[str, ...]]:
    """Every row has its indicators, in the order of its parts. Answers each indicator's cells, one a target year."""
    cells: dict[str, tuple[str, ...]] = {}
    rows = {row.number: row for row in annex}
    for number, row in rows.items():
        parts = [indicator for indicator in indicators.values() if indicator.annex_number == number]
        if not parts:
            faults.add("indicators.csv", 0, f"附表第 {number} 号没有指标")
        for index, indicator in enumerate(parts):
            place = places[indicator.code]
            if _part(row.unit, index, len(parts)) != indicator.unit:
                place.fault(f"unit “{show(indicator.unit)}”与附表第 {number} 号的“{show(row.unit)}”不符")
            for name in (indicator.lead, *indicator.responsible):
                if name not in row.responsible_units:
                    place.fault(f"附表第 {number} 号的责任单位里没有“{show(name)}”")
            cells[indicator.code] = tuple(_part(cell, index, len(parts)) or "" for cell in row.targets)
    for indicator in indicators.values():
        if indicator.annex_number is not None and indicator.annex_number not in rows:
            places[indicator.code].fault(f"附表没有第 {indicator.annex_number} 号")
    return cells


def _part(cell: str, index: int, count: int) -> str | None:
    """The piece of a composite cell ``30/10`` that belongs to the indicator at ``index`` of ``count``."""
    if count == 1:
        return cell
    pieces = cell.split("/")
    return pieces[index] if len(pieces) == count else None


class TargetReader:
    """Reads ``targets.csv`` against the annex's cells."""

    def __init__(
        self,
        indicators: Mapping[str, Indicator],
        cells: Mapping[str, Sequence[str]],
        target_years: Sequence[int],
        years: range,
        district: str,
    ) -> None:
        self._indicators = indicators
        self._cells = {
            (code, year): text for code, texts in cells.items() for year, text in zip(target_years, texts, strict=True)
        }
        self._years = years
        self._district = district

    def read(self, faults: Faults, records: Iterable[Record]) -> tuple[Target, ...]:
        """The district's targets, in the file's order."""
        targets: list[Target] = []
        codes = Codes("指标和年份")
        for record in records:
            target = Target(
                indicator=record.raw("indicator"),
                unit=self._district,
                year=record.integer("year", 2000, 2099),
                value=record.number("value"),
                text=record.text("text", limit=60),
            )
            self._check(target, record)
            if codes.fresh(record.place, f"{target.indicator} {target.year}"):
                targets.append(target)
        given = {(target.indicator, target.year) for target in targets}
        for code, year in self._cells:
            if (code, year) not in given:
                faults.add("targets.csv", 0, f"指标“{code}”缺少 {year} 年的目标")
        return tuple(targets)

    def _check(self, target: Target, record: Record) -> None:
        indicator = self._indicators.get(target.indicator)
        if indicator is None:
            record.fault(f"没有指标“{show(target.indicator)}”")
            return
        if target.year not in self._years:
            record.fault(f"{target.year} 年不在规划期内")
        elif indicator.annex_number is not None:
            cell = self._cells.get((target.indicator, target.year))
            if cell is None:
                record.fault(f"附表没有 {target.year} 年的目标")
            elif cell != target.text:
                record.fault(f"text “{show(target.text)}”与附表的“{show(cell)}”不符")
        self._check_value(indicator, target, record)

    def _check_value(self, indicator: Indicator, target: Target, record: Record) -> None:
        figure = _FIGURE.match(target.text)
        in_words = bool(indicator.compare_element) or indicator.limit is not None
        if in_words or target.text == NO_TARGET:
            if target.value is not None:
                record.fault("“-”和文字目标的 value 应为空")
        elif figure is None:
            record.fault(f"text “{show(target.text)}”不是数；文字目标的指标要填 compare_element 或 limit")
        elif target.value != Decimal(figure[0]):
            record.fault(f"value 与 text “{show(target.text)}”不符")
        elif target.value != round(target.value, indicator.decimals):
            record.fault(f"value 的小数多于指标的 {indicator.decimals} 位")
