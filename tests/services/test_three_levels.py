"""Village, town and district: what one of them changes, returns or corrects reaches the others, and nothing gets lost.

Told from the offices' side: what each holds after the packages have gone up and down.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from xzdesk.core.catalogue import parse
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, FieldValue, RowRef
from xzdesk.core.periods import Period
from xzdesk.services import check, outgoing, receipt, receive, record, returns, task
from xzdesk.services.catalogue_update import put_in_force
from xzdesk.services.effects import Effects
from xzdesk.services.receive import Status
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session
from xzdesk.store import own_edits, registers, values, verdicts
from xzdesk.store.verdicts import ReturnStatus

from .conftest import TOWN, VILLAGE, Offices, fill, hand_in

JANUARY = Period.month(2024, 1)
FEBRUARY = JANUARY.shift(1)
DECEMBER = Period.month(2024, 12)
HOUSEHOLDS = CellRef(VILLAGE, "households", JANUARY)
OTHER = "990101101202"
"""A village without a workspace of its own: its town fills it in."""
WHY = "与公安年报核对后少计12户，已逐户核实"
WELL: dict[str, FieldValue] = {
    "name": "一号井",
    "kind": "集中",
    "capacity": Decimal("12.5"),
    "households": Decimal(120),
    "built_on": dt.date(2024, 1, 9),
    "state": "正常",
}


class Chain:
    """The three offices and the stick between them."""

    def __init__(self, offices: Offices) -> None:
        self.stick = offices.stick
        self.district = offices.district()
        self.town = offices.below(self.district, TOWN, "镇")
        self.village = offices.below(self.town, VILLAGE, "村")

    def village_up(self, month: Period) -> Effects:
        return self._up(self.village, self.town, month, "村复核")

    def town_up(self, month: Period) -> Effects:
        return self._up(self.town, self.district, month, "镇复核")

    def _up(self, lower: Session, upper: Session, month: Period, reviewer: str) -> Effects:
        arrived = receive.receive(upper, [hand_in(lower, month, self.stick, reviewer)])[0]
        assert arrived.status is Status.ACCEPTED, arrived
        return arrived.effects

    def down(self, upper: Session, lower: Session) -> Effects:
        """A receipt of ``upper``."""
        written = receipt.write_receipts(upper, [lower.office])
        return receive.receive(lower, [outgoing.deliver(each, self.stick) for each in written])[0].effects

    def both_up(self, month: Period) -> None:
        fill(self.village, month)
        self.village_up(month)
        fill(self.town, month)
        self.town_up(month)


@pytest.fixture
def chain(offices: Offices) -> Chain:
    return Chain(offices)


def held(session: Session, ref: CellRef) -> DataValue | None:
    return values.read_cells(session.workspace, session.catalogue, [ref]).get(ref)


def test_a_correction_of_last_year_reaches_the_district_through_the_town(chain: Chain) -> None:
    for month in DECEMBER.of_year_so_far():
        fill(chain.village, month)
        fill(chain.town, month)
    chain.village_up(DECEMBER)
    chain.town_up(DECEMBER)
    last_year = CellRef(VILLAGE, "households", DECEMBER)
    record.record_cells(chain.village, {last_year: DataValue.of(312)}, WHY)
    january = DECEMBER.shift(1)
    fill(chain.village, january)
    assert chain.village_up(january).corrections == 1
    assert held(chain.town, last_year) == DataValue.of(312)
    fill(chain.town, january)
    assert chain.town_up(january).corrections == 1
    assert held(chain.district, last_year) == DataValue.of(312)
    fill(chain.town, january.shift(1))
    assert chain.town_up(january.shift(1)).corrections == 0


def test_what_a_village_mends_after_its_town_handed_in_is_a_correction_of_the_town(chain: Chain) -> None:
    """The town returns a cell of a month that it has handed in itself: at the district the change has its reason."""
    chain.both_up(JANUARY)
    returns.return_places(chain.town, JANUARY, [ReturnRequest(HOUSEHOLDS, "比公安年报少12户，请逐户核对后重报")])
    chain.down(chain.town, chain.village)
    record.record_cells(chain.village, {HOUSEHOLDS: DataValue.of(312)})
    assert chain.village_up(JANUARY).mended == 1
    fill(chain.town, FEBRUARY)
    fill(chain.village, FEBRUARY)
    chain.village_up(FEBRUARY)
    effects = chain.town_up(FEBRUARY)
    assert held(chain.district, HOUSEHOLDS) == DataValue.of(312)
    assert effects.corrections == 1
    correction = verdicts.corrections_of_year(chain.district.workspace, 2024)[0]
    assert (correction.ref, correction.before, correction.after) == (HOUSEHOLDS, DataValue.of(300), DataValue.of(312))
    assert "少12户" in correction.reason


def test_what_is_mended_of_last_year_reaches_the_district_through_the_town(chain: Chain) -> None:
    for month in DECEMBER.of_year_so_far():
        fill(chain.village, month)
        fill(chain.town, month)
    chain.village_up(DECEMBER)
    chain.town_up(DECEMBER)
    last_year = CellRef(VILLAGE, "households", DECEMBER)
    returns.return_places(chain.town, DECEMBER, [ReturnRequest(last_year, "比公安年报少12户，请逐户核对后重报")])
    chain.down(chain.town, chain.village)
    record.record_cells(chain.village, {last_year: DataValue.of(312)})
    chain.village_up(DECEMBER)
    january = DECEMBER.shift(1)
    fill(chain.village, january)
    chain.village_up(january)
    fill(chain.town, january)
    chain.town_up(january)
    assert held(chain.district, last_year) == DataValue.of(312)


def test_the_districts_return_goes_down_to_the_village_and_comes_back_mended(chain: Chain) -> None:
    chain.both_up(JANUARY)
    returns.return_places(chain.district, JANUARY, [ReturnRequest(HOUSEHOLDS, "比公安年报少12户，请逐户核对后重报")])
    assert chain.down(chain.district, chain.town).returned == 1
    assert [r.place for r in returns.standing(chain.town, TOWN)] == [HOUSEHOLDS]
    returns.return_places(chain.town, JANUARY, [ReturnRequest(HOUSEHOLDS, "区里退回：比公安年报少12户，请核对")])
    assert chain.down(chain.town, chain.village).returned == 1
    record.record_cells(chain.village, {HOUSEHOLDS: DataValue.of(312)})
    assert chain.village_up(JANUARY).mended == 1
    effects = chain.town_up(JANUARY)
    assert (effects.mended, effects.corrections) == (1, 0)
    assert held(chain.district, HOUSEHOLDS) == DataValue.of(312)
    assert returns.standing(chain.district) == []
    assert chain.down(chain.district, chain.town).returned == 0
    assert returns.standing(chain.town) == []
    assert values.is_sealed(chain.town.workspace, VILLAGE, JANUARY)


def test_a_receipt_written_before_the_mended_package_came_does_not_open_the_month_again(chain: Chain) -> None:
    chain.both_up(JANUARY)
    returns.return_places(chain.district, JANUARY, [ReturnRequest(HOUSEHOLDS, "比公安年报少12户，请逐户核对后重报")])
    chain.down(chain.district, chain.town)
    record.record_cells(chain.town, {HOUSEHOLDS: DataValue.of(312)}, WHY)
    late = receipt.write_receipts(chain.district, [chain.town.office])
    chain.town_up(JANUARY)
    receive.receive(chain.town, [outgoing.deliver(each, chain.stick) for each in late])
    assert values.is_sealed(chain.town.workspace, VILLAGE, JANUARY)


def test_an_own_edit_that_was_taken_back_lets_the_next_package_through(chain: Chain) -> None:
    fill(chain.village, JANUARY)
    chain.village_up(JANUARY)
    record.record_cells(chain.town, {HOUSEHOLDS: DataValue.of(290)}, WHY)
    record.record_cells(chain.town, {HOUSEHOLDS: DataValue.of(300)}, WHY)
    assert own_edits.read(chain.town.workspace, chain.town.catalogue) == {}
    record.record_cells(chain.village, {HOUSEHOLDS: DataValue.of(312)}, WHY)
    chain.village_up(JANUARY)
    assert held(chain.town, HOUSEHOLDS) == DataValue.of(312)


def test_an_own_edit_travels_to_the_district_and_stands_until_the_village_agrees(chain: Chain) -> None:
    fill(chain.village, JANUARY)
    chain.village_up(JANUARY)
    fill(chain.town, JANUARY)
    record.record_cells(chain.town, {HOUSEHOLDS: DataValue.of(290)}, WHY)
    chain.town_up(JANUARY)
    assert held(chain.district, HOUSEHOLDS) == DataValue.of(290)
    record.record_cells(chain.village, {HOUSEHOLDS: DataValue.of(312)}, WHY)
    chain.village_up(JANUARY)
    assert held(chain.town, HOUSEHOLDS) == DataValue.of(290)
    record.record_cells(chain.village, {HOUSEHOLDS: DataValue.of(290)}, WHY)
    chain.village_up(JANUARY)
    assert own_edits.read(chain.town.workspace, chain.town.catalogue) == {}
    assert held(chain.town, HOUSEHOLDS) == DataValue.of(290)


def test_the_town_seals_what_the_village_said_and_not_what_its_register_gives_today(chain: Chain) -> None:
    """The village's January stands when a well is stopped in February, though the town seals January only then."""
    wells = CellRef(VILLAGE, "wells", JANUARY)
    row = record.record_row(chain.village, "well", VILLAGE, WELL).rows[0]
    fill(chain.village, JANUARY)
    chain.village_up(JANUARY)
    said = held(chain.town, wells)
    assert said == held(chain.village, wells) == DataValue.of(3)
    record.record_row(chain.village, "well", VILLAGE, {"state": "停用"}, row.id)
    fill(chain.village, FEBRUARY)
    chain.village_up(FEBRUARY)
    fill(chain.town, JANUARY)
    fill(chain.town, FEBRUARY)
    chain.town_up(FEBRUARY)
    assert held(chain.town, wells) == said
    assert held(chain.district, wells) == said
    assert held(chain.district, CellRef(VILLAGE, "wells", FEBRUARY)) == DataValue.of(2)


