"""Reading ``elements.csv``: what is recorded, by whom, how often, and what of it comes from a register."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Record, show
from xzdesk.core.catalogue_parse_expressions import check_expression, register_scope
from xzdesk.core.model import (
    YES_NO,
    Aggregate,
    DataElement,
    Derivation,
    ElementType,
    FieldType,
    Level,
    Measure,
    OrgUnit,
    RegisterField,
    RegisterSchema,
    UnitKind,
)
from xzdesk.core.periods import PeriodKind

COLUMNS: Final = (
    "code",
    "name",
    "unit",
    "type",
    "decimals",
    "measure",
    "level",
    "frequency",
    "track",
    "definition",
    "choices",
    "minimum",
    "maximum",
    "baseline",
    "cumulative",
    "units",
    "unit_kinds",
    "required",
    "register",
    "aggregate",
    "field",
    "where",
)
_DERIVED: Final = ("aggregate", "field", "where")


def read_elements(
    records: Iterable[Record],
    tracks: Collection[str],
    units: Mapping[str, OrgUnit],
    registers: Mapping[str, RegisterSchema],
) -> dict[str, DataElement]:
    """The elements by code, in the file's order."""
    elements: dict[str, DataElement] = {}
    codes, names = Codes(), Codes("同一层级的名称")
    for record in records:
        element = _read(record)
        if element.track not in tracks:
            record.fault(f"track “{show(element.track)}”不在 catalogue.toml 的 tracks 里")
        _check_content(element, record)
        _check_units(element, record, units)
        names.fresh(record.place, f"{element.level} {element.name}")
        if codes.fresh(record.place, element.code):
            derivation = _read_derivation(element, record, registers)
            elements[element.code] = replace(element, derivation=derivation)
    return elements


def _read(record: Record) -> DataElement:
    kind = record.one_of("type", ElementType, ElementType.INTEGER)
    decimals = record.integer("decimals", 0, 6)
    if (kind is ElementType.DECIMAL) != (decimals > 0):
        record.fault("decimals 与 type 不合：decimal 为 1 到 6，其他为 0")
    numeric = kind in (ElementType.INTEGER, ElementType.DECIMAL)
    return DataElement(
        code=record.name("code"),
        name=record.text("name", limit=60),
        unit=record.text("unit", required=numeric, limit=20),
        type=kind,
        decimals=decimals,
        measure=record.one_of("measure", Measure, Measure.STOCK),
        level=record.one_of("level", Level, Level.VILLAGE),
        frequency=record.one_of("frequency", PeriodKind, PeriodKind.MONTH),
        track=record.text("track"),
        definition=record.text("definition"),
        choices=_choices(kind, record),
        minimum=record.number("minimum", decimals),
        maximum=record.number("maximum", decimals),
        baseline=record.flag("baseline"),
        cumulative=record.flag("cumulative"),
        units=record.words("units"),
        unit_kinds=record.kinds("unit_kinds", UnitKind),
        required=record.flag("required"),
    )


def _choices(kind: ElementType, record: Record) -> tuple[tuple[str, str], ...]:
    pairs = []
    for word in record.words("choices"):
        value, equals, label = word.partition("=")
        if not equals or not value.strip() or not label.strip():
            record.fault(f"choices 里的“{show(word)}”应写成 值=名称")
        pairs.append((value.strip(), label.strip()))
    if kind is not ElementType.CHOICE:
        if pairs:
            record.fault("只有 type 为 choice 时才填 choices")
        return YES_NO if kind is ElementType.BOOLEAN else ()
    if len(pairs) < 2:
        record.fault("choices 至少要有两项")
    for column in zip(*pairs, strict=True):
        if len(set(column)) < len(pairs):
            record.fault("choices 里有重复的值或名称")
    return tuple(pairs)


def _check_content(element: DataElement, record: Record) -> None:
    low, high = element.minimum, element.maximum
    if low is not None and high is not None and low > high:
        record.fault("minimum 大于 maximum")
    if not element.numeric:
        if low is not None or high is not None:
            record.fault("不是数，不能有 minimum、maximum")
        if element.baseline:
            record.fault("不是数，不能有期初数（baseline）")
    if element.cumulative and not (element.numeric and element.measure is Measure.STOCK):
        record.fault("cumulative 只用于时点数（stock），且 type 为 integer 或 decimal")


def _check_units(element: DataElement, record: Record, units: Mapping[str, OrgUnit]) -> None:
    for kind in sorted(element.unit_kinds):
        if kind.level is not element.level:
            record.fault(f"unit_kinds 里的 {kind} 不属于 {element.level} 这一层级")
    for code in element.units:
        if code not in units:
            record.fault(f"units 里没有单位“{show(code)}”")
        elif not element.asks(units[code]):
            record.fault(f"units 里的“{code}”不属于 {element.level} 这一层级，或不在 unit_kinds 之内")


def _read_derivation(
    element: DataElement, record: Record, registers: Mapping[str, RegisterSchema]
) -> Derivation | None:
    code = record.raw("register")
    if not code:
        for column in _DERIVED:
            if record.raw(column):
                record.fault(f"没有填 register，{column} 也应为空")
        return None
    derivation = Derivation(
        code, record.one_of("aggregate", Aggregate, Aggregate.COUNT), record.raw("where"), record.raw("field")
    )
    schema = registers.get(code)
    if schema is None:
        record.fault(f"没有台账“{show(code)}”")
        return derivation
    check_expression(record.place, "where ", derivation.where, register_scope(schema, registers))
    _check_aggregate(element, derivation, record, schema)
    return derivation


def _check_aggregate(element: DataElement, derivation: Derivation, record: Record, schema: RegisterSchema) -> None:
    if (derivation.aggregate is Aggregate.ANY) != (element.type is ElementType.BOOLEAN):
        record.fault("aggregate 为 any 时 type 应为 boolean，反之亦然")
    if derivation.aggregate is Aggregate.COUNT and element.type is not ElementType.INTEGER:
        record.fault("aggregate 为 count 时 type 应为 integer")
    if derivation.aggregate is not Aggregate.SUM:
        if derivation.field:
            record.fault("只有 aggregate 为 sum 时才填 field")
        return
    summed: RegisterField | None = next((f for f in schema.fields if f.name == derivation.field), None)
    if summed is None:
        record.fault(f"台账“{schema.code}”没有字段“{show(derivation.field)}”")
    elif summed.type not in (FieldType.INTEGER, FieldType.DECIMAL):
        record.fault(f"字段“{summed.name}”不是数，不能求和")
    elif not element.numeric or summed.decimals > element.decimals:
        record.fault(f"求和的 type、decimals 容不下字段“{summed.name}”的 {summed.decimals} 位小数")
