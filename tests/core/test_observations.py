"""Columns of contents: conversion at the edges, latest value, sum of the year, sum to date."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.model import (
    NOT_APPLICABLE,
    NOT_STARTED,
    YES_NO,
    CellRef,
    CellState,
    DataElement,
    DataValue,
    ElementType,
    Level,
    Measure,
)
from xzdesk.core.observations import (
    Content,
    Observations,
    latest,
    sum_in_year,
    sum_to_date,
    to_content,
    to_value,
)
from xzdesk.core.periods import Period, PeriodKind


def element(code: str, kind: ElementType = ElementType.DECIMAL, decimals: int = 2) -> DataElement:
    choices = YES_NO if kind is ElementType.BOOLEAN else ()
    return DataElement(code, code, "", kind, decimals, Measure.FLOW, Level.VILLAGE, PeriodKind.MONTH, "", "", choices)


MONEY = element("money")
BUILT = element("built", ElementType.BOOLEAN, 0)
ELEMENTS = {each.code: each for each in (MONEY, BUILT)}


def column(**contents: Content) -> dict[Period, Content]:
    """Keys like ``m2026_10``, ``q2026_3``, ``y2022``."""
    periods = {
        "m": lambda year, index: Period.month(year, index),
        "q": lambda year, index: Period.quarter(year, index),
        "y": lambda year, _: Period.of_year(year),
    }
    parsed = {}
    for key, content in contents.items():
        year, _, index = key[1:].partition("_")
        parsed[periods[key[0]](int(year), int(index or 1))] = content
    return parsed


ABSENT = CellState.NOT_STARTED
MONTHS = st.builds(Period.month, st.integers(2021, 2027), st.integers(1, 12))
CONTENTS = st.one_of(st.integers(-(10**15), 10**15), st.sampled_from([CellState.NOT_APPLICABLE, ABSENT]))
COLUMNS = st.dictionaries(st.one_of(MONTHS, st.builds(Period.of_year, st.integers(2021, 2024))), CONTENTS)


@given(st.decimals(-(10**15), 10**15, places=2))
def test_a_number_survives_scaling(number: Decimal) -> None:
    content = to_content(MONEY, DataValue.of(number))
    assert content == int(number * 100)
    assert to_value(MONEY, content) == DataValue.of(number)


@pytest.mark.parametrize("value", [NOT_APPLICABLE, NOT_STARTED, DataValue.of("yes"), DataValue.of("na")])
def test_absences_and_choices_survive(value: DataValue) -> None:
    assert to_value(BUILT, to_content(BUILT, value)) == value


@pytest.mark.parametrize("text", ["0.001", "NaN", "Infinity", "-Infinity", "1e-9", "9" * 30])
def test_what_the_element_cannot_hold_is_a_fault(text: str) -> None:
    with pytest.raises(ValueError, match="money"):
        to_content(MONEY, DataValue.of(Decimal(text)))


def test_closing_zeros_are_no_decimals() -> None:
    assert to_content(MONEY, DataValue.of(Decimal("1.5000"))) == 150


def test_cells_in_and_out() -> None:
    month = Period.parse("2026-10")
    values = {
        CellRef("a", "money", month): DataValue.of(Decimal("1.25")),
        CellRef("b", "built", month): DataValue.of("yes"),
        CellRef("b", "money", month): NOT_STARTED,
    }
    observations = Observations.of(ELEMENTS, values)
    assert sorted(observations.cells()) == [
        ("built", "b", month, "yes"),
        ("money", "a", month, 125),
        ("money", "b", month, CellState.NOT_STARTED),
    ]
    assert observations.get("money", "a", month) == 125
    assert observations.get("money", "a", month.shift(1)) is None
    assert observations.get("money", "c", month) is None
    assert observations.get("other", "a", month) is None
    assert all(ref in observations for ref in values)
    assert CellRef("a", "built", month) not in observations
    assert "money" not in observations
    assert set(observations.columns("money")) == {"a", "b"}
    assert dict(observations.column("money", "a")) == {month: 125}
    assert observations.elements() == {"money", "built"}


def test_put_and_discard() -> None:
    month = Period.parse("2026-10")
    observations = Observations()
    observations.discard("money", "a", month)
    observations.put("money", "a", month, 0)
    assert observations.get("money", "a", month) == 0
    observations.put_column("money", "a", {month.shift(-1): 7})
    assert observations.get("money", "a", month) is None
    observations.discard("money", "a", month.shift(-1))
    assert list(observations.cells()) == []


def test_latest_by_example() -> None:
    some = column(y2022=99, m2022_12=50, m2023_02=3, m2023_04=ABSENT, q2023_2=88)

    def at(text: str) -> Content | None:
        return latest(some, Period.parse(text), 2023)

    assert [at(p) for p in ("2022-12", "2023-01", "2023-02", "2023-03", "2023-04", "2024-12")] == [
        None,
        None,
        3,
        3,
        ABSENT,
        ABSENT,
    ]
    assert at("2023Q3") == 88
    assert at("2023Q1") is None
    assert at("2023") is None


def test_latest_stops_at_the_first_year_there_is() -> None:
    assert latest({}, Period.parse("2001-03"), 2000) is None
    assert latest(column(m2000_1=4), Period.parse("2001-03"), 2000) == 4


def test_sum_in_year_by_example() -> None:
    some = column(y2022=99, m2022_12=50, m2023_01=1, m2023_03=20, m2023_04=ABSENT, m2023_05=300, q2023_1=7, y2023=9)
    sums = [sum_in_year(some, Period.parse(f"2023-0{month}")) for month in range(1, 6)]
    assert sums == [1, 1, 21, 21, 321]
    assert sum_in_year(some, Period.parse("2024-12")) is None
    assert sum_in_year(some, Period.parse("2023Q4")) == 7
    assert sum_in_year(some, Period.parse("2023")) == 9


def test_only_absences_are_a_sum_of_nothing_but_not_an_unknown_one() -> None:
    assert sum_in_year(column(m2023_01=ABSENT), Period.parse("2023-06")) == 0
    assert sum_to_date(column(y2022=CellState.NOT_APPLICABLE), Period.parse("2023-06"), 2022) == 0


def test_sum_to_date_by_example() -> None:
    some = column(y2022=100, m2023_01=1, m2023_12=20, m2024_01=ABSENT, m2024_02=300, q2023_4=7, y2023=9)
    assert sum_to_date(some, Period.parse("2022-12"), 2022) == 100
    assert sum_to_date(some, Period.parse("2023-01"), 2022) == 101
    assert sum_to_date(some, Period.parse("2024-01"), 2022) == 121
    assert sum_to_date(some, Period.parse("2027-12"), 2022) == 421
    assert sum_to_date(some, Period.parse("2023Q4"), 2022) == 107
    assert sum_to_date(some, Period.parse("2023"), 2022) == 109
    assert sum_to_date({}, Period.parse("2024-01"), 2022) is None


def test_what_the_baseline_covers_is_not_counted_again() -> None:
    some = column(y2022=100, m2022_05=5, m2021_12=5, y2021=50, m2023_01=1)
    assert sum_to_date(some, Period.parse("2023-01"), 2022) == 101
    assert sum_to_date(some, Period.parse("2023"), 2022) == 100
    assert sum_to_date(some, Period.parse("2022-06"), 2022) is None


@given(COLUMNS, st.integers(2023, 2027))
def test_the_sum_to_date_is_the_baseline_and_the_years_sums(some: dict[Period, Content], year: int) -> None:
    baseline = some.get(Period.of_year(2022))
    parts = [sum_in_year(some, Period.month(each, 12)) for each in range(2023, year + 1)]
    parts.append(0 if isinstance(baseline, CellState) else baseline if isinstance(baseline, int) else None)
    known = [part for part in parts if part is not None]
    assert sum_to_date(some, Period.month(year, 12), 2022) == (sum(known) if known else None)


@given(COLUMNS, MONTHS)
def test_the_year_grows_by_the_month(some: dict[Period, Content], month: Period) -> None:
    content = some.get(month)
    added = content if isinstance(content, int) else 0
    before = sum_in_year(some, month.shift(-1)) if month.index > 1 else None
    assert (sum_in_year(some, month) or 0) - (before or 0) == added


@given(COLUMNS, MONTHS)
def test_the_latest_content_is_the_one_of_the_greatest_month(some: dict[Period, Content], until: Period) -> None:
    months = [p for p in some if p.kind is PeriodKind.MONTH and p <= until and p.year >= 2023]
    assert latest(some, until, 2023) == (some[max(months)] if months else None)