def test_a_correction_that_no_package_carried_follows_the_cell_after_a_return(chain: Chain) -> None:
    households, trainees = (CellRef(OTHER, code, JANUARY) for code in ("households", "trainees"))
    chain.both_up(JANUARY)
    record.record_cells(chain.town, {households: DataValue.of(305)}, WHY)
    returns.return_places(chain.district, JANUARY, [ReturnRequest(trainees, "与培训签到表不符，请核对后重报")])
    chain.down(chain.district, chain.town)
    record.record_cells(chain.town, {households: DataValue.of(312), trainees: DataValue.of(5)})
    chain.town_up(JANUARY)
    corrections = verdicts.corrections_of_year(chain.district.workspace, 2024)
    assert [(c.ref, c.before, c.after) for c in corrections] == [(households, DataValue.of(300), DataValue.of(312))]


def test_a_register_row_is_its_villages_to_change_when_the_village_hands_in_by_itself(chain: Chain) -> None:
    """Otherwise the town's change and the village's next one would silently push each other out."""
    row = record.record_row(chain.village, "well", VILLAGE, WELL).rows[0]
    fill(chain.village, JANUARY)
    chain.village_up(JANUARY)
    for fields, place in (({"households": Decimal(1)}, row.id), (WELL, None), (None, row.id)):
        with pytest.raises(UserError) as caught:
            if fields is None:
                record.delete_row(chain.town, "well", row.id)
            else:
                record.record_row(chain.town, "well", VILLAGE, fields, place)
        assert caught.value.code == "record.other_office"


