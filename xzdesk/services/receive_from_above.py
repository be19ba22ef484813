"""Taking what the office above hands down: a task (catalogue, targets) or a receipt (confirmations, returns).

Runs within the transaction of ``receive``, but for the trust list, which has one of its own.
"""

from __future__ import annotations

from typing import Final

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
from xzdesk.store.target_splits import TargetSplit
from xzdesk.store.verdicts import Returned, ReturnStatus

PLACES: Final = frozenset({"cell", "row"})


def apply_task(session: Session, opened: Opened) -> Effects:
    """Put the catalogue in force and take over this office's share of the targets."""
    ws = session.workspace
    catalogue = enrol.read_catalogue_part(dict(opened.parts))
    notes = []
    fresh = handover.is_fresh(session)
    if catalogues.install(ws, catalogue):
        registers.ensure_tables(ws, catalogue)
        notes.append(f"已启用第 {catalogue.version} 版指标目录。")
        session.refresh()
    if fresh and (taken := handover.take(session, opened, session.units)):
        notes.append(f"已接手上级保存的本单位数据 {taken} 条。")
    part = opened.parts.get(TARGETS_PART)
    rows = table(part, package_parts.TARGETS) if part else []
    shares = [
        TargetSplit(indicator, unit, int(year), value, by_hand == "yes")
        for indicator, unit, year, text, by_hand in rows
        if indicator in catalogue.indicators and (value := target_splits.read_value(text)) is not None
    ]
    target_splits.write(ws, shares)
    if shares:
        notes.append(f"收到分解目标 {len(shares)} 项。")
    return Effects(notes=tuple(notes))


def apply_receipt(session: Session, opened: Opened) -> Effects:
    """Note what has arrived above, take over its returns, and reopen the months in which something was returned."""
    ws = session.workspace
    receipt = trust.read_receipt(opened.manifest)
    returned = _read_returned(session, opened)
    verdicts.upsert(ws, returned)
    reopened = [r for r in verdicts.listing(ws) if r.status in verdicts.STANDING]
    for each in reopened:
        values.reopen(ws, each.unit, each.period)
    acknowledged, notes = _acknowledge(session, receipt)
    notes += _follow_head(session, receipt)
    stated = opened.manifest.body.get("revisions")
    if isinstance(stated, dict):
        own = {unit.code for unit in session.units}
        revisions.raise_to(ws, {u: n for u, n in stated.items() if u in own and type(n) is int and n >= 0})
    if receipt.witnessed and not journal.knows(ws, receipt.witnessed):
        notes.append("上级收到过的改动记录在本机找不到：本机可能是从旧备份恢复的，请核对最近填报的内容是否都在。")
    return Effects(returned=len(reopened), acknowledged=acknowledged, notes=tuple(notes))


def _acknowledge(session: Session, receipt: ReceiptBody) -> tuple[int, list[str]]:
    ws = session.workspace
    confirmed, notes = 0, []
    for each in receipt.acknowledged:
        record = packages.find(ws, each.package)
        if record is None or record.direction is not Direction.OUT:
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
    packages.adopt_head(ws, session.office.parent, key.epoch, receipt.head.sequence, receipt.head.id)
    return [f"上级收到的第 {receipt.head.sequence} 包不是本机现有的记录，本机可能恢复过旧备份；下一包接着它编号。"]


def _read_returned(session: Session, opened: Opened) -> list[Returned]:
    """Raises ``UserError`` ``package.returned`` for a place that this office does not report."""
    part = opened.parts.get(RETURNED_PART)
    own = {unit.code for unit in session.units}
    found = []
    for row in table(part, package_parts.RETURNED) if part else []:
        id, unit, period, kind, target, field, reason, status, at, by = row
        if unit not in own or kind not in PLACES or status not in set(ReturnStatus):
            raise UserError("package.returned", "回执里有不属于本单位的退回，已拒绝。", "请让上级重新写一份回执。")
        when = Period.parse(period)
        place = CellRef(unit, target, when) if kind == "cell" else RowRef(*target.split("/", 1))
        found.append(
            Returned(id, session.office.code, unit, when, place, field, reason, opened.id, ReturnStatus(status), at, by)
        )
    return found


def follow_trust_list(session: Session, opened: Opened) -> None:
    """Follow what the office above has decided about its own keys, in a transaction of its own."""
    ws, told = session.workspace, trust.read_trust_list(opened.manifest)
    if told is None:
        return
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
        for entry in told.entries
    ]
    upper = opened.manifest.sender.unit
    with ws.transaction("更新密钥名单"):
        partners.apply_trust_list(ws, entries, told.version, upper_unit=upper, own_unit=session.office.code)
