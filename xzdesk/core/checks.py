"""审核: every element rule over the values of a month, all findings in one pass.

Generic rules follow from the elements' definitions (codes ``required`` ``range`` ``choice`` ``cumulative``, all
hard); the others are the catalogue's. Register rules are the store's, which makes its findings with the same
``make_finding``. Nothing here changes a value or knows whether a reason has been given.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Final

from xzdesk.core.check_environment import Scene, UnitEnvironment, read_all
from xzdesk.core.expressions import SERIES_FUNCTIONS, Expression, parse
from xzdesk.core.findings import (
    describe,
    describe_field,
    describe_scalar,
    fingerprint,
    make_finding,
    placeholders,
    plain_text,
)
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import (
    YES_NO,
    Catalogue,
    CellRef,
    CellState,
    DataElement,
    ElementType,
    Finding,
    OrgUnit,
    Rule,
    Severity,
)
from xzdesk.core.observations import Content, Observations, to_value
from xzdesk.core.periods import Period, PeriodKind

__all__ = [
    "check_values",
    "describe",
    "describe_field",
    "describe_scalar",
    "fingerprint",
    "make_finding",
    "plain_text",
]

REQUIRED, RANGE, CHOICE, CUMULATIVE = "required", "range", "choice", "cumulative"
GENERIC_RULES: Final = (REQUIRED, RANGE, CHOICE, CUMULATIVE)
"""Codes of the rules that follow from an element's definition; no rule of a catalogue may have one of them."""


def check_values(
    catalogue: Catalogue, observations: Observations, units: Sequence[OrgUnit], period: Period, lineage: Lineage
) -> list[Finding]:
    """All findings of the month ``period`` at ``units``, in their order, then the elements' and the rules'.

    ``observations`` must reach back as far as the rules do and hold the units below for ``children``. Units that
    do not exist at the month's end are passed over; quarterly and yearly elements and rules are due only in the
    month that ends their period; 期初数 are asked in the plan's first month. Every finding's ``period`` is the
    month, its ``place`` tells the cell's own.

    Raises ``ValueError`` when ``period`` is not a month, ``ExpressionError`` when a rule cannot be read.
    """
    if period.kind is not PeriodKind.MONTH:
        raise ValueError(f"not a month: {period}")
    scene = Scene(catalogue, observations, period, lineage)
    cells = list(_due_cells(catalogue, period))
    rules = [_CompiledRule.of(catalogue, rule) for rule in catalogue.rules if _is_due(rule, period)]
    findings: list[Finding] = []
    for unit in units:
        if not lineage.exists(unit.code, period):
            continue
        environment = UnitEnvironment(scene, unit)
        for cell in cells:
            if cell.element.asks(unit):
                findings += _check_cell(scene, environment, cell, unit)
        for rule in rules:
            if rule.rule.level is unit.level and rule.marked.asks(unit):
                finding = _check_rule(environment, rule, unit, period)
                if finding is not None:
                    findings.append(finding)
    return findings


def _due_cells(catalogue: Catalogue, month: Period) -> Iterator[_Cell]:
    """Each element that is due at the month's end, and in the plan's first month also its 期初数."""
    first = month is Period.month(catalogue.first_year, 1)
    for element in catalogue.elements.values():
        due = month.latest(element.frequency)
        if due.last_month == month.last_month:
            yield _Cell.of(element, due, is_baseline=False)
        if first and element.baseline:
            yield _Cell.of(element, Period.of_year(catalogue.baseline_year), is_baseline=True)


def _is_due(rule: Rule, month: Period) -> bool:
    return rule.frequency is not None and month.latest(rule.frequency).last_month == month.last_month


# --- rules that follow from the definition of an element --------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Cell:
    """An element with the period for which it is due; its bounds scaled as contents are."""

    element: DataElement
    period: Period
    name: str
    """How a message names it: with the period where that is not the month's own."""
    low: int | None
    high: int | None
    ranks: dict[str, int]
    """Place of each choice, from the least to the greatest."""
    is_baseline: bool

    @staticmethod
    def of(element: DataElement, period: Period, *, is_baseline: bool) -> _Cell:
        name = f"“{element.name}”"
        if is_baseline:
            name += f"的期初数（{period.label()}年末）".replace("年年末", "年末")
        elif period.kind is not PeriodKind.MONTH:
            name += f"（{period.label()}）"
        choices = tuple(reversed(YES_NO)) if element.type is ElementType.BOOLEAN else element.choices
        return _Cell(
            element=element,
            period=period,
            name=name,
            low=_scaled(element, element.minimum, ROUND_CEILING),
            high=_scaled(element, element.maximum, ROUND_FLOOR),
            ranks={stored: rank for rank, (stored, _) in enumerate(choices)},
            is_baseline=is_baseline,
        )

    def text(self, content: Content) -> str:
        return describe(self.element, to_value(self.element, content))

    def rank(self, content: Content) -> int:
        """What a cumulative element is compared by; a stated absence is nothing."""
        if isinstance(content, int):
            return content
        return 0 if isinstance(content, CellState) else self.ranks.get(content, 0)

    def finding(
        self, code: str, unit: OrgUnit, month: Period, contents: Sequence[Content | None], message: str, hint: str
    ) -> Finding:
        """A hard finding here; ``contents`` are the cell's own and the earlier ones that were read."""
        rule = Rule(code, Severity.HARD, "", (self.element.code,), message, hint)
        read = {f"{count}": _read_text(content) for count, content in enumerate(contents)}
        return make_finding(rule, unit.code, month, CellRef(unit.code, self.element.code, self.period), read)


