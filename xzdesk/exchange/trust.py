"""Records that stand in a manifest's body: keys, trust lists, invitations, enrolments, receipts, rotations.

Readers take whatever strict JSON allowed and admit only what docs/package-format.md, section 7 describes. Whether
anybody is to be believed is not decided here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final, TypeVar

import msgspec
import pyrage
from nacl import exceptions, signing

from xzdesk.core.errors import UserError
from xzdesk.exchange import base64_text, keys, limits
from xzdesk.exchange.header import COPY_AGAIN
from xzdesk.exchange.keys import KeyPair, KeyRecord
from xzdesk.exchange.manifest import (
    Count,
    Digest,
    DigestOrNone,
    KeyId,
    Kind,
    Manifest,
    Ordinal,
    UnitCode,
)

BOX_PUBLICS: Final = 8
"""Recipients of one office. With the sender's own and the recovery key a header stays within its stanzas."""

_ROTATION_DOMAIN: Final = b"xzdesk-rotation/1\n"

Recipient = Annotated[str, msgspec.Meta(pattern=r"\Aage1[02-9ac-hj-np-z]{58}\Z")]
RecipientOrNone = Annotated[str, msgspec.Meta(pattern=r"\A(?:age1[02-9ac-hj-np-z]{58})?\Z")]
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
    record: KeyRecord
    status: TrustStatus


@dataclass(frozen=True, slots=True)
class TrustList:
    """What an office has decided about its own keys and those below it."""

    version: int
    """Rises with every decision."""
    entries: tuple[TrustEntry, ...]
    recovery: str = ""
    """Recipient of the paper recovery key, to whom everything is encrypted too; empty: none."""


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """To one unit; the inviting office's key stands beside it in the body."""

    nonce: Digest
    """Random; the answer repeats it."""
    epoch: Ordinal
    """With which the unit's keys are to begin."""


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an invitation; the unit's new key stands beside it in the body."""

    nonce: Digest
    answers: KeyId
    """Key id of the inviting office."""


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    package: Digest
    sequence: Ordinal
    taken: Taken
    cause: Remark = ""


class ChainHead(msgspec.Struct, frozen=True, kw_only=True):
    sequence: Ordinal
    id: Digest


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What an office has received from another under one of its keys."""

    epoch: Ordinal
    """Of the key whose packages are meant."""
    acknowledged: Annotated[tuple[Acknowledgement, ...], msgspec.Meta(max_length=limits.ACKNOWLEDGEMENTS)] = ()
    head: ChainHead | None = None
    """Of that chain, as it now stands."""
    witnessed: DigestOrNone = ""
    """Journal head that the newest accepted package carried."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """A new key of an office, signed by its old one and by itself."""

    old_key_id: str
    key: KeyRecord
    old_signature: bytes
    new_signature: bytes


@dataclass(frozen=True, slots=True)
class Body:
    """The records of one manifest; absent ones are None."""

    key: KeyRecord | None = None
    """The sender's own."""
    trust: TrustList | None = None
    invitation: Invitation | None = None
    enrolment: Enrolment | None = None
    receipt: Receipt | None = None
    rotation: Rotation | None = None


_DEMANDED: Final[Mapping[Kind, tuple[str, ...]]] = {
    Kind.INVITATION: ("key", "invitation"),
    Kind.ENROLMENT: ("key", "enrolment"),
    Kind.TASK: ("trust",),
    Kind.SUBMISSION: (),
    Kind.RECEIPT: ("receipt",),
}
"""Without which a package of that kind says nothing."""


class _Key(msgspec.Struct, frozen=True, kw_only=True):
    unit: UnitCode
    key_id: KeyId
    epoch: Ordinal
    suite: int
    sign_public: Key32
    box_publics: Annotated[tuple[Recipient, ...], msgspec.Meta(min_length=1, max_length=BOX_PUBLICS)]


class _TrustEntry(msgspec.Struct, frozen=True, kw_only=True):
    key: _Key
    status: TrustStatus


class _TrustList(msgspec.Struct, frozen=True, kw_only=True):
    version: Count
    entries: Annotated[tuple[_TrustEntry, ...], msgspec.Meta(max_length=limits.TRUST_ENTRIES)]
    recovery: RecipientOrNone = ""


