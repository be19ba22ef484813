"""Reading ``rules.csv``: what must hold among the values of a unit, or within the rows of a register."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
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
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_BELOW: Final = {Level.DISTRICT: Level.TOWN, Level.TOWN: Level.VILLAGE}


def read_rules(
    records: Iterable[Record], elements: Mapping[str, DataElement], registers: Mapping[str, RegisterSchema]
) -> tuple[Rule, ...]:
    """The rules, in the file's order."""
    rules: list[Rule] = []
    codes = Codes()
    scopes = {level: _level_scope(level, elements.values()) for level in Level}
    for record in records:
        code = record.name("code")
        if code in RESERVED:
            record.fault(f"code 不能叫“{code}”，程序自带的审核已用此名")
        rule = (
            _read_of_register(record, code, registers)
            if record.raw("register")
            else _read_of_level(record, code, elements, scopes)
        )
        if codes.fresh(record.place, code):
            rules.append(rule)
    return tuple(rules)


def _level_scope(level: Level, elements: Collection[DataElement]) -> Scope:
    below = _BELOW.get(level)
    return Scope(
        of_elements(element for element in elements if element.level is level),
        SERIES_FUNCTIONS,
        below=of_elements(element for element in elements if element.level is below),
    )


def _read_of_level(
    record: Record, code: str, elements: Mapping[str, DataElement], scopes: Mapping[Level, Scope]
) -> Rule:
    level = record.one_of("level", Level, Level.VILLAGE)
    frequency = record.one_of("frequency", PeriodKind, PeriodKind.MONTH)
    rule = _rule(record, code, level, frequency)
    scope = scopes[level]
    expression = check_expression(record.place, "expression ", rule.expression, scope)
    markable = {name for name in scope.variables if elements[name].frequency.months <= frequency.months}
    for mark in rule.marks:
        if mark not in markable:
            record.fault(f"marks 里没有这一层级、不比规则频度长的采集项“{show(mark)}”")
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
        _check_message(record, rule, expression, _personal(schema, registers))
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


def _personal(schema: RegisterSchema, registers: Mapping[str, RegisterSchema]) -> frozenset[str]:
    """The personal fields as a message would name them, those of referenced rows too."""
    own = {field.name for field in schema.fields if field.personal}
    others = {
        f"{field.name}.{other.name}"
        for field in schema.fields
        if field.references in registers
        for other in registers[field.references].fields
        if other.personal
    }
    return frozenset(own | others)


def _check_message(record: Record, rule: Rule, expression: Expression, personal: frozenset[str]) -> None:
    """Only ``{name}`` or ``{prev(name)}`` of what is read, never of a personal field."""
    readable = {name: name for name in expression.names}
    readable |= {f"{function}({name})": name for function, name in expression.calls}
    for name in _PLACEHOLDER.findall(rule.message):
        if name not in readable:
            record.fault(f"message 里的“{{{show(name)}}}”不是 expression 所读的采集项或字段")
        elif readable[name] in personal:
            record.fault(f"message 里不能写出个人信息字段“{readable[name]}”")
    if set("{}") & set(_PLACEHOLDER.sub("", rule.message) + rule.hint):
        record.fault("message 里的花括号不成对，或 hint 里有花括号")
