"""The recovery key on paper: an age identity in short groups, each with a check mark that names a mistyped one.

The text without check marks is what ``age -d -i`` reads, so the paper stays of use without this program. Nothing is
stored here; the secret exists on paper only.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Final

import pyrage

from xzdesk.core.errors import UserError
from xzdesk.exchange import bech32, keys

_PREFIX: Final = keys.IDENTITY_PREFIX + "1"
_SYMBOLS: Final = 58
_GROUP: Final = 4
_GROUPS: Final = -(-_SYMBOLS // _GROUP)
_CHARSET: Final = bech32.CHARSET.upper()
_LOOKALIKES: Final = str.maketrans("O1IB", "0LL8")
"""Marks that the character set leaves out because they look like those it has."""
_FIELD: Final = 0b101001
"""x^5 + x^3 + 1, primitive: the field of 32 elements that Bech32 uses too."""
_CHECK_PAPER: Final = "请对照纸面逐字核对。"


@dataclass(frozen=True, slots=True)
class RecoveryPaper:
    """What is printed once and then forgotten."""

    recipient: str
    """``age1...``, to be kept in the workspace."""
    secret: str = field(repr=False)
    """``AGE-SECRET-KEY-1...``; also the text of a QR code."""
    groups: tuple[str, ...] = field(repr=False)
    """15 groups of five marks (the last of three), the last mark of each being its check mark."""


def new_paper() -> RecoveryPaper:
    return paper_of(str(pyrage.x25519.Identity.generate()))


def paper_of(secret: str) -> RecoveryPaper:
    """Raises ``UserError`` ``key.identity_invalid``."""
    recipient = keys.public_of(secret)
    symbols = secret.removeprefix(_PREFIX)
    texts = [symbols[start : start + _GROUP] for start in range(0, _SYMBOLS, _GROUP)]
    groups = tuple(text + _check_mark(place, text) for place, text in enumerate(texts))
    return RecoveryPaper(recipient, secret, groups)


def read_paper(text: str) -> str:
    """The identity that somebody typed from paper or scanned from its QR code.

    Groups may stand with or without spaces, in either case, with or without ``AGE-SECRET-KEY-1``. Raises
    ``UserError`` ``recovery.group`` (names the first wrong group), ``recovery.length`` or ``recovery.unreadable``.
    """
    typed = unicodedata.normalize("NFKC", text).upper().strip()
    bare = "".join(typed.split())
    if bare.startswith(_PREFIX) and len(bare) == len(_PREFIX) + _SYMBOLS:
        return _valid(bare)
    groups = _groups(typed.removeprefix(_PREFIX))
    for place, group in enumerate(groups):
        if len(group) != _group_length(place):
            wanted = _group_length(place)
            raise _wrong_group(place, f"应为 {wanted} 个字符，现在是 {len(group)} 个")
        if any(mark not in _CHARSET for mark in group):
            raise _wrong_group(place, "有不会出现的字符")
        if _check_mark(place, group[:-1]) != group[-1]:
            raise _wrong_group(place, "有错字")
    if len(groups) != _GROUPS:
        raise UserError("recovery.length", f"恢复密钥应有 {_GROUPS} 组，现在是 {len(groups)} 组。", _CHECK_PAPER)
    return _valid(_PREFIX + "".join(group[:-1] for group in groups))


def _groups(typed: str) -> list[str]:
    """As typed where more than half of the spaces are there, otherwise cut by length."""
    marks = [mark if mark.isalnum() else " " for mark in typed.translate(_LOOKALIKES)]
    groups = "".join(marks).split()
    if len(groups) > _GROUPS // 2:
        return groups
    run = "".join(groups)
    return [run[start : start + _GROUP + 1] for start in range(0, len(run), _GROUP + 1)]


def _group_length(place: int) -> int:
    return (_SYMBOLS - (_GROUPS - 1) * _GROUP if place >= _GROUPS - 1 else _GROUP) + 1


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


def _valid(secret: str) -> str:
    try:
        pyrage.x25519.Identity.from_str(secret)
    except pyrage.IdentityError:
        raise UserError("recovery.unreadable", "恢复密钥有错字，整体校验没有通过。", _CHECK_PAPER) from None
    return secret
