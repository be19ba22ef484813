"""How a finding is made and how values read in a sentence. Knows no particular rule and no place's history."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from xzdesk.core.model import (
    NO,
    YES,
    CellRef,
    CellState,
    DataElement,
    DataValue,
    FieldType,
    FieldValue,
    Finding,
    RegisterField,
    RowRef,
    Rule,
    Scalar,
)
from xzdesk.core.periods import Period

STATE_WORDS: Final = {CellState.NOT_APPLICABLE: "不适用", CellState.NOT_STARTED: "未开展"}
NOT_FILLED: Final = "未填"
WITHHELD: Final = "（个人信息，不显示）"

_PLACEHOLDER: Final = re.compile(r"\{([a-z][a-z0-9_]*(?:\([a-z][a-z0-9_.]*\))?)\}", re.ASCII)
_WORDS: Final = {YES: "是", NO: "否"}
_LONGEST_TEXT: Final = 40


def make_finding(
    rule: Rule,
    unit: str,
    period: Period,
    place: CellRef | RowRef,
    read: Mapping[str, Scalar],
    texts: Mapping[str, str] | None = None,
) -> Finding:
    """The finding that ``rule`` does not hold at ``place``.

    ``read`` holds what the rule read, by name (``served``) or call (``prev(served)``, ``ref(facility.kind)``): it
    makes the fingerprint. The rule's message gets ``{name}`` and ``{prev(name)}`` filled from ``texts``
    (``describe``, ``describe_field``), else plainly from ``read``; a unit that the message itself writes behind a
    figure is not said twice. The caller keeps personal fields out of both ``texts`` and the message; in ``read``
    they only enter the hash. The first of the rule's marks is marked.
    """
    spoken = texts or {}

    def fill(match: re.Match[str]) -> str:
        name = match[1]
        value = read.get(name)
        text = spoken[name] if name in spoken else plain_text(value)
        if isinstance(value, Decimal):
            digits = figure(value)
            measure = text.removeprefix(digits)
            if measure and match.string[match.end() :].lstrip().startswith(measure):
                return digits
        return text

    return Finding(
        rule=rule.code,
        severity=rule.severity,
        unit=unit,
        period=period,
        place=place,
        field=rule.marks[0],
        message=_PLACEHOLDER.sub(fill, rule.message),
        hint=rule.hint,
        fingerprint=fingerprint(rule.code, place, read),
    )


def placeholders(message: str) -> frozenset[str]:
    """The names and calls that ``message`` wants filled."""
    return frozenset(_PLACEHOLDER.findall(message))


def fingerprint(rule: str, place: CellRef | RowRef, read: Mapping[str, Scalar]) -> str:
    """SHA-256, hex, over the rule's code, the place and the values read; ``1`` and ``1.00`` are the same value."""
    where = (
        ["cell", place.unit, place.element, str(place.period)]
        if isinstance(place, CellRef)
        else ["row", place.register, place.row]
    )
    values = sorted((name, *_canonical(value)) for name, value in read.items())
    text = json.dumps([rule, where, values], ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def describe(element: DataElement, value: DataValue) -> str:
    """How a cell reads in a sentence: figure with unit (``12.5万元``), label of a choice, or the stated absence."""
    if value.state is not CellState.VALUE:
        return STATE_WORDS[value.state]
    if value.number is not None:
        return f"{figure(value.number)}{element.unit}"
    return dict(element.choices).get(value.choice or "", value.choice or NOT_FILLED)


def describe_scalar(element: DataElement, value: Scalar) -> str:
    """As ``describe``, of what an expression reads: also of a sum, or of the answer to ``missing(...)``."""
    if isinstance(value, Decimal):
        return f"{figure(value)}{element.unit}"
    if isinstance(value, str):
        return dict(element.choices).get(value, value)
    return plain_text(value)


def describe_field(field: RegisterField, value: FieldValue) -> str:
    """How a register's field reads in a sentence; a personal one is never told."""
    if field.personal:
        return WITHHELD
    if isinstance(value, Decimal):
        return f"{figure(value)}{field.unit}"
    if isinstance(value, str) and value and field.type is not FieldType.BOOLEAN:
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "…"
    return plain_text(value)


def plain_text(value: Scalar) -> str:
    """A value without knowledge of its unit: ``12.5``, ``2026年3月1日``, ``是``, ``未填``."""
    if value is None or value == "":
        return NOT_FILLED
    if isinstance(value, bool):
        return _WORDS[YES if value else NO]
    if isinstance(value, Decimal):
        return figure(value)
    if isinstance(value, dt.date):
        return f"{value.year}年{value.month}月{value.day}日"
    return _WORDS.get(value, value)


def figure(number: Decimal) -> str:
    """Digits without exponent and without closing zeros behind the point."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _canonical(value: Scalar) -> tuple[str, str]:
    if value is None:
        return "unknown", ""
    if isinstance(value, bool):
        return "truth", str(value)
    if isinstance(value, Decimal):
        return "number", figure(value)
    if isinstance(value, dt.date):
        return "date", value.isoformat()
    return "text", value
