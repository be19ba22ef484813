"""The seven formulas, each worked out by hand; scopes, absences, blanks, quarters, and how parts add up."""

import dataclasses
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xzdesk.core.indicator_missing import missing_cells
from xzdesk.core.indicators import Figure, Panel, compute, round_half_up, series
from xzdesk.core.lineage import Lineage
from xzdesk.core.model import (
    NOT_APPLICABLE,
    NOT_STARTED,
    Catalogue,
    CellRef,
    DataValue,
    UnitEvent,
    UnitEventKind,
)
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, PeriodKind

DISTRICT = "990101"
STREET, TOWN = "990101001", "990101101"
STREET_COMMUNITY, BAMBOO = "990101001001", "990101001201"
COMMUNITY, UPPER, LOWER, STONE, OLD = (TOWN + tail for tail in ("001", "201", "202", "203", "204"))

Cells = Mapping[tuple[str, str, str], int | str | DataValue]
"""(element, unit, period) to a number, a choice or a stated absence."""


def observe(catalogue: Catalogue, cells: Cells) -> Observations:
    values = {
        CellRef(unit, element, Period.parse(period)): content
        if isinstance(content, DataValue)
        else DataValue.of(content if isinstance(content, str) and content[:1].isalpha() else Decimal(content))
        for (element, unit, period), content in cells.items()
    }
    return Observations.of(catalogue.elements, values)


def panel(catalogue: Catalogue, cells: Cells, month: str, first: str | None = None, root: str | None = None) -> Panel:
    lineage = Lineage(catalogue.units, catalogue.events)
    start = Period.parse(first or month)
    return series(catalogue, observe(catalogue, cells), start, Period.parse(month), lineage, root)


def figure(catalogue: Catalogue, cells: Cells, month: str, indicator: str, unit: str = DISTRICT) -> Figure:
    found = panel(catalogue, cells, month).figure(indicator, unit)
    assert found is not None
    return found


def with_events(catalogue: Catalogue, *events: UnitEvent) -> Catalogue:
    return dataclasses.replace(catalogue, events=events)


def test_sum_latest_adds_the_towns_stocks(tiny: Catalogue) -> None:
    cells = {("factories", STREET, "2024-05"): 2, ("factories", TOWN, "2024-05"): 5}
    found = figure(tiny, cells, "2024-05", "6")
    assert (found.value, found.known, found.asked, found.missing) == (7, 2, 2, 0)


def test_sum_latest_carries_a_stock_nobody_renewed_and_says_that_it_is_missing(tiny: Catalogue) -> None:
    cells = {("factories", STREET, "2024-03"): 2, ("factories", TOWN, "2024-05"): 5}
    found = figure(tiny, cells, "2024-05", "6")
    assert (found.value, found.known, found.missing) == (7, 2, 1)


def test_sum_in_year_starts_anew_every_january(tiny: Catalogue) -> None:
    cells = {
        ("trainees", UPPER, "2024-11"): 40,
        ("trainees", UPPER, "2024-12"): 10,
        ("trainees", UPPER, "2025-01"): 7,
        ("trainees", BAMBOO, "2024-12"): 5,
        ("trainees", BAMBOO, "2025-01"): 1,
    }
    line = panel(tiny, cells, "2025-01", "2024-11").line("7", DISTRICT)
    assert [each.value for each in line] == [40, 55, 8]
    assert [each.basis for each in line] == ["2024年1—11月累计", "2024年全年", "2025年1月"]
    assert [each.final for each in line] == [False, True, False]


def test_sum_in_year_of_quarters_waits_for_the_quarters_end(tiny: Catalogue) -> None:
    cells = {
        ("output", STREET, "2024Q1"): "1234.56",
        ("output", TOWN, "2024Q1"): "10000.44",
        ("output", STREET, "2024Q2"): "100",
        ("output", TOWN, "2024Q2"): "200",
    }
    line = panel(tiny, cells, "2024-07", "2024-02").line("14", DISTRICT)
    # February: no quarter has ended. March to May: 11235.00 万元 = 1.1235 亿元. From June: 11535 万元.
    assert [each.value for each in line] == [None, *[Decimal("1.12")] * 3, *[Decimal("1.15")] * 2]
    assert line[1].exact == Fraction(11235, 10000)
    assert (line[0].missing, line[0].known) == (0, 0)
    assert line[-1].basis == "2024年截至二季度累计"


