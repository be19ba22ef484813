"""Records that stand in a manifest's body: keys, trust lists, invitations, enrolments, receipts, rotations.

Readers take whatever strict JSON allowed and admit only what docs/package-format.md, section 7 describes. Whether
anybody is to be believed is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec
import pyrage
from nacl import exceptions, signing

from xzdesk.core.errors import UserError
from xzdesk.exchange import base64_text, limits
from xzdesk.exchange.header import COPY_AGAIN
from xzdesk.exchange.keys import KeyPair, KeyRecord, key_id, record_bytes
from xzdesk.exchange.manifest import (
    Count,
    Digest,
    DigestOrNone,
    KeyId,
    Manifest,
    Ordinal,
    UnitCode,
)

BOX_PUBLICS: Final = 7
"""Recipients of one office: its own key, deputies, the paper recovery key. With the sender's own a header stays within
its stanzas."""

_ROTATION_DOMAIN: Final = b"xzdesk-rotation/1\n"

Recipient = Annotated[str, msgspec.Meta(pattern=r"\Aage1[02-9ac-hj-np-z]{58}\Z")]
Key32 = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z+/]{43}=\Z")]
Signature = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z+/]{86}==\Z")]
Remark = Annotated[str, msgspec.Meta(max_length=limits.REMARK_CHARACTERS)]


class TrustStatus(StrEnum):
    TRUSTED = "trusted"
    REPLACED = "replaced"
    REVOKED = "revoked"


class Taken(StrEnum):
    """What became of a package, as its receipt says."""

    ACCEPTED = "accepted"
    QUARANTINED = "quarantined"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class TrustEntry:
    keys: KeyRecord
    status: TrustStatus


@dataclass(frozen=True, slots=True)
class TrustList:
    """What an office has decided about its own keys and those below it."""

    version: int
    """Rises with every decision."""
    entries: tuple[TrustEntry, ...]

    def to_body(self) -> dict[str, Any]:
        entries = [{"keys": _write_key(entry.keys), "status": entry.status.value} for entry in self.entries]
        return {"trust": {"version": self.version, "entries": entries}}


@dataclass(frozen=True, slots=True)
class InvitationBody:
    """To one unit, from the office above it."""

    unit: str
    """Who is invited."""
    epoch: int
    """With which the unit's keys are to begin."""
    nonce: str
    """64 hex digits (``keys.new_nonce``); the answer repeats it."""
    keys: KeyRecord
    """Of the inviting office."""

    def to_body(self) -> dict[str, Any]:
        invitation = {"unit": self.unit, "epoch": self.epoch, "nonce": self.nonce}
        return {"keys": _write_key(self.keys), "invitation": invitation}


@dataclass(frozen=True, slots=True)
class EnrolmentBody:
    """The answer to an invitation: an enrolment package of its own, or part of the first submission."""

    keys: KeyRecord
    """The unit's new ones."""
    nonce: str

    def to_body(self) -> dict[str, Any]:
        return {"keys": _write_key(self.keys), "enrolment": {"nonce": self.nonce}}


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    package: Digest
    sequence: Ordinal
    taken: Taken
    cause: Remark = ""


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    sequence: Ordinal
    id: Digest


