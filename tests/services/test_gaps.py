"""Packages that do not come: what the district can know all the same, and what it has to ask for again."""

from __future__ import annotations

import pytest

from xzdesk.core.model import CellRef, DataValue
from xzdesk.core.periods import Period
from xzdesk.services import exchanged, freeze, receive, record
from xzdesk.services.receive import Status
from xzdesk.services.session import Session
from xzdesk.store import values

from .conftest import TOWN, VILLAGE, Offices, fill, hand_in

JANUARY = Period.month(2024, 1)
NOVEMBER, DECEMBER = Period.month(2024, 11), Period.month(2024, 12)
NEXT_YEAR = DECEMBER.shift(1)


@pytest.fixture
def pair(offices: Offices) -> tuple[Session, Session]:
    district = offices.district()
    return district, offices.below(district, TOWN, "镇")


def test_a_month_that_came_with_the_next_one_is_handed_in_and_can_be_frozen(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    fill(town, JANUARY)
    hand_in(town, JANUARY, offices.stick, "镇复核").unlink()
    fill(town, JANUARY.shift(1))
    arrived = receive.receive(district, [hand_in(town, JANUARY.shift(1), offices.stick, "镇复核")])[0]
    assert (arrived.status, arrived.code, arrived.missing) == (Status.ACCEPTED, "chain.gap", (1, 1))
    handed_in = {unit.code: record for unit, record in exchanged.handed_in(district, JANUARY)}
    assert handed_in[TOWN] is not None
    assert handed_in[TOWN].id == arrived.id
    assert freeze.freeze(district, JANUARY).edition == 1


def test_a_december_that_got_lost_is_missed_and_can_be_handed_in_again(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    """No package of the new year repeats the old one's figures."""
    district, town = pair
    for month in NOVEMBER.of_year_so_far():
        fill(town, month)
    receive.receive(district, [hand_in(town, NOVEMBER, offices.stick, "镇复核")])
    fill(town, DECEMBER)
    hand_in(town, DECEMBER, offices.stick, "镇复核").unlink()
    fill(town, NEXT_YEAR)
    record.record_cells(town, {CellRef(VILLAGE, "households", NEXT_YEAR): DataValue.of(310)})
    arrived = receive.receive(district, [hand_in(town, NEXT_YEAR, offices.stick, "镇复核")])[0]
    lost = [odd for odd in arrived.effects.oddities if "2024年12月" in odd]
    assert len(lost) == 1
    again = receive.receive(district, [hand_in(town, DECEMBER, offices.stick, "镇复核")])[0]
    assert (again.status, again.effects.oddities) == (Status.ACCEPTED, ())
    refs = [CellRef(VILLAGE, "households", month) for month in (DECEMBER, NEXT_YEAR)]
    held = values.read_cells(district.workspace, district.catalogue, refs)
    assert [held[ref].number for ref in refs] == [300, 310]
    following = receive.receive(district, [hand_in(town, NEXT_YEAR, offices.stick, "镇复核")])[0]
    assert [odd for odd in following.effects.oddities if "2024年12月" in odd] == []
