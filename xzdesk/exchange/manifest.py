"""The manifest: one line of JSON that is signed and says everything about a package.

Field names are those of the JSON. The package id is the SHA-256 of the manifest's bytes, so the bytes are kept as
they came; nothing is ever re-encoded for comparison.
"""

from __future__ import annotations

import hashlib
import re
from enum import StrEnum
from typing import Annotated, Any, Final

import msgspec

from xzdesk import __version__
from xzdesk.core.errors import UserError
from xzdesk.core.periods import Period
from xzdesk.exchange import limits, strict_json
from xzdesk.exchange.header import COPY_AGAIN


class Kind(StrEnum):
    INVITATION = "invitation"
    ENROLMENT = "enrolment"
    TASK = "task"
    SUBMISSION = "submission"
    RECEIPT = "receipt"

    @property
    def label(self) -> str:
        return _LABELS[self]


_LABELS: Final = {
    Kind.INVITATION: "开通包",
    Kind.ENROLMENT: "开通回复",
    Kind.TASK: "任务包",
    Kind.SUBMISSION: "上报包",
    Kind.RECEIPT: "回执包",
}


class MediaType(StrEnum):
    """What a part holds. CSV and JSON are stored gzip-compressed, attachments as they are."""

    CSV = "text/csv"
    JSON = "application/json"
    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"

    @property
    def compressed(self) -> bool:
        return self in (MediaType.CSV, MediaType.JSON)


Count = Annotated[int, msgspec.Meta(ge=0, le=limits.INTEGER)]
Ordinal = Annotated[int, msgspec.Meta(ge=1, le=limits.INTEGER)]
Digest = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{64}\Z")]
DigestOrNone = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{64})?\Z")]
KeyId = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{32}\Z")]
KeyIdOrNone = Annotated[str, msgspec.Meta(pattern=r"\A(?:[0-9a-f]{32})?\Z")]
UnitCode = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z_-]{1,32}\Z")]
Name = Annotated[str, msgspec.Meta(pattern=r"\A[0-9A-Za-z_./-]{1,100}\Z")]
Version = Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}\Z")]
Instant = Annotated[str, msgspec.Meta(pattern=r"\A20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z\Z")]
_PLAIN_NAME: Final = re.compile(r"[a-z0-9_.]{1,40}\Z", re.ASCII)
PART_NAME: Final = re.compile(r"[a-z0-9_]{1,80}(?:\.[a-z]{1,4})?\Z", re.ASCII)


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    unit: UnitCode
    key_id: KeyId
    """Of the key that signs; see ``keys.key_id``."""
    epoch: Ordinal


class Receiver(msgspec.Struct, frozen=True, kw_only=True):
    unit: UnitCode
    key_id: KeyIdOrNone = ""
    """Of the receiver's signing key as the sender knows it; empty in an invitation."""


class TaskRef(msgspec.Struct, frozen=True, kw_only=True):
    id: Name
    catalogue_digest: Digest
    catalogue_version: Ordinal


class PartEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One part, in the order of the bytes that follow the manifest."""

    name: str
    media_type: MediaType
    schema: Name
    length: Count
    """Bytes as stored in the package."""
    sha256: Digest
    """Of the bytes as stored."""
    size: Count
    """Bytes unpacked; equal to ``length`` for an attachment."""
    rows: Count
    """Records after the header line; 0 where the part is no CSV."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    suite: int = limits.SUITE
    format: int = limits.READER_FORMAT
    min_reader: Version = limits.MIN_READER
    kind: Kind
    sender: Sender
    receiver: Receiver
    task: TaskRef | None = None
    """None in an enrolment that answers an invitation without a task."""
    period: str = ""
    """Canonical text of a period, or empty."""
    sequence: Ordinal = 1
    previous: DigestOrNone = ""
    """Id of the sender's package before this one to the same receiver in the same epoch; empty for its first."""
    created: Instant
    """Advisory: nothing is decided by it."""
    parts: tuple[PartEntry, ...] = ()
    totals: dict[str, Annotated[int, msgspec.Meta(ge=-limits.INTEGER, le=limits.INTEGER)]] = msgspec.field(
        default_factory=dict
    )
    journal_head: DigestOrNone = ""
    trust_version: Count = 0
    critical: tuple[str, ...] = ()
    body: dict[str, Any] = msgspec.field(default_factory=dict)
    """What only one kind of package says; see trust.py for the records that may stand here."""


KNOWN: Final = frozenset(Manifest.__struct_fields__)

BODY_NAMES: Final = (
    *("keys", "trust", "invitation", "enrolment", "receipt", "rotation"),
    *("signed_by", "revisions", "sealed"),
)
"""What this version understands in a body: the records that trust.py reads, then what a submission says beside."""

UNDERSTOOD: Final = KNOWN | {f"body.{name}" for name in BODY_NAMES}
"""What ``critical`` may name without being refused."""


def package_id(manifest_bytes: bytes) -> str:
    """SHA-256, hex, of the manifest as it stands in the package."""
    return hashlib.sha256(manifest_bytes).hexdigest()


def encode(manifest: Manifest) -> bytes:
    """One line of compact JSON; read back at once, so that nothing is written that a reader refuses.

    Raises ``UserError`` like ``decode``.
    """
    data = msgspec.json.encode(manifest)
    decode(data)
    return data


