"""开通: an invitation with a one-time code down, public keys up, and one 30-digit number compared by phone.

The office above only trusts a key after somebody typed the number that the office below read out; until then its
packages wait in quarantine.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from xzdesk.core import catalogue as catalogue_texts
from xzdesk.core.errors import UserError
from xzdesk.core.model import Catalogue, Level, OrgUnit
from xzdesk.exchange import keys, pack, parts, trust, unpack
from xzdesk.exchange.keys import KeyRecord, RecoveryPaper
from xzdesk.exchange.manifest import Kind, Manifest, Receiver, Sender
from xzdesk.exchange.trust import EnrolmentBody, InvitationBody, Rotation
from xzdesk.services import outgoing, start, stick
from xzdesk.services.session import Session
from xzdesk.store import connect, packages, partners, settings
from xzdesk.store.connect import Clock, utc_now
from xzdesk.store.packages import Direction, PackageKind, PackageStatus
from xzdesk.store.partners import Partner, PartnerRole, PartnerStatus

CATALOGUE_PART: Final = "catalogue.json"
NONCE: Final = "enrolment.nonce"
"""Meta key: of the invitation that this workspace was made from."""
EPOCHS_AHEAD: Final = 16
"""So far may the keys of an office run ahead; a later invitation has to begin above every epoch ever seen of it."""


@dataclass(frozen=True, slots=True)
class Invited:
    """A written invitation and the one-time code, which goes by phone and never with the file."""

    path: Path
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A new workspace below: its session, its recovery paper, and the number to read out."""

    session: Session
    paper: RecoveryPaper = field(repr=False)
    number: str


def invite(session: Session, unit: OrgUnit, folder: Path) -> Invited:
    """Write the invitation of an office directly below.

    Raises ``UserError`` ``enrol.not_below``, ``recovery.unproved``, ``stick.*``. A new invitation voids an older one
    that was not answered.
    """
    session.require(Level.DISTRICT, Level.TOWN)
    if unit.parent != session.office.code:
        raise UserError("enrol.not_below", f"{unit.name}不是本单位的直接下级。", "请由它的上级单位开具开通包。")
    if session.level is Level.DISTRICT:
        start.demand_proved(session)
    ws, key, code = session.workspace, outgoing.own_key(session), keys.new_code()
    body = InvitationBody(
        unit=unit.code,
        epoch=partners.next_epoch(ws, unit.code),
        nonce=keys.new_nonce(),
        keys=outgoing.own_record(session),
    )
    manifest = Manifest(
        kind=Kind.INVITATION,
        sender=Sender(unit=session.office.code, key_id=key.key_id, epoch=key.epoch),
        receiver=Receiver(unit=unit.code),
        task=outgoing.task_ref(session),
        created=ws.now(),
        trust_version=partners.trust_version(ws),
        body=body.to_body(),
    )
    recipients = (keys.code_identity(code).recipient, *partners.recipients(ws))
    sealed = pack.seal(manifest, [catalogue_part(session.catalogue)], key.sign_seed, recipients)
    name = outgoing.file_name(session, Kind.INVITATION, unit.code, None, 1)
    with ws.transaction(f"开通包 {unit.code}"):
        packages.record(
            ws, id=sealed.id, direction=Direction.OUT, kind=PackageKind.INVITATION, unit=unit.code, epoch=key.epoch,
            sequence=1, previous="", period=None, status=PackageStatus.SEALED,
            manifest=sealed.manifest_bytes.decode(), content=sealed.data,
        )  # fmt: skip
        settings.write_meta(ws, _invitation_key(unit.code), json.dumps([body.nonce, body.epoch]))
    return Invited(stick.write_file(folder, name, sealed.data, replace=True), code)


def catalogue_part(catalogue: Catalogue) -> parts.Part:
    return parts.json_part(CATALOGUE_PART, json.dumps(dict(catalogue.files), ensure_ascii=False, sort_keys=True))