def test_undoing_an_import_withdraws_the_returns_of_what_it_brought(chain: Chain) -> None:
    fill(chain.village, JANUARY)
    arrived = receive.receive(chain.town, [hand_in(chain.village, JANUARY, chain.stick, "村复核")])[0]
    returns.return_places(chain.town, JANUARY, [ReturnRequest(HOUSEHOLDS, "比公安年报少12户，请逐户核对后重报")])
    receive.undo(chain.town, arrived.id)
    assert held(chain.town, HOUSEHOLDS) is None
    assert [r.status for r in verdicts.listing(chain.town.workspace)] == [ReturnStatus.WITHDRAWN]


def test_a_deleted_row_is_deleted_at_the_district_and_a_return_of_it_counts_as_mended(chain: Chain) -> None:
    row = record.record_row(chain.village, "well", VILLAGE, WELL).rows[0]
    chain.both_up(JANUARY)
    place = RowRef("well", row.id)
    returns.return_places(chain.district, JANUARY, [ReturnRequest(place, "这口井在邻村地界，请核对后删除")])
    chain.down(chain.district, chain.town)
    returns.return_places(chain.town, JANUARY, [ReturnRequest(place, "区里退回：这口井在邻村地界，请删除")])
    chain.down(chain.town, chain.village)
    record.delete_row(chain.village, "well", row.id)
    chain.village_up(JANUARY)
    assert chain.town_up(JANUARY).mended == 1
    schema = chain.district.catalogue.registers["well"]
    assert registers.read(chain.district.workspace, schema) == []
    assert held(chain.district, CellRef(VILLAGE, "wells_new", JANUARY)) == DataValue.of(0)
    assert {r.status for r in verdicts.listing(chain.district.workspace)} == {ReturnStatus.MENDED}


def test_a_package_of_the_same_month_that_leaves_a_cell_blank_clears_it_at_the_district(chain: Chain) -> None:
    trees = CellRef(VILLAGE, "trees", JANUARY)
    fill(chain.town, JANUARY)
    record.record_cells(chain.town, {trees: DataValue.of(9)})
    chain.town_up(JANUARY)
    assert held(chain.district, trees) == DataValue.of(9)
    record.record_cells(chain.town, {trees: None}, WHY)
    effects = chain.town_up(JANUARY)
    assert held(chain.district, trees) is None
    assert effects.corrections == 1


