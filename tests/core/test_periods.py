"""Months, quarters and years: reading, order, arithmetic, and what is complete when."""

import copy
import datetime as dt
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.periods import Period, PeriodKind, period_range

KINDS = st.sampled_from(PeriodKind)
PERIODS = st.builds(
    lambda kind, year, part: Period(kind, year, part % (12 // kind.months) + 1),
    KINDS,
    st.integers(2000, 2099),
    st.integers(0, 11),
)
MIDDLE = PERIODS.filter(lambda period: 2010 <= period.year <= 2089)


@given(PERIODS)
def test_text_and_back_is_the_same_object(period: Period) -> None:
    assert Period.parse(str(period)) is period
    assert pickle.loads(pickle.dumps(period)) is period
    assert copy.deepcopy(period) is period


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-1", "2026Q5", "2026Q0", "1999", "2100", "2026-10\n", " 2026", "2026q1", "２０２６"]
)
def test_refuses_every_other_text(text: str) -> None:
    with pytest.raises(UserError) as refused:
        Period.parse(text)
    assert refused.value.code == "period.unreadable"


@pytest.mark.parametrize(
    ("kind", "year", "index"),
    [
        (PeriodKind.MONTH, 2026, 0),
        (PeriodKind.MONTH, 2026, 13),
        (PeriodKind.QUARTER, 2026, 5),
        (PeriodKind.YEAR, 2026, 2),
        (PeriodKind.YEAR, 1999, 1),
        (PeriodKind.MONTH, 2100, 1),
    ],
)
def test_there_is_no_such_period(kind: PeriodKind, year: int, index: int) -> None:
    with pytest.raises(ValueError, match="no such period"):
        Period(kind, year, index)


def test_does_not_change() -> None:
    with pytest.raises(AttributeError):
        Period.parse("2026").year = 2027  # type: ignore[misc]
    with pytest.raises(AttributeError):
        del Period.parse("2026").year


@given(PERIODS, PERIODS)
def test_order_is_by_end_then_by_length(one: Period, other: Period) -> None:
    key = (one.last_day, one.kind.months)
    other_key = (other.last_day, other.kind.months)
    assert (one < other, one <= other, one > other, one >= other, one == other) == (
        key < other_key,
        key <= other_key,
        key > other_key,
        key >= other_key,
        key == other_key,
    )


def test_a_year_comes_after_its_december_and_its_last_quarter() -> None:
    texts = ["2027-01", "2026", "2026Q4", "2026-12", "2026Q3", "2026-10", "2026-09"]
    assert [str(p) for p in sorted(map(Period.parse, texts))] == [
        "2026-09",
        "2026Q3",
        "2026-10",
        "2026-12",
        "2026Q4",
        "2026",
        "2027-01",
    ]


@given(MIDDLE, st.integers(-120, 120))
def test_shifting_there_and_back(period: Period, months: int) -> None:
    steps = months // period.kind.months
    shifted = period.shift(steps)
    assert shifted.shift(-steps) is period
    assert shifted.last_month - period.last_month == steps * period.kind.months


@given(MIDDLE)
def test_the_next_period_begins_on_the_day_after(period: Period) -> None:
    assert period.last_day + dt.timedelta(days=1) == period.shift(1).first_day


@given(MIDDLE, KINDS)
def test_the_latest_complete_period_ends_with_or_before(period: Period, kind: PeriodKind) -> None:
    latest = period.latest(kind)
    assert latest.kind is kind
    assert latest.last_day <= period.last_day < latest.shift(1).last_day


@given(MIDDLE, KINDS)
def test_the_containing_period_holds_the_last_day(period: Period, kind: PeriodKind) -> None:
    containing = period.containing(kind)
    assert containing.first_day <= period.last_day <= containing.last_day


@pytest.mark.parametrize(
    ("period", "kind", "latest"),
    [
        ("2026-10", PeriodKind.QUARTER, "2026Q3"),
        ("2026-10", PeriodKind.YEAR, "2025"),
        ("2026-12", PeriodKind.QUARTER, "2026Q4"),
        ("2026-12", PeriodKind.YEAR, "2026"),
        ("2026Q3", PeriodKind.MONTH, "2026-09"),
        ("2026", PeriodKind.MONTH, "2026-12"),
        ("2026-01", PeriodKind.QUARTER, "2025Q4"),
    ],
)
def test_latest_by_example(period: str, kind: PeriodKind, latest: str) -> None:
    assert Period.parse(period).latest(kind) is Period.parse(latest)


@pytest.mark.parametrize(
    ("period", "label", "ends_the_year"),
    [
        ("2026-10", "2026年10月", False),
        ("2026-12", "2026年12月", True),
        ("2026Q3", "2026年三季度", False),
        ("2026Q4", "2026年四季度", True),
        ("2026", "2026年", True),
    ],
)
def test_labels(period: str, label: str, ends_the_year: bool) -> None:
    assert Period.parse(period).label() == label
    assert Period.parse(period).is_year_end is ends_the_year


@given(PERIODS)
def test_the_year_so_far_has_as_many_periods_as_the_index_says(period: Period) -> None:
    so_far = list(period.of_year_so_far())
    assert len(so_far) == period.index
    assert so_far[-1] is period
    assert {(each.year, each.kind) for each in so_far} == {(period.year, period.kind)}
    assert so_far == sorted(so_far)


def test_leap_days() -> None:
    assert Period.parse("2024-02").last_day == dt.date(2024, 2, 29)
    assert Period.parse("2023Q1").last_day == dt.date(2023, 3, 31)


def test_ranges() -> None:
    months = period_range(Period.parse("2025-11"), Period.parse("2026-02"))
    assert [str(p) for p in months] == ["2025-11", "2025-12", "2026-01", "2026-02"]
    quarters = period_range(Period.parse("2025Q4"), Period.parse("2026-06"))
    assert [str(p) for p in quarters] == ["2025Q4", "2026Q1", "2026Q2"]
    assert list(period_range(Period.parse("2026-02"), Period.parse("2026-01"))) == []


def test_a_range_of_quarters_leaves_out_one_that_is_not_complete() -> None:
    quarters = period_range(Period.parse("2025Q4"), Period.parse("2026-05"))
    assert [str(p) for p in quarters] == ["2025Q4", "2026Q1"]
    assert list(period_range(Period.parse("2026Q1"), Period.parse("2026-01"))) == []
