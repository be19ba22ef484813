"""The plan's targets, the reference between them, and the words for how a figure stands; all worked out by hand."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest

from xzdesk.core.indicators import Figure, compute
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import Catalogue, CellRef, DataValue, Target
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period
from xzdesk.core.targets import (
    Origin,
    Standing,
    State,
    TargetLine,
    compared_with,
    judge,
    starting_figure,
)

DISTRICT, STREET, TOWN = "990101", "990101001", "990101101"
UPPER, LOWER, STONE, OLD, BAMBOO = (
    "990101101201",
    "990101101202",
    "990101101203",
    "990101101204",
    "990101001201",
)


def month(text: str) -> Period:
    return Period.parse(text)


def line(catalogue: Catalogue, code: str, start: Fraction | None = None) -> TargetLine:
    targets = [target for target in catalogue.targets if target.indicator == code and target.unit == DISTRICT]
    return TargetLine(catalogue, catalogue.indicators[code], targets, start)


def observe(catalogue: Catalogue, cells: Mapping[tuple[str, str, str], str | int]) -> Observations:
    values = {
        CellRef(unit, element, Period.parse(period)): DataValue.of(
            content if isinstance(content, str) and content.isalpha() else Decimal(content)
        )
        for (element, unit, period), content in cells.items()
    }
    return Observations.of(catalogue.elements, values)


def figure(catalogue: Catalogue, cells: Mapping[tuple[str, str, str], str | int], at: str, code: str) -> Figure:
    lineage = Lineage(catalogue.units, catalogue.events)
    found = compute(catalogue, observe(catalogue, cells), month(at), lineage).figure(code, DISTRICT)
    assert found is not None
    return found


def shares(catalogue: Catalogue, at: str, yes: int, code: str = "1") -> Figure:
    """Row 1 with ``yes`` of the four villages of 2025 and later."""
    villages = [UPPER, LOWER, STONE, BAMBOO]
    cells = {("clean_village", unit, at): "yes" if n < yes else "no" for n, unit in enumerate(villages)}
    return figure(catalogue, cells, at, code)


def test_a_published_year_end_is_a_target_and_nothing_else_is(tiny: Catalogue) -> None:
    first = line(tiny, "1")
    at_end = first.at(month("2026-12"))
    assert at_end is not None
    assert (at_end.value, at_end.origin, at_end.is_target) == (70, Origin.PUBLISHED, True)
    between = first.at(month("2027-06"))
    assert between is not None
    # 2027 lies half way from 70 to 100: 85. June is half way from 70 to 85.
    assert (between.value, between.origin, between.is_target) == (Decimal("77.5"), Origin.INTERPOLATED, False)
    assert between.words.startswith("参考")


def test_before_the_first_target_the_line_begins_at_the_baseline_if_known(tiny: Catalogue) -> None:
    assert line(tiny, "8").at(month("2024-06")) is None
    known = line(tiny, "8", Fraction(4)).at(month("2024-06"))
    assert known is not None
    # From 4 at the end of 2023 to 10 at the end of 2024.
    assert (known.exact, known.origin) == (7, Origin.INTERPOLATED)
    end = line(tiny, "8", Fraction(4)).at(month("2024-12"))
    assert end is not None
    assert end.is_target


def test_a_yearly_flow_is_held_against_its_part_of_the_year(tiny: Catalogue) -> None:
    trained = line(tiny, "7")
    # 300 in 2024, 360 in 2026; 2025 has none of its own: 330 by interpolation, five twelfths by May.
    parts = [trained.at(month(text)) for text in ("2024-03", "2025-05", "2026-12")]
    assert [part.exact for part in parts if part] == [75, Fraction(275, 2), 360]
    assert [part.origin for part in parts if part] == [Origin.YEAR_PART, Origin.YEAR_PART, Origin.PUBLISHED]


def test_a_dash_asks_for_nothing_of_a_yearly_row(tiny: Catalogue) -> None:
    trained = line(tiny, "7")
    assert trained.at(month("2027-06")) is None
    assert trained.at(month("2028-12")) is None
    assert trained.next_target(2027) is None
    assert judge(trained, figure(tiny, {("trainees", UPPER, "2028-01"): 9}, "2028-01", "7")).state is State.NO_TARGET


def test_a_dash_keeps_the_last_target_of_a_row_that_builds_up(tiny: Catalogue) -> None:
    targets = [Target("8", DISTRICT, 2024, Decimal(89), "89"), Target("8", DISTRICT, 2026, Decimal(105), "105")]
    kept = TargetLine(tiny, tiny.indicators["8"], [*targets, Target("8", DISTRICT, 2028, None, "-")])
    for at in ("2027-01", "2028-12"):
        reference = kept.at(month(at))
        assert reference is not None
        assert (reference.value, reference.origin, reference.is_target) == (105, Origin.KEPT, False)
    assert kept.next_target(2028) == targets[1]


def test_a_dash_before_the_first_figure_asks_for_nothing_yet(tiny: Catalogue) -> None:
    assert line(tiny, "9").at(month("2024-12")) is None
    assert line(tiny, "9").at(month("2026-12")) is not None


@pytest.mark.parametrize(
    ("yes", "target", "state"),
    [
        (3, 70, State.REACHED),
        # 2025: 60, so June 2026 asks for 70 and three of four villages (75) are ahead of it.
        (3, 80, State.ON_PACE),
        # 2025: 70, June 2026: 85. Two villages are 50.
        (2, 100, State.BEHIND),
    ],
)
def test_states_of_a_share(tiny: Catalogue, yes: int, target: int, state: State) -> None:
    targets = [Target("1", DISTRICT, 2024, Decimal(40), "40"), Target("1", DISTRICT, 2026, Decimal(target), "")]
    asked = TargetLine(tiny, tiny.indicators["1"], targets)
    assert judge(asked, shares(tiny, "2026-06", yes)).state is state


def test_what_is_lacking_is_to_the_year_end_and_spread_over_the_months_left(tiny: Catalogue) -> None:
    standing = judge(line(tiny, "1"), shares(tiny, "2026-10", 2))
    # 70 asked at the end of 2026, 50 there: 20 lacking in November and December.
    assert standing.reference is not None
    assert standing.reference.exact == Fraction(135, 2)
    assert (standing.lacking, standing.monthly) == (Decimal("20.0"), Decimal("10.00"))
    assert standing.completion == Fraction(50, 70)
    assert standing.pace == Fraction(50 * 2, 135)
    assert standing.state is State.BEHIND


def test_nothing_is_lacking_once_it_is_reached(tiny: Catalogue) -> None:
    standing = judge(line(tiny, "1"), shares(tiny, "2026-10", 3))
    assert (standing.state, standing.lacking, standing.monthly) == (State.REACHED, Decimal("0.0"), None)
    december = judge(line(tiny, "1"), shares(tiny, "2026-12", 2))
    assert (december.lacking, december.monthly) == (Decimal("20.0"), None)


def wells(catalogue: Catalogue, number: int, at: str) -> Figure:
    return figure(catalogue, {("wells_new", UPPER, "2024-01"): number}, at, "8")


@pytest.mark.parametrize(
    ("number", "state"),
    [(15, State.REACHED), (14, State.ON_PACE), (13, State.NEAR), (12, State.BEHIND)],
)
def test_half_a_well_is_not_asked_and_one_short_is_near(tiny: Catalogue, number: int, state: State) -> None:
    # September 2026: from 12.5 (2025) to 15: 14.375, so 14 do; 13 is one short of them; 12 is two short and 83 %.
    assert judge(line(tiny, "8"), wells(tiny, number, "2026-09")).state is state


def test_ninety_five_percent_is_near(tiny: Catalogue) -> None:
    trained = line(tiny, "7")
    # June 2026: 180 asked; 171 is 95 %.
    states = [
        judge(trained, figure(tiny, {("trainees", UPPER, "2026-06"): number}, "2026-06", "7")).state
        for number in (180, 179, 171, 170, 360)
    ]
    assert states == [State.ON_PACE, State.NEAR, State.NEAR, State.BEHIND, State.REACHED]


def test_quarterly_figures_are_held_against_the_quarters_end(tiny: Catalogue) -> None:
    cells = {("output", TOWN, "2026Q1"): 4000, ("output", TOWN, "2026Q2"): 3500}
    standing = judge(line(tiny, "14"), figure(tiny, cells, "2026-08", "14"))
    assert standing.reference is not None
    # 1.5 亿元 in the year: 0.75 by June, though it is August.
    assert (standing.reference.exact, standing.state) == (Fraction(3, 4), State.ON_PACE)
    assert standing.monthly == Decimal("0.125")


def test_in_january_no_quarter_is_due(tiny: Catalogue) -> None:
    standing = judge(line(tiny, "14"), figure(tiny, {("output", TOWN, "2025Q4"): 4000}, "2026-02", "14"))
    assert (standing.state, standing.figure.value) == (State.NOT_DUE, None)
    assert standing.figure.basis == "2026年首期未到"
    assert standing.year_end is not None
    assert standing.year_end.value == Decimal("1.50")


def test_shares_over_a_years_sum_are_judged_at_its_end(tiny: Catalogue) -> None:
    incomes = {("income", unit, f"2026Q{quarter}"): 10 for unit in (UPPER, LOWER, STONE) for quarter in range(1, 5)}
    incomes |= {("income", UPPER, "2026Q1"): 60}
    before = judge(line(tiny, "2"), figure(tiny, incomes, "2026-09", "2"))
    assert (before.figure.value, before.state) == (Decimal("25.0"), State.AT_YEAR_END)
    after = judge(line(tiny, "2"), figure(tiny, incomes, "2026-12", "2"))
    assert after.state is State.BEHIND


def test_growth_is_compared_with_the_economys_of_the_same_quarter(tiny: Catalogue) -> None:
    cells = {
        ("income_growth", DISTRICT, "2026Q1"): "5.0",
        ("gdp_growth", DISTRICT, "2026Q1"): "5.5",
        ("gdp_growth", DISTRICT, "2026Q2"): "6.5",
    }
    observations = observe(tiny, cells)
    compared = compared_with(tiny, observations, tiny.indicators["3"], DISTRICT, month("2026-07"))
    assert compared == Decimal("5.5")
    met = judge(line(tiny, "3"), figure(tiny, cells, "2026-05", "3"), compared)
    assert (met.state, met.text) == (State.REACHED, "与经济增长基本同步")
    missed = judge(line(tiny, "3"), figure(tiny, cells, "2026-05", "3"), Decimal("5.6"))
    assert missed.state is State.BEHIND
    assert judge(line(tiny, "3"), figure(tiny, cells, "2026-05", "3"), None).state is State.NO_DATA


@pytest.mark.parametrize(("ratio", "state"), [("1.65", State.REACHED), ("1.66", State.BEHIND)])
def test_lower_is_better_up_to_the_limit(tiny: Catalogue, ratio: str, state: State) -> None:
    standing = judge(line(tiny, "4"), figure(tiny, {("income_ratio", DISTRICT, "2025"): ratio}, "2026-03", "4"))
    assert (standing.state, standing.text) == (state, "1.60左右")


def test_lower_is_better_with_a_figure(tiny: Catalogue) -> None:
    lower = dataclasses.replace(tiny.indicators["1"], higher_is_better=False)
    targets = [Target("1", DISTRICT, 2024, Decimal(60), "60"), Target("1", DISTRICT, 2026, Decimal(40), "40")]
    standings: list[Standing] = [
        judge(TargetLine(tiny, lower, targets), shares(tiny, "2026-12", yes)) for yes in (1, 2)
    ]
    assert [standing.state for standing in standings] == [State.REACHED, State.BEHIND]
    assert [standing.lacking for standing in standings] == [Decimal("0.0"), Decimal("10.0")]


def test_nothing_recorded_is_no_data(tiny: Catalogue) -> None:
    standing = judge(line(tiny, "1"), figure(tiny, {}, "2026-10", "1"))
    assert (standing.state, standing.lacking, standing.pace) == (State.NO_DATA, None, None)


def test_the_line_starts_only_from_a_complete_baseline(tiny: Catalogue) -> None:
    asked = ["990101001001", "990101101001", UPPER, LOWER, STONE, OLD, BAMBOO]
    full = {("wells_new", unit, "2023"): 2 for unit in asked}
    assert starting_figure(tiny, tiny.indicators["8"], figure(tiny, full, "2023-12", "8")) == 14
    del full["wells_new", OLD, "2023"]
    assert starting_figure(tiny, tiny.indicators["8"], figure(tiny, full, "2023-12", "8")) is None
    elements = {**tiny.elements, "wells_new": dataclasses.replace(tiny.elements["wells_new"], baseline=False)}
    since_the_plan = dataclasses.replace(tiny, elements=elements)
    assert starting_figure(since_the_plan, tiny.indicators["8"], None) == 0
