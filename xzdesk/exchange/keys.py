"""Keys of an office, and everything about keys that people read aloud, type or keep on paper.

Three texts: the 30-digit number that both ends of a phone call compare, the one-time code that opens an invitation,
and the paper recovery key. Nothing is stored here, and no secret shows in a ``repr``.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import pyrage
from nacl import pwhash, signing

from xzdesk.core.errors import UserError
from xzdesk.exchange import bech32, limits

NUMBER_ITERATIONS: Final = 2**18
"""Of PBKDF2-HMAC-SHA-512. Whoever wants to slip in keys of his own must find two pairs with one number, about 2^50
tries; the iterations make that 2^68 (and cost an honest program a fifth of a second)."""
NUMBER_GROUPS: Final = 6
CODE_GROUPS: Final = 4
_GROUP_DIGITS: Final = 5
_GROUP_BYTES: Final = 5
_NUMBER_DOMAIN: Final = b"xzdesk-number/1\n"
_KEY_DOMAIN: Final = b"xzdesk-key/1\n"

CODE_MEMORY: Final = 64 * limits.MIB
CODE_PASSES: Final = 3
_CODE_SALT: Final = b"xzdesk-invite/1\n"
"""Fixed: a code is random and used once, so there is nothing to share between two guesses."""

IDENTITY_PREFIX: Final = "AGE-SECRET-KEY-"
_SEPARATORS: Final = frozenset(" \t\r\n-_.,、，。·—")

_PAPER_PREFIX: Final = IDENTITY_PREFIX + "1"
_PAPER_SYMBOLS: Final = 58
_PAPER_GROUP: Final = 4
_PAPER_GROUPS: Final = -(-_PAPER_SYMBOLS // _PAPER_GROUP)
_CHARSET: Final = bech32.CHARSET.upper()
_LOOKALIKES: Final = str.maketrans("O1IB", "0LL8")
"""Marks that the character set leaves out because they look like those it has."""
_FIELD: Final = 0b101001
"""x^5 + x^3 + 1, primitive: the field of 32 elements that Bech32 uses too."""
_CHECK_PAPER: Final = "请对照纸面逐字核对。"


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What others know of an office's key."""

    unit: str
    key_id: str
    epoch: int
    suite: int
    sign_public: bytes
    """Ed25519, 32 bytes."""
    box_publics: tuple[str, ...]
    """age recipients of packages to this office; the first belongs to the key, the others to deputies."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key for signing and one for receiving; they are made and replaced together."""

    sign_seed: bytes = field(repr=False)
    sign_public: bytes
    box_secret: str = field(repr=False)
    """``AGE-SECRET-KEY-1...``"""
    box_public: str
    """``age1...``"""

    @property
    def key_id(self) -> str:
        return key_id(self.sign_public, self.box_public)

    def record(self, unit: str, epoch: int, further: Sequence[str] = ()) -> KeyRecord:
        """As others may know it; ``further`` are recipients beside its own."""
        return KeyRecord(unit, self.key_id, epoch, limits.SUITE, self.sign_public, (self.box_public, *further))


@dataclass(frozen=True, slots=True)
class BoxKey:
    """An age identity that stands for itself."""

    recipient: str
    """``age1...``"""
    secret: str = field(repr=False)
    """``AGE-SECRET-KEY-1...``"""


@dataclass(frozen=True, slots=True)
class RecoveryPaper:
    """What is printed once and then forgotten: an age identity in short groups with check marks.

    The secret is what ``age -d -i`` reads, so the paper stays of use without this program.
    """

    recipient: str
    """``age1...``, to be kept in the workspace."""
    secret: str = field(repr=False)
    """``AGE-SECRET-KEY-1...``; also the text of a QR code."""
    groups: tuple[str, ...] = field(repr=False)
    """15 groups of five marks (the last of three), the last mark of each being its check mark."""


def new_keys() -> KeyPair:
    sign = signing.SigningKey.generate()
    box = pyrage.x25519.Identity.generate()
    return KeyPair(bytes(sign), bytes(sign.verify_key), str(box), str(box.to_public()))


