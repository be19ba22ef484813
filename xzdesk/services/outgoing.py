"""Sealing a package to a partner office: number, previous id, keys, record and chain in the running transaction.

Writing the sealed bytes to a stick comes after the commit (``deliver``): a package that is on a stick is always in
the workspace too, and one whose stick was lost can be written again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from xzdesk.core.errors import UserError
from xzdesk.core.periods import Period
from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import pack, trust
from xzdesk.exchange.keys import KeyPair, KeyRecord
from xzdesk.exchange.manifest import Kind, Manifest, Receiver, Sender, TaskRef, decode
from xzdesk.exchange.parts import Part
from xzdesk.exchange.trust import TrustEntry, TrustList, TrustStatus
from xzdesk.services import stick
from xzdesk.services.session import Session
from xzdesk.store import journal, packages, partners
from xzdesk.store.packages import Direction, PackageKind, PackageRecord, PackageStatus
from xzdesk.store.partners import OwnKey, Partner


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A sealed package, recorded. ``data`` is what goes to the stick as ``name``."""

    id: str
    name: str
    kind: Kind
    unit: str
    """Code of the receiving office."""
    sequence: int
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Draft:
    """What one package says besides addresses and numbers."""

    kind: Kind
    parts: Sequence[Part] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    """The manifest's body; the sender's keys are added."""
    totals: Mapping[str, int] = field(default_factory=dict)
    period: Period | None = None


def own_key(session: Session) -> OwnKey:
    """The key in use. Raises ``RuntimeError`` when the office has none (every workspace is made with one)."""
    keys = partners.own_keys(session.workspace)
    if not keys:
        raise RuntimeError("a workspace without own keys")
    return keys[0]


def own_record(session: Session) -> KeyRecord:
    """This office's public keys as they travel; packages to it are encrypted to all its recipients."""
    key = own_key(session)
    recipients = partners.recipients(session.workspace)
    return KeyRecord(session.office.code, key.key_id, key.epoch, partners.SUITE, key.sign_public, recipients)


def key_body(session: Session) -> dict[str, Any]:
    """The keys in use as every package brings them, with the old key's word for them where there is an old one."""
    record, own = own_record(session), partners.own_keys(session.workspace)
    rotation = trust.make_rotation(_pair(own[1]), _pair(own[0]), record).to_body() if len(own) > 1 else {}
    return {**trust.keys_body(record), **rotation}


def trust_list(session: Session) -> TrustList:
    """What this office's packages tell those below about keys."""
    ws = session.workspace
    entries = tuple(
        TrustEntry(KeyRecord(e.unit, e.key_id, e.epoch, e.suite, e.sign_public, e.box_publics), TrustStatus(e.status))
        for e in partners.trust_list(ws, session.office.code)
    )
    return TrustList(partners.trust_version(ws), entries)


def _pair(key: OwnKey) -> KeyPair:
    return KeyPair(key.sign_seed, key.sign_public, key.box_secret, key.box_public)


def partner_of(session: Session, unit: str) -> Partner:
    """The trusted key of an office above or below. Raises ``UserError`` ``partner.not_trusted``."""
    partner = partners.trusted_key(session.workspace, unit)
    if partner is None:
        name = session.catalogue.units[unit].name
        raise UserError(
            "partner.not_trusted",
            f"{name}还没有完成密钥核对，不能给它封装数据包。",
            "请先读入它的开通回复，再按通讯录上的号码打电话核对 30 位数字。",
        )
    return partner


