"""Reading ``indicators.csv``: the formula of every row of the annex, checked as a statistician would.

A stock is not summed over months, a flow has no latest value, a share counts only units that are asked, a figure
that nobody below the district records cannot rank its towns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Record, show
from xzdesk.core.catalogue_parse_expressions import Scope, check_expression, of_elements
from xzdesk.core.model import DataElement, FormulaKind, Indicator, Level, Measure, OrgUnit, UnitKind
from xzdesk.core.periods import PeriodKind

COLUMNS: Final = (
    "code",
    "annex_number",
    "name",
    "unit",
    "kind",
    "elements",
    "denominators",
    "condition",
    "scope_kinds",
    "scope_units",
    "scale",
    "decimals",
    "level",
    "frequency",
    "higher_is_better",
    "annual",
    "track",
    "lead",
    "responsible",
    "definition",
    "compare_element",
    "tolerance",
    "limit",
    "weight",
)
MAX_ELEMENTS: Final = 20
CONDITION_FUNCTIONS: Final = frozenset({"ytd", "to_date"})
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,39}\Z", re.ASCII)
_SCALE: Final = re.compile(r"(?P<over>[0-9]{1,9})(?:/(?P<under>[0-9]{1,9}))?\Z", re.ASCII)
_MEETING: Final = (FormulaKind.SHARE_MEETING, FormulaKind.COUNT_MEETING)
_SUMMED: Final = {
    FormulaKind.SUM_LATEST: Measure.STOCK,
    FormulaKind.SUM_IN_YEAR: Measure.FLOW,
    FormulaKind.SUM_TO_DATE: Measure.FLOW,
}


def read_indicators(
    records: Iterable[Record],
    tracks: Collection[str],
    units: Mapping[str, OrgUnit],
    elements: Mapping[str, DataElement],
) -> tuple[dict[str, Indicator], dict[str, Decimal]]:
    """The indicators by code, in the file's order, and the ranking weights of those that are scored."""
    indicators: dict[str, Indicator] = {}
    weights: dict[str, Decimal] = {}
    codes, asked = Codes(), _Asked(units)
    for record in records:
        indicator = _read(record)
        if not _CODE.match(indicator.code):
            record.fault(f"code “{show(indicator.code)}”只能含小写字母、数字和下划线，最多 40 个字符")
        if indicator.track not in tracks:
            record.fault(f"track “{show(indicator.track)}”不在 catalogue.toml 的 tracks 里")
        _check_scope(indicator, record, units)
        known = _known_elements(indicator, record, elements)
        if known is not None:
            _FORMULAS[indicator.kind](indicator, record, known)
            asked.check(indicator, record, known.values())
        _check_target_settings(indicator, record)
        weight = _weight(indicator, record)
        if codes.fresh(record.place, indicator.code):
            indicators[indicator.code] = indicator
            if weight is not None:
                weights[indicator.code] = weight
    return indicators, weights


def _read(record: Record) -> Indicator:
    return Indicator(
        code=record.raw("code"),
        annex_number=record.integer_or_none("annex_number", 1, 999),
        name=record.text("name", limit=60),
        unit=record.text("unit", limit=20),
        kind=record.one_of("kind", FormulaKind, FormulaKind.REPORTED),
        elements=record.words("elements"),
        denominators=record.words("denominators"),
        condition=record.raw("condition"),
        scope_kinds=record.kinds("scope_kinds", UnitKind),
        scope_units=record.words("scope_units"),
        scale=_scale(record),
        decimals=record.integer("decimals", 0, 6),
        level=record.one_of("level", Level, Level.VILLAGE),
        frequency=record.one_of("frequency", PeriodKind, PeriodKind.MONTH),
        higher_is_better=record.flag("higher_is_better"),
        annual=record.flag("annual"),
        track=record.text("track"),
        lead=record.text("lead", limit=60),
        responsible=record.words("responsible"),
        definition=record.text("definition"),
        compare_element=record.raw("compare_element"),
        tolerance=record.number("tolerance") or Decimal(0),
        limit=record.number("limit"),
    )


def _scale(record: Record) -> Fraction:
    text = record.raw("scale")
    match = _SCALE.match(text)
    if match is None or int(match["over"]) == 0 or int(match["under"] or "1") == 0:
        record.fault(f"scale “{show(text)}”应为正整数或分数，如 100 或 1/10000")
        return Fraction(1)
    return Fraction(int(match["over"]), int(match["under"] or "1"))


def _check_scope(indicator: Indicator, record: Record, units: Mapping[str, OrgUnit]) -> None:
    if not indicator.scope_kinds:
        record.fault("scope_kinds 没有填")
    for kind in sorted(indicator.scope_kinds):
        if kind.level is not indicator.level:
            record.fault(f"scope_kinds 里的 {kind} 不属于 {indicator.level} 这一层级")
    for code in indicator.scope_units:
        if code not in units:
            record.fault(f"scope_units 里没有单位“{show(code)}”")
        elif units[code].kind not in indicator.scope_kinds:
            record.fault(f"scope_units 里的“{code}”不在 scope_kinds 之内")
    if not indicator.responsible:
        record.fault("responsible 没有填")