def key_id(sign_public: bytes, box_public: str) -> str:
    """32 hex digits that name a key pair."""
    return hashlib.sha256(_KEY_DOMAIN + sign_public + box_public.encode("ascii")).hexdigest()[:32]


def public_of(box_secret: str) -> str:
    """The recipient of an age identity. Raises ``UserError`` ``key.identity_invalid``."""
    try:
        return str(pyrage.x25519.Identity.from_str(box_secret).to_public())
    except pyrage.IdentityError:
        raise UserError("key.identity_invalid", "解密密钥的写法不对。", "请用备份恢复工作库。") from None


def check_recipient(text: str) -> str:
    """An age recipient that somebody typed. Raises ``UserError`` ``key.recipient_invalid``."""
    try:
        return str(pyrage.x25519.Recipient.from_str(text))
    except pyrage.RecipientError:
        raise UserError(
            "key.recipient_invalid", "收件密钥的写法不对。", "收件密钥以 age1 开头，请整行复制，不要手抄。"
        ) from None


def record_bytes(record: KeyRecord) -> bytes:
    """A key record as it is hashed and signed: one item a line, none of which can hold a line end."""
    head = [record.unit, record.key_id, str(record.epoch), str(record.suite), record.sign_public.hex()]
    return "".join(f"{line}\n" for line in [*head, str(len(record.box_publics)), *record.box_publics]).encode("ascii")


def number(upper: KeyRecord, lower: KeyRecord) -> str:
    """The 30 digits that both offices must see alike: over both sides' units, keys, recipients, epochs and suites.

    Takes a fifth of a second on purpose.
    """
    hashed = hashlib.pbkdf2_hmac("sha512", record_bytes(upper) + record_bytes(lower), _NUMBER_DOMAIN, NUMBER_ITERATIONS)
    groups = (hashed[start : start + _GROUP_BYTES] for start in range(0, NUMBER_GROUPS * _GROUP_BYTES, _GROUP_BYTES))
    return "".join(f"{int.from_bytes(group, 'big') % 10**_GROUP_DIGITS:0{_GROUP_DIGITS}d}" for group in groups)


def format_number(digits: str) -> str:
    """``12345 67890 ...``: groups of five, for a number and for a code."""
    return " ".join(digits[start : start + _GROUP_DIGITS] for start in range(0, len(digits), _GROUP_DIGITS))


def read_number(text: str) -> str:
    """The 30 digits somebody typed, in whatever grouping or width. Raises ``UserError`` ``number.unreadable``."""
    return _digits(text, NUMBER_GROUPS, "number.unreadable", "核对数字")


def new_code() -> str:
    """20 random digits for one invitation, to be told by phone and never stored."""
    digits = CODE_GROUPS * _GROUP_DIGITS
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def read_code(text: str) -> str:
    """The 20 digits somebody typed. Raises ``UserError`` ``invitation.code_unreadable``."""
    return _digits(text, CODE_GROUPS, "invitation.code_unreadable", "开通码")


def new_nonce() -> str:
    """64 random hex digits by which an answer names its invitation."""
    return secrets.token_hex(32)


def code_identity(code: str) -> BoxKey:
    """The key to which an invitation with ``code`` is encrypted; a tenth of a second and 64 MiB.

    Raises ``UserError`` ``invitation.code_unreadable``.
    """
    stretched = pwhash.argon2id.kdf(
        32, read_code(code).encode("ascii"), _CODE_SALT, opslimit=CODE_PASSES, memlimit=CODE_MEMORY
    )
    secret = bech32.encode(IDENTITY_PREFIX.lower(), bytes(stretched)).upper()
    return BoxKey(public_of(secret), secret)