def read_catalogue_part(package_parts: dict[str, parts.Part]) -> Catalogue:
    """Raises ``CatalogueError``, ``UserError`` ``package.part_missing``, ``package.json_*``."""
    part = package_parts.get(CATALOGUE_PART)
    files = parts.read_json(part) if part else None
    if not isinstance(files, dict) or not all(isinstance(text, str) for text in files.values()):
        raise UserError("package.part_missing", "数据包里没有指标目录。", "请让上级重新写一份。")
    return catalogue_texts.parse(files)


def open_invitation(
    invitation: Path, code: str, workspace: Path, *, user: str, passphrase: str, clock: Clock = utc_now
) -> Enrolled:
    """Make this office's workspace from an invitation. On any failure nothing is left.

    Raises ``UserError`` ``invitation.wrong_code``, ``package.*``, ``workspace.*``, ``passphrase.weak``.
    """
    opened = unpack.open_invitation(stick.read_file(invitation), code)
    terms = trust.read_invitation(opened.manifest)
    upper = terms.keys
    catalogue = read_catalogue_part(dict(opened.parts))
    started = start.create(
        workspace,
        unit=terms.unit,
        catalogue=catalogue,
        user=user,
        passphrase=passphrase,
        epoch=terms.epoch,
        clock=clock,
    )
    session = started.session
    try:
        number = keys.number(upper, outgoing.own_record(session))
        with session.workspace.transaction("开通"):
            _add_partner(session, upper, PartnerRole.UPPER, number)
            # Whoever could read the code to this office is the office above: the code has authenticated its keys.
            partners.decide(session.workspace, upper.key_id, PartnerStatus.TRUSTED)
            settings.write_meta(session.workspace, NONCE, terms.nonce)
    except BaseException:
        session.close()
        connect.remove(workspace)
        raise
    return Enrolled(session, started.paper, number)


def answer(session: Session, folder: Path) -> Path:
    """Write the reply with this office's public keys. Raises ``UserError`` ``partner.not_trusted``, ``stick.*``."""
    session.require(Level.TOWN, Level.VILLAGE)
    ws, key = session.workspace, outgoing.own_key(session)
    upper = outgoing.partner_of(session, session.office.parent)
    body = EnrolmentBody(keys=outgoing.own_record(session), nonce=settings.read_meta(ws, NONCE) or "")
    manifest = Manifest(
        kind=Kind.ENROLMENT,
        sender=Sender(unit=session.office.code, key_id=key.key_id, epoch=key.epoch),
        receiver=Receiver(unit=upper.unit, key_id=upper.key_id),
        task=outgoing.task_ref(session),
        created=ws.now(),
        body=body.to_body(),
    )
    sealed = pack.seal(manifest, [], key.sign_seed, outgoing.recipients_of(session, upper))
    name = outgoing.file_name(session, Kind.ENROLMENT, upper.unit, None, 1)
    return stick.write_file(folder, name, sealed.data, replace=True)


def own_number(session: Session) -> str:
    """The 30 digits that this office reads out, for its key in use and the office above."""
    upper = outgoing.partner_of(session, session.office.parent)
    return upper.number


def note_keys(session: Session, record: KeyRecord) -> Partner:
    """Note the keys that an office below sent, as pending with their number; known ones stay as decided."""
    number = keys.number(outgoing.own_record(session), record)
    return _add_partner(session, record, PartnerRole.LOWER, number)


def expects_keys(session: Session, record: KeyRecord) -> bool:
    """Whether keys of an office below that are not known here may be noted: those that answer its newest invitation,
    or that are a few changes of keys ahead of the trusted ones. Anybody could claim any epoch."""
    invited = settings.read_meta(session.workspace, _invitation_key(record.unit))
    trusted = partners.trusted_key(session.workspace, record.unit)
    return (invited is not None and json.loads(invited)[1] == record.epoch) or (
        trusted is not None and trusted.epoch < record.epoch <= trusted.epoch + EPOCHS_AHEAD
    )


def check_answer(session: Session, body: EnrolmentBody) -> None:
    """Raises ``UserError`` ``enrol.no_invitation`` unless the reply answers the newest invitation of its unit."""
    expected = settings.read_meta(session.workspace, _invitation_key(body.keys.unit))
    if expected is None or json.loads(expected) != [body.nonce, body.keys.epoch]:
        raise UserError(
            "enrol.no_invitation",
            "这个开通回复对不上本单位最近开出的开通包。",
            "请确认对方用的是最新的开通包；需要时重新开具一份。",
        )