class ReceiptBody(msgspec.Struct, frozen=True, kw_only=True):
    """What an office has received from another under one of its keys."""

    epoch: Ordinal
    """Of the key whose packages are meant."""
    acknowledged: Annotated[tuple[Acknowledgement, ...], msgspec.Meta(max_length=limits.ACKNOWLEDGEMENTS)] = ()
    head: ChainHead | None = None
    """Of that chain, as it now stands."""
    witnessed: DigestOrNone = ""
    """Journal head that the newest accepted package carried."""

    def to_body(self) -> dict[str, Any]:
        return {"receipt": msgspec.to_builtins(self)}


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key of an office, signed by its old one and by itself, in a package that either of them signs."""

    old_key_id: str
    keys: KeyRecord
    """The new ones."""
    old_signature: bytes
    new_signature: bytes

    def to_body(self) -> dict[str, Any]:
        return {
            "rotation": {
                "old_key_id": self.old_key_id,
                "keys": _write_key(self.keys),
                "old_signature": base64_text.encode(self.old_signature),
                "new_signature": base64_text.encode(self.new_signature),
            }
        }


class _Keys(msgspec.Struct, frozen=True, kw_only=True):
    unit: UnitCode
    key_id: KeyId
    epoch: Ordinal
    suite: int
    sign_public: Key32
    box_publics: Annotated[tuple[Recipient, ...], msgspec.Meta(min_length=1, max_length=BOX_PUBLICS)]


class _TrustEntry(msgspec.Struct, frozen=True, kw_only=True):
    keys: _Keys
    status: TrustStatus


class _TrustList(msgspec.Struct, frozen=True, kw_only=True):
    version: Count
    entries: Annotated[tuple[_TrustEntry, ...], msgspec.Meta(max_length=limits.TRUST_ENTRIES)]


class _Invitation(msgspec.Struct, frozen=True, kw_only=True):
    unit: UnitCode
    epoch: Ordinal
    nonce: Digest


class _Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    nonce: Digest


class _Rotation(msgspec.Struct, frozen=True, kw_only=True):
    old_key_id: KeyId
    keys: _Keys
    old_signature: Signature
    new_signature: Signature


def keys_body(record: KeyRecord) -> dict[str, Any]:
    """The sender's own keys, as any package may bring them."""
    return {"keys": _write_key(record)}


# Readers. Each raises UserError package.body_invalid, and where keys are read package.suite_unknown and
# key.recipient_invalid. Names that this version does not know are left alone.


def read_carried_keys(manifest: Manifest) -> KeyRecord | None:
    """The sender's own keys, where the manifest brings them."""
    content = manifest.body.get("keys")
    return None if content is None else _record(_convert(content, _Keys, "keys"), "keys")


def read_invitation(manifest: Manifest) -> InvitationBody:
    """Raises ``UserError`` ``package.body_missing`` too."""
    found = _convert(_demand(manifest, "invitation"), _Invitation, "invitation")
    keys_of_sender = _demand_keys(manifest)
    if found.unit != manifest.receiver.unit:
        raise _invalid("invitation.unit")
    return InvitationBody(found.unit, found.epoch, found.nonce, keys_of_sender)


def read_enrolment(manifest: Manifest) -> EnrolmentBody:
    """Of an enrolment, or of a submission that answers an invitation.

    Raises ``UserError`` ``package.body_missing`` too.
    """
    found = _convert(_demand(manifest, "enrolment"), _Enrolment, "enrolment")
    return EnrolmentBody(_demand_keys(manifest), found.nonce)


def read_receipt(manifest: Manifest) -> ReceiptBody:
    """Raises ``UserError`` ``package.body_missing`` too."""
    return _convert(_demand(manifest, "receipt"), ReceiptBody, "receipt")


def read_trust_list(manifest: Manifest) -> TrustList | None:
    """The sender's list, where the manifest brings it; its version is that of the manifest."""
    content = manifest.body.get("trust")
    if content is None:
        return None
    found = _convert(content, _TrustList, "trust")
    entries = tuple(TrustEntry(_record(entry.keys, "trust"), entry.status) for entry in found.entries)
    if found.version != manifest.trust_version:
        raise _invalid("trust.version")
    if len({entry.keys.key_id for entry in entries}) != len(entries):
        raise _invalid("trust.entries")
    return TrustList(found.version, entries)


def read_rotation(manifest: Manifest) -> Rotation | None:
    """The announcement of new keys, where the manifest brings one; ``check_rotation`` says what it is worth.

    The package's signer is the new key or the old: nobody rides on another's announcement.
    """
    content = manifest.body.get("rotation")
    if content is None:
        return None
    found = _convert(content, _Rotation, "rotation")
    signatures = (_bytes(text, "rotation") for text in (found.old_signature, found.new_signature))
    new, sender = _record(found.keys, "rotation"), manifest.sender
    is_new = (sender.unit, sender.key_id, sender.epoch) == (new.unit, new.key_id, new.epoch)
    if not is_new and sender.key_id != found.old_key_id:
        raise _invalid("rotation.keys")
    return Rotation(found.old_key_id, new, *signatures)


def make_rotation(old: KeyPair, new: KeyPair, record: KeyRecord) -> Rotation:
    """Announce ``new``, which others are to know as ``record``, by ``old``, which they trust."""
    signed = _rotation_bytes(old.key_id, record)
    return Rotation(
        old.key_id,
        record,
        signing.SigningKey(old.sign_seed).sign(signed).signature,
        signing.SigningKey(new.sign_seed).sign(signed).signature,
    )


