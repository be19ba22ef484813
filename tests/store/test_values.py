"""Values: what is written is read, as cells and as columns; what is sealed says so; what a package carries."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.model import NOT_APPLICABLE, NOT_STARTED, Catalogue, CellRef, DataValue
from xzdesk.core.observations import Observations
from xzdesk.core.periods import Period, period_range
from xzdesk.store import journal, values
from xzdesk.store.connect import Workspace

TOWN, UPPER_CREEK, LOWER_CREEK = "990101101", "990101101201", "990101101202"
MARCH, APRIL = Period.month(2026, 3), Period.month(2026, 4)
FIRST_QUARTER = Period.quarter(2026, 1)
BASELINE = Period.of_year(2023)


def cell(element: str, period: Period = MARCH, unit: str = UPPER_CREEK) -> CellRef:
    return CellRef(unit, element, period)


EVERY_KIND = {
    cell("households"): DataValue.of(0),
    cell("capacity_new"): DataValue.of(Decimal("-0.5")),
    cell("income", FIRST_QUARTER): DataValue.of(Decimal("1234567.89")),
    cell("grade"): DataValue.of("none"),
    cell("trees"): NOT_STARTED,
    cell("trainees"): NOT_APPLICABLE,
    cell("trainees", BASELINE): DataValue.of(40),
    cell("clean_village", unit=LOWER_CREEK): DataValue.of("yes"),
}
"""A choice ``none`` is not the absence ``none``; zero is a value."""


@pytest.fixture
def filled(office: Workspace, tiny: Catalogue) -> Workspace:
    with office.transaction("填报"):
        assert values.write(office, tiny, EVERY_KIND) == list(EVERY_KIND)
    return office


def test_what_is_written_is_read(filled: Workspace, tiny: Catalogue) -> None:
    assert values.read(filled, tiny) == EVERY_KIND


def test_reading_some_units_periods_and_elements(filled: Workspace, tiny: Catalogue) -> None:
    assert set(values.read(filled, tiny, units={LOWER_CREEK})) == {cell("clean_village", unit=LOWER_CREEK)}
    assert set(values.read(filled, tiny, periods=[BASELINE, FIRST_QUARTER])) == {
        cell("trainees", BASELINE),
        cell("income", FIRST_QUARTER),
    }
    assert set(values.read(filled, tiny, elements={"trainees"}, periods={MARCH})) == {cell("trainees")}
    assert values.read(filled, tiny, units=()) == {}


def test_columns_hold_the_same_contents(filled: Workspace, tiny: Catalogue) -> None:
    seen = sorted(values.observe(filled, tiny).cells(), key=str)
    assert seen == sorted(Observations.of(tiny.elements, EVERY_KIND).cells(), key=str)


def test_columns_end_with_the_month_asked_for(filled: Workspace, tiny: Catalogue) -> None:
    february = Period.month(2026, 2)
    assert [period for *_, period, _ in values.observe(filled, tiny, until=february).cells()] == [BASELINE]
    assert FIRST_QUARTER in {period for *_, period, _ in values.observe(filled, tiny, until=MARCH).cells()}


def test_columns_of_some_units_and_elements(filled: Workspace, tiny: Catalogue) -> None:
    seen = values.observe(filled, tiny, units=[UPPER_CREEK], elements=["trainees", "clean_village"])
    assert {(element, unit) for element, unit, *_ in seen.cells()} == {("trainees", UPPER_CREEK)}


def test_an_element_that_has_gone_is_not_read_and_not_lost(filled: Workspace, tiny: Catalogue) -> None:
    filled.db.conn.execute("INSERT INTO data_value VALUES ('gone', ?, '2026-03', 'value', 1, NULL)", (UPPER_CREEK,))
    assert values.read(filled, tiny) == EVERY_KIND
    assert list(values.observe(filled, tiny).columns("gone")) == []
    with filled.transaction("填报"):
        values.write(filled, tiny, {cell("trees"): None})
    assert filled.db.conn.execute("SELECT count(*) FROM data_value WHERE element = 'gone'").fetchone() == (1,)


@pytest.mark.parametrize("many", [False, True])
def test_only_what_changes_is_told_and_logged(
    office: Workspace, tiny: Catalogue, many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "ONE_BY_ONE", 0 if many else 50)
    with office.transaction("填报"):
        values.write(office, tiny, EVERY_KIND)
    changes = {
        cell("households"): DataValue.of(1),
        cell("grade"): DataValue.of("none"),
        cell("trees"): None,
        cell("trainees"): NOT_STARTED,
        cell("trees", APRIL): None,
        cell("households", APRIL): DataValue.of(Decimal("2.0")),
    }
    changed = [cell("households"), cell("trees"), cell("trainees"), cell("households", APRIL)]
    with office.transaction("填报"):
        assert values.write(office, tiny, changes) == changed
    assert journal.links(office)[0].entries == len(changed)
    with office.transaction("填报"):
        assert values.write(office, tiny, changes) == []
    assert values.read(office, tiny, periods={APRIL}) == {cell("households", APRIL): DataValue.of(2)}


def test_writing_needs_a_transaction(office: Workspace, tiny: Catalogue) -> None:
    with pytest.raises(RuntimeError):
        values.write(office, tiny, {cell("households"): DataValue.of(1)})


def test_a_number_too_fine_or_too_large_is_refused_and_nothing_is_saved(office: Workspace, tiny: Catalogue) -> None:
    fine = {cell("trees"): DataValue.of(1), cell("households"): DataValue.of(Decimal("1.5"))}
    with pytest.raises(ValueError, match="decimals"), office.transaction("填报"):
        values.write(office, tiny, fine)
    large = {cell("trees"): DataValue.of(1), cell("households"): DataValue.of(10**18)}
    with pytest.raises(UserError) as caught, office.transaction("填报"):
        values.write(office, tiny, large)
    assert caught.value.code == "value.too_large"
    assert values.read(office, tiny) == {}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.builds(
            CellRef,
            st.sampled_from([UPPER_CREEK, LOWER_CREEK]),
            st.sampled_from(["households", "income", "capacity_new"]),
            st.sampled_from([MARCH, APRIL, FIRST_QUARTER]),
        ),
        st.one_of(
            st.none(),
            st.sampled_from([NOT_APPLICABLE, NOT_STARTED]),
            st.integers(-(10**15), 10**15).map(DataValue.of),
        ),
    )
)
def test_read_gives_back_whatever_was_written_last(
    office: Workspace, tiny: Catalogue, changes: dict[CellRef, DataValue | None]
) -> None:
    before = values.read(office, tiny)
    with office.transaction("填报"):
        values.write(office, tiny, changes)
    wanted = {ref: value for ref, value in (before | changes).items() if value is not None}
    assert values.read(office, tiny) == wanted


def test_a_quarter_and_a_year_are_sealed_with_the_month_that_ends_them(office: Workspace, tiny: Catalogue) -> None:
    december = Period.month(2025, 12)
    with office.transaction("上报"):
        assert values.seal(office, tiny, [UPPER_CREEK], MARCH, {}) == {UPPER_CREEK}
        values.seal(office, tiny, [UPPER_CREEK], december, {})
    for period in (MARCH, FIRST_QUARTER, december, Period.quarter(2025, 4), Period.of_year(2025)):
        assert values.is_sealed(office, UPPER_CREEK, period)
        assert values.sealed_units(office, period) == {UPPER_CREEK}
    for period in (APRIL, Period.quarter(2026, 2), Period.of_year(2026), Period.month(2026, 1)):
        assert not values.is_sealed(office, UPPER_CREEK, period)
    assert not values.is_sealed(office, LOWER_CREEK, MARCH)


def test_baselines_are_sealed_with_the_first_month(office: Workspace, tiny: Catalogue) -> None:
    assert not values.is_sealed(office, UPPER_CREEK, BASELINE)
    with office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], MARCH, {})
    assert values.is_sealed(office, UPPER_CREEK, BASELINE)
    assert not values.is_sealed(office, LOWER_CREEK, BASELINE)


def test_derived_values_are_kept_when_a_month_is_sealed_and_move_no_more(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], MARCH, {cell("wells"): DataValue.of(3)})
    again = {cell("wells"): DataValue.of(9), cell("wells", unit=LOWER_CREEK): DataValue.of(5)}
    with office.transaction("上报"):
        assert values.seal(office, tiny, [UPPER_CREEK, LOWER_CREEK], MARCH, again) == {LOWER_CREEK}
    assert values.read(office, tiny) == {
        cell("wells"): DataValue.of(3),
        cell("wells", unit=LOWER_CREEK): DataValue.of(5),
    }


def test_a_reopened_month_is_sealed_anew(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], MARCH, {cell("wells"): DataValue.of(3)})
    with office.transaction("退回"):
        assert values.reopen(office, UPPER_CREEK, FIRST_QUARTER)
        assert not values.reopen(office, UPPER_CREEK, MARCH)
    assert not values.is_sealed(office, UPPER_CREEK, MARCH)
    with office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], MARCH, {cell("wells"): DataValue.of(4)})
    assert values.read(office, tiny) == {cell("wells"): DataValue.of(4)}


def test_only_months_are_sealed(office: Workspace, tiny: Catalogue) -> None:
    with pytest.raises(ValueError, match="months"), office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], FIRST_QUARTER, {})


def test_undoing_the_link_unseals(office: Workspace, tiny: Catalogue) -> None:
    with office.transaction("上报"):
        values.seal(office, tiny, [UPPER_CREEK], MARCH, {cell("wells"): DataValue.of(3)})
    with office.transaction("撤销"):
        journal.undo(office, journal.links(office)[0].link)
    assert not values.is_sealed(office, UPPER_CREEK, MARCH)
    assert values.read(office, tiny) == {}


def test_a_package_carries_the_year_up_to_its_month_and_the_baselines(filled: Workspace, tiny: Catalogue) -> None:
    later = {cell("trees", APRIL): DataValue.of(5), cell("trees", Period.month(2025, 12)): DataValue.of(4)}
    with filled.transaction("填报"):
        values.write(filled, tiny, later | {cell("trees", unit="990101001201"): DataValue.of(1)})
    assert values.export(filled, tiny, [UPPER_CREEK, LOWER_CREEK, TOWN], MARCH) == [
        ("capacity_new", UPPER_CREEK, "2026-03", "value", "-0.5"),
        ("clean_village", LOWER_CREEK, "2026-03", "value", "yes"),
        ("grade", UPPER_CREEK, "2026-03", "value", "none"),
        ("households", UPPER_CREEK, "2026-03", "value", "0"),
        ("income", UPPER_CREEK, "2026Q1", "value", "1234567.89"),
        ("trainees", UPPER_CREEK, "2023", "value", "40"),
        ("trainees", UPPER_CREEK, "2026-03", "na", ""),
        ("trees", UPPER_CREEK, "2026-03", "none", ""),
    ]


def test_a_package_also_carries_corrected_cells_of_earlier_years(filled: Workspace, tiny: Catalogue) -> None:
    earlier = cell("trees", Period.month(2025, 12))
    with filled.transaction("填报"):
        values.write(filled, tiny, {earlier: DataValue.of(4)})
    corrected = [earlier, earlier, cell("trees"), cell("trees", Period.month(2025, 11))]
    plain = values.export(filled, tiny, [UPPER_CREEK], MARCH)
    assert values.export(filled, tiny, [UPPER_CREEK], MARCH, corrected) == sorted(
        [*plain, ("trees", UPPER_CREEK, "2025-12", "value", "4")]
    )
    assert values.export(filled, tiny, [LOWER_CREEK], MARCH, corrected) == [
        ("clean_village", LOWER_CREEK, "2026-03", "value", "yes")
    ]


def test_the_scope_of_a_package(tiny: Catalogue) -> None:
    assert {str(period) for period in values.scope(tiny, 2026, Period.month(2026, 4))} == {
        "2023", "2026-01", "2026-02", "2026-03", "2026-04", "2026Q1",
    }  # fmt: skip
    whole_year = {str(period) for period in values.scope(tiny, 2026, Period.month(2026, 12))}
    months = {str(period) for period in period_range(Period.month(2026, 1), Period.month(2026, 12))}
    assert whole_year == months | {"2023", "2026", "2026Q1", "2026Q2", "2026Q3", "2026Q4"}