def _known_elements(
    indicator: Indicator, record: Record, elements: Mapping[str, DataElement]
) -> dict[str, DataElement] | None:
    """What the indicator reads, by code; None when something of it cannot be judged."""
    compared = (indicator.compare_element,) if indicator.compare_element else ()
    codes = (*indicator.elements, *indicator.denominators, *compared)
    if not indicator.elements:
        record.fault("elements 没有填")
    if len(codes) > MAX_ELEMENTS:
        record.fault(f"一个指标最多读 {MAX_ELEMENTS} 个采集项")
    sound = len(indicator.elements) > 0 and len(codes) <= MAX_ELEMENTS
    for code in codes:
        element = elements.get(code)
        if element is None:
            record.fault(f"没有采集项“{show(code)}”")
            sound = False
        elif element.level is not indicator.level or element.frequency is not indicator.frequency:
            record.fault(f"采集项“{code}”的 level、frequency 与指标不同")
            sound = False
    return {code: elements[code] for code in codes} if sound else None


class _Asked:
    """Who is asked for each element; worked out once, as many indicators read the same elements."""

    def __init__(self, units: Mapping[str, OrgUnit]) -> None:
        self._units = units
        self._known: dict[str, frozenset[str]] = {}

    def check(self, indicator: Indicator, record: Record, elements: Iterable[DataElement]) -> None:
        """Every unit that counts is asked for everything that the formula reads."""
        scope = {
            unit.code
            for unit in self._units.values()
            if unit.kind in indicator.scope_kinds and (not indicator.scope_units or unit.code in indicator.scope_units)
        }
        for element in elements:
            if unasked := scope - self._of(element):
                record.fault(f"采集项“{element.code}”不向范围内的单位“{min(unasked)}”采集")

    def _of(self, element: DataElement) -> frozenset[str]:
        known = self._known.get(element.code)
        if known is None:
            known = frozenset(unit.code for unit in self._units.values() if element.asks(unit))
            self._known[element.code] = known
        return known


def _check_meeting(indicator: Indicator, record: Record, known: Mapping[str, DataElement]) -> None:
    scope = Scope(of_elements(known[code] for code in indicator.elements), CONDITION_FUNCTIONS)
    expression = check_expression(record.place, "condition ", indicator.condition, scope)
    if expression is not None:
        for code in indicator.elements:
            if code not in expression.names:
                record.fault(f"condition 没有用到采集项“{code}”")
    if indicator.denominators:
        record.fault("只有 kind 为 ratio 时才填 denominators")
    if indicator.kind is FormulaKind.SHARE_MEETING and (indicator.unit == "%") != (indicator.scale == 100):
        record.fault("share_meeting 的 unit 为 % 时 scale 应为 100，反之亦然")


def _check_no_condition(indicator: Indicator, record: Record) -> None:
    if indicator.condition:
        record.fault("只有 kind 为 share_meeting、count_meeting 时才填 condition")


def _check_numbers(record: Record, elements: Iterable[DataElement]) -> None:
    for element in elements:
        if not element.numeric:
            record.fault(f"采集项“{element.code}”不是数，不能用于这种 kind")


def _check_sum(indicator: Indicator, record: Record, known: Mapping[str, DataElement]) -> None:
    _check_no_condition(indicator, record)
    _check_numbers(record, known.values())
    if indicator.denominators:
        record.fault("只有 kind 为 ratio 时才填 denominators")
    measure = _SUMMED[indicator.kind]
    for code in indicator.elements:
        if known[code].measure is not measure:
            record.fault(f"{indicator.kind} 只用于 measure 为 {measure} 的采集项，“{code}”不是")
    if indicator.annual and indicator.kind is FormulaKind.SUM_TO_DATE:
        record.fault("sum_to_date 是历年累计，annual 应为 no")


def _check_ratio(indicator: Indicator, record: Record, known: Mapping[str, DataElement]) -> None:
    _check_no_condition(indicator, record)
    _check_numbers(record, known.values())
    if not indicator.denominators:
        record.fault("ratio 要填 denominators")
    if len({known[code].measure for code in (*indicator.elements, *indicator.denominators)}) > 1:
        record.fault("ratio 的分子、分母应同为时点数（stock）或同为本期数（flow）")


def _check_reported(indicator: Indicator, record: Record, known: Mapping[str, DataElement]) -> None:
    _check_no_condition(indicator, record)
    _check_numbers(record, known.values())
    if indicator.denominators:
        record.fault("只有 kind 为 ratio 时才填 denominators")
    if len(indicator.elements) != 1 or indicator.level is not Level.DISTRICT:
        record.fault("reported 只读一个采集项，level 应为 district")


_FORMULAS: Final[dict[FormulaKind, Callable[[Indicator, Record, Mapping[str, DataElement]], None]]] = {
    FormulaKind.SUM_LATEST: _check_sum,
    FormulaKind.SUM_IN_YEAR: _check_sum,
    FormulaKind.SUM_TO_DATE: _check_sum,
    FormulaKind.SHARE_MEETING: _check_meeting,
    FormulaKind.COUNT_MEETING: _check_meeting,
    FormulaKind.RATIO: _check_ratio,
    FormulaKind.REPORTED: _check_reported,
}


def _check_target_settings(indicator: Indicator, record: Record) -> None:
    texts = bool(indicator.compare_element) + (indicator.limit is not None)
    if texts and indicator.kind is not FormulaKind.REPORTED:
        record.fault("只有 kind 为 reported 时才填 compare_element、limit")
    if texts > 1:
        record.fault("compare_element 和 limit 只能填一个")
    if indicator.tolerance < 0 or (indicator.tolerance and not indicator.compare_element):
        record.fault("tolerance 应为正数，且只与 compare_element 同填")


def _weight(indicator: Indicator, record: Record) -> Decimal | None:
    weight = record.number("weight", 4)
    if weight is None:
        return None
    if weight <= 0 or weight > 1000:
        record.fault("weight 应大于 0，不超过 1000；不参加排名的留空")
    if indicator.level is Level.DISTRICT:
        record.fault("区级指标没有分镇数，不能填 weight")
    return weight
