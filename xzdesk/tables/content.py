"""What one cell of a file says: a value of a data element, or the content of a register's field.

Nothing raises: a content that cannot be taken is a ``Problem``. Personal contents are never quoted, nor what a register
refuses: in a sheet whose columns have slipped, names stand under every heading.
"""

from __future__ import annotations

import datetime as dt
import math
import unicodedata
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from functools import lru_cache
from typing import Final

from xzdesk.core.model import (
    NO,
    NOT_APPLICABLE,
    NOT_STARTED,
    YES,
    DataElement,
    DataValue,
    ElementType,
    FieldType,
    FieldValue,
    RegisterField,
)
from xzdesk.tables.dates import read_date
from xzdesk.tables.numbers import LARGEST, fold, plain, read_number
from xzdesk.tables.table import Broken, Problem, Raw

NOT_APPLICABLE_MARK: Final = "/"
NOT_STARTED_MARK: Final = "-"
"""How the two absences are typed in the grid and in workbooks."""

_STATES: Final = {
    "/": NOT_APPLICABLE,
    "不适用": NOT_APPLICABLE,
    "-": NOT_STARTED,
    "未开展": NOT_STARTED,
} | dict.fromkeys(("\\", "n/a"), NOT_APPLICABLE)
_DASHES: Final = frozenset("-—–―─‐‑﹣ー")
_YES: Final = frozenset({"是", "√", "✓", "✔", "☑", "y", "yes", "true", "对", "1", YES})
_NO: Final = frozenset({"否", "×", "✗", "✘", "☒", "x", "n", "no", "false", "错", "0", NO})
_PLAIN: Final = frozenset({"是", "否"})
_QUOTED: Final = 30


class _Quoting(Enum):
    """Which contents a sentence may repeat."""

    ALL = "all"
    READ = "read"
    """Only what could be read as what it should be."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class ValueReading:
    """Of a data element. All None and empty: the cell is empty and says nothing."""

    value: DataValue | None = None
    conversions: tuple[str, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class FieldReading:
    """Of a register's field. ``value`` None without a problem: the cell is empty and says nothing."""

    value: FieldValue = None
    conversions: tuple[str, ...] = ()
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class _Numeric:
    value: Decimal | None = None
    conversions: tuple[str, ...] = ()
    problem: Problem | None = None


def is_empty(raw: Raw) -> bool:
    """Whether nothing (or only blanks) stands in the cell."""
    return isinstance(raw, str) and (not raw or not fold(raw))


def shown(raw: Raw) -> str:
    """As a person would see the content; at most 200 characters."""
    if isinstance(raw, Broken):
        return raw.text
    if isinstance(raw, bool):
        return "TRUE" if raw else "FALSE"
    if isinstance(raw, int | float):
        return plain(as_decimal(raw)) if math.isfinite(raw) and abs(raw) < 1e18 else str(raw)
    return str(raw)[:200]


def as_decimal(number: float) -> Decimal:
    """The number a spreadsheet means: it shows 15 digits, and what lies beyond is binary noise."""
    return Decimal(format(number, ".15g"))


def read_value(raw: Raw, element: DataElement) -> ValueReading:
    """Read one cell of the grid: a number, a choice, ``/`` (不适用), ``-`` (未开展)."""
    if is_empty(raw):
        return ValueReading()
    if isinstance(raw, Broken):
        return ValueReading(problem=_broken(raw))
    if isinstance(raw, str):
        state = _state(raw)
        if state is not None and not (element.choices and fold(raw) in dict(element.choices).values()):
            return state
    if element.numeric:
        decimals = element.decimals if element.type is ElementType.DECIMAL else 0
        numeric = _number(raw, element.unit, decimals, element.minimum, element.maximum, _Quoting.ALL)
        value = None if numeric.value is None else DataValue.of(numeric.value)
        return ValueReading(value, numeric.conversions, numeric.problem)
    if element.type is ElementType.BOOLEAN:
        chosen = _yes_no(raw)
    else:
        chosen = _choice(raw, _labels(element.choices), _Quoting.ALL)
    if isinstance(chosen, Problem):
        return ValueReading(problem=chosen)
    return ValueReading(DataValue.of(chosen[0]), chosen[1])


