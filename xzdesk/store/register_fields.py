"""Contents of register fields: judging one that a person enters, and turning contents into what the table keeps.

Messages name register and field, never what was entered: it may be personal.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.findings import figure
from xzdesk.core.model import NO, YES, FieldType, FieldValue, RegisterField, RegisterSchema
from xzdesk.store.register_tables import decimals

Stored = int | str | None
"""What a column holds."""

LARGEST_SCALED: Final = 10**15
"""Numbers are smaller than this, counted in their smallest decimal."""

INVISIBLE: Final = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Characters that no field holds: they cannot be seen or cannot be written. A new line may stand in a field."""

_BREAK: Final = re.compile("\r\n?|[\u2028\u2029]")
_BLANK: Final = re.compile("[\t\x0b\x0c\xa0]")


def to_stored(schema: RegisterSchema, field: RegisterField, value: FieldValue) -> Stored:
    """What the column keeps for ``value``, None for nothing or a blank text.

    Blanks around a text are cut off, tabs become spaces. Raises ``UserError``: ``register.type``,
    ``register.choice``, ``register.range``, ``register.decimals``, ``register.too_large``, ``register.length``,
    ``register.characters``. Whether a reference exists is not for this function.
    """
    if value is None:
        return None
    if field.type is FieldType.DATE:
        return _date(schema, field, value)
    if field.type in (FieldType.INTEGER, FieldType.DECIMAL):
        return _number(schema, field, value)
    if not isinstance(value, str):
        raise refusal(schema, field, "type", "应填文字", "请重新填写这一栏。")
    text = _BLANK.sub(" ", _BREAK.sub("\n", value)).strip()
    return _text(schema, field, text) if text else None


def of_stored(field: RegisterField, content: Stored) -> FieldValue:
    """The value of what a column holds."""
    if content is None:
        return None
    return reader(field)(content)


def reader(field: RegisterField) -> Callable[[Stored], FieldValue]:
    """Turns what the field's column holds, NULL excepted, into a value."""
    if field.type is FieldType.DATE:
        return lambda content: dt.date.fromisoformat(str(content))
    if field.type is FieldType.INTEGER:
        return lambda content: Decimal(content or 0)
    if field.type is FieldType.DECIMAL:
        places = -field.decimals
        return lambda content: Decimal(content or 0).scaleb(places)
    return lambda content: str(content)


def scaled_bounds(field: RegisterField) -> tuple[int | None, int | None]:
    """Least and greatest content of a number's column; None where there is none, or none that could be reached."""
    low, high = field.minimum, field.maximum
    least = _scaled(field, low, ROUND_CEILING) if isinstance(low, Decimal) else None
    greatest = _scaled(field, high, ROUND_FLOOR) if isinstance(high, Decimal) else None
    return least, greatest


def date_bounds(field: RegisterField) -> tuple[str, str]:
    """First and last content of a date's column; without a bound every date lies within."""
    low, high = field.minimum, field.maximum
    first = low.isoformat() if isinstance(low, dt.date) else "0001-01-01"
    last = high.isoformat() if isinstance(high, dt.date) else "9999-12-31"
    return first, last


def choices(field: RegisterField) -> tuple[str, ...]:
    """The only contents that a text column may have; empty: any."""
    return (YES, NO) if field.type is FieldType.BOOLEAN else field.choices


def require(schema: RegisterSchema, row: Mapping[str, Stored], given: Mapping[str, FieldValue]) -> None:
    """Refuse an empty required field among ``given``. Raises ``UserError`` ``register.required``."""
    for field in schema.fields:
        if field.required and not field.hidden and field.name in given and row.get(field.name) is None:
            raise refusal(schema, field, "required", "是必填的，还没有填", "请填好这一栏再保存。")


def refusal(schema: RegisterSchema, field: RegisterField, code: str, what: str, hint: str) -> UserError:
    """The error ``register.<code>`` at one field."""
    return UserError(f"register.{code}", f"台账“{schema.title}”的“{field.title}”{what}。", hint)


def bounds_text(field: RegisterField) -> str:
    """How a message tells the range of a number or date."""
    low, high = (_bound_text(bound) for bound in (field.minimum, field.maximum))
    if low and high:
        return f"应在{low}和{high}之间"
    return f"不能小于{low}" if low else f"不能大于{high}"


def _bound_text(bound: Decimal | dt.date | None) -> str:
    return figure(bound) if isinstance(bound, Decimal) else bound.isoformat() if bound is not None else ""


def _date(schema: RegisterSchema, field: RegisterField, value: FieldValue) -> str:
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise refusal(schema, field, "type", "应填日期", "日期写成 2026-01-31 的样子。")
    text = value.isoformat()
    first, last = date_bounds(field)
    if not first <= text <= last:
        raise refusal(schema, field, "range", bounds_text(field), "请核对年份和月份。")
    return text


def _number(schema: RegisterSchema, field: RegisterField, value: FieldValue) -> int:
    if not isinstance(value, Decimal) or not value.is_finite():
        raise refusal(schema, field, "type", "应填数字", "请只填阿拉伯数字，单位不用写。")
    unit = f"（{field.unit}）" if field.unit else ""
    places = decimals(field)
    if abs(value) >= LARGEST_SCALED:
        raise refusal(schema, field, "too_large", "数字过大", f"请核对单位{unit}和小数点。")
    scaled = value.scaleb(places)
    if scaled != int(scaled):
        allowed = f"最多{places}位小数" if places else "应是整数"
        raise refusal(schema, field, "decimals", allowed, "请四舍五入后再填。")
    if abs(scaled) >= LARGEST_SCALED:
        raise refusal(schema, field, "too_large", "数字过大", f"请核对单位{unit}和小数点。")
    least, greatest = scaled_bounds(field)
    if (least is not None and scaled < least) or (greatest is not None and scaled > greatest):
        raise refusal(schema, field, "range", bounds_text(field), f"请核对单位{unit}和小数点。")
    return int(scaled)


def _text(schema: RegisterSchema, field: RegisterField, text: str) -> str:
    allowed = choices(field)
    if allowed and text not in allowed:
        words = "、".join("是" if word == YES else "否" if word == NO else word for word in allowed)
        raise refusal(schema, field, "choice", "不是可选的内容", f"可选：{words}。")
    if len(text) > field.max_length:
        raise refusal(schema, field, "length", f"过长，最多{field.max_length}个字", "请缩短后再保存。")
    if INVISIBLE.search(text):
        raise refusal(schema, field, "characters", "里有看不见的字符", "请删去后手工重新输入，不要粘贴。")
    return text


def _scaled(field: RegisterField, bound: Decimal, rounding: str) -> int | None:
    scaled = int(bound.scaleb(decimals(field)).to_integral_value(rounding))
    return scaled if abs(scaled) < LARGEST_SCALED else None