class _Rotation(msgspec.Struct, frozen=True, kw_only=True):
    old_key_id: KeyId
    key: _Key
    old_signature: Signature
    new_signature: Signature


def write_body(body: Body) -> dict[str, Any]:
    """The JSON of ``body``; absent records have no name. Further names may be added to it freely."""
    parts: dict[str, Any] = {
        "key": None if body.key is None else _write_key(body.key),
        "trust": None if body.trust is None else _write_trust(body.trust),
        "invitation": _plain(body.invitation),
        "enrolment": _plain(body.enrolment),
        "receipt": _plain(body.receipt),
        "rotation": None if body.rotation is None else _write_rotation(body.rotation),
    }
    return {name: content for name, content in parts.items() if content is not None}


def read_body(manifest: Manifest) -> Body:
    """The records that ``manifest`` carries; names that this version does not know are left alone.

    Raises ``UserError`` ``package.body_invalid``, ``package.body_missing`` (a record without which a package of its
    kind says nothing), ``package.suite_unknown``, ``key.recipient_invalid``.
    """
    content = manifest.body
    for name in _DEMANDED[manifest.kind]:
        if content.get(name) is None:
            raise UserError(
                "package.body_missing", f"{manifest.kind.label}缺少必要的内容（{name}），已拒绝。", COPY_AGAIN
            )
    return Body(
        key=read_key(content),
        trust=_optional(content, "trust", _read_trust),
        invitation=_optional(content, "invitation", lambda found: _convert(found, Invitation, "invitation")),
        enrolment=_optional(content, "enrolment", lambda found: _convert(found, Enrolment, "enrolment")),
        receipt=_optional(content, "receipt", lambda found: _convert(found, Receipt, "receipt")),
        rotation=_optional(content, "rotation", _read_rotation),
    )


def read_key(body: Mapping[str, Any]) -> KeyRecord | None:
    """The sender's own key out of a body, or None. Raises like ``read_body``."""
    return _optional(body, "key", lambda found: _record(_convert(found, _Key, "key"), "key"))


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
    key = rotation.key
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
    return _ROTATION_DOMAIN + old_key_id.encode("ascii") + b"\n" + keys.record_bytes(record)


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


def _write_trust(trust: TrustList) -> dict[str, Any]:
    entries = [{"key": _write_key(entry.record), "status": entry.status.value} for entry in trust.entries]
    return {"version": trust.version, "entries": entries, "recovery": trust.recovery}


def _write_rotation(rotation: Rotation) -> dict[str, Any]:
    return {
        "old_key_id": rotation.old_key_id,
        "key": _write_key(rotation.key),
        "old_signature": base64_text.encode(rotation.old_signature),
        "new_signature": base64_text.encode(rotation.new_signature),
    }


def _plain(record: msgspec.Struct | None) -> object:
    return None if record is None else msgspec.to_builtins(record)


def _read_trust(content: object) -> TrustList:
    found = _convert(content, _TrustList, "trust")
    if found.recovery:
        _check_recipient(found.recovery)
    entries = tuple(TrustEntry(_record(entry.key, "trust"), entry.status) for entry in found.entries)
    if len({entry.record.key_id for entry in entries}) != len(entries):
        raise _invalid("trust.entries")
    return TrustList(found.version, entries, found.recovery)


def _read_rotation(content: object) -> Rotation:
    found = _convert(content, _Rotation, "rotation")
    place = "rotation"
    return Rotation(
        found.old_key_id,
        _record(found.key, place),
        _bytes(found.old_signature, place),
        _bytes(found.new_signature, place),
    )


def _record(key: _Key, place: str) -> KeyRecord:
    if key.suite != limits.SUITE:
        raise UserError(
            "package.suite_unknown", f"数据包里的密钥用了本机不认识的密码套件（{key.suite}）。", "请升级本机的程序。"
        )
    for recipient in key.box_publics:
        _check_recipient(recipient)
    public = _bytes(key.sign_public, place)
    if len(set(key.box_publics)) != len(key.box_publics) or key.key_id != keys.key_id(public, key.box_publics[0]):
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


def _optional(body: Mapping[str, Any], name: str, reader: Callable[[object], T]) -> T | None:
    content = body.get(name)
    return None if content is None else reader(content)


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
