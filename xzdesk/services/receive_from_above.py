"""Taking what the office above hands down: a task (catalogue, targets) or a receipt (confirmations, returns).

Runs within the transaction of ``receive``, but for the trust list, which has one of its own.
"""

from __future__ import annotations

from typing import Final

from xzdesk.core.chain import SEQUENCE_GAP
from xzdesk.core.errors import UserError
from xzdesk.core.model import CellRef, RowRef
from xzdesk.core.periods import Period
from xzdesk.exchange import parts as package_parts
from xzdesk.exchange import trust
from xzdesk.exchange.trust import ReceiptBody, Taken
from xzdesk.exchange.unpack import Opened
from xzdesk.services import enrol, handover, outgoing
from xzdesk.services.effects import Effects
from xzdesk.services.incoming import RETURNED_PART, table
from xzdesk.services.session import Session
from xzdesk.services.task import TARGETS_PART
from xzdesk.store import (
    attachments,
    catalogues,
    journal,
    packages,
    partners,
    registers,
    revisions,
    target_splits,
    values,
    verdicts,
)
from xzdesk.store.packages import Direction, PackageStatus
from xzdesk.store.partners import PartnerStatus, TrustEntry
from xzdesk.store.register_texts import ROW_ID
from xzdesk.store.target_splits import TargetSplit
from xzdesk.store.verdicts import Returned, ReturnStatus

PLACES: Final = frozenset({"cell", "row"})


def apply_task(session: Session, opened: Opened) -> Effects:
    """Put the catalogue in force and take over this office's share of the targets.

    Raises ``UserError`` ``catalogue.*`` (``office_gone``: this office is not in it), ``handover.unreadable``,
    ``package.*``.
    """
    ws = session.workspace
    catalogue = enrol.read_catalogue_part(dict(opened.parts))
    if catalogue.id == session.catalogue.id and session.office.code not in catalogue.units:
        raise UserError(
            "catalogue.office_gone",
            f"任务包里的指标目录没有{session.office.name}，没有启用。",
            "请联系上级核对单位代码后重新下发任务。",
        )
    notes = []
    fresh = handover.is_fresh(session)
    if catalogues.install(ws, catalogue):
        registers.ensure_tables(ws, catalogue)
        notes.append(f"已启用第 {catalogue.version} 版指标目录。")
        session.refresh()
    if fresh and (taken := handover.take(session, opened, session.units)):
        notes.append(f"已接手上级保存的本单位数据 {taken} 条。")
    shares = _read_targets(session, opened)
    target_splits.write(ws, shares)
    if shares:
        notes.append(f"收到分解目标 {len(shares)} 项。")
    return Effects(notes=tuple(notes))


def _read_targets(session: Session, opened: Opened) -> list[TargetSplit]:
    """This office's shares; what is no share of its units in the plan's years is left out."""
    part, catalogue = opened.parts.get(TARGETS_PART), session.catalogue
    own = {unit.code for unit in session.units}
    years = {str(year): year for year in range(catalogue.first_year, catalogue.last_year + 1)}
    return [
        TargetSplit(indicator, unit, years[year], value, by_hand == "yes")
        for indicator, unit, year, text, by_hand in (table(part, package_parts.TARGETS) if part else [])
        if indicator in catalogue.indicators
        and unit in own
        and year in years
        and (value := target_splits.read_value(text)) is not None
    ]


def apply_receipt(session: Session, opened: Opened) -> Effects:
    """Note what has arrived above, take over its returns, and reopen the months in which something was returned.

    A return reopens its month once: a month that has been handed in again meanwhile stays sealed.
    """
    ws = session.workspace
    receipt = trust.read_receipt(opened.manifest)
    returned = _read_returned(session, opened)
    # What this office has returned to those below it is another matter.
    known = {r.id for r in verdicts.listing(ws, session.office.code) if r.status in verdicts.STANDING}
    verdicts.upsert(ws, returned)
    standing = [r for r in verdicts.listing(ws, session.office.code) if r.status in verdicts.STANDING]
    for each in standing:
        if each.id not in known:
            values.reopen(ws, each.unit, each.period)
    acknowledged, notes = _acknowledge(session, receipt)
    notes += _follow_head(session, receipt)
    own = [unit.code for unit in session.units]
    revisions.raise_to(ws, revisions.credible(ws, opened.manifest.body.get("revisions"), own))
    if receipt.witnessed and not journal.knows(ws, receipt.witnessed):
        notes.append("上级收到过的改动记录在本机找不到：本机可能是从旧备份恢复的，请核对最近填报的内容是否都在。")
    return Effects(returned=len(standing), acknowledged=acknowledged, notes=tuple(notes))


