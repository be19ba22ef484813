"""The month from end to end: enrol, record, check, seal, carry, import, return, mend, receipt."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import pyrage
import pytest

from xzdesk.core.changes import ChangeKind
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, DataValue, RowRef
from xzdesk.core.periods import Period
from xzdesk.services import check, enrol, outgoing, receipt, receive, record, returns, submit, task
from xzdesk.services.receive import Status
from xzdesk.services.returns import ReturnRequest
from xzdesk.services.session import Session
from xzdesk.store import packages, partners, registers, users, values
from xzdesk.store.connect import Role

from .conftest import DISTRICT, PASSPHRASE, SECOND, TOWN, VILLAGE, Offices, fill, hand_in

MONTH = Period.month(2024, 1)
HOUSEHOLDS = CellRef(VILLAGE, "households", MONTH)
WELL = {
    "name": "一号井",
    "kind": "集中",
    "capacity": Decimal("12.5"),
    "households": Decimal(120),
    "built_on": dt.date(2024, 1, 9),
    "keeper": "沈某某",
    "state": "正常",
}


@pytest.fixture
def pair(offices: Offices) -> tuple[Session, Session]:
    district = offices.district()
    return district, offices.below(district, TOWN, "镇")


def test_a_month_goes_up_comes_back_and_goes_up_again(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    row = record.record_row(town, "well", VILLAGE, WELL).rows[0]
    assert check.check(town, MONTH).hard == ()
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    assert package.name == "临溪镇_2024-01_第1包.xzpkg"

    preview = receive.receive(district, [package], dry_run=True)[0]
    assert preview.status is Status.ACCEPTED
    assert values.read(district.workspace, district.catalogue) == {}
    taken = receive.receive(district, [package])[0]
    assert taken.effects == preview.effects
    served = CellRef(VILLAGE, "households_served", MONTH)
    held = values.read(district.workspace, district.catalogue, units=[VILLAGE])
    assert held[HOUSEHOLDS] == DataValue.of(300)
    assert held[served] == DataValue.of(120)
    assert [r.id for r in registers.read(district.workspace, district.catalogue.registers["well"])] == [row.id]
    assert taken.effects.oddities == ()

    again = receive.receive(district, [package])[0]
    assert again.status is Status.KNOWN

    returns.return_places(
        district,
        MONTH,
        [
            ReturnRequest(HOUSEHOLDS, "比公安年报少 12 户，请逐户核对后重报"),
            ReturnRequest(RowRef("well", row.id), "供水户数与现场核查的 118 户不一致", "households"),
        ],
    )
    back = [outgoing.deliver(p, offices.stick) for p in receipt.write_receipts(district, [town.office])]
    seen = receive.receive(town, back)[0]
    assert (seen.status, seen.effects.returned, seen.effects.acknowledged) == (Status.ACCEPTED, 2, 1)
    assert {r.place for r in returns.standing(town)} == {HOUSEHOLDS, RowRef("well", row.id)}
    assert not values.is_sealed(town.workspace, VILLAGE, MONTH)

    record.record_cells(town, {HOUSEHOLDS: DataValue.of(312)})
    record.record_row(town, "well", VILLAGE, {"households": Decimal(118)}, row.id)
    second = receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])[0]
    assert (second.status, second.sequence, second.effects.mended) == (Status.ACCEPTED, 2, 2)
    assert [c.ref for c in second.effects.cells] == [HOUSEHOLDS, served]
    held = values.read(district.workspace, district.catalogue, units=[VILLAGE])
    assert (held[HOUSEHOLDS], held[served]) == (DataValue.of(312), DataValue.of(118))
    assert returns.standing(district) == []


def test_packages_of_an_unverified_office_wait_until_the_number_was_compared(offices: Offices) -> None:
    district = offices.district()
    town = offices.below(district, TOWN, "镇", trusted=False)
    fill(town, MONTH)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    waiting = receive.receive(district, [package])[0]
    assert (waiting.status, waiting.code) == (Status.QUARANTINED, "chain.key_pending")
    assert values.read(district.workspace, district.catalogue) == {}
    with pytest.raises(UserError) as caught:
        enrol.trust_unit(district, town.office, "12345" * 6)
    assert caught.value.code == "trust.number_differs"
    enrol.trust_unit(district, town.office, enrol.own_number(town))
    released = receive.release(district, TOWN)
    assert [r.status for r in released] == [Status.ACCEPTED]
    assert values.read(district.workspace, district.catalogue, units=[VILLAGE])[HOUSEHOLDS] == DataValue.of(300)


def test_undo_of_an_import_leaves_no_trace(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    record.record_row(town, "well", VILLAGE, WELL)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    before = contents(district)
    arrived = receive.receive(district, [package])[0]
    assert contents(district) != before
    receive.undo(district, arrived.id)
    assert contents(district) == before
    assert receive.receive(district, [package])[0].status is Status.ACCEPTED


def contents(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every table but the change log and the machine's own facts."""
    db = session.workspace.db
    return {
        table: sorted(db.conn.execute(f"SELECT * FROM [{table}]").fetchall(), key=repr)
        for table in db.table_names()
        if table not in ("journal", "journal_link", "meta")
    }


