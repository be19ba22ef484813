"""Open a package: envelope, framing, signature, manifest, parts, in this order and each before the next.

The JSON is read only after a known key's signature has been found good; the one exception are packages that bring
their own key (``allow_carried``), which prove nothing until the key's number has been compared. In memory only; what
may be done with an opened package is judged by core/chain.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from xzdesk.core.errors import UserError
from xzdesk.core.progress import SILENT, Progress
from xzdesk.exchange import envelope, framing, keys, trust
from xzdesk.exchange.framing import Frame
from xzdesk.exchange.header import COPY_AGAIN
from xzdesk.exchange.keys import KeyRecord
from xzdesk.exchange.manifest import Kind, Manifest, decode_with_unknown, package_id
from xzdesk.exchange.parts import Part, restore

CARRIED: Final = "carried"
"""``signed_by`` of a package whose signature fits only the key that it brought itself."""

_CALL: Final = "请用通讯录上的号码向对方核实；不要使用这个文件。"


@dataclass(frozen=True, slots=True)
class Opened:
    id: str
    manifest: Manifest
    manifest_bytes: bytes = field(repr=False)
    """As signed."""
    parts: Mapping[str, Part] = field(repr=False)
    """By name, unpacked, in the order of the package."""
    signed_by: str
    """Id of the candidate key that signed, or ``CARRIED``."""
    carried: KeyRecord | None = None
    """The key that came with it, where ``signed_by`` is ``CARRIED``: not to be trusted before a phone call."""
    unknown: tuple[str, ...] = ()
    """Names in the manifest that this version does not know."""


def open_package(
    data: bytes,
    identities: Sequence[str],
    candidates: Mapping[str, bytes],
    *,
    allow_carried: bool = False,
    progress: Progress = SILENT,
) -> Opened:
    """Open ``data`` with any of ``identities`` and check all of it.

    ``candidates``: Ed25519 public keys by key id, of every key known here, pending, replaced and revoked ones too (so
    that the judge can say which). ``allow_carried``: also take a package signed by the key in its own body, which
    proves nothing before a phone call or the word of the old key.

    Raises ``UserError``: those of ``envelope.decrypt``, ``framing.split``, ``manifest.decode`` and ``parts.restore``;
    ``package.signer_unknown``, ``package.signature``, ``package.signer_mismatch``, ``package.parts_length``; those of
    ``trust.read_carried_keys`` for a carried key. ``Cancelled`` when ``progress`` says so.
    """
    progress.tick("正在解密")
    plain = envelope.decrypt(data, identities)
    frame = framing.split(plain)
    signed_by = _signer(frame, candidates)
    if signed_by is None and not allow_carried:
        raise _unknown_signer()
    manifest, unknown = decode_with_unknown(frame.manifest_bytes)
    carried = None
    if signed_by is None:
        carried = _carried(frame, manifest)
    elif manifest.sender.key_id != signed_by:
        raise _mismatch()
    return Opened(
        id=package_id(frame.manifest_bytes),
        manifest=manifest,
        manifest_bytes=frame.manifest_bytes,
        parts=_parts(plain, frame.start, manifest, progress),
        signed_by=signed_by or CARRIED,
        carried=carried,
        unknown=unknown,
    )


def open_invitation(
    data: bytes, code: str, candidates: Mapping[str, bytes] | None = None, progress: Progress = SILENT
) -> Opened:
    """Open an invitation with the code told by phone.

    Raises ``UserError`` ``invitation.code_unreadable``, ``invitation.wrong_code``, ``invitation.other_kind`` and those
    of ``open_package``.
    """
    identity = keys.code_identity(code).secret
    try:
        opened = open_package(data, [identity], candidates or {}, allow_carried=True, progress=progress)
    except UserError as error:
        if error.code != "package.not_for_us":
            raise
        raise UserError(
            "invitation.wrong_code",
            "开通码与这个开通包不符，没有打开。",
            "请逐组核对 20 位开通码；如果没有抄错，请打电话向上级单位确认U盘里是不是给本单位的最新一份开通包。",
        ) from None
    if opened.manifest.kind is not Kind.INVITATION:
        raise UserError(
            "invitation.other_kind", f"这是{opened.manifest.kind.label}，不是开通包。", "请选择开通包文件。"
        )
    return opened


def _signer(frame: Frame, candidates: Mapping[str, bytes]) -> str | None:
    signed = framing.signed_bytes(frame.manifest_bytes)
    for key_id, public in candidates.items():
        if trust.is_signed(signed, frame.signature, public):
            return key_id
    return None


def _carried(frame: Frame, manifest: Manifest) -> KeyRecord:
    """The key in the body, if it made the signature and is the sender's own."""
    record = trust.read_carried_keys(manifest)
    if record is None:
        raise _unknown_signer()
    if not trust.is_signed(framing.signed_bytes(frame.manifest_bytes), frame.signature, record.sign_public):
        raise UserError("package.signature", "数据包的签名不对，内容可能被人改动，已拒绝。", _CALL)
    sender = manifest.sender
    if (sender.unit, sender.key_id, sender.epoch) != (record.unit, record.key_id, record.epoch):
        raise _mismatch()
    return record


def _parts(plain: bytes, start: int, manifest: Manifest, progress: Progress) -> dict[str, Part]:
    if len(plain) - start != sum(entry.length for entry in manifest.parts):
        raise UserError("package.parts_length", "数据包的总长度与清单不符，已拒绝。", COPY_AGAIN)
    found: dict[str, Part] = {}
    for done, entry in enumerate(manifest.parts):
        progress.tick("正在核对", done, len(manifest.parts))
        found[entry.name] = restore(entry, plain[start : start + entry.length])
        start += entry.length
    return found


def _unknown_signer() -> UserError:
    return UserError(
        "package.signer_unknown",
        "数据包的签名与本机登记的各单位密钥都对不上，已拒绝。",
        "如果对方是新开通或换了电脑的单位，请先完成开通并电话核对；否则文件可能被人改动，请向对方核实。",
    )


def _mismatch() -> UserError:
    return UserError("package.signer_mismatch", "数据包写的上报单位与签名的密钥不一致，已拒绝。", _CALL)
