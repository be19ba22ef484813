"""Which conditions change only where a date falls, and that counting by such steps is the same as by dates."""

import datetime as dt
from collections.abc import Mapping

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from xzdesk.core.expressions import parse
from xzdesk.core.model import FieldType, RegisterField, RegisterSchema, Scalar
from xzdesk.core.periods import Period, PeriodKind
from xzdesk.store.period_steps import DateKey, number_of, steps_of
from xzdesk.store.sql_expressions import Parameters, Source, truth

HOUSE = RegisterSchema(
    "house",
    "房屋",
    (
        RegisterField("rooms", "间数", FieldType.INTEGER),
        RegisterField("state", "状态", FieldType.STRING),
        RegisterField("built", "建成", FieldType.DATE),
        RegisterField("sold", "售出", FieldType.DATE),
        RegisterField("owner", "业主", FieldType.STRING, references="house"),
    ),
)


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("built <= period_end", {("built", 0)}),
        ("period_end >= built", {("built", 0)}),
        ("period_start <= built <= period_end", {("built", 0)}),
        ("built <= period_end and (missing(sold) or sold > period_end)", {("built", 0), ("sold", 0)}),
        ("built < period_end or built >= period_end", {("built", 1)}),
        ("built <= period_start or built > period_start", {("built", -1)}),
        ('state == "闲置"', set()),
        ("built == period_end", None),
        ("days(period_end, built) > 30", None),
        ("year(built) == year(period_end)", None),
        ("built <= period_end < sold and year(period_end) > 2020", None),
        ("built <= period_end and rooms < period_end", None),
        ("period_start <= period_end", None),
        ('ref(owner, "built") <= period_end', None),
        ("missing(period_end) or built <= period_end", None),
        ("period_end in (1, 2)", None),
    ],
)
def test_what_is_a_step(text: str, keys: set[tuple[str, int]] | None) -> None:
    steps = steps_of(parse(text), HOUSE)
    assert (None if steps is None else {tuple(step.key) for step in steps}) == keys


class Row:
    def __init__(self, known: Mapping[str, Scalar]) -> None:
        self.known = known

    def value(self, name: str) -> Scalar:
        return self.known[name]

    def series(self, function: str, name: str) -> Scalar:
        assert function == "missing"
        return self.known[name] is None


DAYS = st.dates(dt.date(2026, 5, 25), dt.date(2026, 8, 5)) | st.sampled_from([dt.date.min, dt.date.max])
CONDITIONS = (
    "built <= period_end",
    "built < period_end",
    "built > period_end",
    "built >= period_end",
    "built <= period_start",
    "built < period_start",
    "built > period_start",
    "built >= period_start",
    "period_start <= built < period_end",
    "built <= period_end and (missing(sold) or period_end <= sold)",
    "not (sold < period_start) or built > period_start",
)
PERIODS = (Period.month(2026, 6), Period.month(2026, 7), Period.quarter(2026, 2), Period.of_year(2026))


@given(st.sampled_from(CONDITIONS), st.none() | DAYS, st.none() | DAYS, st.sampled_from(PERIODS))
@example("built < period_end", dt.date(2026, 6, 30), None, Period.month(2026, 6))
@example("built <= period_start", dt.date(2026, 7, 1), None, Period.month(2026, 7))
@settings(max_examples=400, deadline=None)
def test_steps_agree_with_dates(text: str, built: dt.date | None, sold: dt.date | None, period: Period) -> None:
    days = {"built": built, "sold": sold}
    expected = parse(text).evaluate(Row({**days, "period_start": period.first_day, "period_end": period.last_day}))
    ordinal = (period.last_month + 1) // period.kind.months - 1
    keys = {DateKey(name, by): number_of(f":{name}", by, period.kind) for name in days for by in (-1, 0, 1)}
    parameters = Parameters()
    sql = truth(parse(text), Source(HOUSE, {}, step=str(ordinal), step_keys=keys), parameters)
    contents = {name: None if day is None else day.isoformat() for name, day in days.items()}
    connection = dbapi2.connect(":memory:")
    row = connection.execute(f"SELECT {sql} FROM (SELECT :built AS built, :sold AS sold) AS t", contents).fetchone()
    connection.close()
    assert parameters.values == {}
    assert (None if row[0] is None else bool(row[0])) == expected


@pytest.mark.parametrize(
    ("day", "days", "kind", "number"),
    [
        ("2026-06-30", 0, PeriodKind.MONTH, 2026 * 12 + 5),
        ("2026-06-30", 1, PeriodKind.MONTH, 2026 * 12 + 6),
        ("2026-07-01", -1, PeriodKind.QUARTER, 2026 * 4 + 1),
        ("2026-12-31", 0, PeriodKind.YEAR, 2026),
        ("9999-12-31", 1, PeriodKind.YEAR, 9999),
    ],
)
def test_numbers_of_periods(day: str, days: int, kind: PeriodKind, number: int) -> None:
    connection = dbapi2.connect(":memory:")
    assert connection.execute(f"SELECT {number_of(':day', days, kind)}", {"day": day}).fetchone() == (number,)
    connection.close()
