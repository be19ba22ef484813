"""Which units exist when, their names, and who carries on whose figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xzdesk.core.lineage import Lineage
from xzdesk.core.model import OrgUnit, UnitEvent, UnitEventKind, UnitKind
from xzdesk.core.periods import Period

DISTRICT = OrgUnit("1", "区", UnitKind.DISTRICT, "")
TOWN = OrgUnit("11", "东镇", UnitKind.TOWN, "1")
OTHER_TOWN = OrgUnit("12", "西街道", UnitKind.SUBDISTRICT, "1")
A = OrgUnit("1101", "甲村", UnitKind.VILLAGE, "11")
B = OrgUnit("1102", "乙村", UnitKind.VILLAGE, "11")
C = OrgUnit("1103", "丙村", UnitKind.VILLAGE, "11")
D = OrgUnit("1201", "丁社区", UnitKind.COMMUNITY, "12")
UNITS = {unit.code: unit for unit in (DISTRICT, TOWN, OTHER_TOWN, A, B, C, D)}


def merged(unit: OrgUnit, since: str, into: OrgUnit) -> UnitEvent:
    return UnitEvent(UnitEventKind.MERGED, unit.code, Period.parse(since), into=into.code)


def closed(unit: OrgUnit, since: str, into: str = "") -> UnitEvent:
    return UnitEvent(UnitEventKind.CLOSED, unit.code, Period.parse(since), into=into)


def renamed(unit: OrgUnit, since: str, name: str) -> UnitEvent:
    return UnitEvent(UnitEventKind.RENAMED, unit.code, Period.parse(since), name=name)


def founded(unit: OrgUnit, since: str) -> UnitEvent:
    return UnitEvent(UnitEventKind.FOUNDED, unit.code, Period.parse(since))


def lineage(*events: UnitEvent) -> Lineage:
    return Lineage(UNITS, events)


@pytest.mark.parametrize(
    ("period", "alive"),
    [("2025-05", True), ("2025-06", False), ("2025Q1", True), ("2025Q2", False), ("2024", True), ("2025", False)],
)
def test_a_merged_unit_is_gone_from_the_month_of_the_event(period: str, alive: bool) -> None:
    assert lineage(merged(A, "2025-06", B)).exists(A.code, Period.parse(period)) is alive


def test_without_events_everything_known_exists_and_nothing_else() -> None:
    still = lineage()
    assert still.exists(A.code, Period.parse("2023-01"))
    assert not still.exists("9", Period.parse("2023-01"))
    assert still.predecessors(A.code, Period.parse("2023-01")) == (A.code,)
    assert still.predecessors("9", Period.parse("2023-01")) == ()


def test_a_renaming_tells_the_name_that_was_borne_until_then() -> None:
    names = lineage(renamed(A, "2026-03", "旧甲村"), renamed(A, "2024-01", "初甲村"))
    assert [names.name_at(A.code, Period.parse(p)) for p in ("2023-12", "2024-01", "2026-02", "2026Q1")] == [
        "初甲村",
        "旧甲村",
        "旧甲村",
        "甲村",
    ]


def test_the_successor_is_followed_through_several_mergers() -> None:
    chain = lineage(merged(A, "2024-01", B), merged(B, "2025-01", C))
    assert chain.successor(A.code, Period.parse("2023-12")) == A.code
    assert chain.successor(A.code, Period.parse("2024-12")) == B.code
    assert chain.successor(A.code, Period.parse("2025-01")) == C.code
    assert chain.predecessors(C.code, Period.parse("2025-01")) == (C.code, A.code, B.code)
    assert chain.predecessors(C.code, Period.parse("2024-12")) == (C.code,)
    assert chain.predecessors(B.code, Period.parse("2025-01")) == ()


def test_a_closed_unit_has_a_successor_only_where_one_is_named() -> None:
    after = Period.parse("2025-01")
    assert lineage(closed(A, "2025-01")).successor(A.code, after) is None
    assert lineage(closed(A, "2025-01", D.code)).successor(A.code, after) == D.code


def test_mergers_in_a_circle_end_nowhere() -> None:
    circle = lineage(merged(A, "2025-01", B), merged(B, "2025-01", A))
    assert circle.successor(A.code, Period.parse("2025-01")) is None
    assert circle.successor(A.code, Period.parse("2024-12")) == A.code


def test_the_first_ending_counts() -> None:
    twice = lineage(closed(A, "2026-01"), merged(A, "2025-01", B))
    assert twice.successor(A.code, Period.parse("2026-06")) == B.code


def test_living_units_below_a_town_in_the_catalogues_order() -> None:
    some = lineage(merged(B, "2025-01", A))
    assert some.living(Period.parse("2024-12"), TOWN.code) == (A, B, C)
    assert some.living(Period.parse("2025-01"), TOWN.code) == (A, C)
    assert some.living(Period.parse("2025-01"), kinds={UnitKind.TOWN, UnitKind.SUBDISTRICT}) == (TOWN, OTHER_TOWN)
    assert some.living(Period.parse("2025-01"), DISTRICT.code) == (TOWN, OTHER_TOWN)


def test_villages_of_a_merged_town_belong_to_the_town_that_carries_it_on() -> None:
    towns = lineage(merged(OTHER_TOWN, "2025-01", TOWN))
    assert towns.living(Period.parse("2025-01"), TOWN.code) == (A, B, C, D)
    assert towns.living(Period.parse("2024-12"), TOWN.code) == (A, B, C)
    assert towns.living(Period.parse("2025-01"), OTHER_TOWN.code) == ()


CODES = st.sampled_from([A.code, B.code, C.code, D.code])
ENDS = st.builds(
    lambda unit, month, into: UnitEvent(UnitEventKind.MERGED, unit, Period.month(2025, month), into=into),
    CODES,
    st.integers(1, 12),
    CODES,
)


@given(st.lists(ENDS, max_size=5), st.integers(1, 12))
def test_predecessors_and_successor_are_two_views_of_one_thing(events: list[UnitEvent], month: int) -> None:
    some, period = Lineage(UNITS, events), Period.month(2025, month)
    for code in UNITS:
        carried = some.predecessors(code, period)
        assert bool(carried) == some.exists(code, period)
        assert set(carried) == {each for each in UNITS if some.successor(each, period) == code}
        assert not carried or carried[0] == code


@pytest.mark.parametrize(
    ("period", "alive"),
    [("2025-05", False), ("2025-06", True), ("2025Q1", False), ("2025Q2", True), ("2024", False), ("2025", True)],
)
def test_a_founded_unit_is_there_from_the_month_of_the_event(period: str, alive: bool) -> None:
    assert lineage(founded(C, "2025-06")).exists(C.code, Period.parse(period)) is alive


def test_two_villages_that_become_a_new_one_are_carried_on_by_it() -> None:
    """Two units before June 2025, one after: a denominator never counts all three."""
    history = lineage(founded(C, "2025-06"), merged(A, "2025-06", C), merged(B, "2025-06", C))
    before, after = Period.parse("2025-05"), Period.parse("2025-06")
    assert {unit.code for unit in history.living(before, TOWN.code)} == {A.code, B.code}
    assert {unit.code for unit in history.living(after, TOWN.code)} == {C.code}
    assert history.predecessors(C.code, after) == (C.code, A.code, B.code)
    assert history.predecessors(C.code, before) == ()
