"""Where a figure will stand at the year's end: four ways with their basis in words, and when each refuses."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from xzdesk.core.forecast import Forecast, forecast
from xzdesk.core.indicators import series
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, CellRef, DataValue, FormulaKind
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, PeriodKind, period_range

DISTRICT, STREET, TOWN = "990101", "990101001", "990101101"
UPPER, LOWER, STONE, BAMBOO = "990101101201", "990101101202", "990101101203", "990101001201"

Cells = Mapping[tuple[str, str, str], str | int]


def foresee(catalogue: Catalogue, cells: Cells, code: str, at: str, until: str | None = None) -> Forecast:
    values = {
        CellRef(unit, element, Period.parse(period)): DataValue.of(
            content if isinstance(content, str) and content.isalpha() else Decimal(content)
        )
        for (element, unit, period), content in cells.items()
    }
    observations = Observations.of(catalogue.elements, values)
    lineage = Lineage(catalogue.units, catalogue.events)
    panel = series(catalogue, observations, Period.month(2024, 1), Period.parse(at), lineage)
    line = panel.line(code, DISTRICT)
    return forecast(catalogue.indicators[code], line, None if until is None else Period.parse(until))


def complete(catalogue: Catalogue, code: str) -> Catalogue:
    """The catalogue in which no blank counts as missing, so that a test may record only what it is about."""
    needed = {name: dataclasses.replace(catalogue.elements[name], required=False) for name in catalogue.elements}
    return dataclasses.replace(catalogue, elements=needed, indicators={code: catalogue.indicators[code]})


def months(first: str, last: str) -> list[str]:
    return [str(month) for month in period_range(Period.parse(first), Period.parse(last))]


def test_what_builds_up_goes_straight_on(tiny: Catalogue) -> None:
    cells = {("wells_new", UPPER, "2023"): 10, **{("wells_new", UPPER, m): 1 for m in months("2024-01", "2025-10")}}
    # 32 in October 2025, one more a month.
    found = foresee(complete(tiny, "8"), cells, "8", "2025-10")
    assert (found.value, found.until) == (34, Period.month(2025, 12))
    assert found.basis == "近12个月每月平均增加 1 处，照此直线推算。"
    assert foresee(complete(tiny, "8"), cells, "8", "2025-10", "2028-12").value == 70


def test_half_a_year_is_the_least_to_go_by(tiny: Catalogue) -> None:
    # The 期初数 is the figure of December 2023, but the series begins in January.
    cells = {("wells_new", UPPER, "2023"): 0, **{("wells_new", UPPER, m): 2 for m in months("2024-01", "2024-07")}}
    july = foresee(complete(tiny, "8"), cells, "8", "2024-07")
    assert (july.value, july.basis) == (24, "近6个月每月平均增加 2 处，照此直线推算。")
    june = foresee(complete(tiny, "8"), cells, "8", "2024-06")
    assert june.refused
    assert june.basis == "可比的数据只有5个月，不足6个月，无法预测。"


def test_a_fall_goes_on_but_not_below_nothing(tiny: Catalogue) -> None:
    cells = {("factories", TOWN, m): 14 - n * 2 for n, m in enumerate(months("2024-01", "2024-07"))}
    found = foresee(complete(tiny, "6"), cells, "6", "2024-07")
    # 2 in July, two fewer a month.
    assert (found.exact, found.basis) == (0, "近6个月每月平均减少 2 家，照此直线推算，不低于零。")


def test_a_share_ends_at_the_whole(tiny: Catalogue) -> None:
    villages = [UPPER, LOWER, STONE, BAMBOO]
    cells = {
        ("clean_village", unit, m): "yes" if n * 2 < place else "no"
        for place, m in enumerate(months("2025-01", "2025-08"))
        for n, unit in enumerate(villages)
    }
    found = foresee(complete(tiny, "1"), cells, "1", "2025-08")
    # From 25 % in February to 100 % in August: 12.5 points a month.
    assert found.value == Decimal("100.0")
    assert found.basis == "近7个月每月平均增加 14.286 个百分点，照此直线推算，以 100.0 为限。"


def test_a_yearly_flow_follows_last_years_season(tiny: Catalogue) -> None:
    cells = {("trainees", UPPER, m): 10 for m in months("2024-01", "2024-06")}
    cells |= {("trainees", UPPER, m): 40 for m in months("2024-07", "2024-12")}
    cells |= {("trainees", UPPER, m): 20 for m in months("2025-01", "2025-06")}
    found = foresee(complete(tiny, "7"), cells, "7", "2025-06")
    # 60 of 300 by June last year, 120 now.
    assert (found.value, found.basis) == (600, "去年同期占全年的 20.0%，照此推算。")


def test_without_a_last_year_the_mean_month_does_from_june_on(tiny: Catalogue) -> None:
    cells = {("trainees", UPPER, m): 10 for m in months("2024-01", "2024-08")}
    found = foresee(complete(tiny, "7"), cells, "7", "2024-08")
    assert (found.value, found.basis) == (120, "按今年前8个月的月均推算，未计季节差别。")
    assert foresee(complete(tiny, "7"), cells, "7", "2024-05").basis == "去年没有可比的数，今年还不到半年，无法预测。"


def test_a_season_of_next_to_nothing_is_no_base(tiny: Catalogue) -> None:
    cells = {("trainees", UPPER, "2024-01"): 1, ("trainees", UPPER, "2024-12"): 99, ("trainees", UPPER, "2025-01"): 9}
    assert foresee(complete(tiny, "7"), cells, "7", "2025-01").refused


def test_a_full_year_is_no_forecast_any_more(tiny: Catalogue) -> None:
    found = foresee(complete(tiny, "7"), {("trainees", UPPER, "2024-03"): 5}, "7", "2024-12")
    assert (found.value, found.basis) == (5, "全年已定。")


def test_a_share_over_a_years_sum_gains_what_last_year_gained(tiny: Catalogue) -> None:
    cells = {("income", unit, "2024Q1"): 60 for unit in (UPPER,)}
    cells |= {("income", unit, "2024Q4"): 60 for unit in (LOWER, STONE)}
    cells |= {("income", unit, "2025Q2"): 60 for unit in (UPPER, BAMBOO)}
    found = foresee(complete(tiny, "2"), cells, "2", "2025-07")
    # Last year 1 of 5 by June, then 3 of 5: 40 points. Now 2 of 4.
    assert (found.value, found.basis) == (Decimal("90.0"), "按去年同期到年末的变化（40.0 个百分点）推算。")


def test_a_ratio_of_flows_stays(tiny: Catalogue) -> None:
    cells = {("tests", UPPER, "2024-02"): 8, ("tests_passed", UPPER, "2024-02"): 7}
    found = foresee(complete(tiny, "pass_rate"), cells, "pass_rate", "2024-03")
    assert (found.exact, found.basis) == (Fraction(175, 2), "按本年累计水平推算。")


@pytest.mark.parametrize(
    ("code", "at", "until", "reason"),
    [
        ("3", "2025-07", None, "由主管部门报送，不作预测。"),
        ("9", "2025-07", None, "每年只有一个数，不作预测。"),
        ("8", "2025-07", None, "本期没有数据，无法预测。"),
        ("14", "2025-02", None, "本年还没有到期的数，无法预测。"),
    ],
)
def test_refuses_and_says_why(tiny: Catalogue, code: str, at: str, until: str | None, reason: str) -> None:
    found = foresee(complete(tiny, code), {}, code, at, until)
    assert found.refused
    assert found.basis == reason


def test_a_yearly_flow_is_only_foreseen_for_its_year(tiny: Catalogue) -> None:
    cells = {("trainees", UPPER, m): 10 for m in months("2024-01", "2024-08")}
    assert foresee(complete(tiny, "7"), cells, "7", "2024-08", "2025-12").basis == "每年从零累计的指标只预测当年。"


def test_blanks_are_said(tiny: Catalogue) -> None:
    cells = {("factories", TOWN, m): 5 for m in months("2024-01", "2024-07")}
    found = foresee(tiny, cells, "6", "2024-07")
    assert found.basis == "近6个月每月平均增加 0 家，照此直线推算（尚缺1格，未计入）。"


def test_quarters_are_compared_with_quarters(tiny: Catalogue) -> None:
    stock = dataclasses.replace(tiny.indicators["14"], kind=FormulaKind.SUM_LATEST, annual=False)
    elements = {**tiny.elements, "output": dataclasses.replace(tiny.elements["output"], measure="stock")}
    catalogue = dataclasses.replace(tiny, indicators={"14": stock}, elements=elements)
    cells = {("output", STREET, f"2024Q{q}"): 1000 * q for q in (1, 2, 3)}
    cells |= {("output", TOWN, f"2024Q{q}"): 0 for q in (1, 2, 3)}
    found = foresee(catalogue, cells, "14", "2024-11")
    assert stock.frequency is PeriodKind.QUARTER
    # September 3000 万元, March 1000: 2000 in six months, three months left.
    assert (found.exact, found.basis) == (Fraction(4, 10), "近6个月每月平均增加 0.0333 亿元，照此直线推算。")
