"""Dates as people type them. A day that does not exist, or half a date, is a problem."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.tables.dates import read_date
from xzdesk.tables.table import Broken, Raw

DAY = dt.date(2026, 10, 1)


@pytest.mark.parametrize(
    ("raw", "conversions"),
    [
        (DAY, ()),
        (dt.datetime(2026, 10, 1), ()),
        (dt.datetime(2026, 10, 1, 8, 30), ("去掉时刻",)),
        ("2026-10-01", ()),
        ("２０２６－１０－０１", ("全角改半角",)),
        ("2026-10-1", ("按年月日读",)),
        ("2026/10/1", ("按年月日读",)),
        ("2026.10.1", ("按年月日读",)),
        ("2026年10月1日", ("按年月日读",)),
        ("2026年10月1号", ("按年月日读",)),
        ("2026 年 10 月 1 日", ("按年月日读",)),
        ("2026-10-01 00:00:00", ("按年月日读",)),
        ("2026-10-01 08:30", ("按年月日读", "去掉时刻")),
        ("20261001", ("八位数字读作年月日",)),
        (20261001.0, ("八位数字读作年月日",)),
        (46296, ("由表格的日期序号换算",)),
        ("46296", ("由表格的日期序号换算",)),
    ],
)
def test_the_day_that_was_meant(raw: Raw, conversions: tuple[str, ...]) -> None:
    reading = read_date(raw)
    assert (reading.value, reading.conversions, reading.problem) == (DAY, conversions, None)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2026-02-30", "date.no_such_day"),
        ("2026-13-01", "date.no_such_day"),
        ("2026年10月", "date.incomplete"),
        ("2026年10", "date.incomplete"),
        ("2026-10", "date.incomplete"),
        ("2026年", "date.incomplete"),
        ("2026", "date.incomplete"),
        ("26-10-01", "date.ambiguous"),
        ("10/1/2026", "date.ambiguous"),
        ("1800-01-01", "date.out_of_range"),
        ("去年十月", "date.unreadable"),
        (3.5, "date.unreadable"),
        (True, "date.unreadable"),
        (dt.time(8, 30), "date.unreadable"),
        (Broken("#N/A"), "date.unreadable"),
        (float("nan"), "date.unreadable"),
        (float("inf"), "date.unreadable"),
    ],
)
def test_half_a_date_is_a_problem(raw: Raw, code: str) -> None:
    reading = read_date(raw)
    assert reading.value is None
    assert reading.problem is not None
    assert reading.problem.code == code


@given(st.dates(dt.date(1900, 1, 1), dt.date(2099, 12, 31)), st.sampled_from(["-", "/", ".", "年"]))
def test_a_date_written_out_reads_as_itself(day: dt.date, sign: str) -> None:
    second = "月" if sign == "年" else sign
    assert read_date(f"{day.year}{sign}{day.month}{second}{day.day}").value == day
    assert read_date(day.isoformat()).value == day


@given(st.text(max_size=30) | st.floats() | st.integers())
def test_nothing_raises(raw: str | float) -> None:
    reading = read_date(raw)
    assert (reading.value is None) != (reading.problem is None)
