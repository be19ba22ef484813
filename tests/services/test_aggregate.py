"""The overview of a month at the district: figures, what they are made of, the plan's text beside the annex."""

from __future__ import annotations

from decimal import Decimal

import pytest

from xzdesk.core.model import CellRef, DataValue, FormulaKind
from xzdesk.core.periods import Period
from xzdesk.services import aggregate, receive, record
from xzdesk.services.session import Session

from .conftest import TOWN, VILLAGE, Offices, fill, hand_in

STREET = "990101001"
MONTH = Period.month(2024, 1)


@pytest.fixture
def district(offices: Offices) -> Session:
    """Both towns have handed January in; every village trained 3 people, 上溪村 five."""
    made = offices.district()
    for unit, name in ((TOWN, "镇"), (STREET, "街道")):
        office = offices.below(made, unit, name)
        fill(office, MONTH)
        if unit == TOWN:
            record.record_cells(office, {CellRef(VILLAGE, "trainees", MONTH): DataValue.of(5)})
        receive.receive(made, [hand_in(office, MONTH, offices.stick, f"{name}复核")])
    return made


def test_a_sum_is_that_of_the_villages_and_of_the_towns(district: Session) -> None:
    """January 2024: seven villages and communities live, six times 3 and once 5."""
    row = aggregate.aggregate(district, MONTH).row("7")
    assert row.standing.figure.value == 23
    assert {part.unit: part.value for part in row.parts} == {STREET: 6, TOWN: 17}
    below = aggregate.aggregate(district, MONTH, district.catalogue.units[TOWN]).row("7")
    assert below.standing.figure.value == 17
    assert {part.value for part in below.parts} == {3, 5}
    assert sum(part.value or 0 for part in below.parts) == 17


def test_parts_add_up_for_every_indicator_that_adds_up(district: Session) -> None:
    added = {FormulaKind.SUM_IN_YEAR, FormulaKind.SUM_TO_DATE, FormulaKind.SUM_LATEST, FormulaKind.COUNT_MEETING}
    rows = aggregate.aggregate(district, MONTH).rows
    judged = [r for r in rows if district.catalogue.indicators[r.indicator].kind in added and r.parts]
    assert judged
    for row in judged:
        assert sum((part.numerator for part in row.parts), Decimal(0)) == row.standing.figure.numerator


def test_where_text_and_annex_differ_both_are_there(district: Session) -> None:
    overview = aggregate.aggregate(district, MONTH)
    assert [(goal.value, goal.relation) for goal in overview.row("6").body] == [("8", "differs: annex 6")]
    assert overview.row("1").body == ()
    assert [goal.goal for goal in overview.other_goals] == ["粮食年产量"]


def test_a_forecast_says_why_there_is_none(district: Session) -> None:
    foreseen = aggregate.aggregate(district, MONTH).row("6").forecast
    assert foreseen.value is None
    assert foreseen.basis


def test_what_a_town_has_not_handed_in_is_missing_and_not_zero(offices: Offices) -> None:
    district = offices.district()
    row = aggregate.aggregate(district, MONTH).row("7")
    assert row.standing.figure.value is None
    assert row.standing.figure.missing == 7
