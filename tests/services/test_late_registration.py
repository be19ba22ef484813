"""A register row that comes after its month was handed in: the flow is proposed, the stock of that month is by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, FieldValue
from xzdesk.core.periods import Period
from xzdesk.services import check, record, submit
from xzdesk.services.session import Session
from xzdesk.store import values

from .conftest import TOWN, VILLAGE, Offices, fill, hand_in

MONTH = Period.month(2024, 1)
STOCK = CellRef(VILLAGE, "wells", MONTH)
FLOW = CellRef(VILLAGE, "wells_new", MONTH)
WELL: dict[str, FieldValue] = {
    "name": "二号井",
    "kind": "单户",
    "households": Decimal(1),
    "built_on": dt.date(2024, 1, 9),
    "state": "正常",
}
REASON = "补登1月建成的二号井，见水利站验收单"


@pytest.fixture
def town(offices: Offices) -> Session:
    town = offices.below(offices.district(), TOWN, "镇")
    fill(town, MONTH)
    hand_in(town, MONTH, offices.stick, "镇复核")
    return town


def test_the_stock_of_a_month_handed_in_is_corrected_by_hand_with_a_reason(town: Session) -> None:
    record.record_row(town, "well", VILLAGE, WELL)
    # The register remembers only today's stock: it proposes what was newly built in the month, and no more.
    assert FLOW in {proposal.cell for proposal in record.proposals(town, MONTH)}
    assert STOCK not in {proposal.cell for proposal in record.proposals(town, MONTH)}
    with pytest.raises(UserError) as caught:
        record.record_cells(town, {STOCK: DataValue.of(1)})
    assert caught.value.code == "record.correction_reason"
    done = record.record_cells(town, {STOCK: DataValue.of(1)}, REASON)
    assert done.corrections == (STOCK,)
    assert record.held(town, STOCK) == DataValue.of(1)
    record.accept_proposals(town, MONTH, REASON)
    assert submit.demand_ready(town, MONTH) == list(check.check(town, MONTH).findings)


def test_what_registers_say_is_not_recorded_by_hand(town: Session) -> None:
    following = MONTH.shift(1)
    assert not values.is_sealed(town.workspace, VILLAGE, following)
    for ref in (FLOW, CellRef(VILLAGE, "wells", following)):
        with pytest.raises(UserError) as caught:
            record.record_cells(town, {ref: DataValue.of(1)}, REASON)
        assert caught.value.code == "record.derived"