def _acknowledge(session: Session, receipt: ReceiptBody) -> tuple[int, list[str]]:
    ws = session.workspace
    confirmed, notes = 0, []
    for each in receipt.acknowledged:
        record = packages.find(ws, each.package)
        if record is None or record.direction is not Direction.OUT or record.unit != session.office.parent:
            continue
        if each.taken is Taken.ACCEPTED:
            if record.status is not PackageStatus.ACKNOWLEDGED:
                packages.set_status(ws, record.id, PackageStatus.ACKNOWLEDGED)
                attachments.acknowledge(ws, record.id)
                confirmed += 1
        else:
            notes.append(f"第 {record.sequence} 包到了上级，但还在隔离区，没有采用。")
    return confirmed, notes


def _follow_head(session: Session, receipt: ReceiptBody) -> list[str]:
    """What was received last is not known here after a restored backup: go on from there."""
    ws, key = session.workspace, outgoing.own_key(session)
    if receipt.head is None or receipt.epoch != key.epoch or packages.find(ws, receipt.head.id) is not None:
        return []
    last = packages.chain_head(ws, session.office.parent, Direction.OUT, key.epoch)
    if receipt.head.sequence > (last.sequence if last else 0) + SEQUENCE_GAP:
        return ["回执里写的上级收到的包号远远大于本机的包号，没有采用，请打电话向上级核实。"]
    packages.adopt_head(ws, session.office.parent, key.epoch, receipt.head.sequence, receipt.head.id)
    return [f"上级收到的第 {receipt.head.sequence} 包不是本机现有的记录，本机可能恢复过旧备份；下一包接着它编号。"]


def _read_returned(session: Session, opened: Opened) -> list[Returned]:
    """The returns, but for places that the catalogue here does not have (any more).

    Raises ``UserError`` ``package.returned`` for a place that this office does not report, ``period.unreadable``.
    """
    part = opened.parts.get(RETURNED_PART)
    own = {unit.code for unit in session.units}
    found = []
    for row in table(part, package_parts.RETURNED) if part else []:
        id, unit, period, kind, target, field, reason, status, at, by = row
        if unit not in own or kind not in PLACES or status not in set(ReturnStatus):
            raise _not_ours()
        when = Period.parse(period)
        place = _cell(session, unit, target, when) if kind == "cell" else _row(session, unit, target)
        if place is not None:
            status_now = ReturnStatus(status)
            found.append(
                Returned(id, session.office.code, unit, when, place, field, reason, opened.id, status_now, at, by)
            )
    return found


def _cell(session: Session, unit: str, element: str, period: Period) -> CellRef | None:
    known = session.catalogue.elements.get(element)
    return CellRef(unit, element, period) if known and known.asks(session.catalogue.units[unit]) else None


def _row(session: Session, unit: str, target: str) -> RowRef | None:
    """A row that is not here may have been lost with an old backup: its return is kept."""
    register, _, row = target.partition("/")
    schema = session.catalogue.registers.get(register)
    if schema is None or not ROW_ID.fullmatch(row):
        return None
    held = registers.get(session.workspace, schema, row)
    if held is not None and held.unit != unit:
        raise _not_ours()
    return RowRef(register, row)


def _not_ours() -> UserError:
    return UserError("package.returned", "回执里有不属于本单位的退回，已拒绝。", "请让上级重新写一份回执。")


def check_trust_list(session: Session, opened: Opened) -> None:
    """Raises ``UserError`` as ``follow_trust_list`` would, before anything is taken."""
    entries, _ = _read_trust_list(opened)
    partners.check_trust_list(session.workspace, entries, upper_unit=opened.manifest.sender.unit)


def follow_trust_list(session: Session, opened: Opened) -> None:
    """Follow what the office above has decided about its own keys, in a transaction of its own.

    Raises ``UserError`` ``partner.key_conflict``, ``package.body_invalid``.
    """
    ws, upper = session.workspace, opened.manifest.sender.unit
    entries, version = _read_trust_list(opened)
    if entries:
        with ws.transaction("更新密钥名单"):
            partners.apply_trust_list(ws, entries, version, upper_unit=upper, own_unit=session.office.code)


def _read_trust_list(opened: Opened) -> tuple[list[TrustEntry], int]:
    told = trust.read_trust_list(opened.manifest)
    entries = [
        TrustEntry(
            unit=entry.keys.unit,
            key_id=entry.keys.key_id,
            epoch=entry.keys.epoch,
            suite=entry.keys.suite,
            sign_public=entry.keys.sign_public,
            box_publics=entry.keys.box_publics,
            status=PartnerStatus(entry.status),
        )
        for entry in (told.entries if told else ())
    ]
    return entries, told.version if told else 0