def follow_rotation(session: Session, old: Partner, rotation: Rotation) -> Partner:
    """Trust the new key of an office whose old, trusted key vouches for it; within a transaction.

    Raises ``UserError`` ``rotation.*``.
    """
    held = KeyRecord(old.unit, old.key_id, old.epoch, old.suite, old.sign_public, old.box_publics)
    record = trust.check_rotation(rotation, held)
    if record.epoch > old.epoch + EPOCHS_AHEAD:
        raise UserError(
            "rotation.epoch", "对方更换密钥的声明无效：代数跳过太多，没有采用。", "请用通讯录上的号码向对方核实。"
        )
    added = _add_partner(session, record, old.role, "")
    return partners.decide(session.workspace, added.key_id, PartnerStatus.TRUSTED)


def set_recipients(session: Session, recipients: Sequence[str]) -> tuple[str, ...]:
    """Name who else may open packages to this office (chief, deputy), by ``age1...``; all of them anew.

    The offices below learn it by the next task or receipt. Raises ``UserError`` ``key.recipient_invalid``,
    ``recipients.too_many``. All recipients, own ones included, are returned.
    """
    wanted = [keys.check_recipient(recipient.strip()) for recipient in recipients]
    with session.workspace.transaction("更改收件人"):
        partners.set_extra_recipients(session.workspace, wanted)
    return partners.recipients(session.workspace)


def rotate(session: Session) -> int:
    """Take new keys into use; the old one vouches for them in the next packages. The new epoch is returned."""
    with session.workspace.transaction("更换密钥"):
        return start.make_keys(session.workspace).epoch


def trust_unit(session: Session, unit: OrgUnit, typed: str) -> Partner:
    """Compare the typed number with the pending key's and trust it.

    Raises ``UserError`` ``trust.nothing_pending``, ``trust.number_unreadable``, ``trust.number_differs``,
    ``trust.already``.
    """
    number = keys.read_number(typed)
    pending = partners.partners(session.workspace, PartnerRole.LOWER, PartnerStatus.PENDING, unit=unit.code)
    trusted = partners.trusted_key(session.workspace, unit.code)
    if trusted is not None and trusted.number == number:
        raise UserError("trust.already", f"{unit.name}的这把密钥已经核对启用过。", "不用再办，可以照常收发数据包。")
    if not pending:
        raise UserError("trust.nothing_pending", f"没有等待核对的{unit.name}密钥。", "请先读入该单位的开通回复文件。")
    for partner in pending:
        if partner.number == number:
            with session.workspace.transaction(f"核对密钥 {unit.code}"):
                return partners.decide(session.workspace, partner.key_id, PartnerStatus.TRUSTED)
    raise UserError(
        "trust.number_differs",
        f"输入的数字与{unit.name}的密钥不符，没有启用。",
        "请再对一遍；仍然不符，说明文件可能被换过，请不要启用，改用通讯录上的号码联系对方重新开通。",
    )


def revoke(session: Session, unit: OrgUnit) -> Partner:
    """Revoke the trusted key of a unit for good; the next packages tell everybody.

    Raises ``UserError`` ``trust.nothing_trusted``.
    """
    partner = partners.trusted_key(session.workspace, unit.code)
    if partner is None:
        raise UserError("trust.nothing_trusted", f"{unit.name}现在没有启用的密钥。", "无需作废。")
    with session.workspace.transaction(f"作废密钥 {unit.code}"):
        return partners.decide(session.workspace, partner.key_id, PartnerStatus.REVOKED)


def _add_partner(session: Session, record: KeyRecord, role: PartnerRole, number: str) -> Partner:
    return partners.add_pending(
        session.workspace,
        key_id=record.key_id,
        unit=record.unit,
        epoch=record.epoch,
        suite=record.suite,
        sign_public=record.sign_public,
        box_publics=record.box_publics,
        role=role,
        number=number,
    )


def _invitation_key(unit: str) -> str:
    return f"invitation.{unit}"