def seal(session: Session, partner: Partner, draft: Draft, progress: Progress = SILENT) -> Outgoing:
    """Seal ``draft`` to ``partner`` as the next package of its chain and record it; call within a transaction.

    Raises ``UserError`` as ``exchange.pack.seal`` does.
    """
    ws, key = session.workspace, own_key(session)
    head = packages.chain_head(ws, partner.unit, Direction.OUT, key.epoch)
    sequence, previous = (head.sequence + 1, head.id) if head else (1, "")
    manifest = Manifest(
        kind=draft.kind,
        sender=Sender(unit=session.office.code, key_id=key.key_id, epoch=key.epoch),
        receiver=Receiver(unit=partner.unit, key_id=partner.key_id),
        task=task_ref(session),
        period="" if draft.period is None else str(draft.period),
        sequence=sequence,
        previous=previous,
        created=ws.now(),
        totals=dict(draft.totals),
        journal_head=journal.head(ws),
        trust_version=partners.trust_version(ws),
        body={**draft.body, **key_body(session)},
    )
    recipients = recipients_of(session, partner)
    sealed = pack.seal(manifest, draft.parts, key.sign_seed, recipients, progress)
    packages.record(
        ws,
        id=sealed.id,
        direction=Direction.OUT,
        kind=PackageKind(draft.kind),
        unit=partner.unit,
        epoch=key.epoch,
        sequence=sequence,
        previous=previous,
        period=draft.period,
        status=PackageStatus.SEALED,
        manifest=sealed.manifest_bytes.decode(),
        content=sealed.data,
        counts=draft.totals,
    )
    packages.advance(ws, partner.unit, Direction.OUT, key.epoch, sequence, sealed.id)
    name = file_name(session, draft.kind, partner.unit, draft.period, sequence)
    return Outgoing(sealed.id, name, draft.kind, partner.unit, sequence, sealed.data)


def recipients_of(session: Session, partner: Partner) -> tuple[str, ...]:
    """The receiver's recipients (its deputies and paper key among them), and this office's own."""
    return tuple(dict.fromkeys((*partner.box_publics, *partners.recipients(session.workspace))))


def journal_head_of(record: PackageRecord | None) -> str:
    """The change log's head that a received package named; empty when there is none."""
    return "" if record is None else decode(record.manifest.encode()).journal_head


def task_ref(session: Session) -> TaskRef:
    catalogue = session.catalogue
    return TaskRef(id=catalogue.id, catalogue_digest=catalogue.digest, catalogue_version=catalogue.version)


def file_name(session: Session, kind: Kind, receiver: str, period: Period | None, sequence: int) -> str:
    """As people tell files apart: the lower office's name first, then what it is and which number."""
    upward = kind in (Kind.SUBMISSION, Kind.ENROLMENT)
    name = session.office.name if upward else session.catalogue.units[receiver].name
    if kind is Kind.SUBMISSION:
        return stick.safe_name(f"{name}_{period}_第{sequence}包") + stick.SUFFIX
    numbered = f"_第{sequence}包" if kind in (Kind.TASK, Kind.RECEIPT) else ""
    return stick.safe_name(f"{name}_{kind.label}{numbered}") + stick.SUFFIX


def deliver(outgoing: Outgoing, folder: Path) -> Path:
    """Write the sealed file and read it back. Raises ``UserError`` ``stick.*``; the package stays recorded."""
    return stick.write_file(folder, outgoing.name, outgoing.data)


def write_again(session: Session, package_id: str, folder: Path) -> Path:
    """Write a recorded outgoing package once more.

    Raises ``UserError`` ``package.unknown``, ``package.pruned``, ``stick.*``.
    """
    record = find_own(session, package_id)
    data = packages.content(session.workspace, record.id)
    if data is None:
        raise UserError(
            "package.pruned", "这个数据包对方已经收到，本机不再保留原文件。", "需要时请重新上报，对方会收到最新的数据。"
        )
    name = file_name(session, Kind(record.kind), record.unit, record.period, record.sequence)
    return stick.write_file(folder, name, data)


def find_own(session: Session, package_id: str) -> PackageRecord:
    """An outgoing package by its id or the first eight or more characters of it.

    Raises ``UserError`` ``package.unknown``.
    """
    sent = packages.listing(session.workspace, direction=Direction.OUT)
    found = [record for record in sent if len(package_id) >= 8 and record.id.startswith(package_id)]
    if len(found) != 1:
        raise UserError("package.unknown", "本机没有封装过这个数据包。", "请在上报记录里核对编号。")
    return found[0]
