"""回执: what has arrived from an office below, where its chain stands, and which places it has to mend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xzdesk.core.model import CellRef, Level, OrgUnit
from xzdesk.exchange import parts
from xzdesk.exchange.manifest import Kind
from xzdesk.exchange.trust import Acknowledgement, ChainHead, ReceiptBody, Taken
from xzdesk.services import outgoing
from xzdesk.services.incoming import RETURNED_PART
from xzdesk.services.outgoing import Draft, Outgoing
from xzdesk.services.session import Session
from xzdesk.store import packages, revisions, verdicts
from xzdesk.store.packages import Direction, PackageKind, PackageRecord, PackageStatus
from xzdesk.store.partners import Partner
from xzdesk.store.verdicts import Returned, ReturnStatus

NEWEST: Final = 200
"""Packages that one receipt names; older ones have been named by earlier receipts."""

_TAKEN: Final = {
    PackageStatus.ACCEPTED: Taken.ACCEPTED,
    PackageStatus.SUPERSEDED: Taken.ACCEPTED,
    PackageStatus.QUARANTINED: Taken.QUARANTINED,
}


def write_receipts(session: Session, units: Sequence[OrgUnit]) -> list[Outgoing]:
    """Seal a receipt for each office of ``units``; what was returned counts as sent. One transaction.

    Raises ``UserError`` ``partner.not_trusted``.
    """
    session.require(Level.DISTRICT, Level.TOWN)
    with session.workspace.transaction(f"回执 {len(units)} 份"):
        return [_write(session, unit) for unit in units]


def heard_from(session: Session) -> list[OrgUnit]:
    """Offices directly below from which a submission has arrived, in the catalogue's order."""
    heard = {
        record.unit
        for record in packages.listing(session.workspace, direction=Direction.IN, kind=PackageKind.SUBMISSION)
    }
    return [unit for unit in session.catalogue.children(session.office.code) if unit.code in heard]


def _write(session: Session, unit: OrgUnit) -> Outgoing:
    ws = session.workspace
    partner = outgoing.partner_of(session, unit.code)
    returned = [r for r in verdicts.listing(ws, unit.code) if r.status is not ReturnStatus.WITHDRAWN]
    rows = [_row(r) for r in verdicts.listing(ws, unit.code)]
    receipt = _receipt(session, partner)
    codes = [unit.code, *(child.code for child in session.catalogue.children(unit.code))]
    draft = Draft(
        Kind.RECEIPT,
        [parts.csv_part(RETURNED_PART, parts.RETURNED, rows)],
        {
            **receipt.to_body(),
            **outgoing.trust_list(session).to_body(),
            "revisions": revisions.held(ws, codes),
        },
        {"acknowledged": len(receipt.acknowledged), "returned": len(returned)},
    )
    sealed = outgoing.seal(session, partner, draft)
    verdicts.set_status(ws, [r.id for r in returned if r.status is ReturnStatus.OPEN], ReturnStatus.SENT)
    return sealed


def _receipt(session: Session, partner: Partner) -> ReceiptBody:
    ws = session.workspace
    arrived = [
        record
        for record in packages.listing(ws, direction=Direction.IN, unit=partner.unit, kind=PackageKind.SUBMISSION)
        if record.epoch == partner.epoch and record.status in _TAKEN
    ][:NEWEST]
    head = packages.chain_head(ws, partner.unit, Direction.IN, partner.epoch)
    return ReceiptBody(
        epoch=partner.epoch,
        acknowledged=tuple(_acknowledge(record) for record in arrived),
        head=None if head is None else ChainHead(sequence=head.sequence, id=head.id),
        witnessed=outgoing.journal_head_of(packages.find(ws, head.id) if head else None),
    )


def _acknowledge(record: PackageRecord) -> Acknowledgement:
    return Acknowledgement(
        package=record.id, sequence=record.sequence, taken=_TAKEN[record.status], cause=record.cause[:200]
    )


def _row(returned: Returned) -> tuple[str, ...]:
    if isinstance(returned.place, CellRef):
        kind, target = "cell", returned.place.element
    else:
        kind, target = "row", f"{returned.place.register}/{returned.place.row}"
    status = ReturnStatus.SENT if returned.status is ReturnStatus.OPEN else returned.status
    return (
        returned.id, returned.unit, str(returned.period), kind, target, returned.field, returned.reason, status,
        returned.returned_at, returned.returned_by,
    )  # fmt: skip
