"""Targets split to towns: what adds up meets the plan, what is changed by hand has to."""

from __future__ import annotations

from decimal import Decimal

import pytest

from xzdesk.core.errors import UserError
from xzdesk.services import target_split
from xzdesk.services.session import Session
from xzdesk.services.target_split import Base
from xzdesk.store import target_splits

from .conftest import TOWN, Offices

STREET = "990101001"


@pytest.fixture
def district(offices: Offices) -> Session:
    return offices.district()


def split(session: Session, indicator: str, year: int) -> dict[str, Decimal]:
    return {s.unit: s.value for s in target_splits.read(session.workspace, indicator=indicator, year=year)}


def test_a_sum_is_split_by_the_number_of_units_and_adds_up(district: Session) -> None:
    """300 人次 over 2 units of the street and 5 of the town (in January 2024): 85.7 and 214.3."""
    target_split.split_indicator(district, district.catalogue.indicators["7"])
    assert split(district, "7", 2024) == {STREET: 86, TOWN: 214}
    assert sum(split(district, "7", 2026).values()) == 360
    assert split(district, "7", 2028) == {}


def test_a_share_asks_the_same_of_every_town(district: Session) -> None:
    target_split.split_indicator(district, district.catalogue.indicators["1"])
    assert split(district, "1", 2026) == {STREET: 70, TOWN: 70}


def test_equal_parts_where_they_are_wanted(district: Session) -> None:
    target_split.split_indicator(district, district.catalogue.indicators["7"], Base.EQUAL)
    assert split(district, "7", 2024) == {STREET: 150, TOWN: 150}


def test_what_the_district_reports_is_not_split(district: Session) -> None:
    with pytest.raises(UserError) as caught:
        target_split.split_indicator(district, district.catalogue.indicators["5a"])
    assert caught.value.code == "split.not_split"


def test_all_at_once_leaves_out_what_has_no_figures(district: Session) -> None:
    made = {share.indicator for share in target_split.split_all(district)}
    assert {"1", "6", "7", "8"} <= made
    assert not {"3", "4", "5a"} & made


def test_a_change_by_hand_has_to_meet_the_plan(district: Session) -> None:
    indicator = district.catalogue.indicators["7"]
    target_split.split_indicator(district, indicator)
    with pytest.raises(UserError) as caught:
        target_split.change_by_hand(district, indicator, 2024, {TOWN: Decimal(210)})
    assert caught.value.code == "split.sum"
    assert "少 4" in caught.value.message
    assert split(district, "7", 2024) == {STREET: 86, TOWN: 214}
    target_split.change_by_hand(district, indicator, 2024, {TOWN: Decimal(210), STREET: Decimal(90)})
    assert split(district, "7", 2024) == {STREET: 90, TOWN: 210}


def test_a_change_for_a_unit_that_does_not_share_is_refused(district: Session) -> None:
    indicator = district.catalogue.indicators["9"]
    target_split.split_indicator(district, indicator)
    with pytest.raises(UserError) as caught:
        target_split.change_by_hand(district, indicator, 2026, {STREET: Decimal(1)})
    assert caught.value.code == "split.unit"