def test_a_dry_run_writes_nothing_at_all(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    before = contents(district)
    receive.receive(district, [package], dry_run=True)
    assert contents(district) == before


def test_the_second_signature_is_another_persons(pair: tuple[Session, Session]) -> None:
    _, town = pair
    with town.workspace.transaction("用户"):
        users.add(town.workspace, "另一填报", Role.RECORDER, "小青菜 腊月 晒谷场")
    for name, passphrase, code in (
        ("镇填报", PASSPHRASE, "submit.same_person"),
        ("另一填报", "小青菜 腊月 晒谷场", "submit.not_reviewer"),
        ("镇复核", PASSPHRASE, "workspace.wrong_passphrase"),
    ):
        with pytest.raises(UserError) as caught:
            submit.sign(town, name, passphrase)
        assert caught.value.code == code


def test_nothing_is_sealed_while_something_must_be_mended(pair: tuple[Session, Session]) -> None:
    _, town = pair
    signature = submit.sign(town, "镇复核", SECOND)
    with pytest.raises(UserError) as caught:
        submit.submit(town, MONTH, signature)
    assert caught.value.code == "submit.hard"
    assert packages.listing(town.workspace) == ()


def test_a_village_hands_in_to_its_town_and_the_town_to_the_district(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    village = offices.below(town, VILLAGE, "村")
    fill(village, MONTH)
    record.record_row(village, "well", VILLAGE, WELL)
    arrived = receive.receive(town, [hand_in(village, MONTH, offices.stick, "村复核")])[0]
    assert arrived.status is Status.ACCEPTED
    own = {ref: v for ref, v in values.read(town.workspace, town.catalogue).items() if ref.unit == VILLAGE}
    fill(town, MONTH)
    assert own.items() <= values.read(town.workspace, town.catalogue).items()
    taken = receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])[0]
    assert taken.status is Status.ACCEPTED
    held = values.read(district.workspace, district.catalogue, units=[VILLAGE])
    assert held[CellRef(VILLAGE, "households_served", MONTH)] == DataValue.of(120)


def test_after_a_restored_backup_the_chain_forks_and_the_receipt_mends_it(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    """The town's numbers fall back; the district holds the second package 1 apart and says why."""
    district, town = pair
    fill(town, MONTH)
    first = hand_in(town, MONTH, offices.stick, "镇复核")
    kept = first.read_bytes()
    receive.receive(district, [first])
    own = partners.own_keys(town.workspace)[0]
    with town.workspace.transaction("回到旧状态"):
        town.workspace.db.conn.execute("DELETE FROM chain")
        town.workspace.db.conn.execute("DELETE FROM package")
    second = hand_in(town, MONTH, offices.stick, "镇复核")
    assert second.name == "临溪镇_2024-01_第1包（2）.xzpkg"
    assert first.read_bytes() == kept
    forked = receive.receive(district, [second])[0]
    assert (forked.status, forked.code) == (Status.QUARANTINED, "chain.fork")
    back = [outgoing.deliver(p, offices.stick) for p in receipt.write_receipts(district, [town.office])]
    receive.receive(town, back)
    head = packages.chain_head(town.workspace, DISTRICT, packages.Direction.OUT, own.epoch)
    assert head is not None
    assert head.id == packages.latest_accepted(district.workspace, TOWN).id  # type: ignore[union-attr]
    third = receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])[0]
    assert (third.status, third.sequence) == (Status.ACCEPTED, 2)