def read_field(raw: Raw, field: RegisterField) -> FieldReading:
    """Read one cell of a register's sheet; references are resolved by the caller."""
    if is_empty(raw):
        return FieldReading()
    if isinstance(raw, Broken):
        return FieldReading(problem=_broken(raw))
    quoting = _Quoting.NONE if field.personal else _Quoting.READ
    if field.type is FieldType.DATE:
        return _date_field(raw, field)
    if field.type is FieldType.BOOLEAN:
        yes_no = _yes_no(raw, quoting)
        return FieldReading(problem=yes_no) if isinstance(yes_no, Problem) else FieldReading(*yes_no)
    if field.type is FieldType.STRING:
        if not field.choices:
            return _text_field(raw, field)
        choice = _choice(raw, tuple((label, label) for label in field.choices), quoting)
        return FieldReading(problem=choice) if isinstance(choice, Problem) else FieldReading(*choice)
    low = field.minimum if isinstance(field.minimum, Decimal) else None
    high = field.maximum if isinstance(field.maximum, Decimal) else None
    decimals = field.decimals if field.type is FieldType.DECIMAL else 0
    numeric = _number(raw, field.unit, decimals, low, high, quoting)
    return FieldReading(numeric.value, numeric.conversions, numeric.problem)


def _broken(raw: Broken) -> Problem:
    return Problem(
        "content.broken", f"单元格显示的是“{raw.text}”，不是内容。", "请在表格软件里改好公式并保存，或直接填上数。"
    )


def _state(text: str) -> ValueReading | None:
    folded = fold(text)
    if len(folded) <= 3 and folded and all(sign in _DASHES for sign in folded):
        state = NOT_STARTED
    else:
        found = _STATES.get(folded.lower())
        if found is None:
            return None
        state = found
    label = "不适用" if state is NOT_APPLICABLE else "未开展"
    written = text.strip()
    known = (NOT_APPLICABLE_MARK, NOT_STARTED_MARK, label)
    return ValueReading(state, () if written in known else (f"“{written}”读作{label}",))


def _number(
    raw: Raw, unit: str, decimals: int, low: Decimal | None, high: Decimal | None, quoting: _Quoting
) -> _Numeric:
    reasons: tuple[str, ...] = ()
    if isinstance(raw, bool | dt.date | dt.time | dt.timedelta | Broken):
        what = "是/否" if isinstance(raw, bool) else "日期或时间"
        hint = "请把单元格格式改成“常规”，再填数字。"
        return _Numeric(problem=Problem("number.other_type", f"这里要填数，表格里却是{what}。", hint))
    if isinstance(raw, str):
        reading = read_number(raw, unit)
        if reading.value is None or reading.problem is not None:
            return _Numeric(problem=_quote(reading.problem, raw, quoting))
        value, reasons = reading.value, reading.conversions
    elif not math.isfinite(raw) or abs(raw) > LARGEST:
        return _Numeric(problem=Problem("number.too_large", "数太大。", "请检查是否多打了几个零，或单位填错。"))
    else:
        value = as_decimal(raw)
    problem = _out_of_range(value, decimals, low, high, unit)
    if problem is not None:
        return _Numeric(problem=_quote(problem, raw, quoting))
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    if rounded != value:
        if decimals == 0:
            problem = Problem("number.not_whole", "这里要填整数。", "请改成整数。")
            return _Numeric(problem=_quote(problem, raw, quoting))
        reasons = (*reasons, f"四舍五入到{decimals}位小数")
    if not reasons:
        return _Numeric(rounded)
    told = (
        f"“{shown(raw).strip()}”读作 {plain(rounded)}（{'、'.join(reasons)}）"
        if quoting is not _Quoting.NONE
        else "、".join(reasons)
    )
    return _Numeric(rounded, (told,))


