"""Reading ``rules.csv``: what must hold among the values of a unit, or within the rows of a register."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Record, show
from xzdesk.core.catalogue_parse_expressions import Scope, check_expression, of_elements, register_scope
from xzdesk.core.expressions import SERIES_FUNCTIONS, Expression
from xzdesk.core.model import DataElement, Level, RegisterSchema, Rule, Severity
from xzdesk.core.periods import PeriodKind

COLUMNS: Final = (
    "code",
    "severity",
    "level",
    "frequency",
    "register",
    "expression",
    "marks",
    "message",
    "hint",
)
RESERVED: Final = frozenset({"required", "range", "choice", "cumulative", "duplicate", "reference", "required_field"})
"""Codes of the checks that need no rule because elements and schemas already say them."""
_BELOW: Final = {Level.DISTRICT: Level.TOWN, Level.TOWN: Level.VILLAGE}


def read_rules(
    records: Iterable[Record], elements: Mapping[str, DataElement], registers: Mapping[str, RegisterSchema]
) -> tuple[Rule, ...]:
    """The rules, in the file's order."""
    rules: list[Rule] = []
    codes = Codes()
    for record in records:
        code = record.name("code")
        if code in RESERVED:
            record.fault(f"code 不能叫“{code}”，程序自带的审核已用此名")
        rule = (
            _read_of_register(record, code, registers)
            if record.raw("register")
            else _read_of_level(record, code, elements)
        )
        if codes.fresh(record.place, code):
            rules.append(rule)
    return tuple(rules)


def _read_of_level(record: Record, code: str, elements: Mapping[str, DataElement]) -> Rule:
    level = record.one_of("level", Level, Level.VILLAGE)
    frequency = record.one_of("frequency", PeriodKind, PeriodKind.MONTH)
    rule = _rule(record, code, level, frequency)
    same = [e for e in elements.values() if e.frequency is frequency]
    scope = Scope(
        of_elements(e for e in same if e.level is level),
        SERIES_FUNCTIONS,
        below=of_elements(e for e in same if e.level is _BELOW.get(level)),
    )
    expression = check_expression(record.place, "expression ", rule.expression, scope)
    for mark in rule.marks:
        if mark not in scope.variables:
            record.fault(f"marks 里没有这一层级、频度的采集项“{show(mark)}”")
    if expression is not None:
        _check_message(record, rule, expression, frozenset())
    return rule


def _read_of_register(record: Record, code: str, registers: Mapping[str, RegisterSchema]) -> Rule:
    for column in ("level", "frequency"):
        if record.raw(column):
            record.fault(f"填了 register，{column} 应为空")
    rule = _rule(record, code, None, None)
    schema = registers.get(rule.register)
    if schema is None:
        record.fault(f"没有台账“{show(rule.register)}”")
        return rule
    expression = check_expression(record.place, "expression ", rule.expression, register_scope(schema, registers))
    fields = {field.name: field for field in schema.fields}
    for mark in rule.marks:
        if mark not in fields:
            record.fault(f"marks 里没有台账“{schema.code}”的字段“{show(mark)}”")
    if expression is not None:
        _check_message(record, rule, expression, frozenset(f.name for f in schema.fields if f.personal))
    return rule


def _rule(record: Record, code: str, level: Level | None, frequency: PeriodKind | None) -> Rule:
    marks = record.words("marks")
    if not marks:
        record.fault("marks 没有填")
    return Rule(
        code=code,
        severity=record.one_of("severity", Severity, Severity.HARD),
        expression=record.raw("expression"),
        marks=marks,
        message=record.text("message", limit=300),
        hint=record.text("hint", limit=300),
        level=level,
        frequency=frequency,
        register=record.raw("register"),
    )


def _check_message(record: Record, rule: Rule, expression: Expression, personal: frozenset[str]) -> None:
    """Only plain ``{name}`` of what is read, never of a personal field."""
    try:
        places = [part[1:] for part in Formatter().parse(rule.message) if part[1] is not None]
    except ValueError:
        record.fault("message 里的花括号不成对")
        return
    for name, spec, conversion in places:
        if spec or conversion or name not in expression.names:
            record.fault(f"message 里的“{{{show(name or '')}}}”不是 expression 所读的采集项或字段")
        elif name in personal:
            record.fault(f"message 里不能写出个人信息字段“{name}”")
    if "{" in rule.hint or "}" in rule.hint:
        record.fault("hint 里不能有花括号")