def test_sum_to_date_begins_with_the_baseline(tiny: Catalogue) -> None:
    cells = {
        ("investment", DISTRICT, "2023"): "9000.5",
        ("investment", DISTRICT, "2024-01"): "1000.25",
        ("investment", DISTRICT, "2024-02"): "-0.5",
    }
    found = figure(tiny, cells, "2024-02", "5a")
    assert found.numerator == Decimal("10000.25")
    assert found.value == Decimal("1.00")
    assert (found.missing, found.basis) == (0, "截至2024年2月")


def test_a_baseline_that_nobody_recorded_is_missing(tiny: Catalogue) -> None:
    found = figure(tiny, {("investment", DISTRICT, "2024-01"): 10}, "2024-02", "5a")
    assert found.missing == 2
    blanks = missing_cells(
        tiny,
        observe(tiny, {("investment", DISTRICT, "2024-01"): 10}),
        Lineage(tiny.units, tiny.events),
        tiny.indicators["5a"],
        Period.parse("2024-02"),
        DISTRICT,
    )
    assert [str(cell.period) for cell in blanks] == ["2023", "2024-02"]


def test_share_meeting_counts_villages_over_all_villages_that_exist(tiny: Catalogue) -> None:
    cells = {
        ("clean_village", UPPER, "2024-06"): "yes",
        ("clean_village", LOWER, "2024-06"): "no",
        ("clean_village", STONE, "2024-06"): "yes",
        ("clean_village", OLD, "2024-06"): "no",
        ("clean_village", BAMBOO, "2024-06"): "yes",
        ("clean_village", COMMUNITY, "2024-06"): "yes",
    }
    found = figure(tiny, cells, "2024-06", "1")
    # Five villages; the community is asked but not of the scope.
    assert (found.numerator, found.denominator, found.value) == (3, 5, Decimal("60.0"))
    town = figure(tiny, cells, "2024-06", "1", TOWN)
    assert (town.numerator, town.denominator, town.value) == (2, 4, Decimal("50.0"))


def test_a_blank_or_stated_absence_does_not_meet_and_only_the_blank_is_missing(tiny: Catalogue) -> None:
    cells = {
        ("clean_village", UPPER, "2024-06"): "yes",
        ("clean_village", LOWER, "2024-06"): NOT_STARTED,
        ("clean_village", STONE, "2024-06"): NOT_APPLICABLE,
        ("clean_village", OLD, "2024-06"): "no",
    }
    found = figure(tiny, cells, "2024-06", "1")
    assert (found.numerator, found.denominator) == (1, 5)
    assert (found.known, found.missing) == (4, 1)


def test_share_meeting_may_ask_for_the_sum_of_the_year(tiny: Catalogue) -> None:
    cells = {
        ("income", UPPER, "2024Q1"): 30,
        ("income", UPPER, "2024Q2"): 20,
        ("income", LOWER, "2024Q1"): "49.99",
        ("income", LOWER, "2024Q2"): NOT_STARTED,
        ("income", STONE, "2024Q1"): 80,
        ("income", STONE, "2024Q2"): -40,
        ("income", OLD, "2024Q1"): 80,
        ("income", BAMBOO, "2024Q2"): 60,
    }
    line = panel(tiny, cells, "2024-06", "2024-01").line("2", DISTRICT)
    assert line[1].value is None
    # First quarter: 石桥 and 旧溪 of five. Second: 上溪 50, 竹里 60 and 旧溪 80 reach 50; 石桥 is back at 40.
    assert [line[2].value, line[5].value] == [Decimal("40.0"), Decimal("60.0")]
    assert [line[2].missing, line[5].missing] == [1, 2]
    assert not line[5].final