def test_the_second_of_two_imports_is_undone_first(chain: Chain) -> None:
    fill(chain.town, JANUARY)
    first = receive.receive(chain.district, [hand_in(chain.town, JANUARY, chain.stick, "镇复核")])[0]
    record.record_cells(chain.town, {HOUSEHOLDS: DataValue.of(312)}, WHY)
    second = receive.receive(chain.district, [hand_in(chain.town, JANUARY, chain.stick, "镇复核")])[0]
    with pytest.raises(UserError) as caught:
        receive.undo(chain.district, first.id)
    assert caught.value.code == "journal.later_change"
    receive.undo(chain.district, second.id)
    assert held(chain.district, HOUSEHOLDS) == DataValue.of(300)
    receive.undo(chain.district, first.id)
    assert held(chain.district, HOUSEHOLDS) is None
    again = [each for each in receive.receive(chain.district, [chain.stick]) if each.period is JANUARY]
    assert [each.status for each in again] == [Status.ACCEPTED, Status.ACCEPTED]
    assert held(chain.district, HOUSEHOLDS) == DataValue.of(312)


def test_a_corrected_cell_of_last_year_can_be_blank_again(chain: Chain) -> None:
    trees = CellRef(OTHER, "trees", DECEMBER)
    for month in DECEMBER.of_year_so_far():
        fill(chain.town, month)
    record.record_cells(chain.town, {trees: DataValue.of(9)})
    chain.town_up(DECEMBER)
    record.record_cells(chain.town, {trees: None}, WHY)
    january = DECEMBER.shift(1)
    fill(chain.town, january)
    effects = chain.town_up(january)
    assert trees in {cell.ref for cell in effects.cells}
    assert held(chain.district, trees) is None


def test_a_later_month_can_be_returned_after_an_earlier_one_was_handed_in_once_more(chain: Chain) -> None:
    for month in (JANUARY, FEBRUARY):
        fill(chain.town, month)
        chain.town_up(month)
    chain.town_up(JANUARY)
    ref = CellRef(OTHER, "trainees", FEBRUARY)
    returns.return_places(chain.district, FEBRUARY, [ReturnRequest(ref, "与培训签到表不符，请核对后重报")])
    chain.down(chain.district, chain.town)
    assert values.is_sealed(chain.town.workspace, OTHER, JANUARY)
    assert not values.is_sealed(chain.town.workspace, OTHER, FEBRUARY)
    later = CellRef(OTHER, "trainees", FEBRUARY.shift(1))
    with pytest.raises(UserError) as caught:
        returns.return_places(chain.district, FEBRUARY, [ReturnRequest(later, "与培训签到表不符，请核对后重报")])
    assert caught.value.code == "return.not_submitted"


def test_a_new_catalogue_comes_while_a_month_is_open_and_the_next_package_is_taken(chain: Chain) -> None:
    """What was recorded stays; a package sealed under the old version before the task arrived is taken all the same."""
    fill(chain.town, JANUARY)
    sealed_before = hand_in(chain.town, JANUARY, chain.stick, "镇复核")
    files = dict(chain.district.catalogue.files)
    files["catalogue.toml"] = files["catalogue.toml"].replace("version = 3", "version = 4")
    put_in_force(chain.district, parse(files))
    assert receive.receive(chain.district, [sealed_before])[0].status is Status.ACCEPTED
    fill(chain.town, FEBRUARY)
    written = task.issue(chain.district, [chain.town.office])
    receive.receive(chain.town, [outgoing.deliver(each, chain.stick) for each in written])
    assert chain.town.catalogue.version == 4
    assert values.is_sealed(chain.town.workspace, OTHER, JANUARY)
    chain.town_up(FEBRUARY)
    assert held(chain.district, CellRef(OTHER, "households", FEBRUARY)) == DataValue.of(300)


def test_the_town_finds_what_the_district_will_find_when_a_village_takes_another_one_in(chain: Chain) -> None:
    """Two villages of 300 households are one from January: 300 there are half of what stood before."""
    january = DECEMBER.shift(1)
    for month in (*DECEMBER.of_year_so_far(), january):
        fill(chain.town, month)
    chain.town_up(DECEMBER)
    assert check.check(chain.town, january).unexplained == ()
    record.record_cells(chain.town, {CellRef(OTHER, "households", january): DataValue.of(300)})
    (jump,) = check.check(chain.town, january).unexplained
    assert (jump.rule, jump.unit) == ("households_jump", OTHER)
    assert check.check(chain.town, january, [chain.town.catalogue.units[OTHER]]).unexplained == (jump,)
    check.give_reason(chain.town, jump, "两村合并后重新清点，外迁的300户已注销")
    effects = chain.town_up(january)
    assert [each.fingerprint for each in effects.findings] == [jump.fingerprint]
    assert effects.oddities == ()