def _scaled(element: DataElement, bound: Decimal | None, rounding: str) -> int | None:
    """A bound as the contents are scaled; one finer than the element's decimals moves inwards."""
    return None if bound is None else int(bound.scaleb(element.decimals).to_integral_value(rounding))


def _read_text(content: Content | None) -> str | None:
    """A content for the fingerprint: a stated absence and a choice of the same letters differ."""
    return None if content is None else f"{type(content).__name__}:{content}"


def _check_cell(scene: Scene, environment: UnitEnvironment, cell: _Cell, unit: OrgUnit) -> Iterator[Finding]:
    element, month = cell.element, scene.month
    content = scene.observations.get(element.code, unit.code, cell.period)
    if content is None:
        if cell.is_baseline or (element.required and element.derivation is None):
            hint = "没有发生的填 0；确实没有这一项的选“不适用”，还没有开展的选“未开展”。"
            yield cell.finding(REQUIRED, unit, month, (None,), f"没有填{cell.name}。", hint)
        return
    if not isinstance(content, CellState):
        yield from _check_content(cell, content, unit, month)
    if element.cumulative and not cell.is_baseline:
        yield from _check_fall(environment, cell, content, unit, month)


def _check_content(cell: _Cell, content: int | str, unit: OrgUnit, month: Period) -> Iterator[Finding]:
    if not cell.element.numeric:
        if isinstance(content, int) or content not in cell.ranks:
            words = "、".join(label for _, label in cell.element.choices or YES_NO)
            yield cell.finding(
                CHOICE, unit, month, (content,), f"{cell.name}的内容不在可选范围内。", f"可选：{words}。"
            )
    elif isinstance(content, str):
        yield cell.finding(RANGE, unit, month, (content,), f"{cell.name}不是数字。", "请只填阿拉伯数字，单位不用写。")
    elif cell.low is not None and content < cell.low:
        yield _out_of_range(cell, content, unit, month, f"小于最小值{cell.text(cell.low)}")
    elif cell.high is not None and content > cell.high:
        yield _out_of_range(cell, content, unit, month, f"大于最大值{cell.text(cell.high)}")


def _out_of_range(cell: _Cell, content: int, unit: OrgUnit, month: Period, how: str) -> Finding:
    hint = f"请核对数字和单位（{cell.element.unit}）。" if cell.element.unit else "请核对数字。"
    message = f"{cell.name}为{cell.text(content)}，{how}。"
    return cell.finding(RANGE, unit, month, (content,), message, hint)


def _check_fall(
    environment: UnitEnvironment, cell: _Cell, content: Content, unit: OrgUnit, month: Period
) -> Iterator[Finding]:
    last = environment.last_recorded(cell.element)
    if last is None or cell.rank(content) >= cell.rank(last.content):
        return
    when = f"{last.period.label()}末" if last.period.kind is not cell.period.kind else last.period.label()
    message = f"{cell.name}是累计数，只增不减：{when}为{cell.text(last.content)}，本期为{cell.text(content)}。"
    hint = "请核对本期数；确属以前多报的，请先对多报的那一期作更正并写明理由。"
    yield cell.finding(CUMULATIVE, unit, month, (content, last.content), message, hint)


# --- rules of the catalogue --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _CompiledRule:
    rule: Rule
    marked: DataElement
    """The element at whose cell a finding is shown; a unit of which it is not asked is not judged."""
    expression: Expression
    names: tuple[str, ...]
    """Read for the period itself."""
    calls: tuple[tuple[str, str], ...]
    spoken: Mapping[str, str]
    """What the message wants filled, by what is said there: of an element of the level below its sum."""

    @staticmethod
    def of(catalogue: Catalogue, rule: Rule) -> _CompiledRule:
        expression = parse(rule.expression)
        return _CompiledRule(
            rule=rule,
            marked=catalogue.elements[rule.marks[0]],
            expression=expression,
            names=_own_names(rule.expression),
            calls=tuple(sorted(expression.calls)),
            spoken={name: _spoken_for(catalogue, rule, name) for name in placeholders(rule.message)},
        )


def _spoken_for(catalogue: Catalogue, rule: Rule, name: str) -> str:
    element = catalogue.elements.get(name)
    return name if element is None or element.level is rule.level else f"children({name})"


@lru_cache(maxsize=4096)
def _own_names(text: str) -> tuple[str, ...]:
    """The elements that an expression reads for the period itself, outside of ``prev(...)`` and its kin."""
    names: set[str] = set()
    waiting: list[ast.AST] = [parse(text).tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            is_series = isinstance(node.func, ast.Name) and node.func.id in SERIES_FUNCTIONS
            waiting += [] if is_series else node.args
        elif isinstance(node, ast.Name):
            names.add(node.id)
        else:
            waiting += ast.iter_child_nodes(node)
    return tuple(sorted(names))


def _check_rule(environment: UnitEnvironment, rule: _CompiledRule, unit: OrgUnit, month: Period) -> Finding | None:
    held = rule.expression.evaluate(environment)
    if held is None or held:
        return None
    place = CellRef(unit.code, rule.marked.code, environment.due(rule.marked))
    read = read_all(environment, rule.names, rule.calls)
    texts = {name: environment.speak(source) for name, source in rule.spoken.items()}
    return make_finding(rule.rule, unit.code, month, place, read, texts)