def decode(data: bytes) -> Manifest:
    """Read and check a manifest.

    Raises ``UserError``: ``package.manifest_too_large``, ``package.json_*``, ``package.format_newer``,
    ``package.suite_unknown``, ``package.reader_too_old``, ``package.critical_unknown``, ``package.manifest_invalid``,
    ``package.too_many_parts``, ``package.part_name``, ``package.part_duplicate``, ``package.expansion``,
    ``package.too_large``, ``package.part_size``.
    """
    return decode_with_unknown(data)[0]


def decode_with_unknown(data: bytes) -> tuple[Manifest, tuple[str, ...]]:
    """Like ``decode``, with the names in it that this version does not know (they stay in the bytes)."""
    check_manifest_size(len(data))
    content = strict_json.parse(data, "数据包清单")
    if not isinstance(content, dict):
        raise _invalid("清单不是一个对象")
    _check_readable(content)
    try:
        manifest = msgspec.convert(content, Manifest)
    except msgspec.ValidationError as error:
        raise _invalid(_place(error)) from None
    if manifest.period:
        _check_period(manifest.period)
    _check_parts(manifest.parts)
    return manifest, tuple(sorted(content.keys() - KNOWN))


def check_manifest_size(length: int) -> None:
    """Raises ``UserError`` ``package.manifest_too_large``."""
    if length > limits.MANIFEST_BYTES:
        most = limits.MANIFEST_BYTES // limits.KIB
        raise UserError("package.manifest_too_large", f"数据包清单超过 {most} KB，已拒绝。", COPY_AGAIN)


def _check_readable(content: dict[str, Any]) -> None:
    """Whether this version may read it at all; before the model, which newer packages need not fit."""
    wanted = content.get("min_reader")
    wanted = wanted if isinstance(wanted, str) and re.fullmatch(r"(?a:\d{1,4}(\.\d{1,4}){2})", wanted) else ""
    upgrade = f"请把本机的程序升级到 {wanted or '最新'} 版或更高版本后再导入。"
    form, suite, critical = content.get("format"), content.get("suite"), content.get("critical", [])
    if type(form) is int and form > limits.READER_FORMAT:
        raise UserError("package.format_newer", f"数据包的格式（第 {form} 版）比本机的程序新。", upgrade)
    if type(form) is int and form != limits.READER_FORMAT:
        raise _invalid("format")
    if type(suite) is int and suite != limits.SUITE:
        raise UserError("package.suite_unknown", f"数据包用了本机不认识的密码套件（{suite}）。", upgrade)
    if wanted and _version(wanted) > _version(__version__):
        raise UserError("package.reader_too_old", f"数据包要求程序 {wanted} 版，本机是 {__version__} 版。", upgrade)
    if isinstance(critical, list):
        unknown = [name for name in critical if not isinstance(name, str) or name not in UNDERSTOOD]
        if unknown:
            named = unknown[0] if isinstance(unknown[0], str) and _PLAIN_NAME.match(unknown[0]) else "?"
            raise UserError("package.critical_unknown", f"数据包含有本机程序不认识的必要内容“{named}”。", upgrade)


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"[0-9]+", text)[:3])


def _check_period(text: str) -> None:
    try:
        Period.parse(text)
    except UserError:
        raise _invalid("period") from None


def _check_parts(parts: tuple[PartEntry, ...]) -> None:
    if len(parts) > limits.PARTS:
        raise UserError(
            "package.too_many_parts", f"数据包分成了 {len(parts)} 段，上限是 {limits.PARTS} 段。", COPY_AGAIN
        )
    seen: set[str] = set()
    for part in parts:
        if PART_NAME.match(part.name) is None:
            raise UserError("package.part_name", "数据包里有一段的名称不合规定，已拒绝。", COPY_AGAIN)
        if part.name in seen:
            raise UserError("package.part_duplicate", f"数据包里“{part.name}”出现了两次，已拒绝。", COPY_AGAIN)
        seen.add(part.name)
        _check_expansion(part)
    expanded = sum(part.size for part in parts)
    if expanded > limits.EXPANDED_BYTES:
        raise _bomb("全部内容", limits.EXPANDED_BYTES)
    if sum(part.length for part in parts if part.media_type.compressed) > limits.PLAIN_PART_BYTES:
        most = limits.PLAIN_PART_BYTES // limits.MIB
        raise UserError("package.too_large", f"数据包里的表格超过 {most} MB，已拒绝。", COPY_AGAIN)


def _check_expansion(part: PartEntry) -> None:
    if not part.media_type.compressed:
        if part.size != part.length or part.rows:
            raise UserError("package.part_size", f"数据包里“{part.name}”登记的大小自相矛盾。", COPY_AGAIN)
    elif part.size > part.length * limits.EXPANSION_RATIO:
        raise _bomb(f"“{part.name}”", part.length * limits.EXPANSION_RATIO)


def _bomb(what: str, most: int) -> UserError:
    return UserError(
        "package.expansion",
        f"数据包的{what}解压后会超过允许的 {most} 字节，已拒绝。",
        "正常的数据包不会这样，请核实U盘的来源。",
    )


def _invalid(place: str) -> UserError:
    return UserError(
        "package.manifest_invalid",
        f"数据包清单不合规定（{place}）。",
        "请让对方升级程序后重新写一份；如果仍然这样，请把本提示告诉区专班办公室。",
    )


def _place(error: msgspec.ValidationError) -> str:
    """``$.sender.unit`` out of the library's English sentence, or only that something is missing."""
    found = re.search(r"`(\$[^`]*)`\Z", str(error))
    missing = re.search(r"missing required field `(\w+)`", str(error))
    return ".".join(part for part in (found[1].lstrip("$.") if found else "", missing[1] if missing else "") if part)