def test_count_meeting_counts_every_grade_that_counts(tiny: Catalogue) -> None:
    cells = {
        ("grade", UPPER, "2024-06"): "A",
        ("grade", LOWER, "2024-06"): "AA",
        ("grade", STONE, "2024-06"): "none",
        ("grade", BAMBOO, "2024-06"): "AA",
    }
    found = figure(tiny, cells, "2024-06", "5b")
    assert (found.value, found.denominator, found.missing) == (3, None, 1)
    assert figure(tiny, cells, "2024-06", "5b", STREET).value == 1


def test_only_the_named_units_are_asked(tiny: Catalogue) -> None:
    cells = {("brand_town", TOWN, "2024"): "yes"}
    before = panel(tiny, cells, "2024-11").figure("9", DISTRICT)
    assert before is not None
    assert (before.value, before.asked, before.missing) == (None, 1, 0)
    after = panel(tiny, cells, "2025-11").figure("9", DISTRICT)
    assert after is not None
    assert (after.value, after.basis) == (1, "截至2024年")
    assert panel(tiny, cells, "2025-11").figure("9", STREET) is None


def test_ratio_of_stocks_adds_both_sides_up_first(tiny: Catalogue) -> None:
    cells = {
        ("places", STREET, "2024Q1"): 100,
        ("residents", STREET, "2024Q1"): 20000,
        ("places", TOWN, "2024Q1"): 150,
        ("residents", TOWN, "2024Q1"): 40000,
    }
    found = figure(tiny, cells, "2024-05", "10")
    # 250 places for 60 000 people; the mean of 5.00 and 3.75 would be wrong.
    assert (found.numerator, found.denominator, found.value) == (250, 60000, Decimal("4.17"))


def test_ratio_leaves_out_a_unit_of_which_one_side_is_unknown(tiny: Catalogue) -> None:
    cells = {
        ("places", STREET, "2024Q1"): 100,
        ("residents", STREET, "2024Q1"): 20000,
        ("residents", TOWN, "2024Q1"): 40000,
    }
    found = figure(tiny, cells, "2024-05", "10")
    assert (found.value, found.known, found.missing) == (Decimal("5.00"), 1, 1)


def test_ratio_of_flows_is_of_the_year_so_far(tiny: Catalogue) -> None:
    cells = {
        ("tests", UPPER, "2024-12"): 9,
        ("tests_passed", UPPER, "2024-12"): 0,
        ("tests", UPPER, "2025-01"): 3,
        ("tests_passed", UPPER, "2025-01"): 3,
        ("tests", UPPER, "2025-02"): 4,
        ("tests_passed", UPPER, "2025-02"): 2,
    }
    found = figure(tiny, cells, "2025-02", "pass_rate")
    assert (found.numerator, found.denominator, found.value) == (5, 7, Decimal("71.4"))


def test_a_ratio_over_nothing_is_unknown(tiny: Catalogue) -> None:
    cells = {("tests", UPPER, "2024-01"): 0, ("tests_passed", UPPER, "2024-01"): 0}
    assert figure(tiny, cells, "2024-01", "pass_rate").value is None


def test_reported_is_the_newest_complete_quarter_or_year(tiny: Catalogue) -> None:
    cells = {
        ("income_growth", DISTRICT, "2024Q1"): "5.4",
        ("income_growth", DISTRICT, "2024Q2"): "5.1",
        ("income_ratio", DISTRICT, "2024"): "1.58",
    }
    found = figure(tiny, cells, "2024-08", "3")
    assert (found.value, found.basis, found.missing) == (Decimal("5.1"), "截至2024年二季度", 0)
    assert figure(tiny, cells, "2024-05", "3").value == Decimal("5.4")
    assert figure(tiny, cells, "2025-03", "4").value == Decimal("1.58")
    assert panel(tiny, cells, "2024-08").units("3") == (DISTRICT,)