def test_a_package_for_another_office_is_refused(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    other = offices.below(district, "990101001", "街道")
    fill(town, MONTH)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    refused = receive.receive(other, [package])[0]
    assert (refused.status, refused.code) == (Status.REFUSED, "package.not_for_us")
    assert packages.listing(other.workspace) == ()


def test_one_bad_file_stops_no_other(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    good = hand_in(town, MONTH, offices.stick, "镇复核")
    bad = Path(offices.stick / "坏包.xzpkg")
    bad.write_bytes(good.read_bytes()[:-7])
    arrived = {a.file: a for a in receive.receive(district, [offices.stick])}
    assert arrived[good.name].status is Status.ACCEPTED
    assert arrived[bad.name].status is Status.REFUSED
    assert arrived[bad.name].message


def test_a_village_that_begins_late_goes_on_from_what_its_town_recorded(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    fill(town, MONTH)
    row = record.record_row(town, "well", VILLAGE, WELL).rows[0]
    receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])
    village = offices.below(town, VILLAGE, "村")
    down = [outgoing.deliver(p, offices.stick) for p in task.issue(town, [village.office])]
    told = receive.receive(village, down)[0]
    assert told.status is Status.ACCEPTED
    own = [VILLAGE]
    assert values.read(village.workspace, village.catalogue) == values.read(town.workspace, town.catalogue, units=own)
    well = village.catalogue.registers["well"]
    assert registers.read(village.workspace, well) == registers.read(town.workspace, well, units=own)
    assert values.is_sealed(village.workspace, VILLAGE, MONTH)

    following = MONTH.shift(1)
    fill(village, following)
    record.record_row(village, "well", VILLAGE, {"households": Decimal(118)}, row.id)
    arrived = receive.receive(town, [hand_in(village, following, offices.stick, "村复核")])[0]
    assert arrived.status is Status.ACCEPTED
    assert {c.kind for c in arrived.effects.cells} == {ChangeKind.NEW}
    fill(town, following)
    taken = receive.receive(district, [hand_in(town, following, offices.stick, "镇复核")])[0]
    held = values.read(district.workspace, district.catalogue, units=own, elements=["households_served"])
    assert taken.status is Status.ACCEPTED
    assert [held[CellRef(VILLAGE, "households_served", m)].number for m in (MONTH, following)] == [120, 118]


def test_a_replaced_computer_begins_again_from_what_the_district_holds(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    fill(town, MONTH)
    record.record_row(town, "well", VILLAGE, WELL)
    receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])
    replaced = offices.below(district, TOWN, "镇新电脑")
    assert partners.own_keys(replaced.workspace)[0].epoch == 2
    down = [outgoing.deliver(p, offices.stick) for p in task.issue(district, [replaced.office])]
    receive.receive(replaced, down)
    assert values.read(replaced.workspace, replaced.catalogue) == values.read(town.workspace, town.catalogue)
    fill(replaced, MONTH.shift(1))
    assert (
        receive.receive(district, [hand_in(replaced, MONTH.shift(1), offices.stick, "镇新电脑复核")])[0].sequence == 1
    )
    old = receive.receive(district, [hand_in_old(town, offices)])[0]
    assert (old.status, old.code) == (Status.QUARANTINED, "chain.key_replaced")


def hand_in_old(town: Session, offices: Offices) -> Path:
    """The old computer goes on as if nothing had happened."""
    fill(town, MONTH.shift(1))
    return hand_in(town, MONTH.shift(1), offices.stick, "镇复核")


def test_a_rotated_key_is_trusted_by_the_old_ones_word_and_used_in_both_directions(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    enrol.rotate(town)
    fill(town, MONTH)
    arrived = receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])[0]
    assert arrived.status is Status.ACCEPTED
    assert [p.epoch for p in partners.partners(district.workspace, status=partners.PartnerStatus.TRUSTED)] == [2]
    enrol.rotate(district)
    down = [outgoing.deliver(p, offices.stick) for p in receipt.write_receipts(district, [town.office])]
    assert receive.receive(town, down)[0].status is Status.ACCEPTED
    upper = partners.trusted_key(town.workspace, DISTRICT)
    assert upper is not None
    assert upper.epoch == 2


def test_a_revoked_key_is_refused_for_good(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    enrol.revoke(district, town.office)
    refused = receive.receive(district, [package])[0]
    assert (refused.status, refused.code) == (Status.REFUSED, "chain.key_revoked")
    with pytest.raises(UserError) as caught:
        enrol.trust_unit(district, town.office, enrol.own_number(town))
    assert caught.value.code == "trust.nothing_pending"


def test_a_deputy_named_by_the_district_opens_what_a_town_seals_after_the_next_receipt(
    pair: tuple[Session, Session], offices: Offices
) -> None:
    district, town = pair
    deputy = pyrage.x25519.Identity.generate()
    enrol.set_recipients(district, [str(deputy.to_public())])
    down = [outgoing.deliver(p, offices.stick) for p in task.issue(district, [town.office])]
    receive.receive(town, down)
    fill(town, MONTH)
    package = hand_in(town, MONTH, offices.stick, "镇复核")
    assert pyrage.decrypt(package.read_bytes(), [deputy]).startswith(b"xzdesk-package/1\n")
    with pytest.raises(UserError) as caught:
        enrol.set_recipients(district, ["age1wrong"])
    assert caught.value.code == "key.recipient_invalid"


def test_files_that_nothing_needs_any_more_leave_the_workspace(pair: tuple[Session, Session], offices: Offices) -> None:
    district, town = pair
    fill(town, MONTH)
    arrived = []
    for _ in range(4):
        arrived += receive.receive(district, [hand_in(town, MONTH, offices.stick, "镇复核")])
    kept = [packages.content(district.workspace, each.id) is not None for each in arrived]
    assert kept == [False, False, True, True]
