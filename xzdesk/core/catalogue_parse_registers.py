"""Reading ``registers/<code>.json``: Frictionless Table Schemas, with what the program needs besides under "xzdesk".

Of the standard are used: ``fields`` (``name title type description example constraints``), the constraints
``required enum minimum maximum maxLength``, ``trueValues``/``falseValues`` (only ``yes`` and ``no``), ``primaryKey``
(only ``id``, which every row has) and ``foreignKeys``. A reference to another register is either a foreign key to its
``id`` or ``"xzdesk": {"references": code}`` in the field; the field is of type string.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from xzdesk.core.catalogue_parse import Codes, Faults, Place, checked_name, checked_text, line_of, read_date, show
from xzdesk.core.catalogue_parse_json import Members
from xzdesk.core.model import FieldType, RegisterField, RegisterSchema

MAX_FIELDS: Final = 60
MAX_CHOICES: Final = 60
MAX_TEXT: Final = 1_000
DEFAULT_LENGTH: Final = 200
_LARGEST: Final = Decimal(10) ** 15
_RESERVED: Final = frozenset({"id", "unit", "deleted", "revision", "period_start", "period_end", "rowid", "oid"})
"""Columns that every register has, and names that expressions already know."""
_SCHEMA: Final = frozenset({"$schema", "fields", "primaryKey", "foreignKeys", "xzdesk"})
_SCHEMA_EXTRA: Final = frozenset({"code", "title", "duplicate_key", "label"})
_FIELD: Final = frozenset(
    {"name", "title", "type", "description", "example", "constraints", "trueValues", "falseValues", "xzdesk"}
)
_FIELD_EXTRA: Final = frozenset({"unit", "decimals", "personal", "references", "hidden"})
_CONSTRAINTS: Final = frozenset({"required", "enum", "minimum", "maximum", "maxLength"})
_NUMBERS: Final = (FieldType.INTEGER, FieldType.DECIMAL)


def read_registers(
    faults: Faults, texts: Mapping[str, str], documents: Mapping[str, object]
) -> dict[str, RegisterSchema]:
    """The schemas by code, in the order of their file names. ``documents`` are the parsed ``texts``."""
    registers: dict[str, RegisterSchema] = {}
    places: dict[str, Mapping[str, Place]] = {}
    for file in sorted(documents):
        reader = _Reader(faults, file, texts[file], documents[file])
        schema = reader.schema()
        registers[schema.code] = schema
        places[schema.code] = {name: reader.place(name) for name in ("", *(f.name for f in schema.fields))}
    titles = Codes("台账名称")
    for schema in registers.values():
        titles.fresh(places[schema.code][""], schema.title)
        for field in schema.fields:
            if field.references and field.references not in registers:
                places[schema.code][field.name].fault(f"字段“{field.name}”指向的台账“{show(field.references)}”不存在")
    return registers


class _Reader:
    """Reads one file. The register's code is the file's name whatever stands inside, so that no two collide."""

    def __init__(self, faults: Faults, file: str, text: str, document: object) -> None:
        self._faults = faults
        self._file = file
        self._text = text
        self._schema = Members(Place(faults, file, 1), "台账定义", document, _SCHEMA)

    def place(self, field: str) -> Place:
        pattern = rf'"name"[ \t]*:[ \t]*"{field}"' if field.isidentifier() else '"fields"'
        return Place(self._faults, self._file, max(1, line_of(self._text, pattern)) if field else 1)

    def schema(self) -> RegisterSchema:
        code = self._file.removeprefix("registers/").removesuffix(".json")
        line = max(1, line_of(self._text, r'^[ \t]*"xzdesk"[ \t]*:'))
        place = Place(self._faults, self._file, line)
        extra = Members(place, "xzdesk ", self._schema.get("xzdesk"), _SCHEMA_EXTRA)
        if extra.text("code") != code:
            place.fault(f"xzdesk 的 code 应与文件名一致：{code}")
        if self._schema.get("primaryKey") not in (None, "id", ["id"]):
            self._schema.place.fault("primaryKey 只能是 id")
        fields = self._with_foreign_keys(self._fields())
        schema = RegisterSchema(
            code=checked_name(place, "台账代码", code),
            title=_required_text(place, "xzdesk 的 title", extra.text("title"), 40),
            fields=tuple(fields.values()),
            duplicate_key=extra.texts("duplicate_key"),
            label=extra.texts("label"),
        )
        for name in (*schema.duplicate_key, *schema.label):
            if name not in fields:
                place.fault(f"duplicate_key 或 label 里没有字段“{show(name)}”")
        if not schema.label:
            place.fault("label 至少要有一个字段")
        return schema

    def _fields(self) -> dict[str, RegisterField]:
        found: dict[str, RegisterField] = {}
        titles = Codes("字段名称")
        raw = self._schema.objects("fields")
        if not 1 <= len(raw) <= MAX_FIELDS:
            self.place("?").fault(f"fields 应有 1 到 {MAX_FIELDS} 个字段")
        for value in raw[:MAX_FIELDS]:
            name = value.get("name", "?") if isinstance(value, dict) else "?"
            place = self.place(name if isinstance(name, str) else "?")
            field = _read_field(place, value)
            if field.name in found:
                place.fault(f"字段“{show(field.name)}”重复")
            elif field.name in _RESERVED:
                place.fault(f"字段不能叫“{field.name}”")
            titles.fresh(place, field.title)
            found.setdefault(field.name, field)
        return found

    def _with_foreign_keys(self, fields: dict[str, RegisterField]) -> dict[str, RegisterField]:
        place = Place(self._faults, self._file, max(1, line_of(self._text, '"foreignKeys"')))
        for value in self._schema.objects("foreignKeys"):
            key = Members(place, "foreignKeys ", value, frozenset({"fields", "reference"}))
            reference = Members(place, "reference ", key.get("reference"), frozenset({"resource", "fields"}))
            name = key.text("fields")
            if name not in fields:
                place.fault(f"foreignKeys 里没有字段“{show(name)}”")
                continue
            if reference.text("fields") != "id":
                place.fault("foreignKeys 只能指向对方的 id")
            if fields[name].type is not FieldType.STRING:
                place.fault(f"指向别的台账的字段“{name}”应为 string")
            fields[name] = replace(fields[name], references=reference.text("resource"))
        return fields


def _required_text(place: Place, what: str, text: str, limit: int) -> str:
    if not text:
        place.fault(f"{what}没有填")
    return checked_text(place, what, text, limit)


def _read_field(place: Place, value: object) -> RegisterField:
    member = Members(place, "字段", value, _FIELD)
    name = member.text("name")
    what = f"字段“{show(name)}”"
    extra = Members(place, f"{what}的 xzdesk ", member.get("xzdesk") if "xzdesk" in member else {}, _FIELD_EXTRA)
    limits = Members(
        place, f"{what}的 constraints ", member.get("constraints") if "constraints" in member else {}, _CONSTRAINTS
    )
    kind = _field_type(place, what, member.text("type"))
    for key, word in (("trueValues", "yes"), ("falseValues", "no")):
        if key in member and member.get(key) != [word]:
            place.fault(f'{what}的 {key} 只能是 ["{word}"]')
    field = RegisterField(
        name=checked_name(place, "字段", name),
        title=_required_text(place, f"{what}的 title", member.text("title"), 40),
        type=kind,
        description=checked_text(place, f"{what}的 description", member.text("description")),
        unit=checked_text(place, f"{what}的 unit", extra.text("unit"), 20),
        decimals=_decimals(place, what, kind, extra),
        choices=_choices(place, what, kind, limits),
        required=limits.flag("required"),
        max_length=limits.integer("maxLength", DEFAULT_LENGTH, 1, MAX_TEXT),
        personal=extra.flag("personal"),
        references=extra.text("references"),
        hidden=extra.flag("hidden"),
    )
    return _with_bounds(place, what, _checked(place, what, field, limits), limits)


def _field_type(place: Place, what: str, text: str) -> FieldType:
    try:
        return FieldType(text)
    except ValueError:
        place.fault(f"{what}的 type “{show(text)}”应为 {'、'.join(FieldType)} 之一")
        return FieldType.STRING


def _decimals(place: Place, what: str, kind: FieldType, extra: Members) -> int:
    decimals = extra.integer("decimals", 0, 0, 6)
    if (kind is FieldType.DECIMAL) != (decimals > 0):
        place.fault(f"{what}的 decimals 与 type 不合：number 为 1 到 6，其他为 0")
        return 1 if kind is FieldType.DECIMAL else 0
    return decimals


def _choices(place: Place, what: str, kind: FieldType, limits: Members) -> tuple[str, ...]:
    choices = limits.texts("enum")
    if "enum" in limits and kind is not FieldType.STRING:
        place.fault(f"{what}不是 string，不能有 enum")
        return ()
    if "enum" in limits and not 1 <= len(choices) <= MAX_CHOICES:
        place.fault(f"{what}的 enum 应有 1 到 {MAX_CHOICES} 项")
    return tuple(_required_text(place, f"{what}的 enum", choice, 60) for choice in choices[:MAX_CHOICES])


def _checked(place: Place, what: str, field: RegisterField, limits: Members) -> RegisterField:
    """What does not go together in one field."""
    if field.hidden and field.required:
        place.fault(f"{what}已隐藏，不能必填")
    if "maxLength" in limits and field.type is not FieldType.STRING:
        place.fault(f"{what}不是 string，不能有 maxLength")
    if field.references and (field.type is not FieldType.STRING or field.choices):
        place.fault(f"{what}指向别的台账，type 应为 string，没有 enum")
    return field


def _with_bounds(place: Place, what: str, field: RegisterField, limits: Members) -> RegisterField:
    if field.type in _NUMBERS:
        low, high = (_number_bound(place, what, field, limits, name) for name in ("minimum", "maximum"))
        field = replace(field, minimum=low, maximum=high)
        if low is not None and high is not None and low > high:
            place.fault(f"{what}的 minimum 大于 maximum")
    elif field.type is FieldType.DATE:
        first, last = (_date_bound(place, what, limits, name) for name in ("minimum", "maximum"))
        field = replace(field, minimum=first, maximum=last)
        if first is not None and last is not None and first > last:
            place.fault(f"{what}的 minimum 晚于 maximum")
    elif "minimum" in limits or "maximum" in limits:
        place.fault(f"{what}不是数或日期，不能有 minimum、maximum")
    return field


def _number_bound(place: Place, what: str, field: RegisterField, limits: Members, name: str) -> Decimal | None:
    number = limits.number(name)
    if number is not None and (abs(number) >= _LARGEST or number != round(number, field.decimals)):
        place.fault(f"{what}的 {name} 过大，或小数多于 {field.decimals} 位")
        return None
    return number


def _date_bound(place: Place, what: str, limits: Members, name: str) -> dt.date | None:
    return read_date(place, f"{what}的 {name} ", limits.text(name)) if name in limits else None