def test_parts_are_the_units_below_of_which_the_figure_is_made(tiny: Catalogue) -> None:
    cells = {("trainees", unit, "2024-01"): 10 for unit in (UPPER, STONE, COMMUNITY, BAMBOO, STREET_COMMUNITY)}
    made = panel(tiny, cells, "2024-01")
    assert {part.unit: part.value for part in made.parts("7", DISTRICT)} == {STREET: 20, TOWN: 30}
    assert {part.unit: part.value for part in made.parts("7", TOWN)} == {
        COMMUNITY: 10,
        UPPER: 10,
        LOWER: None,
        STONE: 10,
        OLD: None,
    }


def test_a_towns_own_panel_holds_nothing_of_others(tiny: Catalogue) -> None:
    made = panel(tiny, {("trainees", UPPER, "2024-01"): 10}, "2024-01", root=TOWN)
    assert made.units("7") == (TOWN, COMMUNITY, UPPER, LOWER, STONE, OLD)
    assert "5a" not in made.indicators


def test_a_merged_villages_flows_go_on_under_its_successor(tiny: Catalogue) -> None:
    cells = {
        ("wells_new", OLD, "2023"): 1,
        ("wells_new", LOWER, "2023"): 2,
        ("wells_new", OLD, "2024-12"): 4,
        ("wells_new", LOWER, "2024-12"): 8,
        ("wells_new", OLD, "2025-01"): 1000,
        ("wells_new", LOWER, "2025-01"): 16,
    }
    made = panel(tiny, cells, "2025-01", "2024-11")
    # The merger is of January 2025; what was entered for the old village after it is not read.
    assert [each.value for each in made.line("8", LOWER)] == [2, 10, 31]
    assert [each.value for each in made.line("8", DISTRICT)] == [3, 15, 31]
    assert made.figure("8", OLD) is None
    assert [part.unit for part in made.parts("8", TOWN)] == [COMMUNITY, UPPER, LOWER, STONE]


def test_the_denominator_is_of_the_villages_that_exist_then(tiny: Catalogue) -> None:
    made = panel(tiny, {("clean_village", UPPER, "2024-12"): "yes"}, "2025-01", "2024-12")
    assert [each.denominator for each in made.line("1", DISTRICT)] == [5, 4]
    assert [each.value for each in made.line("1", DISTRICT)] == [Decimal("20.0"), Decimal("25.0")]


def test_a_merged_stock_counts_until_the_successor_reports_for_both(tiny: Catalogue) -> None:
    merger = UnitEvent(UnitEventKind.MERGED, STREET, Period.parse("2024-05"), into=TOWN)
    cells = {
        ("factories", STREET, "2024-04"): 3,
        ("factories", TOWN, "2024-04"): 5,
        ("factories", TOWN, "2024-06"): 7,
    }
    made = panel(with_events(tiny, merger), cells, "2024-06", "2024-04")
    assert [each.value for each in made.line("6", DISTRICT)] == [8, 8, 7]
    assert [each.value for each in made.line("6", TOWN)] == [5, 8, 7]
    assert [each.missing for each in made.line("6", TOWN)] == [0, 1, 0]


def test_villages_of_a_merged_town_belong_to_the_town_that_goes_on(tiny: Catalogue) -> None:
    merger = UnitEvent(UnitEventKind.MERGED, STREET, Period.parse("2024-05"), into=TOWN)
    cells = {("trainees", BAMBOO, "2024-04"): 10, ("trainees", BAMBOO, "2024-05"): 1, ("trainees", UPPER, "2024-05"): 2}
    made = panel(with_events(tiny, merger), cells, "2024-05", "2024-04")
    assert [each.value for each in made.line("7", TOWN)] == [None, 13]
    assert [each.value for each in made.line("7", DISTRICT)] == [10, 13]
    assert BAMBOO in {part.unit for part in made.parts("7", TOWN)}