def _digits(text: str, groups: int, error: str, what: str) -> str:
    wanted = groups * _GROUP_DIGITS
    marks = [mark for mark in unicodedata.normalize("NFKC", text) if mark not in _SEPARATORS]
    if any(mark not in "0123456789" for mark in marks):
        raise UserError(error, f"{what}里有数字以外的字符。", f"请只输入 {wanted} 位数字，空格可有可无。")
    if len(marks) != wanted:
        raise UserError(
            error,
            f"{what}应为 {wanted} 位，现在是 {len(marks)} 位。",
            f"请分 {groups} 组核对，每组 {_GROUP_DIGITS} 位。",
        )
    return "".join(marks)


def new_recovery_paper() -> RecoveryPaper:
    return recovery_paper(str(pyrage.x25519.Identity.generate()))


def recovery_paper(secret: str) -> RecoveryPaper:
    """Raises ``UserError`` ``key.identity_invalid``."""
    recipient = public_of(secret)
    symbols = secret.removeprefix(_PAPER_PREFIX)
    texts = [symbols[start : start + _PAPER_GROUP] for start in range(0, _PAPER_SYMBOLS, _PAPER_GROUP)]
    groups = tuple(text + _check_mark(place, text) for place, text in enumerate(texts))
    return RecoveryPaper(recipient, secret, groups)


def read_paper(text: str) -> RecoveryPaper:
    """The key that somebody typed from paper or scanned from its QR code.

    Groups may stand with or without spaces, in either case, with or without ``AGE-SECRET-KEY-1``. Raises
    ``UserError`` ``recovery.group`` (names the first wrong group), ``recovery.length`` or ``recovery.unreadable``.
    """
    typed = unicodedata.normalize("NFKC", text).upper().strip()
    bare = "".join(typed.split())
    if bare.startswith(_PAPER_PREFIX) and len(bare) == len(_PAPER_PREFIX) + _PAPER_SYMBOLS:
        return _valid(bare)
    groups = _groups(typed.removeprefix(_PAPER_PREFIX))
    for place, group in enumerate(groups):
        if len(group) != _group_length(place):
            wanted = _group_length(place)
            raise _wrong_group(place, f"应为 {wanted} 个字符，现在是 {len(group)} 个")
        if any(mark not in _CHARSET for mark in group):
            raise _wrong_group(place, "有不会出现的字符")
        if _check_mark(place, group[:-1]) != group[-1]:
            raise _wrong_group(place, "有错字")
    if len(groups) != _PAPER_GROUPS:
        raise UserError("recovery.length", f"恢复密钥应有 {_PAPER_GROUPS} 组，现在是 {len(groups)} 组。", _CHECK_PAPER)
    return _valid(_PAPER_PREFIX + "".join(group[:-1] for group in groups))


def _groups(typed: str) -> list[str]:
    """As typed where more than half of the spaces are there, otherwise cut by length."""
    marks = [mark if mark.isalnum() else " " for mark in typed.translate(_LOOKALIKES)]
    groups = "".join(marks).split()
    if len(groups) > _PAPER_GROUPS // 2:
        return groups
    run = "".join(groups)
    return [run[start : start + _PAPER_GROUP + 1] for start in range(0, len(run), _PAPER_GROUP + 1)]


def _group_length(place: int) -> int:
    return (_PAPER_SYMBOLS - (_PAPER_GROUPS - 1) * _PAPER_GROUP if place >= _PAPER_GROUPS - 1 else _PAPER_GROUP) + 1


def _check_mark(place: int, text: str) -> str:
    """Differs for one wrong mark, two exchanged ones, and a group in another's place."""
    rest = place + 1
    for mark in text:
        rest = _double(rest) ^ _CHARSET.index(mark)
    return _CHARSET[_double(rest)]


def _double(element: int) -> int:
    doubled = element << 1
    return doubled ^ _FIELD if doubled >= len(_CHARSET) else doubled


def _wrong_group(place: int, what: str) -> UserError:
    return UserError("recovery.group", f"恢复密钥第 {place + 1} 组{what}。", _CHECK_PAPER)


def _valid(secret: str) -> RecoveryPaper:
    try:
        return recovery_paper(secret)
    except UserError:
        raise UserError("recovery.unreadable", "恢复密钥有错字，整体校验没有通过。", _CHECK_PAPER) from None