def check_rotation(rotation: Rotation, old: KeyRecord) -> KeyRecord:
    """The new key, if ``rotation`` really comes from the owner of ``old``, which the caller trusts.

    Raises ``UserError`` ``rotation.other_key``, ``rotation.unit``, ``rotation.epoch`` or ``rotation.signature``.
    """
    key = rotation.keys
    if rotation.old_key_id != old.key_id:
        raise _bad_rotation("other_key", "接续的不是本机信任的那把密钥")
    if key.unit != old.unit:
        raise _bad_rotation("unit", "写的单位与原密钥的单位不同")
    if key.epoch <= old.epoch:
        raise _bad_rotation("epoch", f"代数没有增加（原为第 {old.epoch} 代）")
    signed = _rotation_bytes(rotation.old_key_id, key)
    for public, signature in ((old.sign_public, rotation.old_signature), (key.sign_public, rotation.new_signature)):
        if not is_signed(signed, signature, public):
            raise _bad_rotation("signature", "签名不对")
    return key


def is_signed(message: bytes, signature: bytes, public: bytes) -> bool:
    """Whether ``signature`` (64 bytes) of ``message`` was made by the owner of ``public`` (Ed25519, strict)."""
    try:
        signing.VerifyKey(public).verify(message, signature)
    except (exceptions.BadSignatureError, exceptions.ValueError):
        return False
    return True


def _rotation_bytes(old_key_id: str, record: KeyRecord) -> bytes:
    return _ROTATION_DOMAIN + old_key_id.encode("ascii") + b"\n" + record_bytes(record)


def _bad_rotation(code: str, what: str) -> UserError:
    return UserError(
        f"rotation.{code}",
        f"对方更换密钥的声明无效：{what}，没有采用。",
        "请用通讯录上的号码向对方核实；必要时重新开具开通包。",
    )


def _write_key(record: KeyRecord) -> dict[str, Any]:
    return {
        "unit": record.unit,
        "key_id": record.key_id,
        "epoch": record.epoch,
        "suite": record.suite,
        "sign_public": base64_text.encode(record.sign_public),
        "box_publics": list(record.box_publics),
    }


def _demand(manifest: Manifest, name: str) -> object:
    content = manifest.body.get(name)
    if content is None:
        raise UserError("package.body_missing", f"{manifest.kind.label}缺少必要的内容（{name}），已拒绝。", COPY_AGAIN)
    return content


def _demand_keys(manifest: Manifest) -> KeyRecord:
    """The keys in the body, which must be those that the manifest says signed it."""
    _demand(manifest, "keys")
    record, sender = read_carried_keys(manifest), manifest.sender
    if record is None or (record.unit, record.key_id, record.epoch) != (sender.unit, sender.key_id, sender.epoch):
        raise _invalid("keys")
    return record


def _record(key: _Keys, place: str) -> KeyRecord:
    if key.suite != limits.SUITE:
        raise UserError(
            "package.suite_unknown", f"数据包里的密钥用了本机不认识的密码套件（{key.suite}）。", "请升级本机的程序。"
        )
    for recipient in key.box_publics:
        _check_recipient(recipient)
    public = _bytes(key.sign_public, place)
    if len(set(key.box_publics)) != len(key.box_publics) or key.key_id != key_id(public, key.box_publics[0]):
        raise _invalid(f"{place}.key_id")
    return KeyRecord(key.unit, key.key_id, key.epoch, key.suite, public, key.box_publics)


def _check_recipient(text: str) -> None:
    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise UserError("key.recipient_invalid", "数据包里有一个收件密钥的写法不对。", COPY_AGAIN) from None


def _bytes(text: str, place: str) -> bytes:
    try:
        return base64_text.decode(text)
    except ValueError:
        raise _invalid(place) from None


T = TypeVar("T")


def _convert(content: object, model: type[T], place: str) -> T:
    try:
        return msgspec.convert(content, model)
    except msgspec.ValidationError:
        raise _invalid(place) from None


def _invalid(place: str) -> UserError:
    return UserError(
        "package.body_invalid",
        f"数据包里的“{place}”不合规定，已拒绝。",
        "请让对方升级程序后重新写一份；如果仍然这样，请把本提示告诉区专班办公室。",
    )