def test_flows_of_a_village_closed_without_successor_stay_with_its_town(tiny: Catalogue) -> None:
    closing = UnitEvent(UnitEventKind.CLOSED, UPPER, Period.parse("2024-05"))
    cells = {
        ("wells_new", UPPER, "2024-04"): 3,
        ("wells_new", STONE, "2024-04"): 1,
        ("clean_village", UPPER, "2024-04"): "yes",
        ("clean_village", STONE, "2024-04"): "yes",
    }
    made = panel(with_events(tiny, closing), cells, "2024-05", "2024-04")
    assert [each.value for each in made.line("8", TOWN)] == [4, 4]
    former = {part.unit: part for part in made.parts("8", TOWN)}[UPPER]
    assert (former.value, former.asked) == (3, 0)
    shares = made.line("1", TOWN)
    assert [(each.numerator, each.denominator) for each in shares] == [(2, 4), (1, 3)]


def test_two_villages_go_on_as_a_new_one(tiny: Catalogue) -> None:
    cells = {
        ("wells_new", LOWER, "2023"): 2,
        ("wells_new", LOWER, "2024-02"): 1,
        ("wells_new", OLD, "2024-02"): 4,
        ("wells_new", STONE, "2023"): 1000,
        ("wells_new", STONE, "2024-02"): 1000,
        ("wells_new", STONE, "2024-03"): 8,
        ("clean_village", LOWER, "2024-02"): "yes",
        ("clean_village", STONE, "2024-03"): "yes",
    }
    start = Period.parse("2024-03")
    catalogue = with_events(
        tiny,
        UnitEvent(UnitEventKind.FOUNDED, STONE, start),
        UnitEvent(UnitEventKind.MERGED, LOWER, start, into=STONE),
        UnitEvent(UnitEventKind.MERGED, OLD, start, into=STONE),
    )
    made = panel(catalogue, cells, "2024-03", "2024-02")
    # What stands under the new village's code for a time before it is read by nobody.
    assert [each.value for each in made.line("8", TOWN)] == [7, 15]
    assert made.figure("8", STONE, Period.parse("2024-02")) is None
    assert [part.unit for part in made.parts("8", TOWN)] == [COMMUNITY, UPPER, STONE]
    shares = made.line("1", TOWN)
    assert [(each.numerator, each.denominator) for each in shares] == [(1, 3), (1, 2)]
    # 期初数 are asked of those that were there: not of the new village; the old one's is still missing.
    blanks = missing_cells(
        catalogue,
        observe(catalogue, cells),
        Lineage(catalogue.units, catalogue.events),
        catalogue.indicators["8"],
        start,
        STONE,
    )
    assert [(cell.unit, str(cell.period)) for cell in blanks] == [
        (LOWER, "2024-01"),
        (OLD, "2023"),
        (OLD, "2024-01"),
    ]
    assert len(blanks) == made.line("8", STONE)[-1].missing


def test_several_elements_of_different_decimals_add_up(tiny: Catalogue) -> None:
    both = dataclasses.replace(tiny.indicators["14"], elements=("output", "places"), scale=Fraction(1))
    catalogue = dataclasses.replace(tiny, indicators={"14": both})
    elements = {**catalogue.elements, "places": dataclasses.replace(tiny.elements["places"], measure="flow")}
    catalogue = dataclasses.replace(catalogue, elements=elements)
    cells = {("output", TOWN, "2024Q1"): "1.25", ("places", TOWN, "2024Q1"): 3}
    assert figure(catalogue, cells, "2024-03", "14").exact == Fraction(17, 4)


@pytest.mark.parametrize(
    ("exact", "decimals", "rounded"),
    [
        (Fraction(5, 2), 0, "3"),
        (Fraction(-5, 2), 0, "-3"),
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(2, 3), 1, "0.7"),
        (Fraction(-1, 100), 1, "0.0"),
    ],
)
def test_rounds_half_up_once(exact: Fraction, decimals: int, rounded: str) -> None:
    assert str(round_half_up(exact, decimals)) == rounded