def _out_of_range(
    value: Decimal, decimals: int, low: Decimal | None, high: Decimal | None, unit: str
) -> Problem | None:
    if abs(value) * Decimal(10) ** decimals > LARGEST:
        return Problem("number.too_large", "数太大。", "请检查是否多打了几个零，或单位填错。")
    if low is not None and value < low:
        return Problem("number.out_of_range", f"小于允许的最小值 {plain(low)}{unit}。", "请核对后改正。")
    if high is not None and value > high:
        return Problem("number.out_of_range", f"大于允许的最大值 {plain(high)}{unit}。", "请核对后改正。")
    return None


def _quote(problem: Problem | None, raw: Raw, quoting: _Quoting) -> Problem:
    if problem is None:  # pragma: no cover - a reading without value has a problem
        raise AssertionError("a reading without value and without problem")
    if quoting is not _Quoting.ALL:
        return problem
    return Problem(problem.code, f"“{shown(raw).strip()[:_QUOTED]}”：{problem.message}", problem.hint)


def _yes_no(raw: Raw, quoting: _Quoting = _Quoting.ALL) -> tuple[str, tuple[str, ...]] | Problem:
    text = fold(shown(raw)).lower()
    if text not in _YES and text not in _NO:
        problem = Problem("choice.unknown", "这里只能填“是”或“否”。", "请从下拉列表里选。")
        return _quote(problem, raw, quoting)
    value, label = (YES, "是") if text in _YES else (NO, "否")
    if isinstance(raw, str) and raw in _PLAIN:
        return value, ()
    return value, (f"“{shown(raw).strip()}”读作{label}" if quoting is not _Quoting.NONE else f"读作{label}",)


@lru_cache(maxsize=512)
def _labels(choices: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    return (*choices, *((value, value) for value, label in choices if value != label))


def _choice(raw: Raw, choices: tuple[tuple[str, str], ...], quoting: _Quoting) -> tuple[str, tuple[str, ...]] | Problem:
    """(stored value, what was done) of a content that should be one of (stored value, label)."""
    written = shown(raw)
    for value, label in choices:
        if written == label:
            return value, ()
    for bend in (_key, _stem):
        found = {value: label for value, label in choices if bend(label) == bend(written)}
        if len(found) == 1:
            value, label = next(iter(found.items()))
            return value, (f"“{written.strip()}”读作“{label}”" if quoting is not _Quoting.NONE else f"读作“{label}”",)
    labels = "、".join(dict.fromkeys(label for _, label in choices))
    return _quote(Problem("choice.unknown", "不在可选的内容里。", f"只能填：{labels}。"), raw, quoting)


def _key(text: str) -> str:
    return "".join(fold(text).lower().split())


def _stem(text: str) -> str:
    return _key(text).removesuffix("级")


def _date_field(raw: Raw, field: RegisterField) -> FieldReading:
    reading = read_date(raw)
    if reading.value is None:
        return FieldReading(problem=reading.problem)
    day = reading.value
    for limit, beyond, word in ((field.minimum, day.__lt__, "早于"), (field.maximum, day.__gt__, "晚于")):
        if isinstance(limit, dt.date) and beyond(limit):
            problem = Problem("date.out_of_range", f"{word}允许的日期 {limit}。", "请核对后改正。")
            return FieldReading(problem=problem)
    if not reading.conversions:
        return FieldReading(day)
    reasons = "、".join(reading.conversions)
    told = reasons if field.personal else f"“{shown(raw).strip()}”读作 {day}（{reasons}）"
    return FieldReading(day, (told,))


def _text_field(raw: Raw, field: RegisterField) -> FieldReading:
    if isinstance(raw, str):
        text = raw.strip()
        reasons = () if text == raw else ("去掉首尾空格",)
    else:
        text = shown(raw)
        reasons = ("数字按文字读",)
    if any(unicodedata.category(sign) == "Cc" and sign not in "\n\t" for sign in text.replace("\r\n", "\n")):
        return FieldReading(problem=Problem("text.control", "含有看不见的控制字符。", "请重新打一遍这格的文字。"))
    if len(text) > field.max_length:
        return FieldReading(
            problem=Problem("text.too_long", f"超过 {field.max_length} 个字。", "请写短一些，其余写进附件。")
        )
    return FieldReading(text, reasons)
