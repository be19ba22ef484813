"""Dates as people type them: ``2026-10-1``, ``2026.10.1``, ``2026年10月1日``, ``20261001``, a spreadsheet's serial.

A day that does not exist, a missing day and a year of two digits are problems, not dates.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from xzdesk.tables.numbers import fold
from xzdesk.tables.table import Broken, Problem, Raw

_SERIAL_ZERO: Final = dt.date(1899, 12, 30)
_SERIALS: Final = range(366, 73051)
"""1901 to 2099, as day numbers of the 1900 system."""
_COMPACT: Final = re.compile(r"(\d{4})(\d\d)(\d\d)", re.ASCII)
_PARTS: Final = re.compile(
    r"(?P<year>\d{4})\s*(?:[-/.。、]|年)\s*(?P<month>\d{1,2})\s*(?:[-/.。、]|月)\s*(?P<day>\d{1,2})\s*[日号]?"
    r"(?:[T\s]+(?P<time>\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?",
    re.ASCII,
)
_CANONICAL: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NO_DAY: Final = re.compile(r"\d{4}\s*(?:[-/.]|年)\s*\d{1,2}\s*月?", re.ASCII)
_TWO_DIGITS: Final = re.compile(r"\d{1,2}\s*(?:[-/.]|年)\s*\d{1,2}\s*(?:[-/.]|月)\s*\d{1,4}\s*[日号]?", re.ASCII)
_HOW: Final = "请写成 2026-10-01 这样的年-月-日。"


@dataclass(frozen=True, slots=True)
class DateReading:
    """``value`` or ``problem``, never both."""

    value: dt.date | None
    conversions: tuple[str, ...] = ()
    problem: Problem | None = None


def read_date(raw: Raw) -> DateReading:
    """Read a cell that must hold a date. Nothing raises."""
    if isinstance(raw, dt.datetime):
        return _existing(raw.year, raw.month, raw.day, () if raw.time() == dt.time() else ("去掉时刻",))
    if isinstance(raw, dt.date):
        return _existing(raw.year, raw.month, raw.day, ())
    if isinstance(raw, bool | dt.time | dt.timedelta | Broken):
        return _refuse("date.unreadable", "不是日期。", _HOW)
    if isinstance(raw, int | float):
        return _from_number(raw)
    return _from_text(raw)


def _from_number(number: float) -> DateReading:
    if number == number // 1:
        whole = int(number)
        if whole in _SERIALS:
            return DateReading(_SERIAL_ZERO + dt.timedelta(days=whole), ("由表格的日期序号换算",))
        match = _COMPACT.fullmatch(str(whole))
        if match:
            return _existing(int(match[1]), int(match[2]), int(match[3]), ("八位数字读作年月日",))
    return _refuse("date.unreadable", "这个数不是日期。", _HOW)


def _from_text(text: str) -> DateReading:
    folded = fold(text)
    if _CANONICAL.fullmatch(folded):
        changed = () if folded == text.strip() else ("全角改半角",)
        return _existing(int(folded[:4]), int(folded[5:7]), int(folded[8:]), changed)
    match = _COMPACT.fullmatch(folded)
    if match:
        return _existing(int(match[1]), int(match[2]), int(match[3]), ("八位数字读作年月日",))
    match = _PARTS.fullmatch(folded)
    if match:
        clock = match["time"]
        reasons = ("按年月日读",) if not clock or clock.strip("0:.") == "" else ("按年月日读", "去掉时刻")
        return _existing(int(match["year"]), int(match["month"]), int(match["day"]), reasons)
    if re.fullmatch(r"\d{5}", folded, re.ASCII):
        return _from_number(int(folded))
    if _NO_DAY.fullmatch(folded) or re.fullmatch(r"\d{4}年?", folded, re.ASCII):
        return _refuse("date.incomplete", "日期不完整，没有写到日。", _HOW)
    if _TWO_DIGITS.fullmatch(folded):
        return _refuse("date.ambiguous", "看不出哪一段是年。", _HOW)
    return _refuse("date.unreadable", "不是日期。", _HOW)


def _existing(year: int, month: int, day: int, conversions: tuple[str, ...]) -> DateReading:
    if not 1900 <= year <= 2099:
        return _refuse("date.out_of_range", f"年份 {year} 不可能。", _HOW)
    try:
        return DateReading(dt.date(year, month, day), conversions)
    except ValueError:
        return _refuse("date.no_such_day", "没有这一天。", "请核对月和日。")


def _refuse(code: str, message: str, hint: str) -> DateReading:
    return DateReading(None, (), Problem(code, message, hint))