def test_months_out_of_order_are_a_fault(tiny: Catalogue) -> None:
    with pytest.raises(ValueError, match="months"):
        panel(tiny, {}, "2024-01", "2024-02")
    with pytest.raises(ValueError, match="months"):
        compute(tiny, Observations(), Period.parse("2024Q1"), Lineage(tiny.units, ()))


@st.composite
def recorded(draw: st.DrawFn) -> list[tuple[str, str, str, int | str | DataValue]]:
    """Cells of the tiny district over two years, with gaps and absences."""
    texts = {"clean_village": ["yes", "no"], "grade": ["A", "none"]}
    names = ["clean_village", "grade", "wells_new", "trainees", "tests", "tests_passed", "income", "factories"]
    units = {"factories": [STREET, TOWN]}
    villages = [STREET_COMMUNITY, BAMBOO, COMMUNITY, UPPER, LOWER, STONE, OLD]
    cells = []
    for name in draw(st.lists(st.sampled_from(names), max_size=25)):
        unit = draw(st.sampled_from(units.get(name, villages)))
        year, index = draw(st.integers(2024, 2025)), draw(st.integers(1, 12))
        period = f"{year}Q{(index + 2) // 3}" if name == "income" else f"{year}-{index:02}"
        content = draw(st.sampled_from([*texts.get(name, [0, 1, 7, 60]), NOT_STARTED, NOT_APPLICABLE]))
        cells.append((name, unit, period, content))
    return cells


def test_parts_add_up_and_every_missing_cell_is_named(tiny: Catalogue) -> None:
    # Inside, for hypothesis would write the whole catalogue of an argument into its reports.
    @settings(max_examples=20, deadline=None)
    @given(
        rows=recorded(),
        merger=st.sampled_from([None, "2024-03", "2024-06", "2025-02"]),
        end=st.sampled_from(["", "closed", "founded"]),
    )
    def holds(rows: list[tuple[str, str, str, int | str | DataValue]], merger: str | None, end: str) -> None:
        events = [UnitEvent(UnitEventKind.MERGED, OLD, Period.parse(merger), into=LOWER)] if merger else []
        if end:
            events.append(UnitEvent(UnitEventKind(end), STONE, Period.parse("2024-10")))
        assert_consistent(with_events(tiny, *events), {row[:3]: row[3] for row in rows})

    holds()


def assert_consistent(catalogue: Catalogue, cells: Cells) -> None:
    """A series says what its months alone say; parts add up; as many blanks are named as counted."""
    lineage = Lineage(catalogue.units, catalogue.events)
    observations = observe(catalogue, cells)
    whole = series(catalogue, observations, Period.parse("2024-01"), Period.parse("2025-12"), lineage)
    for month in (Period.parse("2024-06"), Period.parse("2025-02"), Period.parse("2025-12")):
        alone = compute(catalogue, observations, month, lineage)
        for code, indicator in catalogue.indicators.items():
            for unit in whole.units(code):
                found = whole.figure(code, unit, month)
                assert alone.figure(code, unit) == found
                if found is None:
                    continue
                assert len(missing_cells(catalogue, observations, lineage, indicator, month, unit)) == found.missing
                if parts := whole.parts(code, unit, month):
                    assert sum(part.numerator for part in parts) == found.numerator
                    assert sum(part.denominator or 0 for part in parts) == (found.denominator or 0)
                    assert sum(part.missing for part in parts) == found.missing


def test_what_a_year_kind_has_is_known_from_its_december_on(tiny: Catalogue) -> None:
    cells = {("income_ratio", DISTRICT, "2024"): "1.60", ("income_ratio", DISTRICT, "2025"): "1.55"}
    line = panel(tiny, cells, "2025-12", "2024-11").line("4", DISTRICT)
    assert [line[0].value, line[1].value, line[-2].value, line[-1].value] == [
        None,
        Decimal("1.60"),
        Decimal("1.60"),
        Decimal("1.55"),
    ]
    assert line[-1].as_of.kind is PeriodKind.YEAR
