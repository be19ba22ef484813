"""Elements computed from registers: for which rows, units and periods, and what sealing and mergers do to them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xzdesk.core.errors import UserError
from xzdesk.core.expressions import parse
from xzdesk.core.model import (
    YES_NO,
    Aggregate,
    Catalogue,
    CellRef,
    DataElement,
    DataValue,
    Derivation,
    ElementType,
    Level,
    Measure,
    OrgUnit,
    RegisterRow,
    Scalar,
)
from xzdesk.core.periods import Period, PeriodKind, period_range
from xzdesk.store import derive, registers, values
from xzdesk.store.connect import Workspace

UPPER, LOWER, MERGED = "990101101201", "990101101202", "990101101204"
OCTOBER = Period.month(2026, 10)
BASELINE = Period.of_year(2023)


@pytest.fixture
def ws(office: Workspace, tiny: Catalogue) -> Workspace:
    registers.ensure_tables(office, tiny)
    return office


def units(catalogue: Catalogue, *codes: str) -> list[OrgUnit]:
    return [catalogue.units[code] for code in codes or (UPPER, LOWER)]


def add_well(ws: Workspace, catalogue: Catalogue, unit: str, built: str, **fields: Any) -> RegisterRow:
    contents = {"name": "井", "kind": "集中", "state": "正常", "built_on": dt.date.fromisoformat(built), **fields}
    with ws.transaction("台账"):
        return registers.insert(ws, catalogue.registers["well"], unit, contents)


def contents(cells: Mapping[CellRef, DataValue], unit: str) -> dict[str, Decimal | str | None]:
    return {ref.element: value.content for ref, value in cells.items() if ref.unit == unit}


def element(code: str, where: str, **changes: Any) -> DataElement:
    """A count over the wells; ``changes`` may be of the element or its derivation."""
    derivation = Derivation("well", changes.pop("aggregate", Aggregate.COUNT), where, changes.pop("field", ""))
    plain = DataElement(
        code=code,
        name=code,
        unit="处",
        type=ElementType.INTEGER,
        decimals=0,
        measure=Measure.FLOW,
        level=Level.VILLAGE,
        frequency=PeriodKind.MONTH,
        track="生态宜居",
        definition="",
        derivation=derivation,
    )
    return replace(plain, **changes)


def with_elements(catalogue: Catalogue, *elements: DataElement) -> Catalogue:
    return replace(catalogue, elements={each.code: each for each in elements})


def test_a_month_as_computed_by_hand(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, UPPER, "2024-03-08", households=Decimal(80), capacity=Decimal("12.5"))
    add_well(ws, tiny, UPPER, "2026-10-01", households=Decimal(20), capacity=Decimal("0.5"))
    add_well(ws, tiny, UPPER, "2026-10-31", households=Decimal(7), capacity=Decimal("1.0"), state="停用")
    add_well(ws, tiny, UPPER, "2026-11-01", households=Decimal(1000), capacity=Decimal("99.9"))
    gone = add_well(ws, tiny, UPPER, "2026-10-02", households=Decimal(500), capacity=Decimal("50.0"))
    with ws.transaction("台账"):
        registers.delete(ws, tiny.registers["well"], gone.id)
        values.write(ws, tiny, {CellRef(UPPER, "wells", BASELINE): DataValue.of(3)})
    cells = derive.compute(ws, tiny, OCTOBER, units(tiny))
    assert contents(cells, UPPER) == {
        "wells": Decimal(5),
        "wells_new": Decimal(2),
        "households_served": Decimal(100),
        "capacity_new": Decimal("1.5"),
        "covered": "yes",
        "tests": Decimal(0),
        "tests_passed": Decimal(0),
    }
    assert str(cells[CellRef(UPPER, "capacity_new", OCTOBER)].number) == "1.5"
    assert contents(cells, LOWER) == {
        "wells": Decimal(0),
        "wells_new": Decimal(0),
        "households_served": Decimal(0),
        "capacity_new": Decimal(0),
        "covered": "no",
        "tests": Decimal(0),
        "tests_passed": Decimal(0),
    }
    assert {ref.period for ref in cells} == {OCTOBER}


def test_only_elements_that_are_asked_of_units_that_exist(ws: Workspace, tiny: Catalogue) -> None:
    town = tiny.units["990101101"]
    assert derive.compute(ws, tiny, OCTOBER, [town]) == {}
    assert derive.compute(ws, tiny, OCTOBER, units(tiny, MERGED)) == {}
    assert derive.compute(ws, tiny, OCTOBER, []) == {}
    only = with_elements(tiny, element("somewhere", "built_on <= period_end", units=(LOWER,)))
    assert set(derive.compute(ws, only, OCTOBER, units(tiny))) == {CellRef(LOWER, "somewhere", OCTOBER)}


def test_a_merged_unit_counts_for_its_successor_from_the_merger_on(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, LOWER, "2024-05-01")
    add_well(ws, tiny, MERGED, "2024-06-01")
    with ws.transaction("期初"):
        values.write(
            ws,
            tiny,
            {
                CellRef(LOWER, "wells", BASELINE): DataValue.of(10),
                CellRef(MERGED, "wells", BASELINE): DataValue.of(100),
            },
        )
    everybody = units(tiny, LOWER, MERGED)
    before, after = Period.month(2024, 12), Period.month(2025, 1)
    live = derive.compute(ws, tiny, before, everybody) | derive.compute(ws, tiny, after, everybody)
    wells = {(ref.unit, str(ref.period)): value.number for ref, value in live.items() if ref.element == "wells"}
    assert wells == {
        (LOWER, "2024-12"): Decimal(11),
        (MERGED, "2024-12"): Decimal(101),
        (LOWER, "2025-01"): Decimal(112),
    }
    history = derive.effective(ws, tiny, everybody, after, 60)
    assert history.get("wells", LOWER, before) == 11
    assert history.get("wells", MERGED, before) == 101
    assert history.get("wells", LOWER, after) == 112
    assert history.get("wells", MERGED, after) is None


def test_quarterly_and_yearly_elements_are_due_when_their_period_ends(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, UPPER, "2026-04-01")
    add_well(ws, tiny, UPPER, "2026-06-30")
    add_well(ws, tiny, UPPER, "2026-07-01")
    new = "period_start <= built_on <= period_end"
    catalogue = with_elements(
        tiny, element("quarterly", new, frequency=PeriodKind.QUARTER), element("yearly", new, frequency=PeriodKind.YEAR)
    )
    upper = units(tiny, UPPER)
    assert derive.compute(ws, catalogue, Period.month(2026, 5), upper) == {}
    assert derive.compute(ws, catalogue, Period.month(2026, 6), upper) == {
        CellRef(UPPER, "quarterly", Period.quarter(2026, 2)): DataValue.of(2)
    }
    assert derive.compute(ws, catalogue, Period.month(2026, 12), upper) == {
        CellRef(UPPER, "quarterly", Period.quarter(2026, 4)): DataValue.of(0),
        CellRef(UPPER, "yearly", Period.of_year(2026)): DataValue.of(3),
    }
    history = derive.effective(ws, catalogue, upper, Period.month(2026, 12), 60)
    assert [history.get("quarterly", UPPER, Period.quarter(2026, number)) for number in (1, 2, 3, 4)] == [0, 2, 1, 0]
    assert history.get("yearly", UPPER, Period.of_year(2026)) == 3


def test_sums_do_not_overflow(ws: Workspace, tiny: Catalogue) -> None:
    largest = 10**15 - 1
    rows = [(f"{number:036}", UPPER, largest) for number in range(12_000)]
    with ws.transaction("台账"):
        ws.db.conn.executemany(
            "INSERT INTO reg_well (id, unit, deleted, revision, households) VALUES (?, ?, 0, 1, ?)", rows
        )
    catalogue = with_elements(
        tiny, element("all", "missing(built_on)", aggregate=Aggregate.SUM, field="households", measure=Measure.STOCK)
    )
    cells = derive.compute(ws, catalogue, OCTOBER, units(tiny, UPPER))
    assert list(cells.values()) == [DataValue.of(12_000 * largest)]


def test_a_sum_with_fewer_decimals_than_its_field_is_rounded(ws: Workspace, tiny: Catalogue) -> None:
    for capacity in ("1.2", "2.3"):
        add_well(ws, tiny, UPPER, "2024-01-01", capacity=Decimal(capacity))
    add_well(ws, tiny, LOWER, "2024-01-01", capacity=Decimal("2.4"))
    whole = element("whole", "built_on <= period_end", aggregate=Aggregate.SUM, field="capacity")
    fine = element(
        "fine",
        "built_on <= period_end",
        aggregate=Aggregate.SUM,
        field="capacity",
        type=ElementType.DECIMAL,
        decimals=3,
    )
    cells = derive.compute(ws, with_elements(tiny, whole, fine), OCTOBER, units(tiny))
    assert contents(cells, UPPER) == {"whole": Decimal(4), "fine": Decimal("3.500")}
    assert contents(cells, LOWER) == {"whole": Decimal(2), "fine": Decimal("2.400")}


def test_a_flow_gets_no_baseline(ws: Workspace, tiny: Catalogue) -> None:
    catalogue = with_elements(tiny, element("new", "built_on >= period_start", baseline=True))
    with ws.transaction("期初"):
        values.write(ws, catalogue, {CellRef(UPPER, "new", BASELINE): DataValue.of(40)})
    assert contents(derive.compute(ws, catalogue, OCTOBER, units(tiny)), UPPER) == {"new": Decimal(0)}


def test_a_condition_that_sql_cannot_answer_is_the_catalogues_fault(ws: Workspace, tiny: Catalogue) -> None:
    catalogue = with_elements(tiny, element("odd", "built_on - built_on > 3"))
    with pytest.raises(UserError) as caught:
        derive.compute(ws, catalogue, OCTOBER, units(tiny))
    assert caught.value.code == "catalogue.expression"


# --- open and sealed months -------------------------------------------------------------------------------------------


def test_sealed_months_keep_what_they_were_sealed_with(ws: Workspace, tiny: Catalogue) -> None:
    row = add_well(ws, tiny, UPPER, "2026-09-10", households=Decimal(80))
    september = Period.month(2026, 9)
    with ws.transaction("上报"):
        values.seal(ws, tiny, [UPPER], september, derive.compute(ws, tiny, september, units(tiny, UPPER)))
    with ws.transaction("台账"):
        registers.update(ws, tiny.registers["well"], row.id, {"households": Decimal(90)})
    history = derive.effective(ws, tiny, units(tiny), OCTOBER, 60)
    assert history.get("households_served", UPPER, september) == 80
    assert history.get("households_served", UPPER, OCTOBER) == 90
    assert history.get("households_served", LOWER, september) == 0
    assert history.get("wells_new", UPPER, september) == 1
    assert history.get("wells_new", UPPER, OCTOBER) == 0


def test_recorded_cells_stand_beside_the_live_ones(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, UPPER, "2026-09-10")
    recorded = {
        CellRef(UPPER, "households", OCTOBER): DataValue.of(300),
        CellRef(UPPER, "households", Period.month(2026, 11)): DataValue.of(301),
        CellRef(UPPER, "wells", OCTOBER): DataValue.of(77),
        CellRef(UPPER, "wells", BASELINE): DataValue.of(2),
    }
    with ws.transaction("填报"):
        values.write(ws, tiny, recorded)
    history = derive.effective(ws, tiny, units(tiny), OCTOBER, 60)
    assert history.get("households", UPPER, OCTOBER) == 300
    assert history.get("households", UPPER, Period.month(2026, 11)) is None
    assert history.get("wells", UPPER, OCTOBER) == 3
    assert history.get("wells", UPPER, BASELINE) == 2


def test_open_months_are_looked_for_within_plan_and_history(ws: Workspace, tiny: Catalogue) -> None:
    for months, expected in ((1, 1), (3, 3), (60, 34)):
        history = derive.effective(ws, tiny, units(tiny, UPPER), OCTOBER, months)
        assert len(history.column("wells", UPPER)) == expected
    assert min(history.column("wells", UPPER)) is Period.month(2024, 1)


def test_it_reads_only(ws: Workspace, tiny: Catalogue) -> None:
    add_well(ws, tiny, UPPER, "2026-09-10")
    with ws.reader() as reader:
        assert derive.effective(reader, tiny, units(tiny), OCTOBER, 60).get("wells", UPPER, OCTOBER) == 1


# --- against the language itself --------------------------------------------------------------------------------------

CONDITIONS = (
    'built_on <= period_end and state == "正常"',
    "period_start <= built_on <= period_end",
    'built_on <= period_end and not (state == "停用" and households > 2)',
    'kind == "集中"',
    "built_on < period_start or missing(capacity)",
    "days(period_end, built_on) > 45",
    "built_on < period_end",
)
DAYS = st.dates(dt.date(2024, 1, 25), dt.date(2024, 5, 5)) | st.dates(dt.date(1990, 1, 1), dt.date(2030, 1, 1))
ROWS = st.lists(
    st.tuples(
        st.sampled_from([UPPER, LOWER]),
        DAYS | st.none(),
        st.sampled_from(["正常", "停用"]) | st.none(),
        st.sampled_from(["集中", "单户"]),
        st.integers(0, 5).map(Decimal) | st.none(),
        st.integers(0, 50).map(lambda number: Decimal(number).scaleb(-1)) | st.none(),
    ),
    max_size=8,
)


class Place:
    """A row in a period, for ``Expression.evaluate``."""

    def __init__(self, fields: Mapping[str, Scalar], period: Period) -> None:
        self.known = {**fields, "period_start": period.first_day, "period_end": period.last_day}

    def value(self, name: str) -> Scalar:
        return self.known[name]

    def series(self, function: str, name: str) -> Scalar:
        assert function == "missing"
        return self.known[name] is None


def by_hand(rows: Sequence[RegisterRow], each: DataElement, unit: str, period: Period) -> int | str:
    assert each.derivation is not None
    where = parse(each.derivation.where)
    picked = [row for row in rows if row.unit == unit and where.evaluate(Place(row.fields, period))]
    if each.derivation.aggregate is Aggregate.ANY:
        return "yes" if picked else "no"
    if each.derivation.aggregate is Aggregate.COUNT:
        return len(picked)
    return sum(int((row.fields["capacity"] or Decimal(0)).scaleb(1)) for row in picked)  # type: ignore[union-attr]


@given(ROWS, st.sampled_from(["2024-01", "2024-02", "2024-04", "2024-12"]))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_history_agrees_with_every_row_evaluated_by_itself(
    ws: Workspace, tiny: Catalogue, rows: list[tuple[Any, ...]], until: str
) -> None:
    schema = tiny.registers["well"]
    with ws.transaction("台账"):
        ws.db.conn.execute("DELETE FROM reg_well")
        for number, row in enumerate(rows):
            unit, built, state, kind, households, capacity = row
            day = built.isoformat() if built else None
            whole = None if capacity is None else int(capacity.scaleb(1))
            ws.db.conn.execute(
                "INSERT INTO reg_well (id, unit, deleted, revision, built_on, state, kind, households, capacity)"
                " VALUES (?, ?, 0, 1, ?, ?, ?, ?, ?)",
                (str(number), unit, day, state, kind, None if households is None else int(households), whole),
            )
    elements = []
    for number, where in enumerate(CONDITIONS):
        elements.append(element(f"count{number}", where))
        elements.append(
            element(f"any{number}", where, aggregate=Aggregate.ANY, type=ElementType.BOOLEAN, choices=YES_NO)
        )
        elements.append(
            element(
                f"sum{number}",
                where,
                aggregate=Aggregate.SUM,
                field="capacity",
                type=ElementType.DECIMAL,
                decimals=1,
            )
        )
    catalogue = with_elements(tiny, *elements)
    stored = registers.read(ws, schema)
    period = Period.parse(until)
    history = derive.effective(ws, catalogue, units(tiny), period, 60)
    live = derive.compute(ws, catalogue, period, units(tiny))
    for each in elements:
        for unit in (UPPER, LOWER):
            for month in period_range(Period.month(2024, 1), period):
                assert history.get(each.code, unit, month) == by_hand(stored, each, unit, month), (each, month)
            content = live[CellRef(unit, each.code, period)].content
            expected = by_hand(stored, each, unit, period)
            assert content == (Decimal(expected).scaleb(-each.decimals) if isinstance(expected, int) else expected)
